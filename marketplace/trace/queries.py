"""What the page behind a label says. Public: no household, unless it agreed to show its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import NotFound, Words
from marketplace.ids import grouped
from marketplace.orders.queries import Group
from marketplace.produce import queries as produce
from marketplace.produce.queries import RetailPart
from marketplace.stock import queries as stock
from marketplace.stock.queries import Content

# Whether a buyer thought about it is nobody's business.
PRIVATE_STEPS = ("held", "released")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a package's way: what, when, where, by whom."""

    kind: str
    on: date
    place: Words | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """A package as the label's page shows it."""

    code: str
    shown: str
    lines: Sequence[Content]
    village: Words
    group: Group
    grower: str
    packed_on: date
    best_before: date
    days_left: int
    certificate: bool
    inspector: str
    state: str
    parts: Sequence[RetailPart]
    total_fen: int
    steps: Sequence[Step]

    @property
    def reversed(self) -> bool:
        return self.state == "reversed"


TRACE = """
select t.code, t.package, t.packed_on, t.best_before, t.state, coalesce(t.head_name, '') as grower, t.inspector,
    o.contents, o.price_fen, v.name_zh, v.name_en, g.number, g.label_zh
from trace_page t join offer o on o.id = t.offer join village v on v.id = t.village
join village_group g on g.id = t."group" where t.code = $1
"""
STEPS = """
select m.kind, m.at, p.name_zh, p.name_en, case when m.kind = 'stocked' then coalesce(u.name, '') else '' end as by
from stock_movement m left join place p on p.id = m.place left join app_user u on u.id = m.actor and u.kind = 'staff'
where m.package = $1 and m.kind <> all ($2::text[]) order by m.id
"""


async def traced(code: str, today: date) -> Traced | None:
    """The package of a trace code in its stored form; None where no box has it."""
    row = await DB.fetch_row(TRACE, code)
    if row is None:
        return None
    goods = await stock.goods(row["packed_on"])
    lines = stock.contents(row["contents"], goods)
    return Traced(
        code=row["code"],
        shown=grouped(row["code"]),
        lines=lines,
        village=Words(row["name_zh"], row["name_en"]),
        group=Group(row["number"], row["label_zh"]),
        grower=row["grower"],
        packed_on=row["packed_on"],
        best_before=row["best_before"],
        days_left=(row["best_before"] - today).days,
        certificate=any(goods[line.code].certificate == "yes" for line in lines),
        inspector=row["inspector"],
        state=row["state"],
        parts=await _parts(row["price_fen"], row["packed_on"]),
        total_fen=row["price_fen"],
        steps=await _steps(row["package"], row["packed_on"], row["inspector"]),
    )


async def _parts(price_fen: int, day: date) -> tuple[RetailPart, ...]:
    try:
        price = await produce.retail_price_on(day)
    except NotFound:
        return ()
    return price.parts if price.total_fen == price_fen else ()


async def _steps(package: UUID, packed_on: date, inspector: str) -> list[Step]:
    steps = [Step("weighed", packed_on, by=inspector)]
    for row in await DB.fetch(STEPS, package, list(PRIVATE_STEPS)):
        if row["kind"] == "stocked":
            steps.append(Step("paid", business_day(row["at"]), by=row["by"]))
        place = Words(row["name_zh"], row["name_en"]) if row["name_zh"] else None
        steps.append(Step(row["kind"], business_day(row["at"]), place))
    return steps
