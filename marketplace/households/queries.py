"""The register as pages and other rooms ask for it. Row-level security decides which households there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.households.rules import KnownHousehold, KnownMember, Wanted, read_wanted

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Group:
    """A villagers' group as lists name it."""

    code: str
    number: int
    label_zh: str
    name_zh: str = ""
    signal: str = ""
    walk_minutes: int = 0


@dataclass(frozen=True, slots=True)
class VillageSeen:
    """A village as pages name it."""

    id: UUID
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class FoundHousehold:
    """A household in a list. Namesakes differ by group and the head's year of birth; `matched` is a member's name."""

    id: UUID
    code: str
    head_name: str
    group: Group
    birth_year: int | None
    people: int
    matched: str = ""
    recent: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One page of households. `tolerant`: only the second pass (n/l and f/h taken for one another) found them."""

    rows: tuple[FoundHousehold, ...]
    total: int
    page: int
    pages: int
    tolerant: bool = False


# Ranks: 0 card or number, 1 whole name, 2 whole key, 3 beginning, 4 within the name, 5 another member.
SEARCH = """
with head as (
    select household, min(birth_year) filter (where relation = 'head') as birth_year,
        count(*) filter (where left_on is null)::int as people
    from member group by household
), found as (
    select h.id, h.code, h.head_name, head.birth_year, coalesce(head.people, 0) as people,
        g.code as group_code, g.number, g.label_zh, g.name_zh, g.signal, g.walk_minutes,
        case
            when $1 = '' then 9
            when h.code = $2 or h.code like $3 or exists (
                select 1 from card c where c.household = h.id and c.code = $4 and c.blocked_at is null) then 0
            when h.head_name = $1 then 1
            when $5 <> '' and $5 = any (string_to_array(h.search_keys, ' ')) then 2
            when $5 <> '' and ' ' || h.search_keys like '% ' || $5 || '%' then 3
            when $2 <> '' and h.code like $2 || '%' then 3
            when $6 <> '' and h.head_name like $6 || '%' then 3
            when $6 <> '' and h.head_name like '%' || $6 || '%' then 4
            when $6 <> '' and exists (select 1 from member m where m.household = h.id and m.left_on is null
                and m.name like '%' || $6 || '%') then 5
            when $7 <> '' and ' ' || translate(h.search_keys, 'lf', 'nh') like '% ' || $7 || '%' then 6
        end as rank,
        array_position($8::text[], h.code) as recent
    from household h
    join village_group g on g.id = h."group"
    left join head on head.household = h.id
    -- Said once more beside row-level security.
    where (h.village = any (scope_villages()) or h.id = scope_household()) and ($9 = '' or g.code = $9)
)
select *, count(*) over ()::int as total,
    case when rank = 5 then (select m.name from member m where m.household = found.id and m.left_on is null
        and m.name like '%' || $6 || '%' order by m.sequence limit 1) end as matched
from found where rank is not null
order by rank, case when rank < 9 then recent end nulls last, (rank < 9 and group_code = $10) desc, group_code, code
limit $11 offset $12
"""


async def search(words: str, *, group: str = "", recent: Sequence[str] = (), page: int = 1) -> Found:
    """Households by name, pinyin key, number or card, perhaps of one group; all of them for no words.

    `recent`: numbers last looked at, the latest first; they and their group come first among equals.
    """
    wanted = read_wanted(words)
    found = await _search(wanted, "", group, recent, page)
    if found.total or not wanted.tolerant_key:
        return found
    return await _search(wanted, wanted.tolerant_key, group, recent, page)


async def _search(wanted: Wanted, tolerant: str, group: str, recent: Sequence[str], page: int) -> Found:
    near = recent[0].partition("-")[0] if recent else ""
    rows = await DB.fetch(
        SEARCH,
        wanted.text,
        wanted.number,
        wanted.ending,
        wanted.card,
        wanted.key,
        wanted.part_of_name,
        tolerant,
        list(recent),
        group,
        near,
        PAGE_SIZE,
        PAGE_SIZE * (page - 1),
    )
    total = rows[0]["total"] if rows else 0
    return Found(
        rows=tuple(_found_household(row) for row in rows),
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE_SIZE)),
        tolerant=bool(tolerant and rows),
    )


def _group(row: Any) -> Group:
    return Group(row["group_code"], row["number"], row["label_zh"], row["name_zh"], row["signal"], row["walk_minutes"])


def _found_household(row: Any) -> FoundHousehold:
    return FoundHousehold(
        id=row["id"],
        code=row["code"],
        head_name=row["head_name"],
        group=_group(row),
        birth_year=row["birth_year"],
        people=row["people"],
        matched=row["matched"] or "",
        recent=row["recent"] is not None,
    )


@dataclass(frozen=True, slots=True)
class HouseholdSeen:
    """A household as its page begins; `forest_area` in tenths of a mu, `card` tells whether one is open."""

    id: UUID
    code: str
    head_name: str
    village: VillageSeen
    group: Group
    people: int
    birth_year: int | None
    relocation: str
    forest_guard: bool
    coop_member: bool
    forest_area: int | None
    phone_kind: str
    show_name: bool
    card: bool


HOUSEHOLD = """
select h.*, v.id as village_id, v.code as village_code, v.name_zh as village_zh, v.name_en as village_en,
    g.code as group_code, g.number, g.label_zh, g.name_zh, g.signal, g.walk_minutes,
    (select count(*)::int from member m where m.household = h.id and m.left_on is null) as people,
    (select m.birth_year from member m where m.household = h.id and m.relation = 'head' limit 1) as birth_year,
    exists (select 1 from card c where c.household = h.id and c.blocked_at is null) as card
from household h join village v on v.id = h.village join village_group g on g.id = h."group"
where h.id = $1
"""


async def household(household: UUID) -> HouseholdSeen:
    """A household with its village, group and number of people. Refuses (`NotFound`) one out of scope."""
    row = await DB.fetch_row(HOUSEHOLD, household)
    if row is None:
        raise NotFound
    return HouseholdSeen(
        id=row["id"],
        code=row["code"],
        head_name=row["head_name"],
        village=VillageSeen(row["village_id"], row["village_code"], row["village_zh"], row["village_en"]),
        group=_group(row),
        people=row["people"],
        birth_year=row["birth_year"],
        relocation=row["relocation"],
        forest_guard=row["forest_guard"],
        coop_member=row["coop_member"],
        forest_area=row["forest_area"],
        phone_kind=row["phone_kind"],
        show_name=row["show_name"],
        card=row["card"],
    )


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """A member of a household; `left_on` where he or she is gone."""

    id: UUID
    code: str
    sequence: int
    name: str
    relation: str
    sex: str
    birth_year: int
    left_on: date | None


MEMBERS = """
select id, code, sequence, name, relation, sex, birth_year, left_on from member
where household = $1 order by left_on is not null, sequence
"""


async def members(household: UUID) -> list[MemberSeen]:
    """The members of a household, those who left last."""
    return [MemberSeen(**row) for row in await DB.fetch(MEMBERS, household)]


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """A status with its first day and the number of people then, where it is known."""

    status: str
    since: date
    size_then: int | None


STATUSES = "select status, since, size_then from household_status where household = $1 order by since desc"


async def status_history(household: UUID) -> list[StatusSeen]:
    """A household's statuses, the one in force first. Whoever asks has to be one who may know."""
    return [StatusSeen(**row) for row in await DB.fetch(STATUSES, household)]


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card without its code; blocked ones say why."""

    id: UUID
    issued_at: datetime
    blocked_at: datetime | None
    blocked_reason: str | None
    has_pin: bool


CARDS = """
select id, issued_at, blocked_at, blocked_reason, pin_hash is not null as has_pin from card
where household = $1 order by blocked_at is not null, issued_at desc
"""


async def cards(household: UUID) -> list[CardSeen]:
    """A household's cards, the open one first."""
    return [CardSeen(**row) for row in await DB.fetch(CARDS, household)]


@dataclass(frozen=True, slots=True)
class ProxySeen:
    """Somebody who may collect for a household; `household_code` where he or she is of the register."""

    id: UUID
    name: str
    note: str
    valid_from: date
    valid_until: date | None
    household_code: str

    def is_valid(self, day: date) -> bool:
        """Whether the proxy may collect on that day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


PROXIES = """
select p.id, p.name, p.note, p.valid_from, p.valid_until, coalesce(h.code, '') as household_code
from proxy p left join member m on m.id = p.member left join household h on h.id = m.household
where p.household = $1 order by p.valid_until is not null, p.valid_from desc, p.id desc
"""


async def proxies(household: UUID) -> list[ProxySeen]:
    """Who may or might collect for a household, those without an end first."""
    return [ProxySeen(**row) for row in await DB.fetch(PROXIES, household)]


@dataclass(frozen=True, slots=True)
class KinSeen:
    """Declared kin across households: `relative` is `person`'s `relation`. `other` is the one who lives elsewhere.

    `user` and `roles` are the other's, where he or she signs in; with `recusal` that part passes to somebody else.
    """

    person: str
    relative: str
    relation: str
    recusal: bool
    other: str
    other_household: str
    user: UUID | None
    roles: tuple[str, ...]


KIN = """
select p.name as person, r.name as relative, k.relation, k.recusal, o.name as other, oh.code as other_household, s.user,
    coalesce((select array_agg(distinct g.role order by g.role) from role_grant g where g."user" = s."user"
        and business_today() between g.valid_from and coalesce(g.valid_until, 'infinity')), '{}') as roles
from kin_link k
join member p on p.id = k.member
join member r on r.id = k.relative
join member o on o.id = case when p.household = $1 then r.id else p.id end
join household oh on oh.id = o.household
left join resident s on s.member = o.id
where $1 in (p.household, r.household)
order by k.recusal desc, o.name
"""


async def kin(household: UUID) -> list[KinSeen]:
    """Declared kin of a household's members, those whose part passes to another first. For staff only."""
    return [KinSeen(**{**row, "roles": tuple(row["roles"])}) for row in await DB.fetch(KIN, household)]


GROUPS = """
select g.code as group_code, g.number, g.label_zh, g.name_zh, g.signal, g.walk_minutes, count(h.id)::int as households
from village_group g left join household h on h."group" = g.id
where g.village = any ($1::uuid[]) group by g.id order by g.number
"""


async def groups_with_counts(villages: Sequence[UUID]) -> list[tuple[Group, int]]:
    """The groups of these villages with the number of their households in scope."""
    return [(_group(row), row["households"]) for row in await DB.fetch(GROUPS, list(villages))]


KNOWN = """
select h.code, g.code as group_code, h.head_name, h.relocation, h.forest_guard, h.coop_member, h.forest_area,
    h.phone_kind, coalesce(s.status, '') as status, coalesce(s.since, '-infinity') as since
from household h join village_group g on g.id = h."group"
left join lateral (select status, since from household_status where household = h.id order by since desc limit 1) s on true
where h.code = any ($1::text[])
"""
KNOWN_MEMBERS = """
select h.code, m.sequence, m.name, m.relation, m.sex, m.birth_year
from member m join household h on h.id = m.household where h.code = any ($1::text[])
"""


async def known_households(codes: Sequence[str]) -> dict[str, KnownHousehold]:
    """What the register has of these households, in the words of a sheet; unknown ones are left out."""
    members: dict[str, dict[int, KnownMember]] = {}
    for row in await DB.fetch(KNOWN_MEMBERS, list(codes)):
        code, *rest = row.values()
        members.setdefault(code, {})[row["sequence"]] = KnownMember(*rest)
    return {
        row["code"]: KnownHousehold(**row, members=members.get(row["code"], {}))
        for row in await DB.fetch(KNOWN, list(codes))
    }


async def group_ids(village: UUID) -> dict[str, UUID]:
    """The ids of a village's groups by their codes."""
    return {
        row["code"]: row["id"]
        for row in await DB.fetch("select code, id from village_group where village = $1", village)
    }


async def open_card_code(household: UUID) -> str:
    """The code on a household's open card, for printing it; nothing where there is none."""
    code: str | None = await DB.fetch_value(
        "select code from card where household = $1 and blocked_at is null", household
    )
    return code or ""
