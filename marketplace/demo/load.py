"""Puts the demo's base world into a migrated database, as its owner and through every trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import asyncpg

from marketplace import keys
from marketplace.accounts.actions import CONTACT_COLUMN
from marketplace.accounts.rules import contact_mask, normal_contact
from marketplace.demo import world
from marketplace.demo.world import CARD_PIN, CUSTOMER, PASSWORD, PIN, REGISTERED, Row, login_of, row_id
from marketplace.passwords import HASHER

MORNING = "2018-11-21 09:00:00+08:00"
SHOWN = {
    "intake_clerk", "inspector", "cashier", "branch_secretary", "village_store_keeper", "supervision_head", "hub_clerk",
    "purchaser", "county_officer",
}  # fmt: skip
SHOWN_HOUSEHOLD = "JP4-06"
SET_CLOCK = (
    "update business_clock set shift = make_interval(secs => extract(epoch from "
    "$1::text::timestamptz - clock_timestamp())::double precision)"
)


async def load_base(owner_url: str) -> None:
    """Villages, people, households, goods, prices and days, and the business clock at the demo's morning.

    Does nothing where a village exists already. Moves no money: the year is `marketplace.demo.year`'s.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            if not await connection.fetchval("select exists (select 1 from village)"):
                await copy_world(connection)
                await connection.execute(SET_CLOCK, MORNING)
    finally:
        await connection.close()


async def load(owner_url: str, _app_url: str, tell: Callable[[str], None]) -> bool:
    """The whole demo: base world, then the year that was. False where a demo world is there already."""
    from marketplace.demo.year import load_year

    connection = await asyncpg.connect(owner_url)
    try:
        if await connection.fetchval("select exists (select 1 from acceptance)"):
            return False
    finally:
        await connection.close()
    await load_base(owner_url)
    tell("Villages, people, households, goods and prices are in; now the year's packages …")
    await load_year(owner_url)
    return True


def sign_ins() -> list[tuple[str, str, str]]:
    """One sign-in per role: what the person does, the name to type, password or PIN."""
    staff = [
        (world.ROLES.get(record["role"], record["role"]), login_of(record["staff_code"]), f"{PASSWORD}, PIN {PIN}")
        for record in world.read("staff")
        if record["role"] in SHOWN
    ]
    card = world.card_code(SHOWN_HOUSEHOLD)
    return [
        *staff,
        ("administrator", "admin", PASSWORD),
        ("customer", CUSTOMER, PASSWORD),
        (f"household {SHOWN_HOUSEHOLD}", card, f"PIN {CARD_PIN}"),
    ]


async def copy_world(connection: Any) -> None:
    """Write every row of the base world, one COPY a table."""
    for table, rows in base_rows():
        await copy_rows(connection, table, rows)


async def copy_rows(connection: Any, table: str, rows: list[Row]) -> None:
    """Write rows of one table by COPY; columns that no row names are null."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    records = [tuple(row.get(column) for column in columns) for row in rows]
    await connection.copy_records_to_table(table, records=records, columns=columns)


@cache
def base_rows() -> list[tuple[str, list[Row]]]:
    """The whole base world; hashed and sealed once in this process."""
    rows = world.base_rows(HASHER.hash(PASSWORD), HASHER.hash(PIN), HASHER.hash(CARD_PIN))
    return [(table, [*found, customer()] if table == "app_user" else found) for table, found in rows]


def customer() -> Mapping[str, object]:
    """The demo's buyer, whose e-mail address is sealed like everybody's."""
    contact = normal_contact(CUSTOMER)
    user = row_id("app_user", CUSTOMER)
    return {
        "id": user,
        "kind": "customer",
        "name": "周明",
        "contact_index": keys.blind(CONTACT_COLUMN, contact),
        "contact_sealed": keys.seal(contact, f"app_user:contact:{user}"),
        "contact_mask": contact_mask(contact),
        "password_hash": HASHER.hash(PASSWORD),
        "active": True,
        "created_at": REGISTERED,
    }
