"""The counter through its doors: from the recipe to the money, and what is refused keeps what was typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from marketplace.demo.world import PIN
from marketplace.web.filters import masked_name
from tests.cast import CASHIER, CASHIERS_HOUSEHOLD, CLERK, PENG, SECRETARY, STORE_CLERK, TAN
from tests.conftest import World
from tests.counter import inspected, open_drawer, sold, weighed
from tests.journeys.village import P01, amounts, begin, inspect, pay, weigh
from tests.office import visitor
from tests.visitor import Seen, Visitor

LINES = """
select p.code, l.quantity, l.weighed, l.amount_fen from package_line l join product p on p.id = l.product
join package k on k.id = l.package where k.code = $1 order by p.code
"""
STATE = "select state from package where code = $1"


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Visitor]:
    """The clerk at the counter, the drawer open with 1,000.00 yuan."""
    await open_drawer(world)
    async with visitor(world, CLERK) as browser:
        yield browser


async def lines_of(world: World, code: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await world.admin.fetch(LINES, code)]


async def code_of(world: World, package: object) -> str:
    code: str = await world.admin.fetchval("select code from package where id = $1", package)
    return code


def typed(page: Seen, good: str) -> str:
    """What stands in the field of a good."""
    fields = page.form("/weigh").fields
    name = next(name for name, held in fields.items() if name.endswith(".product") and held == [good])
    return fields[name.replace("product", "quantity")][0]


async def on_scale(desk: Visitor, **shown: str) -> dict[str, str]:
    assert desk.page is not None
    return amounts(desk.page.form("/weigh"), shown)


# Weighing


async def test_a_recipe_fills_the_counter_and_the_scale_may_show_a_little_more(world: World, desk: Visitor) -> None:
    code = await begin(desk, TAN)
    page = await desk.send("/recipe", button="recipe=P01")
    assert (typed(page, "EGG"), typed(page, "SOY")) == ("30", "4")
    page = await desk.send("/weigh", await on_scale(desk, EGG="30", SOY="4.03"))
    assert await lines_of(world, code) == [("EGG", 30, 30, 6000), ("SOY", 4000, 4030, 4000)]
    assert await world.admin.fetchval(STATE, code) == "weighed"
    assert "on the scale 4.03 kg" in page.text
    await inspect(desk, code)
    await pay(desk, code)
    for paper in ("voucher", "label"):
        text = (await desk.open(f"/office/intake/{code}/{paper}")).text
        assert "4 kg" in text
        assert "4.03" not in text


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("3.95", "the scale shows 3.95 kg. Add 50 g to make it 4 kg, or take out 11 g and bill 3.9 kg."),
        ("4.041", "the scale shows 4.041 kg. Add 59 g to make it 4.1 kg, or take out 1 g and bill 4 kg."),
        ("four", "Enter kilograms, such as 4.25."),
    ],
)
async def test_what_the_scale_may_not_show_is_refused_and_stays_typed(
    world: World, desk: Visitor, shown: str, said: str
) -> None:
    code = await begin(desk, TAN)
    await desk.send("/recipe", button="recipe=P01")
    page = await desk.send("/weigh", await on_scale(desk, EGG="30", SOY=shown), expect=422)
    assert said in page.text
    assert (typed(page, "EGG"), typed(page, "SOY")) == ("30", shown)
    assert await world.admin.fetchval(STATE, code) == "draft"


async def test_a_sum_that_is_not_a_hundred_keeps_the_scale_until_a_proposal_changes_the_good(
    world: World, desk: Visitor
) -> None:
    code = await begin(desk, TAN)
    await desk.send("/recipe", button="recipe=P01")
    page = await desk.send("/weigh", await on_scale(desk, EGG="28", SOY="4.03"))
    assert (await world.admin.fetchval(STATE, code), typed(page, "SOY")) == ("draft", "4.03")
    await desk.send("/weigh", button="suggestion=EGG:2")
    assert await lines_of(world, code) == [("EGG", 30, 30, 6000), ("SOY", 4000, 4030, 4000)]
    assert await world.admin.fetchval(STATE, code) == "weighed"


async def test_weighing_again_takes_the_inspection_back(world: World, desk: Visitor) -> None:
    code = await begin(desk, TAN)
    await weigh(desk, code, P01)
    await inspect(desk, code)
    await desk.open(f"/office/intake/{code}?again=1")
    await desk.send("/weigh", await on_scale(desk, EGG="30", SOY="4.01"))
    assert await world.admin.fetchval(STATE, code) == "weighed"
    assert (await lines_of(world, code))[1] == ("SOY", 4000, 4010, 4000)


# Checking and paying


async def test_the_inspector_proves_himself_by_pin_and_a_wrong_one_keeps_the_ticks(world: World, desk: Visitor) -> None:
    code = await begin(desk, TAN)
    form = (await weigh(desk, code, P01)).form("/inspect")
    given = {**form.ticked("checks"), "login": "s05"}
    page = await desk.send("/inspect", {**given, "pin": "0000"}, expect=422)
    again = page.form("/inspect")
    assert {name: again.fields.get(name) for name in form.ticked("checks")} == {
        name: [value] for name, value in form.ticked("checks").items()
    }
    assert again.fields["pin"] == [""]
    page = await desk.send("/inspect", {**given, "pin": PIN})
    assert await world.admin.fetchval(STATE, code) == "inspected"
    assert await world.admin.fetchval("select proof from inspection") == "pin"


async def test_a_look_that_is_missing_is_refused(world: World, desk: Visitor) -> None:
    code = await begin(desk, TAN)
    await weigh(desk, code, P01)
    page = await desk.send("/inspect", {"login": "s05", "pin": PIN}, expect=422)
    assert "looks are not ticked" in page.text
    assert await world.admin.fetchval(STATE, code) == "weighed"


async def test_money_for_a_stranger_needs_a_note_and_what_was_typed_stays(world: World, desk: Visitor) -> None:
    package = await weighed(world, PENG)
    await inspected(package)
    code = await code_of(world, package)
    page = await pay(desk, code, receiver="other", signed="signature", expect=422)
    assert "Nobody of the register collects." in page.text
    form = page.form("/pay")
    assert (form.fields["receiver"], form.fields["signed"]) == (["other"], ["signature"])
    assert await world.count("payout") == 0
    await desk.send(
        "/pay", {"login": "s07", "pin": PIN, "receiver": "other", "receiver_note": "her neighbour, she has called"}
    )
    paid = await world.admin.fetchrow("select received_by, receiver_note, signed, proof from payout")
    assert tuple(paid) == ("other", "her neighbour, she has called", "signature", "pin")


async def test_the_cashier_pays_in_his_own_session_but_not_his_own_house(world: World, desk: Visitor) -> None:
    ours, theirs = await weighed(world, CASHIERS_HOUSEHOLD), await weighed(world, PENG)
    await inspected(ours)
    await inspected(theirs)
    async with visitor(world, CASHIER) as cashier:
        page = await cashier.open(f"/office/intake/{await code_of(world, theirs)}")
        assert "pin" not in page.form("/pay").fields
        page = await cashier.send("/pay")
        assert "Paid 100.00 yuan" in page.text
        page = await cashier.open(f"/office/intake/{await code_of(world, ours)}")
        page = await cashier.send("/pay", {"login": "s07", "pin": PIN}, expect=422)
    assert await world.count("payout") == 1


async def test_a_payment_sent_twice_pays_once(world: World, desk: Visitor) -> None:
    package = await weighed(world, TAN)
    await inspected(package)
    await pay(desk, await code_of(world, package))
    first = desk.sent[-1]
    again = await desk.client.post(first.address, data=first.fields, headers={"Origin": "http://localhost:8000"})
    assert again.status_code == 200
    assert await world.count("payout") == 1


# Sending back, reversing


async def test_sending_back_needs_its_reason_and_words_for_another_one(world: World, desk: Visitor) -> None:
    code = await code_of(world, await weighed(world, TAN))
    await desk.open(f"/office/intake/{code}/send-back")
    page = await desk.send("/send-back", {"reason": "other"}, expect=422)
    assert "Write the reason in a few words" in page.text
    assert await world.admin.fetchval(STATE, code) == "weighed"
    page = await desk.send("/send-back", {"reason": "other", "words": "smells of smoke"})
    assert "Sent back. Nothing was paid." in page.text
    assert await world.admin.fetchval(STATE, code) == "sent_back"
    page = await desk.open("/office/intake/day")
    assert "smells of smoke" in page.text


async def test_two_persons_reverse_and_the_reason_stays_typed_when_the_pin_is_wrong(world: World) -> None:
    code = await code_of(world, await sold(world, TAN))
    async with visitor(world, CASHIER) as cashier:
        await cashier.open(f"/office/intake/{code}/reverse")
        given = {"reason": "paid to the wrong house", "login": "s01"}
        page = await cashier.send("/reverse", {**given, "pin": "0000"}, expect=422)
        assert page.form("/reverse").fields["reason"] == ["paid to the wrong house"]
        page = await cashier.send("/reverse", {**given, "pin": PIN})
        assert "Reversed." in page.text
    assert await world.admin.fetchval(STATE, code) == "reversed"
    assert await world.admin.fetchval("select sum(amount_fen) from cash_entry") == 100_000


# Papers


async def test_the_label_says_the_name_of_a_household_that_agreed_and_only_then(world: World) -> None:
    code = await code_of(world, await sold(world, TAN))
    name = await world.admin.fetchval("select head_name from household where code = $1", TAN)
    async with visitor(world, SECRETARY) as secretary:
        for agreed, shown, hidden in ((False, masked_name(name), name), (True, name, masked_name(name))):
            await world.admin.execute("update household set show_name = $2 where code = $1", TAN, agreed)
            page = await secretary.open(f"/office/intake/{code}/label")
            assert shown in page.text
            assert hidden not in page.text


async def test_somebody_of_a_store_has_no_counter(world: World) -> None:
    async with visitor(world, STORE_CLERK) as clerk:
        await clerk.open("/office/intake", expect=403)


async def test_each_print_of_a_paper_is_written_down(world: World) -> None:
    package = await sold(world, "JP4-04")
    code = await world.admin.fetchval("select code from package where id = $1", package)
    async with visitor(world, ("s07", "cashier")) as cashier:
        for paper in ("voucher", "label", "label"):
            await cashier.open(f"/office/intake/{code}")
            page = await cashier.send(f"printed/{paper}")
            assert page.path == f"/office/intake/{code}/{paper}"
    verbs = await world.admin.fetch("select verb from audit_line where verb like 'print%' order by id")
    assert [row[0] for row in verbs] == ["print_voucher", "print_label", "print_label"]
