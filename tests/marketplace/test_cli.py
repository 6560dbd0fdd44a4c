"""The command line: one sentence for what a person can mend, and nothing imported before it is needed."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from marketplace import cli
from marketplace.settings import ROOT, SettingsError


def test_the_standard_library_is_enough_to_begin() -> None:
    answer = subprocess.run(
        [sys.executable, "-S", "-m", "marketplace", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert [name for name in cli.BUILT_IN if f"\n  {name} " not in answer.stdout] == []


@pytest.mark.parametrize("name", list(cli.BUILT_IN))
def test_every_verb_has_its_command(name: str) -> None:
    module, function = cli.BUILT_IN[name].place.split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_what_a_person_can_mend_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_words: list[str]) -> None:
        raise SettingsError("PORT must be a number.")

    monkeypatch.setattr(cli, "_found", lambda _place: refuse)
    assert cli.main(["check-drift"]) == 1
    assert capsys.readouterr().err == "PORT must be a number.\n"


async def _async_three(words: list[str]) -> int:
    return len(words)


@pytest.mark.parametrize(
    ("command", "status"),
    [(lambda _words: None, 0), (lambda _words: 2, 2), (len, 3)],
    ids=["nothing", "a status", "its words"],
)
def test_a_commands_answer_is_the_exit_status(command: cli.Command, status: int) -> None:
    assert cli.call(command, ["a", "b", "c"]) == status


async def test_an_async_command_is_run_to_its_end() -> None:
    assert await asyncio.to_thread(cli.call, _async_three, ["a", "b", "c"]) == 3


def test_a_wings_verb_is_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "app", _front_door({"import-households": len}))
    assert cli.call(cli._contributed("import-households"), ["list.csv"]) == 1


def test_an_unknown_verb_is_answered_with_all_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "app", _front_door({"import-households": lambda _words: None}))
    with pytest.raises(SettingsError, match=r"no verb 'imprt'. There are: .*demo, .*import-households, .*worker\.$"):
        cli._contributed("imprt")


def _front_door(commands: dict[str, cli.Command]) -> ModuleType:
    door = ModuleType("app")
    door.WINGS = (SimpleNamespace(commands=commands),)  # type: ignore[attr-defined]
    return door
