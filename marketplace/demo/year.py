"""Puts the demo's year into the base world: as the owner, through every trigger, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.cash.rules import DENOMINATIONS
from marketplace.demo import year_rows
from marketplace.demo.load import copy_rows
from marketplace.demo.world import Row, row_id, user_id
from marketplace.demo.year_rows import Brought, CashDay

_ACCOUNT = """
insert into ledger_account (id, unit, kind, subject, village, floor_zero, kept, balance)
values ($1, 'fen', $2, $3, $4, false, false, 0) on conflict (unit, kind, subject) do nothing
"""
_OPEN = """
insert into drawer_day (id, drawer, village, day, state, opened_at, opened_by, opening_fen)
values ($1, $2, $3, $4, 'open', $5, $6, $7)
"""
_CLOSE = """
update drawer_day set state = 'closed', closed_at = $2, closed_by = $3, expected_fen = $4, counted_fen = $4 where id = $1
"""
_WEIGHED = """
update package p set state = 'weighed', weighed_at = w.at, weighed_by = $3
from unnest($1::uuid[], $2::timestamptz[]) w (package, at) where p.id = w.package
"""
_MOVE = """
update stock_unit u set state = m.state, place = coalesce(m.place, u.place)
from unnest($1::uuid[], $2::text[], $3::uuid[]) m (unit, state, place) where u.id = m.unit
"""


async def load_year(owner_url: str) -> None:
    """The packages of year_packages.csv with their money, income and stock, and the model income sheets.

    Does nothing where an acceptance exists already. All or nothing; no trigger is put to sleep.
    """
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            if not await connection.fetchval("select exists (select 1 from acceptance)"):
                await write_year(connection, year_rows.year())
        await connection.execute("analyze")
    finally:
        await connection.close()


async def write_year(connection: Any, brought: Sequence[Brought]) -> None:
    """Every row of the year in the order in which the laws want them."""
    accepted = [one for one in brought if one.accepted]
    await _copy(connection, "package", year_rows.packages(brought))
    await _copy(connection, "package_line", year_rows.package_lines(brought))
    await _send_back(connection, [one for one in brought if not one.accepted])
    await _inspect(connection, accepted)
    await _pay(connection, accepted)
    await _set_state(connection, accepted, "paid")
    await _stock(connection, accepted)
    await _copy(connection, "income_entry", year_rows.sheet_income())


async def _copy(connection: Any, table: str, rows: Iterable[Row]) -> None:
    await copy_rows(connection, table, list(rows))


async def _set_state(connection: Any, brought: Iterable[Brought], state: str) -> None:
    ids = [one.id("package") for one in brought]
    await connection.execute("update package set state = $2 where id = any ($1::uuid[])", ids, state)


async def _send_back(connection: Any, rejected: Sequence[Brought]) -> None:
    await _copy(connection, "send_back", year_rows.send_backs(rejected))
    await _set_state(connection, rejected, "sent_back")


async def _inspect(connection: Any, accepted: Sequence[Brought]) -> None:
    ids, moments = [one.id("package") for one in accepted], [one.later(2) for one in accepted]
    await connection.execute(_WEIGHED, ids, moments, user_id(year_rows.CLERK))
    await _copy(connection, "inspection", year_rows.inspections(accepted))
    await _set_state(connection, accepted, "inspected")


async def _pay(connection: Any, accepted: Sequence[Brought]) -> None:
    days = year_rows.cash_days(accepted)
    accounts = await _accounts(connection)
    for day in days:
        await _keep_drawer(connection, day, accounts)
    paid = await connection.fetch("select reference, id from transfer where kind = 'payout'")
    transfer_of = {row["reference"]: row["id"] for row in paid}
    await _copy(connection, "payout", year_rows.payouts(days, transfer_of))
    numbers = await connection.fetch("select id, voucher_number from payout")
    number_of = {row["id"]: row["voucher_number"] for row in numbers}
    await _copy(connection, "income_entry", year_rows.package_income(accepted, number_of))
    await _copy(connection, "acceptance", year_rows.acceptances(accepted))


async def _accounts(connection: Any) -> tuple[UUID, UUID, UUID]:
    """The office's drawer, the company's money, the village's purchases."""
    here = year_rows.village()
    for kind, subject, village in (("float_source", "KD", None), ("purchases", str(here), here)):
        await connection.execute(_ACCOUNT, row_id("ledger_account", kind, subject), kind, subject, village)
    find = "select id from ledger_account where unit = 'fen' and kind = $1 and subject = $2"
    return (
        row_id("ledger_account", "drawer", year_rows.OFFICE),
        await connection.fetchval(find, "float_source", "KD"),
        await connection.fetchval(find, "purchases", str(here)),
    )


async def _keep_drawer(connection: Any, day: CashDay, accounts: tuple[UUID, UUID, UUID]) -> None:
    """A day of the office's drawer from its opening to its count; the cash book writes itself."""
    cashier, drawer = user_id(year_rows.CASHIER), row_id("drawer", year_rows.OFFICE)
    await connection.execute(
        _OPEN, day.id, drawer, year_rows.village(), day.day, day.opened_at, cashier, day.opening_fen
    )
    await _copy(connection, "cash_count", year_rows.counts(day, DENOMINATIONS))
    await _copy(connection, "transfer", year_rows.transfers(day, *accounts))
    await connection.execute(_CLOSE, day.id, day.closed_at, cashier, day.closing_fen)


async def _stock(connection: Any, accepted: Sequence[Brought]) -> None:
    """Put everything in stock at the office, then lead it along the arrows to where it stands this morning."""
    await _copy(connection, "offer", year_rows.offers(accepted))
    await _copy(connection, "stock_unit", year_rows.stock_units(accepted))
    await _copy(connection, "stock_movement", year_rows.movements(accepted))
    journeys = [[(one, step) for step in year_rows.journey(one) if step.state] for one in accepted]
    for moves in zip_longest(*journeys):
        steps = [move for move in moves if move is not None]
        await connection.execute(
            _MOVE,
            [one.id("stock_unit") for one, _step in steps],
            [step.state for _one, step in steps],
            [row_id("place", step.place) if step.place else None for _one, step in steps],
        )
