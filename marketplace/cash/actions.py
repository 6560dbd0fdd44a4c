"""Open a drawer, move its money, close it. The cash book is written by the database (laws/cash.sql)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.cash import rules
from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.ids import uuid7
from marketplace.journal import actions as journal
from marketplace.journal import queries as chains
from marketplace.journal.seal import seal_here
from marketplace.ledger import actions as ledger
from marketplace.money import yuan

FLOAT_SOURCE = ("fen", "float_source", "KD")  # the buying company's money, before it is in a drawer

_DRAWER = "select d.id, d.place, d.village, d.account from drawer d where d.place = $1"
_OPEN_DAY = "select * from drawer_day where drawer = $1 and state = 'open'"
_LOCK_OPEN_DAY = "select * from drawer_day where drawer = $1 and state = 'open' for no key update"
_STATE = """
select state from drawer_day where drawer = $1 and (state = 'open' or day = $2) order by state = 'open' desc limit 1
"""
_OPEN = """
insert into drawer_day (id, drawer, village, day, state, opened_at, opened_by, opening_fen)
values ($1, $2, $3, $4, 'open', $5, $6, $7)
"""
_COUNT = "insert into cash_count (id, drawer_day, occasion, denomination_fen, pieces) values ($1, $2, $3, $4, $5)"
# What speaks when somebody else was quicker: the day is there, or has moved money already.
_OPENED_BEFORE = {"drawer_day_one_a_day", "drawer_day_one_open", "drawer_day_opens_at_book"}
_CLOSE = """
update drawer_day set state = 'closed', closed_at = $2, closed_by = $3, expected_fen = $4, counted_fen = $5, reason = $6,
    second = $7, seal_head = $8
where id = $1
"""
_BOOK = "select coalesce(sum(amount_fen), 0)::bigint from cash_entry where drawer_day = $1"


async def drawer_at(place: UUID) -> Any:
    """The drawer of a place: id, place, village, account. Refuses (`NotFound`) a place without one."""
    row = await DB.fetch_row(_DRAWER, place)
    if row is None:
        raise NotFound
    return row


async def add_drawer(place: UUID, village: UUID | None) -> UUID:
    """An empty drawer at a place that has none. Runs inside a transaction; the database refuses a second one."""
    drawer = uuid7()
    account = await ledger.account("fen", "drawer", drawer, village=village, floor_zero=True, kept=True)
    await DB.fetch(
        "insert into drawer (id, place, village, account) values ($1, $2, $3, $4)", drawer, place, village, account
    )
    await journal.note(verb="add_drawer", subject=drawer, village=village)
    return drawer


async def open_day(place: UUID, counts: Mapping[int, int], *, by: UUID, now: datetime) -> UUID:
    """Open the day of a place's drawer with a count by denomination (fen → pieces); the day's id.

    What is more than the book says is float received, booked from the company's money. What is less stays in the
    opening count, and has to be explained at closing. Refuses a day that is open or was closed already.
    """
    drawer = await drawer_at(place)
    today = business_day(now)
    state = await DB.fetch_value(_STATE, drawer["id"], today)
    if state is not None:
        raise rules.DrawerOpenAlready if state == rules.OPEN else rules.DayClosedAlready
    book = await ledger.balance(drawer["account"])
    received_fen = max(0, rules.counted(counts) - book)
    day = uuid7()
    try:
        await DB.fetch(_OPEN, day, drawer["id"], drawer["village"], today, now, by, book)
    except asyncpg.IntegrityConstraintViolationError as error:
        if error.constraint_name not in _OPENED_BEFORE:
            raise
        raise rules.DrawerOpenAlready from error
    await _write_count(day, "opening", counts)
    if received_fen:
        source = await ledger.account(*FLOAT_SOURCE)
        await ledger.post(
            debit=drawer["account"], credit=source, amount=received_fen, kind="float", reference=day,
            village=drawer["village"], at=now,
        )  # fmt: skip
    await journal.note(
        verb="open_drawer",
        subject=day,
        village=drawer["village"],
        detail={"book_fen": book, "counted_fen": rules.counted(counts), "received_fen": received_fen},
    )
    return day


async def _write_count(day: UUID, occasion: str, counts: Mapping[int, int]) -> None:
    for denomination in rules.DENOMINATIONS:
        await DB.fetch(_COUNT, uuid7(), day, occasion, denomination, counts.get(denomination, 0))


async def top_up(place: UUID, amount: int, *, now: datetime) -> int:
    """Float received, in fen; the transfer's number. Refuses a drawer that is not open today, and nothing received."""
    if amount <= 0:
        raise rules.NothingReceived
    drawer, day = await _open_drawer(place, business_day(now))
    source = await ledger.account(*FLOAT_SOURCE)
    number = await ledger.post(
        debit=drawer["account"], credit=source, amount=amount, kind="float", reference=day,
        village=drawer["village"], at=now,
    )  # fmt: skip
    await journal.note(verb="top_up_drawer", subject=day, village=drawer["village"], detail={"amount_fen": amount})
    return number


async def _open_drawer(place: UUID, today: date | None = None) -> tuple[Any, UUID]:
    drawer = await drawer_at(place)
    day = await DB.fetch_row(_OPEN_DAY, drawer["id"])
    if day is None:
        raise rules.DrawerClosed
    if today is not None and day["day"] != today:
        raise rules.EarlierDayOpen
    return drawer, day["id"]


async def require_open(place: UUID) -> UUID:
    """The open day of a place's drawer. Refuses (`DrawerClosed`) a closed one."""
    return (await _open_drawer(place))[1]


async def pay_out(
    place: UUID,
    amount: int,
    *,
    purpose_account: UUID,
    kind: str,
    reference: UUID,
    village: UUID | None,
    now: datetime,
) -> tuple[int, UUID]:
    """Take `amount` fen out of a place's drawer for a purpose; the transfer's number and the drawer's day.

    Refuses a closed drawer, one that an earlier day left open, and (`CashShort`) more than is in it: then nothing has
    moved.
    """
    drawer, day = await _open_drawer(place, business_day(now))
    held = await ledger.balance(drawer["account"])
    if held < amount:
        raise rules.CashShort(held=yuan(held), wanted=yuan(amount))
    try:
        async with DB.transaction():  # a savepoint: after a broken floor the balance can be read again
            number = await ledger.post(
                debit=purpose_account, credit=drawer["account"], amount=amount, kind=kind, reference=reference,
                village=village, at=now,
            )  # fmt: skip
    except asyncpg.CheckViolationError as error:  # somebody else was quicker
        if error.constraint_name != "ledger_account_never_below_floor":
            raise
        left = await ledger.balance(drawer["account"])
        raise rules.CashShort(held=yuan(left), wanted=yuan(amount)) from error
    return number, day


async def take_in(
    place: UUID,
    amount: int,
    *,
    purpose_account: UUID,
    kind: str,
    reference: UUID,
    village: UUID | None,
    now: datetime,
) -> tuple[int, UUID]:
    """Put `amount` fen into a place's drawer; the transfer's number and the drawer's day. Refuses a closed drawer."""
    drawer, day = await _open_drawer(place)
    number = await ledger.post(
        debit=drawer["account"], credit=purpose_account, amount=amount, kind=kind, reference=reference,
        village=village, at=now,
    )  # fmt: skip
    return number, day


async def _book_difference(drawer: Any, day: UUID, difference: int, now: datetime) -> None:
    gone = await ledger.account("fen", "cash_difference", drawer["id"], village=drawer["village"])
    debit, credit = (drawer["account"], gone) if difference > 0 else (gone, drawer["account"])
    await ledger.post(
        debit=debit, credit=credit, amount=abs(difference), kind="cash_difference", reference=day,
        village=drawer["village"], at=now,
    )  # fmt: skip


async def close_day(
    place: UUID,
    counts: Mapping[int, int],
    *,
    by: UUID,
    reason: str = "",
    second: UUID | None = None,
    now: datetime,
) -> UUID:
    """Close the drawer's day against a count; the day's id. A difference is booked, with its reason and a second person.

    The village's chain is sealed first: the head that the day keeps covers everything of the day, this closing too.
    Refuses a closed drawer, and a difference that nobody explains.
    """
    drawer = await drawer_at(place)
    day = await DB.fetch_row(_LOCK_OPEN_DAY, drawer["id"])
    if day is None:
        raise rules.DrawerClosed
    expected: int = day["opening_fen"] + await DB.fetch_value(_BOOK, day["id"])
    found = rules.counted(counts)
    rules.check_closing(found, expected, reason, second is not None)
    await _write_count(day["id"], "closing", counts)
    explained = found != expected
    if explained:
        await _book_difference(drawer, day["id"], found - expected, now)
    await journal.note(
        verb="close_drawer",
        subject=day["id"],
        village=drawer["village"],
        detail={"expected_fen": expected, "counted_fen": found, "difference_fen": found - expected},
    )
    head = await seal_here(await chains.chain_of(drawer["village"]))
    await DB.fetch(
        _CLOSE, day["id"], now, by, expected, found, reason.strip() if explained else None,
        second if explained else None, str(head) if head else None,
    )  # fmt: skip
    closed: UUID = day["id"]
    return closed
