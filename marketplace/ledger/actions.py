"""Post transfers. Balances move in the database (laws/ledger.sql); a floor that is hit refuses the whole act."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from marketplace.db import DB
from marketplace.ids import uuid7
from marketplace.journal.actions import running

_FIND = "select id from ledger_account where unit = $1 and kind = $2 and subject = $3"
_OPEN = """
insert into ledger_account (id, unit, kind, subject, village, floor_zero, kept, balance)
values ($1, $2, $3, $4, $5, $6, $7, 0) on conflict (unit, kind, subject) do nothing returning id
"""
_POST = """
insert into transfer (unit, debit, credit, amount, kind, reference, village, reverses, at, command)
values ($1, $2, $3, $4, $5, $6, $7, null, $8, $9) returning id
"""
_REVERSE = """
insert into transfer (unit, debit, credit, amount, kind, reference, village, reverses, at, command)
select unit, credit, debit, amount, 'reversal', coalesce($2, reference), village, id, $3, $4
from transfer where id = $1 returning id
"""


async def account(
    unit: str,
    kind: str,
    subject: object,
    *,
    village: UUID | None = None,
    floor_zero: bool = False,
    kept: bool = False,
) -> UUID:
    """The account of that unit, kind and subject; opened empty where it does not exist yet."""
    key = (unit, kind, str(subject))
    found: UUID | None = await DB.fetch_value(_FIND, *key)
    if found is None:
        found = await DB.fetch_value(_OPEN, uuid7(), *key, village, floor_zero, kept or floor_zero)
    if found is None:  # another opened it in the same moment
        found = await DB.fetch_value(_FIND, *key)
    assert found is not None
    return found


async def balance(account: UUID) -> int:
    """Debits − credits of a kept account, in its unit."""
    kept: int = await DB.fetch_value("select balance from ledger_account where id = $1 and kept", account)
    return kept


async def post(
    *,
    debit: UUID,
    credit: UUID,
    amount: int,
    kind: str,
    at: datetime,
    unit: str = "fen",
    reference: UUID | None = None,
    village: UUID | None = None,
) -> int:
    """Move `amount` (fen or points) from `credit` to `debit`; the transfer's number.

    The database refuses: two units, the same account twice, nothing or less to move, a floor broken.
    """
    number: int = await DB.fetch_value(_POST, unit, debit, credit, amount, kind, reference, village, at, running())
    return number


async def reverse(transfer: int, *, at: datetime, reference: UUID | None = None) -> int:
    """The whole transfer the other way round, once; the reversal's number. A second time the database refuses."""
    number: int = await DB.fetch_value(_REVERSE, transfer, reference, at, running())
    return number
