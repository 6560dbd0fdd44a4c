"""An order as people do it, from the market page to the box in the hand; and the pages that others read meanwhile."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import MakePerson, Person
from tests.browser.test_intake import sign_in

pytestmark = pytest.mark.browser

CASES = [("zh-CN", 390, "鸡蛋", "sign-up"), ("en-US", 1280, "jd", "customer@example.com")]


def become_customer(who: Person, contact: str) -> None:
    """On the way to check-out: sign in, or make an account."""
    if contact == "sign-up":
        who.press("main a[href^='/sign-up']")
        who.fill("name", "王小明")
        who.fill("contact", "13800138000")
        who.fill("password", "a-long-password")
        who.page.locator("input[name=agreed]").check()
        who.press("main form button.main")
    else:
        who.fill("login", contact)
        who.fill("password", "jinpo-2018")
        who.press("main form button.main")


@pytest.mark.parametrize(("language", "width", "words", "contact"), CASES, ids=["zh-390", "en-1280"])
def test_box_is_found_ordered_paid_and_taken(
    person: MakePerson, language: str, width: int, words: str, contact: str
) -> None:
    buyer = person(language, width)
    buyer.open("/")
    buyer.open("/?store=VS-JP01")
    buyer.fill("q", words)
    buyer.press("form[role=search] button, form:has([name=q]) button")
    buyer.press("article.pkg h3 a")
    assert "128" in buyer.text()
    buyer.press("button.main")
    buyer.open("/basket")
    buyer.press("a.btn.main, button.main")
    become_customer(buyer, contact)
    if "/checkout" not in buyer.page.url:
        buyer.open("/checkout")
    stores = buyer.page.locator("input[name=place]")
    if stores.count():
        buyer.page.locator("input[name=place][value='VS-JP01']").check()
    buyer.press("button.main")  # kept for half an hour
    buyer.press("button.main")  # ordered
    code = re.search(r"\d{4}", buyer.page.locator(".pickcode").inner_text())
    assert code, buyer.text()
    buyer.open("/orders")

    clerk = person(language, width)
    sign_in(clerk, "s09")
    clerk.open("/office/cash")
    if clerk.page.locator("a[href='/office/cash/open'] >> visible=true").count():
        clerk.open("/office/cash/open")
        clerk.fill("counts.0.pieces", "1")
        clerk.press("button.main")
    clerk.open("/store")
    clerk.fill("code", code.group())
    clerk.press("form[role=search] button")
    clerk.fill("pickup_code", code.group())
    for tick in clerk.page.locator("input[type=checkbox] >> visible=true").all():
        tick.check()
    clerk.press("button.main")
    buyer.open("/orders")
    buyer.press("main a[href^='/orders/']")
    buyer.look()


PUBLIC = ["/", "/?q=zzzz", "/prices", "/sign-in", "/sign-up", "/card", "/basket", "/T"]
NOT_FOUND = ["/T/0000000000", "/no-such-page"]
OFFICE = [
    "/office/intake", "/office/intake/find", "/office/intake/day?on=2018-11-17", "/office/households",
    "/office/households/JP4-06", "/office/households/JP4-06/income", "/office/households/JP4-06/card",
    "/office/households/JP4-06/proxies", "/office/households/JP4-06/draft", "/office/households/import",
    "/office/households/JP4-06/income/new", "/office/households/JP4-06/packages", "/office/prices", "/office/prices/new",
    "/office/products/EGG", "/office/products/SOY", "/office/cash", "/office/cash/2018-11-17", "/acting",
    "/account/password", "/office/reconcile",
]  # fmt: skip
SYSTEM = ["/office/people", "/office/people?q=s07", "/office/people/s07", "/office/jobs", "/office/reconcile", "/prices"]
STORE = ["/store", "/office/cash", "/office/cash/open", "/acting"]
HOME = ["/home", "/home/draft", "/home/packages", "/home/income"]


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)], ids=["zh-390", "en-1280"])
def test_every_page_is_whole(person: MakePerson, language: str, width: int) -> None:
    nobody = person(language, width)
    for path in PUBLIC:
        nobody.open(path)
    for path in NOT_FOUND:
        nobody.open(path, 404)
    secretary = person(language, width)
    sign_in(secretary, "s01")
    for path in OFFICE:
        secretary.open(path)
    secretary.open("/office/intake/day?on=2018-11-17")
    paid = secretary.address("main tr:not(.dim) th a[href^='/office/intake/']")
    for path in (paid, f"{paid}/voucher", f"{paid}/label", f"{paid}/reverse"):
        secretary.open(path)
    secretary.open("/office/households/JP4-06/draft")
    secretary.press("button.chip[value='P01']")
    draft = secretary.page.url.removeprefix(secretary.base)
    secretary.open(draft)
    secretary.open(f"/office/intake/{draft.rsplit('/', 1)[1]}/send-back")
    administrator = person(language, width)
    sign_in(administrator, "admin")
    for path in SYSTEM:
        administrator.open(path)
    clerk = person(language, width)
    sign_in(clerk, "s09")
    for path in STORE:
        clerk.open(path)
    household = person(language, width)
    household.open("/card")
    from marketplace.demo.world import CARD_PIN, card_code

    household.fill("code", card_code("JP4-06"))
    household.fill("pin", CARD_PIN)
    household.press("main form button.main")
    for path in HOME:
        household.open(path)
    assert "4,113.63" in household.text()
