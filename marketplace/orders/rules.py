"""An order's states, how long boxes are kept for it, and what stands against each step. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.errors import N_, Conflict, Refusal

HELD, PLACED, PAID, HANDED_OVER, CANCELLED, EXPIRED = "held", "placed", "paid", "handed_over", "cancelled", "expired"
OPEN: frozenset[str] = frozenset({HELD, PLACED})

ARROWS: frozenset[tuple[str, str]] = frozenset(
    {
        ("", HELD),
        (HELD, PLACED),
        (HELD, CANCELLED),
        (HELD, EXPIRED),
        (PLACED, PAID),
        (PLACED, CANCELLED),
        (PLACED, EXPIRED),
        (PAID, HANDED_OVER),
    }
)

HOLD = timedelta(minutes=30)
PICKUP_DAYS = 3
PICKUP = timedelta(days=PICKUP_DAYS)
MOST_OF_ONE = 9
MOST_BOXES = 30
MOST_OPEN = 10


class EmptyBasket(Refusal):
    text = N_("The basket is empty. Choose a box first.")


class QuantityUnfit(Refusal):
    text = N_("Of one kind 1 to {most} boxes can be ordered at once. Change the number.")
    field = "quantity"


class TooManyBoxes(Refusal):
    text = N_("An order holds at most {most} boxes. Order the rest afterwards.")


class TooManyOpen(Refusal):
    text = N_("{count} of your orders are waiting already. Fetch one or cancel one, then order again.")


class NoPickup(Refusal):
    text = N_("Nothing can be picked up there. Choose one of the stores.")
    field = "place"


class HoldOver(Conflict):
    text = N_("The boxes were kept until {until}. Put them into the basket again while there are some left.")


class PlacedAlready(Conflict):
    text = N_("This order is placed already. The code for the store stands on its page.")


class OrderClosed(Conflict):
    text = N_("This order is closed. Its boxes are back on the shelf; you owe nothing.")


class HandedOverAlready(Conflict):
    text = N_("This order was paid and handed over already. Take no money.")


class NotPlaced(Conflict):
    text = N_("The buyer has not placed this order yet. Take no money; the buyer places it on the order's page first.")


class PickupOver(Conflict):
    text = N_(
        "The time for this order ended {until}. Take no money: the boxes go back to the shelf, "
        "and the buyer can order them again at once."
    )


class WrongCode(Refusal):
    text = N_("This is not the code of this order. Ask the buyer to read it out again.")
    field = "pickup_code"


class BoxesMissing(Refusal):
    text = N_("Tick every box once it stands on the counter; {missing} are missing.")
    field = "given"


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many boxes of one offer."""

    offer: UUID
    quantity: int


def gathered(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Each offer once, in key order, with all the boxes that are wanted of it."""
    boxes: Counter[UUID] = Counter()
    for one in wanted:
        boxes[one.offer] += one.quantity
    return [Wanted(offer, boxes[offer]) for offer in sorted(boxes)]


def check_wanted(wanted: Sequence[Wanted]) -> None:
    """Refuses an order of nothing, of more than `MOST_OF_ONE` of a kind, of more than `MOST_BOXES` in all."""
    if not wanted:
        raise EmptyBasket
    if any(one.quantity < 1 for one in wanted) or any(one.quantity > MOST_OF_ONE for one in gathered(wanted)):
        raise QuantityUnfit(most=MOST_OF_ONE)
    if sum(one.quantity for one in wanted) > MOST_BOXES:
        raise TooManyBoxes(most=MOST_BOXES)


def is_over(hold_until: datetime, now: datetime) -> bool:
    """Whether boxes are no longer kept: at the very moment the hold ends, they are not."""
    return now >= hold_until


def check_placing(state: str, hold_until: datetime, now: datetime) -> None:
    """Refuses to place an order that is not held, or no longer."""
    if state == PLACED:
        raise PlacedAlready
    if state == EXPIRED or (state == HELD and is_over(hold_until, now)):
        raise HoldOver(until=hold_until)
    if state != HELD:
        raise OrderClosed if state == CANCELLED else HandedOverAlready


def check_cancelling(state: str) -> None:
    """Refuses to cancel what is paid or closed."""
    if state in (PAID, HANDED_OVER):
        raise HandedOverAlready
    if state not in OPEN:
        raise OrderClosed


def check_handing_over(state: str, hold_until: datetime, now: datetime) -> None:
    """Refuses, before any money is taken, to hand over an order that is not waiting for its buyer."""
    if state in (PAID, HANDED_OVER):
        raise HandedOverAlready
    if state == CANCELLED:
        raise OrderClosed
    if state == EXPIRED or is_over(hold_until, now):
        raise PickupOver(until=hold_until)
    if state != PLACED:
        raise NotPlaced


def check_given(boxes: Collection[str], given: Collection[str]) -> None:
    """Refuses to hand over before every box was ticked (by its trace code)."""
    missing = len(set(boxes) - set(given))
    if missing:
        raise BoxesMissing(missing=missing)
