"""The worker: runs background jobs out of the queue, inside the demo's app or as its own process.

Every job may run twice and then does nothing the second time. A job that keeps failing is parked and shown on the
page of jobs; whatever a job missed, the sweep of the next minute finds.
"""

from __future__ import annotations

import asyncio
import importlib
import signal
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import asyncpg
from litestar import Litestar

from marketplace.db import DB, RETRYABLE, PoolBusy, Scope, require_safe, scoped
from marketplace.keys import keyring
from marketplace.queue import Job, enqueue
from marketplace.settings import settings
from marketplace.web import logs

if TYPE_CHECKING:
    from pgqueuer import PgQueuer

    from marketplace.web.wing import Wing

SYSTEM: Final = Scope(role="system")
MOST_ATTEMPTS: Final = 5
LONGEST_NAP: Final = timedelta(seconds=20)
PAUSE_SECONDS: Final = 3
PATIENCE_SECONDS: Final = 10
BY_CLOCK: Final = "by the clock"
PARKED: Final = "select exists (select 1 from pgqueuer where entrypoint = $1 and status = 'failed')"
LOST: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    PoolBusy,
    RuntimeError,
)


def register(queue: PgQueuer, jobs: Iterable[Job]) -> None:
    """Tell the queue what its jobs do, and what runs by the clock."""
    from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor

    retried: Any = partial(
        DatabaseRetryEntrypointExecutor, max_attempts=MOST_ATTEMPTS, initial_delay=timedelta(seconds=2)
    )
    for job in jobs:
        queue.entrypoint(job.name, on_failure="hold", executor_factory=retried)(_queued(job))
        queue.schedule(job.name, job.every, clean_old=True)(_scheduled(job))


def _queued(job: Job) -> Callable[[Any], Awaitable[None]]:
    async def run(_job: Any) -> None:
        await job.run()

    return run


def _scheduled(job: Job) -> Callable[[Any], Awaitable[None]]:
    async def run(_schedule: Any) -> None:
        await by_the_clock(job.name, job.run)

    return run


def jobs_of(wings: Iterable[Wing]) -> tuple[Job, ...]:
    """The jobs of these wings."""
    return tuple(job for wing in wings for job in wing.jobs)


async def by_the_clock(name: str, job: Callable[[], Awaitable[object]]) -> None:
    """Run what the clock calls for. What fails is put into the queue, to be tried again and in the end to be seen."""
    try:
        await job()
    except Exception as error:
        logs.log.error("job failed", job=name, **logs.told(error))
        await try_again(name)


async def try_again(name: str) -> None:
    """Queue a job that the clock called for, once; not where one is parked already."""
    try:
        async with scoped(SYSTEM):
            if not await DB.fetch_value(PARKED, name):
                await enqueue(name, BY_CLOCK, key=f"{name}:{BY_CLOCK}")
    except LOST as error:  # no database: the next round finds what is left
        logs.log.error("job not queued", job=name, **logs.told(error))


async def run_worker(stop: asyncio.Event, jobs: Iterable[Job]) -> None:
    """Work until `stop` is set; a lost database is looked for again after a pause."""
    while not stop.is_set():
        try:
            await _work(stop, jobs)
        except (*LOST, *RETRYABLE) as error:
            logs.log.error("worker lost the database", **logs.told(error))
            await pause(stop)


async def pause(stop: asyncio.Event) -> None:
    """Wait a little, or until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
    except TimeoutError:
        return


async def _work(stop: asyncio.Event, jobs: Iterable[Job]) -> None:
    from pgqueuer import PgQueuer

    connection = await asyncpg.connect(DB.config["dsn"], server_settings={"application_name": "marketplace worker"})
    try:
        queue = PgQueuer.from_asyncpg_connection(connection)
        register(queue, jobs)
        watching = asyncio.create_task(_pass_on(stop, queue.shutdown))
        try:
            await queue.run(dequeue_timeout=LONGEST_NAP, shutdown_on_listener_failure=True)
        finally:
            watching.cancel()
    finally:
        await connection.close(timeout=2)
    if not stop.is_set():
        raise ConnectionError("the queue was shut down from outside")


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()


async def start(site: Litestar) -> None:
    """Work inside the demo's app; for real the worker is a process of its own."""
    if not settings().demo:
        return
    stop_working = asyncio.Event()
    site.state.worker = (stop_working, asyncio.create_task(run_worker(stop_working, jobs_of(site.state.wings))))


async def stop(site: Litestar) -> None:
    """Let the worker inside the app finish what it does, for a while."""
    if "worker" not in site.state:
        return
    stop_working, working = site.state.worker
    stop_working.set()
    try:
        await asyncio.wait_for(working, PATIENCE_SECONDS)
    except TimeoutError:
        logs.log.error("worker had to be stopped")


async def main(_words: list[str]) -> None:
    """Work until SIGINT or SIGTERM (`python -m marketplace worker`). Refuses without a key file, and an unsafe database."""
    logs.configure()
    here = settings()
    keyring()
    await DB.open_pool(1, 4)
    try:
        await require_safe(durable=not here.test_durability_off, real_clock=not here.demo)
        stop_working = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop_working.set)
        await run_worker(stop_working, jobs_of(importlib.import_module("app").WINGS))
    finally:
        await DB.close_connection_pool()
