"""What is typed about prices and licences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from msgspec import Struct

from marketplace.errors import Refusal
from marketplace.produce.rules import Good, check_price
from marketplace.web.form import text, yuan

HIGHEST_PRICE = 1_000_000  # 10,000 yuan for a piece or a kilogram: surely a slip of the finger


class PriceRow(Struct, frozen=True):
    """One good's price; blank where the village does not buy it."""

    code: Annotated[str, text(longest=20)]
    price: Annotated[int, yuan(least=1, most=HIGHEST_PRICE)] | None = None


class PriceListForm(Struct, frozen=True):
    valid_from: date
    document: Annotated[str, text(longest=120)]
    valid_until: date | None = None
    prices: tuple[PriceRow, ...] = ()

    def chosen(self) -> dict[str, int]:
        """Fen by the code of the good, for the goods that have a price."""
        return {row.code: row.price for row in self.prices if row.price is not None}

    def faults(self, goods: Mapping[str, Good]) -> Iterable[tuple[str, Refusal]]:
        """Prices that a good cannot have, with the field each stands in."""
        for at, row in enumerate(self.prices):
            if row.price is None or row.code not in goods:
                continue
            try:
                check_price(replace(goods[row.code], price_fen=row.price), row.price)
            except Refusal as refusal:
                yield f"prices.{at}.price", refusal


class LicenceForm(Struct, frozen=True):
    licence: Annotated[str, text(longest=60)] = ""
