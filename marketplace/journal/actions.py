"""Run a command once, and write down what was done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB, Scope, atomically, current_scope
from marketplace.errors import N_, Conflict

# The command whose verb is running in this task.
_command: ContextVar[UUID | None] = ContextVar("command", default=None)
Verb = Callable[[], Awaitable["Answer"]]


class KeyReused(Conflict):
    """The same key came with other input, or from somebody else."""

    text = N_("This form was already sent with other figures. Open the page again and look at what is there.")


@dataclass(frozen=True)
class Answer:
    """What a command answers: where to go, what to say, and plain values for a device that asks."""

    location: str
    notice: str = ""
    values: dict[str, Any] = field(default_factory=dict)


_INSERT = """
insert into command (key, actor, route, input_hash, money, at) values ($1, $2, $3, $4, $5, business_now())
on conflict (key) do nothing returning key
"""


def input_hash(route: str, actor: UUID | None, inputs: Mapping[str, object]) -> bytes:
    """sha256 of who sent what to which door; the same input gives the same 32 bytes, whatever its order."""
    canonical = json.dumps([route, str(actor), inputs], sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(canonical.encode()).digest()


def _plain(value: object) -> object:
    if isinstance(value, UUID | date | datetime):
        return str(value)
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "__struct_fields__"):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    raise TypeError(f"{type(value).__name__} is no plain input")


async def command(
    scope: Scope, *, key: UUID, route: str, inputs: Mapping[str, object], verb: Verb, money: bool = False
) -> Answer:
    """Run `verb` in one scoped transaction, once per key (P5).

    The same key with the same input answers what was answered first; with other input, or from another
    actor, it refuses (`KeyReused`). A refusal of the verb leaves nothing, not even the key.
    """
    digest = input_hash(route, scope.actor or scope.household, inputs)

    async def once() -> Answer:
        # A second sender waits here until the first has committed or given up.
        born = await DB.fetch(_INSERT, key, scope.actor or scope.household, route, digest, money)
        if not born:
            return await _answered(key, digest)
        token = _command.set(key)
        try:
            answer = await verb()
        finally:
            _command.reset(token)
        await DB.fetch("update command set status = 303, answer = $2 where key = $1", key, json.dumps(asdict(answer)))
        return answer

    return await atomically(once, scope)


async def _answered(key: UUID, digest: bytes) -> Answer:
    row = await DB.fetch_row("select input_hash, answer from command where key = $1", key)
    if row["input_hash"] != digest or row["answer"] is None:
        raise KeyReused
    return Answer(**json.loads(row["answer"]))


def running() -> UUID | None:
    """The key of the command whose verb is running, if one is."""
    return _command.get()


async def note(
    *,
    verb: str,
    subject: object,
    village: UUID | None = None,
    on_behalf_of: UUID | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write one audit line for the open command. `detail` holds figures and codes, never private data."""
    scope = current_scope()
    await DB.fetch(
        "insert into audit_line (village, actor, role, on_behalf_of, verb, subject, detail, command) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8)",
        village,
        scope.actor or scope.household,
        scope.role,
        on_behalf_of,
        verb,
        str(subject),
        json.dumps(dict(detail or {}), default=_plain, ensure_ascii=False, sort_keys=True),
        running(),
    )
