"""Enter income, and take an entry back. Entries are never changed."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.ids import uuid7
from marketplace.income import rules
from marketplace.journal import actions as journal

_ENTER = """
insert into income_entry (id, household, village, year, earned_on, kind, source, amount_fen, document, one_off, in_kind,
    memo, entered_at, entered_by, reverses)
select $1, h.id, h.village, extract(year from $3::date), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, null
from household h where h.id = $2 returning village
"""
_ENTERED = """
select e.source, e.reverses, exists (select 1 from income_entry r where r.reverses = e.id) as reversed
from income_entry e where e.id = $1
"""
_REVERSE = """
insert into income_entry (id, household, village, year, earned_on, kind, source, amount_fen, document, one_off, in_kind,
    memo, entered_at, entered_by, reverses)
select $1, household, village, year, earned_on, kind, source, -amount_fen, document, one_off, in_kind, memo, $3, $4, id
from income_entry where id = $2 and reverses is null
returning household, village, amount_fen
"""


async def enter(
    household: UUID,
    *,
    earned_on: date,
    kind: str,
    source: str,
    amount_fen: int,
    document: str,
    one_off: bool = False,
    in_kind: bool = False,
    memo: bool = False,
    by: UUID | None,
    now: datetime,
) -> UUID:
    """One line of a household's income record, in fen, with the document that proves it; its id.

    Refuses nothing to enter, no document, a day to come, and a household out of scope (`NotFound`).
    """
    rules.check_entry(amount_fen, document, earned_on, business_day(now))
    entry = uuid7()
    flags = (one_off, in_kind, memo)
    village = await DB.fetch_value(
        _ENTER, entry, household, earned_on, kind, source, amount_fen, document.strip(), *flags, now, by
    )
    if village is None:
        raise NotFound
    await journal.note(
        verb="enter_income",
        subject=entry,
        village=village,
        on_behalf_of=household,
        detail={"kind": kind, "source": source, "amount_fen": amount_fen},
    )
    return entry


async def reverse(entry: UUID, *, by: UUID | None, now: datetime) -> UUID:
    """Take an entry back, once and whole; the reversal's id. Refuses (`NotFound`) one that is out of scope."""
    mirror = uuid7()
    row = await DB.fetch_row(_REVERSE, mirror, entry, now, by)
    if row is None:
        raise NotFound
    await journal.note(
        verb="reverse_income",
        subject=entry,
        village=row["village"],
        on_behalf_of=row["household"],
        detail={"amount_fen": row["amount_fen"]},
    )
    return mirror


async def take_back(entry: UUID, *, by: UUID | None, now: datetime) -> UUID:
    """Take back an entry that somebody typed; the reversal's id.

    Refuses: out of scope and what is a reversal itself (`NotFound`), a package's money, an entry taken back already.
    """
    row = await DB.fetch_row(_ENTERED, entry)
    if row is None or row["reverses"] is not None:
        raise NotFound
    if row["source"] == rules.PACKAGES:
        raise rules.PackageIncome
    if row["reversed"]:
        raise rules.ReversedAlready
    return await reverse(entry, by=by, now=now)
