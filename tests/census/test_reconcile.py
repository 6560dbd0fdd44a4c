"""What reconcile must see, broken behind the laws' back."""

from __future__ import annotations

import json
from datetime import timedelta

import asyncpg
import pytest

from marketplace.db import scoped
from marketplace.journal import actions as journal
from marketplace.journal import rules, seal
from marketplace.reconcile import run_checks
from tests import cast
from tests.conftest import DEMO_MORNING, World
from tests.counter import sold, weighed

STRANGE = {"zz": 1, "a": [1, {"说明": '黄豆 "\\ / \n\t\x07', "b": None}], "aa": True, "": {}, "é": [], "ratio": 0.5}


async def broken(world: World) -> dict[str, int]:
    """The promises that do not hold, with how often."""
    owner = await asyncpg.connect(world.database.cluster.owner_url)
    try:
        return {check.code: check.count for check in await run_checks(owner) if check.count}
    finally:
        await owner.close()


async def past_the_laws(world: World, statement: str, *values: object) -> None:
    """Write as somebody does who owns the machine."""
    world.tampered = True
    async with world.admin.transaction():
        await world.admin.execute("set local session_replication_role = replica")
        await world.admin.execute(statement, *values)


async def noted(world: World) -> None:
    village = await world.id_of("village", "JP")
    async with scoped(seal.SYSTEM):
        await journal.note(verb="tested", subject="7", village=village, detail=STRANGE)


async def test_database_and_code_reckon_the_same_hash(world: World) -> None:
    await sold(world, cast.PENG)
    await noted(world)
    for source, table in (("audit", "audit_line"), ("transfer", "transfer")):
        rows = await world.admin.fetch(f"select *, sealed_hash(t) as reckoned from {table} t")
        assert rows
        for row in rows:
            assert row["reckoned"] == rules.row_hash(source, rules.plain(source, row)), dict(row)


async def test_a_changed_row_does_not_fit_its_seal(world: World) -> None:
    await noted(world)
    await seal.seal_all()
    assert await broken(world) == {}
    changed = json.dumps({**STRANGE, "zz": 2})
    await past_the_laws(world, "update audit_line set detail = $1 where verb = 'tested'", changed)
    assert await broken(world) == {"P19": 1}


async def test_a_row_that_the_sealing_passed_by_is_seen(world: World) -> None:
    await noted(world)
    await world.set_clock(DEMO_MORNING + timedelta(hours=3))
    await noted(world)
    await seal.seal_all()
    await past_the_laws(world, "delete from seal_entry where sequence = 1")
    assert (await broken(world))["P19"] > 1


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("update package set state = 'inspected' where id = $1", "P11"),
        ("update package set state = 'sent_back' where id = $1", "P11"),
        ("update package set state = 'paid' where id = $1", "P13"),
    ],
)
async def test_a_weighed_package_led_on_by_nothing_is_seen(world: World, statement: str, code: str) -> None:
    package = await weighed(world, cast.PENG)
    assert await broken(world) == {}
    await past_the_laws(world, statement, package)
    assert code in await broken(world)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("delete from acceptance where package = $1", "P11"),
        ("update inspection set passed = false where package = $1", "P11"),
        ("update package set weighed_at = weighed_at + interval '1 hour' where id = $1", "P11"),
        ("update stock_unit set state = 'spoiled' where package = $1", "P11"),
        ("update offer set contents = 'EGG:1' where id = (select offer from stock_unit where package = $1)", "P7"),
        ("update package_line set price_fen = price_fen - 1 where package = $1", "P13"),
        ("update payout set at = at - interval '1 year' where package = $1", "P16"),
        ("delete from payout where package = $1", "P13"),
    ],
)
async def test_a_sale_that_does_not_tie_is_seen(world: World, statement: str, code: str) -> None:
    package = await sold(world, cast.PENG)
    assert await broken(world) == {}
    await past_the_laws(world, statement, package)
    assert code in await broken(world)
