"""The register's doors: does it work, wrong verb, colleague, stranger, twice at once."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator

import pytest
import xlsxwriter

from marketplace.db import DB
from marketplace.demo.world import card_code
from marketplace.households.forms import template_of
from marketplace.wing import MARKETPLACE
from tests import cast
from tests.conftest import World
from tests.office import visitor
from tests.visitor import Visitor

NEIGHBOUR = ("y04", "intake_clerk")
SUPERVISOR = ("s10", "supervisor")
HEADER = "户号,组,户主,户类型,姓名,与户主关系,性别,出生年份\n"
GOOD = HEADER + "JP1-90,一组,高小明,一般户,高小明,户主,男,1970\n,,,,李小红,配偶,女,1972\n"


@pytest.fixture
async def clerk(world: World) -> AsyncIterator[Visitor]:
    async with visitor(world, cast.CLERK) as browser:
        yield browser


@pytest.fixture
async def secretary(world: World) -> AsyncIterator[Visitor]:
    async with visitor(world, cast.SECRETARY) as browser:
        yield browser


# Finding and looking


async def test_a_clerk_finds_a_household_and_opens_its_page(clerk: Visitor) -> None:
    page = await clerk.open("/office/households?q=tyj")
    assert "谭有军" in page.text
    page = await clerk.open(page.link("/office/households/JP4-04$"))
    assert ("born 1947" in page.text, "JP4-04" in page.text) == (True, True)


async def test_both_languages_say_the_same(world: World) -> None:
    async with visitor(world, cast.CLERK, language="zh-CN") as browser:
        page = await browser.open("/office/households/JP4-04")
    assert "1947年生" in page.text
    assert "谭有军(四组)" in page.text


async def test_nothing_found_says_what_to_do(clerk: Visitor) -> None:
    page = await clerk.open("/office/households?q=zzz")
    assert "Try the first letters of the name in pinyin" in page.text


async def test_a_sound_alike_is_offered_as_such(clerk: Visitor) -> None:
    assert "These sound alike" in (await clerk.open("/office/households?q=hsh")).text


@pytest.mark.parametrize("query", ["q=%25", "q=%27%3B--", "q=%00", "page=0", "page=x", "page=99999999999", "group=%5C"])
async def test_hostile_queries_are_answered(clerk: Visitor, query: str) -> None:
    assert (await clerk.open(f"/office/households?{query}")).status == 200


async def test_who_was_looked_at_last_comes_first(clerk: Visitor) -> None:
    await clerk.open("/office/households/JP4-34")
    page = await clerk.open("/office/households?q=何世发")
    assert [address for address, _ in page.links if "/households/JP" in address] == [
        "/office/households/JP4-34",
        "/office/households/JP1-08",
    ]


async def test_a_stranger_and_a_neighbour_see_nothing(world: World) -> None:
    async with visitor(world) as nobody:
        assert (await nobody.open("/office/households/JP4-04", expect=None)).path == "/sign-in"
    async with visitor(world, NEIGHBOUR) as neighbour:
        hidden = await neighbour.open("/office/households/JP4-04", expect=404)
        missing = await neighbour.open("/office/households/JP9-99", expect=404)
    assert re.sub(r"JP\d-\d\d|[0-9A-F]{8}", "", hidden.text) == re.sub(r"JP\d-\d\d|[0-9A-F]{8}", "", missing.text)


async def test_buyers_and_store_clerks_may_not_come_in(world: World) -> None:
    for person in (cast.STORE_CLERK, ("s13", "purchaser"), ("admin", "administrator"), "JP4-04"):
        async with visitor(world, person) as browser:
            await browser.open("/office/households", expect=403)


async def test_a_page_asks_the_database_a_fixed_number_of_times(
    world: World, clerk: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = DB.fetch

    async def counted(sql: str, *values: object) -> object:
        asked.append(sql)
        return await fetch(sql, *values)

    monkeypatch.setattr(DB, "fetch", counted)
    counts = []
    for code in ("JP4-04", "JP1-01", "JP3-09"):
        asked.clear()
        await clerk.open(f"/office/households/{code}")
        counts.append(len(asked))
    assert counts == [counts[0]] * 3
    assert counts[0] <= 9 + 4 * len(MARKETPLACE.household_panels), asked
    asked.clear()
    await clerk.open("/office/households")
    assert len(asked) <= 6, asked


# Status: masked


async def test_a_clerk_never_sees_a_status(clerk: Visitor) -> None:
    page = await clerk.open("/office/households/JP4-04")
    assert not re.search(r"poor|poverty|status", page.text, re.IGNORECASE)


async def test_a_secretary_opens_a_status_with_a_reason_that_is_written_down(world: World, secretary: Visitor) -> None:
    page = await secretary.open("/office/households/JP4-02")
    assert "Lifted from poverty" not in page.text
    await secretary.send("/status", {"reason": " "}, expect=422)
    assert await world.count("audit_line") == 0
    page = await secretary.send("/status", {"reason": "visit"})
    assert re.search("Lifted from poverty|Registered poor", page.text)
    assert await world.admin.fetchval("select detail->>'reason' from audit_line where verb = 'open_status'") == "visit"
    other = await secretary.open("/office/households/JP4-05")
    assert not re.search("Lifted from poverty|Registered poor", other.text)


async def test_a_colleague_may_not_open_a_status(world: World, clerk: Visitor) -> None:
    page = await clerk.open("/office/households/JP4-02")
    token = page.form("label-name").fields
    answer = await clerk.client.post(
        "/office/households/JP4-02/status",
        data={"_csrf_token": token["_csrf_token"][0], "_key": token["_key"][0], "reason": "x"},
        headers={"Origin": "http://localhost:8000"},
    )
    assert answer.status_code == 403
    assert await world.count("audit_line") == 0


# Cards


async def test_a_card_is_made_and_printed(world: World, clerk: Visitor) -> None:
    await clerk.open("/office/households/JP1-10/card")
    page = await clerk.send("/card$", {"pin": "1357", "pin_again": "1357"})
    assert page.path == "/office/households/JP1-10/card/print"
    code = await world.admin.fetchval(
        "select c.code from card c join household h on h.id = c.household where h.code = 'JP1-10'"
    )
    assert code[:4] + "-" + code[4:8] in page.text


async def test_faulty_pins_are_told_and_nothing_is_made(world: World, clerk: Visitor) -> None:
    before = await world.count("card")
    await clerk.open("/office/households/JP1-10/card")
    for pin, again, words in (("1357", "1358", "differ"), ("1234", "1234", "first"), ("12", "12", "four digits")):
        page = await clerk.send("/card$", {"pin": pin, "pin_again": again}, expect=422)
        assert words in page.text
        assert pin not in [value for form in page.forms for values in form.fields.values() for value in values]
    assert await world.count("card") == before


async def test_a_lost_card_is_replaced_and_no_longer_opens(world: World, clerk: Visitor) -> None:
    await clerk.open("/office/households/JP4-08/card")
    page = await clerk.send("/card/replace", {"reason": "lost", "pin": "1357", "pin_again": "1357"})
    assert page.status == 200
    states = await world.admin.fetch(
        "select c.code, blocked_reason from card c join household h on h.id = c.household where h.code = 'JP4-08'"
    )
    assert {(row["code"] == card_code("JP4-08"), row["blocked_reason"]) for row in states} == {
        (True, "lost"),
        (False, None),
    }


async def test_a_card_of_another_household_is_not_blocked_through_this_one(world: World, clerk: Visitor) -> None:
    other = await world.admin.fetchval("select id from card where code = $1", card_code("JP4-04"))
    fields = (await clerk.open("/office/households/JP4-08/card")).form("/card/replace").fields
    answer = await clerk.client.post(
        f"/office/households/JP4-08/card/{other}/block",
        data={"_csrf_token": fields["_csrf_token"][0], "_key": fields["_key"][0], "reason": "x"},
        headers={"Origin": "http://localhost:8000"},
    )
    assert answer.status_code == 404
    assert await world.admin.fetchval("select blocked_at from card where id = $1", other) is None


async def test_one_form_sent_twenty_times_makes_one_card(world: World, clerk: Visitor) -> None:
    fields = (await clerk.open("/office/households/JP1-10/card")).form("/card$").fields
    sent = {name: values[0] for name, values in fields.items()} | {"pin": "1357", "pin_again": "1357"}
    answers = await asyncio.gather(
        *(
            clerk.client.post(
                "/office/households/JP1-10/card",
                data=sent,
                headers={"Origin": "http://localhost:8000"},
                follow_redirects=False,
            )
            for _ in range(20)
        )
    )
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await world.admin.fetchval("select count(*) from audit_line where verb = 'issue_card'") == 1


async def test_a_supervisor_looks_and_writes_nothing(world: World) -> None:
    async with visitor(world, SUPERVISOR) as browser:
        page = await browser.open("/office/households/JP4-04")
        assert not any("/card" in address for address, _ in page.links)
        await browser.open("/office/households/JP4-04/card", expect=403)
        await browser.open("/office/households/import", expect=403)


# Proxies


async def test_a_proxy_is_named_and_ended(world: World, clerk: Visitor) -> None:
    await clerk.open("/office/households/JP4-04/proxies")
    page = await clerk.send("/proxies$", {"name": "彭翠英", "lives_in": "JP4-35", "valid_from": "2018-11-21"})
    assert "彭翠英" in page.text
    await clerk.open("/office/households/JP4-04/proxies")
    await clerk.send(r"/proxies/[0-9a-f-]+/end")
    ended = await world.admin.fetchval(
        "select valid_until::text from proxy p join household h on h.id = p.household where h.code = 'JP4-04'"
    )
    assert ended == "2018-11-21"


async def test_a_faulty_proxy_keeps_what_was_typed(world: World, clerk: Visitor) -> None:
    await clerk.open("/office/households/JP4-04/proxies")
    page = await clerk.send(
        "/proxies$",
        {"name": "彭翠英", "lives_in": "JP1-01", "valid_from": "2018-11-21", "note": "neighbour"},
        expect=422,
    )
    assert "Nobody called 彭翠英 lives in JP1-01" in page.text
    assert page.form("/proxies$").fields["note"] == ["neighbour"]
    page = await clerk.send("/proxies$", {"name": "", "valid_from": "2018-02-30"}, expect=422)
    assert "Enter a day as year-month-day" in page.text
    assert await world.count("proxy") == 1


# Sheets


def sheet(text: str, name: str = "农户.csv") -> dict[str, tuple[str, bytes, str]]:
    return {"file": (name, text.encode("gb18030"), "text/csv")}


async def test_a_sheet_is_looked_through_then_taken_in_then_known(world: World, secretary: Visitor) -> None:
    await secretary.open("/office/households/import")
    page = await secretary.send("/import$", files=sheet(GOOD))
    assert await world.count("household") == 264
    assert "高小明" in page.text
    page = await secretary.send("/import/confirm")
    assert "1 new households" in page.text
    assert await world.count("household") == 265
    await secretary.open("/office/households/import")
    page = await secretary.send("/import$", files=sheet(GOOD))
    assert "Everything in this sheet is known" in page.text
    assert not any("confirm" in form.action for form in page.forms)


async def test_a_confirmed_plan_sent_again_from_another_page_changes_nothing(world: World, secretary: Visitor) -> None:
    await secretary.open("/office/households/import")
    plan = (await secretary.send("/import$", files=sheet(GOOD))).form("confirm").fields["plan"][0]
    await secretary.send("/import/confirm")
    await secretary.open("/office/households/import")
    await secretary.send("/import$", files=sheet(GOOD.replace("JP1-90", "JP1-91")))
    page = await secretary.send("/import/confirm", {"plan": plan})
    assert "Nothing was changed" in page.text
    assert await world.count("household") == 265


async def test_faults_are_listed_by_row_and_column_and_nothing_is_written(world: World, secretary: Visitor) -> None:
    await secretary.open("/office/households/import")
    page = await secretary.send("/import$", files=sheet(GOOD + "JP9-01,九组,=A1,?,,子,x,17\n"), expect=422)
    for words in ("3 Year of birth", "There is no group", "This is a formula"):
        assert words.removeprefix("3 ") in page.text
    assert not any("confirm" in form.action for form in page.forms)
    assert (await world.count("household"), await world.count("audit_line")) == (264, 0)


async def test_a_workbook_is_taken_in_like_a_csv_file(world: World, secretary: Visitor) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        written = book.add_worksheet()
        for row, line in enumerate(GOOD.splitlines()):
            written.write_row(row, 0, line.split(","))
    await secretary.open("/office/households/import")
    await secretary.send("/import$", files={"file": ("农户.xlsx", out.getvalue(), "application/octet-stream")})
    await secretary.send("/import/confirm")
    assert await world.count("household") == 265


@pytest.mark.parametrize(
    ("content", "words", "status"),
    [
        (b"", "no rows below the header", 422),
        (b"name\nx\n", "columns are missing", 422),
        (b"PK\x03\x04", "no sheet that can be read", 422),
        (b"a" * 2_050_000, "larger than 2 MB", 422),
        (b"a" * 3_000_000, "too large", 413),
    ],
)
async def test_what_cannot_be_read_is_refused_in_words(
    secretary: Visitor, content: bytes, words: str, status: int
) -> None:
    await secretary.open("/office/households/import")
    page = await secretary.send("/import$", files={"file": ("x.csv", content, "text/csv")}, expect=status)
    assert words in page.text


async def test_a_changed_or_foreign_plan_is_refused(world: World, secretary: Visitor) -> None:
    await secretary.open("/office/households/import")
    plan = (await secretary.send("/import$", files=sheet(GOOD))).form("confirm").fields["plan"][0]
    await secretary.send("/import/confirm", {"plan": plan[:-8] + "AAAAAAA="}, expect=422)
    async with visitor(world, ("y01", "branch_secretary")) as neighbour:
        await neighbour.open("/office/households/import")
        mine = HEADER + "YL1-90,一组,高小明,一般户,高小明,户主,男,1970\n"
        await neighbour.send("/import$", files=sheet(mine))
        await neighbour.send("/import/confirm", {"plan": plan}, expect=422)
    assert await world.count("household") == 264


async def test_the_empty_sheet_comes_in_the_readers_language(world: World) -> None:
    async with visitor(world, cast.SECRETARY, language="zh-CN") as browser:
        answer = await browser.client.get("/office/households/template")
    assert answer.content.decode() == template_of("zh_CN")
    assert "filename*=UTF-8''" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"


# The household itself


async def test_a_household_sees_its_own_page_and_says_whether_it_is_named(world: World) -> None:
    async with visitor(world, "JP4-05") as browser:
        page = await browser.open("/home")
        assert not re.search("poor|poverty", page.text)
        await browser.send("/home/label-name")
    assert await world.admin.fetchval("select show_name from household where code = 'JP4-05'") is True
    assert await world.admin.fetchval("select role from audit_line") == "household_member"


async def test_home_is_for_households_only(world: World) -> None:
    async with visitor(world) as nobody:
        assert (await nobody.open("/home", expect=None)).path == "/card"
    async with visitor(world, cast.CLERK) as clerk:
        await clerk.open("/home", expect=403)


async def test_a_blocked_card_signs_out_its_household(world: World) -> None:
    async with visitor(world, "JP4-05") as browser:
        await browser.open("/home")
        await world.admin.execute(
            "update card set blocked_at = now(), blocked_reason = 'lost' where code = $1", card_code("JP4-05")
        )
        assert (await browser.open("/home", expect=None)).path == "/card"


@pytest.mark.parametrize("path", ["/office/households", "/office/households/JP4-04", "/home"])
async def test_a_page_takes_no_post(clerk: Visitor, path: str) -> None:
    answer = await clerk.client.post(path, headers={"Origin": "http://localhost:8000"})
    assert answer.status_code == 405


async def test_a_forged_post_writes_nothing(world: World, clerk: Visitor) -> None:
    await clerk.open("/office/households/JP4-04/card")
    answer = await clerk.client.post(
        "/office/households/JP4-04/card/pin",
        data={"pin": "1357", "pin_again": "1357"},
        headers={"Origin": "http://localhost:8000"},
    )
    assert answer.status_code == 403
    assert await world.count("audit_line") == 0


@pytest.mark.parametrize(
    "person",
    [cast.CLERK, cast.INSPECTOR, cast.CASHIER, cast.SECRETARY, ("s03", "first_secretary"), SUPERVISOR],
    ids=lambda person: person[1],
)
async def test_the_household_page_offers_only_what_opens(world: World, person: tuple[str, str]) -> None:
    async with visitor(world, person) as browser:
        page = await browser.open(f"/office/households/{cast.TAN}")
        for address in {address for address, _ in page.links if address.startswith(f"/office/households/{cast.TAN}/")}:
            await browser.open(address)
