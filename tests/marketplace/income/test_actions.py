"""Income is entered once with its paper, taken back whole, and never changed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import asyncpg
import pytest

from marketplace import clock
from marketplace.db import DB, Scope, atomically, scoped
from marketplace.errors import NotFound
from marketplace.income import actions, queries, rules
from tests.cast import PENG, SECRETARY, TAN, household_scope, scope_of
from tests.conftest import World
from tests.counter import sold

PIGS = {
    "earned_on": date(2018, 9, 20),
    "kind": "business",
    "source": "pig_sale",
    "amount_fen": 260_000,
    "document": "收购单 12",
}


async def enter(world: World, code: str = PENG, scope: Scope | None = None, **changes: object) -> UUID:
    home = await world.id_of("household", code)
    scope = scope or await scope_of(SECRETARY)

    async def verb() -> UUID:
        given: dict[str, object] = {**PIGS, **changes}
        return await actions.enter(home, by=scope.actor, now=await clock.now(), **given)  # type: ignore[arg-type]

    return await atomically(verb, scope)


async def take_back(entry: UUID) -> UUID:
    scope = await scope_of(SECRETARY)

    async def verb() -> UUID:
        return await actions.take_back(entry, by=scope.actor, now=await clock.now())

    return await atomically(verb, scope)


async def statement(world: World, code: str = PENG, year: int = 2018) -> queries.Statement:
    async with scoped(await scope_of(SECRETARY), readonly=True):
        return await queries.statement(await world.id_of("household", code), year)


async def test_entry_stands_in_the_year_it_was_earned(world: World) -> None:
    await enter(world)
    await enter(world, earned_on=date(2017, 12, 31), amount_fen=1)
    assert (await statement(world)).net.net_fen == 260_000
    assert (await statement(world, year=2017)).net.net_fen == 1


async def test_entry_taken_back_leaves_two_lines_and_no_sum(world: World) -> None:
    await take_back(await enter(world))
    found = await statement(world)
    assert (found.net.net_fen, found.lines) == (0, ())
    rows = await world.admin.fetch("select amount_fen, reverses is not null as reversal from income_entry order by id")
    assert [tuple(row) for row in rows] == [(260_000, False), (-260_000, True)]


async def test_entry_is_taken_back_once(world: World) -> None:
    entry = await enter(world)
    mirror = await take_back(entry)
    with pytest.raises(rules.ReversedAlready):
        await take_back(entry)
    with pytest.raises(NotFound):
        await take_back(mirror)


async def test_package_money_is_not_taken_back_here(world: World) -> None:
    await sold(world, TAN)
    entry = await world.admin.fetchval("select income_entry from acceptance")
    with pytest.raises(rules.PackageIncome):
        await take_back(entry)


async def test_packages_do_not_push_typed_entries_out_of_sight(world: World) -> None:
    typed = await enter(world, TAN)
    await sold(world, TAN)
    async with scoped(await scope_of(SECRETARY), readonly=True):
        lately = await queries.typed_lately(await world.id_of("household", TAN), 1)
    assert [entry.id for entry in lately] == [typed]


async def test_panel_asks_the_database_three_times_however_much_was_sold(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enter(world, TAN)
    await sold(world, TAN)
    home = await world.id_of("household", TAN)
    scope = await scope_of(SECRETARY)
    asked: list[str] = []
    fetch = DB.fetch

    async def counted(sql: str, *values: object) -> object:
        asked.append(sql)
        return await fetch(sql, *values)

    monkeypatch.setattr(DB, "fetch", counted)
    async with scoped(scope, readonly=True):
        found = await queries.statement(home, 2018)
    assert (len(asked), len(found.lines)) == (3, 2)


async def test_another_village_can_neither_enter_nor_take_back(world: World) -> None:
    entry = await enter(world)
    stranger = await scope_of(("y01", "branch_secretary"))
    with pytest.raises(NotFound):
        await enter(world, scope=stranger)
    with pytest.raises(NotFound):
        await atomically(lambda: actions.take_back(entry, by=stranger.actor, now=PIGS["earned_on"]), stranger)  # type: ignore[arg-type]


async def test_household_sees_its_own_record_only(world: World) -> None:
    await enter(world)
    home = await world.id_of("household", PENG)
    async with scoped(await household_scope(world, PENG), readonly=True):
        assert (await queries.statement(home, 2018)).net.net_fen == 260_000
    async with scoped(await household_scope(world, TAN), readonly=True):
        assert (await queries.statement(home, 2018)).lines == ()


async def test_income_a_package_brings_cannot_be_typed_past_the_counter(world: World) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await enter(world, source=rules.PACKAGES, amount_fen=10_000)
    assert refused.value.constraint_name == "income_entry_has_cause"


async def test_entries_do_not_change(world: World) -> None:
    entry = await enter(world)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await atomically(
            lambda: DB.fetch("update income_entry set amount_fen = 1 where id = $1", entry), await scope_of(SECRETARY)
        )
