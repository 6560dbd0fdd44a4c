"""What the marketplace wing offers to the site: its doors in walking order, its ways, its panels, its jobs."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from marketplace import worker
from marketplace.db import DB, require_safe
from marketplace.errors import N_
from marketplace.journal.commands import COMMANDS
from marketplace.settings import settings
from marketplace.web.wing import Entry, Wing

ROOMS = (
    "accounts",
    "households",
    "produce",
    "income",
    "cash",
    "packages",
    "intake",
    "orders",
    "stores",
    "shop",
    "trace",
    "desks",
)

OFFICE = frozenset({"intake_clerk", "inspector", "cashier", "branch_secretary", "village_director"})


def doors() -> tuple[HTTPRouteHandler, ...]:
    found: list[HTTPRouteHandler] = []
    for room in ROOMS:
        if importlib.util.find_spec(f"marketplace.{room}.routes"):
            found += importlib.import_module(f"marketplace.{room}.routes").DOORS
    return tuple(found)


def panels() -> tuple[Any, ...]:
    found: list[Any] = []
    for room in ("stock", "income", "packages"):
        if importlib.util.find_spec(f"marketplace.{room}.panels"):
            found += getattr(importlib.import_module(f"marketplace.{room}.panels"), "HOUSEHOLD_PANELS", ())
    return tuple(found)


async def open_database(_site: Litestar) -> None:
    """Start the pool and refuse to serve from a database that could not keep its promises."""
    if DB.pool is None:
        await DB.open_pool()
    here = settings()
    await require_safe(durable=not here.test_durability_off, real_clock=not here.demo)


async def close_database(_site: Litestar) -> None:
    """Give every connection back."""
    await DB.close_connection_pool()


MARKETPLACE = Wing(
    name="marketplace",
    routers=doors(),
    nav=(
        Entry("/", N_("Packages"), "home"),
        Entry("/orders", N_("Orders"), "list"),
        Entry("/basket", N_("Basket"), "basket"),
        Entry("/office/intake", N_("Intake"), "scale", OFFICE),
        Entry("/office/households", N_("Households"), "users", OFFICE | {"first_secretary", "supervisor"}),
        Entry(
            "/office/cash",
            N_("Cash"),
            "cash",
            frozenset({"cashier", "branch_secretary", "village_director", "supervisor", "store_clerk", "hub_clerk"}),
        ),
        Entry("/home", N_("Home"), "home", frozenset({"household_member"})),
        Entry("/home/draft", N_("Prepare"), "box", frozenset({"household_member"})),
        Entry("/home/income", N_("Income"), "list", frozenset({"household_member"})),
        Entry("/office/prices", N_("Prices"), "list", OFFICE),
        Entry("/store", N_("Pick-ups"), "store", frozenset({"store_clerk", "hub_clerk"})),
        Entry(
            "/office/reconcile",
            N_("Books"),
            "check",
            frozenset({"branch_secretary", "supervisor", "auditor", "administrator"}),
        ),
        Entry("/office/jobs", N_("Jobs"), "clock", frozenset({"administrator"})),
    ),
    household_panels=panels(),
    commands=COMMANDS,
    locales=Path(__file__).parent / "locales",
    on_start=(open_database, worker.start),
    on_stop=(worker.stop, close_database),
)
