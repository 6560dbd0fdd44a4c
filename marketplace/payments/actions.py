"""Take money for a payable. A payable is captured once (P10)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.cash import actions as cash
from marketplace.db import DB
from marketplace.ids import uuid7
from marketplace.journal import actions as journal
from marketplace.ledger import actions as ledger
from marketplace.payments import rules

_PAID = "select exists (select 1 from payment where payable = $1 and state = 'captured')"
_CAPTURE = """
insert into payment (id, payable, provider, event, amount_fen, state, place, taken_by, transfer, at)
values ($1, $2, 'cash', $3, $4, 'captured', $5, $6, $7, $8)
"""


async def take_cash(payable: UUID, amount: int, *, place: UUID, event: str, by: UUID, now: datetime) -> UUID:
    """Put `amount` fen for a payable into a place's drawer and capture it; the payment's id.

    `event` names the till's own act. Refuses: paid already (`PaidBefore`), a closed drawer (`DrawerClosed`).
    """
    if await DB.fetch_value(_PAID, payable):
        raise rules.PaidBefore
    drawer = await cash.drawer_at(place)
    sales = await ledger.account("fen", "sales", place, village=drawer["village"])
    transfer, _day = await cash.take_in(
        place, amount, purpose_account=sales, kind="sale", reference=payable, village=drawer["village"], now=now
    )
    payment = uuid7()
    try:
        await DB.fetch(_CAPTURE, payment, payable, event, amount, place, by, transfer, now)
    except asyncpg.UniqueViolationError as error:  # somebody else was quicker
        raise rules.PaidBefore from error
    await journal.note(
        verb="take_cash",
        subject=payment,
        village=drawer["village"],
        detail={"payable": payable, "amount_fen": amount, "transfer": transfer},
    )
    return payment
