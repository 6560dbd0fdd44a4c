"""An intake as people do it: in Chinese on a phone, in English at a desk."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import MakePerson, Person

pytestmark = pytest.mark.browser

CASES = [("zh-CN", 390, "JP4-04", "JP-2018-"), ("en-US", 1280, "JP5-01", "JP-2018-")]


def sign_in(who: Person, login: str, role: str = "") -> None:
    """Sign in as staff, choosing the role where there are several."""
    who.open("/sign-in")
    who.fill("login", login)
    who.fill("password", "jinpo-2018")
    who.press("main form button")
    if "/acting" in who.page.url:
        who.press(f"main button[value='{role}'], main form:has(input[value='{role}']) button")


def open_drawer(who: Person) -> None:
    """Count ten notes of a hundred, unless the drawer is open."""
    who.open("/office/cash")
    if who.page.locator("a[href='/office/cash/open'] >> visible=true").count():
        who.open("/office/cash/open")
        who.fill("counts.0.pieces", "10")
        who.press("button.main")


@pytest.mark.parametrize(("language", "width", "household", "voucher"), CASES, ids=["zh-390", "en-1280"])
def test_package_is_weighed_checked_and_paid(
    person: MakePerson, language: str, width: int, household: str, voucher: str
) -> None:
    cashier = person(language, width)
    sign_in(cashier, "s07")
    open_drawer(cashier)
    cashier.open("/office/intake")
    cashier.fill("q", household)
    cashier.press("form[role=search] button, form.findbar button")
    cashier.press("form[action='/office/intake/start'] button")
    cashier.press("button.chip[value='P01']")
    cashier.fill("lines.1.quantity", "3.9")
    cashier.press("button.main")  # 1.00 short now: the main button is the exact suggestion
    assert "1.00" in cashier.text()
    cashier.press("button.main")
    cashier.press("button.main")  # weighed
    for tick in cashier.page.locator("input[name^='checks']").all():
        tick.check()
    cashier.fill("pin", "2468")
    if cashier.page.locator("select[name=login]").count():
        cashier.page.select_option("select[name=login]", "s05")
    cashier.press("button.main")
    cashier.press("button.main")  # pays under the own session
    assert re.search(rf"{voucher}\d{{4}}", cashier.text())
    address = cashier.page.url.removeprefix(cashier.base)
    cashier.open(address + "/voucher")
    assert "壹佰元整" in cashier.text()
    cashier.open(address + "/label")
    assert cashier.page.locator("main svg path").count() >= 1
    cashier.open(f"/office/households/{household}")
    cashier.open("/office/intake/day")
    cashier.open("/office/cash/close")
