"""What the database itself lists as its laws. Names are the ones that the breaks use.

A law is: a check, a unique index, an exclusion; for a trigger each error it can raise, and each event it stands at;
an arrow of a state machine. Foreign keys have a generated test of their own.
"""

from __future__ import annotations

import re
from typing import Any

import asyncpg

# Tables of others, made by their installer and compared with it elsewhere; their laws are not ours to break.
FOREIGN_TABLES = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")

# Of the migrations only: a table that a test makes for itself belongs to the superuser.
_OURS = "n.nspname = 'public' and pg_get_userbyid(c.relowner) = 'market_owner' and c.relname <> all ($1)"
TABLES = f"""
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and {_OURS}
"""
_CONSTRAINTS = f"""
select case k.contype when 'c' then 'check ' else 'exclude ' end || k.conname
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype in ('c', 'x') and {_OURS}
"""
_DOMAINS = """
select 'check ' || k.conname from pg_constraint k join pg_type t on t.oid = k.contypid
where k.contype = 'c' and t.typnamespace = 'public'::regnamespace
"""
_UNIQUES = f"""
select 'unique ' || x.relname from pg_index i join pg_class c on c.oid = i.indrelid
join pg_class x on x.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
where i.indisunique and {_OURS}
"""
_TRIGGERS = f"""
select c.relname as table, t.tgname as trigger, t.tgtype as events, p.prosrc as body
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal and {_OURS}
"""
_ASLEEP = f"""
select c.relname || '.' || t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace where t.tgenabled <> 'O' and {_OURS}
union all
select c.relname || '.' || k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace where not k.convalidated and {_OURS}
union all
select x.relname from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace where not (i.indisvalid and i.indisready) and {_OURS}
"""
_EVENTS = {4: "insert", 8: "delete", 16: "update", 32: "truncate"}
_RAISES = re.compile(r"constraint\s*=\s*(tg_table_name\s*\|\|\s*)?'(\w+)'", re.IGNORECASE)


def raises(table: str, trigger: str, name: str) -> str:
    """The law that a trigger refuses in that constraint's name."""
    return f"trigger {table}.{trigger} raises {name}"


def stands(table: str, trigger: str, event: str) -> str:
    """The law that a trigger stands at that event."""
    return f"trigger {table}.{trigger} on {event}"


def arrow(machine: str, before: str, after: str) -> str:
    """The law that a state may move so; '' is before birth."""
    return f"arrow {machine}: {before or '(birth)'} -> {after}"


async def listed(connection: asyncpg.Connection) -> list[str]:
    """Every law of the database, sorted."""
    foreign = list(FOREIGN_TABLES)
    laws: set[str] = set()
    for query in (_CONSTRAINTS, _UNIQUES):
        laws |= {row[0] for row in await connection.fetch(query, foreign)}
    laws |= {row[0] for row in await connection.fetch(_DOMAINS)}
    for row in await connection.fetch(_TRIGGERS, foreign):
        laws |= _of_trigger(row)
    laws |= {arrow(*row) for row in await connection.fetch("select machine, from_state, to_state from state_arrow")}
    return sorted(laws)


def _of_trigger(row: Any) -> set[str]:
    table, trigger = row["table"], row["trigger"]
    names = {(table if prefix else "") + name for prefix, name in _RAISES.findall(row["body"])}
    events = {name for bit, name in _EVENTS.items() if row["events"] & bit}
    return {raises(table, trigger, name) for name in names} | {stands(table, trigger, event) for event in events}


async def unnamed_refusals(connection: asyncpg.Connection) -> list[str]:
    """Triggers with a `raise exception` that names no constraint."""
    return sorted(
        f"{row['table']}.{row['trigger']}"
        for row in await connection.fetch(_TRIGGERS, list(FOREIGN_TABLES))
        if row["body"].lower().count("raise exception") != len(_RAISES.findall(row["body"]))
    )


async def asleep(connection: asyncpg.Connection) -> list[str]:
    """Triggers that are disabled, constraints not validated, indexes not valid."""
    return sorted(row[0] for row in await connection.fetch(_ASLEEP, list(FOREIGN_TABLES)))
