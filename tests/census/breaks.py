"""How a law is broken: a statement, who makes it, what must be seen. And the few shapes that most breaks have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg

from tests.census import laws
from tests.census.world import APP, OWNER, Prepared, Role, quoted

CHECK, UNIQUE, EXCLUSION, DENIED = "23514", "23505", "23P01", "42501"


@dataclass(frozen=True)
class Copy:
    """Write the prepared row `of` a table once more, with a new key and `change`."""

    table: str
    change: Mapping[str, Any]
    of: str | None = None


@dataclass(frozen=True)
class Twin:
    """Write a row that shares with a prepared one what that unique index names, and nothing else that is unique.

    For a primary key, which is asked first, the whole row once more.
    """

    index: str
    change: Mapping[str, Any]
    of: str | None = None


Act = str | Copy | Twin


@dataclass(frozen=True)
class Mend:
    """A trigger that does not refuse but sets right: after `act` the statement `shows` answers true."""

    name: str
    act: Act
    shows: str


@dataclass(frozen=True)
class Break:
    """One broken law. `sabotage` is done by the owner beforehand: laws that would speak first are switched off."""

    name: str
    laws: tuple[str, ...]
    act: Act
    says: str
    sqlstate: str = CHECK
    by: Role = APP
    first: tuple[Act, ...] = ()
    sabotage: tuple[str, ...] = ()
    trigger: tuple[str, str] | None = None  # table and name, where a trigger refuses


# Shapes


def off(table: str) -> tuple[str, ...]:
    """Sabotage: no trigger of that table speaks."""
    return (f"alter table {quoted(table)} disable trigger user",)


def alone(table: str, trigger: str) -> tuple[str, ...]:
    """Sabotage: only that trigger of the table speaks."""
    return (*off(table), f"alter table {quoted(table)} enable trigger {quoted(trigger)}")


def check(
    name: str,
    table: str,
    *,
    of: str | None = None,
    by: Role = APP,
    act: Act | None = None,
    first: tuple[Act, ...] = (),
    sabotage: tuple[str, ...] = (),
    **bad: Any,
) -> Break:
    """A check, broken by a copy of a row with bad values unless `act` says how."""
    return Break(f"check {name}", (f"check {name}",), act or Copy(table, bad, of), name, CHECK, by, first, sabotage)


def unforced(name: str, table: str, **bad: Any) -> Break:
    """A check that triggers keep the app from reaching: by the owner, with the table's triggers off."""
    return check(name, table, by=OWNER, sabotage=off(table), **bad)


def unique(
    name: str,
    *,
    of: str | None = None,
    by: Role = APP,
    act: Act | None = None,
    first: tuple[Act, ...] = (),
    sabotage: tuple[str, ...] = (),
    **change: Any,
) -> Break:
    """A unique index, broken by a row that shares its columns with a prepared one unless `act` says how."""
    act = act or Twin(name, change, of)
    return Break(f"unique {name}", (f"unique {name}",), act, name, UNIQUE, by, first, sabotage)


def uniques(*names: str) -> tuple[Break, ...]:
    """Unique indexes that the app meets with nothing else in its way."""
    return tuple(unique(name) for name in names)


def unreached(table: str, *names: str) -> tuple[Break, ...]:
    """Unique indexes that triggers or missing rights keep the app from reaching: by the owner, triggers off."""
    return tuple(unique(name, by=OWNER, sabotage=off(table)) for name in names)


def trigger(
    table: str,
    name: str,
    event: str,
    act: Act,
    *,
    says: str | None = None,
    by: Role = APP,
    first: tuple[Act, ...] = (),
    sabotage: tuple[str, ...] = (),
) -> Break:
    """A trigger at one event, refusing in the name of `says` (its own name unless told)."""
    said = says or name
    broken = (laws.raises(table, name, said), laws.stands(table, name, event))
    return Break(f"{broken[0]} on {event}", broken, act, said, CHECK, by, first, sabotage, (table, name))


def append_only(*tables: str) -> Iterator[Break]:
    """Nobody, the owner included, changes, deletes or empties."""
    for table in tables:
        said = f"{table}_append_only"
        for event, sql in (
            ("update", f"update {quoted(table)} set id = id where id = :{table}"),
            ("delete", f"delete from {quoted(table)} where id = :{table}"),
        ):
            yield trigger(table, said, event, sql, by=OWNER)
        yield trigger(
            table, f"{table}_no_truncate", "truncate", f"truncate {quoted(table)} cascade", says=said, by=OWNER
        )


# Running one

_INDEX = """
select c.relname as table, pg_get_expr(i.indpred, i.indrelid) as predicate, i.indisprimary as is_key,
       array(select a.attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any (i.indkey))
           as columns
from pg_index i join pg_class x on x.oid = i.indexrelid join pg_class c on c.oid = i.indrelid
"""
_REFERENCES = """
select distinct a.attname from pg_constraint k
join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
where k.contype = 'f' and k.conrelid = $1::text::regclass
"""
_TYPES = """
select attname, format_type(atttypid, null) from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
"""


@asynccontextmanager
async def saboteur(world: Prepared, broken: Break, by: Role, *, sabotaged: bool = True) -> Any:
    """A savepoint in which the owner has done the sabotage and the first acts are done as the breaker."""
    async with world.savepoint():
        if sabotaged and broken.sabotage:
            await world.act_as(OWNER)
            for sql in broken.sabotage:
                await world.connection.execute(sql)
        await world.act_as(by)
        for act in broken.first:
            await done(world, act)
        yield


async def refusal(world: Prepared, broken: Break, by: Role, *, sabotaged: bool = True) -> asyncpg.PostgresError | None:
    """What the database answers to the break, at once or when its deferred laws are asked; None: it took it."""
    try:
        async with saboteur(world, broken, by, sabotaged=sabotaged):
            try:
                await done(world, broken.act)
                await world.connection.execute("set constraints all immediate")
            except asyncpg.PostgresError as error:
                return error
    finally:
        for name in [name for name in world.ids if name.startswith("new")]:
            del world.ids[name]
    return None


async def done(world: Prepared, act: Act) -> None:
    """Make the act."""
    if isinstance(act, str):
        await world.run(act)
        return
    table, row = await (copied(world, act) if isinstance(act, Copy) else twin(world, act))
    await world.insert(table, row)


async def copied(world: Prepared, act: Copy) -> tuple[str, dict[str, Any]]:
    """The row of a copy: as the sample, with a new key and the change."""
    async with seeing_all(world):
        row = await world.row(act.table, act.of)
        row = {column: row[column] for column in await world.columns(act.table)}
        await renew(world, act.table, row, [key for key in (await world.key(act.table),) if key not in act.change])
    return act.table, {**row, **world.resolved(act.change)}


async def twin(world: Prepared, act: Twin) -> tuple[str, dict[str, Any]]:
    """The row of a twin: as a row that the index covers, all other unique columns made new."""
    async with seeing_all(world):
        index = await world.connection.fetchrow(_INDEX + "where x.relname = $1", act.index)
        table, shared = index["table"], list(index["columns"])
        row = await covered_row(world, index, act.of)
        row = {column: row[column] for column in await world.columns(table)}
        others = await world.connection.fetch(_INDEX + "where c.relname = $1 and i.indisunique", table)
        if not index["is_key"]:
            await renew(
                world, table, row, await free_columns(world, table, shared, [list(o["columns"]) for o in others])
            )
    return table, {**row, **world.resolved(act.change)}


async def free_columns(world: Prepared, table: str, shared: list[str], others: list[list[str]]) -> list[str]:
    """One column of each other unique index that is not shared; rather a plain one than a reference."""
    references = {row[0] for row in await world.connection.fetch(_REFERENCES, quoted(table))}
    types = dict(await world.connection.fetch(_TYPES, quoted(table)))
    free: list[str] = []
    for columns in others:
        choice = sorted(
            set(columns) - set(shared), key=lambda column: (column in references, types[column] == "text", column)
        )
        if choice and not set(columns) & set(free):
            free.append(choice[0])
    return free


async def covered_row(world: Prepared, index: Any, name: str | None) -> dict[str, Any]:
    """A row that the index covers, the table's sample if it can be."""
    table, key = index["table"], await world.key(index["table"])
    told = " and ".join(f"{quoted(column)} is not null" for column in index["columns"])
    only = f" and {quoted(key)} = '{world.ids[name]}'" if name else ""
    found = await world.connection.fetchval(
        f"select to_jsonb(t) from {quoted(table)} t where {told} and ({index['predicate'] or 'true'}){only} "
        f"order by {quoted(key)} = $1 desc limit 1",
        world.ids[table],
    )
    assert found is not None, f"no row that {table} {index['columns']} covers"
    row: dict[str, Any] = json.loads(found)
    return row


@asynccontextmanager
async def seeing_all(world: Prepared) -> Any:
    """For a moment the superuser again: to read the row that the breaker will copy."""
    role = await world.connection.fetchval("select current_setting('role')")
    await world.connection.execute("reset role")
    try:
        yield
    finally:
        await world.connection.execute(f"set local role {role}")


async def renew(world: Prepared, table: str, row: dict[str, Any], columns: list[str]) -> None:
    """Give those columns values that no row has; a counted key is left to the database. Nulls stay."""
    types = dict(await world.connection.fetch(_TYPES, quoted(table)))
    for column in columns:
        if row.get(column) is None:
            continue
        match types[column]:
            case "uuid":
                row[column] = str(uuid4())
            case "text" | "character varying":
                row[column] = uuid4().hex
            case "bytea":
                row[column] = "\\x" + uuid4().hex * 2
            case "bigint" if column == "id":
                del row[column]
            case "bigint" | "integer":
                row[column] += 1_000
            case "date":
                row[column] = "2029" + row[column][4:]
            case other:
                raise AssertionError(f"no new value for {table}.{column} of type {other}")
