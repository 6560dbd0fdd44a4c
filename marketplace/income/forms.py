"""What is typed of an income: kind, source, amount, day, the paper that shows it; and the year of a statement."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Struct

from marketplace.income.rules import SOURCES, Kind
from marketplace.web.form import one_of, text, whole, yuan


def _sources() -> list[str]:
    return [source for sources in SOURCES.values() for source in sources]


class IncomeForm(Struct, frozen=True):
    """One line of income; `amount` in fen."""

    kind: Kind
    source: Annotated[str, one_of(_sources)]
    amount: Annotated[int, yuan()]
    earned_on: date
    document: Annotated[str, text(longest=120)] = ""
    one_off: bool = False
    in_kind: bool = False
    memo: bool = False


class YearQuery(Struct, frozen=True):
    """The year of a statement; 0 is this year."""

    year: Annotated[int, whole(least=2000, most=2100)] = 0
