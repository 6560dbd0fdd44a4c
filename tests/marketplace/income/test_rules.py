"""Net, net a head and marks, with the figures of the demo's sheets."""

from __future__ import annotations

from datetime import date

import pytest

from marketplace.income import rules
from marketplace.income.rules import Entry

POVERTY, PROTECTION = 299_500, 442_800
DAY = date(2018, 11, 21)


def test_net_is_income_less_costs() -> None:
    found = rules.net(
        [
            Entry("wage", "cleaning_post", 360_000),
            Entry("business", "hundred_yuan_package", 220_000),
            Entry("business", "pig_sale", 260_000),
            Entry("property", "coop_dividend", 110_000),
            Entry("transfer", "pension", 419_088),
            Entry("cost", "production_cost", 135_000),
        ],
        3,
    )
    assert (found.net_fen, found.per_head_fen) == (1_234_088, 411_363)


def test_one_off_and_noted_entries_do_not_count_but_those_in_kind_do() -> None:
    found = rules.net(
        [
            Entry("transfer", "family_support", 100, one_off=True),
            Entry("transfer", "family_support", 200, memo=True),
            Entry("business", "other_sale", 300, in_kind=True),
        ],
        1,
    )
    assert found.net_fen == 300


def test_reversal_takes_its_amount_out_again() -> None:
    found = rules.net([Entry("business", "pig_sale", 500), Entry("business", "pig_sale", -500)], 2)
    assert (found.net_fen, found.per_head_fen) == (0, 0)


@pytest.mark.parametrize(
    ("net_fen", "people", "per_head"),
    [(2_837_610, 3, 945_870), (1, 2, 1), (1, 3, 0), (2, 3, 1), (-1, 2, 0), (-3, 2, -1)],
)
def test_half_a_fen_goes_up(net_fen: int, people: int, per_head: int) -> None:
    assert rules.per_head(net_fen, people) == per_head


def test_household_without_people_has_no_income_a_head() -> None:
    with pytest.raises(ValueError, match="without members"):
        rules.per_head(100, 0)


@pytest.mark.parametrize(
    ("per_head", "mark"),
    [
        (299_301, "below_poverty_line"),
        (299_499, "below_poverty_line"),
        (299_500, "between_lines"),
        (442_799, "between_lines"),
        (442_800, "stable"),
    ],
)
def test_on_the_line_is_above_it(per_head: int, mark: str) -> None:
    assert rules.mark(per_head, POVERTY, PROTECTION) == mark


def test_entry_needs_amount_paper_and_a_day_that_was() -> None:
    with pytest.raises(rules.NothingEarned):
        rules.check_entry(0, "slip", DAY, DAY)
    with pytest.raises(rules.NoDocument):
        rules.check_entry(1, "  ", DAY, DAY)
    with pytest.raises(rules.NotYetEarned):
        rules.check_entry(1, "slip", date(2018, 11, 22), DAY)
    rules.check_entry(1, "slip", DAY, DAY)


def test_source_belongs_to_its_kind_and_packages_are_never_typed() -> None:
    rules.check_source("wage", "work_away")
    for kind, source in (("transfer", "work_away"), ("business", rules.PACKAGES), ("loan", "bank")):
        with pytest.raises(rules.OtherKind):
            rules.check_source(kind, source)


@pytest.mark.parametrize("source", ["loan", "compensation"])
def test_loans_and_compensation_never_count(source: str) -> None:
    with pytest.raises(rules.NoIncome):
        rules.check_source("transfer", source)
    rules.check_source("transfer", source, counts=False)


def test_every_source_has_its_words() -> None:
    listed = {source for sources in rules.SOURCES.values() for source in sources}
    assert listed | {rules.PACKAGES} == rules.SOURCE_NAMES.keys()
