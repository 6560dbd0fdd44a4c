"""The app refuses to start where the database could not keep its promises (P20, P25, P28)."""

from __future__ import annotations

from datetime import datetime

import pytest

from marketplace.db import DB, Unsafe, require_safe
from tests.conftest import Database, World


async def faults_as(database: Database, role: str, *, durable: bool = False, real_clock: bool = False) -> str:
    """What `require_safe` says when the app signs in as that role."""
    pool, before = DB.pool, DB.config["dsn"]
    DB.pool, DB.config["dsn"] = None, database.cluster.url(role, "market")
    try:
        await require_safe(durable=durable, real_clock=real_clock)
    except Unsafe as refused:
        return str(refused)
    finally:
        DB.pool, DB.config["dsn"] = pool, before
    return ""


async def test_app_role_is_safe(world: World) -> None:
    assert await faults_as(world.database, "market_app") == ""


async def test_owner_is_refused(world: World) -> None:
    assert await faults_as(world.database, "market_owner") == "the app role owns tables"


async def test_superuser_is_refused(world: World) -> None:
    said = await faults_as(world.database, "cluster")
    assert said == "the app role is a superuser; the app role bypasses row-level security"


async def test_forgetful_server_is_refused(world: World) -> None:
    said = await faults_as(world.database, "market_app", durable=True)
    assert said == "fsync is off; full_page_writes is off; synchronous_commit is off"


async def test_a_server_that_is_not_the_tests_own_may_not_be_forgetful(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketplace.db.FORGETFUL_NAME", "another")
    said = await faults_as(world.database, "market_app", durable=False)
    assert said == "fsync is off; full_page_writes is off; synchronous_commit is off"


async def test_moved_clock_is_refused_in_production(world: World) -> None:
    assert await faults_as(world.database, "market_app", real_clock=True) == "the business clock is moved"
    await world.admin.execute("update business_clock set shift = interval '0'")
    assert await faults_as(world.database, "market_app", real_clock=True) == ""


async def test_business_clock_is_the_databases(world: World) -> None:
    await world.set_clock(datetime.fromisoformat("2018-12-01T08:30:00+08:00"))
    shown = await DB.fetch_value("select to_char(business_now() at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')")
    assert shown == "2018-12-01 08:30"
