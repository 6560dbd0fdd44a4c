"""Orders as their buyers and the store see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.errors import Words
from marketplace.ids import grouped
from marketplace.packages.rules import HUNDRED
from marketplace.produce.rules import Good
from marketplace.stock import queries as stock
from marketplace.stock.queries import Content


@dataclass(frozen=True, slots=True)
class Group:
    """A villagers' group by number and name."""

    number: int
    label_zh: str


@dataclass(frozen=True, slots=True)
class Box:
    """One package of an order."""

    code: str
    shown: str
    lines: Sequence[Content]
    village: Words
    group: Group
    price_fen: int
    best_before: date
    offer: str


@dataclass(frozen=True, slots=True)
class Event:
    """When an order entered a state."""

    state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order with its boxes, whether they are still its own or were given back."""

    id: UUID
    code: str
    state: str
    at: datetime
    place: Words
    place_code: str
    total_fen: int
    hold_until: datetime
    pickup_code: str
    name: str
    contact_mask: str
    boxes: Sequence[Box]

    @property
    def count(self) -> int:
        return len(self.boxes)

    @property
    def gets_fen(self) -> int:
        """What the households got for these boxes."""
        return HUNDRED * len(self.boxes)


ORDERS = """
select o.id, o.code, o.state, o.at, o.total_fen, o.hold_until, o.pickup_code, p.name_zh, p.name_en, p.code as place_code,
    coalesce(u.name, '') as name, coalesce(u.contact_mask, '') as contact_mask
from sales_order o join place p on p.id = o.place left join app_user u on u.id = o.customer
where o.id = any ($1::uuid[])
"""
BOXES = """
select l."order", l.price_fen, t.code, t.best_before, f.contents, f.code as offer, v.name_zh as village_zh,
    v.name_en as village_en, g.number, g.label_zh
from order_line l join trace_page t on t.package = l.package join offer f on f.id = l.offer
join village v on v.id = t.village join village_group g on g.id = t."group"
where l."order" = any ($1::uuid[]) order by l.id
"""


async def orders(ids: Iterable[UUID], today: date) -> list[OrderSeen]:
    """Those orders that the scope sees, in the order asked for: three queries whatever their number."""
    wanted = list(ids)
    rows = {row["id"]: row for row in await DB.fetch(ORDERS, wanted)}
    if not rows:
        return []
    goods = await stock.goods(today)
    boxes: dict[UUID, list[Box]] = {}
    for row in await DB.fetch(BOXES, wanted):
        boxes.setdefault(row["order"], []).append(_box(row, goods))
    return [_order(rows[order], boxes.get(order, [])) for order in wanted if order in rows]


def _box(row: Any, goods: Mapping[str, Good]) -> Box:
    return Box(
        code=row["code"],
        shown=grouped(row["code"]),
        lines=stock.contents(row["contents"], goods),
        village=Words(row["village_zh"], row["village_en"]),
        group=Group(row["number"], row["label_zh"]),
        price_fen=row["price_fen"],
        best_before=row["best_before"],
        offer=row["offer"],
    )


def _order(row: Any, boxes: Sequence[Box]) -> OrderSeen:
    return OrderSeen(
        id=row["id"],
        code=row["code"],
        state=row["state"],
        at=row["at"],
        place=Words(row["name_zh"], row["name_en"]),
        place_code=row["place_code"],
        total_fen=row["total_fen"],
        hold_until=row["hold_until"],
        pickup_code=row["pickup_code"],
        name=row["name"],
        contact_mask=row["contact_mask"],
        boxes=boxes,
    )


async def order(order: UUID, today: date) -> OrderSeen:
    """One order that the scope sees."""
    return (await orders([order], today))[0]


async def events(order: UUID) -> list[Event]:
    """The states an order went through, in their order."""
    rows = await DB.fetch('select state, at from order_event where "order" = $1 order by at, id', order)
    return [Event(row["state"], row["at"]) for row in rows]


# Keys are UUIDv7: the youngest order has the largest.
OWN = """
select id from sales_order where customer = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
"""
OWN_EARLIER = "select id from sales_order where customer = $1 and id > $2 order by id limit $3"


async def own(customer: UUID, limit: int, *, after: UUID | None = None, before: UUID | None = None) -> list[UUID]:
    """Orders of a customer, the youngest first: those older than `after`, or the nearest ones younger than `before`."""
    if before is not None:
        return [row["id"] for row in reversed(await DB.fetch(OWN_EARLIER, customer, before, limit))]
    return [row["id"] for row in await DB.fetch(OWN, customer, after, limit)]


async def count_of(customer: UUID) -> int:
    """How many orders a customer has made."""
    found: int = await DB.fetch_value("select count(*)::int from sales_order where customer = $1", customer)
    return found


LAST_PLACE = """
select p.code from sales_order o join place p on p.id = o.place where o.customer = $1 order by o.id desc limit 1
"""


async def last_place(customer: UUID) -> str | None:
    """The code of the place of the customer's youngest order; None before the first."""
    code: str | None = await DB.fetch_value(LAST_PLACE, customer)
    return code


WAITING = """
select id from sales_order where place = $1 and state = 'placed' and hold_until > $2 order by hold_until, id limit 200
"""


async def waiting(place: UUID, now: datetime) -> list[UUID]:
    """Orders that wait for their buyers at a place, the most urgent first."""
    return [row["id"] for row in await DB.fetch(WAITING, place, now)]


@dataclass(frozen=True, slots=True)
class HandedOver:
    """An order that was fetched."""

    code: str
    name: str
    at: datetime
    count: int
    total_fen: int


HANDED = """
select o.code, coalesce(u.name, '') as name, h.at, o.total_fen,
    (select count(*)::int from order_line l where l."order" = o.id) as count
from handover h join sales_order o on o.id = h."order" left join app_user u on u.id = o.customer
where h.place = $1 and h.at >= $2 order by h.at desc, h.id desc limit 100
"""


async def handed_over(place: UUID, since: datetime) -> list[HandedOver]:
    """What was fetched at a place since a moment, the latest first."""
    return [HandedOver(**dict(row)) for row in await DB.fetch(HANDED, place, since)]


async def handed_at(order: UUID) -> datetime | None:
    """When an order was handed over."""
    at: datetime | None = await DB.fetch_value('select at from handover where "order" = $1', order)
    return at


FIND = """
select code from sales_order where place = $1 and (pickup_code = $2 or code = $3)
    and (state in ('held', 'placed', 'paid') or code = $3)
order by state in ('held', 'placed', 'paid') desc limit 1
"""


async def find(place: UUID, said: str, code: str | None) -> str | None:
    """The code of the order at a place that the four digits said, or the order's code, lead to."""
    found: str | None = await DB.fetch_value(FIND, place, said, code or "")
    return found
