"""What the desks may set going again."""

from __future__ import annotations

from marketplace import queue
from marketplace.db import DB
from marketplace.desks import rules
from marketplace.errors import NotFound
from marketplace.journal import actions as journal


async def retry(job: int) -> None:
    """Let a parked job run again. Refuses (`JobGone`) one that is not parked, (`NotFound`) one that is not there."""
    if not await queue.requeue(job):
        waits = await DB.fetch_value("select exists (select 1 from pgqueuer where id = $1)", job)
        raise rules.JobGone if waits else NotFound
    await journal.note(verb="retry_job", subject=job)
