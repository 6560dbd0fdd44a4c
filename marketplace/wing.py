"""What the marketplace wing offers to the site: its doors in walking order, its ways, its panels, its jobs."""

from __future__ import annotations

from pathlib import Path

from litestar import Litestar

from marketplace import worker
from marketplace.accounts import commands as account_commands
from marketplace.accounts import routes as accounts
from marketplace.accounts.rules import ROLES
from marketplace.cash import commands as cash_commands
from marketplace.cash import routes as cash
from marketplace.db import DB, require_safe
from marketplace.desks import routes as desks
from marketplace.errors import N_
from marketplace.households import routes as households
from marketplace.income import panels as income_panels
from marketplace.income import routes as income
from marketplace.intake import routes as intake
from marketplace.journal import commands as journal_commands
from marketplace.journal import jobs as journal_jobs
from marketplace.keys import keyring
from marketplace.orders import jobs as order_jobs
from marketplace.packages import routes as packages
from marketplace.produce import routes as produce
from marketplace.settings import settings
from marketplace.shop import routes as shop
from marketplace.stock import panels as stock_panels
from marketplace.stock import routes as stock
from marketplace.stores import routes as stores
from marketplace.trace import routes as trace
from marketplace.web.wing import Entry, Wing

ROOMS_WITH_DOORS = (accounts, households, produce, income, cash, packages, stock, intake, stores, shop, trace, desks)

OFFICE = frozenset({"intake_clerk", "inspector", "cashier", "branch_secretary", "village_director"})
BUYERS = frozenset({"public", "customer", "bulk_client"})
PRICE_READERS = OFFICE | {"first_secretary", "supervisor", "purchaser"}
STAFF = frozenset(ROLES) - {"household_member", "customer", "bulk_client"}

# The one list of places in the head, in the dock and under “More”: each opens for every role it is shown to.
NAV = (
    Entry("/", N_("Packages"), "home", BUYERS),
    Entry("/orders", N_("Orders"), "list", frozenset({"public", "customer"})),
    Entry("/basket", N_("Basket"), "basket", BUYERS),
    Entry("/office/intake", N_("Intake"), "scale", OFFICE),
    Entry("/office/households", N_("Households"), "users", OFFICE | {"first_secretary", "supervisor"}),
    Entry("/store", N_("Pick-ups"), "store", frozenset({"store_clerk", "hub_clerk"})),
    Entry(
        "/office/cash",
        N_("Cash"),
        "cash",
        frozenset({"cashier", "branch_secretary", "village_director", "supervisor", "store_clerk", "hub_clerk"}),
    ),
    Entry("/home", N_("Home"), "home", frozenset({"household_member"})),
    Entry("/home/draft", N_("Prepare"), "box", frozenset({"household_member"})),
    Entry("/home/income", N_("Income"), "list", frozenset({"household_member"})),
    Entry("/office/people", N_("People"), "users", frozenset({"administrator"})),
    Entry("/office/prices", N_("Prices"), "list", PRICE_READERS),
    Entry("/prices", N_("Prices"), "list", BUYERS | {"household_member"} | (STAFF - PRICE_READERS)),
    Entry(
        "/office/reconcile",
        N_("Books"),
        "check",
        frozenset({"branch_secretary", "supervisor", "auditor", "administrator"}),
    ),
    Entry("/office/jobs", N_("Jobs"), "clock", frozenset({"administrator"})),
    Entry("/acting", N_("More"), "more", STAFF | {""}),
)


async def open_database(_site: Litestar) -> None:
    """Start the pool and refuse to serve without keys, or from a database that could not keep its promises."""
    keyring()
    if DB.pool is None:
        await DB.open_pool()
    here = settings()
    await require_safe(durable=not here.test_durability_off, real_clock=not here.demo)


async def close_database(_site: Litestar) -> None:
    """Give every connection back."""
    await DB.close_connection_pool()


MARKETPLACE = Wing(
    name="marketplace",
    routers=tuple(door for room in ROOMS_WITH_DOORS for door in room.DOORS),
    nav=NAV,
    household_panels=(*stock_panels.HOUSEHOLD_PANELS, *income_panels.HOUSEHOLD_PANELS),
    jobs=(*order_jobs.JOBS, *journal_jobs.JOBS),
    commands={**journal_commands.COMMANDS, **account_commands.COMMANDS, **cash_commands.COMMANDS},
    locales=Path(__file__).parent / "locales",
    on_start=(open_database, worker.start),
    on_stop=(worker.stop, close_database),
)
