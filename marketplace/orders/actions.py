"""An order's verbs: keep boxes, place, cancel, give back what is due, take the money and hand over."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.ids import trace_code, uuid7
from marketplace.journal import actions as journal
from marketplace.orders import jobs, rules
from marketplace.orders.rules import CANCELLED, EXPIRED, HANDED_OVER, HELD, HOLD, PAID, PICKUP, PLACED, Wanted
from marketplace.payments import actions as payments
from marketplace.payments.rules import change_of
from marketplace.stock import actions as stock
from marketplace.stock import queries as stock_queries

CODE_TRIES = 200

# One customer's holds come one after the other, else two at once would both count too few open orders.
_CUSTOMER = "select id from app_user where id = $1 for no key update"
_OPEN = "select count(*)::int from sales_order where customer = $1 and state in ('held', 'placed')"
_PRICES = "select id, price_fen from offer where id = any ($1::uuid[])"
_HOLD = """
insert into sales_order (id, code, customer, place, state, total_fen, pickup_code, hold_until, at)
values ($1, $2, $3, $4, 'held', $5, $6, $7, $8)
on conflict (place, pickup_code) where state in ('held', 'placed', 'paid') do nothing returning id
"""
_LINES = """
insert into order_line (id, "order", package, offer, price_fen, live)
select id, $1, package, offer, price_fen, true
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) line (id, package, offer, price_fen)
"""
_EVENT = 'insert into order_event (id, "order", state, at, actor) values ($1, $2, $3, $4, $5)'
_LOCKED = """
select id, code, customer, place, state, total_fen, pickup_code, hold_until from sales_order
where id = $1 for no key update
"""
_PACKAGES = 'select package, price_fen from order_line where "order" = $1 and live order by id'
_MOVE = "update sales_order set state = $2, hold_until = $3 where id = $1"
_GIVE_BACK_LINES = 'update order_line set live = false where "order" = $1 and live'
_DUE = """
select id, hold_until from sales_order where state in ('held', 'placed') and hold_until <= $1
order by hold_until, id limit $2 for no key update skip locked
"""
_HANDOVER = 'insert into handover (id, "order", payment, place, by, at) values ($1, $2, $3, $4, $5, $6)'


class NoCodeLeft(RuntimeError):
    """Every pick-up code of a place is in use: more orders wait there than any store can hold."""


@dataclass(frozen=True, slots=True)
class Held:
    """An order that keeps boxes."""

    id: UUID
    code: str
    hold_until: datetime
    total_fen: int


@dataclass(frozen=True, slots=True)
class _Box:
    package: UUID
    offer: UUID
    price_fen: int


async def hold(customer: UUID, place: UUID, wanted: Sequence[Wanted], *, now: datetime) -> Held:
    """Keep boxes for a customer at a place of pick-up, for 30 minutes by the business clock; prices from the offers.

    All or nothing. Refuses: nothing wanted, quantities out of bounds, a place that hands nothing over, too many open
    orders, and (`SoldOut`) fewer boxes than wanted, with how many are left.
    """
    rules.check_wanted(wanted)
    if not await stock_queries.served_places(place):
        raise rules.NoPickup
    await DB.fetch(_CUSTOMER, customer)
    waiting = await DB.fetch_value(_OPEN, customer)
    if waiting >= rules.MOST_OPEN:
        raise rules.TooManyOpen(count=waiting)
    boxes = await _reserved(place, rules.gathered(wanted), now)
    order, until = uuid7(), now + HOLD
    held = Held(order, trace_code(), until, sum(box.price_fen for box in boxes))
    await _write_order(held, customer, place, now)
    await DB.fetch(
        _LINES, order, [uuid7() for _ in boxes], [box.package for box in boxes], [box.offer for box in boxes],
        [box.price_fen for box in boxes],
    )  # fmt: skip
    await _enter(order, HELD, now, customer)
    await stock.hold([box.package for box in boxes], order=order, now=now, by=customer)
    await journal.note(verb="hold_order", subject=order, detail={"boxes": len(boxes), "total_fen": held.total_fen})
    await jobs.at_end_of(order, until, now)
    return held


async def _reserved(place: UUID, wanted: Sequence[Wanted], now: datetime) -> list[_Box]:
    prices = {row["id"]: row["price_fen"] for row in await DB.fetch(_PRICES, [one.offer for one in wanted])}
    boxes: list[_Box] = []
    for one in wanted:
        if one.offer not in prices:
            raise NotFound
        units = await stock.reserve(one.offer, place, one.quantity, today=business_day(now))
        boxes += [_Box(unit.package, one.offer, prices[one.offer]) for unit in units]
    return boxes


async def _write_order(held: Held, customer: UUID, place: UUID, now: datetime) -> None:
    """Write the order under a pick-up code that no open order of the place has."""
    for _try in range(CODE_TRIES):
        code = f"{secrets.randbelow(10_000):04d}"
        if await DB.fetch(_HOLD, held.id, held.code, customer, place, held.total_fen, code, held.hold_until, now):
            return
    raise NoCodeLeft


async def _enter(order: UUID, state: str, now: datetime, actor: UUID | None) -> None:
    await DB.fetch(_EVENT, uuid7(), order, state, now, actor)


async def _locked(order: UUID) -> Any:
    row = await DB.fetch_row(_LOCKED, order)
    if row is None:
        raise NotFound
    return row


async def place(order: UUID, *, by: UUID, now: datetime) -> datetime:
    """Turn kept boxes into an order, to be fetched within three days; until when. Refuses after the hold's end."""
    row = await _locked(order)
    rules.check_placing(row["state"], row["hold_until"], now)
    until = now + PICKUP
    await DB.fetch(_MOVE, order, PLACED, until)
    await _enter(order, PLACED, now, by)
    await journal.note(verb="place_order", subject=order, detail={"total_fen": row["total_fen"]})
    await jobs.at_end_of(order, until, now)
    return until


async def cancel(order: UUID, *, by: UUID, now: datetime) -> None:
    """Give the boxes of an order back to the shelf. Refuses what is paid, or closed already."""
    row = await _locked(order)
    rules.check_cancelling(row["state"])
    await _give_back(order, CANCELLED, row["hold_until"], now, by)


async def _give_back(order: UUID, state: str, hold_until: datetime, now: datetime, by: UUID | None) -> None:
    packages = [row["package"] for row in await DB.fetch(_PACKAGES, order)]
    await DB.fetch(_MOVE, order, state, hold_until)
    await DB.fetch(_GIVE_BACK_LINES, order)
    await stock.release(packages, order=order, now=now, by=by)
    await _enter(order, state, now, by)
    await journal.note(verb=f"order_{state}", subject=order, detail={"boxes": len(packages)})


async def expire_due(now: datetime, *, limit: int = 200) -> int:
    """Give back the boxes of every order whose time is over at `now`; how many orders. Does nothing twice.

    Runs as the house's own job (role system); passes by orders that somebody else is moving just now.
    """
    due = await DB.fetch(_DUE, now, limit)
    for row in due:
        await _give_back(row["id"], EXPIRED, row["hold_until"], now, None)
    return len(due)


async def pay_and_hand_over(
    order: UUID, code: str, *, received_fen: int | None = None, by: UUID, event: str, now: datetime
) -> int:
    """Take the money for a placed order at its place and give the boxes to the buyer; fen to give back.

    One act: payment, both states, units, movements. `received_fen`: what was counted, None where it was exact. Refuses,
    before any money moves: not placed, over, closed, done already, a wrong code, too little money, a closed drawer.
    """
    row = await _locked(order)
    rules.check_handing_over(row["state"], row["hold_until"], now)
    if not secrets.compare_digest(code, row["pickup_code"]):
        raise rules.WrongCode
    change = change_of(row["total_fen"], received_fen)
    payment = await payments.take_cash(order, row["total_fen"], place=row["place"], event=event, by=by, now=now)
    lines = await DB.fetch(_PACKAGES, order)
    await DB.fetch(_MOVE, order, PAID, row["hold_until"])
    await _enter(order, PAID, now, by)
    await DB.fetch(_HANDOVER, uuid7(), order, payment, row["place"], by, now)
    await DB.fetch(_MOVE, order, HANDED_OVER, row["hold_until"])
    await _enter(order, HANDED_OVER, now, by)
    await stock.hand_over(
        [line["package"] for line in lines], [line["price_fen"] for line in lines], place=row["place"], order=order,
        now=now, by=by,
    )  # fmt: skip
    await journal.note(
        verb="hand_over_order", subject=order, detail={"total_fen": row["total_fen"], "boxes": len(lines)}
    )
    return change
