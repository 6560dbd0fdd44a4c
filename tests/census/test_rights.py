"""What the app role may do, table by table, compared with what the database lets it do."""

from __future__ import annotations

import asyncpg
import pytest

from marketplace.db import Scope
from tests.census.laws import FOREIGN_TABLES
from tests.census.world import APP, Prepared

# The app role reads every table, and writes new rows everywhere but here.
NOT_INSERTED = {"business_clock", "state_arrow", "migration", "voucher_counter", "cash_entry"}
# Columns it may change. Everything else stays as it was written.
CHANGED: dict[str, set[str]] = {
    "command": {"status", "answer"},
    "app_user": {"password_hash", "pin_hash", "locale", "step", "active"},
    "role_grant": {"valid_until"},
    "web_session": {"seen_at", "revoked_at"},
    "sign_in_delay": {"key", "failures", "first_at", "until"},
    "household": {
        "head_name", "search_keys", "group", "relocation", "forest_guard", "coop_member", "forest_area", "phone_kind",
        "show_name",
    },
    "member": {"name", "relation", "sex", "birth_year"},
    "proxy": {"valid_until"},
    "card": {"pin_hash", "blocked_at", "blocked_reason"},
    "product": {"licence_number"},
    "price_list": {"valid_until"},
    "package": {"state", "recipe", "intake_on", "weighed_at", "weighed_by"},
    "package_line": {"quantity", "price_fen", "amount_fen", "weighed"},
    "stock_unit": {"state", "place"},
    "drawer_day": {
        "state", "closed_at", "closed_by", "expected_fen", "counted_fen", "reason", "second", "seal_head",
    },
    "sales_order": {"state", "hold_until"},
    "order_line": {"live"},
}  # fmt: skip
DELETED = {"command", "sign_in_delay", "package_line"}

# What looks past row-level security: views, and functions that act as the owner and may be called.
VIEWS = {
    "trace_page": {
        "code", "village", "group", "offer", "packed_on", "best_before", "state", "place", "head_name", "package",
        "inspector",
    },
}  # fmt: skip
CALLED_AS_OWNER = {"card_for_sign_in", "session_for_token", "is_kin", "reconcile_counts"}

_TABLES = """
from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
    and pg_get_userbyid(c.relowner) = 'market_owner' and c.relname <> all ($1)
"""


async def tables(prepared: Prepared, where: str) -> set[str]:
    found = await prepared.connection.fetch(f"select c.relname {_TABLES} and {where}", list(FOREIGN_TABLES))
    return {row[0] for row in found}


def may(right: str) -> str:
    return f"has_table_privilege('{APP}', c.oid, '{right}')"


async def test_app_role_reads_every_table(prepared: Prepared) -> None:
    assert await tables(prepared, f"not {may('select')}") == set()


async def test_app_role_writes_new_rows_but_where_the_database_writes(prepared: Prepared) -> None:
    assert await tables(prepared, f"not {may('insert')}") == NOT_INSERTED


async def test_app_role_changes_the_listed_columns_only(prepared: Prepared) -> None:
    changed: dict[str, set[str]] = {}
    for table, column in await prepared.connection.fetch(
        f"select t.relname, a.attname from (select c.oid, c.relname {_TABLES}) t "
        f"join pg_attribute a on a.attrelid = t.oid where a.attnum > 0 and not a.attisdropped "
        f"and has_column_privilege('{APP}', t.oid, a.attnum, 'update')",
        list(FOREIGN_TABLES),
    ):
        changed.setdefault(table, set()).add(column)
    assert changed == CHANGED


async def test_app_role_deletes_where_listed_only(prepared: Prepared) -> None:
    assert await tables(prepared, may("delete")) == DELETED


@pytest.mark.parametrize("right", ["truncate", "references", "trigger"])
async def test_app_role_never_has(prepared: Prepared, right: str) -> None:
    assert await tables(prepared, may(right)) == set()


async def test_rights_as_the_standard_lists_them(prepared: Prepared) -> None:
    rights = await prepared.connection.fetch(
        "select table_name, privilege_type from information_schema.role_table_grants where table_schema = 'public' "
        "and grantor = 'market_owner' and grantee in ($1, 'PUBLIC') and privilege_type not in ('SELECT', 'INSERT') "
        "and table_name <> all ($2)",
        APP, list(FOREIGN_TABLES),
    )  # fmt: skip
    assert sorted((row[0], row[1]) for row in rights) == [
        ("command", "DELETE"), ("package_line", "DELETE"), ("sign_in_delay", "DELETE"), ("sign_in_delay", "UPDATE"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    ["create table mine (n int)", "create schema mine", "alter table package add column mine int",
     "drop trigger package_arrow on package", "set role market_owner", "set session_replication_role = replica"],
)  # fmt: skip
async def test_app_role_makes_no_law(prepared: Prepared, statement: str) -> None:
    async with prepared.savepoint():
        if statement.startswith("set role"):
            member = "select pg_has_role('market_app', 'market_owner', 'member')"
            assert await prepared.connection.fetchval(member) is False  # the census itself is a superuser's session
            return
        await prepared.act_as(APP)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await prepared.connection.execute(statement)


async def test_functions_that_act_as_the_owner_look_in_one_schema_only(prepared: Prepared) -> None:
    loose = await prepared.connection.fetch(
        "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace "
        "and not coalesce('search_path=public' = any (proconfig), false)"
    )
    assert loose == []


async def test_callable_functions_that_act_as_the_owner_are_listed(prepared: Prepared) -> None:
    found = await prepared.connection.fetch(
        "select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace "
        "and prorettype <> 'trigger'::regtype"
    )
    assert {row[0] for row in found} == CALLED_AS_OWNER


async def test_views_show_the_listed_columns_only(prepared: Prepared) -> None:
    shown: dict[str, set[str]] = {}
    for view, column in await prepared.connection.fetch(
        "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 "
        "where c.relkind in ('v', 'm') and c.relnamespace = 'public'::regnamespace"
    ):
        shown.setdefault(view, set()).add(column)
    assert shown == VIEWS


@pytest.mark.parametrize("agreed", [True, False])
async def test_label_names_the_head_only_where_the_household_agreed(prepared: Prepared, agreed: bool) -> None:
    async with prepared.savepoint():
        await prepared.act_as(APP)
        await prepared.connection.execute(
            "update household set show_name = $1 where id = $2", agreed, prepared.ids["household"]
        )
        await prepared.act_as(APP, Scope())
        name = await prepared.connection.fetchval("select head_name from trace_page where code = 'sold'")
        assert (name is not None) is agreed


async def test_everything_belongs_to_the_owner(prepared: Prepared) -> None:
    strangers = await prepared.connection.fetch(
        "select relname from pg_class where relnamespace = 'public'::regnamespace "
        "and pg_get_userbyid(relowner) = $1", APP,
    )  # fmt: skip
    assert strangers == []
