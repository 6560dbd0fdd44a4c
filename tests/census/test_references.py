"""Every foreign key: nothing may point to a row that is not there, and no row goes from under its references."""

from __future__ import annotations

from uuid import uuid4

import asyncpg
import pytest

from tests.census.breaks import off
from tests.census.laws import FOREIGN_TABLES
from tests.census.world import OWNER, Prepared, quoted

_REFERENCES = """
select k.conname as name, c.relname as table, a.attname as column, format_type(a.atttypid, null) as type,
       array_length(k.conkey, 1) as columns, k.confdeltype::text as on_delete, k.confupdtype::text as on_update
from pg_constraint k join pg_class c on c.oid = k.conrelid
join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and pg_get_userbyid(c.relowner) = 'market_owner'
    and c.relname <> all ($1)
order by k.conname
"""
NOWHERE = {"uuid": f"'{uuid4()}'", "bigint": "1000000000000", "text": "'nowhere'"}


async def dangle(prepared: Prepared, table: str, column: str, kind: str) -> asyncpg.PostgresError | str:
    """What the owner sees who points one row of the table to nowhere, past every trigger."""
    async with prepared.savepoint():
        await prepared.act_as(OWNER)
        await prepared.connection.execute(off(table)[0])
        try:
            changed = await prepared.connection.execute(
                f"update {quoted(table)} set {quoted(column)} = {NOWHERE[kind]} where ctid = "
                f"(select ctid from {quoted(table)} where {quoted(column)} is not null limit 1)"
            )
            await prepared.connection.execute("set constraints all immediate")
        except asyncpg.PostgresError as error:
            return error
        return "the database took it" if changed == "UPDATE 1" else "no prepared row has such a reference"


async def test_no_reference_dangles(prepared: Prepared) -> None:
    wrong = {}
    references = await prepared.connection.fetch(_REFERENCES, list(FOREIGN_TABLES))
    assert {row["name"] for row in references if row["columns"] > 1} == {
        "transfer_credit_of_unit",
        "transfer_debit_of_unit",
    }
    for row in references:
        seen = await dangle(prepared, row["table"], row["column"], row["type"])
        if not isinstance(seen, asyncpg.ForeignKeyViolationError) or seen.constraint_name != row["name"]:
            wrong[row["name"]] = str(seen)
    assert wrong == {}


async def test_no_row_goes_from_under_its_references(prepared: Prepared) -> None:
    references = await prepared.connection.fetch(_REFERENCES, list(FOREIGN_TABLES))
    assert [row["name"] for row in references if not {row["on_delete"], row["on_update"]} <= {"a", "r"}] == []


@pytest.mark.parametrize("leg", ["debit", "credit"])
async def test_no_transfer_crosses_books(prepared: Prepared, leg: str) -> None:
    async with prepared.savepoint():
        await prepared.act_as(OWNER)
        await prepared.run(
            "insert into ledger_account (id, unit, kind, subject, floor_zero, kept, balance) "
            "values (:new_points, 'point', 'test', 'test', false, false, 0)"
        )
        await prepared.connection.execute(off("transfer")[0])
        with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
            await prepared.run(f"update transfer set {leg} = :new_points where id = :transfer")
        assert refused.value.constraint_name == f"transfer_{leg}_of_unit"
