"""The basket in the buyer's browser, and the ways the market can be looked through. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from marketplace.errors import N_, Refusal

MOST_KINDS: Final = 15
MOST_OF_ONE: Final = 9
PAGE_SIZE: Final = 24

Kind = Literal["", "egg", "bean", "dried", "fruit", "fresh"]
Order = Literal["", "soon", "many"]

KINDS: Mapping[str, str] = {
    "": N_("All"),
    "egg": N_("With eggs"),
    "bean": N_("Beans"),
    "dried": N_("Dried goods"),
    "fruit": N_("Fruit and nuts"),
    "fresh": N_("Vegetables"),
}
GOODS_OF: Mapping[str, tuple[str, ...]] = {
    "egg": ("EGG",),
    "bean": ("SOY", "GRN", "RED", "PEA"),
    "dried": ("WOO", "MUS", "LIL", "CHL", "ZAN", "SPN", "BAC"),
    "fruit": ("STG", "GZO", "PER", "CHE", "LOQ", "WAL"),
    "fresh": ("POT", "SWE", "PUM", "CAB", "RAD"),
}
ORDERS: Mapping[str, str] = {
    "": N_("Just packed"),
    "soon": N_("Best before soonest"),
    "many": N_("Most in stock"),
}


class BasketFull(Refusal):
    text = N_("The basket holds at most {most} kinds of boxes. Order these first.")


class OneKindFull(Refusal):
    text = N_("At most {most} boxes of one kind go into the basket; {there} are in it already.")
    field = "quantity"


def pattern_of(kind: str) -> str | None:
    """The pattern that contents of that kind match; None for every kind."""
    return f"(^|;)({'|'.join(GOODS_OF[kind])}):" if kind in GOODS_OF else None


Basket = dict[str, int]
_KEPT = re.compile(r"([0-9A-Z]{10}):([1-9])")


def read_basket(kept: str | None) -> Basket:
    """The basket as it was kept: codes of offers with their numbers of boxes."""
    found = (_KEPT.fullmatch(part) for part in (kept or "").split(","))
    return {hit[1]: int(hit[2]) for hit in found if hit}


def written_basket(basket: Basket) -> str:
    """The basket as it is kept."""
    return ",".join(f"{code}:{quantity}" for code, quantity in basket.items())


def with_more(basket: Basket, code: str, quantity: int) -> Basket:
    """The basket with so many more boxes. Refuses more than it holds."""
    there = basket.get(code, 0)
    if there + quantity > MOST_OF_ONE:
        raise OneKindFull(most=MOST_OF_ONE, there=there)
    if not there and len(basket) >= MOST_KINDS:
        raise BasketFull(most=MOST_KINDS)
    return {**basket, code: there + quantity}


def with_number(basket: Basket, code: str, quantity: int) -> Basket:
    """The basket with exactly so many boxes of an offer that is in it; 0 takes it out."""
    if code not in basket:
        return dict(basket)
    return {one: count for one, count in {**basket, code: quantity}.items() if count}


def pages_of(count: int) -> int:
    """Pages that so many offers fill."""
    return max(1, -(-count // PAGE_SIZE))
