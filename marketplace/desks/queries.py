"""The promises counted over every village: figures only, through the one function that may look everywhere; the jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.db import DB
from marketplace.desks.rules import SILENCE
from marketplace.orders.jobs import EXPIRE
from marketplace.reconcile import PROMISES, Check, Promise


async def reconcile(promises: Iterable[Promise] = PROMISES) -> list[Check]:
    """Every promise with what breaks it and how much was looked at, in the order of the promises."""
    counted = {row["code"]: row for row in await DB.fetch("select code, broken, looked from reconcile_counts()")}
    return [
        Check(promise.code, promise.title, counted[promise.code]["broken"], counted[promise.code]["looked"])
        for promise in promises
    ]


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that was tried and tried again and is parked now. `error` names its kind, never its values."""

    id: int
    name: str
    failed_at: datetime
    tries: int
    error: str


# The queue lives by the real clock; what people read is the business clock's moment.
FAILED = """
select q.id, q.entrypoint as name, q.attempts + 1 as tries, coalesce(l.error, '') as error,
    business_now() - (now() - coalesce(l.created, q.updated)) as failed_at
from pgqueuer q left join lateral (
    select created, traceback ->> 'exception_type' as error from pgqueuer_log
    where job_id = q.id and traceback is not null order by created desc limit 1) l on true
where q.status = 'failed' order by q.id desc limit 100
"""
FIGURES = """
select (select count(*)::int from pgqueuer where status in ('queued', 'picked')) as waiting,
    (select count(*)::int from pgqueuer_log where status = 'successful'
        and created >= now() - (business_now() - business_today()::timestamp at time zone 'Asia/Shanghai')) as done_today,
    (select business_now() - (now() - max(greatest(heartbeat, updated, last_run))) from pgqueuer_schedules
        where entrypoint = $1) as seen_at,
    coalesce((select now() - max(greatest(heartbeat, updated, last_run)) < $2 from pgqueuer_schedules
        where entrypoint = $1), false) as alive
"""


async def failed_jobs() -> list[FailedJob]:
    """The parked jobs, the latest first."""
    return [FailedJob(**dict(row)) for row in await DB.fetch(FAILED)]


async def worker_figures() -> Any:
    """Jobs waiting, jobs done today, whether the worker lives and when it was seen last."""
    return await DB.fetch_row(FIGURES, EXPIRE, SILENCE)
