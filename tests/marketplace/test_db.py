"""The contract of the mended engine: what Piccolo would do otherwise is in stack.md §2."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from marketplace.db import DB, PUBLIC, ForeignTask, PoolBusy, Scope, Unscoped, atomically, scoped
from marketplace.ids import uuid7
from marketplace.places.tables import Village
from tests.conftest import Database, World

FAILS_AT_COMMIT = """
create table if not exists late (n int, constraint late_unique unique (n) deferrable initially deferred);
grant all on late to market_app
"""


@pytest.fixture
async def late(database: Database) -> None:
    await database.admin.execute(FAILS_AT_COMMIT)
    await database.admin.execute("truncate late")


def idle() -> tuple[int, int]:
    assert DB.pool is not None
    return DB.pool.get_size() - DB.pool.get_idle_size(), DB.pool.get_max_size()


async def test_failing_commit_gives_the_connection_back(world: World, late: None) -> None:
    for _ in range(30):
        with pytest.raises(asyncpg.UniqueViolationError):
            async with DB.transaction():
                await DB.fetch("insert into late values (1), (1)")
    assert idle()[0] == 0
    assert DB.own_transaction() is None
    assert await DB.fetch_value("select count(*) from late") == 0


async def test_inner_block_that_raised_is_undone_and_the_outer_goes_on(world: World, late: None) -> None:
    async with DB.transaction():
        await DB.fetch("insert into late values (1)")
        with pytest.raises(ValueError, match="inner"):
            async with DB.transaction():
                await DB.fetch("insert into late values (2)")
                raise ValueError("inner")
        with pytest.raises(asyncpg.UndefinedTableError):
            async with DB.transaction():
                await DB.fetch("select * from no_such_table")
        await DB.fetch("insert into late values (3)")
    assert [row[0] for row in await DB.fetch("select n from late order by n")] == [1, 3]


async def test_child_task_may_not_share_the_transaction(world: World) -> None:
    async with DB.transaction():
        with pytest.raises(ForeignTask):
            await asyncio.gather(Village.count(), Village.count())
    assert await Village.count() == 2


async def test_task_that_outlives_the_transaction_uses_the_pool(world: World) -> None:
    go = asyncio.Event()

    async def later() -> int:
        await go.wait()
        count: int = await Village.count()
        return count

    async with DB.transaction():
        task = asyncio.create_task(later())
    go.set()
    assert await task == 2


async def test_killed_backend_leaves_the_pool_whole(world: World) -> None:
    for _ in range(10):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            async with DB.transaction():
                await DB.fetch("select pg_terminate_backend(pg_backend_pid())")
    assert await Village.count() == 2
    assert idle()[0] == 0


async def test_cancelled_transaction_leaves_nothing_and_the_pool_whole(world: World, late: None) -> None:
    async def slow() -> None:
        async with DB.transaction():
            await DB.fetch("insert into late values (1)")
            await DB.fetch("select pg_sleep(5)")

    for _ in range(6):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await DB.fetch_value("select count(*) from late") == 0
    assert idle()[0] == 0


async def test_after_commit_runs_once_committed_and_not_after_rollback(world: World, late: None) -> None:
    said: list[str] = []

    async def say() -> None:
        said.append(str(await DB.fetch_value("select count(*) from late")))

    async with DB.transaction() as outer:
        await DB.fetch("insert into late values (1)")
        async with DB.transaction() as inner:
            inner.after_commit(say)
        assert said == []
    assert said == ["1"]
    with pytest.raises(ValueError, match="no"):
        async with DB.transaction() as outer:
            outer.after_commit(say)
            raise ValueError("no")
    assert said == ["1"]


async def test_serialization_failures_are_tried_again(world: World, late: None) -> None:
    await DB.fetch("insert into late values (0)")

    async def add_one() -> None:
        now = await DB.fetch_value("select max(n) from late")
        await asyncio.sleep(0.01)
        await DB.fetch("update late set n = $1", now + 1)

    await asyncio.gather(*(atomically(add_one, PUBLIC, isolation="serializable", attempts=30) for _ in range(4)))
    assert await DB.fetch_value("select n from late") == 4


async def test_refusal_is_not_tried_again(world: World) -> None:
    tries = 0

    async def refuse() -> None:
        nonlocal tries
        tries += 1
        raise ValueError("once")

    with pytest.raises(ValueError, match="once"):
        await atomically(refuse, PUBLIC)
    assert tries == 1


async def test_read_only_transaction_writes_nothing(world: World, late: None) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with scoped(PUBLIC, readonly=True):
            await DB.fetch("insert into late values (1)")


async def test_full_pool_answers_busy_in_two_seconds(world: World) -> None:
    assert DB.pool is not None
    held = [await DB.pool.acquire() for _ in range(DB.pool.get_max_size())]
    try:
        started = asyncio.get_running_loop().time()
        with pytest.raises(PoolBusy):
            async with DB.transaction():
                pass
        assert 1.5 < asyncio.get_running_loop().time() - started < 3.5
    finally:
        for connection in held:
            await DB.pool.release(connection)


async def test_scope_is_set_for_one_transaction_only(world: World) -> None:
    village = await world.id_of("village", "JP")
    households = "select count(*) from household"
    assert await DB.fetch_value(households) == 0
    async with scoped(Scope(villages=(village,)), readonly=True):
        assert await DB.fetch_value(households) == 262
        with pytest.raises(Unscoped):
            async with scoped(PUBLIC):
                pass
    assert await DB.fetch_value(households) == 0
    async with scoped(Scope(villages=(uuid7(),)), readonly=True):
        assert await DB.fetch_value(households) == 0


async def test_statement_and_lock_limits_are_set(world: World) -> None:
    limits = "select current_setting('statement_timeout'), current_setting('lock_timeout')"
    assert tuple(await DB.fetch_row(limits)) == ("5s", "3s")
