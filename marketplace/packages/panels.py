"""What other pages show of packages: their lines and proposals as plain values, and the drafts of a household."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from marketplace.errors import Refusal
from marketplace.packages.queries import KnownRecipe, SeenPackage
from marketplace.packages.rules import HUNDRED, Line, Proposal, explain, propose, total
from marketplace.produce.queries import PricedGood
from marketplace.produce.rules import Good, amount, kilograms, measured, sellable
from marketplace.web.words import _


def line_values(good: Good, quantity: int, weighed: int | None = None) -> dict[str, Any]:
    """A line as templates take it, in pieces or grams; `step`, and as `typed` what lies on the scale, as they are typed."""
    scale = quantity if weighed is None else weighed
    return {
        "code": good.code,
        "name_zh": good.name_zh,
        "name_en": good.name_en,
        "unit": good.unit,
        "quantity": quantity,
        "price_fen": good.price_fen,
        "amount_fen": amount(good, abs(quantity)),
        "step": str(good.step) if good.unit == "piece" else kilograms(good.step),
        "words": measured(good, quantity),
        "weighed": scale,
        "typed": str(scale) if good.unit == "piece" else kilograms(scale),
    }


def lines_values(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Every line as templates take it."""
    return [line_values(line.good, line.quantity, line.weighed) for line in lines]


def suggestion_values(proposal: Proposal) -> dict[str, Any]:
    """A proposal with its changes as lines, and the value its button sends: EGG:-2;WOO:50."""
    changes = [line_values(change.good, change.quantity) for change in proposal.changes]
    return {"changes": changes, "value": ";".join(f"{one['code']}:{one['quantity']}" for one in changes)}


def recipe_values(recipe: KnownRecipe) -> dict[str, Any]:
    """A recipe as templates take it; `why_not` is said in the reader's language."""
    return {
        "code": recipe.code,
        "name_zh": recipe.name_zh,
        "name_en": recipe.name_en,
        "usable": recipe.usable,
        "why_not": said(recipe.why_not),
    }


def said(refusal: Refusal | None) -> str:
    """A refusal as a sentence of the page, or nothing."""
    return _(refusal.text, **refusal.values) if refusal is not None else ""


def composer_values(lines: Sequence[Line], goods: Sequence[PricedGood], day: date) -> dict[str, Any]:
    """Sum, goods that may be put in, and the changes that make the package exactly 100.00.

    Changes of the goods that are in it come first; only where those cannot reach, another good is proposed.
    """
    at_hand = [priced.good for priced in goods if priced.good.price_fen and sellable(priced.good, day)]
    inside = {line.good.code for line in lines}
    proposals: list[Proposal] = []
    why: Refusal | None = None
    if lines and total(lines) != HUNDRED:
        proposals = propose(lines, [], day) or propose(lines, at_hand, day)
        why = None if proposals else explain(lines, at_hand, day)
    return {
        "lines": lines_values(lines),
        "total_fen": total(lines),
        "goods": [
            {"code": good.code, "name_zh": good.name_zh, "name_en": good.name_en, "unit": good.unit}
            for good in at_hand
            if good.code not in inside
        ],
        "suggestions": [suggestion_values(proposal) for proposal in proposals],
        "why_none": said(why),
    }


def package_values(package: SeenPackage, group: Any = None) -> dict[str, Any]:
    """A package with its household, as lists show it."""
    return {
        "code": package.code,
        "state": package.state,
        "household": {"code": package.household_code, "head_name": package.head_name, "group": group},
        "lines": lines_values(package.lines),
        "total_fen": package.total_fen,
        "for_household": package.for_household,
    }
