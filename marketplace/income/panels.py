"""Income as pages draw it: the household page's panel and the statement's values, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from marketplace.clock import business_day
from marketplace.households.tables import Household
from marketplace.income import queries
from marketplace.income.queries import SeenEntry, Statement, StatementLine
from marketplace.income.rules import KINDS, LINE_NAMES, PACKAGES, SOURCE_NAMES
from marketplace.web.visit import Visit
from marketplace.web.wing import Panel
from marketplace.web.words import _

READERS: Final = ("intake_clerk", "branch_secretary", "village_director", "first_secretary", "supervisor")


def source_words(source: str) -> str:
    """A source in the reader's words."""
    return _(SOURCE_NAMES[source]) if source in SOURCE_NAMES else source


async def income(visit: Visit, household: Household) -> Mapping[str, Any]:
    """This year by kind, what remains, and the line that comes next."""
    own = visit.household_id is not None
    found = await queries.statement(household.id, business_day(visit.now).year)
    return {
        "year": found.year,
        "kinds": [
            {
                "kind": kind,
                "amount_fen": found.net.by_kind[kind],
                "sources": [(source_words(line.source), line.amount_fen) for line in found.of(kind)],
            }
            for kind in KINDS
            if found.of(kind)
        ],
        "net_fen": found.net.net_fen,
        "people": found.net.people,
        "per_head_fen": found.per_head_fen,
        "address": "/home/income" if own else f"/office/households/{household.code}/income",
        "line": next_line(found),
    }


def next_line(found: Statement) -> dict[str, Any] | None:
    """The line a household stands before, or the highest one that it passed; None for a year without lines."""
    if found.mark is None:
        return None
    return limit_values(found, "poverty" if found.mark == "below_poverty_line" else "protection")


def limit_values(found: Statement, line: str) -> dict[str, Any]:
    """A line as pages draw it; on the line is passed."""
    limit = found.limits[line]
    return {"name": _(LINE_NAMES[line]), "amount_fen": limit, "passed": found.per_head_fen >= limit}


def statement_values(found: Statement, code: str, today: date, *, own: bool) -> dict[str, Any]:
    """A statement as its template takes it. Poverty lines are the office's matter and not on the household's own page."""
    return {
        "year": found.year,
        "first": date(found.year, 1, 1),
        "last": date(found.year, 12, 31),
        "people": found.net.people,
        "printed_on": today,
        "number": f"{code}-{found.year}",
        "net_fen": found.net.net_fen,
        "per_head_fen": found.per_head_fen,
        "kinds": [
            {
                "kind": kind,
                "subtotal_fen": found.net.by_kind[kind],
                "lines": [line_values(line) for line in found.of(kind)],
            }
            for kind in KINDS
            if kind != "cost" and found.of(kind)
        ],
        "costs": [line_values(line) for line in found.of("cost")],
        "not_counted": [{**line_values(line), "words": not_counted_words(line)} for line in found.not_counted],
        "against": [] if own else [limit_values(found, line) for line in LINE_NAMES if line in found.limits],
    }


def line_values(line: StatementLine) -> dict[str, Any]:
    """A line of the statement; packages are counted."""
    return {
        "words": source_words(line.source),
        "count": line.count if line.source == PACKAGES else 0,
        "amount_fen": line.amount_fen,
        "flag": _("in kind") if line.in_kind else "",
    }


def not_counted_words(line: StatementLine) -> str:
    """What a line that does not count is called, with the reason why it does not."""
    source = source_words(line.source)
    return _("{source} (only noted)", source=source) if line.memo else _("{source} (one-off)", source=source)


def entry_values(entry: SeenEntry, *, may_reverse: bool) -> dict[str, Any]:
    """An entry in the list of those entered lately. A package's money is not taken back here."""
    return {
        "id": str(entry.id),
        "earned_on": entry.earned_on,
        "kind": entry.kind,
        "words": source_words(entry.source),
        "amount_fen": entry.amount_fen,
        "document": entry.document,
        "reverses": entry.reverses,
        "reversed": entry.reversed,
        "may_reverse": may_reverse and not (entry.reverses or entry.reversed or entry.source == PACKAGES),
    }


HOUSEHOLD_PANELS = (
    Panel(
        "income",
        "marketplace/income/panel.html",
        income,
        roles=frozenset({*READERS, "household_member"}),
        order=60,
    ),
)
