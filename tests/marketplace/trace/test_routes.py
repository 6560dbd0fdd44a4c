"""The page behind a label: public, without a household that did not agree, helpful for a wrong code."""

from __future__ import annotations

import pytest

from marketplace.ids import grouped
from tests import buyers, cast
from tests.conftest import World
from tests.office import visitor


async def code_in_stock(world: World) -> str:
    await buyers.in_stock(world, cast.PENG)
    code: str = await world.admin.fetchval("select p.code from package p join stock_unit u on u.package = p.id")
    return code


async def test_the_label_leads_to_the_box_and_its_way(world: World) -> None:
    code = await code_in_stock(world)
    async with visitor(world) as browser:
        page = await browser.open(f"/T/{code}")
    for words in ("30 free-range eggs", "Jinpo", "weighed and checked", "黄文斌", "household paid", "128"):
        assert words in page.text, words
    assert "彭万林" not in page.text


async def test_a_household_that_agreed_is_named(world: World) -> None:
    code = await code_in_stock(world)
    await world.admin.execute("update household set show_name = true where code = $1", cast.PENG)
    async with visitor(world) as browser:
        assert "彭万林" in (await browser.open(f"/T/{code}")).text


@pytest.mark.parametrize("change", [str.lower, grouped, lambda code: f" {grouped(code).lower()} "])
async def test_dashes_and_small_letters_are_taken(world: World, change: object) -> None:
    code = await code_in_stock(world)
    async with visitor(world) as browser:
        page = await browser.open(f"/T/{change(code)}")  # type: ignore[operator]
        assert "30 free-range eggs" in page.text
        await browser.open("/T")
        page = await browser.send("/T", {"code": change(code)})  # type: ignore[operator]
        assert page.path == f"/T/{code}"


@pytest.mark.parametrize("code", ["0000000000", "7Q3KX9M2F4", "abc", "%00", "'--", "A" * 300])
async def test_a_wrong_code_says_what_to_check(world: World, code: str) -> None:
    async with visitor(world) as browser:
        page = await browser.open(f"/T/{code}", expect=404)
    assert "No box has this code" in page.text


async def test_a_sold_box_warns_of_copied_labels(world: World) -> None:
    code = await code_in_stock(world)
    await buyers.open_store_drawer(world)
    offer = await world.admin.fetchval("select code from offer")
    order = await buyers.placed(world, await buyers.buyer(world), offer)
    async with visitor(world) as browser:
        assert "kept for" not in (await browser.open(f"/T/{code}")).text.lower().replace("kept for a buyer", "", 1)
        await buyers.handed_over(world, order.id)
        page = await browser.open(f"/T/{code}")
    assert "its label is a copy" in page.text
    assert "handed over to its buyer" in page.text
    assert "王小姐" not in page.text


async def test_the_household_sees_where_its_package_went(world: World) -> None:
    await code_in_stock(world)
    await buyers.open_store_drawer(world)
    offer = await world.admin.fetchval("select code from offer")
    order = await buyers.placed(world, await buyers.buyer(world), offer)
    await buyers.handed_over(world, order.id)
    async with visitor(world, cast.PENG) as browser:
        page = await browser.open("/home")
        assert "Where our packages went" in page.text
        assert "sold 11-21, Jinpo village store" in page.text
    async with visitor(world, cast.CLERK) as browser:
        page = await browser.open(f"/office/households/{cast.PENG}")
        assert "sold 11-21, Jinpo village store" in page.text
    async with visitor(world, "JP4-04") as browser:
        assert "sold 11-21" not in (await browser.open("/home")).text
