"""A migration killed anywhere can be run again; two at once wait for each other (P27)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from marketplace.embedded import Cluster, ensure_database

ROOT = Path(__file__).parent.parent.parent
NAME = "migrated"
RUN = (
    "import asyncio, os; from marketplace.migrate import migrate; "
    "print(asyncio.run(migrate(os.environ['DATABASE_OWNER_URL'], os.environ['DATABASE_URL'])))"
)
LAWS = """
select (select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'),
       (select count(*) from pg_trigger where not tgisinternal), (select count(*) from pg_policy),
       (select count(*) from pg_constraint where connamespace = 'public'::regnamespace),
       (select array_agg(name order by name) from migration)
"""


@pytest.fixture
async def empty(cluster: Cluster) -> AsyncIterator[dict[str, str]]:
    """The environment of a migrator for a new, empty database."""
    admin = await asyncpg.connect(cluster.admin_url)
    await admin.execute(f"drop database if exists {NAME} with (force)")
    await ensure_database(cluster.admin_url, NAME)
    yield {
        **os.environ,
        "DATABASE_URL": cluster.url("market_app", NAME),
        "DATABASE_OWNER_URL": cluster.url("market_owner", NAME),
    }
    await admin.execute(f"drop database if exists {NAME} with (force)")
    await admin.close()


def start(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, env=environment, stdout=subprocess.PIPE)


async def laws(environment: dict[str, str]) -> asyncpg.Record:
    connection = await asyncpg.connect(environment["DATABASE_OWNER_URL"])
    try:
        return await connection.fetchrow(LAWS)
    finally:
        await connection.close()


async def migrating_pid(cluster: Cluster) -> int | None:
    admin = await asyncpg.connect(cluster.admin_url)
    try:
        pid: int | None = await admin.fetchval(
            "select pid from pg_stat_activity where datname = $1 and xact_start is not null and query !~ 'advisory'", NAME
        )
        return pid
    finally:
        await admin.close()


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.15, 0.3])
async def test_killed_migration_can_be_run_again(cluster: Cluster, empty: dict[str, str], wait: float) -> None:
    migrator = start(empty)
    deadline = time.monotonic() + 20
    while await migrating_pid(cluster) is None and migrator.poll() is None and time.monotonic() < deadline:
        await asyncio.sleep(0.005)
    await asyncio.sleep(wait)
    migrator.kill()
    await asyncio.to_thread(migrator.wait)
    again = start(empty)
    assert await asyncio.to_thread(again.wait) == 0
    whole = await laws(empty)
    names = list(whole[4])
    assert names == sorted(path.stem.removeprefix("marketplace_") for path in (ROOT / "migrations/marketplace").glob("*.py"))
    assert (whole[0] > 40, whole[2] > 15) == (True, True)
    quiet = start(empty)
    assert await asyncio.to_thread(quiet.wait) == 0
    assert await laws(empty) == whole


async def test_two_migrators_at_once_run_each_file_once(empty: dict[str, str]) -> None:
    both = [start(empty), start(empty)]
    assert [await asyncio.to_thread(one.wait) for one in both] == [0, 0]
    said = sorted((one.stdout.read() if one.stdout else b"").decode().count("0001_tables']") for one in both)
    assert len(said) == 2
    assert len(set((await laws(empty))[4])) == len((await laws(empty))[4])
