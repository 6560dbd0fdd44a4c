"""Roles, what each sees, how long a session lives, what a password and a PIN must be. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from marketplace.errors import N_, Refusal

Kind = Literal["staff", "customer", "card"]
Span = Literal["", "village", "place", "company", "figures", "system", "household", "customer"]


@dataclass(frozen=True)
class Role:
    """A role, the kinds of scope its grant may have, and what it sees: the span."""

    code: str
    label: str
    span: Span
    scope_kinds: frozenset[str]

    @property
    def msgid(self) -> str:
        """The label, translated where the role stands in a sentence."""
        return self.label


def _role(code: str, label: str, span: Span, *scope_kinds: str) -> Role:
    return Role(code, label, span, frozenset(scope_kinds))


ROLES: dict[str, Role] = {
    role.code: role
    for role in (
        _role("household_member", N_("household member"), "household", "own"),
        _role("intake_clerk", N_("intake clerk"), "village", "village"),
        _role("inspector", N_("inspector"), "village", "village"),
        _role("cashier", N_("cashier"), "village", "village"),
        _role("branch_secretary", N_("branch secretary"), "village", "village"),
        _role("village_director", N_("village director"), "village", "village"),
        _role("first_secretary", N_("first secretary"), "village", "village"),
        _role("supervisor", N_("supervision committee"), "village", "village"),
        _role("group_leader", N_("group leader"), "", "group"),
        _role("carrier", N_("carrier"), "", "town", "own"),
        _role("hub_clerk", N_("hub clerk"), "place", "place"),
        _role("store_clerk", N_("store clerk"), "place", "place"),
        _role("purchaser", N_("purchaser"), "company", "company"),
        _role("customer", N_("customer"), "customer", "own"),
        _role("bulk_client", N_("bulk client"), "customer", "own"),
        _role("town_officer", N_("town officer"), "figures", "town"),
        _role("county_officer", N_("county officer"), "figures", "county"),
        _role("auditor", N_("auditor"), "", "village", "county"),
        _role("administrator", N_("administrator"), "system", "system"),
    )
}


def add_roles(roles: Iterable[Role]) -> None:
    """A wing's further roles; refuses (`ValueError`) one that means something else already."""
    for role in roles:
        if ROLES.setdefault(role.code, role) != role:
            raise ValueError(f"the role {role.code} is known already")


@dataclass(frozen=True)
class Signed:
    """Who is signed in by this session, and what he acts as. `role` is empty until one is chosen."""

    session: UUID
    token_hash: bytes
    kind: Kind
    actor: UUID
    name: str
    role: str = ""
    span: Span = ""
    grant: UUID | None = None
    villages: tuple[UUID, ...] = ()
    places: tuple[UUID, ...] = ()
    household: UUID | None = None
    customer: UUID | None = None
    scope_zh: str = ""
    scope_en: str = ""
    grants: int = 0
    locale: str | None = None
    step: int | None = None

    @property
    def name_zh(self) -> str:
        """The name of the scope, so that `signed|named` says where the person acts."""
        return self.scope_zh

    @property
    def name_en(self) -> str:
        """The English name of the scope."""
        return self.scope_en


@dataclass(frozen=True)
class Term:
    """How long a session lives: without a sign of life, and at the longest."""

    idle: timedelta
    absolute: timedelta


TERMS: dict[Kind, Term] = {
    "staff": Term(timedelta(minutes=30), timedelta(hours=12)),
    "customer": Term(timedelta(days=14), timedelta(days=90)),
    "card": Term(timedelta(minutes=10), timedelta(hours=2)),
}

FREE_TRIES = 5
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
NET_TRIES = 20
NET_WINDOW = timedelta(minutes=10)


class WrongCredentials(Refusal):
    """Unknown account or wrong password: one text for both, so that nobody learns which accounts exist."""

    text = N_("The name or the password is not right. Check both and try again.")
    field = "password"


class WrongPin(Refusal):
    """Unknown card or person, or wrong PIN: one text for all."""

    text = N_("The number or the PIN is not right. The village office can set a new PIN.")
    field = "pin"


class TooManyTries(Refusal):
    """The account or the network has to wait."""

    text = N_("Too many wrong tries. Wait {minutes} min, then try again; the office can help at once.")


class PasswordTooShort(Refusal):
    text = N_("A password has at least 8 characters.")
    field = "new_password"


class PasswordTooLong(Refusal):
    text = N_("A password has at most 64 characters.")
    field = "new_password"


class PasswordTooCommon(Refusal):
    text = N_("This password is among the first that thieves try. Choose another one.")
    field = "new_password"


class PasswordUnchanged(Refusal):
    text = N_("The new password is the old one. Choose another one.")
    field = "new_password"


class ContactTaken(Refusal):
    """Said only to somebody who proved that the contact is his; sign-up itself answers alike for both."""

    text = N_("There is an account with this phone or e-mail. Sign in, or ask the office to set a new password.")
    field = "contact"


class NotAContact(Refusal):
    text = N_("Enter a mobile number of 11 digits or an e-mail address.")
    field = "contact"


class NotAPin(Refusal):
    text = N_("A PIN has four digits.")
    field = "pin"


class RoleNotHeld(Refusal):
    text = N_("You do not hold this role today. Choose one of your own.")
    field = "grant"


class NotTheRole(Refusal):
    """The second person is known, but may not do this part."""

    text = N_("{name} is not {role} of this village today. Ask somebody who is.")
    field = "login"


class ScopeNotForRole(Refusal):
    text = N_("This role is not given for that. Choose a scope that belongs to the role.")
    field = "scope"


class TermRunsBackward(Refusal):
    text = N_("The last day lies before the first. Choose a later last day.")
    field = "valid_until"


class LoginTaken(Refusal):
    text = N_("Somebody has this login name already. Choose another one.")
    field = "login"


class NotALogin(Refusal):
    text = N_("A login name has 2 to 30 small letters and figures.")
    field = "login"


class NotYourself(Refusal):
    text = N_("Your own roles and account are changed by another administrator.")


class SamePerson(Refusal):
    text = N_("The second person must be somebody else than you.")
    field = "login"


COMMON = frozenset(
    (
        "12345678", "123456789", "1234567890", "password", "password1", "passw0rd", "11111111", "00000000",
        "88888888", "66666666", "12341234", "qwertyui", "qwerty123", "1qaz2wsx", "1q2w3e4r", "abcd1234",
        "a1234567", "a12345678", "iloveyou", "5201314520", "woaini1314", "asdfghjk", "zxcvbnm1", "87654321",
        "987654321", "123123123", "11223344", "147258369", "admin123", "administrator", "sunshine", "princess",
        "football", "baseball", "superman", "trustno1", "welcome1", "aa123456", "qq123456", "wang1234",
        "asd12345", "zhang123", "li123456",
    )
)  # fmt: skip


def require_good_password(password: str, field: str = "new_password") -> None:
    """Refuses a password under 8 or over 64 characters, and one of the first that are tried."""
    if len(password) < 8:
        raise PasswordTooShort(field=field)
    if len(password) > 64:
        raise PasswordTooLong(field=field)
    if password.lower() in COMMON or len(set(password)) == 1:
        raise PasswordTooCommon(field=field)


def normal_login(login: str) -> str:
    """A login name as it is stored: NFKC, no spaces around, lower case."""
    return unicodedata.normalize("NFKC", login).strip().lower()


LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,29}")


def new_login(login: str) -> str:
    """The stored form of a login name for a new member of staff. Refuses (`NotALogin`) strange ones."""
    normal = normal_login(login)
    if not LOGIN.fullmatch(normal):
        raise NotALogin
    return normal


def require_grantable(role: str, scope_kind: str) -> None:
    """Refuses (`ScopeNotForRole`) a scope that the role cannot have."""
    if role not in ROLES or scope_kind not in ROLES[role].scope_kinds:
        raise ScopeNotForRole


MOBILE = re.compile(r"(?:\+?86)?(1[0-9]{10})")
MAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def normal_contact(contact: str) -> str:
    """A mobile number as 11 digits, or an e-mail address in lower case. Refuses (`NotAContact`) anything else."""
    text = unicodedata.normalize("NFKC", contact).strip().lower()
    mobile = MOBILE.fullmatch(re.sub(r"[\s().-]", "", text))
    if mobile:
        return mobile.group(1)
    if len(text) <= 200 and MAIL.fullmatch(text):
        return text
    raise NotAContact


def contact_seal(user: UUID) -> str:
    """What a contact is sealed for: the same bytes in another row open to nothing."""
    return f"app_user:contact_sealed:{user}"


def contact_mask(contact: str) -> str:
    """138****1234 or z***@mail.cn: what lists show; made when written, so that lists never open the seal."""
    if "@" in contact:
        name, _at, host = contact.partition("@")
        return f"{name[:1]}***@{host}"
    return f"{contact[:3]}****{contact[-4:]}"


def require_pin(pin: str) -> str:
    """Four digits, full-width ones turned. Refuses (`NotAPin`) anything else."""
    text = unicodedata.normalize("NFKC", pin).strip()
    if not re.fullmatch(r"[0-9]{4}", text):
        raise NotAPin
    return text


def delay_after(wrong: int) -> timedelta:
    """The wait after that many wrong tries: none for the first four, 30 s for the fifth, doubling up to 15 min."""
    if wrong < FREE_TRIES:
        return timedelta(0)
    doubled: int = 2 ** min(wrong - FREE_TRIES, 10)
    return min(FIRST_DELAY * doubled, LONGEST_DELAY)


def network(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 address: who shares a limit."""
    if ":" in address:
        return ":".join(address.split(":")[:3])
    return ".".join(address.split(".")[:3])
