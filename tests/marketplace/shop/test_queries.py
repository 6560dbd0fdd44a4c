"""The market's queries at a size the village will never have: the page's ids come from the index of what is on hand."""

from __future__ import annotations

import time
from datetime import date

from marketplace.db import PUBLIC, scoped
from marketplace.shop import queries
from tests.conftest import World

TODAY = date(2018, 11, 21)
OFFERS = """
insert into offer (id, code, village, contents, name_zh, name_en, search_text, price_fen, created_at)
select gen_random_uuid(), 'L' || lpad(n::text, 9, '0'), v.id, 'EGG:' || n, '土鸡蛋', 'eggs',
    case when n % 100 = 0 then '土蜂蜜 tfm' else '土鸡蛋 tjd' end, 12800, now()
from generate_series(1, 2000) n, village v where v.code = 'JP'
"""
UNITS = """
insert into stock_unit (id, package, offer, village, "group", place, state, packed_on, best_before, sell_by)
select gen_random_uuid(), gen_random_uuid(), o.id, o.village, g.id, p.id, case when n <= 2 then 'on_hand' else 'handed_over' end,
    date '2018-11-20' - n, date '2018-12-20', date '2018-12-10'
from offer o, generate_series(1, 50) n, village_group g, place p
where g.code = 'JP1' and p.code = 'PO-JP' and o.code like 'L%'
"""


async def test_a_page_of_the_market_is_quick_at_a_hundred_thousand_packages(world: World) -> None:
    for statement in ("set session_replication_role = replica", OFFERS, UNITS, "set session_replication_role = origin"):
        await world.admin.execute(statement)
    await world.admin.execute("analyze stock_unit, offer")
    async with scoped(PUBLIC, readonly=True) as transaction:
        plan = await transaction.connection.fetch(
            "explain " + queries.LATER, TODAY, None, None, None, None, "", None, None, 25
        )
        began = time.perf_counter()
        found = await queries.market(queries.Filters(), TODAY)
        assert time.perf_counter() - began < 0.5
        honey = await queries.market(queries.Filters(words="蜂蜜"), TODAY)
    assert (found.kinds, found.boxes, len(found.offers)) == (2000, 4000, 24)
    assert (honey.kinds, {offer.sold for offer in honey.offers}) == (20, {48})
    assert "Seq Scan on stock_unit" not in "\n".join(row[0] for row in plan)
