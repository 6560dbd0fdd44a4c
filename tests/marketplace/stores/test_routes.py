"""The store's counter: who waits, handing over against code and cash, and what is refused there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from marketplace import keys
from marketplace.accounts.rules import contact_seal
from marketplace.orders.actions import Held
from tests import buyers, cast
from tests.conftest import DEMO_MORNING, World
from tests.office import visitor
from tests.visitor import Seen, Visitor


async def waiting(world: World, *, drawer: bool = True) -> Held:
    """A placed order of one box at the village store, whose drawer is open."""
    kept = await buyers.placed(world, await buyers.buyer(world), await buyers.in_stock(world))
    if drawer:
        await buyers.open_store_drawer(world)
    return kept


async def code_of(world: World, order: Held) -> str:
    code: str = await world.admin.fetchval("select pickup_code from sales_order where id = $1", order.id)
    return code


async def box_of(world: World) -> str:
    code: str = await world.admin.fetchval("select p.code from package p join stock_unit u on u.package = p.id")
    return code


async def give(browser: Visitor, world: World, order: Held, expect: int = 200, **fields: str) -> Seen:
    """The hand-over's form as a clerk fills it."""
    await browser.open(f"/store/orders/{order.code}")
    filled = {"pickup_code": await code_of(world, order), "given.0": await box_of(world), "received": "", **fields}
    return await browser.send("hand-over", filled, expect=expect)


async def test_the_desk_shows_who_waits_and_never_the_code(world: World) -> None:
    order = await waiting(world)
    async with visitor(world, cast.STORE_CLERK) as browser:
        page = await browser.open("/store")
        assert ("王小姐" in page.text, "138****0000" in page.text) == (True, True)
        assert await code_of(world, order) not in page.response.text
        page = await browser.open(f"/store/orders/{order.code}")
        assert await code_of(world, order) not in page.response.text.replace(order.code, "")


async def test_four_digits_or_the_orders_code_lead_to_the_order(world: World) -> None:
    order = await waiting(world)
    async with visitor(world, cast.STORE_CLERK) as browser:
        assert (await browser.open(f"/store?code={await code_of(world, order)}")).path == f"/store/orders/{order.code}"
        assert (await browser.open(f"/store?code={order.code.lower()}")).path == f"/store/orders/{order.code}"
        assert "No order waits here with this code" in (await browser.open("/store?code=xyz")).text


async def test_a_box_goes_over_the_counter_for_its_price(world: World) -> None:
    order = await waiting(world)
    async with visitor(world, cast.STORE_CLERK) as browser:
        page = await give(browser, world, order, received="150")
        assert "Give 22.00 yuan back to the buyer" in page.text
        assert "Nobody is waiting" in page.text
        assert "Handed over" in (await browser.open(f"/store/orders/{order.code}")).text
    assert await buyers.state_of(world, order.id) == "handed_over"


@pytest.mark.parametrize(
    ("fields", "words", "status"),
    [
        ({"pickup_code": ""}, "Fill this in", 422),
        ({"pickup_code": "12"}, "The code has four digits", 422),
        ({"received": "127.99"}, "Ask for the rest", 422),
        ({"received": "many"}, "Enter an amount", 422),
        ({"given.0": ""}, "Tick every box", 422),
        ({"given.0": "0000000000"}, "Tick every box", 422),
    ],
)
async def test_what_is_missing_is_said_and_no_money_moves(
    world: World, fields: dict[str, str], words: str, status: int
) -> None:
    order = await waiting(world)
    async with visitor(world, cast.STORE_CLERK) as browser:
        page = await give(browser, world, order, expect=status, **fields)
    assert words in page.text
    assert (await world.count("payment"), await buyers.state_of(world, order.id)) == (0, "placed")


async def test_a_closed_drawer_hands_nothing_over(world: World) -> None:
    order = await waiting(world, drawer=False)
    async with visitor(world, cast.STORE_CLERK) as browser:
        page = await browser.open("/store")
        assert "The drawer is not open yet" in page.text
        page = await give(browser, world, order, expect=409)
        assert "Count it and open the day first" in page.text
    assert await world.count("payment") == 0


async def test_after_the_end_no_money_is_taken_and_the_way_on_is_said(world: World) -> None:
    order = await waiting(world)
    async with visitor(world, cast.STORE_CLERK) as browser:
        await browser.open(f"/store/orders/{order.code}")
        await world.set_clock(DEMO_MORNING + timedelta(days=3, minutes=1))
        filled = {"pickup_code": await code_of(world, order), "given.0": await box_of(world)}
        page = await browser.send("hand-over", filled, expect=409)
        assert "Take no money" in page.text
        assert "Nobody is waiting" in (await browser.open("/store")).text
    assert await world.count("payment") == 0


async def test_the_form_sent_twice_takes_the_money_once(world: World) -> None:
    order = await waiting(world)
    async with visitor(world, cast.STORE_CLERK) as browser:
        form = (await browser.open(f"/store/orders/{order.code}")).form("hand-over")
        sent = {name: values[0] for name, values in form.fields.items() if values}
        sent |= {"pickup_code": await code_of(world, order), "given.0": await box_of(world)}
        got = [await browser.client.post(form.action, data=sent, follow_redirects=False) for _ in range(3)]
    assert {(one.status_code, one.headers["location"]) for one in got} == {(303, "/store")}
    assert await world.count("payment") == 1


async def test_the_buyers_contact_is_masked_until_a_reason_opens_it_for_this_session(world: World) -> None:
    order = await waiting(world)
    customer = await world.admin.fetchval("select customer from sales_order where id = $1", order.id)
    sealed = keys.seal("13812340000", contact_seal(customer))
    await world.admin.execute("update app_user set contact_sealed = $1 where id = $2", sealed, customer)
    address = f"/store/orders/{order.code}"
    async with visitor(world, cast.STORE_CLERK) as browser:
        assert "13812340000" not in (await browser.open(address)).response.text
        assert "Fill this in" in (await browser.send("/contact", {"reason": ""}, expect=422)).text
        assert await audited(world) == []
        await browser.open(address)
        assert "13812340000" in (await browser.send("/contact", {"reason": "the box leaks"})).text
        assert "13812340000" in (await browser.open(address)).text
    detail = {"what": "contact", "reason": "the box leaks"}
    assert await audited(world) == [(cast.STORE_CLERK[1], str(customer), detail)]
    assert await world.admin.fetchval("select count(*) from command where answer::text like '%13812340000%'") == 0
    async with visitor(world, cast.STORE_CLERK) as browser:
        assert "13812340000" not in (await browser.open(address)).text


async def audited(world: World) -> list[tuple[str, str, object]]:
    rows = await world.admin.fetch("select role, subject, detail from audit_line where verb = 'unmask'")
    return [(row["role"], row["subject"], json.loads(row["detail"])) for row in rows]


async def test_no_contact_of_an_order_that_is_gone(world: World) -> None:
    order = await waiting(world)
    async with visitor(world, cast.STORE_CLERK) as browser:
        await browser.open(f"/store/orders/{order.code}")
        await world.set_clock(order.hold_until + timedelta(days=4))
        await browser.send("/contact", {"reason": "the box leaks"}, expect=404)
    assert await audited(world) == []


async def test_another_stores_clerk_and_other_roles_stay_outside(world: World) -> None:
    order = await waiting(world)
    other = await world.admin.fetchval(
        "select u.login from role_grant g join app_user u on u.id = g.\"user\" where g.role = 'store_clerk' and u.login <> 's09'"
    )
    async with visitor(world, (other, "store_clerk")) as browser:
        await browser.open(f"/store/orders/{order.code}", expect=404)
        assert "Nobody is waiting" in (await browser.open("/store")).text
    async with visitor(world, cast.CASHIER) as browser:
        await browser.open("/store", expect=403)
    async with visitor(world) as browser:
        assert (await browser.open("/store")).path == "/sign-in"
