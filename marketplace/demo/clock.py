"""The demo's business time: it runs while the demo runs and stands still while it is stopped.

The moment lies in a file that is written every few seconds, so that it survives `kill -9`. Each database has its
own: no other database's clock is ever moved.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

from marketplace.settings import Settings

MORNING = datetime(2018, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=8)))
SAVE_SECONDS = 2
LOST_AT_MOST = timedelta(seconds=SAVE_SECONDS + 1)
SET_SHIFT = (
    "update business_clock set shift = make_interval(secs => "
    "extract(epoch from $1::timestamptz - clock_timestamp())::double precision)"
)


async def set_business_clock(owner_url: str, moment: datetime) -> None:
    """Let the database's business clock show `moment` now, as the owner."""
    import asyncpg

    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(SET_SHIFT, moment)
    finally:
        await connection.close()


def file_of(here: Settings) -> Path:
    """Where the business time of these settings' database is kept (asked before the private cluster's start)."""
    if not here.database_owner_url:
        return here.var / "demo-clock.json"
    return here.var / f"demo-clock-{sha256(here.database_owner_url.encode()).hexdigest()[:12]}.json"


def moment(file: Path) -> datetime | None:
    """The business moment at which the demo goes on; None where no demo world was loaded.

    After a kill a little more than what may have passed unsaved is added: business time never runs backwards.
    """
    try:
        note = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    saved = datetime.fromisoformat(note["moment"])
    return saved if note["stopped"] else saved + LOST_AT_MOST


def stand_at(file: Path, at: datetime) -> None:
    """Let the demo go on from this moment the next time it runs."""
    _write(file, at, stopped=True)


def forget(file: Path) -> None:
    """No demo world is loaded any more."""
    file.unlink(missing_ok=True)


@contextmanager
def kept(file: Path, owner_url: str) -> Iterator[None]:
    """Business time runs on from where it stood for the block, and then stands again.

    Does nothing without a demo world, or while another process keeps its clock already.
    """
    start = moment(file)
    if start is None or not owner_url:
        yield
        return
    with file.with_suffix(".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield
            return
        with _saved(file, start, owner_url):
            yield


@contextmanager
def _saved(file: Path, start: datetime, owner_url: str) -> Iterator[None]:
    asyncio.run(set_business_clock(owner_url, start))
    shift = start - datetime.now(UTC)
    done = Event()

    def save() -> None:
        while not done.wait(SAVE_SECONDS):
            with suppress(OSError):  # a full disk: the next turn tries again
                _write(file, datetime.now(UTC) + shift, stopped=False)

    _write(file, start, stopped=False)
    hand = Thread(target=save, name="demo-clock", daemon=True)
    hand.start()
    try:
        yield
    finally:
        done.set()
        hand.join()
        _write(file, datetime.now(UTC) + shift, stopped=True)


def _write(file: Path, at: datetime, *, stopped: bool) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps({"moment": at.astimezone(MORNING.tzinfo).isoformat(), "stopped": stopped}) + "\n")
    os.replace(fresh, file)
