"""Payments of payables."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import fen, key, loose, moment, reference, text
from marketplace.ledger.tables import Transfer
from marketplace.places.tables import Place


class Payment(Table):
    """Money that came in for a payable, in fen. `event` is the provider's name for the event, at a till the key."""

    id = key()
    payable = loose(index=True)
    provider = text()
    event = text()
    amount_fen = fen()
    state = text()
    place = reference(Place)
    taken_by = loose(null=True)
    transfer = reference(Transfer, unique=True)
    at = moment()

    payment_provider_known = Check("provider in ('cash')")
    payment_state_known = Check("state in ('captured', 'excess')")
    payment_amount_positive = Check("amount_fen > 0")
    payment_one_event = Unique(["provider", "event"])
