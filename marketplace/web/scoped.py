"""Rows named in a path or a form: never a raw id. Missing and not yours are the same: not found.

`Scoped[Household]` in a door's signature or a form's field is loaded through row-level security and, as a second
layer, narrowed by the span of the role that opened the door.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Column, ForeignKey, Integer, Serial
from piccolo.table import Table

from marketplace.accounts.rules import Signed, Span
from marketplace.errors import NotFound

Row = TypeVar("Row", bound=Table)
LONGEST_NAME: Final = 80


@dataclass(frozen=True)
class ScopedMark:
    """Marks a parameter or field that is a row, not text."""


SCOPED: Final = ScopedMark()
Scoped = Annotated[Row, SCOPED]


@dataclass(frozen=True)
class Lookup:
    """How a table's rows are named in paths: by `column` (its key unless said otherwise).

    `within` ties a nested row to the row named before it in the path: {"household": Member.household}.
    """

    column: Column | None = None
    within: Mapping[str, Column] = field(default_factory=dict)


LOOKUPS: dict[type[Table], Lookup] = {}


def lookup(table: type[Table], column: Column | None = None, within: Mapping[str, Column] | None = None) -> None:
    """Say how rows of that table are named in paths. Called by the room's routes, once."""
    LOOKUPS[table] = Lookup(column, within or {})


async def load(
    table: type[Row], name: str, signed: Signed | None, span: Span, before: Mapping[str, Table] | None = None
) -> Row:
    """The row of that name inside the open scoped transaction. Refuses (`NotFound`) missing and not yours alike."""
    known = LOOKUPS.get(table, Lookup())
    column = known.column if known.column is not None else table._meta.primary_key
    query = table.objects().where(column == readable(column, name))
    for parent, reference in known.within.items():
        if before and parent in before:
            query = query.where(reference == key_of(before[parent]))
    for own, values in own_columns(table, signed, span):
        if not values:
            raise NotFound
        query = query.where(own.is_in(list(values)))
    row = await query.first()
    if row is None:
        raise NotFound
    return row


def key_of(row: Table) -> Any:
    """The primary key of a row."""
    return getattr(row, row._meta.primary_key._meta.name)


def readable(column: Column, name: str) -> Any:
    """The text of a path as the column's type. What cannot be one names nothing (`NotFound`)."""
    text = unicodedata.normalize("NFC", name)
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise NotFound
    if isinstance(column, (UUIDColumn, ForeignKey)):
        return _read(UUID, text)
    if isinstance(column, (Integer, Serial, BigInt)):
        number: int = _read(int, text if text.isascii() and text.isdigit() and len(text) <= 9 else "")
        return number
    return text


def _read(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise NotFound from None


SPAN_COLUMNS: Mapping[Span, tuple[str, str]] = {
    "village": ("village", "villages"),
    "place": ("place", "places"),
    "household": ("household", "household"),
    "customer": ("customer", "customer"),
}


def own_columns(table: type[Table], signed: Signed | None, span: Span) -> list[tuple[Column, tuple[UUID, ...]]]:
    """The columns by which a span narrows that table, with what the person may see of them."""
    if signed is None or span not in SPAN_COLUMNS:
        return []
    name, attribute = SPAN_COLUMNS[span]
    column = _column(table, name)
    if column is None:
        return []
    value = getattr(signed, attribute)
    return [(column, value if isinstance(value, tuple) else (value,) if value else ())]


def _column(table: type[Table], name: str) -> Column | None:
    if table.__name__.lower() == name:
        return table._meta.primary_key
    return next((column for column in table._meta.columns if column._meta.name == name), None)
