"""Places as pages and other rooms ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from marketplace.errors import NotFound
from marketplace.places.tables import Place, Village, VillageGroup


async def village(village: UUID) -> Village:
    """The village of that id. Refuses (`NotFound`) an id that is none."""
    row = await Village.objects().where(Village.id == village).first()
    if row is None:
        raise NotFound
    return row


async def groups(villages: Iterable[UUID]) -> list[VillageGroup]:
    """The villagers' groups of these villages, by village and number."""
    wanted = list(villages)
    if not wanted:
        return []
    rows: list[VillageGroup] = (
        await VillageGroup.objects()
        .where(VillageGroup.village.is_in(wanted))
        .order_by(VillageGroup.village, VillageGroup.number)
    )
    return rows


async def party_office(village: UUID) -> Place:
    """The village's office, where packages are brought. Refuses (`NotFound`) a village without one."""
    row = (
        await Place.objects()
        .where((Place.village == village) & (Place.kind == "party_office"))
        .order_by(Place.code)
        .first()
    )
    if row is None:
        raise NotFound
    return row


async def places(ids: Iterable[UUID]) -> dict[UUID, Place]:
    """Places by id; ids that are none are left out."""
    wanted = list(ids)
    if not wanted:
        return {}
    return {place.id: place for place in await Place.objects().where(Place.id.is_in(wanted))}
