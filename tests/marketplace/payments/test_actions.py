"""A payable is captured once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from marketplace import clock
from marketplace.cash.rules import DrawerClosed
from marketplace.db import Scope, atomically
from marketplace.errors import NotFound
from marketplace.ids import uuid7
from marketplace.payments import actions as payments
from marketplace.payments.rules import PaidBefore
from tests import buyers, cast
from tests.conftest import World


async def take(scope: Scope, payable: UUID, event: str, place: UUID | None = None) -> UUID:
    async def verb() -> UUID:
        assert scope.actor is not None
        now = await clock.now()
        return await payments.take_cash(
            payable, 12_800, place=place or scope.places[0], event=event, by=scope.actor, now=now
        )

    return await atomically(verb, scope)


async def test_ten_takings_at_once_capture_once(world: World) -> None:
    await buyers.open_store_drawer(world)
    payable, scope = uuid7(), await cast.scope_of(cast.STORE_CLERK)
    got = await asyncio.gather(*(take(scope, payable, f"e{n}") for n in range(10)), return_exceptions=True)
    assert sum(isinstance(one, UUID) for one in got) == 1
    assert {type(one) for one in got} == {UUID, PaidBefore}
    assert await world.admin.fetchval("select count(*) from transfer where kind = 'sale'") == 1


async def test_no_drawer_no_money(world: World) -> None:
    payable, scope = uuid7(), await cast.scope_of(cast.STORE_CLERK)
    with pytest.raises(DrawerClosed):
        await take(scope, payable, "e1")
    with pytest.raises(NotFound):
        await take(scope, payable, "e1", await world.id_of("place", "ON-01"))
    assert await world.count("payment") == 0
