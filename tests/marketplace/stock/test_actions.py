"""Packages in stock: coming in, leaving by reversal, whereabouts; each movement written once."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from marketplace import clock
from marketplace.clock import business_day
from marketplace.db import atomically, scoped
from marketplace.stock import actions as stock
from marketplace.stock import queries
from marketplace.stock.rules import NotHeld, NotOnHand
from tests import buyers, cast
from tests.conftest import World


async def the_package(world: World) -> UUID:
    package: UUID = await world.admin.fetchval("select package from stock_unit")
    return package


async def test_two_packages_of_the_same_contents_stand_under_one_offer(world: World) -> None:
    first, second = await buyers.in_stock(world), await buyers.in_stock(world, "JP4-01")
    assert first == second
    assert (await world.count("offer"), await world.count("stock_unit")) == (1, 2)


async def test_a_kept_package_cannot_be_taken_back(world: World) -> None:
    offer = await buyers.in_stock(world)
    await buyers.held(world, await buyers.buyer(world), offer)
    package, scope = await the_package(world), await cast.scope_of(cast.CASHIER)

    async def verb() -> None:
        await stock.take_back(package, now=await clock.now(), by=scope.actor)

    with pytest.raises(NotOnHand):
        await atomically(verb, scope)


async def test_only_what_is_held_can_be_released(world: World) -> None:
    await buyers.in_stock(world)
    package, scope = await the_package(world), await cast.scope_of(cast.STORE_CLERK)

    async def verb() -> None:
        await stock.release([package], order=uuid4(), now=await clock.now(), by=None)

    with pytest.raises(NotHeld):
        await atomically(verb, scope)
    assert await world.admin.fetchval("select count(*) from stock_movement where kind = 'released'") == 0


async def test_the_village_store_serves_the_office_and_itself(world: World) -> None:
    store, office = await world.id_of("place", "VS-JP01"), await world.id_of("place", "PO-JP")
    hub = await world.id_of("place", "HUB-XY")
    async with scoped(await cast.scope_of(cast.STORE_CLERK), readonly=True):
        assert set(await queries.served_places(store)) == {store, office}
        assert await queries.served_places(hub) == [hub]
        assert await queries.served_places(office) == []


async def test_contents_are_read_at_the_prices_of_a_day(world: World) -> None:
    async with scoped(await cast.scope_of(cast.STORE_CLERK), readonly=True):
        lines = queries.contents("EGG:30;SOY:4000", await queries.goods(business_day(await clock.now())))
    assert [(line.code, line.quantity, line.price_fen, line.amount_fen) for line in lines] == [
        ("EGG", 30, 200, 6_000),
        ("SOY", 4_000, 1_000, 4_000),
    ]


async def test_whereabouts_follow_a_package_from_shelf_to_buyer(world: World) -> None:
    offer = await buyers.in_stock(world, cast.PENG)
    await buyers.open_store_drawer(world)
    seen = []
    scope, home = await cast.household_scope(world, cast.PENG), await world.id_of("household", cast.PENG)

    async def look() -> None:
        async with scoped(scope, readonly=True):
            package = (await queries.whereabouts(home, 12))[0]
        assert package.fate is not None
        seen.append(package.fate.kind)

    await look()
    order = await buyers.placed(world, await buyers.buyer(world), offer)
    await look()
    await buyers.handed_over(world, order.id)
    await look()
    assert seen == ["on_hand", "held", "handed_over"]
