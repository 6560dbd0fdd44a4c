"""Add villages, groups and places. They stay: nothing here changes or takes away one that is there."""

from __future__ import annotations

from uuid import UUID

from piccolo.columns import Column
from piccolo.table import Table

from marketplace.db import DB
from marketplace.ids import uuid7
from marketplace.journal import actions as journal
from marketplace.places.rules import PICKUPS, Row
from marketplace.places.tables import Place, Village, VillageGroup

_CODES = """
select 'village' as sort, code from village union all select 'group', code from village_group
union all select 'place', code from place
"""


async def codes() -> list[tuple[str, str]]:
    """What is called how already: village, group or place, and its code."""
    return [(row["sort"], row["code"]) for row in await DB.fetch(_CODES)]


async def add(row: Row, villages: dict[str, UUID]) -> Place | None:
    """One row of a list without faults; the place, where it is one. Runs inside a transaction.

    `villages`: ids by code; a new village is put in.
    """
    if row.kind == "village":
        villages[row.values["code"]] = await _add_village(row)
        return None
    if row.kind == "group":
        await _add_group(row, villages[row.values["village"]])
        return None
    return await _add_place(row, villages.get(row.values.get("village", "")))


async def _add_village(row: Row) -> UUID:
    village = uuid7()
    named = ("code", "name_zh", "name_en", "town_code", "town_zh", "county_code", "county_zh", "city_zh", "province_zh")
    await Village.insert(Village(_said(Village, row, named), id=village, role="village"))
    await journal.note(verb="add_village", subject=village, detail={"code": row.values["code"]})
    return village


async def _add_group(row: Row, village: UUID) -> None:
    group = uuid7()
    named = ("code", "label_zh", "name_zh", "signal")
    number, minutes = int(row.values["number"]), int(row.values["walk_minutes"])
    said = _said(VillageGroup, row, named)
    await VillageGroup.insert(VillageGroup(said, id=group, village=village, number=number, walk_minutes=minutes))
    await journal.note(verb="add_group", subject=group, village=village, detail={"code": row.values["code"]})


async def _add_place(row: Row, village: UUID | None) -> Place:
    named = ("code", "kind", "name_zh", "name_en", "city_zh")
    place = Place(_said(Place, row, named), id=uuid7(), village=village, pickup=row.kind in PICKUPS)
    await Place.insert(place)
    await journal.note(verb="add_place", subject=place.id, village=village, detail={"code": row.values["code"]})
    return place


def _said(table: type[Table], row: Row, names: tuple[str, ...]) -> dict[Column, object]:
    return {table._meta.get_column_by_name(name): row.values[name] for name in names}
