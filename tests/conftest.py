"""One private PostgreSQL a worker; the demo's base world as the seed of every test; real commits, then a reset."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import pytest

from marketplace.embedded import Cluster, temporary_cluster

# Nothing of this machine's own environment reaches the tests' database.
for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
    os.environ.pop(name, None)
os.environ.update(PICCOLO_CONF="piccolo_conf", DEMO="1", TEST_DURABILITY_OFF="1")

SWEEP_AFTER = 60  # resets; each leaves some two thousand dead rows
DEMO_MORNING = datetime.fromisoformat("2018-11-21T09:00:00+08:00")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    os.environ["VAR"] = str(tmp_path_factory.mktemp("var"))
    from marketplace.settings import settings

    settings.cache_clear()
    with temporary_cluster() as private:
        yield private


@dataclass
class Database:
    """The worker's database: `admin` is the superuser (resets, breaks of laws), the pool is the app role's."""

    cluster: Cluster
    admin: asyncpg.Connection
    reset_script: str
    resets: int = 0

    async def reset(self) -> None:
        """Back to the seed. What the resets leave dead is swept now and then, or plans would crawl through it."""
        await self.admin.execute(self.reset_script)
        self.resets += 1
        if self.resets % SWEEP_AFTER == 0:
            await self.admin.execute("vacuum analyze")


@pytest.fixture(scope="session")
async def database(cluster: Cluster) -> AsyncIterator[Database]:
    from marketplace.db import DB
    from marketplace.demo.load import load_base
    from marketplace.migrate import migrate

    await migrate(cluster.owner_url, cluster.app_url)
    await load_base(cluster.owner_url)
    admin = await asyncpg.connect(cluster.url("cluster", "market"))
    DB.config["dsn"] = cluster.app_url
    await DB.open_pool(2, 20)
    yield Database(cluster, admin, await _keep_seed(admin))
    await _close_pool()
    await admin.close()


async def _close_pool() -> None:
    """Close the pool; a connection that was never given back (a test has said so) must not hold up the session."""
    from marketplace.db import DB

    assert DB.pool is not None
    try:
        await asyncio.wait_for(DB.pool.close(), 5)
    except TimeoutError:
        DB.pool.terminate()
    DB.pool = None


_TABLES = """
select c.relname, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where c.relkind = 'r' and c.relname not in ('migration', 'state_arrow') group by c.relname order by c.relname
"""


async def _keep_seed(admin: asyncpg.Connection) -> str:
    """Copy what is there to the schema `seed`; the script that brings every table back to it."""
    await admin.execute("create schema seed")
    clear, fill = [], []
    for table, columns in await admin.fetch(_TABLES):
        clear.append(f'delete from public."{table}"')
        if await admin.fetchval(f'select exists (select from public."{table}")'):
            await admin.execute(f'create table seed."{table}" as select {columns} from public."{table}"')
            fill.append(f'insert into public."{table}" ({columns}) select {columns} from seed."{table}"')
    steps = ["set session_replication_role = replica", *clear, *fill, "set session_replication_role = origin"]
    return "begin; " + "; ".join(steps) + "; commit"


@dataclass
class World:
    """What a test may reach for beside the app: the clock's hand and the superuser's connection.

    A test that breaks the data behind the laws' back says `tampered`: reconcile would rightly complain.
    """

    database: Database
    tampered: bool = False

    @property
    def admin(self) -> asyncpg.Connection:
        return self.database.admin

    async def set_clock(self, moment: datetime) -> None:
        """Move the business clock to that moment."""
        await self.admin.execute("update business_clock set shift = $1 - clock_timestamp()", moment)

    async def id_of(self, table: str, code: str) -> UUID:
        """The id of the row with that code."""
        found: UUID = await self.admin.fetchval(f'select id from "{table}" where code = $1', code)
        assert found is not None, f"no {table} {code}"
        return found

    async def count(self, table: str) -> int:
        rows: int = await self.admin.fetchval(f'select count(*) from "{table}"')
        return rows


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """The demo's base world on the demo morning; brought back to that after the test, reconciled before."""
    here = World(database)
    await here.set_clock(DEMO_MORNING)
    seeded = {table: await here.count(table) for table in LOOKED_AT}
    yield here
    try:
        grown = [table for table in LOOKED_AT if await here.count(table) > seeded[table]]
        if grown and not here.tampered:
            await _reconcile(database, {code for table in grown for code in LOOKED_AT[table]})
    finally:
        await database.reset()


# What a test has written, and the promises that must then have looked at something.
LOOKED_AT = {
    "transfer": {"P1"},
    "reversal": {"P4"},
    "payout": {"P13", "P14", "P16"},
    "drawer_day": {"P11", "P16"},
    "stock_movement": {"P7", "P11"},
    "sales_order": {"P7", "P11"},
    "seal_entry": {"P19"},
}


async def _reconcile(database: Database, looked_at: set[str]) -> None:
    """Every promise that SQL can check holds; and those that speak of what the test wrote have looked at it."""
    from marketplace.reconcile import run_checks

    owner = await asyncpg.connect(database.cluster.owner_url)
    try:
        checks = await run_checks(owner)
    finally:
        await owner.close()
    broken = {check.code: check.count for check in checks if check.count}
    assert not broken, f"reconcile: {broken}"
    idle = {check.code for check in checks if not check.rows}
    assert not looked_at & idle, f"reconcile looked at nothing for {sorted(looked_at & idle)}"
