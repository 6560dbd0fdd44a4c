"""The demo's business time: it stands still between two runs and never runs backwards."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from marketplace.demo import clock
from marketplace.settings import Settings

NOON = datetime(2018, 11, 21, 4, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "demo-clock.json"


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


def test_without_a_demo_world_no_clock_is_touched(file: Path, shown: list[datetime]) -> None:
    with clock.kept(file, "owner"):
        pass
    assert (shown, list(file.parent.iterdir())) == ([], [])


def test_without_the_owners_address_no_clock_is_touched(file: Path, shown: list[datetime]) -> None:
    clock.stand_at(file, NOON)
    with clock.kept(file, ""):
        pass
    assert shown == []


def test_a_stopped_demo_goes_on_where_it_stood(file: Path, shown: list[datetime]) -> None:
    clock.stand_at(file, NOON)
    with clock.kept(file, "owner"):
        pass
    stood = clock.moment(file)
    assert shown == [NOON]
    assert stood is not None
    assert timedelta(0) < stood - NOON < timedelta(seconds=1)
    with clock.kept(file, "owner"):
        pass
    assert shown == [NOON, stood]


def test_after_a_kill_what_may_have_passed_unsaved_is_added(file: Path) -> None:
    clock.stand_at(file, NOON)
    note = json.loads(file.read_text())
    assert note == {"moment": "2018-11-21T12:00:00+08:00", "stopped": True}
    file.write_text(json.dumps(note | {"stopped": False}))
    assert clock.moment(file) == NOON + timedelta(seconds=3)


def test_while_it_runs_the_moment_is_saved(
    file: Path, shown: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "SAVE_SECONDS", 0.001)
    clock.stand_at(file, NOON)
    with clock.kept(file, "owner"):
        first = _saved(file)
        assert first["stopped"] is False
        _until(lambda: bool(_saved(file)["moment"] > first["moment"]))


def test_only_one_process_keeps_the_clock(file: Path, shown: list[datetime]) -> None:
    clock.stand_at(file, NOON)
    with clock.kept(file, "first"), clock.kept(file, "second"):
        pass
    assert shown == [NOON]


def test_each_database_has_its_own_time() -> None:
    private = Settings(var=Path("/srv"))
    other = replace(private, database_url="postgresql://a@db/x", database_owner_url="postgresql://o@db/x")
    third = replace(other, database_owner_url="postgresql://o@db/y")
    files = [clock.file_of(here) for here in (private, other, third)]
    assert files[0] == Path("/srv/demo-clock.json")
    assert len({*files}) == 3


def test_a_forgotten_world_has_no_moment(file: Path) -> None:
    clock.stand_at(file, NOON)
    clock.forget(file)
    clock.forget(file)
    assert clock.moment(file) is None


async def test_the_database_shows_the_moment_it_was_set_to(world: Any) -> None:
    owner_url = world.database.cluster.owner_url
    await clock.set_business_clock(owner_url, NOON)
    assert timedelta(0) <= await business_moment(owner_url) - NOON < timedelta(seconds=1)


async def test_the_application_may_not_move_the_clock(world: Any) -> None:
    with pytest.raises(Exception, match="permission denied"):
        await clock.set_business_clock(world.database.cluster.app_url, NOON)


async def test_between_two_runs_the_database_time_stands(world: Any, file: Path) -> None:
    owner_url = world.database.cluster.owner_url
    clock.stand_at(file, NOON)

    def run_twice() -> datetime:
        for _ in range(2):
            with clock.kept(file, owner_url):
                moment = asyncio.run(business_moment(owner_url))
        return moment

    assert timedelta(0) < await asyncio.to_thread(run_twice) - NOON < timedelta(seconds=2)


async def business_moment(owner_url: str) -> datetime:
    connection = await asyncpg.connect(owner_url)
    try:
        shown: datetime = await connection.fetchval("select business_now()")
        return shown
    finally:
        await connection.close()


def _saved(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.001)
    raise AssertionError("never happened")
