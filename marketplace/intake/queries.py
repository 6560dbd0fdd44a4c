"""What the counter and its papers show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.intake.rules import ReceivedBy, voucher_name


async def village_code(village: UUID) -> str:
    """The village's code, as vouchers begin."""
    code: str = await DB.fetch_value("select code from village where id = $1", village)
    return code


async def name_of(person: UUID) -> str:
    """The name of a member of staff."""
    name: str = await DB.fetch_value("select name from app_user where id = $1", person)
    return name


async def standing_inspection(package: UUID) -> Any:
    """The latest inspection of a package: id, inspector, at. Refuses (`NotFound`) where there is none."""
    row = await DB.fetch_row(
        "select id, inspector, at, proof from inspection where package = $1 order by at desc, id desc limit 1", package
    )
    if row is None:
        raise NotFound
    return row


async def acceptance_of(package: UUID) -> Any:
    """The acceptance of a package with its transfer and income entry; None where it was never accepted."""
    return await DB.fetch_row(
        "select a.id, p.transfer, a.income_entry from acceptance a join payout p on p.id = a.payout where a.package = $1",
        package,
    )


VOUCHER = """
select v.code, extract(year from p.at at time zone 'Asia/Shanghai')::int as year, p.voucher_number
from payout p join village v on v.id = p.village where p.package = $1
"""


async def voucher_of(package: UUID) -> str:
    """The number of a package's voucher; empty where it was not paid."""
    row = await DB.fetch_row(VOUCHER, package)
    return voucher_name(row["code"], row["year"], row["voucher_number"]) if row else ""


async def first_time(household: UUID, received_by: ReceivedBy, receiver: str) -> bool:
    """Whether this person collects for this household for the first time; the head and members always may."""
    if received_by in ("head", "member"):
        return False
    before: bool = await DB.fetch_value(
        "select exists (select 1 from payout where household = $1 and receiver = $2)", household, receiver
    )
    return not before


@dataclass(frozen=True, slots=True)
class Hand:
    """A person who may check, pay or confirm in a village today; `kin` of the household in question."""

    login: str
    name: str
    role: str
    kin: bool = False


HANDS = """
select u.login, u.name, g.role, case when $3::uuid is null then false else is_kin(u.id, $3) end as kin
from role_grant g join app_user u on u.id = g."user" and u.active
where g.scope_kind = 'village' and g.scope = $1 and g.role = any ($2::text[])
    and business_today() between g.valid_from and coalesce(g.valid_until, 'infinity')
order by kin, g.valid_from, u.login
"""


async def hands(village: UUID, roles: tuple[str, ...], household: UUID | None = None) -> list[Hand]:
    """Who holds one of these roles in the village today; those who are no kin of the household first."""
    return [Hand(**dict(row)) for row in await DB.fetch(HANDS, village, list(roles), household)]


@dataclass(frozen=True, slots=True)
class DayRow:
    """A package of a day: paid, sent back or reversed."""

    package: UUID
    code: str
    head_name: str
    group_label: str
    household_code: str
    state: str
    at: datetime
    number: int | None
    inspector: str
    cashier: str
    reason: str
    words: str


DAY = """
select p.id as package, p.code, h.head_name, g.label_zh as group_label, h.code as household_code, 'paid' as state, pay.at,
    pay.voucher_number as number, ins.name as inspector, cas.name as cashier, '' as reason, '' as words
from payout pay join package p on p.id = pay.package join household h on h.id = pay.household
join village_group g on g.id = h."group" join acceptance a on a.payout = pay.id
join inspection i on i.id = a.inspection join app_user ins on ins.id = i.inspector
join app_user cas on cas.id = pay.cashier
where pay.village = $1 and pay.at >= $2 and pay.at < $3
union all
select p.id, p.code, h.head_name, g.label_zh, h.code, 'reversed', r.at, pay.voucher_number, f.name, s.name, r.reason, ''
from reversal r join package p on p.id = r.package join household h on h.id = p.household
join village_group g on g.id = h."group" join payout pay on pay.package = p.id
join app_user f on f.id = r.first join app_user s on s.id = r.second
where r.village = $1 and r.at >= $2 and r.at < $3
union all
select p.id, p.code, h.head_name, g.label_zh, h.code, 'sent_back', s.at, null, u.name, '', s.reason, s.words
from send_back s join package p on p.id = s.package join household h on h.id = p.household
join village_group g on g.id = h."group" join app_user u on u.id = s.by
where s.village = $1 and s.at >= $2 and s.at < $3
order by at, code
"""


async def day_rows(village: UUID, since: datetime, until: datetime) -> list[DayRow]:
    """Everything that was paid, reversed or sent back in a village between two moments, by time."""
    return [DayRow(**dict(row)) for row in await DB.fetch(DAY, village, since, until)]


async def intake_days(village: UUID, since: date, until: date) -> list[date]:
    """The village's intake days between two days, both included."""
    rows = await DB.fetch(
        "select day from intake_day where village = $1 and day between $2 and $3 order by day", village, since, until
    )
    return [row["day"] for row in rows]


PAYOUT = """
select pay.id, pay.voucher_number, pay.at, pay.received_by, pay.receiver, pay.receiver_note, pay.signed, pay.amount_fen,
    v.code as village_code, v.name_zh as village_zh, v.name_en as village_en, v.county_zh, ins.name as inspector,
    i.at as inspected_at, cas.name as cashier, r.at as reversed_at, r.reason, u.packed_on, u.best_before, u.state as unit,
    pl.name_zh as place_zh, pl.name_en as place_en, h.show_name
from payout pay join village v on v.id = pay.village join acceptance a on a.payout = pay.id
join inspection i on i.id = a.inspection join app_user ins on ins.id = i.inspector
join app_user cas on cas.id = pay.cashier join stock_unit u on u.package = pay.package
join place pl on pl.id = u.place join household h on h.id = pay.household
left join reversal r on r.package = pay.package
where pay.package = $1
"""


async def payout_of(package: UUID) -> Any:
    """Everything the voucher, the label and the counter say of a paid package; None where it was not paid."""
    return await DB.fetch_row(PAYOUT, package)


async def on_the_counter(village: UUID) -> list[UUID]:
    """Packages that are weighed or inspected and not yet paid."""
    rows = await DB.fetch(
        "select id from package where village = $1 and state in ('weighed', 'inspected') order by weighed_at", village
    )
    return [row["id"] for row in rows]


SOLD = """
select p.household, count(*)::int as sold from payout p join package k on k.id = p.package and k.state = 'paid'
where p.household = any ($1::uuid[]) and extract(year from p.at at time zone 'Asia/Shanghai') = $2 group by p.household
"""


async def sold_in_year(households: list[UUID], year: int) -> dict[UUID, int]:
    """How many packages those households were paid for in a year, reversed ones left out."""
    return {row["household"]: row["sold"] for row in await DB.fetch(SOLD, households, year)}


async def unpaid_of(households: list[UUID]) -> dict[UUID, Any]:
    """The latest draft or package on the counter of each of those households: id, code, state."""
    rows = await DB.fetch(
        "select distinct on (household) household, id, code, state from package where household = any ($1::uuid[]) "
        "and state in ('draft', 'weighed', 'inspected') order by household, state = 'draft', drafted_at desc",
        households,
    )
    return {row["household"]: row for row in rows}


async def household_by_code(code: str) -> UUID:
    """A household of the scope by its number. Refuses (`NotFound`) any other."""
    found: UUID | None = await DB.fetch_value(
        "select id from household where code = $1 and village = any (scope_villages())", code
    )
    if found is None:
        raise NotFound
    return found


async def draft_code(household: UUID, code: str | None) -> str | None:
    """The code of that household's open package, if it is one of its own."""
    found: str | None = await DB.fetch_value(
        "select code from package where household = $1 and code = $2 and state in ('draft', 'weighed', 'inspected')",
        household,
        code or "",
    )
    return found


async def household_of(package: UUID) -> UUID:
    """The household of a package."""
    household: UUID = await DB.fetch_value("select household from package where id = $1", package)
    return household


async def last_inspection(package: UUID) -> Any:
    """The latest inspection: id, inspector, at; None where nobody has looked yet."""
    return await DB.fetch_row(
        "select id, inspector, at from inspection where package = $1 order by at desc, id desc limit 1", package
    )


async def send_back_of(package: UUID) -> Any:
    """Why a package was sent back: reason, words; None where it was not."""
    return await DB.fetch_row("select reason, words, at from send_back where package = $1", package)
