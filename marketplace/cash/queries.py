"""A drawer as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.errors import NotFound


@dataclass(frozen=True, slots=True)
class SeenDrawer:
    """A drawer now: `missing` (not opened today), `open` or `closed` (today); fen by the book."""

    id: UUID
    place: UUID
    village: UUID | None
    state: str
    balance_fen: int
    day: UUID | None
    opened_by: str


DRAWER = """
select d.id, d.place, d.village, a.balance as balance_fen, o.id as day, coalesce(u.name, '') as opened_by,
    case when o.id is not null then 'open'
         when exists (select 1 from drawer_day x where x.drawer = d.id and x.day = business_today()) then 'closed'
         else 'missing' end as state
from drawer d join ledger_account a on a.id = d.account
left join drawer_day o on o.drawer = d.id and o.state = 'open' left join app_user u on u.id = o.opened_by
where d.place = $1
"""


async def drawer(place: UUID) -> SeenDrawer:
    """The drawer of a place. Refuses (`NotFound`) a place without one."""
    row = await DB.fetch_row(DRAWER, place)
    if row is None:
        raise NotFound
    return SeenDrawer(**dict(row))


@dataclass(frozen=True, slots=True)
class SeenDay:
    """A day of a drawer with its sums in fen; the closing figures are None while it is open."""

    id: UUID
    drawer: UUID
    day: date
    state: str
    opened_at: datetime
    opened_by: str
    opening_fen: int
    received_fen: int
    paid_fen: int
    payouts: int
    other_in_fen: int
    reversed_fen: int
    expected_fen: int
    closed_at: datetime | None
    closed_by: str
    counted_fen: int | None
    reason: str
    second: str
    seal_head: str


DAYS = """
with moved as (
    select e.drawer_day, coalesce(sum(e.amount_fen) filter (where t.kind = 'float'), 0)::bigint as received_fen,
        coalesce(-sum(e.amount_fen) filter (where t.kind = 'payout'), 0)::bigint as paid_fen,
        count(*) filter (where t.kind = 'payout')::int as payouts,
        coalesce(sum(e.amount_fen) filter (where t.kind = 'reversal'), 0)::bigint as reversed_fen,
        coalesce(sum(e.amount_fen) filter (where t.kind not in ('float', 'payout', 'reversal', 'cash_difference')), 0)::bigint
            as other_in_fen,
        coalesce(sum(e.amount_fen) filter (where t.kind <> 'cash_difference'), 0)::bigint as moved_fen
    from cash_entry e join transfer t on t.id = e.transfer group by e.drawer_day)
select d.id, d.drawer, d.day, d.state, d.opened_at, o.name as opened_by, d.opening_fen,
    coalesce(m.received_fen, 0) as received_fen, coalesce(m.paid_fen, 0) as paid_fen, coalesce(m.payouts, 0) as payouts,
    coalesce(m.other_in_fen, 0) as other_in_fen, coalesce(m.reversed_fen, 0) as reversed_fen,
    d.opening_fen + coalesce(m.moved_fen, 0) as expected_fen, d.closed_at, coalesce(c.name, '') as closed_by, d.counted_fen,
    coalesce(d.reason, '') as reason, coalesce(s.name, '') as second, coalesce(d.seal_head, '') as seal_head
from drawer_day d join app_user o on o.id = d.opened_by left join app_user c on c.id = d.closed_by
left join app_user s on s.id = d.second left join moved m on m.drawer_day = d.id
where d.drawer = $1 and ($2::date is null or d.day = $2) order by d.day desc limit 60
"""


async def days(drawer: UUID, on: date | None = None) -> list[SeenDay]:
    """The last sixty days of a drawer, or one of them, the latest first."""
    return [SeenDay(**dict(row)) for row in await DB.fetch(DAYS, drawer, on)]


async def counts(day: UUID, occasion: str) -> dict[int, int]:
    """Pieces by denomination (fen) of an opening or closing."""
    rows = await DB.fetch(
        "select denomination_fen, pieces from cash_count where drawer_day = $1 and occasion = $2", day, occasion
    )
    return {row["denomination_fen"]: row["pieces"] for row in rows}


BOOK = """
select e.id, t.at, t.kind, e.amount_fen, coalesce(p.voucher_number, 0) as voucher_number,
    coalesce(h.head_name, '') as head_name
from cash_entry e join transfer t on t.id = e.transfer left join payout p on p.transfer = t.id
left join household h on h.id = p.household
where e.drawer_day = $1 order by e.id
"""


async def book(day: UUID) -> list[Any]:
    """The cash book of a day, line by line: at, kind, amount (signed fen), voucher, household's head."""
    return list(await DB.fetch(BOOK, day))


async def place(place: UUID) -> dict[str, Any]:
    """A place's names and village."""
    return dict(await DB.fetch_row("select name_zh, name_en, village from place where id = $1", place))


async def village(village: UUID | None) -> dict[str, Any] | None:
    """A village's names; None for a place in a town."""
    row = await DB.fetch_row("select code, name_zh, name_en from village where id = $1", village)
    return dict(row) if row else None


async def date_of(day: UUID) -> date:
    """The date of a drawer's day."""
    found: date = await DB.fetch_value("select day from drawer_day where id = $1", day)
    return found


async def expected_fen(day: UUID) -> int:
    """What should lie in the drawer by the book, differences left out."""
    expected: int = await DB.fetch_value(
        "select d.opening_fen + coalesce(sum(e.amount_fen) filter (where t.kind <> 'cash_difference'), 0) "
        "from drawer_day d left join cash_entry e on e.drawer_day = d.id left join transfer t on t.id = e.transfer "
        "where d.id = $1 group by d.id",
        day,
    )
    return int(expected)


SECONDS = """
select distinct u.login, u.name, first_value(g.role) over (partition by u.id order by g.role) as role
from role_grant g join app_user u on u.id = g."user" and u.active
where g.role = any ($2::text[]) and (g.scope = $1 or g.scope_kind = 'company')
    and business_today() between g.valid_from and coalesce(g.valid_until, 'infinity')
order by role, u.login
"""


async def seconds(scope: UUID, roles: tuple[str, ...]) -> list[dict[str, str]]:
    """Who may be the second hand today: who holds one of these roles in that village or place, or in the whole company."""
    return [dict(row) for row in await DB.fetch(SECONDS, scope, list(roles))]


VOUCHERS = """
select min(p.voucher_number)::int as first, max(p.voucher_number)::int as last, count(*)::int as count,
    (select count(*)::int from send_back s where s.village = d.village
        and (s.at at time zone 'Asia/Shanghai')::date = d.day) as sent_back,
    (select count(*)::int from reversal r where r.village = d.village
        and (r.at at time zone 'Asia/Shanghai')::date = d.day) as reversed
from drawer_day d join payout p on p.drawer_day = d.id where d.id = $1 group by d.village, d.day
"""


async def vouchers(day: UUID) -> Any:
    """First and last voucher of a day with counts; None where nothing was paid."""
    return await DB.fetch_row(VOUCHERS, day)
