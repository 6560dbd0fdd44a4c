"""Counting a drawer, and what must be true when it opens and closes."""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.errors import N_, Conflict, Refusal
from marketplace.money import yuan

DENOMINATIONS = (10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 10)  # fen: notes and coins in use
OPEN, CLOSED = "open", "closed"


class DrawerClosed(Conflict):
    text = N_("The drawer is closed. Count it and open the day first.")


class EarlierDayOpen(Conflict):
    text = N_("The drawer is still open from an earlier day. Close that day first, then open today's.")


class DrawerOpenAlready(Conflict):
    text = N_("The drawer is open already. Close that day before you open another.")


class DayClosedAlready(Conflict):
    text = N_("Today's drawer is closed. What comes now goes into the next day.")


class NothingReceived(Refusal):
    text = N_("Enter how many notes and coins were received.")
    field = "counts"


class CashShort(Refusal):
    text = N_("There are {held} yuan in the drawer, {wanted} are needed. Fetch money first, then pay.")


class DifferenceUnexplained(Refusal):
    text = N_("{difference} yuan differ from the book. Write the reason, and let a second person confirm it.")
    field = "reason"


class NeedsSecond(Refusal):
    text = N_("A second person confirms the difference with login name and PIN.")
    field = "login"


def counted(counts: Mapping[int, int]) -> int:
    """Fen of so many pieces of each denomination. ValueError for one that is no money."""
    unknown = set(counts) - set(DENOMINATIONS)
    if unknown or any(pieces < 0 for pieces in counts.values()):
        raise ValueError(f"no denominations: {sorted(unknown)}")
    return sum(denomination * pieces for denomination, pieces in counts.items())


def check_closing(counted_fen: int, expected_fen: int, reason: str, has_second: bool) -> None:
    """Refuses a difference without its reason and a second person."""
    if counted_fen == expected_fen:
        return
    if not reason.strip():
        raise DifferenceUnexplained(difference=yuan(counted_fen - expected_fen))
    if not has_second:
        raise NeedsSecond
