"""What the office writes into the register: cards, proxies, whole sheets. Each verb notes itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.households import queries
from marketplace.households.rules import (
    CardBlockedAlready,
    CardOpenAlready,
    Change,
    NoOpenCard,
    Plan,
    ProxyEnded,
    ProxyIsMember,
    ProxyKnown,
    ProxyNotThere,
    ReasonMissing,
    SheetHousehold,
    SheetMember,
    plan_of,
    require_term,
    search_keys,
    status_since,
)
from marketplace.households.tables import Card, Household, HouseholdStatus, Member, Proxy
from marketplace.ids import card_code, uuid7
from marketplace.journal import actions as journal

REGISTERED_SINCE: Final = date(2014, 1, 1)  # the national register of poor households was made in 2014
CHUNK: Final = 500

# Cards


async def issue_card(household: Household, *, pin_hash: str, now: datetime) -> UUID:
    """A first card for a household, or the next after a blocked one; answers its id.

    Refuses `CardOpenAlready`. The PIN is the household's own, hashed by `passwords.hashed` beforehand.
    """
    await _lock(household)
    if await _open_card(household) is not None:
        raise CardOpenAlready
    card = await _insert_card(household, pin_hash, now)
    await _note("issue_card", household, card)
    return card


async def replace_card(household: Household, *, reason: str, pin_hash: str, now: datetime) -> UUID:
    """Block the household's card, say why, and give a new one; answers the new card's id.

    Refuses `NoOpenCard` and `ReasonMissing`. Sessions of the old card end at once.
    """
    await _lock(household)
    old = await _open_card(household)
    if old is None:
        raise NoOpenCard
    await _block(old, reason, now)
    card = await _insert_card(household, pin_hash, now)
    await _note("replace_card", household, card, {"blocked": old, "reason": reason.strip()})
    return card


async def block_card(household: Household, card: Card, *, reason: str, now: datetime) -> None:
    """Block a card that is lost; its sessions end at once. Refuses `CardBlockedAlready` and `ReasonMissing`."""
    await _lock(household)
    if await _open_card(household) != card.id:
        raise CardBlockedAlready
    await _block(card.id, reason, now)
    await _note("block_card", household, card.id, {"reason": reason.strip()})


async def set_card_pin(household: Household, *, pin_hash: str) -> None:
    """A new PIN, chosen by the household in person; sessions under the old one end. Refuses `NoOpenCard`."""
    await _lock(household)
    card = await _open_card(household)
    if card is None:
        raise NoOpenCard
    await Card.update({Card.pin_hash: pin_hash}).where(Card.id == card)
    await DB.fetch("update web_session set revoked_at = now() where card = $1 and revoked_at is null", card)
    await _note("set_card_pin", household, card)


async def _lock(household: Household) -> None:
    # Nobody else gives this household a card or a proxy meanwhile.
    if await DB.fetch_value("select id from household where id = $1 for no key update", household.id) is None:
        raise NotFound


async def _open_card(household: Household) -> UUID | None:
    found: UUID | None = await DB.fetch_value(
        "select id from card where household = $1 and blocked_at is null", household.id
    )
    return found


async def _insert_card(household: Household, pin_hash: str, now: datetime) -> UUID:
    card = Card(
        id=uuid7(),
        household=household.id,
        village=household.village,
        code=card_code(),
        pin_hash=pin_hash,
        issued_at=now,
        blocked_at=None,
        blocked_reason=None,
    )
    await Card.insert(card)
    return card.id


async def _block(card: UUID, reason: str, now: datetime) -> None:
    if not reason.strip():
        raise ReasonMissing
    await Card.update({Card.blocked_at: now, Card.blocked_reason: reason.strip()}).where(Card.id == card)


async def _note(verb: str, household: Household, subject: UUID, detail: Mapping[str, object] | None = None) -> None:
    await journal.note(verb=verb, subject=subject, village=household.village, on_behalf_of=household.id, detail=detail)


# Proxies and consent


async def add_proxy(
    household: Household,
    *,
    name: str,
    note: str,
    lives_in: str,
    valid_from: date,
    valid_until: date | None,
) -> UUID:
    """Somebody who may collect for a household within a term; answers the proxy's id.

    `lives_in` is the number of the proxy's own household, or nothing for somebody who is not of the register.
    Refuses `ProxyTermBackwards`, `ProxyIsMember`, `ProxyNotThere` and `ProxyKnown`.
    """
    require_term(valid_from, valid_until)
    await _lock(household)
    member = await _neighbour(household, name, lives_in)
    for known in await queries.proxies(household.id):
        if known.name == name and (known.valid_until is None or known.valid_until >= valid_from):
            raise ProxyKnown(name=name)
    proxy = Proxy(
        id=uuid7(),
        household=household.id,
        village=household.village,
        name=name,
        member=member,
        note=note,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    await Proxy.insert(proxy)
    await _note("add_proxy", household, proxy.id)
    return proxy.id


async def _neighbour(household: Household, name: str, lives_in: str) -> UUID | None:
    if any(member.name == name and member.left_on is None for member in await queries.members(household.id)):
        raise ProxyIsMember(name=name)
    if not lives_in:
        return None
    found: UUID | None = await DB.fetch_value(
        "select m.id from member m join household h on h.id = m.household "
        "where h.code = $1 and m.name = $2 and m.left_on is null and m.village = $3",
        lives_in.upper(),
        name,
        household.village,
    )
    if found is None:
        raise ProxyNotThere(name=name, household=lives_in)
    return found


async def end_proxy(household: Household, proxy: Proxy, *, now: datetime) -> None:
    """Today is the proxy's last day (or the first, if that is still to come). Refuses `ProxyEnded`."""
    await _lock(household)
    term = await DB.fetch_row("select valid_from, valid_until from proxy where id = $1", proxy.id)
    today = business_day(now)
    if term["valid_until"] is not None and term["valid_until"] <= today:
        raise ProxyEnded
    await Proxy.update({Proxy.valid_until: max(today, term["valid_from"])}).where(Proxy.id == proxy.id)
    await _note("end_proxy", household, proxy.id)


async def let_label_say_name(household: Household, *, show: bool) -> None:
    """The household's consent that the page behind its labels says its head's name; given and taken back at will."""
    await Household.update({Household.show_name: show}).where(Household.id == household.id)
    await _note("let_label_say_name", household, household.id, {"show": show})


async def open_status(household: Household, *, reason: str) -> None:
    """Write down who looks at a household's status, and why. Refuses `ReasonMissing`."""
    if not reason.strip():
        raise ReasonMissing
    await _note("open_status", household, household.id, {"reason": reason.strip()})


# A whole sheet


async def take_in(village: UUID, households: Sequence[SheetHousehold], *, by: UUID | None, now: datetime) -> Plan:
    """Write a sheet's households into the register of a village; answers what it changed.

    New ones are added, known ones changed where the sheet says something else; nobody is taken out. The same sheet
    again changes nothing. Nothing is kept unless everything is. Refuses (`NotFound`) groups of another village,
    and `StatusChangedToday`.
    """
    # One sheet after another: two at once would both believe a household to be new.
    await DB.fetch("select pg_advisory_xact_lock(hashtextextended('register ' || $1, 0))", str(village))
    plan = plan_of(households, await queries.known_households([one.code for one in households]))
    ids = await _household_ids(change.household.code for change in plan.changes if not change.is_new)
    groups = await queries.group_ids(village)
    if any(change.household.group_code not in groups for change in plan.changes):
        raise NotFound
    for part in _chunks([change for change in plan.changes if change.is_new]):
        await _insert_households(village, part, groups, ids, by, now)
    for change in plan.changes:
        if not change.is_new:
            await _change_household(village, change, groups, ids, by, now)
    rows = [_member(village, ids, change.household, one) for change in plan.changes for one in change.added]
    for members in _chunks(rows):
        await Member.insert(*members)
    detail = {"new": plan.new, "changed": plan.changed, "members": plan.members, "same": plan.same}
    await journal.note(verb="take_in_sheet", subject=village, village=village, detail=detail)
    return plan


def _chunks(rows: Iterable[Any]) -> Iterable[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, CHUNK)):
        yield part


async def _household_ids(codes: Iterable[str]) -> dict[str, UUID]:
    rows = await DB.fetch("select code, id from household where code = any ($1::text[])", list(codes))
    return {row["code"]: row["id"] for row in rows}


async def _insert_households(
    village: UUID,
    changes: Sequence[Change],
    groups: Mapping[str, UUID],
    ids: dict[str, UUID],
    by: UUID | None,
    now: datetime,
) -> None:
    households, statuses = [], []
    for change in changes:
        wanted = change.household
        ids[wanted.code] = uuid7()
        households.append(_household(village, ids[wanted.code], groups, wanted))
        statuses += [
            _status(village, ids[wanted.code], status, since, size, by, now)
            for status, since, size in first_statuses(wanted)
        ]
    await Household.insert(*households)
    await HouseholdStatus.insert(*statuses)


def first_statuses(household: SheetHousehold) -> list[tuple[str, date, int | None]]:
    """The statuses a household enters the register with: (status, since, people then)."""
    if household.status == "lifted" and household.lifted_year is not None:
        lifted = ("lifted", date(household.lifted_year, 12, 31), None)
        return [("poor", REGISTERED_SINCE, household.size_2014), lifted]
    return [(household.status, REGISTERED_SINCE, household.size_2014)]


def _household(village: UUID, key: UUID, groups: Mapping[str, UUID], wanted: SheetHousehold) -> Household:
    return Household(
        id=key,
        village=village,
        group=groups[wanted.group_code],
        code=wanted.code,
        head_name=wanted.head_name,
        search_keys=search_keys(wanted.head_name, wanted.head_initials),
        relocation=wanted.relocation,
        forest_guard=wanted.forest_guard,
        coop_member=wanted.coop_member,
        forest_area=wanted.forest_area,
        phone_kind=wanted.phone_kind,
        show_name=False,
    )


def _status(
    village: UUID, household: UUID, status: str, since: date, size: int | None, by: UUID | None, now: datetime
) -> HouseholdStatus:
    return HouseholdStatus(
        id=uuid7(),
        household=household,
        village=village,
        status=status,
        since=since,
        size_then=size,
        recorded_at=now,
        recorded_by=by,
    )


def _member(village: UUID, ids: Mapping[str, UUID], household: SheetHousehold, member: SheetMember) -> Member:
    return Member(
        id=uuid7(),
        household=ids[household.code],
        village=village,
        code=f"{household.code}-{member.sequence}",
        sequence=member.sequence,
        name=member.name,
        relation=member.relation,
        sex=member.sex,
        birth_year=member.birth_year,
        left_on=None,
    )


async def _change_household(
    village: UUID,
    change: Change,
    groups: Mapping[str, UUID],
    ids: Mapping[str, UUID],
    by: UUID | None,
    now: datetime,
) -> None:
    wanted, key = change.household, ids[change.household.code]
    values: dict[Any, Any] = {
        Household.group: groups[wanted.group_code],
        Household.head_name: wanted.head_name,
        Household.search_keys: search_keys(wanted.head_name, wanted.head_initials),
        Household.relocation: wanted.relocation,
        Household.forest_guard: wanted.forest_guard,
        Household.coop_member: wanted.coop_member,
        Household.forest_area: wanted.forest_area,
        Household.phone_kind: wanted.phone_kind,
    }
    columns = {column for field in change.fields for column in COLUMNS_OF_FIELD.get(field, ())}
    if columns:
        kept = {column: value for column, value in values.items() if column._meta.name in columns}
        await Household.update(kept).where(Household.id == key)
    if "status" in change.fields and change.known is not None:
        since = status_since(wanted, change.known, business_day(now))
        await HouseholdStatus.insert(_status(village, key, wanted.status, since, len(wanted.members), by, now))
    for member in change.changed:
        await _change_member(key, member)


COLUMNS_OF_FIELD: Final[Mapping[str, tuple[str, ...]]] = {
    "group_code": ("group",),
    "head_name": ("head_name", "search_keys"),
    "relocation": ("relocation",),
    "forest_guard": ("forest_guard",),
    "coop_member": ("coop_member",),
    "forest_mu": ("forest_area",),
    "phone": ("phone_kind",),
}


async def _change_member(household: UUID, member: SheetMember) -> None:
    await Member.update(
        {
            Member.name: member.name,
            Member.relation: member.relation,
            Member.sex: member.sex,
            Member.birth_year: member.birth_year,
        }
    ).where((Member.household == household) & (Member.sequence == member.sequence))
