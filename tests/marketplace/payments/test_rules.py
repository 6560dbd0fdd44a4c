"""Change is reckoned exactly, and too little is refused."""

import pytest

from marketplace.payments.rules import TooLittleCash, change_of


@pytest.mark.parametrize(("due", "received", "back"), [(12_800, None, 0), (12_800, 12_800, 0), (12_800, 20_000, 7_200)])
def test_change_is_what_was_counted_less_what_is_due(due: int, received: int | None, back: int) -> None:
    assert change_of(due, received) == back


def test_a_fen_too_little_is_refused() -> None:
    with pytest.raises(TooLittleCash):
        change_of(12_800, 12_799)
