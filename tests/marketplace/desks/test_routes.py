"""The page of the promises: the same counts as the owner's run, for those who watch and for nobody else."""

from __future__ import annotations

import asyncpg
import pytest

from marketplace.db import PUBLIC, scoped
from marketplace.desks import queries
from marketplace.reconcile import PROMISES, Check, run_checks
from tests.cast import CASHIER, CLERK, DIRECTOR, SECRETARY, STORE_CLERK, TAN
from tests.conftest import World
from tests.counter import sold
from tests.marketplace.conftest import SignIn


async def by_the_owner(world: World) -> list[Check]:
    owner = await asyncpg.connect(world.database.cluster.owner_url)
    try:
        return await run_checks(owner)
    finally:
        await owner.close()


async def by_the_page() -> list[Check]:
    async with scoped(PUBLIC, readonly=True):
        return await queries.reconcile()


async def test_page_counts_what_the_owner_counts_in_every_village(world: World) -> None:
    await sold(world, TAN)
    counted = await by_the_page()
    assert counted == await by_the_owner(world)
    assert {check.code: check.rows for check in counted}["P13"] == 1
    assert [check.code for check in counted] == [promise.code for promise in PROMISES]


async def test_broken_promise_shows_on_the_page_and_in_the_count(world: World, sign_in: SignIn) -> None:
    await sold(world, TAN)
    browser = await sign_in(*SECRETARY)
    whole = await browser.get("/office/reconcile")
    assert "Everything comes out" in whole.text
    async with world.admin.transaction():
        await world.admin.execute("set local session_replication_role = replica")
        await world.admin.execute(
            "update ledger_account set balance = balance + 1 where kind = 'drawer' and balance > 0"
        )
    broken = await browser.get("/office/reconcile")
    assert "1 check does not come out" in broken.text
    assert [(check.code, check.count) for check in await by_the_page() if check.count] == [("P3", 1)]
    async with world.admin.transaction():
        await world.admin.execute("set local session_replication_role = replica")
        await world.admin.execute(
            "update ledger_account set balance = balance - 1 where kind = 'drawer' and balance > 0"
        )


@pytest.mark.parametrize(
    ("person", "status"),
    [
        (SECRETARY, 200),
        (("s10", "supervisor"), 200),
        (("admin", "administrator"), 200),
        (DIRECTOR, 403),
        (CLERK, 403),
        (CASHIER, 403),
        (STORE_CLERK, 403),
    ],
)
async def test_only_those_who_watch_come_in(
    world: World, sign_in: SignIn, person: tuple[str, str], status: int
) -> None:
    assert (await (await sign_in(*person)).get("/office/reconcile")).status_code == status


async def test_page_speaks_chinese(world: World, sign_in: SignIn) -> None:
    browser = await sign_in(*SECRETARY)
    page = await browser.get("/office/reconcile", **{"accept-language": "zh-CN"})
    assert "每本账借贷相抵为零" in page.text
    assert "Every book" not in page.text
