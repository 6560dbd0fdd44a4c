"""The demo's business time: it stands still between two runs and never runs backwards."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from marketplace.demo import clock

NOON = datetime(2018, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The moments that the database's clock was set to."""
    moments: list[datetime] = []

    async def note(_owner_url: str, moment: datetime) -> None:
        moments.append(moment)

    monkeypatch.setattr(clock, "set_business_clock", note)
    return moments


def test_the_demo_begins_on_its_morning() -> None:
    assert clock.MORNING.isoformat() == "2018-11-21T09:00:00+08:00"


def test_without_a_demo_world_no_clock_is_touched(tmp_path: Path, shown: list[datetime]) -> None:
    with clock.kept(tmp_path, "owner"):
        pass
    assert (shown, list(tmp_path.iterdir())) == ([], [])


def test_without_the_owners_address_no_clock_is_touched(tmp_path: Path, shown: list[datetime]) -> None:
    clock.stand_at(tmp_path, NOON)
    with clock.kept(tmp_path, ""):
        pass
    assert shown == []


def test_a_stopped_demo_goes_on_where_it_stood(tmp_path: Path, shown: list[datetime]) -> None:
    clock.stand_at(tmp_path, NOON)
    with clock.kept(tmp_path, "owner"):
        pass
    stood = clock.moment(tmp_path)
    assert shown == [NOON]
    assert stood is not None
    assert timedelta(0) < stood - NOON < timedelta(seconds=1)
    with clock.kept(tmp_path, "owner"):
        pass
    assert shown == [NOON, stood]


def test_after_a_kill_what_may_have_passed_unsaved_is_added(tmp_path: Path) -> None:
    clock.stand_at(tmp_path, NOON)
    note = json.loads((tmp_path / "demo-clock.json").read_text())
    assert note == {"moment": "2018-11-21T12:00:00+08:00", "stopped": True}
    (tmp_path / "demo-clock.json").write_text(json.dumps(note | {"stopped": False}))
    assert clock.moment(tmp_path) == NOON + timedelta(seconds=3)


def test_while_it_runs_the_moment_is_saved(
    tmp_path: Path, shown: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "SAVE_SECONDS", 0.001)
    clock.stand_at(tmp_path, NOON)
    with clock.kept(tmp_path, "owner"):
        first = _saved(tmp_path)
        assert first["stopped"] is False
        _until(lambda: bool(_saved(tmp_path)["moment"] > first["moment"]))


def test_only_one_process_keeps_the_clock(tmp_path: Path, shown: list[datetime]) -> None:
    clock.stand_at(tmp_path, NOON)
    with clock.kept(tmp_path, "first"), clock.kept(tmp_path, "second"):
        pass
    assert shown == [NOON]


def test_a_forgotten_world_has_no_moment(tmp_path: Path) -> None:
    clock.stand_at(tmp_path, NOON)
    clock.forget(tmp_path)
    clock.forget(tmp_path)
    assert clock.moment(tmp_path) is None


async def test_the_database_shows_the_moment_it_was_set_to(world: Any) -> None:
    owner_url = world.database.cluster.owner_url
    await clock.set_business_clock(owner_url, NOON)
    assert timedelta(0) <= await clock.business_moment(owner_url) - NOON < timedelta(seconds=1)


async def test_the_application_may_not_move_the_clock(world: Any) -> None:
    with pytest.raises(Exception, match="permission denied"):
        await clock.set_business_clock(world.database.cluster.app_url, NOON)


async def test_between_two_runs_the_database_time_stands(world: Any, tmp_path: Path) -> None:
    owner_url = world.database.cluster.owner_url
    clock.stand_at(tmp_path, NOON)

    def run_twice() -> datetime:
        for _ in range(2):
            with clock.kept(tmp_path, owner_url):
                moment = asyncio.run(clock.business_moment(owner_url))
        return moment

    assert timedelta(0) < await asyncio.to_thread(run_twice) - NOON < timedelta(seconds=2)


def _saved(var: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((var / "demo-clock.json").read_text())
    return found


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.001)
    raise AssertionError("never happened")
