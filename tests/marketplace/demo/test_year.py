"""The year that was: it comes in through every law, and its sums are those of control_totals.csv."""

from __future__ import annotations

import csv
from datetime import date, time
from pathlib import Path

import asyncpg
import pytest

from marketplace.demo import year_rows
from marketplace.demo.year import load_year
from marketplace.ids import check_code
from marketplace.reconcile import run_checks
from tests.conftest import World

TOTALS = {
    row["key"]: row["value"]
    for row in csv.DictReader((Path(year_rows.__file__).parent / "control_totals.csv").open(encoding="utf-8"))
}
FIRST, LAST = date(2017, 10, 1), date(2018, 9, 30)
FLOW = """
with brought as (
    select p.*, p.intake_on between $1 and $2 as counts, s.status in ('poor', 'lifted') as registered from package p
    join lateral (select status from household_status x where x.household = p.household order by since desc limit 1) s on true),
    stood as (
    select distinct on (package) package, kind, exists (
        select 1 from stock_movement h where h.package = m.package and h.kind = 'received' and h.at <= m.at) as at_hub
    from stock_movement m where at < $3 order by package, at desc, id desc),
    refunded as (
    select price_fen, (regexp_match(note, '退款 ([0-9.]+) 元'))[1]::numeric as yuan from stock_movement
    where note like '%退款%' and left(note, 10)::date between $1 and $2),
    sold as (
    select m.* from stock_movement m where m.kind = 'sold' and (m.at at time zone 'Asia/Shanghai')::date between $1 and $2)
select count(*) as packages_brought,
    count(*) filter (where state = 'sent_back') as packages_rejected,
    count(*) filter (where state = 'paid') as packages_accepted,
    count(*) filter (where state = 'paid' and registered) as packages_registered,
    count(*) filter (where state = 'paid' and not registered) as packages_ordinary,
    (select sum(amount_fen) from payout where (at at time zone 'Asia/Shanghai')::date between $1 and $2)::bigint as cash_paid,
    (select sum(p.amount_fen) from payout p join brought b on b.id = p.package where b.counts and b.registered)::bigint
        as cash_paid_registered,
    (select sum(p.amount_fen) from payout p join brought b on b.id = p.package where b.counts and not b.registered)::bigint
        as cash_paid_ordinary,
    (select count(*) from stock_movement where kind = 'spoiled' and at < $3) as village_spoiled,
    (select count(distinct package) from stock_movement where kind = 'dispatched' and at < $3) as village_dispatched,
    (select count(*) from stood where kind = 'stocked') as village_in_stock,
    (select count(*) from stood where kind = 'dispatched' and not at_hub) as transport_under_way,
    (select count(*) from stood where kind = 'received' or (kind = 'dispatched' and at_hub)) as hub_in_stock,
    (select count(*) from stood where kind = 'placed') as stores_in_stock,
    (select count(*) from refunded) as refunds,
    (select count(*) from refunded where yuan * 100 = price_fen) as refunds_full,
    (select count(*) from refunded where yuan * 100 < price_fen) as refunds_part,
    (select count(*) from stock_movement where kind = 'lost' and at < $3) as transport_short_or_broken,
    (select count(*) from stock_movement where kind = 'received' and at < $3) as hub_received,
    (select count(*) from stock_movement where kind = 'written_off' and at < $3) as hub_and_stores_written_off,
    (select count(*) from sold) as packages_sold,
    (select count(*) from sold join place l on l.id = sold.place where l.kind = 'online') as sold_online,
    (select count(*) from sold join place l on l.id = sold.place where l.kind = 'city_store') as sold_city_stores,
    (select count(*) from sold join place l on l.id = sold.place where l.kind = 'village_store') as sold_village_stores,
    (select count(*) from sold join place l on l.id = sold.place where l.kind = 'county_hub') as sold_bulk,
    (select sum(price_fen) from sold)::bigint as gross_sales
from brought where counts
"""
DOUBLE_ENTRY = """
select (select sum(amount_fen) from payout)::bigint as cash, (select count(*) * 10000 from payout) as vouchers,
    (select sum(amount_fen) from income_entry where source = 'hundred_yuan_package')::bigint as income
"""
AT_LAST = """
select p.code, u.state, count(*) from stock_unit u join place p on p.id = u.place
where u.state in ('on_hand', 'under_way') group by 1, 2 order by 1, 2
"""


@pytest.fixture
async def year(world: World) -> World:
    await load_year(world.database.cluster.owner_url)
    return world


async def test_every_promise_holds_and_each_looked_at_the_year(year: World) -> None:
    owner = await asyncpg.connect(year.database.cluster.owner_url)
    try:
        checks = await run_checks(owner)
    finally:
        await owner.close()
    assert {check.code: check.count for check in checks} == dict.fromkeys((check.code for check in checks), 0)
    rows = {check.code: check.rows for check in checks}
    assert (rows["P1"], rows["P13"], rows["P14"], rows["P16"]) == (1627, 1511, 1511, 116)


async def test_accounting_year_comes_to_the_control_totals(year: World) -> None:
    ends = year_rows.moment("2018-10-01", time(0, 0))
    found = dict(await year.admin.fetchrow(FLOW, FIRST, LAST, ends))
    fen = {"cash_paid", "cash_paid_registered", "cash_paid_ordinary", "gross_sales"}
    wanted = {key: int(float(TOTALS[key]) * 100) if key in fen else int(TOTALS[key]) for key in found}
    assert found == wanted


async def test_cash_vouchers_and_income_are_one_sum(year: World) -> None:
    assert dict(await year.admin.fetchrow(DOUBLE_ENTRY)) == {
        "cash": 15_110_000,
        "vouchers": 15_110_000,
        "income": 15_110_000,
    }


async def test_vouchers_follow_the_order_in_which_packages_came(year: World) -> None:
    rows = await year.admin.fetch("select voucher_number, at from payout order by voucher_number")
    assert [row["voucher_number"] for row in rows] == list(range(1, 1512))
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    first = await year.admin.fetchval(
        "select e.document from payout p join acceptance a on a.payout = p.id join income_entry e on e.id = a.income_entry "
        "where p.voucher_number = 1511"
    )
    assert first == "JP-2018-1511"


async def test_demo_morning_finds_ninety_eight_packages_for_sale(year: World) -> None:
    assert [tuple(row) for row in await year.admin.fetch(AT_LAST)] == [
        ("HUB-XY", "on_hand", 29), ("HUB-XY", "under_way", 1), ("PO-JP", "on_hand", 25), ("ST-AK01", "on_hand", 7),
        ("ST-AK02", "on_hand", 6), ("ST-XA01", "on_hand", 4), ("ST-XA02", "on_hand", 7), ("ST-XY01", "on_hand", 11),
        ("VS-JP01", "on_hand", 4), ("VS-YL01", "on_hand", 5),
    ]  # fmt: skip
    assert await year.admin.fetchval("select count(*) from drawer_day where state = 'open' or day >= '2018-11-21'") == 0
    assert await year.admin.fetchval("select balance from ledger_account a join drawer d on d.account = a.id "
                                     "join place p on p.id = d.place where p.code = 'PO-JP'") == 0  # fmt: skip


async def test_loading_a_second_time_adds_nothing(year: World) -> None:
    before = [await year.count(table) for table in ("package", "transfer", "income_entry", "stock_movement")]
    await load_year(year.database.cluster.owner_url)
    assert [await year.count(table) for table in ("package", "transfer", "income_entry", "stock_movement")] == before


async def test_deputy_pays_the_cashiers_household_and_the_deputy_checks_the_inspectors_kin(year: World) -> None:
    rows = await year.admin.fetch(
        "select h.code, c.login as cashier, s.login as inspector, count(*) from acceptance a join payout p on p.id = a.payout "
        "join inspection i on i.id = a.inspection join app_user c on c.id = p.cashier join app_user s on s.id = i.inspector "
        "join household h on h.id = a.household where h.code in ('JP2-33', 'JP3-09', 'JP3-40') group by 1, 2, 3 order by 1"
    )
    assert [tuple(row) for row in rows] == [
        ("JP2-33", "s19", "s05", 3),
        ("JP3-09", "s07", "s02", 12),
        ("JP3-40", "s07", "s02", 2),
    ]


def test_trace_codes_are_whole_and_all_different() -> None:
    codes = [year_rows.code_of("package", one.record["seq"]) for one in year_rows.year()]
    assert (len(codes), len(set(codes))) == (1563, 1563)
    assert all(check_code(code) == code for code in codes)


def test_every_drawer_day_pays_from_what_it_holds() -> None:
    days = year_rows.cash_days(one for one in year_rows.year() if one.accepted)
    assert (len(days), min(day.closing_fen for day in days), days[-1].closing_fen) == (116, 0, 0)
    assert sum(day.received_fen for day in days) == 15_110_000
