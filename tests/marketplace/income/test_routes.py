"""Who enters and reads income at the office, and what a faulty form keeps."""

from __future__ import annotations

import pytest

from tests.cast import CASHIER, CLERK, INSPECTOR, PENG, SECRETARY
from tests.conftest import World
from tests.marketplace.conftest import Browser, SignIn, SignInCard

NEW = f"/office/households/{PENG}/income/new"
PIGS = {"kind": "business", "source": "pig_sale", "amount": "2600", "earned_on": "2018-09-20", "document": "收购单 12"}


async def entered(browser: Browser, **changes: str) -> int:
    await browser.get(NEW)
    return (await browser.post(NEW, {**PIGS, **changes})).status_code


async def test_clerk_enters_a_line_and_sees_it_beside_the_form(world: World, sign_in: SignIn) -> None:
    browser = await sign_in(*CLERK)
    assert await entered(browser) == 303
    page = await browser.get(NEW)
    assert "Pigs sold" in page.text
    assert "收购单 12" in page.text
    assert "+¥2,600.00" in page.text
    assert "Take it back" not in page.text
    assert await world.admin.fetchval("select amount_fen from income_entry") == 260_000


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": "0"}, "Enter an amount above 0.00 yuan."),
        ({"amount": "lots"}, "Enter an amount in yuan, such as 12.50."),
        ({"document": " "}, "Name the paper that shows it, such as the pay slip or the bank slip."),
        ({"earned_on": "2018-11-22"}, "is still to come. Enter it when it has been paid."),
        ({"earned_on": "2018-02-30"}, "Enter a day as year-month-day"),
        ({"kind": "wage"}, "This source belongs to another kind."),
        ({"kind": ""}, "Fill this in."),
        ({"kind": "transfer", "source": "loan"}, "This is no income."),
        ({"source": "hundred_yuan_package"}, "Choose one of the list."),
        ({"source": ""}, "Fill this in."),
    ],
)
async def test_fault_stands_beside_its_field_and_nothing_is_entered(
    world: World, sign_in: SignIn, change: dict[str, str], sentence: str
) -> None:
    browser = await sign_in(*CLERK)
    await browser.get(NEW)
    answer = await browser.post(NEW, {**PIGS, **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    if "document" not in change:
        assert 'value="收购单 12"' in answer.text
    assert await world.count("income_entry") == 0


@pytest.mark.parametrize(
    ("flag", "source", "words"),
    [
        ("memo", "loan", "Loan (only noted) 2,600.00"),
        ("one_off", "compensation", "relocation money (one-off) 2,600.00"),
    ],
)
async def test_what_is_no_income_stands_on_the_statement_and_does_not_count(
    world: World, sign_in: SignIn, flag: str, source: str, words: str
) -> None:
    browser = await sign_in(*CLERK)
    assert await entered(browser, kind="transfer", source=source, **{flag: "on"}) == 303
    page = await browser.get(f"/office/households/{PENG}/income")
    assert words in page.text
    assert "零元整" in page.text


async def test_entry_of_an_earlier_year_is_seen_and_can_be_taken_back(world: World, sign_in: SignIn) -> None:
    assert await entered(await sign_in(*CLERK), earned_on="2016-05-01") == 303
    secretary = await sign_in(*SECRETARY)
    assert "Take it back" in (await secretary.get(NEW)).text


async def test_same_form_twice_enters_once(world: World, sign_in: SignIn) -> None:
    browser = await sign_in(*CLERK)
    await browser.get(NEW)
    assert [(await browser.post(NEW, PIGS)).status_code for _ in range(2)] == [303, 303]
    assert await world.count("income_entry") == 1


async def test_secretary_takes_an_entry_back_and_both_lines_stay(world: World, sign_in: SignIn) -> None:
    assert await entered(await sign_in(*CLERK)) == 303
    secretary = await sign_in(*SECRETARY)
    page = await secretary.get(NEW)
    assert "Take it back" in page.text
    line = await world.admin.fetchval("select id from income_entry")
    assert (await secretary.post(f"/office/households/{PENG}/income/{line}/reverse")).status_code == 303
    page = await secretary.get(NEW)
    assert "takes one back" in page.text
    assert "Take it back" not in page.text
    again = await secretary.post(f"/office/households/{PENG}/income/{line}/reverse")
    assert again.status_code == 409
    assert "was taken back already" in again.text


async def test_entry_of_one_household_is_not_found_under_another(world: World, sign_in: SignIn) -> None:
    assert await entered(await sign_in(*CLERK)) == 303
    secretary = await sign_in(*SECRETARY)
    await secretary.get(NEW)
    line = await world.admin.fetchval("select id from income_entry")
    assert (await secretary.post(f"/office/households/JP4-04/income/{line}/reverse")).status_code == 404


@pytest.mark.parametrize("person", [CASHIER, INSPECTOR, ("s10", "supervisor"), ("s03", "first_secretary")])
async def test_others_enter_nothing(world: World, sign_in: SignIn, person: tuple[str, str]) -> None:
    assert (await (await sign_in(*person)).get(NEW)).status_code == 403


@pytest.mark.parametrize(
    ("person", "status"),
    [(("s10", "supervisor"), 200), (("s03", "first_secretary"), 200), (CASHIER, 403), (INSPECTOR, 403)],
)
async def test_statement_is_for_those_who_visit_and_watch(
    world: World, sign_in: SignIn, person: tuple[str, str], status: int
) -> None:
    assert (await (await sign_in(*person)).get(f"/office/households/{PENG}/income")).status_code == status


async def test_neighbouring_village_finds_no_statement(world: World, sign_in: SignIn) -> None:
    browser = await sign_in("y01", "branch_secretary")
    assert (await browser.get(f"/office/households/{PENG}/income")).status_code == 404


async def test_household_without_income_reads_an_empty_statement(world: World, sign_in_card: SignInCard) -> None:
    page = await (await sign_in_card(PENG)).get("/home/income")
    assert page.status_code == 200
    assert "Nothing entered for this year yet. Payouts enter themselves." in page.text
