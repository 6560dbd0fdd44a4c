"""The second layer of a row in a path: the span narrows the search even where row-level security would show more."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from marketplace.accounts.rules import Signed
from marketplace.db import Scope, scoped
from marketplace.errors import NotFound
from marketplace.households.tables import Household, Member
from marketplace.web.scoped import load, lookup
from tests.conftest import World

lookup(Household, Household.code)
lookup(Member, Member.code, within={"household": Member.household})
OFFICER = Signed(UUID(int=1), b"", "staff", UUID(int=2), "x", role="cashier", span="village")


async def test_span_narrows_what_the_transaction_could_see(world: World) -> None:
    here, there = await world.id_of("village", "JP"), await world.id_of("village", "YL")
    officer = replace(OFFICER, villages=(here,))
    async with scoped(Scope(role="cashier", villages=(here, there)), readonly=True):
        assert (await load(Household, "JP4-06", officer, "village")).code == "JP4-06"
        with pytest.raises(NotFound):
            await load(Household, "YL1-01", officer, "village")
        with pytest.raises(NotFound):
            await load(Household, "JP4-06", replace(officer, villages=()), "village")


async def test_household_is_narrowed_to_itself(world: World) -> None:
    here = await world.id_of("village", "JP")
    card = replace(OFFICER, kind="card", span="household", household=await world.id_of("household", "JP4-06"))
    async with scoped(Scope(role="household_member", villages=(here,)), readonly=True):
        assert (await load(Member, "JP4-06-1", card, "household")).code == "JP4-06-1"
        with pytest.raises(NotFound):
            await load(Household, "JP4-04", card, "household")


async def test_nested_row_belongs_to_the_row_before_it(world: World) -> None:
    here = await world.id_of("village", "JP")
    officer = replace(OFFICER, villages=(here,))
    async with scoped(Scope(role="cashier", villages=(here,)), readonly=True):
        other = await load(Household, "JP4-04", officer, "village")
        with pytest.raises(NotFound):
            await load(Member, "JP4-06-1", officer, "village", {"household": other})
