"""The market's doors: looking, filtering, the basket, checking out, one's own orders; hostile forms."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.shop.rules import read_basket
from tests import buyers, cast
from tests.conftest import DEMO_MORNING, World
from tests.office import visitor
from tests.visitor import Seen, Visitor

EGGS: tuple[tuple[str, int], ...] = (("EGG", 50),)
SOY: tuple[tuple[str, int], ...] = (("SOY", 10_000),)

# Many offers at once, as their rows would stand: the list alone is looked at.
MANY = """
insert into offer (id, code, village, contents, name_zh, name_en, search_text, price_fen, created_at)
select gen_random_uuid(), 'MANY' || lpad(n::text, 6, '0'), v.id, 'EGG:' || n, '土鸡蛋', 'eggs', '土鸡蛋 tjd', 12800, now()
from generate_series(1, $1::int) n, village v where v.code = 'JP'
"""
MANY_UNITS = """
insert into stock_unit (id, package, offer, village, "group", place, state, packed_on, best_before, sell_by)
select gen_random_uuid(), gen_random_uuid(), o.id, o.village, g.id, p.id, 'on_hand', date '2018-11-20' - (right(o.code, 2)::int % 5),
    date '2018-12-20', date '2018-12-10'
from offer o, village_group g, place p where g.code = 'JP1' and p.code = 'PO-JP' and o.code like 'MANY%'
"""


async def fill(world: World, count: int) -> None:
    """So many offers with one box each, past the laws."""
    await world.admin.execute("set session_replication_role = replica")
    await world.admin.execute(MANY, count)
    await world.admin.execute(MANY_UNITS)
    await world.admin.execute("set session_replication_role = origin")


def listed(page: object) -> list[str]:
    links = page.links  # type: ignore[attr-defined]
    return [address.split("?")[0] for address, _words in links if address.startswith("/packages/")]


# Looking


async def test_an_empty_market_says_when_there_will_be_more(world: World) -> None:
    async with visitor(world) as browser:
        assert "Everything is sold" in (await browser.open("/")).text


async def test_the_market_shows_price_village_contents_days_and_what_is_left(world: World) -> None:
    await buyers.in_stock(world)
    await world.set_clock(DEMO_MORNING + timedelta(days=2))
    async with visitor(world) as browser:
        page = await browser.open("/")
    for words in ("30 free-range eggs", "4 kg soybeans", "128", "Jinpo", "packed 2 days ago", "1 left", "best before"):
        assert words in page.text, words


@pytest.mark.parametrize("words", ["蛋", "鸡蛋", "土鸡蛋", "tjd", "TJD", "hd", "eggs", "金坡", "SOY"])
async def test_search_finds_signs_pinyin_and_villages(world: World, words: str) -> None:
    await buyers.in_stock(world)
    async with visitor(world) as browser:
        assert "30 free-range eggs" in (await browser.open(f"/?q={words}")).text


@pytest.mark.parametrize("words", ["蜂蜜", "zzz", "!!!", "' or 1=1 --", "%", "\\", "a" * 60])
async def test_a_search_without_a_find_says_what_to_do(world: World, words: str) -> None:
    await buyers.in_stock(world)
    async with visitor(world) as browser:
        assert "Nothing found" in (await browser.open("/?q=" + words.replace("%", "%25"))).text


async def test_filters_narrow_the_list(world: World) -> None:
    eggs, soy = await buyers.in_stock(world, lines=EGGS), await buyers.in_stock(world, "JP4-01", SOY)
    async with visitor(world) as browser:
        assert listed(await browser.open("/?kind=egg")) == [f"/packages/{eggs}"]
        assert listed(await browser.open("/?kind=bean")) == [f"/packages/{soy}"]
        assert listed(await browser.open("/?village=YL")) == []
        assert len(listed(await browser.open("/?village=JP&store=VS-JP01&order=soon"))) == 2
        assert listed(await browser.open("/?store=ST-AK01")) == []
        page = await browser.open("/?kind=plane&village=XX&order=up&after=1.x&page=-3")
    assert len(listed(page)) == 2


FILTERS = ("kind=egg&q=tjd", "village=JP&order=soon", "store=VS-JP01&order=many", "kind=egg&village=JP&store=VS-JP01")


@pytest.mark.parametrize("filters", FILTERS)
async def test_every_page_is_reached_forth_and_back_and_keeps_the_filters(world: World, filters: str) -> None:
    await fill(world, 60)
    async with visitor(world) as browser:
        pages = [await browser.open(f"/?{filters}")]
        while any(words.startswith("Next page") for _address, words in pages[-1].links):
            address = next(address for address, words in pages[-1].links if words.startswith("Next page"))
            assert set(filters.split("&")) <= set(address.removeprefix("/?").split("#")[0].split("&"))
            pages.append(await browser.open(address))
        assert [len(listed(page)) for page in pages] == [24, 24, 12]
        assert len({offer for page in pages for offer in listed(page)}) == 60
        assert "Page 3 of 3" in pages[-1].text
        back = await browser.open(next(address for address, words in pages[2].links if "Page before" in words))
        assert listed(back) == listed(pages[1])
        assert "Page 2 of 3" in back.text
        first = await browser.open(next(address for address, words in back.links if "Page before" in words))
        assert listed(first) == listed(pages[0])


async def test_a_package_page_shows_the_price_in_its_parts_and_where_to_fetch_it(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with visitor(world) as browser:
        page = await browser.open(f"/packages/{offer}")
    for words in ("Household", "To the county", "Jinpo village store", "You pay", "黄文斌", "paid"):
        assert words.lower() in page.text.lower(), words
    assert "彭" not in page.text  # the household has not agreed to show its name


async def test_an_unknown_package_is_not_found(world: World) -> None:
    async with visitor(world) as browser:
        await browser.open("/packages/0000000000", expect=404)
        await browser.open("/packages/%00", expect=404)


def to_page(page: Seen, words: str) -> str:
    """Where the pager's link with those words leads."""
    return next(address for address, said in page.links if words in said)


async def test_21_orders_are_two_pages_forth_and_back(world: World) -> None:
    offer, customer = await buyers.in_stock(world), await buyers.buyer(world)
    for _one in range(21):
        await buyers.cancelled(world, customer, offer)
    codes = [row["code"] for row in await world.admin.fetch("select code from sales_order order by id desc")]
    async with buyers.shopper(world, customer) as browser:
        first = await browser.open("/orders")
        assert orders_on(first) == codes[:20]
        assert "Page 1 of 2" in first.text
        second = await browser.open(to_page(first, "Next page"))
        assert orders_on(second) == codes[20:]
        assert "Page 2 of 2" in second.text
        assert not any("Next page" in words for _address, words in second.links)
        back = await browser.open(to_page(second, "Page before"))
        assert orders_on(back) == codes[:20]


async def test_of_three_pages_of_orders_the_middle_one_is_reached_from_both_sides(world: World) -> None:
    offer, customer = await buyers.in_stock(world), await buyers.buyer(world)
    for _one in range(41):
        await buyers.cancelled(world, customer, offer)
    async with buyers.shopper(world, customer) as browser:
        second = await browser.open(to_page(await browser.open("/orders"), "Next page"))
        third = await browser.open(to_page(second, "Next page"))
        assert (len(orders_on(second)), len(orders_on(third))) == (20, 1)
        back = await browser.open(to_page(third, "Page before"))
        assert orders_on(back) == orders_on(second)
        assert "Page 2 of 3" in back.text


@pytest.mark.parametrize("hostile", ["after=1", "before=zzz", "after=" + "g" * 32, "before=%00", "after=&page=-1"])
async def test_a_strange_place_in_the_list_of_orders_is_its_start(world: World, hostile: str) -> None:
    kept = await buyers.held(world, customer := await buyers.buyer(world), await buyers.in_stock(world))
    async with buyers.shopper(world, customer) as browser:
        assert orders_on(await browser.open(f"/orders?{hostile}")) == [kept.code]


def orders_on(page: Seen) -> list[str]:
    """The codes of the orders that a list shows, in its order."""
    return [address.rsplit("/", 1)[1] for address, _words in page.links if address.startswith("/orders/")]


# The basket


async def into_basket(browser: Visitor, offer: str, quantity: str = "1") -> None:
    await browser.open(f"/packages/{offer}")
    await browser.send("/basket$", {"quantity": quantity})


async def test_the_basket_adds_changes_and_takes_out(world: World) -> None:
    offer = await buyers.in_stock(world)
    await buyers.in_stock(world, "JP4-01")
    async with visitor(world) as browser:
        assert "Nothing in the basket yet" in (await browser.open("/basket")).text
        await into_basket(browser, offer)
        assert "128.00" in (await browser.open("/basket")).text.replace(" ", "")
        page = await browser.send("/basket/change", {"quantity": "2"})
        assert "256.00" in page.text.replace(" ", "")
        page = await browser.send("/basket/change", {"quantity": "3"})
        assert "Only 2 are left" in page.text
        page = await browser.send("/basket/remove")
        assert "Nothing in the basket yet" in page.text


@pytest.mark.parametrize("quantity", ["0", "-1", "10", "1e9", "九", "", "1.5", "99999999999999999999"])
async def test_a_strange_quantity_is_refused_beside_its_field(world: World, quantity: str) -> None:
    offer = await buyers.in_stock(world)
    async with visitor(world) as browser:
        await browser.open(f"/packages/{offer}")
        page = await browser.send("/basket$", {"quantity": quantity}, expect=None)
    assert page.status == (200 if quantity == "" else 422)


async def test_more_than_nine_of_a_kind_do_not_go_in(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with visitor(world) as browser:
        await into_basket(browser, offer, "9")
        await browser.open(f"/packages/{offer}")
        page = await browser.send("/basket$", {"quantity": "1"}, expect=422)
    assert "9 are in it already" in page.text


async def test_a_basket_cookie_of_ones_own_making_is_an_empty_basket(world: World) -> None:
    async with visitor(world) as browser:
        browser.client.cookies.set("b", "61" * 60)
        assert "Nothing in the basket yet" in (await browser.open("/basket")).text


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_any_text_is_some_basket(text: str) -> None:
    assert all(1 <= quantity <= 9 for quantity in read_basket(text).values())


# Checking out


async def test_a_stranger_signs_in_on_the_way_and_keeps_the_basket(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with visitor(world) as browser:
        await into_basket(browser, offer)
        page = await browser.open("/checkout")
        assert page.path == "/sign-in"
        page = await browser.send("sign-in", {"login": "customer@example.com", "password": "jinpo-2018"})
        assert page.path == "/checkout"
        assert "Jinpo village store" in page.text


CITY = "ST-AK01"
TO_THE_CITY = """
update stock_unit u set place = (select id from place where code = $1)
from package p join household h on h.id = p.household where p.id = u.package and h.code = $2
"""


async def one_box_at_the_office_and_one_in_the_city(world: World) -> str:
    """The code of the offer of both."""
    offer = await buyers.in_stock(world)
    await buyers.in_stock(world, "JP4-01")
    await world.admin.execute(TO_THE_CITY, CITY, "JP4-01")
    return offer


async def test_what_stands_at_the_village_office_is_fetched_at_the_village_store_from_today(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        await into_basket(browser, offer)
        page = await browser.open("/checkout")
    assert page.form("/checkout").fields["place"] == [buyers.VILLAGE_STORE]
    assert "can be fetched from 21 Nov" in page.text
    assert page.text.count("all boxes can be there") == 1


async def test_stores_with_a_part_of_the_basket_are_named_and_cannot_be_chosen(world: World) -> None:
    offer = await one_box_at_the_office_and_one_in_the_city(world)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        await into_basket(browser, offer, "2")
        page = await browser.open("/checkout")
        assert "No store can take this basket" in page.text
        await buyers.in_stock(world, "JP1-02")
        page = await browser.open("/checkout")
    form = page.form("/checkout")
    assert form.fields["place"] == form.choices["place"] == [buyers.VILLAGE_STORE]
    assert page.text.count("all boxes can be there") == 1
    assert page.text.count("only 1 of 2 boxes are there") == 1


async def test_the_store_that_was_looked_through_is_chosen_and_then_the_one_of_the_last_order(world: World) -> None:
    offer, customer = await one_box_at_the_office_and_one_in_the_city(world), await buyers.buyer(world)
    async with buyers.shopper(world, customer) as browser:
        await into_basket(browser, offer)
        assert (await browser.open("/checkout")).form("/checkout").fields["place"] == [buyers.VILLAGE_STORE]
    async with buyers.shopper(world, customer) as browser:
        page = await browser.open(f"/?store={CITY}")
        await browser.open(page.link("^/packages/"))
        await browser.send("/basket$")
        assert (await browser.open("/checkout")).form("/checkout").fields["place"] == [CITY]
        await browser.send("/checkout", {})
        await buyers.in_stock(world, "JP1-03")
        await world.admin.execute(TO_THE_CITY, CITY, "JP1-03")
    async with buyers.shopper(world, customer) as browser:
        await into_basket(browser, offer)
        assert (await browser.open("/checkout")).form("/checkout").fields["place"] == [CITY]


async def test_from_a_stores_list_the_page_is_about_the_boxes_of_that_store(world: World) -> None:
    offer = await one_box_at_the_office_and_one_in_the_city(world)
    async with visitor(world) as browser:
        whole = await browser.open(f"/packages/{offer}")
        city = await browser.open(f"/packages/{offer}?back=%2F%3Fstore%3D{CITY}")
    assert ("2 boxes in stock" in whole.text, "1 box in stock" in city.text) == (True, True)
    assert ("Now at Jinpo village office" in whole.text, "Now at Ankang" in city.text) == (True, True)


async def test_a_store_that_nobody_knows_in_an_address_is_none(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with visitor(world) as browser:
        page = await browser.open(f"/packages/{offer}?back=%2F%3Fstore%3DNOWHERE")
        assert "store" not in page.form("/basket$").fields


async def ordered(browser: Visitor, offer: str, quantity: str = "1") -> str:
    """The address of an order kept for that customer."""
    await into_basket(browser, offer, quantity)
    await browser.open("/checkout")
    page = await browser.send("/checkout", {"place": buyers.VILLAGE_STORE})
    return page.path


async def test_an_order_is_kept_placed_shown_and_cancelled(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        address = await ordered(browser, offer)
        page = await browser.open(address)
        assert "Kept for you until 09:30" in page.text
        assert "Nothing in the basket yet" in (await browser.open("/basket")).text
        await browser.open(address)
        page = await browser.send("/place$")
        assert "Say this code at the store" in page.text
        assert "Pick it up until 24 Nov, 09:00" in " ".join(page.text.split())
        assert await world.admin.fetchval("select pickup_code from sales_order") in page.text
        assert "Waiting for pick-up" in (await browser.open("/orders")).text
        await browser.open(address)
        page = await browser.send("/cancel$")
        assert "You have cancelled this order" in page.text
        assert "Cancelled by you" in page.text


async def test_a_hold_that_is_over_reads_so_before_the_worker_has_come(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        address = await ordered(browser, offer)
        await browser.open(address)
        await world.set_clock(DEMO_MORNING + timedelta(minutes=31))
        page = await browser.send("/place$", expect=409)
        assert "Put them into the basket again" in page.text
        assert "The time is over" in page.text
        assert "Given back" in (await browser.open("/orders")).text


async def test_a_box_sold_meanwhile_is_refused_with_what_is_left(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        await into_basket(browser, offer)
        await browser.open("/checkout")
        await buyers.held(world, await buyers.buyer(world), offer)
        page = await browser.send("/checkout", {"place": buyers.VILLAGE_STORE}, expect=409)
    assert "0 are left at this place" in page.text
    assert await world.count("sales_order") == 1


async def test_the_same_form_sent_twenty_times_keeps_one_order(world: World) -> None:
    offer = await buyers.in_stock(world)
    await buyers.in_stock(world, "JP4-01")
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        await into_basket(browser, offer)
        form = (await browser.open("/checkout")).form("/checkout")
        sent = {name: values[0] for name, values in form.fields.items() if values} | {"place": buyers.VILLAGE_STORE}
        got = await asyncio.gather(
            *(browser.client.post("/checkout", data=sent, follow_redirects=False) for _ in range(20))
        )
    assert {(one.status_code, one.headers["location"]) for one in got} == {(303, got[0].headers["location"])}
    assert (await world.count("sales_order"), await world.count("order_line")) == (1, 1)


@pytest.mark.parametrize("place", ["", "PO-JP", "ON-01", "NOWHERE", "' or ''='", "\x00"])
async def test_a_strange_place_is_refused_and_writes_nothing(world: World, place: str) -> None:
    offer = await buyers.in_stock(world)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        await into_basket(browser, offer)
        await browser.open("/checkout")
        await browser.send("/checkout", {"place": place}, expect=422)
    assert await world.count("sales_order") == 0


async def test_an_order_of_somebody_else_is_not_found(world: World) -> None:
    offer = await buyers.in_stock(world)
    kept = await buyers.held(world, await buyers.buyer(world), offer)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        await browser.open(f"/orders/{kept.code}", expect=404)
        for deed in ("place", "cancel"):
            form = (await browser.open("/basket")).forms[0]
            sent = {name: values[0] for name, values in form.fields.items() if values}
            answer = await browser.client.post(f"/orders/{kept.code}/{deed}", data=sent)
            assert answer.status_code == 404
    assert await buyers.state_of(world, kept.id) == "held"


async def test_staff_do_not_order(world: World) -> None:
    async with visitor(world, cast.CLERK) as browser:
        await browser.open("/checkout", expect=403)
        await browser.open("/orders", expect=403)


async def test_prices_and_totals_in_a_form_change_nothing(world: World) -> None:
    offer = await buyers.in_stock(world)
    async with buyers.shopper(world, await buyers.buyer(world)) as browser:
        await into_basket(browser, offer)
        await browser.open("/checkout")
        await browser.send(
            "/checkout",
            {
                "place": buyers.VILLAGE_STORE,
                "price_fen": "1",
                "total_fen": "1",
                "customer": str(uuid4()),
                "quantity": "9",
            },
        )
    assert await world.admin.fetchval("select total_fen from sales_order") == 12_800


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    quantity=st.one_of(st.integers(-5, 20).map(str), st.text(max_size=12)),
    offer=st.one_of(st.just(""), st.text(max_size=30)),
)
async def test_hostile_basket_forms_never_break(world: World, quantity: str, offer: str) -> None:
    async with visitor(world) as browser:
        form = (await browser.open("/sign-in")).form("sign-in")
        sent = {name: values[0] for name, values in form.fields.items() if name.startswith("_")}
        for deed in ("change", "remove"):
            hostile = {**sent, "offer": offer.encode("utf-8", "ignore").decode(), "quantity": quantity}
            answer = await browser.client.post(
                f"/basket/{deed}", data=hostile, headers={"Origin": "http://localhost:8000"}
            )
            assert answer.status_code in (200, 400, 422), answer.text[:300]
