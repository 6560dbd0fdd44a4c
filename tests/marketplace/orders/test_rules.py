"""What an order may hold, and when each of its steps is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.errors import Refusal
from marketplace.orders import rules
from marketplace.orders.rules import Wanted
from tests.conftest import DEMO_MORNING

A, B = sorted((uuid4(), uuid4()))
quantities = st.integers(min_value=-20, max_value=40)
lines = st.lists(st.builds(Wanted, st.sampled_from([A, B, uuid4(), uuid4(), uuid4()]), quantities), max_size=12)


def test_an_offer_named_twice_is_wanted_once_with_all_its_boxes() -> None:
    assert rules.gathered([Wanted(B, 2), Wanted(A, 1), Wanted(B, 3)]) == [Wanted(A, 1), Wanted(B, 5)]


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ([], rules.EmptyBasket),
        ([Wanted(A, 0)], rules.QuantityUnfit),
        ([Wanted(A, 10)], rules.QuantityUnfit),
        ([Wanted(A, 5), Wanted(A, 5)], rules.QuantityUnfit),
        ([Wanted(A, 12), Wanted(A, -11)], rules.QuantityUnfit),
        ([Wanted(uuid4(), 9) for _ in range(3)] + [Wanted(uuid4(), 4)], rules.TooManyBoxes),
    ],
)
def test_what_no_order_holds_is_refused(wanted: list[Wanted], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        rules.check_wanted(wanted)


@given(lines)
def test_whatever_passes_is_one_to_nine_of_a_kind_and_thirty_in_all(wanted: list[Wanted]) -> None:
    try:
        rules.check_wanted(wanted)
    except Refusal:
        return
    once = rules.gathered(wanted)
    assert len({one.offer for one in once}) == len(once)
    assert all(1 <= one.quantity <= 9 for one in once)
    assert sum(one.quantity for one in once) <= 30


STATES = (rules.HELD, rules.PLACED, rules.PAID, rules.HANDED_OVER, rules.CANCELLED, rules.EXPIRED)


def passes(check: str, state: str, now: datetime) -> bool:
    try:
        if check == "cancel":
            rules.check_cancelling(state)
        elif check == "place":
            rules.check_placing(state, DEMO_MORNING, now)
        else:
            rules.check_handing_over(state, DEMO_MORNING, now)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(
    ("check", "in_time", "too_late"),
    [
        ("place", {rules.HELD}, set()),
        ("hand over", {rules.PLACED}, set()),
        ("cancel", {rules.HELD, rules.PLACED}, {rules.HELD, rules.PLACED}),
    ],
)
def test_of_all_states_only_these_pass_a_step(check: str, in_time: set[str], too_late: set[str]) -> None:
    before = DEMO_MORNING - timedelta(microseconds=1)
    assert {state for state in STATES if passes(check, state, before)} == in_time
    assert {state for state in STATES if passes(check, state, DEMO_MORNING)} == too_late


def test_every_step_that_passes_goes_along_an_arrow() -> None:
    assert {target for state, target in rules.ARROWS if not state} == {rules.HELD}
    closed = {rules.CANCELLED, rules.EXPIRED, rules.HANDED_OVER}
    assert not [state for state, _target in rules.ARROWS if state in closed]


def test_only_boxes_on_the_counter_are_handed_over() -> None:
    rules.check_given(["A", "B"], ["B", "A", "C"])
    with pytest.raises(rules.BoxesMissing) as refused:
        rules.check_given(["A", "B"], ["A", "A"])
    assert refused.value.values == {"missing": 1}
