"""Doors of goods and prices: what everybody may see, what two roles may write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import pytest

from tests import cast
from tests.conftest import World
from tests.office import visitor
from tests.visitor import Visitor

PURCHASER = ("s13", "purchaser")


@pytest.fixture
async def secretary(world: World) -> AsyncIterator[Visitor]:
    async with visitor(world, cast.SECRETARY) as browser:
        yield browser


async def lists(world: World) -> list[tuple[date, date | None]]:
    rows = await world.admin.fetch("select valid_from, valid_until from price_list order by valid_from")
    return [(row["valid_from"], row["valid_until"]) for row in rows]


FIRST = (date(2017, 10, 1), None)


async def test_everybody_sees_todays_prices_in_both_languages(world: World) -> None:
    async with visitor(world) as nobody:
        page = await nobody.open("/prices")
        assert ("Free-range eggs" in page.text, "Bought now" in page.text) == (True, True)
        assert not any(address.startswith("/office") for address, _ in page.links)
    async with visitor(world, language="zh-CN") as nobody:
        assert "土鸡蛋" in (await nobody.open("/prices")).text


async def test_a_household_and_a_clerk_see_them_too(world: World) -> None:
    async with visitor(world, "JP4-05") as household:
        await household.open("/prices")
    async with visitor(world, cast.CLERK) as clerk:
        page = await clerk.open("/prices")
        await clerk.open(page.link("^/office/prices$"))


async def test_a_day_without_prices_says_what_to_do(world: World) -> None:
    await world.admin.execute("update price_list set valid_until = '2018-11-20'")
    async with visitor(world) as nobody:
        assert "No prices are in force today" in (await nobody.open("/prices")).text


async def test_a_secretary_publishes_a_list_and_the_old_one_ends(world: World, secretary: Visitor) -> None:
    page = await secretary.open("/office/prices/new")
    assert page.form("/office/prices/new").fields["valid_from"] == ["2018-11-22"]
    page = await secretary.send(
        "/office/prices/new", {"valid_from": "2018-12-01", "document": "village committee", "prices.0.price": "２.10"}
    )
    assert page.path == "/office/prices"
    assert await lists(world) == [(date(2017, 10, 1), date(2018, 11, 30)), (date(2018, 12, 1), None)]
    page = await secretary.open(page.link("/office/prices/[0-9a-f-]{36}"))
    assert "village committee" in page.text
    assert await world.admin.fetchval("select min(price_fen) from price_line where price_fen = 210") == 210


async def test_a_purchaser_publishes_for_the_company(world: World) -> None:
    async with visitor(world, PURCHASER) as browser:
        await browser.open("/office/prices/new")
        await browser.send("/office/prices/new", {"document": "company list 2", "prices.3.price": ""})
    assert len(await lists(world)) == 2
    assert await world.admin.fetchval("select count(*) from price_line") == 49


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"document": ""}, "Fill this in."),
        ({"document": "x", "valid_from": "2018-11-21"}, "Today's prices stand."),
        ({"document": "x", "valid_from": "2018-02-31"}, "Enter a day as year-month-day"),
        ({"document": "x", "valid_until": "2018-11-01"}, "before it begins"),
        ({"document": "x", "prices.0.price": "abc"}, "Enter an amount in yuan"),
        ({"document": "x", "prices.0.price": "0"}, "At least 0.01."),
        ({"document": "x", "prices.3.price": "90.01"}, "does not cost whole fen"),
        ({"document": "x", "prices.0.price": "99999999"}, "At most 10,000.00."),
    ],
)
async def test_a_faulty_list_is_told_beside_its_field_and_kept_as_typed(
    world: World, secretary: Visitor, typed: dict[str, str], words: str
) -> None:
    await secretary.open("/office/prices/new")
    page = await secretary.send("/office/prices/new", {"prices.1.price": "11.00", **typed}, expect=422)
    assert words in page.text
    assert page.form("/office/prices/new").fields["prices.1.price"] == ["11.00"]
    assert await lists(world) == [FIRST]


async def test_an_unknown_good_is_not_priced(world: World, secretary: Visitor) -> None:
    await secretary.open("/office/prices/new")
    await secretary.send("/office/prices/new", {"document": "x", "prices.0.code": "GOLD"}, expect=404)
    assert await lists(world) == [FIRST]


async def test_one_form_sent_ten_times_makes_one_list(world: World, secretary: Visitor) -> None:
    fields = (await secretary.open("/office/prices/new")).form("/office/prices/new").fields
    sent = {name: values[0] for name, values in fields.items()} | {"document": "x"}
    answers = await asyncio.gather(
        *(
            secretary.client.post(
                "/office/prices/new", data=sent, headers={"Origin": "http://localhost:8000"}, follow_redirects=False
            )
            for _ in range(10)
        )
    )
    assert {answer.status_code for answer in answers} == {303}
    assert len(await lists(world)) == 2


async def test_others_look_and_do_not_publish(world: World) -> None:
    async with visitor(world, cast.CASHIER) as cashier:
        page = await cashier.open("/office/prices")
        assert not any(address == "/office/prices/new" for address, _ in page.links)
        await cashier.open("/office/prices/new", expect=403)
    async with visitor(world) as nobody:
        assert (await nobody.open("/office/prices", expect=None)).path == "/sign-in"
    async with visitor(world, "JP4-05") as household:
        await household.open("/office/prices", expect=403)


async def test_a_licence_is_entered_and_the_good_is_bought(world: World, secretary: Visitor) -> None:
    page = await secretary.open("/office/prices")
    assert "The number of the workshop licence is missing" in page.text
    await secretary.open("/office/products/BAC")
    page = await secretary.send("/licence", {"licence": "XZF-6109-0028"})
    assert "XZF-6109-0028" in page.text
    assert await world.admin.fetchval("select verb from audit_line") == "set_licence"


async def test_a_cashier_enters_no_licence_and_a_missing_good_is_not_found(world: World) -> None:
    async with visitor(world, cast.CASHIER) as cashier:
        page = await cashier.open("/office/products/BAC")
        assert not any("licence" in form.action for form in page.forms)
        await cashier.open("/office/products/GOLD", expect=404)
        await cashier.open("/office/prices/not-a-list", expect=404)
    async with visitor(world, cast.SECRETARY) as secretary:
        await secretary.open("/office/products/EGG")
