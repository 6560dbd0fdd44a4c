"""Draft a package, change it, weigh it, withdraw it. Payment is the intake room's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB, current_scope
from marketplace.errors import NotFound
from marketplace.ids import trace_code, uuid7
from marketplace.journal import actions as journal
from marketplace.packages import rules
from marketplace.packages.rules import DRAFT, INSPECTED, WEIGHED, WITHDRAWN, Line, check_arrow
from marketplace.produce import queries as produce
from marketplace.produce.rules import NoPrice, amount

_DRAFT = """
insert into package (id, code, household, village, recipe, state, intake_on, drafted_at, drafted_by, for_household)
select $1, $2, h.id, h.village, $4, 'draft', $5, $6, $7, $8 from household h where h.id = $3 returning village
"""
_LINE = """
insert into package_line (id, package, village, product, quantity, price_fen, amount_fen, weighed)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def locked(package: UUID) -> Any:
    """The package's row, locked until the end. Refuses (`NotFound`) one out of scope."""
    row = await DB.fetch_row(
        "select id, code, household, village, state, recipe, intake_on, weighed_at, weighed_by from package "
        "where id = $1 for no key update",
        package,
    )
    if row is None:
        raise NotFound
    return row


async def draft(
    household: UUID,
    lines: Sequence[tuple[str, int]],
    *,
    recipe: UUID | None = None,
    intake_on: date | None,
    by: UUID | None,
    for_household: bool,
    now: datetime,
) -> UUID:
    """Begin a package of a household with lines (code of the good, pieces or grams); its id.

    A draft need not be 100.00 yet. `for_household`: staff drafts on its behalf. Refuses a good without a price and a
    quantity that is no step.
    """
    package = uuid7()
    village = await DB.fetch_value(_DRAFT, package, trace_code(), household, recipe, intake_on, now, by, for_household)
    if village is None:
        raise NotFound
    await _write_lines(package, village, lines, business_day(now), {})
    await journal.note(
        verb="draft_package",
        subject=package,
        village=village,
        on_behalf_of=household if for_household else None,
        detail={"goods": len(lines)},
    )
    return package


async def change(
    package: UUID,
    lines: Sequence[tuple[str, int]],
    *,
    recipe: UUID | None,
    intake_on: date | None,
    scale: Mapping[str, int] | None = None,
    now: datetime,
) -> None:
    """Put other lines, another recipe or day into a draft. Refuses a package that is no draft any more.

    `scale`: the pieces or grams that lie on the scale already, by good.
    """
    row = await locked(package)
    if row["state"] != DRAFT:
        raise rules.NotFromHere(state=row["state"], following=DRAFT)
    await _replace_lines(package, row["village"], lines, business_day(now), scale or {})
    await DB.fetch("update package set recipe = $2, intake_on = $3 where id = $1", package, recipe, intake_on)
    await journal.note(
        verb="change_draft",
        subject=package,
        village=row["village"],
        on_behalf_of=_on_behalf_of(row),
        detail={"goods": len(lines)},
    )


async def withdraw(package: UUID) -> None:
    """Take a draft back. Refuses what is no draft any more."""
    row = await locked(package)
    check_arrow(row["state"], WITHDRAWN)
    await DB.fetch("update package set state = 'withdrawn' where id = $1", package)
    await journal.note(verb="withdraw_draft", subject=package, village=row["village"], on_behalf_of=_on_behalf_of(row))


def _on_behalf_of(row: Any) -> UUID | None:
    """The household for which staff acts; None where it acts itself."""
    household: UUID = row["household"]
    return None if current_scope().household == household else household


async def weigh(
    package: UUID,
    lines: Sequence[tuple[str, int]],
    *,
    scale: Mapping[str, int] | None = None,
    by: UUID,
    now: datetime,
) -> str:
    """Write down the goods that are paid and what lay on the scale, at the prices of this day; the state: `weighed`.

    `scale`: pieces or grams by good, where they are not the paid ones exactly. An inspected package goes back to
    `weighed`: its inspection is void. Refuses any sum but 100.00, goods that may not be sold today, quantities that
    are no steps, a wrong count, short weight and more than 1 % over, and a package that is paid or gone.
    """
    row = await locked(package)
    today = business_day(now)
    if row["state"] not in (DRAFT, WEIGHED, INSPECTED):
        raise rules.NotFromHere(state=row["state"], following=WEIGHED)
    weighed = await _lines(lines, today)
    rules.check(
        weighed, today, at_hand=[priced.good for priced in await produce.goods_on(today) if priced.good.price_fen]
    )
    shown = {line.good.code: (scale or {}).get(line.good.code, line.quantity) for line in weighed}
    for line in weighed:
        rules.check_weight(line.good, line.quantity, shown[line.good.code])
    # The lines of an inspected package stand fast until it is back; a draft has every line weighed before it moves.
    if row["state"] == DRAFT:
        await _replace_lines(package, row["village"], lines, today, shown)
    await DB.fetch(
        "update package set state = 'weighed', weighed_at = $2, weighed_by = $3 where id = $1", package, now, by
    )
    if row["state"] != DRAFT:
        await _replace_lines(package, row["village"], lines, today, shown)
    await journal.note(
        verb="weigh_package",
        subject=package,
        village=row["village"],
        on_behalf_of=row["household"],
        detail={"contents": rules.content_key(weighed), "scale": shown},
    )
    return WEIGHED


async def _lines(lines: Sequence[tuple[str, int]], day: date) -> list[Line]:
    goods = {priced.code: priced.good for priced in await produce.goods_on(day)}
    found = [Line(goods[code], quantity) for code, quantity in lines if code in goods]
    for line in found:
        if not line.good.price_fen:
            raise NoPrice(good=line.good, day=day)
    return found


async def _replace_lines(
    package: UUID, village: UUID, lines: Sequence[tuple[str, int]], day: date, scale: Mapping[str, int]
) -> None:
    await DB.fetch("delete from package_line where package = $1", package)
    await _write_lines(package, village, lines, day, scale)


async def _write_lines(
    package: UUID, village: UUID, lines: Sequence[tuple[str, int]], day: date, scale: Mapping[str, int]
) -> None:
    goods = {priced.code: priced for priced in await produce.goods_on(day)}
    for line in await _lines(lines, day):
        fen = amount(line.good, line.quantity)
        row, weighed = goods[line.good.code].id, scale.get(line.good.code)
        await DB.fetch(_LINE, uuid7(), package, village, row, line.quantity, line.good.price_fen, fen, weighed)
