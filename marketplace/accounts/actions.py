"""Sign in, sign out, act as, prove a part by PIN, change secrets. Wrong tries wait, never for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

import asyncpg

from marketplace import keys, passwords
from marketplace.accounts import queries
from marketplace.accounts.rules import (
    NET_TRIES,
    NET_WINDOW,
    ROLES,
    TERMS,
    ContactTaken,
    Kind,
    LoginTaken,
    NotTheRole,
    PasswordUnchanged,
    RoleNotHeld,
    SamePerson,
    Signed,
    TermRunsBackward,
    TooManyTries,
    WrongCredentials,
    WrongPin,
    contact_mask,
    contact_seal,
    delay_after,
    network,
    new_login,
    normal_contact,
    normal_login,
    require_good_password,
    require_grantable,
    require_pin,
)
from marketplace.accounts.tables import RoleGrant, User, WebSession
from marketplace.db import DB, Scope, scoped
from marketplace.errors import NotFound, Refusal
from marketplace.ids import check_card_code, uuid7
from marketplace.journal.actions import note

Found = TypeVar("Found")
# Sign-in looks people up before anybody's scope is known.
HOUSE = Scope(role="system")
CONTACT_COLUMN = "app_user.contact"


@dataclass(frozen=True)
class Opened:
    """A session just opened: the token for the cookie, and whether a role has to be chosen."""

    token: str
    kind: Kind
    must_choose: bool = False


def hash_of(opened: Opened) -> bytes:
    """By which the database knows the session just opened."""
    return keys.token_hash(opened.token)


# ---------- tries and delays ----------

# The wait after the first, second … wrong try; the last one holds for all further ones.
WAITS = [delay_after(wrong) for wrong in range(1, 15)]

_TRY_ACCOUNT = """
insert into sign_in_delay as d (key, failures, first_at, until)
values ($1, 1, clock_timestamp(), clock_timestamp())
on conflict (key) do update set
    failures = case when d.first_at < clock_timestamp() - interval '1 day' then 1 else d.failures + 1 end,
    first_at = case when d.first_at < clock_timestamp() - interval '1 day' then clock_timestamp() else d.first_at end,
    until = clock_timestamp() + case
        when d.first_at < clock_timestamp() - interval '1 day' then interval '0'
        else ($2::interval[])[least(d.failures + 1, cardinality($2::interval[]))] end
where d.until <= clock_timestamp()
returning failures
"""

_COUNT_NETWORK = """
insert into sign_in_delay as d (key, failures, first_at, until)
values ($1, 1, clock_timestamp(), clock_timestamp())
on conflict (key) do update set
    failures = case when d.first_at < clock_timestamp() - $3::interval then 1 else d.failures + 1 end,
    first_at = case when d.first_at < clock_timestamp() - $3::interval then clock_timestamp() else d.first_at end,
    until = case when d.first_at >= clock_timestamp() - $3::interval and d.failures + 1 >= $2::int
        then d.first_at + $3::interval else clock_timestamp() end
"""

_SWEEP = """
delete from sign_in_delay where until < now() - interval '1 day' and first_at < now() - interval '1 day'
"""


@dataclass(frozen=True)
class Attempt:
    """One try. The account's is counted before the secret is looked at: twenty at once count as twenty."""

    account: str
    network: str  # empty for a browser that this account has used before: its neighbours' tries are not its own

    async def begin(self) -> None:
        """Count it. Refuses (`TooManyTries`) while the account or the network has to wait, alike for unknown ones."""
        if self.network and (left := await minutes_left(self.network)) is not None:
            raise TooManyTries(minutes=left)
        counted = await DB.fetch_value(_TRY_ACCOUNT, self.account, WAITS)
        if counted is None:
            raise TooManyTries(minutes=await minutes_left(self.account) or 1)

    async def was_wrong(self) -> None:
        """Count it for the network too: there the wrong ones alone count, so that an office may sign in at once."""
        if self.network:
            await DB.fetch(_COUNT_NETWORK, self.network, NET_TRIES, NET_WINDOW)

    async def was_right(self) -> None:
        """The account starts anew."""
        await DB.fetch("delete from sign_in_delay where key = $1", self.account)
        await DB.fetch(_SWEEP)

    async def prove(self, secret: str, found: Found | None, known: str | None, refusal: Refusal) -> Found:
        """What was found, if the secret opens its hash; else `refusal`. Nothing found costs the same work."""
        if not await passwords.opens(secret, known) or found is None:
            await self.was_wrong()
            raise refusal
        await self.was_right()
        return found


async def minutes_left(key: str) -> int | None:
    """How long that key still waits, in whole minutes; None where it need not."""
    left: timedelta | None = await DB.fetch_value(
        "select until - clock_timestamp() from sign_in_delay where key = $1 and until > clock_timestamp()", key
    )
    return -(-int(left.total_seconds()) // 60) or 1 if left else None


def attempt(kind: str, who: str, address: str, known_device: str = "") -> Attempt:
    """The keys of a try. A browser that this account has used before has a count of its own, so that a stranger
    who fails on purpose does not keep the owner out."""
    account = keys.blind("sign_in_delay", f"{kind}:{who}:{known_device}").hex()
    return Attempt(f"account:{account}", "" if known_device else f"net:{network(address)}")


# ---------- signing in ----------


async def sign_in(login: str, password: str, address: str, device: str = "") -> Opened:
    """A session for staff (login name) or a customer (phone or e-mail).

    Refuses `WrongCredentials` alike for unknown accounts and wrong passwords, after the same work; `TooManyTries`
    after 5 wrong ones for a time that doubles from 30 s to 15 min.
    """
    tried = attempt("password", normal_login(login), address, device_of(device, normal_login(login)))
    await tried.begin()
    account = await find_account(login)
    account = await tried.prove(password, account, account.password_hash if account else None, WrongCredentials())
    await renew_hash(account, password)
    return await open_session(account)


async def find_account(login: str) -> queries.Account | None:
    """An active account by login name, phone or e-mail."""
    staff = await queries.account_by_login(normal_login(login))
    if staff is not None:
        return staff
    try:
        contact = normal_contact(login)
    except Refusal:
        return None
    async with scoped(HOUSE, readonly=True):
        return await queries.account_by_contact(keys.blind(CONTACT_COLUMN, contact))


async def renew_hash(account: queries.Account, password: str) -> None:
    """Bring an old hash to today's costs, now that the password is at hand."""
    if account.password_hash and passwords.is_outdated(account.password_hash):
        fresh = await passwords.hashed(password)
        async with scoped(HOUSE):
            await User.update({User.password_hash: fresh}).where(User.id == account.id)


async def open_session(account: queries.Account) -> Opened:
    """A new session with a new token; the only role of today is taken at once."""
    grants = await queries.grants_today(account.id)
    acting = grants[0].id if len(grants) == 1 else None
    token = keys.new_token()
    async with scoped(Scope(actor=account.id, role=grants[0].role if acting else account.kind)):
        await insert_session(token, account.kind, user=account.id, acting=acting)
        await note(verb="sign_in", subject=account.id)
    return Opened(token, account.kind, must_choose=len(grants) > 1)


async def insert_session(
    token: str,
    kind: Kind,
    *,
    user: UUID | None = None,
    card: queries.CardSeen | None = None,
    acting: UUID | None = None,
) -> None:
    """One session row; real clock, for sessions are no business of the village's."""
    moment = await DB.fetch_value("select now()")
    await WebSession.insert(
        WebSession(
            id=uuid7(),
            token_hash=keys.token_hash(token),
            user=user,
            card=card.card if card else None,
            household=card.household if card else None,
            village=card.village if card else None,
            acting=acting,
            created_at=moment,
            seen_at=moment,
            expires_at=moment + TERMS[kind].absolute,
            revoked_at=None,
        )
    )


async def sign_in_with_card(code: str, pin: str, address: str) -> Opened:
    """A household's session by its card and PIN; ends after 10 minutes without a sign of life.

    Refuses `WrongPin` alike for unknown and blocked cards and wrong PINs, `TooManyTries` as `sign_in` does.
    """
    code = check_card_code(code) or code  # however it was typed, it is one card and one count
    tried = attempt("card", code, address)
    await tried.begin()
    card = await queries.card_by_code(code)
    card = await tried.prove(pin, card, card.pin_hash if card else None, WrongPin())
    token = keys.new_token()
    async with scoped(Scope(role="household_member", household=card.household)):
        await insert_session(token, "card", card=card)
        await note(verb="sign_in_with_card", subject=card.card, village=card.village)
    return Opened(token, "card")


async def sign_out(signed: Signed) -> None:
    """End this session for good."""
    async with scoped(
        Scope(
            actor=signed.actor if signed.kind != "card" else None,
            role=signed.role or signed.kind,
            household=signed.household,
        )
    ):
        await revoke(signed.session)
        await note(verb="sign_out", subject=signed.actor)


async def revoke(session_id: UUID) -> bool:
    """End a session; False if it had ended before."""
    rows = await DB.fetch(
        "update web_session set revoked_at = now() where id = $1 and revoked_at is null returning id", session_id
    )
    return bool(rows)


async def sign_out_everywhere(user: UUID, but: UUID | None = None) -> None:
    """End every session of a person, save perhaps one. Needs an open transaction."""
    await DB.fetch(
        'update web_session set revoked_at = now() where "user" = $1 and revoked_at is null and id is distinct from $2',
        user,
        but,
    )


async def remember_look(signed: Signed, locale: str | None, step: int | None) -> None:
    """Keep the person's language and letters for the next device; what is None stays as it was."""
    async with scoped(Scope(actor=signed.actor, role=signed.role or signed.kind)):
        await DB.fetch(
            "update app_user set locale = coalesce($2, locale), step = coalesce($3, step) where id = $1",
            signed.actor,
            locale,
            step,
        )


# ---------- acting as ----------


async def act_as(signed: Signed, grant: UUID) -> Opened:
    """Act in another role that the person holds today: a new token, the old session ended.

    Refuses (`RoleNotHeld`) a grant of somebody else or of another day, and (`NotFound`) a session that has ended.
    """
    held = {known.id: known for known in await queries.grants_today(signed.actor)} if signed.kind != "card" else {}
    if grant not in held:
        raise RoleNotHeld
    async with scoped(Scope(actor=signed.actor, role=held[grant].role)):
        token = await rotate(signed, grant)
        await note(verb="act_as", subject=signed.actor, detail={"role": held[grant].role})
    return Opened(token, signed.kind)


async def rotate(signed: Signed, acting: UUID | None) -> str:
    """The session under a new token and id, its end unchanged. Refuses (`NotFound`) to bring back an ended one."""
    old = await DB.fetch_row(
        "update web_session set revoked_at = now() where id = $1 and revoked_at is null "
        "returning expires_at, created_at",
        signed.session,
    )
    if old is None:
        raise NotFound
    token = keys.new_token()
    await WebSession.insert(
        WebSession(
            id=uuid7(),
            token_hash=keys.token_hash(token),
            user=signed.actor,
            acting=acting,
            created_at=old["created_at"],
            seen_at=await DB.fetch_value("select now()"),
            expires_at=old["expires_at"],
            revoked_at=None,
        )
    )
    return token


# ---------- the second person ----------


async def prove_pin(
    scope: Scope,
    login: str,
    pin: str,
    role: str | tuple[str, ...],
    where: UUID,
    *,
    address: str = "",
    field: str = "pin",
) -> UUID:
    """Proof that a second person stands at this terminal: his login name and PIN. Returns his user id.

    Refuses `WrongPin` alike for unknown names and wrong PINs, `TooManyTries`, `NotTheRole` when he does not hold
    `role` (or one of them) today in that village or place, or in the whole company, `SamePerson` when it is the
    person already signed in, `NotFound` for a village or place out of scope. Call it before the command: a wrong try
    is counted although the command is refused; a form without a name or a PIN is no try.
    """
    if where not in (*scope.villages, *scope.places):
        raise NotFound
    if not (login and pin):
        raise WrongPin(field=field)
    tried = attempt("pin", normal_login(login), address or f"at:{scope.actor}")
    await tried.begin()
    account = await queries.account_by_login(normal_login(login))
    account = await tried.prove(pin, account, account.pin_hash if account else None, WrongPin(field=field))
    if account.id == scope.actor:
        raise SamePerson
    await require_role(account, (role,) if isinstance(role, str) else role, where)
    return account.id


async def prove_own_pin(scope: Scope, pin: str, *, address: str = "", field: str = "pin") -> UUID:
    """Step-up: the signed-in person's own PIN once more, before money leaves the drawer. Returns his user id."""
    if scope.actor is None:
        raise WrongPin(field=field)
    tried = attempt("pin", str(scope.actor), address or f"at:{scope.actor}")
    await tried.begin()
    account = await queries.account_by_id(scope.actor)
    account = await tried.prove(pin, account, account.pin_hash if account else None, WrongPin(field=field))
    return account.id


async def require_role(account: queries.Account, roles: tuple[str, ...], where: UUID) -> None:
    """Refuses (`NotTheRole`) a person who holds none of these roles today, there or in the whole company."""
    held = await queries.grants_today(account.id)
    if not any(grant.role in roles and (grant.scope == where or grant.scope_kind == "company") for grant in held):
        raise NotTheRole(name=account.name, role=ROLES.get(roles[0], roles[0]))


# ---------- accounts and secrets ----------


async def sign_up(name: str, contact: str, password: str, address: str) -> Opened:
    """A customer's account and session.

    Refuses `NotAContact`, a bad password, `ContactTaken` after the same work and counted like a wrong try, so that
    a list of numbers cannot be asked through.
    """
    normal = normal_contact(contact)
    require_good_password(password, "password")
    tried = attempt("sign_up", normal, address)
    await tried.begin()
    digest = await passwords.hashed(password)
    index = keys.blind(CONTACT_COLUMN, normal)
    user = uuid7()
    try:
        async with scoped(HOUSE):
            await insert_customer(user, name, normal, index, digest)
            await note(verb="sign_up", subject=user)
    except asyncpg.UniqueViolationError:
        await tried.was_wrong()
        raise ContactTaken from None
    await tried.was_right()
    return await open_session(queries.Account(user, "customer", name, digest, None))


async def insert_customer(user: UUID, name: str, contact: str, index: bytes, digest: str) -> None:
    """One customer: the contact sealed for this row, found by its blind index, shown by its mask."""
    await User.insert(
        User(
            id=user,
            kind="customer",
            name=name,
            login=None,
            contact_index=index,
            contact_sealed=keys.seal(contact, contact_seal(user)),
            contact_mask=contact_mask(contact),
            password_hash=digest,
            pin_hash=None,
            locale=None,
            step=None,
            active=True,
            created_at=await DB.fetch_value("select now()"),
        )
    )


async def change_password(signed: Signed, old: str, new: str, address: str) -> Opened:
    """A new password, a new token, every other session of the person ended.

    Refuses `WrongCredentials` for a wrong old password (counted), `PasswordUnchanged`, and a bad new one.
    """
    require_good_password(new)
    await prove_own_password(signed, old, address, "old_password")
    if old == new:
        raise PasswordUnchanged
    fresh = await passwords.hashed(new)
    async with scoped(Scope(actor=signed.actor, role=signed.role or signed.kind)):
        await User.update({User.password_hash: fresh}).where(User.id == signed.actor)
        token = await rotate(signed, signed.grant)
        await sign_out_everywhere(
            signed.actor,
            await DB.fetch_value("select id from web_session where token_hash = $1", keys.token_hash(token)),
        )
        await note(verb="change_password", subject=signed.actor)
    return Opened(token, signed.kind)


async def change_own_pin(signed: Signed, password: str, pin: str, address: str) -> None:
    """A new PIN for the person signed in, proved by the password. Refuses `WrongCredentials` (counted), `NotAPin`."""
    digits = require_pin(pin)
    await prove_own_password(signed, password, address, "password")
    digest = await passwords.hashed(digits)
    async with scoped(Scope(actor=signed.actor, role=signed.role or signed.kind)):
        await set_pin(signed.actor, digest)


async def set_pin(user: UUID, digest: str) -> None:
    """A new PIN for a member of staff. Runs inside a transaction; the caller's policy decides who may."""
    await User.update({User.pin_hash: digest}).where(User.id == user)
    await note(verb="set_pin", subject=user)


async def add_staff(
    login: str, name: str, *, password_hash: str | None = None, pin_hash: str | None = None, user: UUID | None = None
) -> UUID:
    """A member of staff, still without a role. Runs inside a command; hashes come from `passwords.hashed`.

    Refuses `NotALogin` and `LoginTaken`.
    """
    made = user or uuid7()
    login = new_login(login)
    if await User.exists().where(User.login == login):
        raise LoginTaken
    await User.insert(
        User(
            id=made,
            kind="staff",
            name=name,
            login=login,
            contact_index=None,
            contact_sealed=None,
            contact_mask=None,
            password_hash=password_hash,
            pin_hash=pin_hash,
            locale=None,
            step=None,
            active=True,
            created_at=await DB.fetch_value("select now()"),
        )
    )
    await note(verb="add_staff", subject=made)
    return made


async def grant_role(
    user: UUID,
    role: str,
    scope_kind: str,
    scope: UUID | None,
    valid_from: date,
    valid_until: date | None = None,
    granted_by: UUID | None = None,
) -> UUID:
    """Give a person a role with its scope and term. Runs inside a command.

    Refuses `ScopeNotForRole` and `TermRunsBackward`.
    """
    require_grantable(role, scope_kind)
    if valid_until is not None and valid_until < valid_from:
        raise TermRunsBackward
    grant = uuid7()
    await RoleGrant.insert(
        RoleGrant(
            id=grant,
            user=user,
            role=role,
            scope_kind=scope_kind,
            scope=scope,
            valid_from=valid_from,
            valid_until=valid_until,
            granted_by=granted_by,
        )
    )
    await note(verb="grant_role", subject=user, detail={"role": role, "scope_kind": scope_kind, "scope": str(scope)})
    return grant


async def end_role(grant: UUID, last_day: date) -> None:
    """The grant's last day; open sessions lose the role on the day after. Refuses `TermRunsBackward`, `NotFound`.

    Runs inside a command.
    """
    kept = await RoleGrant.select(RoleGrant.valid_from).where(RoleGrant.id == grant).first()
    if kept is None:
        raise NotFound
    if last_day < kept["valid_from"]:
        raise TermRunsBackward
    await RoleGrant.update({RoleGrant.valid_until: last_day}).where(RoleGrant.id == grant)
    await note(verb="end_role", subject=grant, detail={"until": str(last_day)})


def device_of(device: str, login: str) -> str:
    """The mark of a browser that has signed in to this account before; nothing for another account's."""
    known_login, _bar, mark = device.partition("|")
    return mark if known_login == keys.blind("device", login).hex() else ""


def new_device(login: str) -> str:
    """The mark to keep in a browser after a good sign-in."""
    return f"{keys.blind('device', normal_login(login)).hex()}|{uuid7()}"


async def reset_password(user: UUID, digest: str) -> None:
    """A new password given by an administrator; every session of the person ends. Runs inside a command."""
    await User.update({User.password_hash: digest}).where(User.id == user)
    await sign_out_everywhere(user)
    await note(verb="reset_password", subject=user)


async def set_active(user: UUID, active: bool) -> None:
    """Let a person in, or out for good: a closed account has no session. Runs inside a command."""
    await User.update({User.active: active}).where(User.id == user)
    if not active:
        await sign_out_everywhere(user)
    await note(verb="set_active", subject=user, detail={"active": active})


async def prove_own_password(signed: Signed, password: str, address: str, field: str = "own_password") -> None:
    """Step-up: the signed-in person's password once more. Refuses `WrongCredentials` (counted)."""
    tried = attempt("password", str(signed.actor), address)
    await tried.begin()
    async with scoped(Scope(actor=signed.actor, role=signed.role or signed.kind), readonly=True):
        account = await queries.account_by_id(signed.actor) if signed.kind != "card" else None
    await tried.prove(password, account, account.password_hash if account else None, WrongCredentials(field=field))
