"""Many holds of one customer at once: the number of open orders is counted one after the other."""

from __future__ import annotations

import asyncio

import pytest

from marketplace.orders import rules
from marketplace.orders.actions import Held
from marketplace.orders.rules import TooManyOpen
from tests import buyers
from tests.conftest import World


async def test_of_eight_holds_at_once_only_as_many_stay_open_as_may(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_OPEN", 2)
    for household in ("JP1-01", "JP1-02", "JP1-03", "JP1-04"):
        offer = await buyers.in_stock(world, household)
    customer = await buyers.buyer(world)
    key, place = await world.id_of("offer", offer), await world.id_of("place", buyers.VILLAGE_STORE)
    told = await asyncio.gather(*(buyers.kept_for(customer, key, place) for _ in range(8)), return_exceptions=True)
    assert [type(one) for one in told].count(Held) == 2, told
    assert [type(one) for one in told].count(TooManyOpen) == 6, told
    assert await world.count("sales_order") == 2
