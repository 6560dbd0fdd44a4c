"""How a payable is paid. Pure."""

from __future__ import annotations

from marketplace.errors import N_, Conflict, Refusal
from marketplace.money import yuan


class PaidBefore(Conflict):
    text = N_("This is paid already. Take no money, and look at it again.")


class TooLittleCash(Refusal):
    text = N_("{received} yuan were counted, {due} are due. Ask for the rest, or give the money back.")
    field = "received"


def change_of(due_fen: int, received_fen: int | None) -> int:
    """Fen to give back out of what was counted. Refuses (`TooLittleCash`) less than is due; None: counted exactly."""
    if received_fen is None:
        return 0
    if received_fen < due_fen:
        raise TooLittleCash(received=yuan(received_fen), due=yuan(due_fen))
    return received_fen - due_fen
