"""The page of background jobs: a job that keeps failing is parked, seen, and let run again."""

from __future__ import annotations

import asyncio

import pytest

from marketplace import worker
from marketplace.orders.jobs import EXPIRE
from marketplace.queue import Job
from tests.conftest import World
from tests.office import visitor

PARK = "insert into pgqueuer (priority, status, entrypoint, attempts) values (0, 'failed', $1, 4) returning id"


@pytest.fixture
async def administrator(world: World) -> tuple[str, str]:
    login = await world.admin.fetchval(
        "select u.login from role_grant g join app_user u on u.id = g.\"user\" where g.role = 'administrator' limit 1"
    )
    return (login, "administrator")


async def test_a_parked_job_is_seen_and_let_run_again(world: World, administrator: tuple[str, str]) -> None:
    await world.admin.fetchval(PARK, EXPIRE)
    async with visitor(world, administrator) as browser:
        page = await browser.open("/office/jobs")
        assert "Give back the boxes of orders whose time is over" in page.text
        assert "The worker is not running" in page.text
        page = await browser.send("/retry")
        assert "No job has failed" in page.text
    assert await world.admin.fetchval("select status::text from pgqueuer") == "queued"
    assert await world.admin.fetchval("select count(*) from audit_line where verb = 'retry_job'") == 1


async def test_a_job_that_runs_again_already_is_refused(world: World, administrator: tuple[str, str]) -> None:
    await world.admin.fetchval(PARK, EXPIRE)
    async with visitor(world, administrator) as browser:
        await browser.open("/office/jobs")
        await world.admin.execute("update pgqueuer set status = 'queued'")
        page = await browser.send("/retry", expect=409)
        assert "not parked any more" in page.text


async def test_what_fails_by_the_clock_is_queued_once_and_not_where_it_is_parked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise ValueError("broken")

    for _ in range(3):
        await worker.by_the_clock(EXPIRE, broken)
    assert await world.count("pgqueuer") == 1
    await world.admin.execute("update pgqueuer set status = 'failed'")
    await worker.by_the_clock(EXPIRE, broken)
    assert await world.count("pgqueuer") == 1


async def test_a_job_that_fails_for_good_is_parked_with_its_kind_and_not_its_words(
    world: World, administrator: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> int:
        raise ValueError("card 13800001111")

    monkeypatch.setattr(worker, "MOST_ATTEMPTS", 0)
    await worker.try_again(EXPIRE)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run_worker(stop, [Job(EXPIRE, "", broken)]))
    try:
        for _ in range(100):
            if await world.admin.fetchval("select count(*)::int from pgqueuer where status = 'failed'"):
                break
            await asyncio.sleep(0.1)
        async with visitor(world, administrator) as browser:
            page = await browser.open("/office/jobs")
    finally:
        stop.set()
        await asyncio.wait_for(working, 10)
    assert "ValueError" in page.text
    assert "13800001111" not in page.text
    assert "The worker is not running" not in page.text
