"""One list of places: each opens for whom it is shown to, and everybody begins on a page that opens."""

from __future__ import annotations

from uuid import UUID

import pytest

from marketplace.accounts.routes import first_page
from marketplace.accounts.rules import ROLES, Kind, Signed
from marketplace.web.policy import Policy, public
from marketplace.wing import MARKETPLACE

HOUSE = UUID(int=3)
KINDS: dict[str, Kind] = {"household_member": "card", "customer": "customer", "bulk_client": "customer"}


def policies() -> dict[str, Policy]:
    """Each page's policy by its address."""
    return {
        path: handler.opt["policy"]
        for handler in MARKETPLACE.routers
        if "GET" in handler.http_methods
        for path in handler.paths
    }


def signed(role: str) -> Signed:
    """Somebody who acts in that role."""
    household = HOUSE if role == "household_member" else None
    return Signed(
        UUID(int=1), b"", KINDS.get(role, "staff"), UUID(int=2), "x", role=role, span=ROLES[role].span, household=household
    )


def shown_to(role: str) -> list[str]:
    """The places of the head for that role, in order."""
    return [entry.path for entry in MARKETPLACE.nav if entry.is_for(role)]


@pytest.mark.parametrize("role", list(ROLES))
def test_every_place_that_is_shown_opens(role: str) -> None:
    shut = [path for path in shown_to(role) if policies()[path].verdict(signed(role)) != "open"]
    assert shut == []


@pytest.mark.parametrize("role", list(ROLES))
def test_everybody_begins_on_a_page_that_opens(role: str) -> None:
    assert policies()[first_page(signed(role), "")].verdict(signed(role)) == "open"


@pytest.mark.parametrize("role", list(ROLES))
def test_prices_are_shown_to_everybody_and_more_to_all_staff(role: str) -> None:
    shown = shown_to(role)
    assert len([path for path in shown if path in ("/prices", "/office/prices")]) == 1
    assert (shown[-1] == "/acting") == (role not in KINDS)


def test_visitors_are_led_to_sign_in_from_nothing_but_orders() -> None:
    assert [path for path in shown_to("public") if policies()[path] is not public] == ["/orders"]


def test_a_cashier_finds_everything_in_five_places() -> None:
    assert shown_to("cashier") == ["/office/intake", "/office/households", "/office/cash", "/office/prices", "/acting"]


def test_an_administrator_finds_people_books_and_jobs() -> None:
    assert shown_to("administrator") == ["/office/people", "/prices", "/office/reconcile", "/office/jobs", "/acting"]
