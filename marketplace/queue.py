"""The queue of background jobs: a job is put into it inside the business transaction, and goes with its rollback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from marketplace.db import DB, Unscoped

EVERY_MINUTE: Final = "* * * * *"
EVERY_FIVE_MINUTES: Final = "*/5 * * * *"


@dataclass(frozen=True)
class Job:
    """What the worker does under that name, out of the queue and by the clock; doing it twice does nothing more."""

    name: str
    title: str
    run: Callable[[], Awaitable[object]]
    every: str = EVERY_MINUTE


async def enqueue(name: str, payload: str, *, after: timedelta = timedelta(0), key: str | None = None) -> None:
    """Put one job into the queue, to run no sooner than `after` of real time; one waiting job a `key`.

    Refuses (`Unscoped`) outside of a transaction: then it would not stand and fall with what it belongs to.
    """
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    transaction = DB.own_transaction()
    if transaction is None:
        raise Unscoped("a job is put into the queue inside a transaction")
    queue = Queries(AsyncpgDriver(transaction.connection))
    await queue.enqueue(
        name, payload.encode(), execute_after=max(after, timedelta(0)), dedupe_key=key, on_conflict="skip"
    )


async def requeue(job: int) -> bool:
    """Let a parked job run again at once; whether it was parked."""
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries
    from pgqueuer.types import JobId

    transaction = DB.own_transaction()
    if transaction is None:
        raise Unscoped("a job is put into the queue inside a transaction")
    if not await DB.fetch_value("select exists (select 1 from pgqueuer where id = $1 and status = 'failed')", job):
        return False
    await Queries(AsyncpgDriver(transaction.connection)).requeue_jobs([JobId(job)])
    return True
