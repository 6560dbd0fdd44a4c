"""Who is signed in, what they may act as, and who may prove a part by PIN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from marketplace.accounts.rules import ROLES, TERMS, Kind, Signed, Span, contact_seal
from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.keys import open_sealed
from marketplace.web.sensitive import Sensitive

# A sign of life is written when a twentieth of the idle time has passed, not on every request.
TOUCH_SHARE = 20


async def signed_by(token_hash: bytes) -> Signed | None:
    """Who is signed in by that token: alive, of an active user or an open card. Writes a sign of life now and then."""
    row = await DB.fetch_row("select * from session_for_token($1)", token_hash)
    if row is None or is_idle(row):
        return None
    if row["read_at"] - row["seen_at"] > TERMS[row["kind"]].idle / TOUCH_SHARE:
        await touch(row["session"])
    return signed_of(row, token_hash)


def is_idle(row: Mapping[str, Any]) -> bool:
    """Whether the session has been without a sign of life for too long."""
    idle: timedelta = row["read_at"] - row["seen_at"]
    return idle > TERMS[row["kind"]].idle


async def touch(session: UUID) -> None:
    """A sign of life of a session that is not revoked; never brings one back."""
    await DB.fetch("update web_session set seen_at = now() where id = $1 and revoked_at is null", session)


def signed_of(row: Mapping[str, Any], token_hash: bytes) -> Signed:
    """What a session's row means: the acting role and what it spans."""
    kind: Kind = row["kind"]
    role = role_of(kind, row["role"])
    span: Span = ROLES[role].span if role in ROLES else ""
    scope = row["scope"]
    return Signed(
        session=row["session"],
        token_hash=token_hash,
        kind=kind,
        actor=row["actor"],
        name=row["name"],
        role=role,
        span=span,
        grant=row["grant"],
        villages=(scope,) if span == "village" and row["scope_kind"] == "village" else (),
        places=(scope,) if span == "place" and row["scope_kind"] == "place" else (),
        household=row["household"],
        customer=row["actor"] if span == "customer" else None,
        scope_zh=row["scope_zh"] or "",
        scope_en=row["scope_en"] or "",
        grants=row["grants"] or 0,
        locale=row["locale"],
        step=row["step"],
    )


def role_of(kind: Kind, granted: str | None) -> str:
    """What a session acts as: staff by their grant; a customer and a card are what they are."""
    if kind == "card":
        return "household_member"
    if granted:
        return granted
    return "customer" if kind == "customer" else ""


@dataclass(frozen=True)
class Grant:
    """One role a person holds today, with the names of its scope."""

    id: UUID
    role: str
    scope_kind: str
    scope: UUID | None
    name_zh: str
    name_en: str


GRANTS_TODAY = """
select g.id, g.role, g.scope_kind, g.scope,
    coalesce(v.name_zh, p.name_zh, '') as name_zh, coalesce(v.name_en, p.name_en, '') as name_en
from role_grant g
left join village v on v.id = g.scope and g.scope_kind = 'village'
left join place p on p.id = g.scope and g.scope_kind = 'place'
where g."user" = $1 and business_today() between g.valid_from and coalesce(g.valid_until, 'infinity')
order by g.valid_from, g.role, g.id
"""


async def grants_today(user: UUID) -> list[Grant]:
    """The roles a person holds on this business day, oldest first."""
    return [Grant(**dict(row)) for row in await DB.fetch(GRANTS_TODAY, user)]


@dataclass(frozen=True)
class Account:
    """What sign-in needs of a user."""

    id: UUID
    kind: Kind
    name: str
    password_hash: str | None
    pin_hash: str | None


async def account_by_login(login: str) -> Account | None:
    """An active member of staff by the normal form of the login name."""
    return _account(
        await DB.fetch_row(
            "select id, kind, name, password_hash, pin_hash from app_user where login = $1 and active", login
        )
    )


async def account_by_contact(index: bytes) -> Account | None:
    """An active customer by the blind index of phone or e-mail; needs the house's own scope (role system)."""
    return _account(
        await DB.fetch_row(
            "select id, kind, name, password_hash, pin_hash from app_user where contact_index = $1 and active", index
        )
    )


async def contact_of(customer: UUID) -> Sensitive[str]:
    """A customer's phone or e-mail, closed. Refuses (`NotFound`) a customer whom the scope does not see."""
    sealed = await DB.fetch_value("select contact_sealed from app_user where id = $1", customer)
    if sealed is None:
        raise NotFound
    return Sensitive(lambda: open_sealed(sealed, contact_seal(customer)), what="contact", subject=customer)


async def account_by_id(user: UUID) -> Account | None:
    """An active user by id."""
    return _account(
        await DB.fetch_row(
            "select id, kind, name, password_hash, pin_hash from app_user where id = $1 and active", user
        )
    )


def _account(row: Mapping[str, Any] | None) -> Account | None:
    return Account(**dict(row)) if row is not None else None


@dataclass(frozen=True)
class CardSeen:
    """What a card's code leads to."""

    card: UUID
    household: UUID
    village: UUID
    pin_hash: str | None


async def card_by_code(code: str) -> CardSeen | None:
    """An open card by its whole code."""
    row = await DB.fetch_row("select card, household, village, pin_hash from card_for_sign_in($1)", code)
    return CardSeen(**dict(row)) if row is not None else None


@dataclass(frozen=True)
class GrantKept:
    """One grant of a person, past and future ones included; `now` says whether it is in force today."""

    id: UUID
    role: str
    scope_kind: str
    name_zh: str
    name_en: str
    valid_from: date
    valid_until: date | None
    now: bool


@dataclass(frozen=True)
class Person:
    """One member of staff as the people pages show them."""

    login: str
    name: str
    active: bool
    has_pin: bool
    grants: tuple[GrantKept, ...]


PEOPLE = """
select u.login, u.name, u.active, u.pin_hash is not null as has_pin,
    g.id, g.role, g.scope_kind, coalesce(v.name_zh, p.name_zh, '') as name_zh,
    coalesce(v.name_en, p.name_en, '') as name_en, g.valid_from, g.valid_until,
    coalesce(business_today() between g.valid_from and coalesce(g.valid_until, 'infinity'), false) as now
from app_user u
left join role_grant g on g."user" = u.id
left join village v on v.id = g.scope and g.scope_kind = 'village'
left join place p on p.id = g.scope and g.scope_kind = 'place'
where u.kind = 'staff' and (position($1 in lower(u.name)) > 0 or position($1 in u.login) > 0)
order by u.login, now desc, g.valid_from desc, g.id
"""


async def staff_with_roles(words: str = "") -> list[Person]:
    """The staff whose name or login holds these words, with every role they hold, held or will hold; one query."""
    people: dict[str, Person] = {}
    for row in await DB.fetch(PEOPLE, words.strip().lower()):
        known = people.get(row["login"]) or Person(row["login"], row["name"], row["active"], row["has_pin"], ())
        people[row["login"]] = replace(known, grants=(*known.grants, *_grant_of(row)))
    return list(people.values())


def _grant_of(row: Mapping[str, Any]) -> tuple[GrantKept, ...]:
    if row["id"] is None:
        return ()
    return (GrantKept(**{name: row[name] for name in GrantKept.__dataclass_fields__}),)


async def person_by_login(login: str) -> Person | None:
    """One member of staff with all roles."""
    return next((person for person in await staff_with_roles(login) if person.login == login), None)


@dataclass(frozen=True)
class ScopeChoice:
    """A scope that a grant may have, by the code it has in a form."""

    value: str
    kind: str
    id: UUID | None
    name_zh: str
    name_en: str


SCOPES = """
select 'village:' || code as value, 'village' as kind, id, name_zh, name_en from village
union all
select 'place:' || code, 'place', id, name_zh, name_en from place where kind <> 'party_office'
order by 2 desc, 1
"""


async def scope_choices() -> list[ScopeChoice]:
    """Villages and places by code; then the scopes that are no row of a table."""
    rows = [ScopeChoice(**dict(row)) for row in await DB.fetch(SCOPES)]
    return rows + [ScopeChoice(kind, kind, None, *names) for kind, names in WIDE_SCOPES.items()]


WIDE_SCOPES = {
    "town": ("全镇", "the whole town"),
    "county": ("全县", "the whole county"),
    "company": ("收购企业", "the company"),
    "system": ("系统", "the system"),
}
