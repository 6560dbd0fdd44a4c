"""The drawer through its doors: open, float during the day, close; a difference needs its reason and a second person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from marketplace.cash.rules import DENOMINATIONS
from marketplace.db import PUBLIC, scoped
from marketplace.demo.world import PIN
from marketplace.journal import queries, verify
from tests.cast import CASHIER, STORE_CLERK, TAN
from tests.conftest import DEMO_MORNING, World
from tests.counter import open_drawer, sold
from tests.office import visitor
from tests.visitor import Seen, Visitor

TOWN_CLERK = ("s14", "store_clerk")  # 邓丽, ST-AK01
HUB_CLERK = ("s12", "hub_clerk")
PURCHASER = "s13"
BALANCE = """
select a.balance from drawer d join place p on p.id = d.place join ledger_account a on a.id = d.account where p.code = $1
"""
LAST_DAY = """
select d.state, d.expected_fen, d.counted_fen, d.reason, u.login as second, d.seal_head
from drawer_day d join drawer w on w.id = d.drawer join place p on p.id = w.place left join app_user u on u.id = d.second
where p.code = $1 order by d.day desc limit 1
"""


def counted(counts: Mapping[int, int]) -> dict[str, str]:
    """A count by denomination as it is typed."""
    return {f"counts.{DENOMINATIONS.index(fen)}.pieces": str(pieces) for fen, pieces in counts.items()}


def stands(page: Seen, action: str, fen: int) -> str:
    """What stands in the field of a denomination."""
    return page.form(action).fields[f"counts.{DENOMINATIONS.index(fen)}.pieces"][0]


async def opened(browser: Visitor, counts: Mapping[int, int]) -> Seen:
    await browser.open("/office/cash/open")
    return await browser.send("/office/cash/open", counted(counts))


async def last_day(world: World, place: str) -> dict[str, object]:
    return dict(await world.admin.fetchrow(LAST_DAY, place))


async def test_a_drawer_is_opened_with_its_count_and_not_without(world: World) -> None:
    async with visitor(world, CASHIER) as cashier:
        await cashier.open("/office/cash/open")
        page = await cashier.send("/office/cash/open", expect=422)
        assert "Enter how many notes and coins there are" in page.text
        page = await opened(cashier, {10_000: 9, 500: 20})
        assert "The drawer is open." in page.text
        page = await cashier.open("/office/cash")
    assert "1,000.00" in page.dense
    assert await world.admin.fetchval(BALANCE, "PO-JP") == 100_000


async def test_a_drawer_that_is_open_keeps_the_second_count_on_the_page(world: World) -> None:
    async with visitor(world, CASHIER) as cashier, visitor(world, CASHIER) as other:
        await other.open("/office/cash/open")
        await opened(cashier, {10_000: 3})
        page = await other.send("/office/cash/open", counted({10_000: 3}), expect=409)
        assert stands(page, "/office/cash/open", 10_000) == "3"
    assert await world.admin.fetchval(BALANCE, "PO-JP") == 30_000


async def test_float_received_during_the_day_stands_in_the_book(world: World) -> None:
    await open_drawer(world, float_fen=20_000)
    async with visitor(world, CASHIER) as cashier:
        await cashier.open("/office/cash")
        assert cashier.page
        await cashier.open(cashier.page.link("/office/cash/float"))
        page = await cashier.send("/office/cash/float", expect=422)
        assert "Enter how many notes and coins were received." in page.text
        page = await cashier.send("/office/cash/float", {"counts.0.pieces": "many", **counted({500: 4})}, expect=422)
        assert stands(page, "/office/cash/float", 500) == "4"
        page = await cashier.send("/office/cash/float", counted({10_000: 5, 500: 4}))
        assert page.path == "/office/cash"
        assert "Float received; it stands in the cash book." in page.text
        assert "520.00" in page.dense
        first = cashier.sent[-1]
        await cashier.client.post(first.address, data=first.fields, headers={"Origin": "http://localhost:8000"})
    assert await world.admin.fetchval(BALANCE, "PO-JP") == 72_000
    verbs = await world.admin.fetchval("select count(*) from audit_line where verb = 'top_up_drawer'")
    assert verbs == 1


async def test_a_closed_drawer_takes_no_float(world: World) -> None:
    async with visitor(world, CASHIER) as cashier:
        page = await cashier.open("/office/cash/float", expect=409)
    assert "The drawer is closed." in page.text


async def test_a_count_that_ties_closes_the_day_and_its_sheet_bears_the_seal(world: World) -> None:
    await sold(world, TAN)
    async with visitor(world, CASHIER) as cashier:
        await cashier.open("/office/cash/close")
        page = await cashier.send("/office/cash/close", counted({10_000: 9}))
    assert page.path == "/office/cash/2018-11-21"
    day = await last_day(world, "PO-JP")
    assert (day["state"], day["expected_fen"], day["reason"], day["second"]) == ("closed", 90_000, None, None)
    assert str(day["seal_head"]) in page.text


async def test_the_head_on_the_sheet_covers_the_whole_day_with_its_closing_and_verifies(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await sold(world, TAN)
    async with visitor(world, CASHIER) as cashier:
        await cashier.open("/office/cash/close")
        await cashier.send(
            "/office/cash/close",
            {**counted({10_000: 8, 5_000: 1}), "reason": "fifty given too much", "login": "s01", "pin": PIN},
        )
    head = str((await last_day(world, "PO-JP"))["seal_head"])
    async with scoped(PUBLIC, readonly=True):
        text = await queries.export("JP")
    (tmp_path / "chain").write_text(text, encoding="utf-8")
    assert verify.main([str(tmp_path / "chain"), "--head", head]) == 0, capsys.readouterr().out
    village = await world.id_of("village", "JP")
    rows = "select count(*) from {} where village = $1"
    written = [await world.admin.fetchval(rows.format(table), village) for table in ("audit_line", "transfer")]
    assert head.split()[0] == str(sum(written))
    last = await world.admin.fetchval(
        "select verb from audit_line where village = $1 order by id desc limit 1", village
    )
    assert last == "close_drawer"


async def test_a_difference_is_refused_step_by_step_and_the_count_stays_typed(world: World) -> None:
    await open_drawer(world)
    async with visitor(world, CASHIER) as cashier:
        await cashier.open("/office/cash/close")
        count = counted({10_000: 9, 5_000: 1})
        page = await cashier.send("/office/cash/close", count, expect=422)
        assert "-50.00 yuan differ from the book." in page.text
        page = await cashier.send("/office/cash/close", {**count, "reason": "one note is missing"}, expect=422)
        assert "A second person confirms the difference" in page.text
        given = {**count, "reason": "one note is missing", "login": "s01"}
        page = await cashier.send("/office/cash/close", {**given, "pin": "0000"}, expect=422)
        assert (stands(page, "/office/cash/close", 10_000), stands(page, "/office/cash/close", 5_000)) == ("9", "1")
        assert page.form("/office/cash/close").fields["reason"] == ["one note is missing"]
        assert page.form("/office/cash/close").fields["pin"] == [""]
        await cashier.send("/office/cash/close", {**given, "pin": PIN})
    day = await last_day(world, "PO-JP")
    assert (day["expected_fen"], day["counted_fen"], day["second"]) == (100_000, 95_000, "s01")


async def test_a_day_left_open_is_closed_the_next_morning_and_its_own_sheet_is_shown(world: World) -> None:
    await open_drawer(world, float_fen=20_000)
    await world.set_clock(DEMO_MORNING + timedelta(days=1))
    async with visitor(world, CASHIER) as cashier:
        await cashier.open("/office/cash/close")
        page = await cashier.send("/office/cash/close", counted({10_000: 2}))
    assert page.path == "/office/cash/2018-11-21"


@pytest.mark.parametrize(("person", "place"), [(TOWN_CLERK, "ST-AK01"), (HUB_CLERK, "HUB-XY")])
async def test_a_store_in_town_closes_with_a_difference_before_the_companys_purchaser(
    world: World, person: tuple[str, str], place: str
) -> None:
    async with visitor(world, person) as clerk:
        await opened(clerk, {10_000: 2})
        page = await clerk.open("/office/cash/close")
        form = page.form("/office/cash/close")
        assert form.fields["login"] == [PURCHASER]
        given = {**counted({10_000: 1}), "reason": "a hundred is missing"}
        page = await clerk.send("/office/cash/close", {**given, "login": "s01", "pin": PIN}, expect=422)
        assert "Ask somebody who is" in page.text
        await clerk.send("/office/cash/close", {**given, "login": PURCHASER, "pin": PIN})
    day = await last_day(world, place)
    assert (day["state"], day["counted_fen"], day["second"]) == ("closed", 10_000, PURCHASER)


async def test_another_clerk_of_the_same_store_may_be_the_second(world: World) -> None:
    await world.admin.execute(
        'insert into role_grant (id, "user", role, scope_kind, scope, valid_from) '
        "select gen_random_uuid(), u.id, 'store_clerk', 'place', p.id, date '2018-01-01' "
        "from app_user u, place p where u.login = 's15' and p.code = 'ST-AK01'"
    )
    async with visitor(world, TOWN_CLERK) as clerk:
        await opened(clerk, {10_000: 2})
        page = await clerk.open("/office/cash/close")
        assert page.form("/office/cash/close").choices["login"] == [PURCHASER, "s15"]
        given = {**counted({10_000: 1}), "reason": "a hundred is missing", "login": "s15", "pin": PIN}
        await clerk.send("/office/cash/close", given)
    assert (await last_day(world, "ST-AK01"))["second"] == "s15"


async def test_the_village_stores_second_person_is_a_leader_of_the_village(world: World) -> None:
    async with visitor(world, STORE_CLERK) as clerk:
        await opened(clerk, {10_000: 2})
        page = await clerk.open("/office/cash/close")
        assert page.form("/office/cash/close").choices["login"] == ["s01", "s10", "s02"]
