"""Doors of sign-in, acting roles, secrets and people, as a browser uses them."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from marketplace.demo.world import CARD_PIN, CUSTOMER, PASSWORD, PIN, card_code
from tests.conftest import World
from tests.marketplace.conftest import Browser, SignIn, SignInCard, shown

HOME = "/tiny/households/JP4-06"


async def enter(browser: Browser, login: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    await browser.get("/sign-in")
    return await browser.post("/sign-in", {"login": login, "password": password, **more})


# ---------- signing in ----------


async def test_staff_sign_in_and_go_where_they_wanted(browser: Browser) -> None:
    await browser.get(HOME)
    page = await browser.get("/sign-in?next=" + HOME)
    assert page.status_code == 200
    answer = await enter(browser, "s07", next=HOME)
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    assert shown(await browser.get(HOME), "code") == "JP4-06"


async def test_staff_begin_at_the_first_page_of_their_role(browser: Browser) -> None:
    assert (await enter(browser, "s07")).headers["location"] == "/office/intake"


async def test_sign_in_never_leads_elsewhere(browser: Browser) -> None:
    assert (await enter(browser, "s07", next="//evil.example")).headers["location"] == "/office/intake"


async def test_session_cookie_is_new_and_the_browsers_own_value_is_ignored(browser: Browser, world: World) -> None:
    chosen = "A" * 43
    browser.client.cookies.set("s", chosen)
    answer = await enter(browser, "s07")
    fresh = re.search(r"(?:^|, )s=([^;]+);([^,]*)", answer.headers["set-cookie"])
    assert fresh is not None
    assert fresh[1] != chosen
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in fresh[2].split(";")}
    browser.client.cookies.clear()
    browser.client.cookies.set("s", chosen)
    assert (await browser.get(HOME)).status_code == 303


@pytest.mark.parametrize("cookie", ["x", "A" * 42, "A" * 44, "令" * 43, "A" * 5000, "' or 1=1 --"])
async def test_strange_cookies_are_nobody(browser: Browser, cookie: str) -> None:
    answer = await browser.client.get(HOME, headers={b"cookie": f"s={cookie}".encode()})
    assert answer.status_code == 303


async def test_signing_in_again_gives_a_new_token(browser: Browser) -> None:
    await enter(browser, "s07")
    first = browser.client.cookies["s"]
    await enter(browser, "s07")
    assert browser.client.cookies["s"] != first


async def test_wrong_password_is_said_beside_the_field_and_typed_login_is_kept(browser: Browser, world: World) -> None:
    known = await enter(browser, "s07", "wrong-password")
    unknown = await enter(browser, "s77", "wrong-password")
    assert (known.status_code, unknown.status_code) == (422, 422)
    sentence = "The name or the password is not right. Check both and try again."
    assert sentence in known.text
    assert sentence in unknown.text
    assert 'value="s07"' in known.text
    assert "wrong-password" not in known.text
    assert "s" not in browser.client.cookies
    assert await world.count("web_session") == 0


async def test_waiting_is_said_with_its_minutes(browser: Browser) -> None:
    for _time in range(5):
        await enter(browser, "s07", "wrong-password")
    answer = await enter(browser, "s07")
    assert answer.status_code == 422
    assert "Too many wrong tries. Wait 1 min, then try again" in answer.text


async def test_sign_in_from_elsewhere_is_refused(browser: Browser) -> None:
    await browser.get("/sign-in")
    fields = {"login": "s07", "password": PASSWORD}
    assert (await browser.post("/sign-in", fields, origin="https://evil.example")).status_code == 403
    assert (await browser.post("/sign-in", fields | {"_csrf_token": ""})).status_code == 403
    assert "s" not in browser.client.cookies


async def test_card_and_pin_show_the_own_household_only(browser: Browser) -> None:
    await browser.get("/card?next=" + HOME)
    typed = "-".join(re.findall(".{1,4}", card_code("JP4-06").lower()))
    answer = await browser.post("/card", {"code": typed, "pin": CARD_PIN, "next": HOME})
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    assert shown(await browser.get(HOME), "code") == "JP4-06"
    assert (await browser.get("/tiny/households/JP4-04")).status_code == 404


async def test_wrong_pin_of_a_card_is_refused(browser: Browser) -> None:
    await browser.get("/card")
    answer = await browser.post("/card", {"code": card_code("JP4-06"), "pin": "0000"})
    assert answer.status_code == 422
    assert "The number or the PIN is not right. The village office can set a new PIN." in answer.text
    short = await browser.post("/card", {"code": "JP4-06", "pin": CARD_PIN})
    assert "This code is not complete." in short.text


async def test_customer_signs_up_and_is_in(browser: Browser, world: World) -> None:
    await browser.get("/sign-up")
    fields = {"name": "李雪", "contact": "13812341234", "password": "土鸡蛋三十枚黄豆", "agreed": "on", "next": "/tiny"}
    answer = await browser.post("/sign-up", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tiny")
    page = await browser.get("/tiny")
    assert (shown(page, "who"), shown(page, "flash")) == ("customer", "Welcome, 李雪.")
    assert "Max-Age=7776000" in answer.headers["set-cookie"]


async def test_sign_up_says_all_that_is_wrong_at_once(browser: Browser) -> None:
    await browser.get("/sign-up")
    answer = await browser.post("/sign-up", {"contact": "13812341234"})
    assert answer.status_code == 422
    assert answer.text.count("Fill this in.") >= 3
    short = await browser.post("/sign-up", {"name": "x", "contact": "138", "password": "short", "agreed": "on"})
    assert "Enter a mobile number of 11 digits or an e-mail address." in short.text


async def test_look_follows_the_person_to_the_next_device(
    browser: Browser, open_browser: Callable[[], Browser]
) -> None:
    await enter(browser, "s07")
    await browser.post("/look", {"step": "24", "locale": "zh_CN"})
    other = open_browser()
    await enter(other, "s07")
    assert (other.client.cookies["step"], other.client.cookies["locale"]) == ("24", "zh_CN")
    assert "24" in (await other.get("/acting")).text


# ---------- signing out ----------


async def test_signed_out_cookie_opens_no_door_any_more(browser: Browser) -> None:
    await enter(browser, "s07", next=HOME)
    old = browser.client.cookies["s"]
    await browser.get(HOME)
    answer = await browser.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "s" not in browser.client.cookies
    browser.client.cookies.set("s", old)
    for path in (HOME, "/acting", "/account/password", "/tiny/download"):
        assert (await browser.get(path)).status_code == 303, path


async def test_nobody_is_signed_out_from_elsewhere(browser: Browser) -> None:
    await enter(browser, "s07")
    assert (await browser.post("/sign-out", None, **{"sec-fetch-site": "cross-site"})).status_code == 403
    browser.hidden = {}
    assert (await browser.post("/sign-out")).status_code == 403
    assert (await browser.get(HOME)).status_code == 200


async def test_page_that_ends_late_does_not_bring_a_session_back(browser: Browser, world: World) -> None:
    await enter(browser, "s07")
    await world.admin.execute("update web_session set seen_at = now() - interval '20 minutes'")
    await browser.get(HOME)
    await world.admin.execute("update web_session set revoked_at = now()")
    answer = await browser.get(HOME)
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers


# ---------- acting as ----------


async def test_two_roles_are_chosen_between_and_shown(browser: Browser) -> None:
    answer = await enter(browser, "s02")
    assert answer.headers["location"] == "/acting"
    page = await browser.get("/acting")
    grants = re.findall(r'name="grant" value="([0-9a-f-]{36})"', page.text)
    assert len(grants) == 2
    assert (await browser.get("/tiny/download")).status_code == 200
    assert (await browser.get(HOME)).status_code == 403
    old = browser.client.cookies["s"]
    answer = await browser.post("/acting", {"grant": grants[0]})
    assert (answer.status_code, answer.headers["location"]) == (303, "/office/intake")
    assert browser.client.cookies["s"] != old
    browser.client.cookies.set("s", old)
    assert (await browser.get("/acting")).status_code == 303


async def test_foreign_grant_is_refused(sign_in: SignIn, world: World) -> None:
    clerk = await sign_in("s04", "intake_clerk")
    await clerk.get("/acting")
    foreign = await world.admin.fetchval("select id from role_grant where role = 'cashier' limit 1")
    answer = await clerk.post("/acting", {"grant": str(foreign)})
    assert answer.status_code == 422
    assert "You do not hold this role today." in answer.text


async def test_card_has_no_roles_to_choose(sign_in_card: SignInCard) -> None:
    card = await sign_in_card("JP4-06")
    page = await card.get("/acting")
    assert page.status_code == 200
    assert 'name="grant"' not in page.text


# ---------- secrets ----------


async def test_password_is_changed_by_the_own_form(browser: Browser) -> None:
    await enter(browser, "s07")
    await browser.get("/account/password")
    fresh = "三十枚土鸡蛋四公斤黄豆"
    unequal = {"old_password": PASSWORD, "new_password": fresh, "repeated": "other-words"}
    answer = await browser.post("/account/password", unequal)
    assert answer.status_code == 422
    assert "The two passwords differ." in answer.text
    answer = await browser.post(
        "/account/password", {"old_password": PASSWORD, "new_password": fresh, "repeated": fresh}
    )
    assert answer.status_code == 303
    assert (await browser.get(HOME)).status_code == 200
    assert (await enter(browser, "s07", fresh)).status_code == 303


async def test_pin_is_changed_by_the_own_form(browser: Browser) -> None:
    await enter(browser, "s05")
    await browser.get("/account/password")
    assert (await browser.post("/account/pin", {"password": PASSWORD, "new_pin": "97"})).status_code == 422
    assert (await browser.post("/account/pin", {"password": PASSWORD, "new_pin": "9753"})).status_code == 303


# ---------- people ----------


@pytest.fixture
async def administrator(browser: Browser, world: World) -> Browser:
    login = await world.admin.fetchval(
        "select u.login from app_user u join role_grant g on g.\"user\" = u.id where g.role = 'administrator'"
    )
    answer = await enter(browser, login)
    assert answer.headers["location"] == "/office/people"
    return browser


async def test_only_the_administrator_sees_people(sign_in: SignIn, sign_in_card: SignInCard) -> None:
    for visitor in (await sign_in("s01", "branch_secretary"), await sign_in_card("JP4-06")):
        assert (await visitor.get("/office/people")).status_code == 403
        assert (await visitor.get("/office/people/s07")).status_code == 403


async def test_administrator_sees_no_household(administrator: Browser) -> None:
    assert (await administrator.get(HOME)).status_code == 403


async def test_person_is_added_gets_a_role_and_can_act(
    administrator: Browser, open_browser: Callable[[], Browser], world: World
) -> None:
    page = await administrator.get("/office/people")
    assert page.status_code == 200
    assert "程建军" in page.text
    fields = {
        "login": "Z01", "name": "赵新", "new_password": "first-password-1", "new_pin": "8642", "own_password": PASSWORD,
    }  # fmt: skip
    answer = await administrator.post("/office/people", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/office/people/z01")
    page = await administrator.get("/office/people/z01")
    assert "No role yet." in page.text
    role = {"role": "intake_clerk", "scope": "village:JP", "valid_from": "2018-11-21", "own_password": PASSWORD}
    assert (await administrator.post("/office/people/z01/roles", role)).status_code == 303
    newcomer = open_browser()
    assert (await enter(newcomer, "z01", "first-password-1", next=HOME)).headers["location"] == HOME
    assert (await newcomer.get(HOME)).status_code == 200
    page = await administrator.get("/office/people/z01")
    end = re.search(r'formaction="(/office/people/z01/roles/[^"]+/end)"', page.text)
    assert end is not None
    answer = await administrator.post(end[1], {"last_day": "2018-11-20", "own_password": PASSWORD})
    assert answer.status_code == 422
    assert "The last day lies before the first." in answer.text
    close = await administrator.post("/office/people/z01/active", {"active": "no", "own_password": PASSWORD})
    assert close.status_code == 303
    assert (await newcomer.get(HOME)).status_code == 303


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"scope": "county"}, "This role is not given for that."),
        ({"scope": "village:NO"}, "This role is not given for that."),
        ({"role": "emperor"}, "Choose one of the list."),
        ({"valid_until": "2018-11-01"}, "The last day lies before the first."),
        ({"own_password": "wrong-password"}, "The name or the password is not right."),
    ],
)
async def test_bad_grants_are_refused(
    administrator: Browser, world: World, fields: dict[str, str], sentence: str
) -> None:
    before = await world.count("role_grant")
    await administrator.get("/office/people/s04")
    good = {"role": "inspector", "scope": "village:JP", "valid_from": "2018-11-21", "own_password": PASSWORD}
    answer = await administrator.post("/office/people/s04/roles", good | fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await world.count("role_grant") == before


async def test_own_account_is_not_changed_by_oneself(administrator: Browser, world: World) -> None:
    login = await world.admin.fetchval(
        "select u.login from app_user u join role_grant g on g.\"user\" = u.id where g.role = 'administrator'"
    )
    await administrator.get("/office/people")
    role = {"role": "cashier", "scope": "village:JP", "valid_from": "2018-11-21", "own_password": PASSWORD}
    answer = await administrator.post(f"/office/people/{login}/roles", role)
    assert answer.status_code == 422
    assert "Your own roles and account are changed by another administrator." in answer.text


async def test_end_of_a_role_through_another_person_is_not_found(administrator: Browser, world: World) -> None:
    grant = await world.admin.fetchval("select id from role_grant where role = 'purchaser'")
    await administrator.get("/office/people/s04")
    path = f"/office/people/s04/roles/{grant}/end"
    assert (await administrator.post(path, {"last_day": "2018-11-21", "own_password": PASSWORD})).status_code == 404


async def test_forgotten_secrets_are_reset_and_sessions_end(
    administrator: Browser, sign_in: SignIn, open_browser: Callable[[], Browser]
) -> None:
    cashier = await sign_in("s07", "cashier")
    await administrator.get("/office/people/s07")
    nothing = await administrator.post("/office/people/s07/secrets", {"own_password": PASSWORD})
    assert "Type a new password or a new PIN." in nothing.text
    fields = {"own_password": PASSWORD, "new_password": "fresh-password-1"}
    assert (await administrator.post("/office/people/s07/secrets", fields)).status_code == 303
    assert (await cashier.get(HOME)).status_code == 303
    assert (await enter(open_browser(), "s07", "fresh-password-1")).status_code == 303


async def test_login_name_is_given_once(administrator: Browser) -> None:
    await administrator.get("/office/people")
    fields = {
        "login": "s07",
        "name": "x",
        "new_password": "first-password-1",
        "new_pin": "8642",
        "own_password": PASSWORD,
    }
    answer = await administrator.post("/office/people", fields)
    assert answer.status_code == 422
    assert "Somebody has this login name already." in answer.text
    assert PIN not in answer.text


async def test_customers_are_no_people_of_the_office(administrator: Browser) -> None:
    page = await administrator.get("/office/people")
    assert "周明" not in page.text
    assert CUSTOMER not in page.text
