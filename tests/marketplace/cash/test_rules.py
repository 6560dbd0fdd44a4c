"""Counting a drawer by denomination, and what a closing count must explain."""

from __future__ import annotations

import pytest

from marketplace.cash import rules


def test_count_is_the_sum_of_its_pieces() -> None:
    assert rules.counted({10_000: 3, 500: 2, 50: 1, 10: 4}) == 31_090
    assert rules.counted({}) == 0


@pytest.mark.parametrize("counts", [{300: 1}, {10_000: -1}])
def test_count_of_no_money_is_refused(counts: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="no denominations"):
        rules.counted(counts)


def test_difference_needs_first_a_reason_then_a_second_person() -> None:
    rules.check_closing(1_000, 1_000, "", False)
    with pytest.raises(rules.DifferenceUnexplained) as refused:
        rules.check_closing(800, 1_000, " ", True)
    assert (refused.value.values["difference"], refused.value.field) == ("-2.00", "reason")
    with pytest.raises(rules.NeedsSecond):
        rules.check_closing(800, 1_000, "wrong change", False)
    rules.check_closing(800, 1_000, "wrong change", True)
