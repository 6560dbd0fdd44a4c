"""A household's income of a year: its entries, its statement, its lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.income import rules
from marketplace.income.rules import PACKAGES, Entry, Mark, Net


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """One entry of a record in fen. `reversed`: a later entry takes it back; `reverses`: it takes one back."""

    id: UUID
    earned_on: date
    kind: str
    source: str
    amount_fen: int
    document: str
    one_off: bool
    in_kind: bool
    memo: bool
    reverses: bool
    reversed: bool

    @property
    def reckoned(self) -> Entry:
        return Entry(self.kind, self.source, self.amount_fen, self.one_off, self.in_kind, self.memo)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """Entries of one source with the same flags together, in fen; `count` is the number of entries that stand."""

    kind: str
    source: str
    one_off: bool
    in_kind: bool
    memo: bool
    amount_fen: int
    count: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A household's income of one year. `lines` count, costs among them; `not_counted` are one-off and memo entries."""

    year: int
    net: Net
    lines: tuple[StatementLine, ...]
    not_counted: tuple[StatementLine, ...]
    limits: Mapping[str, int]

    @property
    def per_head_fen(self) -> int:
        """Net a head; 0 where nobody is left."""
        return self.net.per_head_fen if self.net.people else 0

    @property
    def mark(self) -> Mark | None:
        """Where the household stands between the year's lines; None for a year without them."""
        if not {"poverty", "protection"} <= self.limits.keys():
            return None
        return rules.mark(self.per_head_fen, self.limits["poverty"], self.limits["protection"])

    def of(self, kind: str) -> list[StatementLine]:
        """The lines of one kind."""
        return [line for line in self.lines if line.kind == kind]


ENTRIES = """
select e.id, e.earned_on, e.kind, e.source, e.amount_fen, e.document, e.one_off, e.in_kind, e.memo,
    e.reverses is not null as reverses, exists (select 1 from income_entry r where r.reverses = e.id) as reversed
from income_entry e where e.household = $1 and e.year = $2 order by e.entered_at, e.id
"""
LATELY = """
select e.id, e.earned_on, e.kind, e.source, e.amount_fen, e.document, e.one_off, e.in_kind, e.memo,
    e.reverses is not null as reverses, exists (select 1 from income_entry r where r.reverses = e.id) as reversed
from income_entry e where e.household = $1 and e.source <> $2 order by e.entered_at desc, e.id desc limit $3
"""
PEOPLE = "select count(*)::int from member where household = $1 and left_on is null"
LIMITS = "select line, amount_fen from income_line where year = $1"
YEARS = "select distinct year from income_entry where household = $1 order by year desc"


async def entries(household: UUID, year: int) -> list[SeenEntry]:
    """Every entry of a household's year, as they were entered."""
    return [SeenEntry(**dict(row)) for row in await DB.fetch(ENTRIES, household, year)]


async def typed_lately(household: UUID, most: int) -> list[SeenEntry]:
    """What somebody entered for a household, of whatever year, the latest first; packages enter themselves."""
    return [SeenEntry(**dict(row)) for row in await DB.fetch(LATELY, household, PACKAGES, most)]


async def statement(household: UUID, year: int) -> Statement:
    """What a household earned in a year, reckoned from its entries; people are its members of today."""
    found = await entries(household, year)
    people: int = await DB.fetch_value(PEOPLE, household)
    limits: list[Any] = await DB.fetch(LIMITS, year)
    return Statement(
        year=year,
        net=rules.net((entry.reckoned for entry in found), people),
        lines=_lines(entry for entry in found if entry.reckoned.counts),
        not_counted=_lines(entry for entry in found if not entry.reckoned.counts),
        limits={row["line"]: row["amount_fen"] for row in limits},
    )


def _lines(found: Iterable[SeenEntry]) -> tuple[StatementLine, ...]:
    """One line a source and its flags, in the order of the sheet; what was taken back whole drops out."""
    sums: dict[tuple[str, str, bool, bool, bool], list[int]] = {}
    for entry in found:
        line = sums.setdefault((entry.kind, entry.source, entry.one_off, entry.in_kind, entry.memo), [0, 0])
        line[0] += entry.amount_fen
        line[1] += -1 if entry.reverses else 1
    lines = [StatementLine(*key, amount, count) for key, (amount, count) in sums.items() if amount]
    return tuple(sorted(lines, key=_place_on_sheet))


def _place_on_sheet(line: StatementLine) -> tuple[int, int, str]:
    listed = (PACKAGES, *rules.SOURCES[line.kind])
    place = listed.index(line.source) if line.source in listed else len(listed)
    return rules.KINDS.index(line.kind), place, line.source


async def years(household: UUID) -> list[int]:
    """The years of a household's record, the newest first."""
    return [row["year"] for row in await DB.fetch(YEARS, household)]
