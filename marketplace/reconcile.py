"""The promises that SQL can check on all data: each check counts what breaks it, and how many rows it looked at.

Runs as the owner of the tables (it must see every village). `python -m marketplace reconcile` prints one table.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marketplace.errors import N_

if TYPE_CHECKING:
    from marketplace.web.wing import Wing


@dataclass(frozen=True)
class Promise:
    """A promise as two figures: `broken` must be 0, `rows` says how much was looked at."""

    code: str
    title: str
    sql: str


@dataclass(frozen=True)
class Check:
    """What one promise came to."""

    code: str
    title: str
    count: int
    rows: int


PROMISES: tuple[Promise, ...] = (
    Promise(
        "P1",
        N_("Every book sums to zero"),
        """
        with legs as (select unit, debit as account, amount from transfer union all select unit, credit, -amount from transfer),
            sums as (select unit, sum(amount) as total from legs group by unit)
        select (select count(*) from sums where total <> 0)
             + (select count(*) from transfer t join ledger_account d on d.id = t.debit join ledger_account c on c.id = t.credit
                where d.unit <> t.unit or c.unit <> t.unit), (select count(*) from transfer)
        """,
    ),
    Promise(
        "P2",
        N_("No drawer and no purse below zero"),
        "select count(*) filter (where balance < 0), count(*) from ledger_account where floor_zero",
    ),
    Promise(
        "P3",
        N_("Every kept balance is the sum of its transfers"),
        """
        with legs as (select debit as account, amount from transfer union all select credit, -amount from transfer),
            sums as (select account, sum(amount) as total from legs group by account)
        select count(*) filter (where a.balance <> coalesce(s.total, 0)), count(*)
        from ledger_account a left join sums s on s.account = a.id where a.kept
        """,
    ),
    Promise(
        "P4",
        N_("Each reversal is the whole, the other way round, once"),
        """
        select count(*) filter (where o.id is null or o.reverses is not null or (r.debit, r.credit, r.amount, r.unit)
            is distinct from (o.credit, o.debit, o.amount, o.unit) or r.twice > 1), count(*)
        from (select t.*, count(*) over (partition by reverses) as twice from transfer t where reverses is not null) r
        left join transfer o on o.id = r.reverses
        """,
    ),
    Promise(
        "P7",
        N_("No package is sold twice, and stock agrees with orders"),
        """
        select (select count(*) from (select package from order_line where live group by package having count(*) > 1) twice)
             + (select count(*) from stock_unit u left join order_line l on l.package = u.package and l.live
                left join sales_order o on o.id = l."order"
                where (u.state = 'held') <> coalesce(o.state in ('held', 'placed', 'paid'), false)
                   or (o.state = 'handed_over' and u.state <> 'handed_over') or o.state in ('cancelled', 'expired'))
             + (select count(*) from stock_unit u join package p on p.id = u.package join offer f on f.id = u.offer
                where f.village <> p.village or f.contents is distinct from package_contents(p.id)),
             (select count(*) from stock_unit)
        """,
    ),
    Promise(
        "P11",
        N_("Every state was reached along an allowed arrow"),
        """
        with seen as (
            select 'package' as machine, state from package union all select 'stock_unit', state from stock_unit
            union all select 'sales_order', state from sales_order union all select 'drawer_day', state from drawer_day),
            way (machine, state, led_by) as (
            select 'package', p.state,
                (p.state <> 'inspected' or (select i.passed and i.at >= p.weighed_at from inspection i
                    where i.package = p.id order by i.at desc, i.id desc limit 1) is true)
                and (p.state in ('paid', 'reversed')) = exists (
                    select 1 from acceptance a join inspection i on i.id = a.inspection
                    where a.package = p.id and i.package = p.id and i.passed and i.at >= p.weighed_at)
                and (p.state = 'sent_back') = exists (select 1 from send_back b where b.package = p.id)
                and (p.state = 'reversed') = exists (select 1 from reversal r where r.package = p.id)
            from package p
            union all
            select 'stock_unit', u.state,
                exists (select 1 from acceptance a where a.package = u.package)
                and (u.state = 'reversed') = (p.state = 'reversed')
                and case when u.state in ('handed_over', 'spoiled', 'lost', 'written_off', 'reversed') then u.state else '' end
                    = coalesce((select case m.kind when 'sold' then 'handed_over' else m.kind end from stock_movement m
                        where m.package = u.package
                            and m.kind in ('handed_over', 'sold', 'spoiled', 'lost', 'written_off', 'reversed')), '')
            from stock_unit u join package p on p.id = u.package
            union all
            select 'sales_order', o.state,
                exists (select 1 from order_event e where e."order" = o.id and e.state = o.state)
                and (o.state not in ('paid', 'handed_over') or exists (select 1 from payment y
                    where y.payable = o.id and y.state = 'captured' and y.amount_fen = o.total_fen))
                and (o.state = 'handed_over') = exists (select 1 from handover h where h."order" = o.id)
            from sales_order o
            union all
            select 'drawer_day', d.state, case d.state
                when 'closed' then d.counted_fen = (select sum(c.denomination_fen::bigint * c.pieces) from cash_count c
                    where c.drawer_day = d.id and c.occasion = 'closing')
                else not exists (select 1 from cash_count c where c.drawer_day = d.id and c.occasion = 'closing') end
            from drawer_day d)
        select (select count(*) from seen s where not exists
                   (select 1 from state_arrow a where a.machine = s.machine and a.to_state = s.state))
             + (select count(*) from way where led_by is not true), (select count(*) from seen)
        """,
    ),
    Promise(
        "P13",
        N_("Every accepted package has one payment of 100.00 and one voucher, without gaps"),
        """
        select (select count(*) from package p where (p.state in ('paid', 'reversed')) <>
                    (select count(*) = 1 from payout x join transfer t on t.id = x.transfer
                     where x.package = p.id and x.amount_fen = 10000 and t.amount = 10000 and t.reference = x.id))
             + (select count(*) from transfer t where t.kind = 'payout'
                and not exists (select 1 from payout x where x.transfer = t.id))
             + (select count(*) from package p join package_line l on l.package = p.id
                where p.state in ('inspected', 'paid', 'reversed') and l.price_fen is distinct from
                    list_price(l.product, (p.weighed_at at time zone 'Asia/Shanghai')::date))
             + (select count(*) from (select village, max(voucher_number) - count(*) as gap from payout group by village) g
                where gap <> 0)
             + (select count(*) from voucher_counter c where c.last <>
                    (select coalesce(max(voucher_number), 0) from payout where village = c.village)),
             (select count(*) from package where state in ('paid', 'reversed'))
        """,
    ),
    Promise(
        "P14",
        N_("Every sale is in its household's income once, every reversal once"),
        """
        select (select count(*) from payout p where not exists (
                    select 1 from acceptance a join income_entry e on e.id = a.income_entry
                    where a.payout = p.id and a.household = p.household and e.household = p.household
                      and e.amount_fen = p.amount_fen and e.reverses is null))
             + (select count(*) from income_entry e where e.source = 'hundred_yuan_package'
                  and (select count(*) from acceptance a where a.income_entry = e.id)
                    + (select count(*) from reversal r where r.income_entry = e.id) <> 1)
             + (select count(*) from (
                    select coalesce(sum(amount_fen), 0) as income from income_entry where source = 'hundred_yuan_package') i,
                    (select coalesce(sum(case when kind = 'payout' then amount else -amount end), 0) as cash from transfer
                     where kind = 'payout' or reverses in (select transfer from payout)) c
                where i.income <> c.cash),
             (select count(*) from payout)
        """,
    ),
    Promise(
        "P16",
        N_("Every drawer's day: opening + in − out = counted ± the explained difference"),
        """
        with booked as (
            select d.id, coalesce(sum(e.amount_fen), 0) as moved,
                coalesce(sum(e.amount_fen) filter (where t.kind = 'cash_difference'), 0) as difference
            from drawer_day d left join cash_entry e on e.drawer_day = d.id left join transfer t on t.id = e.transfer
            group by d.id)
        select (select count(*) from drawer_day d join booked b on b.id = d.id
                where d.state = 'closed' and (d.opening_fen + b.moved <> d.counted_fen
                    or d.counted_fen - d.expected_fen <> b.difference
                    or (d.counted_fen <> d.expected_fen and (d.reason is null or d.second is null or d.second = d.closed_by))))
             + (select count(*) from transfer t join drawer w on w.account in (t.debit, t.credit)
                where not exists (select 1 from cash_entry e where e.transfer = t.id))
             + (select count(*) from payout p join drawer_day d on d.id = p.drawer_day
                where d.day <> (p.at at time zone 'Asia/Shanghai')::date or not exists (
                    select 1 from cash_entry e where e.transfer = p.transfer and e.drawer_day = d.id)),
             (select count(*) from drawer_day)
        """,
    ),
    Promise(
        "P19",
        N_("Every seal follows the one before, and every sealed row is there"),
        # Left out is a row that its chain's last sealing passed by: what is younger waits for the next one.
        """
        with linked as (
            select s.*, lag(hash) over w as before, row_number() over w as place from seal_entry s
            window w as (partition by chain order by sequence)),
            last as (select chain, max(at) - interval '1 hour' as at from seal_entry group by chain),
            written as (
            select 'audit' as source, id, village, at from audit_line
            union all select 'transfer', id, village, at from transfer)
        select (select count(*) from linked s left join audit_line a on s.source = 'audit' and a.id = s.source_id
                left join transfer t on s.source = 'transfer' and t.id = s.source_id
                where s.sequence <> s.place or s.previous <> coalesce(s.before, decode(repeat('00', 32), 'hex'))
                    or s.hash <> sha256(s.previous || s.row_hash) or s.row_hash is distinct from
                        case when a.id is not null then sealed_hash(a) when t.id is not null then sealed_hash(t) end)
             + (select count(*) from written w left join village v on v.id = w.village
                join last l on l.chain = coalesce(v.code, 'house') and w.at < l.at
                where not exists (select 1 from seal_entry s where s.source = w.source and s.source_id = w.id)),
             (select count(*) from seal_entry)
        """,
    ),
)


def gathered(wings: Iterable[Wing]) -> tuple[Promise, ...]:
    """The house's own promises and those that wings add, in the order of the wings."""
    return (*PROMISES, *(promise for wing in wings for promise in wing.reconcile_checks))


def promises() -> tuple[Promise, ...]:
    """Every promise of the site that the front door builds."""
    return gathered(importlib.import_module("app").WINGS)


_FUNCTION = """
create or replace function reconcile_counts() returns table (code text, broken bigint, looked bigint)
language sql stable security definer set search_path = public as $reconcile$
{counts}
$reconcile$;
revoke all on function reconcile_counts() from public;
grant execute on function reconcile_counts() to {app};
"""
_COUNT = "select '{code}'::text, {name}.* from ({sql}) as {name} (broken, looked)"


def function_sql(app_role: str, promises: Iterable[Promise] = PROMISES) -> str:
    """The same promises as a function that the app may call: counts over every village, no row of anybody.

    Laid down anew at the end of every migration, so that `PROMISES` and the wings stay the only places where they stand.
    """
    counts = [
        _COUNT.format(code=promise.code, name=f"counted_{number}", sql=promise.sql.strip())
        for number, promise in enumerate(promises)
    ]
    return _FUNCTION.format(counts="\nunion all\n".join(counts), app=app_role)


async def run_checks(connection: Any, promises: Iterable[Promise] = PROMISES) -> list[Check]:
    """Every promise on the owner's connection, one snapshot for all."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        found = []
        for promise in promises:
            broken, rows = await connection.fetchrow(promise.sql)
            found.append(Check(promise.code, promise.title, broken, rows))
        return found


async def main(_words: list[str]) -> int:
    """`reconcile`: one table of counts; status 1 when one is not zero."""
    import asyncpg

    from marketplace.settings import SettingsError, settings

    if not settings().database_owner_url:
        raise SettingsError("DATABASE_OWNER_URL is not set: reconcile reads every village, as the owner of the tables.")
    connection = await asyncpg.connect(settings().database_owner_url)
    try:
        checks = await run_checks(connection, promises())
    finally:
        await connection.close()
    sys.stdout.write(table_of(checks))
    return 1 if any(check.count for check in checks) else 0


def table_of(checks: list[Check]) -> str:
    """The checks as lines of text: promise, broken, looked at, what it says."""
    lines = [f"{check.code:<5}{check.count:>8}{check.rows:>10}  {check.title}" for check in checks]
    return "\n".join([f"{'':<5}{'broken':>8}{'rows':>10}", *lines, ""])
