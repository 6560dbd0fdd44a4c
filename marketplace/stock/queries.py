"""What stands where, what is in it, and where a household's packages went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.errors import Words
from marketplace.packages import queries as packages
from marketplace.packages.rules import Line
from marketplace.produce import queries as produce
from marketplace.produce.rules import GRAMS_PER_KILOGRAM, Good, Unit

# A village's office has no counter for buyers: what stands there is fetched at the village's store.
_SERVED = """
select s.id from place p
join place s on s.id = p.id or (p.kind = 'village_store' and s.kind = 'party_office' and s.village = p.village)
where p.id = $1 and p.pickup
"""
# By the place where the boxes stand, the places where they can be fetched.
PICKUPS = """
select p.id, p.code, p.name_zh, p.name_en, array_agg(s.id) as served from place p
join place s on s.id = p.id or (p.kind = 'village_store' and s.kind = 'party_office' and s.village = p.village)
where p.pickup group by p.id order by p.kind <> 'village_store', p.code
"""


async def served_places(pickup: UUID) -> list[UUID]:
    """The places whose stock is handed over at this one; none where it hands nothing over."""
    return [row["id"] for row in await DB.fetch(_SERVED, pickup)]


@dataclass(frozen=True, slots=True)
class Pickup:
    """A place where buyers fetch boxes, and the places whose boxes they get there."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    served: tuple[UUID, ...]


async def pickups() -> list[Pickup]:
    """Every place of pick-up, village stores first."""
    return [Pickup(**{**dict(row), "served": tuple(row["served"])}) for row in await DB.fetch(PICKUPS)]


async def title_of(offer: UUID) -> Words:
    """What an offer is called."""
    row = await DB.fetch_row("select name_zh, name_en from offer where id = $1", offer)
    return Words(row["name_zh"], row["name_en"])


FREE = """
select offer, place, count(*)::int as free from stock_unit
where offer = any ($1::uuid[]) and state = 'on_hand' and sell_by >= $2 group by offer, place
"""


async def free_by_place(offers: Iterable[UUID], today: date) -> dict[UUID, dict[UUID, int]]:
    """How many boxes of each offer may be sold today, by the place where they stand."""
    found: dict[UUID, dict[UUID, int]] = {}
    for row in await DB.fetch(FREE, list(offers), today):
        found.setdefault(row["offer"], {})[row["place"]] = row["free"]
    return found


@dataclass(frozen=True, slots=True)
class Content:
    """One good of a package as pages draw it: pieces or grams, fen a piece or a kilogram, fen together."""

    code: str
    name_zh: str
    name_en: str
    unit: Unit
    quantity: int
    price_fen: int
    amount_fen: int


def content_of(good: Good, quantity: int) -> Content:
    """So much of a good at its price."""
    worth = good.price_fen * quantity // (1 if good.unit == "piece" else GRAMS_PER_KILOGRAM)
    return Content(good.code, good.name_zh, good.name_en, good.unit, quantity, good.price_fen, worth)


def contents_of(lines: Iterable[Line]) -> list[Content]:
    """Lines of a package, at the prices fixed in them."""
    return [content_of(line.good, line.quantity) for line in lines]


def contents(text: str, goods: Mapping[str, Good]) -> list[Content]:
    """What an offer's key says, at the prices of those goods: EGG:30;SOY:4000."""
    parts = (part.split(":") for part in text.split(";"))
    return [content_of(goods[code], int(quantity)) for code, quantity in parts]


async def goods(day: date) -> dict[str, Good]:
    """Every good by its code, at the prices of that day."""
    return {priced.code: priced.good for priced in await produce.goods_on(day)}


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of a package in stock: the unit's state, since when, where."""

    kind: str
    on: datetime | None
    place: Words | None


@dataclass(frozen=True, slots=True)
class SoldPackage:
    """One package of a household and where it went."""

    code: str
    state: str
    lines: Sequence[Content]
    intake_on: date | None
    brought_on: date | None
    reason: str
    words: str
    fate: Fate | None


WHERE_PACKAGES_ARE = """
select p.id, p.code, p.state, p.intake_on, u.packed_on, u.state as unit, pl.name_zh, pl.name_en,
    (select m.at from stock_movement m where m.package = p.id order by m.id desc limit 1) as moved_at,
    coalesce(s.reason, '') as reason, coalesce(s.words, r.reason, '') as words
from package p left join stock_unit u on u.package = p.id left join place pl on pl.id = u.place
left join send_back s on s.package = p.id left join reversal r on r.package = p.id
where p.id = any ($1::uuid[]) order by p.drafted_at desc, p.id desc
"""
LATER = """
select id from package where household = $1
    and ($3::uuid is null or (drafted_at, id) < (select drafted_at, id from package where id = $3))
order by drafted_at desc, id desc limit $2
"""
EARLIER = """
select id from package where household = $1
    and (drafted_at, id) > (select drafted_at, id from package where id = $2) order by drafted_at, id limit $3
"""


async def whereabouts(
    household: UUID, limit: int, *, after: UUID | None = None, before: UUID | None = None
) -> list[SoldPackage]:
    """The household's packages, the youngest first: those drafted before `after`, or the nearest ones since `before`."""
    if before is not None:
        page = await DB.fetch(EARLIER, household, before, limit)
    else:
        page = await DB.fetch(LATER, household, limit, after)
    ids = [row["id"] for row in page]
    rows = await DB.fetch(WHERE_PACKAGES_ARE, ids)
    seen = {found.id: found.lines for found in await packages.packages(ids)}
    return [_sold_package(row, contents_of(seen.get(row["id"], ()))) for row in rows]


def _sold_package(row: Any, lines: list[Content]) -> SoldPackage:
    fate = Fate(row["unit"], row["moved_at"], Words(row["name_zh"], row["name_en"])) if row["unit"] else None
    return SoldPackage(
        row["code"], row["state"], lines, row["intake_on"], row["packed_on"], row["reason"], row["words"], fate
    )


async def count_of(household: UUID) -> int:
    """How many packages a household ever drafted."""
    found: int = await DB.fetch_value("select count(*)::int from package where household = $1", household)
    return found


SOLD_BY_MONTH = """
select date_trunc('month', u.packed_on)::date as month, count(*)::int as count
from package p join stock_unit u on u.package = p.id
where p.household = $1 and p.state = 'paid' and u.packed_on >= $2 group by 1
"""


async def sold_by_month(household: UUID, since: date) -> dict[date, int]:
    """Accepted packages that still stand, by the first day of their month, from that day on."""
    return {row["month"]: row["count"] for row in await DB.fetch(SOLD_BY_MONTH, household, since)}


SOLD_BY_YEAR = """
select extract(year from u.packed_on)::int as year, count(*)::int as count
from package p join stock_unit u on u.package = p.id where p.household = $1 and p.state = 'paid' group by 1 order by 1 desc
"""


async def sold_by_year(household: UUID) -> list[tuple[int, int]]:
    """Years with how many accepted packages of theirs still stand, the latest first."""
    return [(row["year"], row["count"]) for row in await DB.fetch(SOLD_BY_YEAR, household)]
