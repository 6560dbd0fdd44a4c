"""Where things are."""

from __future__ import annotations

from uuid import UUID

import pytest

from marketplace.db import PUBLIC, scoped
from marketplace.errors import NotFound
from marketplace.places import queries
from tests.conftest import World


async def test_packages_are_brought_to_the_villages_office(world: World) -> None:
    async with scoped(PUBLIC, readonly=True):
        office = await queries.party_office(await world.id_of("village", "JP"))
    assert (office.code, office.pickup) == ("PO-JP", False)


async def test_groups_come_in_their_order(world: World) -> None:
    async with scoped(PUBLIC, readonly=True):
        groups = await queries.groups([await world.id_of("village", "JP")])
        assert await queries.groups([]) == []
    assert [(group.number, group.name_zh) for group in groups][:2] == [(1, "垭口"), (2, "老庄")]


async def test_places_by_id_leave_out_strangers(world: World) -> None:
    hub = await world.id_of("place", "HUB-XY")
    async with scoped(PUBLIC, readonly=True):
        assert list(await queries.places([hub, UUID(int=1)])) == [hub]
        with pytest.raises(NotFound):
            await queries.village(UUID(int=1))
