"""The job queue: its schema is pgqueuer's own, jobs run out of it, and a lost database is found again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg

from marketplace import worker
from marketplace.wing import MARKETPLACE
from tests import buyers
from tests.conftest import Database, World

SCHEMA = """
select 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
    coalesce(pg_get_expr(d.adbin, d.adrelid), '') || a.attidentity::text
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind = 'r' and c.relname like 'pgqueuer%'
union all select 'index', tablename, indexname, indexdef, '', '' from pg_indexes where tablename like 'pgqueuer%'
union all select 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '' from pg_constraint
    where conrelid::regclass::text like 'pgqueuer%' and contype <> 'n'
union all select 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), '', '' from pg_trigger
    where tgrelid::regclass::text like 'pgqueuer%'
union all select 'function', proname, prosrc, '', '', '' from pg_proc where proname like '%pgqueuer%'
union all select 'label', t.typname, e.enumlabel, e.enumsortorder::text, '', '' from pg_enum e join pg_type t on t.oid = e.enumtypid
    where t.typname like 'pgqueuer%'
order by 1, 2, 3, 4
"""


async def test_our_migration_makes_what_the_installer_makes(database: Database) -> None:
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    await database.admin.execute("create database installed")
    try:
        installed = await asyncpg.connect(database.cluster.url("cluster", "installed"))
        try:
            await Queries(AsyncpgDriver(installed)).install()
            theirs = [tuple(row) for row in await installed.fetch(SCHEMA)]
        finally:
            await installed.close()
        ours = [tuple(row) for row in await database.admin.fetch(SCHEMA)]
    finally:
        await database.admin.execute("drop database installed")
    assert len(theirs) > 50
    assert ours == theirs


async def until(world: World, sql: str, wanted: object) -> None:
    for _ in range(100):
        if await world.admin.fetchval(sql) == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{sql} never gave {wanted}: {await world.admin.fetchval(sql)}")


async def test_the_worker_runs_a_job_out_of_the_queue_and_stops_when_told(world: World) -> None:
    order = await buyers.held(world, await buyers.buyer(world), await buyers.in_stock(world))
    await world.set_clock(order.hold_until + timedelta(seconds=1))
    await world.admin.execute("update pgqueuer set execute_after = now()")
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run_worker(stop, worker.jobs_of([MARKETPLACE])))
    try:
        await until(world, "select state from sales_order", "expired")
        await until(world, "select count(*)::int from pgqueuer", 0)
        await world.admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'marketplace worker'"
        )
        await asyncio.sleep(0.2)
        assert not working.done()
    finally:
        stop.set()
        await asyncio.wait_for(working, 10)
