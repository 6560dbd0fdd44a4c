"""The four kinds of income and the cost; net and net per head as the village sheets reckon them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from marketplace.errors import N_, Conflict, Refusal

Kind = Literal["wage", "business", "property", "transfer", "cost"]
KINDS: tuple[Kind, ...] = ("wage", "business", "property", "transfer", "cost")
PACKAGES = "hundred_yuan_package"
SOURCE_NAMES: Mapping[str, str] = {
    PACKAGES: N_("Hundred-yuan packages"),
    "cleaning_post": N_("Cleaning post"),
    "forest_guard": N_("Forest guard's wage"),
    "work_away": N_("Work away from home"),
    "local_work": N_("Work near home"),
    "pig_sale": N_("Pigs sold"),
    "walnut_sale": N_("Walnuts sold"),
    "other_sale": N_("Other goods sold"),
    "coop_dividend": N_("Cooperative dividend"),
    "land_rent": N_("Rent of land"),
    "subsistence_allowance": N_("Subsistence allowance"),
    "forest_compensation": N_("Forest compensation"),
    "grain_subsidy": N_("Grain subsidy"),
    "pension": N_("Pension"),
    "family_support": N_("Support by family"),
    "compensation": N_("Compensation or relocation money"),
    "loan": N_("Loan"),
    "production_cost": N_("Seed, feed, fertiliser and the like"),
}
LINE_NAMES: Mapping[str, str] = {
    "poverty": N_("Poverty line"),
    "protection": N_("Protection line"),
    "monitoring": N_("Monitoring line"),
}
# Which sources a kind has. Packages enter themselves and are never typed.
SOURCES: Mapping[str, tuple[str, ...]] = {
    "wage": ("work_away", "local_work", "cleaning_post", "forest_guard"),
    "business": ("pig_sale", "walnut_sale", "other_sale"),
    "property": ("coop_dividend", "land_rent"),
    "transfer": (
        "pension", "subsistence_allowance", "forest_compensation", "grain_subsidy", "family_support", "compensation", "loan",
    ),
    "cost": ("production_cost",),
}  # fmt: skip
NO_INCOME: frozenset[str] = frozenset({"compensation", "loan"})  # shown, never counted: domain brief, A6


class NothingEarned(Refusal):
    text = N_("Enter an amount above 0.00 yuan.")
    field = "amount"


class NoDocument(Refusal):
    text = N_("Name the paper that shows it, such as the pay slip or the bank slip.")
    field = "document"


class NotYetEarned(Refusal):
    text = N_("{day} is still to come. Enter it when it has been paid.")
    field = "earned_on"


class PackageIncome(Refusal):
    text = N_("This is the money of a package. It is taken back only together with its package, at the counter.")


class ReversedAlready(Conflict):
    text = N_("This entry was taken back already. Nothing was taken back a second time.")


class OtherKind(Refusal):
    text = N_("This source belongs to another kind. Choose the kind first.")
    field = "source"


class NoIncome(Refusal):
    text = N_("This is no income. Tick “one-off” or “only noted”: it is shown then, and not counted.")
    field = "source"


def check_entry(amount_fen: int, document: str, earned_on: date, today: date) -> None:
    """Refuses an amount of nothing, a missing document and a day to come."""
    if amount_fen <= 0:
        raise NothingEarned
    if not document.strip():
        raise NoDocument
    if earned_on > today:
        raise NotYetEarned(day=earned_on)


def check_source(kind: str, source: str, *, counts: bool = True) -> None:
    """Refuses a source that does not belong to the kind, and loans and compensation that would count.

    Packages are never typed.
    """
    if source not in SOURCES.get(kind, ()):
        raise OtherKind
    if counts and source in NO_INCOME:
        raise NoIncome


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the reckoning needs it; a reversal carries a negative amount."""

    kind: str
    source: str
    amount_fen: int
    one_off: bool = False
    in_kind: bool = False
    memo: bool = False

    @property
    def counts(self) -> bool:
        """Whether it counts for the net: neither one-off nor a memo (domain brief, A6)."""
        return not (self.one_off or self.memo)


@dataclass(frozen=True, slots=True)
class Net:
    """Fen by kind, and what remains. `people` are the registered members."""

    by_kind: Mapping[str, int]
    people: int

    @property
    def net_fen(self) -> int:
        """Wages + business + property + transfers − costs."""
        return sum(self.by_kind[kind] for kind in KINDS if kind != "cost") - self.by_kind["cost"]

    @property
    def per_head_fen(self) -> int:
        """Net a head, to the fen, half up (the sheets of the demo: 28,376.10 / 3 = 9,458.70)."""
        return per_head(self.net_fen, self.people)


def per_head(net_fen: int, people: int) -> int:
    """Fen a head, half a fen up. ValueError without people."""
    if people <= 0:
        raise ValueError("a household without members has no income a head")
    return (2 * net_fen + people) // (2 * people)


def net(entries: Iterable[Entry], people: int) -> Net:
    """What counts of the entries, by kind."""
    by_kind = dict.fromkeys(KINDS, 0)
    for entry in entries:
        if entry.counts:
            by_kind[entry.kind] += entry.amount_fen  # type: ignore[index]
    return Net({str(kind): fen for kind, fen in by_kind.items()}, people)


Mark = Literal["below_poverty_line", "between_lines", "stable"]


def mark(per_head_fen: int, poverty_fen: int, protection_fen: int) -> Mark:
    """Where a household stands between the year's lines; on the line is above it."""
    if per_head_fen < poverty_fen:
        return "below_poverty_line"
    return "between_lines" if per_head_fen < protection_fen else "stable"
