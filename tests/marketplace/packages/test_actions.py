"""Drafts, changes, withdrawals and weighing: what may be done with a package before it is paid."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest

from marketplace import clock
from marketplace.db import DB, Scope, atomically, scoped
from marketplace.errors import NotFound
from marketplace.ids import check_code
from marketplace.packages import actions, queries, rules
from marketplace.produce.rules import NoPrice, NotAStep, OutOfSeason, Unlicensed
from tests.cast import CLERK, PENG, TAN, household_scope, scope_of
from tests.conftest import World
from tests.counter import inspected, open_drawer, paid

Result = TypeVar("Result")
Lines = Sequence[tuple[str, int]]
P01: Lines = (("EGG", 30), ("SOY", 4000))
P12: Lines = (("EGG", 50),)
INTAKE = date(2018, 11, 24)


async def run(verb: Callable[[], Awaitable[Result]], scope: Scope | None = None) -> Result:
    return await atomically(verb, scope or await scope_of(CLERK))


async def drafted(world: World, lines: Lines = P01, *, household: str = TAN, scope: Scope | None = None) -> UUID:
    home = await world.id_of("household", household)
    scope = scope or await scope_of(CLERK)

    async def verb() -> UUID:
        return await actions.draft(
            home, lines, intake_on=INTAKE, by=scope.actor, for_household=scope.actor is not None, now=await clock.now()
        )

    return await run(verb, scope)


async def changed(package: UUID, lines: Lines, scope: Scope | None = None) -> None:
    async def verb() -> None:
        await actions.change(package, lines, recipe=None, intake_on=INTAKE, now=await clock.now())

    await run(verb, scope)


async def weighed(package: UUID, lines: Lines) -> str:
    scope = await scope_of(CLERK)
    assert scope.actor is not None
    by = scope.actor

    async def verb() -> str:
        return await actions.weigh(package, lines, by=by, now=await clock.now())

    return await run(verb, scope)


async def withdrawn(package: UUID, scope: Scope | None = None) -> None:
    await run(lambda: actions.withdraw(package), scope)


async def seen(package: UUID) -> queries.SeenPackage:
    async with scoped(await scope_of(CLERK), readonly=True):
        return await queries.package(package)


def goods(package: queries.SeenPackage) -> list[tuple[str, int, int]]:
    return [(line.good.code, line.quantity, line.good.price_fen) for line in package.lines]


async def test_draft_keeps_its_goods_at_the_prices_of_the_day(world: World) -> None:
    found = await seen(await drafted(world))
    assert goods(found) == [("EGG", 30, 200), ("SOY", 4000, 1000)]
    assert (found.state, found.total_fen, found.intake_on, found.for_household) == ("draft", 10_000, INTAKE, True)
    assert check_code(found.code) == found.code


async def test_draft_need_not_be_a_hundred_yet(world: World) -> None:
    assert (await seen(await drafted(world, [("EGG", 12)]))).total_fen == 2_400
    assert (await seen(await drafted(world, []))).total_fen == 0


async def test_household_drafts_changes_and_withdraws_at_home(world: World) -> None:
    home = await household_scope(world, TAN)
    package = await drafted(world, scope=home)
    await changed(package, P12, home)
    found = await seen(package)
    assert (goods(found), found.for_household) == ([("EGG", 50, 200)], False)
    await withdrawn(package, home)
    assert (await seen(package)).state == "withdrawn"


async def test_neighbour_finds_neither_household_nor_draft(world: World) -> None:
    package, neighbour = await drafted(world), await household_scope(world, PENG)
    for verb in (
        lambda: drafted(world, household=TAN, scope=neighbour),
        lambda: changed(package, P12, neighbour),
        lambda: withdrawn(package, neighbour),
    ):
        with pytest.raises(NotFound):
            await verb()
    assert goods(await seen(package)) == [("EGG", 30, 200), ("SOY", 4000, 1000)]


async def test_quantity_that_is_no_step_leaves_the_draft_as_it_was(world: World) -> None:
    package = await drafted(world)
    with pytest.raises(NotAStep):
        await changed(package, [("SOY", 4050)])
    assert goods(await seen(package)) == [("EGG", 30, 200), ("SOY", 4000, 1000)]


async def test_good_without_a_price_is_not_drafted(world: World) -> None:
    async with world.admin.transaction():
        await world.admin.execute("set local session_replication_role = replica")
        await world.admin.execute("delete from price_line where product = (select id from product where code = 'EGG')")
    with pytest.raises(NoPrice):
        await drafted(world, P12)
    assert await world.count("package") == 0


async def test_withdrawn_draft_is_over(world: World) -> None:
    package = await drafted(world)
    await withdrawn(package)
    for verb in (lambda: withdrawn(package), lambda: changed(package, P12), lambda: weighed(package, P01)):
        with pytest.raises(rules.NotFromHere):
            await verb()


async def test_weighing_writes_what_lies_on_the_scale_and_who_weighed(world: World) -> None:
    package = await drafted(world, P12)
    assert await weighed(package, [("EGG", 27), ("SOY", 4600)]) == "weighed"
    found = await seen(package)
    assert (goods(found), found.state) == ([("EGG", 27, 200), ("SOY", 4600, 1000)], "weighed")
    by = await world.admin.fetchval(
        "select u.login from package p join app_user u on u.id = p.weighed_by where p.id = $1", package
    )
    assert by == "s04"


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([("EGG", 27), ("SOY", 4000)], rules.SumTooSmall),
        ([("EGG", 30), ("SOY", 4100)], rules.SumTooLarge),
        ([], rules.EmptyPackage),
        ([("EGG", 25), ("EGG", 25)], rules.GoodTwice),
        ([("CHE", 3000), ("EGG", 20)], OutOfSeason),
        ([("SPN", 2500), ("SOY", 5000)], Unlicensed),
        ([("EGG", 30), ("SOY", 4005)], NotAStep),
    ],
)
async def test_what_may_not_be_bought_is_not_weighed(world: World, lines: Lines, refusal: type[Exception]) -> None:
    package = await drafted(world)
    with pytest.raises(refusal):
        await weighed(package, lines)
    found = await seen(package)
    assert (found.state, goods(found)) == ("draft", [("EGG", 30, 200), ("SOY", 4000, 1000)])


async def test_weighing_twice_keeps_the_second(world: World) -> None:
    package = await drafted(world)
    await weighed(package, P01)
    assert await weighed(package, P12) == "weighed"
    assert goods(await seen(package)) == [("EGG", 50, 200)]


async def test_weighing_an_inspected_package_voids_the_inspection(world: World) -> None:
    await open_drawer(world)
    package = await drafted(world)
    await weighed(package, P01)
    await inspected(package)
    await weighed(package, P12)
    assert (await seen(package)).state == "weighed"
    await inspected(package)
    await paid(package)
    assert await world.admin.fetchval("select contents from offer") == "EGG:50"


async def test_paid_package_is_neither_weighed_nor_withdrawn_nor_changed(world: World) -> None:
    await open_drawer(world)
    package = await drafted(world)
    await weighed(package, P01)
    await inspected(package)
    await paid(package)
    for verb in (lambda: weighed(package, P12), lambda: withdrawn(package), lambda: changed(package, P12)):
        with pytest.raises(rules.NotFromHere):
            await verb()


async def test_weighed_package_is_no_draft_any_more(world: World) -> None:
    package = await drafted(world)
    await weighed(package, P01)
    with pytest.raises(rules.NotFromHere):
        await withdrawn(package)
    with pytest.raises(rules.NotFromHere):
        await changed(package, P12)


async def test_database_keeps_lines_once_a_package_is_inspected(world: World) -> None:
    package = await drafted(world)
    await weighed(package, P01)
    await inspected(package)
    statements: dict[str, tuple[str, tuple[Any, ...]]] = {
        "package_line_while_open": ("update package_line set quantity = quantity where package = $1", (package,)),
        "package_arrow": ("update package set state = 'draft' where id = $1", (package,)),
        "package_paid_by_acceptance": ("update package set state = 'paid' where id = $1", (package,)),
    }
    for name, (statement, values) in statements.items():
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await run(lambda statement=statement, values=values: DB.fetch(statement, *values))  # type: ignore[misc]
        assert refused.value.constraint_name == name


async def test_drafts_of_a_day_are_those_expected_on_it(world: World) -> None:
    package = await drafted(world)
    gone = await drafted(world, P12, household=PENG)
    await withdrawn(gone)
    village = await world.id_of("village", "JP")
    async with scoped(await scope_of(CLERK), readonly=True):
        assert [found.id for found in await queries.drafts_for(INTAKE, village)] == [package]
        assert await queries.drafts_for(date(2018, 11, 28), village) == []
