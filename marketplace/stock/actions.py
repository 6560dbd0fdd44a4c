"""Packages come into stock, are held for an order, given back, handed over. Movements are only added."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.ids import trace_code, uuid7
from marketplace.packages import queries as packages
from marketplace.packages import rules as package_rules
from marketplace.produce import queries as produce
from marketplace.produce.rules import best_before, sell_by
from marketplace.stock import queries, rules

_FIND_OFFER = "select id from offer where village = $1 and contents = $2"
_MAKE_OFFER = """
insert into offer (id, code, village, contents, recipe, name_zh, name_en, search_text, price_fen, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (village, contents) do nothing
"""
_MOVE = """
insert into stock_movement (package, kind, place, at, actor, "order", price_fen, note)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_STOCK = """
insert into stock_unit (id, package, offer, village, "group", place, state, packed_on, best_before, sell_by)
select $1, p.id, $3, p.village, h."group", $4, 'on_hand', $5, $6, $7
from package p join household h on h.id = p.household where p.id = $2
"""
_ABOUT = """
select p.recipe, p.village, v.name_zh as village_zh, v.name_en as village_en from package p
join village v on v.id = p.village where p.id = $1
"""


async def move(
    package: UUID,
    kind: str,
    *,
    place: UUID | None,
    now: datetime,
    by: UUID | None,
    order: UUID | None = None,
    price_fen: int | None = None,
    note: str = "",
) -> None:
    """Write one movement of a package; `price_fen` only where it was sold."""
    await DB.fetch(_MOVE, package, kind, place, now, by, order, price_fen, note)


async def put_in_stock(package: UUID, *, place: UUID, now: datetime, by: UUID | None) -> UUID:
    """Put an accepted package into stock at a place, under the offer of its contents; the stock unit's id.

    Its dates follow the goods that keep shortest; the database refuses a package that was not accepted.
    """
    seen = await packages.package(package)
    today = business_day(now)
    goods = [line.good for line in seen.lines]
    keeps_to = best_before(goods, today)
    unit = uuid7()
    offer = await _offer_of(seen, now)
    await DB.fetch(_STOCK, unit, package, offer, place, today, keeps_to, sell_by(today, keeps_to))
    await move(package, "stocked", place=place, now=now, by=by)
    return unit


async def _offer_of(seen: packages.SeenPackage, now: datetime) -> UUID:
    contents = package_rules.content_key(seen.lines)
    found: UUID | None = await DB.fetch_value(_FIND_OFFER, seen.village, contents)
    if found is None:
        await _make_offer(seen, contents, now)
        found = await DB.fetch_value(_FIND_OFFER, seen.village, contents)
    assert found is not None
    return found


async def _make_offer(seen: packages.SeenPackage, contents: str, now: datetime) -> None:
    about: Any = await DB.fetch_row(_ABOUT, seen.id)
    today = business_day(now)
    in_it = {line.good.code for line in seen.lines}
    keys = [priced.search_keys for priced in await produce.goods_on(today) if priced.code in in_it]
    price = await produce.retail_price_on(today)
    title = package_rules.title(seen.lines)
    words = rules.search_text(seen.lines, keys, about["village_zh"], about["village_en"])
    await DB.fetch(
        _MAKE_OFFER, uuid7(), trace_code(), seen.village, contents, about["recipe"], title.name_zh, title.name_en,
        words, price.total_fen, now,
    )  # fmt: skip


async def take_back(package: UUID, *, now: datetime, by: UUID | None) -> None:
    """Take a package out of stock because its acceptance is reversed. Refuses (`NotOnHand`) one that is not on hand."""
    place = await DB.fetch_value(
        "update stock_unit set state = 'reversed' where package = $1 and state = 'on_hand' returning place", package
    )
    if place is None:
        raise rules.NotOnHand
    await move(package, "reversed", place=place, now=now, by=by)


# ---- held for an order, given back, handed over

_RESERVE = """
select id, package from stock_unit
where offer = $1 and place = any ($2::uuid[]) and state = 'on_hand' and sell_by >= $3
order by best_before, id limit $4 for no key update skip locked
"""
_MOVE_UNITS = """
update stock_unit set state = $3, place = coalesce($4, place) where package = any ($1::uuid[]) and state = $2 returning package
"""
_NOTE_MOVES = """
insert into stock_movement (package, kind, place, at, actor, "order", price_fen, note)
select u.package, $2, u.place, $3, $4, $5, sold.price_fen, ''
from unnest($1::uuid[], $6::bigint[]) with ordinality sold (package, price_fen, number) join stock_unit u using (package)
order by sold.number
"""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A unit that is ours until the end of the transaction."""

    unit: UUID
    package: UUID


async def reserve(offer: UUID, pickup: UUID, count: int, *, today: date) -> list[Reserved]:
    """Lock `count` units of an offer that a place can hand over, first expired first; nobody waits for anybody.

    Refuses (`SoldOut`) when fewer are free, and says how many there are.
    """
    places = await queries.served_places(pickup)
    rows = await DB.fetch(_RESERVE, offer, places, today, count)
    if len(rows) < count:
        raise rules.SoldOut(goods=await queries.title_of(offer), left=len(rows))
    return [Reserved(row["id"], row["package"]) for row in rows]


async def hold(packages: Sequence[UUID], *, order: UUID, now: datetime, by: UUID | None) -> None:
    """Keep reserved packages for an order. Refuses (`NotHeld`) one that is no longer on hand."""
    await _move_units(packages, rules.ON_HAND, rules.HELD)
    await _note_moves(packages, "held", now=now, by=by, order=order)


async def release(packages: Sequence[UUID], *, order: UUID, now: datetime, by: UUID | None) -> None:
    """Put packages of an order back on the shelf. Refuses (`NotHeld`) one that is not held."""
    await _move_units(packages, rules.HELD, rules.ON_HAND)
    await _note_moves(packages, "released", now=now, by=by, order=order)


async def hand_over(
    packages: Sequence[UUID], prices: Sequence[int], *, place: UUID, order: UUID, now: datetime, by: UUID
) -> None:
    """Give packages of an order to its buyer at a place, each at its price in fen. Refuses (`NotHeld`) one not held."""
    await _move_units(packages, rules.HELD, rules.HANDED_OVER, place)
    await _note_moves(packages, "handed_over", now=now, by=by, order=order, prices=prices)


async def _move_units(packages: Collection[UUID], before: str, after: str, place: UUID | None = None) -> None:
    moved = await DB.fetch(_MOVE_UNITS, list(packages), before, after, place)
    if len(moved) != len(packages):
        raise rules.NotHeld


async def _note_moves(
    packages: Sequence[UUID],
    kind: str,
    *,
    now: datetime,
    by: UUID | None,
    order: UUID,
    prices: Sequence[int] | None = None,
) -> None:
    sold = list(prices) if prices is not None else [None] * len(packages)
    await DB.fetch(_NOTE_MOVES, list(packages), kind, now, by, order, sold)
