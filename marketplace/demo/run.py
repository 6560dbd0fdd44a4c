"""The demo as one command: database, migrations, world, business time, site; and the way back to the start."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from marketplace.demo import clock
from marketplace.embedded import Cluster, database
from marketplace.settings import Settings, SettingsError, settings

STOPPED_BY_SIGNAL = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def serve(_words: list[str]) -> int:
    """Prepare what is missing, serve until SIGINT, SIGTERM or SIGHUP, then stop the cluster after the site."""
    from marketplace.serving import require_free_port, serve_here

    _be_the_demo()
    require_free_port()
    _leave_in_order()
    try:
        with _world() as time_file:
            serve_here(lambda: _announce(time_file))
    except SystemExit as left:
        if left.code not in STOPPED_BY_SIGNAL:
            raise
        _tell(f"\nStopped at {_shown(clock.file_of(settings()))} business time. What was entered is kept.")
        return 0
    return 1  # the site could not start; the server has said why


def load(_words: list[str]) -> None:
    """Prepare everything without serving."""
    _be_the_demo()
    _leave_in_order()
    with _world():
        _tell("The demo world is ready: make demo serves it.")


def reset(_words: list[str]) -> None:
    """Throw the private cluster away and prepare a new world. Refuses a database that is not our own."""
    _be_the_demo()
    here = settings()
    if here.database_url:
        raise SettingsError(
            "DATABASE_URL is set, and demo-reset clears only the private cluster: "
            "drop and create that database yourself."
        )
    Cluster(here.var / "postgres").remove()
    clock.forget(clock.file_of(here))
    _tell("The demo's data are gone.")
    load([])


@contextmanager
def _world() -> Iterator[Path]:
    """The demo world in a running database, its business time running on; answers the file of that time."""
    here = settings()
    unfinished, time_file = here.var / "demo-unfinished", clock.file_of(here)
    if not here.database_url:
        _begin_privately(here, unfinished)
    began = time.monotonic()
    with database() as here:
        _tell(f"PostgreSQL runs ({time.monotonic() - began:.1f} s).")
        asyncio.run(_prepare(here, time_file))
        unfinished.unlink(missing_ok=True)
        with clock.kept(time_file, here.database_owner_url):
            yield time_file


def _begin_privately(here: Settings, unfinished: Path) -> None:
    """Mark the first loading, so that one cut off in the middle is noticed and done again from the start."""
    private = Cluster(here.var / "postgres")
    if unfinished.exists():
        _tell("The last loading was cut off: beginning again.")
        private.remove()
    if not private.data_dir.exists():
        clock.forget(clock.file_of(here))
        unfinished.touch()


async def _prepare(here: Settings, time_file: Path) -> None:
    if not here.database_owner_url:
        raise SettingsError("DATABASE_OWNER_URL is not set: the demo makes its tables as their owner.")
    began = time.monotonic()
    migrations = importlib.import_module("marketplace.migrate")
    promises = importlib.import_module("marketplace.reconcile").promises()
    names = await migrations.migrate(here.database_owner_url, here.database_url, promises)
    if names:
        _tell(f"{len(names)} migrations have run ({time.monotonic() - began:.1f} s).")
    began = time.monotonic()
    loader = importlib.import_module("marketplace.demo.load")
    if await loader.load(here.database_owner_url, here.database_url, _tell):
        clock.stand_at(time_file, clock.MORNING)
        _tell(f"The demo world is loaded ({time.monotonic() - began:.1f} s).")


def _be_the_demo() -> None:
    os.environ.setdefault("DEMO", "1")
    settings.cache_clear()
    settings().var.mkdir(parents=True, exist_ok=True)


def _leave_in_order() -> None:
    """Let a first signal unwind everything that is open; a second one does not disturb that."""

    def leave(number: int, _frame: FrameType | None) -> None:
        for later in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(later, signal.SIG_IGN)
        raise SystemExit(128 + number)

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    # While pages are served, the server itself ends on SIGTERM in good order; a closed terminal means the same.
    signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))


def _announce(time_file: Path) -> None:
    _tell(f"\nThe market is open: {settings().public_url}")
    _tell(f"Business time {_shown(time_file)}; it stands still while the demo is stopped.\n")
    loader = importlib.import_module("marketplace.demo.load")
    for role, name, secret in loader.sign_ins():
        _tell(f"  {role:<24}{name:<28}{secret}")
    _tell("\nCtrl-C stops it. make demo-reset starts over.")


def _shown(time_file: Path) -> str:
    at = clock.moment(time_file)
    return f"{at:%Y-%m-%d %H:%M}" if at else "unknown"


def _tell(sentence: str) -> None:
    print(sentence, flush=True)
