"""Columns as this house wants them: stated nulls, no cascades, every reference indexed."""

from __future__ import annotations

from typing import Any

from piccolo.columns import JSONB, BigInt, Boolean, Bytea, Date, ForeignKey, Integer, Text, Timestamptz
from piccolo.columns import UUID as UUIDColumn
from piccolo.columns.base import OnDelete, OnUpdate
from piccolo.table import Table

from marketplace.ids import uuid7


def key() -> UUIDColumn:
    """A primary key: UUIDv7 made in Python, so that rows sort by age and a client may know it beforehand."""
    return UUIDColumn(primary_key=True, default=uuid7)


def reference(table: type[Table] | str, *, null: bool = False, unique: bool = False) -> ForeignKey[Any]:
    """A reference to a row that must exist and cannot be pulled away."""
    return ForeignKey(
        table,
        null=null,
        default=None,
        on_delete=OnDelete.restrict,
        on_update=OnUpdate.restrict,
        index=not unique,
        unique=unique,
    )


def loose(*, null: bool = False, index: bool = False, unique: bool = False) -> UUIDColumn:
    """The id of a row in a later room, or of an actor; laws/*.sql says where it is a foreign key after all."""
    return UUIDColumn(null=null, default=None, index=index, unique=unique)


def text(*, null: bool = False, unique: bool = False, index: bool = False) -> Text:
    """Text that has to be given."""
    return Text(null=null, default=None, unique=unique, index=index)


def whole(*, null: bool = False) -> Integer:
    """A count: pieces, grams, years."""
    return Integer(null=null, default=None)


def fen(*, null: bool = False) -> BigInt:
    """An amount of money in fen."""
    return BigInt(null=null, default=None)


def big(*, null: bool = False, unique: bool = False, index: bool = False) -> BigInt:
    """A 64-bit number, such as the id of a journal row."""
    return BigInt(null=null, default=None, unique=unique, index=index)


def flag() -> Boolean:
    """Yes or no; has to be given."""
    return Boolean(null=False, default=None)


def calendar_day(*, null: bool = False) -> Date:
    """A day of the village's calendar."""
    return Date(null=null, default=None)


def moment(*, null: bool = False, index: bool = False) -> Timestamptz:
    """A moment of the business clock unless the table says otherwise; given by the verb."""
    return Timestamptz(null=null, default=None, index=index)


def octets(*, null: bool = False, unique: bool = False) -> Bytea:
    """Bytes: hashes, sealed values."""
    return Bytea(null=null, default=None, unique=unique)


def json(*, null: bool = False) -> JSONB:
    """A JSON document; read it with `.output(load_json=True)`."""
    return JSONB(null=null, default=None)
