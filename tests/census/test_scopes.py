"""Row-level security (P25): who sees which prepared row, and that nobody else does, reads or writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from marketplace.db import Scope
from tests.census.breaks import DENIED, Copy, done
from tests.census.laws import FOREIGN_TABLES
from tests.census.world import APP, Prepared, quoted

STAFF, HOUSEHOLD, PLACE, CUSTOMER, SYSTEM = (
    "staff of the village",
    "the household",
    "the place",
    "the buyer",
    "the jobs",
)
STRANGERS = (
    "nobody", "staff of another village", "a household next door", "a household of another village", "another place",
    "another buyer",
)  # fmt: skip
OWN = (STAFF, HOUSEHOLD)
ORDERED = (PLACE, CUSTOMER, SYSTEM)

# Every protected table, and who sees a row of it.
PROTECTED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("household", "member", "household_status", "proxy", "card", "income_entry"), OWN),
    **dict.fromkeys(("package", "package_line", "inspection", "send_back", "payout", "acceptance"), OWN),
    **dict.fromkeys(("kin_link", "resident", "reversal"), (STAFF,)),
    **dict.fromkeys(("sales_order", "order_line", "order_event", "handover", "payment", "app_user"), ORDERED),
}
# Every other table, and why a stranger may read it as far as the app's pages let him.
OPEN = {
    "books and proofs, without names": (
        "command", "audit_line", "seal_entry", "ledger_account", "transfer", "drawer", "drawer_day", "cash_count",
        "cash_entry", "voucher_counter", "intake_day",
    ),
    "what is sold, where, for how much": (
        "village", "village_group", "place", "product", "price_list", "price_line", "retail_price", "price_part",
        "recipe", "recipe_line", "offer", "stock_unit", "stock_movement", "income_line",
    ),
    "asked before anybody is known": ("role_grant", "web_session", "sign_in_delay"),
    "the database's own": ("business_clock", "state_arrow", "migration"),
}  # fmt: skip
CHANGEABLE = {
    "household": "head_name", "member": "name", "proxy": "valid_until", "card": "pin_hash", "package": "state",
    "package_line": "quantity", "sales_order": "state", "order_line": "live", "app_user": "locale",
}  # fmt: skip
CHANGE: dict[str, dict[str, Any]] = {
    "inspection": {"package": ":weighed"}, "payout": {"voucher_number": None}, "sales_order": {"state": "held"},
}  # fmt: skip
SAMPLE = {"app_user": "customer", "sales_order": "done_order", "order_line": "done_order_line", "payment": "payment",
          "order_event": "done_order_event"}  # fmt: skip


async def scopes(prepared: Prepared, table: str) -> dict[str, Scope]:
    """Everybody who may come to that table's sample row, by name."""
    ids = prepared.ids
    none = Scope()
    return {
        STAFF: replace(none, actor=ids["clerk"], role="intake_clerk", villages=(ids["village"],)),
        HOUSEHOLD: replace(none, role="household_member", household=await household_of(prepared, table)),
        PLACE: replace(none, actor=ids["keeper"], role="store_clerk", places=(ids["store"],)),
        CUSTOMER: replace(none, actor=ids["customer"], role="customer", customer=ids["customer"]),
        SYSTEM: replace(none, role="system"),
        "nobody": none,
        "staff of another village": replace(none, role="intake_clerk", villages=(ids["other_village"],)),
        "a household next door": replace(none, role="household_member", household=ids["inspectors_brother"]),
        "a household of another village": replace(none, role="household_member", household=ids["other_household"]),
        "another place": replace(none, role="store_clerk", places=(ids["other_store"],)),
        "another buyer": replace(none, actor=uuid4(), role="customer", customer=uuid4()),
    }


async def household_of(prepared: Prepared, table: str) -> UUID:
    """The household that the table's sample row speaks of; where it speaks of none, the prepared one."""
    row = await prepared.row(table, SAMPLE.get(table))
    if table == "household":
        return UUID(row["id"])
    if "household" not in row and "package" in row:
        row = await prepared.row("package", await name_of(prepared, row["package"]))
    return UUID(row["household"]) if row.get("household") else prepared.ids["household"]


async def name_of(prepared: Prepared, key: str) -> str:
    return next(name for name, value in prepared.ids.items() if str(value) == key)


async def visible(prepared: Prepared, table: str, scope: Scope) -> bool:
    """Whether the table's sample row is seen in that scope."""
    async with prepared.savepoint():
        await prepared.act_as(APP, scope)
        key = prepared.ids[SAMPLE.get(table, table)]
        return bool(
            await prepared.connection.fetchval(f"select exists (select from {quoted(table)} where id = $1)", key)
        )


async def test_every_table_is_protected_or_open_for_a_reason(prepared: Prepared) -> None:
    secured = dict(
        await prepared.connection.fetch(
            "select relname, relrowsecurity from pg_class where relkind in ('r', 'p') "
            "and relnamespace = 'public'::regnamespace and pg_get_userbyid(relowner) = 'market_owner' "
            "and relname <> all ($1)",
            list(FOREIGN_TABLES),
        )
    )
    assert sorted(table for table, secure in secured.items() if secure) == sorted(PROTECTED)
    assert sorted(table for table, secure in secured.items() if not secure) == sorted(
        table for tables in OPEN.values() for table in tables
    )


async def test_no_table_hides_rows_from_its_owner(prepared: Prepared) -> None:
    forced = "select relname from pg_class where relforcerowsecurity and relnamespace = 'public'::regnamespace"
    assert await prepared.connection.fetch(forced) == []  # migrations and posting triggers would see nothing


@pytest.mark.parametrize("table", PROTECTED)
async def test_row_is_seen_by_its_own_and_by_nobody_else(prepared: Prepared, table: str) -> None:
    seen = [name for name, scope in (await scopes(prepared, table)).items() if await visible(prepared, table, scope)]
    assert seen == [*PROTECTED[table]]


@pytest.mark.parametrize("table", PROTECTED)
async def test_without_scope_the_table_is_empty(prepared: Prepared, table: str) -> None:
    async with prepared.savepoint():
        await prepared.act_as(APP, Scope())
        but_staff = " where kind <> 'staff'" if table == "app_user" else ""  # names of staff stand on vouchers
        assert await prepared.connection.fetchval(f"select count(*) from {quoted(table)}{but_staff}") == 0


@pytest.mark.parametrize("table", [table for table, seen in PROTECTED.items() if STAFF in seen])
async def test_stranger_sees_no_row_of_the_village(prepared: Prepared, table: str) -> None:
    for name in STRANGERS:
        if name == "a household next door":
            continue  # sees its own rows in the same village
        async with prepared.savepoint():
            await prepared.act_as(APP, (await scopes(prepared, table))[name])
            assert await prepared.run(f"select count(*) from {quoted(table)} where village = :village") == 0, name


@pytest.mark.parametrize("table", PROTECTED)
@pytest.mark.parametrize("stranger", STRANGERS)
async def test_stranger_writes_no_row_of_somebody_else(prepared: Prepared, table: str, stranger: str) -> None:
    async with prepared.savepoint():
        await prepared.act_as(APP, (await scopes(prepared, table))[stranger])
        with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
            await done(prepared, Copy(table, CHANGE.get(table, {}), of=SAMPLE.get(table)))
        assert refused.value.sqlstate == DENIED
        assert f'row-level security policy for table "{table}"' in str(refused.value)


@pytest.mark.parametrize(("table", "column"), CHANGEABLE.items())
@pytest.mark.parametrize("stranger", STRANGERS)
async def test_stranger_changes_no_row(prepared: Prepared, table: str, column: str, stranger: str) -> None:
    async with prepared.savepoint():
        await prepared.act_as(APP, (await scopes(prepared, table))[stranger])
        key = prepared.ids[SAMPLE.get(table, table)]
        changed = f"update {quoted(table)} set {quoted(column)} = {quoted(column)} where id = $1"
        assert await prepared.connection.execute(changed, key) == "UPDATE 0"


async def test_stranger_deletes_no_line(prepared: Prepared) -> None:
    async with prepared.savepoint():
        await prepared.act_as(APP, (await scopes(prepared, "package_line"))["staff of another village"])
        deleted = "delete from package_line where id = $1"
        assert await prepared.connection.execute(deleted, prepared.ids["package_line"]) == "DELETE 0"
