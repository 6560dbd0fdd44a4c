"""What is typed into a package: goods with quantities as they are said, 30 or 3.9, and one of the buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

from msgspec import Struct

from marketplace.errors import N_, Refusal
from marketplace.packages.rules import Line, billed
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


def figure_of(good: Good, typed: str, field: str) -> int:
    """Pieces or grams as typed (30, 3.912); nothing typed is none. Refuses what is no number."""
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
    return int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))


def quantity_of(good: Good, typed: str, field: str, *, on_scale: bool = False) -> int:
    """Pieces or grams that are paid for what was typed: itself, and of what lies on the scale its whole steps.

    Refuses, beside its field, what is no number, what is no step, and what the scale may not show (`rules.billed`).
    """
    figure = figure_of(good, typed, field)
    try:
        if on_scale:
            return billed(good, figure)
        if good.unit == "gram":
            steps_of(good, figure)
    except Refusal as refusal:
        raise type(refusal)(field=field, **refusal.values) from None
    return figure


def lines_of(form: LinesForm, goods: Mapping[str, Good], day: date, *, on_scale: bool = False) -> list[Line]:
    """The lines that the form asks for: what was typed, then the good put in, then the proposal followed.

    `on_scale`: what was typed is what lies on the scale; it stays with the line until a proposal changes it.
    A good put in begins with one step; none left drops out. Refuses, beside its field, what cannot be read.
    """
    wanted: dict[str, int] = {}
    scale: dict[str, int] = {}
    for number, line in enumerate(form.lines):
        good, name = _known(goods, line.product, day), f"lines.{number}.quantity"
        quantity = quantity_of(good, line.quantity, name, on_scale=on_scale)
        wanted[good.code] = wanted.get(good.code, 0) + quantity
        if on_scale:
            scale[good.code] = scale.get(good.code, 0) + figure_of(good, line.quantity, name)
    if form.add:
        good = _known(goods, form.add, day)
        wanted[good.code] = wanted.get(good.code, 0) or good.step
    for change in filter(None, form.suggestion.split(";")):
        code, _, steps = change.partition(":")
        good = _known(goods, code, day)
        wanted[code] = wanted.get(code, 0) + int(steps)
        scale.pop(code, None)
    return [Line(goods[code], quantity, scale.get(code)) for code, quantity in wanted.items() if quantity > 0]


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


def scale_of(lines: Sequence[Line]) -> dict[str, int]:
    """What lay on the scale of each good that was weighed, as the verbs take it."""
    return {line.good.code: line.weighed for line in lines if line.weighed is not None}
