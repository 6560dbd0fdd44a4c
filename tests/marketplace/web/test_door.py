"""Doors: who comes in, what is loaded, what is shown again, and what every failure becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from litestar.exceptions import ImproperlyConfiguredException
from msgspec import Struct

from marketplace.households.tables import Household
from marketplace.journal.actions import Answer
from marketplace.web.door import Page, Scoped, Visit, deed, page
from marketplace.web.policy import public
from tests.conftest import World
from tests.marketplace.conftest import Browser, SignIn, SignInCard, shown

HOME = "/tiny/households/JP4-06"
BOOKS = "The books do not allow this as it stands. Look at the page again, then change what was entered."
RENAME = f"{HOME}/rename"


async def name_of(world: World, code: str) -> str:
    name: str = await world.admin.fetchval("select head_name from household where code = $1", code)
    return name


# ---------- pages ----------


async def test_public_page_needs_nobody_and_sets_no_cookie(browser: Browser, world: World) -> None:
    answer = await browser.get("/tiny")
    assert (answer.status_code, shown(answer, "who")) == (200, "public")
    assert "set-cookie" not in answer.headers
    assert await world.count("web_session") == 0


async def test_public_page_sees_through_the_public_scope_at_the_business_clock(browser: Browser) -> None:
    assert (await browser.get("/tiny/scope")).text == "public 0 2018-11-21"


async def test_page_cannot_write(browser: Browser, world: World) -> None:
    before = await world.count("audit_line")
    assert (await browser.get("/tiny/write")).status_code == 500
    assert await world.count("audit_line") == before


async def test_head_answers_like_get_without_a_body(browser: Browser) -> None:
    answer = await browser.client.head("/tiny")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_query_is_read_and_unreadable_parts_fall_back(browser: Browser) -> None:
    assert shown(await browser.get("/tiny?q=鸡蛋&page=3"), "q") == "鸡蛋:3"
    assert shown(await browser.get("/tiny?q=eggs&page=three"), "q") == "eggs:1"
    assert shown(await browser.get("/tiny?q=" + "x" * 30), "q") == ":1"
    assert (await browser.get("/tiny?" + "&".join(f"a{n}=1" for n in range(2100)))).status_code == 400


async def test_stranger_is_sent_to_sign_in_and_back(browser: Browser) -> None:
    answer = await browser.get(HOME + "?tab=income")
    assert (answer.status_code, answer.headers["location"]) == (
        303, "/sign-in?next=/tiny/households/JP4-06%3Ftab%3Dincome",
    )  # fmt: skip


async def test_own_village_is_shown(sign_in: SignIn) -> None:
    answer = await (await sign_in("s07", "cashier")).get(HOME)
    assert (answer.status_code, shown(answer, "code")) == (200, "JP4-06")
    assert answer.headers["cache-control"] == "no-store"


async def test_wrong_role_is_refused(sign_in: SignIn) -> None:
    answer = await (await sign_in("s05", "inspector")).get(HOME)
    assert answer.status_code == 403
    assert '<p id="code">' not in answer.text


async def test_missing_and_not_yours_are_the_same(sign_in: SignIn, sign_in_card: SignInCard) -> None:
    clerk = await sign_in("s04", "intake_clerk")
    for code in ("JP9-99", "x" * 200, "%00", "%E4%B8%8D", "..%2f", "'; drop table household; --"):
        assert (await clerk.get(f"/tiny/households/{code}")).status_code == 404, code
    card = await sign_in_card("JP4-06")
    assert (await card.get("/tiny/households/JP4-06")).status_code == 200
    neighbour = await card.get("/tiny/households/JP4-04", accept="application/json")
    missing = await card.get("/tiny/households/JP9-99", accept="application/json")
    assert (neighbour.status_code, missing.status_code) == (404, 404)
    assert neighbour.json()["error"] == missing.json()["error"]


async def test_staff_of_another_village_find_nothing(sign_in: SignIn, world: World) -> None:
    await world.admin.execute(
        "update role_grant set scope = $1 where role = 'cashier'", await world.id_of("village", "YL")
    )
    assert (await (await sign_in("s07", "cashier")).get(HOME)).status_code == 404


async def test_nested_row_of_another_parent_is_not_found(sign_in: SignIn) -> None:
    clerk = await sign_in("s04", "intake_clerk")
    assert (await clerk.get("/tiny/households/JP4-06/members/JP4-06-1")).status_code == 200
    assert (await clerk.get("/tiny/households/JP4-06/members/JP4-04-1")).status_code == 404


async def test_download_has_its_chinese_name(sign_in: SignIn) -> None:
    answer = await (await sign_in("s04", "intake_clerk")).get("/tiny/download")
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\".csv\"; filename*=UTF-8''%E6%94%B6%E5%85%A5.csv"
    )


# ---------- deeds ----------


async def test_deed_acts_and_leads_on_with_a_notice(sign_in: SignIn, world: World) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    answer = await cashier.post(RENAME, {"head_name": "彭新名"})
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    assert await name_of(world, "JP4-06") == "彭新名"
    assert shown(await cashier.get(HOME), "flash") == "Welcome, 彭新名."
    assert shown(await cashier.get(HOME), "flash") == ""


async def test_same_form_twice_acts_once_and_other_words_are_refused(sign_in: SignIn, world: World) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    first = await cashier.post(RENAME, {"head_name": "one"})
    lines = await world.count("audit_line")
    second = await cashier.post(RENAME, {"head_name": "one"})
    assert (first.status_code, second.status_code) == (303, 303)
    assert await world.count("audit_line") == lines
    third = await cashier.post(RENAME, {"head_name": "two"})
    assert third.status_code == 409
    assert await name_of(world, "JP4-06") == "one"


async def test_faulty_form_is_shown_again_with_what_was_typed(sign_in: SignIn, world: World) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    before = await name_of(world, "JP4-06")
    answer = await cashier.post(RENAME, {"head_name": "a<b name too long", "password": "hush-hush"})
    assert answer.status_code == 422
    assert shown(answer, "error") == "At most 10 signs."
    assert 'value="a&lt;b name too long"' in answer.text
    assert "hush-hush" not in answer.text
    assert await name_of(world, "JP4-06") == before


@pytest.mark.parametrize(
    ("typed", "status", "field", "sentence"),
    [
        ("refuse", 422, "error", "At most 3."),
        ("conflict", 409, "error", "Somebody has changed this in the meantime. Look at it again before you go on."),
        ("known", 422, "error", "Choose a file."),
        ("unknown", 422, "whole", BOOKS),
    ],
)  # fmt: skip
async def test_refusal_is_shown_on_the_page(
    sign_in: SignIn, world: World, typed: str, status: int, field: str, sentence: str
) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    before = await name_of(world, "JP4-06"), await world.count("command"), await world.count("audit_line")
    answer = await cashier.post(RENAME, {"head_name": typed})
    assert (answer.status_code, shown(answer, field)) == (status, sentence)
    assert f'value="{typed}"' in answer.text
    assert "13812341234" not in answer.text
    after = await name_of(world, "JP4-06"), await world.count("command"), await world.count("audit_line")
    assert after == before


@pytest.mark.parametrize(("typed", "status"), [("missing", 404), ("broken", 500), ("unreadable", 400), ("slow", 503)])
async def test_other_failures_have_their_own_page_and_write_nothing(
    sign_in: SignIn, world: World, typed: str, status: int
) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    answer = await cashier.post(RENAME, {"head_name": typed})
    assert answer.status_code == status
    assert "13812341234" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)
    assert await world.count("command") == 0


async def test_deed_without_its_key_is_no_command(sign_in: SignIn, world: World) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    for key in ("", "not-a-key", "13812341234"):
        answer = await cashier.post(RENAME, {"head_name": "x", "_key": key})
        assert answer.status_code == 400
    assert await world.count("command") == 0


async def test_post_without_session_leads_to_sign_in_and_back_to_the_form(browser: Browser) -> None:
    answer = await browser.post(RENAME, {"head_name": "x"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={HOME}")


async def test_post_by_the_wrong_role_is_refused(sign_in: SignIn, world: World) -> None:
    inspector = await sign_in("s05", "inspector")
    before = await name_of(world, "JP4-06")
    assert (await inspector.post(RENAME, {"head_name": "x"})).status_code == 403
    assert await name_of(world, "JP4-06") == before


# ---------- forged posts ----------


async def test_token_of_another_session_is_refused(sign_in: SignIn, world: World) -> None:
    cashier, clerk = await sign_in("s07", "cashier"), await sign_in("s04", "intake_clerk")
    await clerk.get(HOME)
    cashier.hidden = clerk.hidden
    before = await name_of(world, "JP4-06")
    assert (await cashier.post(RENAME, {"head_name": "x"})).status_code == 403
    assert await name_of(world, "JP4-06") == before


@pytest.mark.parametrize("token", ["", "令牌", "x", "ü" * 70])
async def test_wrong_token_is_refused_never_a_crash(sign_in: SignIn, token: str) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    assert (await cashier.post(RENAME, {"head_name": "x", "_csrf_token": token})).status_code == 403


async def test_post_from_elsewhere_is_refused_before_its_body_is_read(sign_in: SignIn) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)

    async def endless() -> AsyncIterator[bytes]:
        yield pytest.fail("the body was read")

    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        request = cashier.client.build_request("POST", RENAME, content=endless(), headers=headers)
        assert (await cashier.client.send(request)).status_code == 403


async def test_token_in_the_header_is_as_good(sign_in: SignIn) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    token = cashier.hidden.pop("_csrf_token")
    assert (await cashier.post(RENAME, {"head_name": "x"}, **{"x-csrftoken": token})).status_code == 303


async def test_form_before_sign_in_is_bound_to_its_browser(
    browser: Browser, open_browser: Callable[[], Browser]
) -> None:
    page_shown = await browser.get("/tiny/say")
    assert page_shown.headers["cache-control"] == "no-store"
    assert list(browser.client.cookies) == ["p"]
    assert (await browser.post("/tiny/say", {"words": "hi"})).status_code == 303
    other = open_browser()
    other.hidden = browser.hidden
    assert (await other.post("/tiny/say", {"words": "hi"})).status_code == 403
    await other.get("/tiny/say")
    other.hidden["_csrf_token"] = browser.hidden["_csrf_token"]
    assert (await other.post("/tiny/say", {"words": "hi"})).status_code == 403


async def test_redirect_never_leaves_the_site(browser: Browser) -> None:
    for away in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nset-cookie: x=1"):
        await browser.get("/tiny/say")
        answer = await browser.post("/tiny/say", {"words": "hi", "next": away})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    await browser.get("/tiny/say")
    answer = await browser.post("/tiny/say", {"words": "hi", "next": "/页?q=鸡蛋"})
    assert answer.headers["location"] == "/%E9%A1%B5?q=%E9%B8%A1%E8%9B%8B"


async def test_notice_cannot_be_forged(browser: Browser) -> None:
    await browser.get("/tiny/say")
    answer = await browser.post("/tiny/say", {"words": "<b>"})
    assert "set-cookie" in answer.headers
    assert shown(await browser.get("/tiny/say"), "flash") == "Welcome, &lt;b&gt;."
    browser.client.cookies.set("f", "00" * 40)
    assert shown(await browser.get("/tiny/say"), "flash") == ""


# ---------- bodies ----------


async def test_large_body_is_refused(sign_in: SignIn) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    assert (await cashier.post(RENAME, {"head_name": "x" * 70_000})).status_code == 413


async def test_file_and_row_come_in_one_form(sign_in: SignIn) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    files = {"file": ("农户.csv", b"a,b\n", "text/csv")}
    answer = await cashier.client.post("/tiny/upload", data={**cashier.hidden, "household": "JP4-06"}, files=files)
    assert (answer.status_code, answer.text) == (200, "JP4-06 农户.csv 4")
    foreign = await cashier.client.post("/tiny/upload", data={**cashier.hidden, "household": "JP9-99"}, files=files)
    assert foreign.status_code == 422
    large = {"file": ("a.csv", b"x" * 30_000, "text/csv")}
    answer = await cashier.client.post("/tiny/upload", data={**cashier.hidden, "household": "JP4-06"}, files=large)
    assert answer.status_code == 413


async def test_many_parts_and_strange_bodies_are_refused(sign_in: SignIn) -> None:
    cashier = await sign_in("s07", "cashier")
    await cashier.get(HOME)
    files = [("file", (f"{number}.csv", b"x", "text/csv")) for number in range(30)]
    answer = await cashier.client.post("/tiny/upload", data=cashier.hidden, files=files)
    assert answer.status_code in (400, 413)
    for headers in (
        {"content-type": "application/json"},
        {"content-type": "multipart/form-data"},
        {"content-type": "x"},
    ):
        answer = await cashier.client.post(RENAME, content=b"{}", headers=headers)
        assert answer.status_code in (400, 403)


async def test_key_is_a_key_of_this_actor_only(sign_in: SignIn) -> None:
    cashier, clerk = await sign_in("s07", "cashier"), await sign_in("s04", "intake_clerk")
    key = str(uuid4())
    await cashier.get(HOME)
    await clerk.get(HOME)
    assert (await cashier.post(RENAME, {"head_name": "x", "_key": key})).status_code == 303
    assert (await clerk.post(RENAME, {"head_name": "x", "_key": key})).status_code == 409


# ---------- what the decorators refuse ----------


class _Form(Struct, frozen=True):
    name: str = ""


def test_door_refuses_raw_ids_and_unknown_names() -> None:
    async def raw(visit: Visit, order_id: str) -> Page:
        return Page("x")

    async def strange(visit: Visit, other: str) -> Page:
        return Page("x")

    async def formless(visit: Visit) -> Page:
        return Page("x")

    with pytest.raises(ImproperlyConfiguredException, match="raw id"):
        page("/x/{order_id:str}", policy=public)(raw)
    with pytest.raises(ImproperlyConfiguredException, match="not in the path"):
        page("/x", policy=public)(strange)
    with pytest.raises(ImproperlyConfiguredException, match="does not take its form"):
        deed("/x", policy=public, form=_Form)(formless)


def test_page_shown_again_needs_no_other_names() -> None:
    async def with_row(visit: Visit, household: Scoped[Household]) -> Page:
        return Page("x")

    async def act(visit: Visit) -> Answer:
        return Answer("/")

    shown_again = page("/y/{household:str}", policy=public)(with_row)
    with pytest.raises(ImproperlyConfiguredException, match="household"):
        deed("/y/all", policy=public, again=shown_again)(act)
