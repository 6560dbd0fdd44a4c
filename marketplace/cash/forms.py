"""Counting a drawer."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Struct

from marketplace.web.form import secret, text, whole


class CountForm(Struct, frozen=True):
    """Pieces of one denomination (fen)."""

    denomination: int
    pieces: Annotated[int, whole(least=0, most=99_999)] = 0


class OpenForm(Struct, frozen=True):
    """The opening count."""

    counts: tuple[CountForm, ...] = ()


class FloatForm(Struct, frozen=True):
    """Notes and coins received during the day."""

    counts: tuple[CountForm, ...] = ()


class CloseForm(Struct, frozen=True):
    """The closing count; reason and second person where it differs from the book."""

    counts: tuple[CountForm, ...] = ()
    reason: Annotated[str, text(longest=200)] = ""
    login: Annotated[str, text(longest=40)] = ""
    pin: Annotated[str, secret(longest=8)] = ""


class BookQuery(Struct, frozen=True):
    """A day of the cash book."""

    on: date | None = None
