"""The one policy table: every door of the site, who may come in, and what the names in its path stand for.

Written by hand and by no code of the app: a door that is missing here, or one too many, fails `test_access.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# Who comes. Beside the roles of `accounts.rules.ROLES`: nobody, and staff who have not chosen what they act as.
NOBODY: Final = "nobody"
NOT_ACTING: Final = "not acting yet"
STAFF: Final = frozenset(
    {
        "intake_clerk", "inspector", "cashier", "branch_secretary", "village_director", "first_secretary", "supervisor",
        "group_leader", "carrier", "hub_clerk", "store_clerk", "purchaser", "bulk_client", "town_officer",
        "county_officer", "auditor", "administrator",
    }
)  # fmt: skip
HOUSEHOLD: Final = frozenset({"household_member"})
CUSTOMER: Final = frozenset({"customer"})
SIGNED: Final = STAFF | HOUSEHOLD | CUSTOMER | {NOT_ACTING}
EVERYBODY: Final = SIGNED | {NOBODY}

LEADERS: Final = frozenset({"branch_secretary", "village_director"})
DESK: Final = LEADERS | {"intake_clerk", "inspector", "cashier"}
DESK_READERS: Final = DESK | {"supervisor"}
OFFICE: Final = DESK | {"first_secretary", "supervisor"}
REGISTRARS: Final = LEADERS | {"intake_clerk"}
INCOME_READERS: Final = REGISTRARS | {"first_secretary", "supervisor"}
STATUS_READERS: Final = LEADERS | {"first_secretary", "supervisor"}
REVERSERS: Final = LEADERS | {"cashier"}
CLERKS: Final = frozenset({"store_clerk", "hub_clerk"})
DRAWER_KEEPERS: Final = LEADERS | CLERKS | {"cashier"}
DRAWER_READERS: Final = DRAWER_KEEPERS | {"supervisor"}
PRICERS: Final = frozenset({"branch_secretary", "purchaser"})
PRICE_READERS: Final = OFFICE | PRICERS
ADMINISTRATOR: Final = frozenset({"administrator"})


@dataclass(frozen=True)
class Opens:
    """Who comes in by a door, and what the names in its path stand for (subjects of `tests/access/realm.py`).

    `form`: a form whole enough to reach the handler, sent for somebody else's subjects. `token`: whether the form
    needs one. `writes`: tables that it writes without a key; who writes sessions, signs out.
    """

    roles: frozenset[str]
    subjects: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    token: bool = True
    writes: frozenset[str] = frozenset()

    @property
    def ends_session(self) -> bool:
        return "web_session" in self.writes


def opens(
    roles: frozenset[str],
    form: Mapping[str, str] | None = None,
    *,
    token: bool = True,
    writes: str = "",
    **subjects: str,
) -> Opens:
    """A line of the table."""
    return Opens(roles, subjects, form or {}, token, frozenset(writes.split()))


LINES: Final = {"lines.0.product": "EGG", "lines.0.quantity": "30", "intake_on": "2018-11-28"}
REASON: Final = {"reason": "lost at the market"}
HOME: Final = "/home/draft"
FOR: Final = "/office/households/{household}/draft"
CARD: Final = "/office/households/{household}/card"
PROXIES: Final = "/office/households/{household}/proxies"
EARNED: Final = "/office/households/{household}/income"
PERSON: Final = "/office/people/{person}"
COUNTER: Final = "/office/intake/{package}"

WEB: Final = {
    "GET /health": opens(EVERYBODY),
    "GET /favicon.ico": opens(EVERYBODY),
    "GET /static/{address}": opens(EVERYBODY, address="file"),
    "POST /look": opens(EVERYBODY, token=False, writes="app_user"),
}
ACCOUNTS: Final = {
    "GET /sign-in": opens(EVERYBODY),
    "POST /sign-in": opens(EVERYBODY),
    "GET /sign-up": opens(EVERYBODY),
    "POST /sign-up": opens(EVERYBODY),
    "GET /card": opens(EVERYBODY),
    "POST /card": opens(EVERYBODY),
    "POST /sign-out": opens(SIGNED, writes="web_session audit_line"),
    "GET /acting": opens(SIGNED),
    "POST /acting": opens(SIGNED),
    "GET /account/password": opens(SIGNED),
    "POST /account/password": opens(SIGNED),
    "POST /account/pin": opens(SIGNED),
    "GET /office/people": opens(ADMINISTRATOR),
    "POST /office/people": opens(ADMINISTRATOR),
    f"GET {PERSON}": opens(ADMINISTRATOR, person="person"),
    f"POST {PERSON}/active": opens(ADMINISTRATOR, person="person"),
    f"POST {PERSON}/roles": opens(ADMINISTRATOR, person="person"),
    f"POST {PERSON}/roles/{{grant}}/end": opens(
        ADMINISTRATOR, {"last_day": "2018-12-31", "own_password": "jinpo-2018"}, person="person", grant="grant"
    ),
    f"POST {PERSON}/secrets": opens(ADMINISTRATOR, person="person"),
}
HOUSEHOLDS: Final = {
    "GET /office/households": opens(OFFICE),
    "GET /office/households/import": opens(LEADERS),
    "POST /office/households/import": opens(LEADERS),
    "POST /office/households/import/confirm": opens(LEADERS),
    "GET /office/households/template": opens(LEADERS),
    "GET /office/households/{household}": opens(OFFICE, household="household"),
    "POST /office/households/{household}/status": opens(STATUS_READERS, REASON, household="household"),
    "POST /office/households/{household}/label-name": opens(REGISTRARS, household="household"),
    f"GET {CARD}": opens(REGISTRARS, household="household"),
    f"POST {CARD}": opens(REGISTRARS, {"pin": "1357", "pin_again": "1357"}, household="household"),
    f"POST {CARD}/pin": opens(REGISTRARS, {"pin": "1357", "pin_again": "1357"}, household="household"),
    f"POST {CARD}/replace": opens(REGISTRARS, REASON, household="household"),
    f"POST {CARD}/{{blocked}}/block": opens(REGISTRARS, REASON, household="household", blocked="card"),
    f"GET {CARD}/print": opens(REGISTRARS, household="household"),
    f"GET {PROXIES}": opens(REGISTRARS, household="household"),
    f"POST {PROXIES}": opens(REGISTRARS, {"name": "王小明", "valid_from": "2018-11-21"}, household="household"),
    f"POST {PROXIES}/{{proxy}}/end": opens(REGISTRARS, household="household", proxy="proxy"),
    "GET /home": opens(HOUSEHOLD),
    "POST /home/label-name": opens(HOUSEHOLD),
}
PRODUCE: Final = {
    "GET /prices": opens(EVERYBODY),
    "GET /office/prices": opens(PRICE_READERS),
    "GET /office/prices/new": opens(PRICERS),
    "POST /office/prices/new": opens(PRICERS),
    "GET /office/prices/{price_list}": opens(PRICE_READERS, price_list="price list"),
    "GET /office/products/{product}": opens(PRICE_READERS, product="product"),
    "POST /office/products/{product}/licence": opens(PRICERS, product="product"),
}
CASH: Final = {
    "GET /office/cash": opens(DRAWER_READERS),
    "GET /office/cash/open": opens(DRAWER_KEEPERS),
    "POST /office/cash/open": opens(DRAWER_KEEPERS),
    "GET /office/cash/float": opens(DRAWER_KEEPERS),
    "POST /office/cash/float": opens(DRAWER_KEEPERS),
    "GET /office/cash/close": opens(DRAWER_KEEPERS),
    "POST /office/cash/close": opens(DRAWER_KEEPERS),
    "GET /office/cash/{day}": opens(DRAWER_READERS, day="closed day"),
}
INCOME: Final = {
    "GET /home/packages": opens(HOUSEHOLD),
    "GET /office/households/{household}/packages": opens(OFFICE, household="household"),
    "GET /home/income": opens(HOUSEHOLD),
    f"GET {EARNED}": opens(INCOME_READERS, household="household"),
    f"GET {EARNED}/new": opens(REGISTRARS, household="household"),
    f"POST {EARNED}/new": opens(REGISTRARS, household="household"),
    f"POST {EARNED}/{{line}}/reverse": opens(LEADERS, household="household", line="income line"),
}
PACKAGES: Final = {
    f"GET {HOME}": opens(HOUSEHOLD),
    f"POST {HOME}": opens(HOUSEHOLD),
    f"POST {HOME}/recipe": opens(HOUSEHOLD),
    f"GET {HOME}/{{package}}": opens(HOUSEHOLD, package="draft"),
    f"POST {HOME}/{{package}}": opens(HOUSEHOLD, LINES, package="draft"),
    f"POST {HOME}/{{package}}/recipe": opens(HOUSEHOLD, package="draft"),
    f"POST {HOME}/{{package}}/withdraw": opens(HOUSEHOLD, package="draft"),
    f"GET {FOR}": opens(DESK, household="household"),
    f"POST {FOR}": opens(DESK, LINES, household="household"),
    f"POST {FOR}/recipe": opens(DESK, household="household"),
    f"GET {FOR}/{{package}}": opens(DESK, household="household", package="draft"),
    f"POST {FOR}/{{package}}": opens(DESK, LINES, household="household", package="draft"),
    f"POST {FOR}/{{package}}/recipe": opens(DESK, household="household", package="draft"),
    f"POST {FOR}/{{package}}/withdraw": opens(DESK, household="household", package="draft"),
}
INTAKE: Final = {
    "GET /office/intake": opens(DESK_READERS),
    "GET /office/intake/day": opens(DESK_READERS),
    "GET /office/intake/find": opens(DESK),
    "POST /office/intake/start": opens(DESK),
    f"GET {COUNTER}": opens(DESK_READERS, package="weighed"),
    f"POST {COUNTER}/recipe": opens(DESK, package="weighed"),
    f"POST {COUNTER}/weigh": opens(DESK, LINES, package="weighed"),
    f"POST {COUNTER}/inspect": opens(DESK, package="weighed"),
    f"POST {COUNTER}/pay": opens(DESK, package="weighed"),
    f"GET {COUNTER}/send-back": opens(DESK, package="weighed"),
    f"POST {COUNTER}/send-back": opens(DESK, package="weighed"),
    f"GET {COUNTER}/reverse": opens(REVERSERS, package="paid"),
    f"POST {COUNTER}/reverse": opens(REVERSERS, package="paid"),
    f"GET {COUNTER}/voucher": opens(DESK_READERS, package="paid"),
    f"GET {COUNTER}/label": opens(DESK_READERS, package="paid"),
    f"POST {COUNTER}/printed/{{paper}}": opens(DESK_READERS, package="paid", paper="paper"),
}
SHOP: Final = {
    "GET /": opens(EVERYBODY),
    "GET /packages/{offer}": opens(EVERYBODY, offer="offer"),
    "POST /packages/{offer}/basket": opens(EVERYBODY, offer="offer"),
    "GET /basket": opens(EVERYBODY),
    "POST /basket/change": opens(EVERYBODY),
    "POST /basket/remove": opens(EVERYBODY),
    "GET /checkout": opens(CUSTOMER),
    "POST /checkout": opens(CUSTOMER),
    "GET /orders": opens(CUSTOMER),
    "GET /orders/{order}": opens(CUSTOMER, order="order"),
    "POST /orders/{order}/place": opens(CUSTOMER, order="order"),
    "POST /orders/{order}/cancel": opens(CUSTOMER, order="order"),
}
STORES: Final = {
    "GET /store": opens(CLERKS),
    "GET /store/orders/{order}": opens(CLERKS, order="order"),
    "POST /store/orders/{order}/contact": opens(CLERKS, REASON, order="order"),
    "POST /store/orders/{order}/hand-over": opens(CLERKS, order="order"),
}
TRACE: Final = {
    "GET /T": opens(EVERYBODY),
    "GET /T/{code}": opens(EVERYBODY, code="trace code"),
}
DESKS: Final = {
    "GET /office/reconcile": opens(frozenset({"branch_secretary", "supervisor", "auditor", "administrator"})),
    "GET /office/jobs": opens(frozenset({"administrator"})),
    "POST /office/jobs/{job}/retry": opens(frozenset({"administrator"}), job="job"),
}

TABLE: Final[Mapping[str, Opens]] = {
    **WEB, **ACCOUNTS, **HOUSEHOLDS, **PRODUCE, **CASH, **INCOME, **PACKAGES, **INTAKE, **SHOP, **STORES, **TRACE,
    **DESKS,
}  # fmt: skip
