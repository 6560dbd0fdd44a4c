"""An order's verbs on the demo's world: kept, placed, given back, paid and handed over; what is refused writes nothing."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from marketplace import clock
from marketplace.cash.rules import DrawerClosed
from marketplace.db import Scope, atomically
from marketplace.errors import NotFound
from marketplace.orders import actions as orders
from marketplace.orders import rules
from marketplace.orders.jobs import expire_orders
from marketplace.orders.rules import (
    HandedOverAlready,
    HoldOver,
    NoPickup,
    NotPlaced,
    OrderClosed,
    PickupOver,
    PlacedAlready,
    QuantityUnfit,
    TooManyOpen,
    Wanted,
    WrongCode,
)
from marketplace.payments.rules import TooLittleCash
from marketplace.stock.rules import SoldOut
from tests import buyers, cast
from tests.conftest import DEMO_MORNING, World

PRICE = 12_800
TABLES = ("sales_order", "order_line", "order_event", "payment", "handover", "transfer", "stock_movement", "audit_line")


async def counts(world: World) -> dict[str, int]:
    return {table: await world.count(table) for table in TABLES}


async def units(world: World) -> dict[str, int]:
    return {row[0]: row[1] for row in await world.admin.fetch("select state, count(*)::int from stock_unit group by 1")}


async def events(world: World, order: UUID) -> list[str]:
    rows = await world.admin.fetch('select state from order_event where "order" = $1 order by at, id', order)
    return [row[0] for row in rows]


async def movements(world: World) -> list[str]:
    return [row[0] for row in await world.admin.fetch("select kind from stock_movement order by id")]


async def test_boxes_are_kept_for_thirty_minutes_at_the_offers_price(world: World) -> None:
    offer = await buyers.in_stock(world)
    kept = await buyers.held(world, await buyers.buyer(world), offer)
    row = await world.admin.fetchrow("select * from sales_order where id = $1", kept.id)
    assert (row["state"], row["total_fen"], kept.total_fen) == ("held", PRICE, PRICE)
    assert row["hold_until"] - row["at"] == timedelta(minutes=30)
    assert len(row["pickup_code"]) == 4
    assert await units(world) == {"held": 1}
    assert (await events(world, kept.id), await movements(world)) == (["held"], ["stocked", "held"])


async def test_the_box_that_keeps_shortest_goes_first(world: World) -> None:
    await buyers.in_stock(world)
    await world.set_clock(DEMO_MORNING + timedelta(days=1))
    offer = await buyers.in_stock(world, "JP4-01")
    first = await world.admin.fetchval("select package from stock_unit order by best_before, id limit 1")
    kept = await buyers.held(world, await buyers.buyer(world), offer)
    assert await world.admin.fetchval('select package from order_line where "order" = $1', kept.id) == first


async def test_too_few_boxes_say_how_many_are_left_and_keep_none(world: World) -> None:
    offer = await buyers.in_stock(world)
    scope, before = await buyers.buyer(world), await counts(world)
    with pytest.raises(SoldOut) as refused:
        await buyers.held(world, scope, offer, 2)
    assert refused.value.values["left"] == 1
    assert (await counts(world), await units(world)) == (before, {"on_hand": 1})


async def test_what_is_past_its_selling_day_cannot_be_ordered(world: World) -> None:
    offer = await buyers.in_stock(world)
    last = await world.admin.fetchval("select sell_by from stock_unit")
    evening = datetime.combine(last, datetime.min.time(), clock.CHINA) + timedelta(hours=23, minutes=59)
    scope = await buyers.buyer(world)
    await world.set_clock(evening + timedelta(minutes=2))
    with pytest.raises(SoldOut):
        await buyers.held(world, scope, offer)
    await world.set_clock(evening)
    await buyers.held(world, scope, offer)


@pytest.mark.parametrize("quantity", [0, -1, 10, 2**40])
async def test_a_quantity_out_of_bounds_is_refused(world: World, quantity: int) -> None:
    offer = await buyers.in_stock(world)
    with pytest.raises(QuantityUnfit):
        await buyers.held(world, await buyers.buyer(world), offer, quantity)


@pytest.mark.parametrize("place", ["PO-JP", "ON-01"])
async def test_nothing_is_picked_up_where_nothing_is_handed_over(world: World, place: str) -> None:
    offer = await buyers.in_stock(world)
    with pytest.raises(NoPickup):
        await buyers.held(world, await buyers.buyer(world), offer, place=place)


async def test_a_city_store_does_not_hand_over_what_stands_in_the_village(world: World) -> None:
    offer = await buyers.in_stock(world)
    with pytest.raises(SoldOut) as refused:
        await buyers.held(world, await buyers.buyer(world), offer, place="ST-AK01")
    assert refused.value.values["left"] == 0


async def test_an_unknown_offer_is_not_found(world: World) -> None:
    scope = await buyers.buyer(world)
    store = await world.id_of("place", buyers.VILLAGE_STORE)

    async def verb() -> None:
        assert scope.customer is not None
        await orders.hold(scope.customer, store, [Wanted(uuid4(), 1)], now=await clock.now())

    with pytest.raises(NotFound):
        await atomically(verb, scope)


async def test_a_customer_has_so_many_open_orders_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_OPEN", 1)
    offer = await buyers.in_stock(world)
    await buyers.in_stock(world)
    scope = await buyers.buyer(world)
    kept = await buyers.held(world, scope, offer)
    with pytest.raises(TooManyOpen):
        await buyers.held(world, scope, offer)
    await cancelled(world, scope, kept.id)
    await buyers.held(world, scope, offer)


async def test_fifty_buyers_at_once_and_one_gets_the_last_box(world: World) -> None:
    offer = await buyers.in_stock(world)
    scopes = [await buyers.buyer(world) for _ in range(50)]
    what, where = await world.id_of("offer", offer), await world.id_of("place", buyers.VILLAGE_STORE)
    got = await asyncio.gather(*(buyers.kept_for(scope, what, where) for scope in scopes), return_exceptions=True)
    assert sum(isinstance(one, orders.Held) for one in got) == 1
    assert {type(one) for one in got} == {orders.Held, SoldOut}
    assert await world.count("order_line") == 1


async def test_a_buyer_passes_by_the_box_that_somebody_else_is_just_taking(world: World) -> None:
    offer = await buyers.in_stock(world)
    await buyers.in_stock(world, cast.TAN)
    scope = await buyers.buyer(world)
    somebody = await asyncpg.connect(world.database.cluster.url("cluster", "market"))
    try:
        async with somebody.transaction():
            await somebody.execute("select from stock_unit order by best_before, id limit 1 for no key update")
            await asyncio.wait_for(buyers.held(world, scope, offer), 3)
    finally:
        await somebody.close()
    assert await units(world) == {"held": 1, "on_hand": 1}


async def test_a_kept_order_is_placed_for_three_days(world: World) -> None:
    kept = await buyers.placed(world, await buyers.buyer(world), await buyers.in_stock(world))
    row = await world.admin.fetchrow("select state, hold_until, at from sales_order where id = $1", kept.id)
    assert row["state"] == "placed"
    assert timedelta(days=3) <= row["hold_until"] - row["at"] < timedelta(days=3, minutes=1)


@pytest.mark.parametrize(("shift", "is_over"), [(-1, False), (0, True), (1, True)])
async def test_a_hold_ends_at_its_very_moment(world: World, shift: int, is_over: bool) -> None:
    scope = await buyers.buyer(world)
    kept = await buyers.held(world, scope, await buyers.in_stock(world))
    moment = kept.hold_until + timedelta(milliseconds=shift)

    async def verb() -> None:
        assert scope.customer is not None
        await orders.place(kept.id, by=scope.customer, now=moment)

    if is_over:
        with pytest.raises(HoldOver):
            await atomically(verb, scope)
    else:
        await atomically(verb, scope)


async def test_a_second_placing_and_a_placing_after_the_end_are_refused(world: World) -> None:
    scope = await buyers.buyer(world)
    kept = await buyers.placed(world, scope, await buyers.in_stock(world))

    async def verb() -> None:
        assert scope.customer is not None
        await orders.place(kept.id, by=scope.customer, now=await clock.now())

    with pytest.raises(PlacedAlready):
        await atomically(verb, scope)


async def test_a_stranger_does_not_find_the_order(world: World) -> None:
    kept = await buyers.held(world, await buyers.buyer(world), await buyers.in_stock(world))
    stranger = await buyers.buyer(world)

    async def verb() -> None:
        await orders.cancel(kept.id, by=stranger.customer or UUID(int=0), now=await clock.now())

    with pytest.raises(NotFound):
        await atomically(verb, stranger)


async def cancelled(world: World, scope: Scope, order: UUID) -> None:
    async def verb() -> None:
        assert scope.customer is not None
        await orders.cancel(order, by=scope.customer, now=await clock.now())

    await atomically(verb, scope)


async def test_a_cancelled_order_gives_its_boxes_back_to_others(world: World) -> None:
    scope, offer = await buyers.buyer(world), await buyers.in_stock(world)
    kept = await buyers.placed(world, scope, offer)
    await cancelled(world, scope, kept.id)
    assert await units(world) == {"on_hand": 1}
    assert await events(world, kept.id) == ["held", "placed", "cancelled"]
    assert (await movements(world))[-1] == "released"
    with pytest.raises(OrderClosed):
        await cancelled(world, scope, kept.id)
    again = await buyers.held(world, await buyers.buyer(world), offer)
    assert again.total_fen == PRICE


async def test_what_is_over_is_given_back_once(world: World) -> None:
    kept = await buyers.held(world, await buyers.buyer(world), await buyers.in_stock(world))
    await world.set_clock(kept.hold_until - timedelta(seconds=5))
    assert await expire_orders() == 0
    await world.set_clock(kept.hold_until + timedelta(seconds=1))
    assert (await expire_orders(), await expire_orders()) == (1, 0)
    assert (await buyers.state_of(world, kept.id), await units(world)) == ("expired", {"on_hand": 1})


async def test_a_placed_order_is_given_back_after_three_days(world: World) -> None:
    kept = await buyers.placed(world, await buyers.buyer(world), await buyers.in_stock(world))
    await world.set_clock(kept.hold_until + timedelta(days=2))
    assert await expire_orders() == 0
    await world.set_clock(kept.hold_until + timedelta(days=3))
    assert await expire_orders() == 1
    assert await events(world, kept.id) == ["held", "placed", "expired"]


async def test_two_sweeps_at_once_give_back_once(world: World) -> None:
    kept = await buyers.held(world, await buyers.buyer(world), await buyers.in_stock(world))
    await world.set_clock(kept.hold_until + timedelta(seconds=1))
    assert sum(await asyncio.gather(*(expire_orders() for _ in range(5)))) == 1
    assert (await movements(world)).count("released") == 1


async def test_paying_and_handing_over_is_one_act(world: World) -> None:
    await buyers.open_store_drawer(world)
    kept = await buyers.placed(world, await buyers.buyer(world), await buyers.in_stock(world))
    assert await buyers.handed_over(world, kept.id, received_fen=13_000) == 200
    assert await events(world, kept.id) == ["held", "placed", "paid", "handed_over"]
    assert await units(world) == {"handed_over": 1}
    sale = await world.admin.fetchrow("select * from stock_movement order by id desc limit 1")
    assert (sale["kind"], sale["price_fen"], sale["place"]) == (
        "handed_over",
        PRICE,
        await world.id_of("place", buyers.VILLAGE_STORE),
    )
    assert await world.admin.fetchval("select amount_fen from payment where state = 'captured'") == PRICE
    in_drawer = await world.admin.fetchval(
        "select a.balance from drawer d join ledger_account a on a.id = d.account join place p on p.id = d.place "
        "where p.code = $1",
        buyers.VILLAGE_STORE,
    )
    assert in_drawer == 20_000 + PRICE


async def refused_at_the_counter(world: World, order: UUID, refusal: type[Exception], **given: object) -> None:
    before = await counts(world)
    with pytest.raises(refusal):
        await buyers.handed_over(world, order, **given)  # type: ignore[arg-type]
    assert await counts(world) == before


async def test_what_is_refused_at_the_counter_moves_no_money(world: World) -> None:
    scope = await buyers.buyer(world)
    kept = await buyers.placed(world, scope, await buyers.in_stock(world))
    await refused_at_the_counter(world, kept.id, DrawerClosed)
    await buyers.open_store_drawer(world)
    right = await world.admin.fetchval("select pickup_code from sales_order where id = $1", kept.id)
    wrong = f"{(int(right) + 1) % 10_000:04d}"
    await refused_at_the_counter(world, kept.id, WrongCode, code=wrong)
    await refused_at_the_counter(world, kept.id, TooLittleCash, received_fen=PRICE - 10)
    await world.set_clock(kept.hold_until + timedelta(days=3))
    await refused_at_the_counter(world, kept.id, PickupOver)
    await world.set_clock(DEMO_MORNING)
    await buyers.handed_over(world, kept.id)
    await refused_at_the_counter(world, kept.id, HandedOverAlready)


async def test_a_kept_order_is_not_handed_over_before_it_is_placed(world: World) -> None:
    await buyers.open_store_drawer(world)
    kept = await buyers.held(world, await buyers.buyer(world), await buyers.in_stock(world))
    await refused_at_the_counter(world, kept.id, NotPlaced)


async def test_twenty_clerks_at_once_take_the_money_once(world: World) -> None:
    await buyers.open_store_drawer(world)
    kept = await buyers.placed(world, await buyers.buyer(world), await buyers.in_stock(world))
    code = await world.admin.fetchval("select pickup_code from sales_order where id = $1", kept.id)
    clerk = await cast.scope_of(cast.STORE_CLERK)
    got = await asyncio.gather(*(buyers.given_out(clerk, kept.id, code) for _ in range(20)), return_exceptions=True)
    assert [one for one in got if not isinstance(one, HandedOverAlready)] == [0]
    assert (await world.count("payment"), await world.count("handover")) == (1, 1)


async def test_another_store_does_not_find_the_order(world: World) -> None:
    kept = await buyers.placed(world, await buyers.buyer(world), await buyers.in_stock(world))
    scope = Scope(actor=await cast.user_id("s09"), role="store_clerk", places=(await world.id_of("place", "ST-AK01"),))

    async def verb() -> None:
        await orders.pay_and_hand_over(kept.id, "0000", by=scope.actor or UUID(int=0), event="x", now=await clock.now())

    with pytest.raises(NotFound):
        await atomically(verb, scope)


async def test_the_job_at_the_end_of_a_hold_stands_and_falls_with_the_order(world: World) -> None:
    scope, offer = await buyers.buyer(world), await buyers.in_stock(world)
    with pytest.raises(SoldOut):
        await buyers.held(world, scope, offer, 3)
    assert await world.count("pgqueuer") == 0
    await buyers.held(world, scope, offer)
    row = await world.admin.fetchrow("select entrypoint, execute_after - created as wait from pgqueuer")
    assert row["entrypoint"] == "expire_orders"
    assert timedelta(minutes=29) < row["wait"] <= timedelta(minutes=30)
