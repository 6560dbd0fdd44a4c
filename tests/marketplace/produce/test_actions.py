"""Price lists follow one another without a gap or an overlap; licences open processed food."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from uuid import UUID

import asyncpg
import pytest

from marketplace import clock
from marketplace.db import PUBLIC, atomically, scoped
from marketplace.errors import NotFound
from marketplace.produce import actions, queries
from marketplace.produce.actions import BeginsTooSoon, DocumentMissing, LicenceNotNeeded
from marketplace.produce.rules import PriceListEmpty, PriceListsOverlap, StepNotWholeFen, TermBackwards
from marketplace.produce.tables import Product
from tests import cast
from tests.conftest import World

PRICES = {"EGG": 210, "SOY": 1000}
WINTER = date(2018, 12, 1)


async def publish(
    prices: Mapping[str, int] = PRICES,
    first: date = WINTER,
    last: date | None = None,
    document: str = "村价〔2018〕2号",
) -> UUID:
    scope = await cast.scope_of(cast.SECRETARY)

    async def verb() -> UUID:
        return await actions.publish_prices(
            prices, valid_from=first, valid_until=last, document=document, by=scope.actor, now=await clock.now()
        )

    return await atomically(verb, scope)


async def price(code: str, day: date) -> int:
    async with scoped(PUBLIC, readonly=True):
        return next(good.good.price_fen for good in await queries.goods_on(day) if good.code == code)


async def terms(world: World) -> list[tuple[date, date | None]]:
    rows = await world.admin.fetch("select valid_from, valid_until from price_list order by valid_from")
    return [(row["valid_from"], row["valid_until"]) for row in rows]


async def test_a_new_list_ends_the_one_before_on_its_eve(world: World) -> None:
    await publish()
    assert await terms(world) == [(date(2017, 10, 1), date(2018, 11, 30)), (WINTER, None)]
    assert (await price("EGG", date(2018, 11, 30)), await price("EGG", WINTER)) == (200, 210)
    assert await price("WAL", WINTER) == 0


async def test_prices_of_today_stand(world: World) -> None:
    with pytest.raises(BeginsTooSoon) as refused:
        await publish(first=date(2018, 11, 21))
    assert "2018-11-22" in str(refused.value)
    assert await terms(world) == [(date(2017, 10, 1), None)]


async def test_lists_with_an_end_do_not_overlap(world: World) -> None:
    await publish(last=date(2018, 12, 31))
    with pytest.raises(PriceListsOverlap):
        await publish(first=date(2018, 12, 31))
    await publish(first=date(2019, 1, 1))
    assert await terms(world) == [
        (date(2017, 10, 1), date(2018, 11, 30)),
        (WINTER, date(2018, 12, 31)),
        (date(2019, 1, 1), None),
    ]


@pytest.mark.parametrize(
    ("refusal", "asked"),
    [
        (DocumentMissing, {"document": "  "}),
        (PriceListEmpty, {"prices": {}}),
        (TermBackwards, {"last": date(2018, 11, 30)}),
        (StepNotWholeFen, {"prices": {"WOO": 9001}}),
    ],
)
async def test_a_refused_list_leaves_nothing(world: World, refusal: type[Exception], asked: dict[str, object]) -> None:
    with pytest.raises(refusal):
        await publish(**asked)  # type: ignore[arg-type]
    assert await terms(world) == [(date(2017, 10, 1), None)]
    assert await world.count("price_line") == 25
    assert await world.count("audit_line") == 0


async def test_two_lists_at_once_make_one(world: World) -> None:
    results = await asyncio.gather(publish(), publish(), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["PriceListsOverlap", "UUID"]
    assert len(await terms(world)) == 2


async def test_the_database_refuses_an_overlap(world: World) -> None:
    with pytest.raises(asyncpg.ExclusionViolationError) as refused:
        await world.admin.execute(
            "insert into price_list (id, valid_from, document, published_at) "
            "values (gen_random_uuid(), '2018-01-01', 'x', now())"
        )
    assert refused.value.constraint_name == "price_list_no_overlap"


async def test_a_licence_opens_processed_food_and_can_be_taken_away(world: World) -> None:
    scope = await cast.scope_of(cast.SECRETARY)

    async def enter(code: str, number: str) -> None:
        product = await Product.objects().where(Product.code == code).first()
        assert product is not None
        await actions.set_licence(product, number)

    await atomically(lambda: enter("BAC", " XZF-6109-0028 "), scope)
    assert await world.admin.fetchval("select licence_number from product where code = 'BAC'") == "XZF-6109-0028"
    await atomically(lambda: enter("BAC", ""), scope)
    assert await world.admin.fetchval("select licence_number from product where code = 'BAC'") is None
    with pytest.raises(LicenceNotNeeded):
        await atomically(lambda: enter("EGG", "1"), scope)


async def test_goods_come_in_the_order_of_their_file_at_the_days_price(world: World) -> None:
    async with scoped(PUBLIC, readonly=True):
        goods = await queries.goods_on(date(2018, 11, 21))
    assert [(good.code, good.good.price_fen) for good in goods[:3]] == [("EGG", 200), ("SOY", 1000), ("WAL", 2400)]
    assert len(goods) == 25


async def test_the_buyers_price_adds_up(world: World) -> None:
    async with scoped(PUBLIC, readonly=True):
        retail = await queries.retail_price_on(date(2018, 11, 21))
        bulk = await queries.retail_price_on(date(2018, 11, 21), "bulk")
        with pytest.raises(NotFound):
            await queries.retail_price_on(date(2017, 9, 30))
    assert (retail.total_fen, sum(part.amount_fen for part in retail.parts)) == (12_800, 12_800)
    assert (bulk.total_fen, bulk.parts[0].part, bulk.parts[0].amount_fen) == (12_000, "household", 10_000)
