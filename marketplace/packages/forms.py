"""What is typed into a package: goods with quantities as they are said, 30 or 3.9, and one of the buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from msgspec import Struct

from marketplace.errors import N_, Refusal
from marketplace.packages.rules import Line
from marketplace.produce.rules import Good, NoPrice, steps_of
from marketplace.web.form import plain, text

LONGEST_QUANTITY = 12


class NotPieces(Refusal):
    text = N_("Enter whole pieces, such as 30.")


class NotKilograms(Refusal):
    text = N_("Enter kilograms, such as 4.25.")


class UnknownGood(Refusal):
    text = N_("This good is not on the list. Choose one of the list.")
    field = "add"


class LineForm(Struct, frozen=True):
    """One good and its quantity as typed."""

    product: Annotated[str, text(longest=20)]
    quantity: Annotated[str, text(longest=LONGEST_QUANTITY)] = ""


class LinesForm(Struct, frozen=True):
    """The lines on the page, a good to put in, a proposal to follow, the day of the intake."""

    lines: tuple[LineForm, ...] = ()
    add: Annotated[str, text(longest=20)] = ""
    suggestion: Annotated[str, text(longest=200, pattern=r"([A-Z]{3}:-?[0-9]{1,7})(;[A-Z]{3}:-?[0-9]{1,7}){0,3}")] = ""
    intake_on: date | None = None


class RecipeForm(Struct, frozen=True):
    """A recipe's code; nothing for a free mix."""

    recipe: Annotated[str, text(longest=20)] = ""


def quantity_of(good: Good, typed: str, field: str) -> int:
    """Pieces or grams as typed (30, 3.9); nothing typed is none. Refuses what is no number and what is no step."""
    digits = plain(typed).removesuffix("kg").strip()
    if not digits:
        return 0
    if good.unit == "piece":
        if not re.fullmatch(r"[0-9]{1,5}", digits):
            raise NotPieces(field=field)
        return int(digits)
    found = re.fullmatch(r"([0-9]{1,4})(?:\.([0-9]{1,3}))?", digits)
    if not found:
        raise NotKilograms(field=field)
    grams = int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))
    try:
        steps_of(good, grams)
    except Refusal as refusal:
        raise type(refusal)(field=field, **refusal.values) from None
    return grams


def lines_of(form: LinesForm, goods: Mapping[str, Good], day: date) -> list[Line]:
    """The lines that the form asks for: what was typed, then the good put in, then the proposal followed.

    A good put in begins with one step; none left drops out. Refuses, beside its field, what cannot be read.
    """
    wanted: dict[str, int] = {}
    for number, line in enumerate(form.lines):
        good = _known(goods, line.product, day)
        wanted[good.code] = wanted.get(good.code, 0) + quantity_of(good, line.quantity, f"lines.{number}.quantity")
    if form.add:
        good = _known(goods, form.add, day)
        wanted[good.code] = wanted.get(good.code, 0) or good.step
    for change in filter(None, form.suggestion.split(";")):
        code, _, steps = change.partition(":")
        good = _known(goods, code, day)
        wanted[code] = wanted.get(code, 0) + int(steps)
    return [Line(goods[code], quantity) for code, quantity in wanted.items() if quantity > 0]


def _known(goods: Mapping[str, Good], code: str, day: date) -> Good:
    good = goods.get(code)
    if good is None:
        raise UnknownGood
    if not good.price_fen:
        raise NoPrice(good=good, day=day, field="add")
    return good


def pairs(lines: Sequence[Line]) -> list[tuple[str, int]]:
    """Lines as the verbs take them."""
    return [(line.good.code, line.quantity) for line in lines]
