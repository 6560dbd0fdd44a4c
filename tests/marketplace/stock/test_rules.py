"""The arrows that the rules know are the arrows that the database enforces; and the words an offer is found by."""

from __future__ import annotations

from collections.abc import Set

import pytest

from marketplace.orders import rules as order_rules
from marketplace.packages.rules import Line
from marketplace.produce.rules import Good
from marketplace.stock import rules
from tests.conftest import World


@pytest.mark.parametrize(("machine", "known"), [("stock_unit", rules.ARROWS), ("sales_order", order_rules.ARROWS)])
async def test_the_rules_know_the_databases_arrows(world: World, machine: str, known: Set[tuple[str, str]]) -> None:
    rows = await world.admin.fetch("select from_state, to_state from state_arrow where machine = $1", machine)
    assert {tuple(row) for row in rows} == known


def test_an_offer_is_found_by_both_names_its_codes_its_keys_and_its_village() -> None:
    egg = Good("EGG", "piece", 200, 1, 30, 30, 45, name_zh="土鸡蛋", name_en="Farm eggs")
    words = rules.search_text([Line(egg, 30)], ["tujidan tjd"], "金坡村", "Jinpo")
    assert words == "土鸡蛋 Farm eggs EGG tujidan tjd 金坡村 Jinpo"
