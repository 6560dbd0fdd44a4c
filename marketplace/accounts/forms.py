"""What people type to sign in, to sign up and to change their secrets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.rules import ROLES
from marketplace.errors import N_, Refusal
from marketplace.ids import check_card_code
from marketplace.web.form import NOT_A_CODE, FieldRule, Pin, Secret, one_of, text


class PasswordsDiffer(Refusal):
    text = N_("The two passwords differ. Type the new one twice.")
    field = "repeated"


class NothingToReset(Refusal):
    text = N_("Type a new password or a new PIN.")
    field = "new_password"


class SignInForm(Struct, frozen=True):
    login: Annotated[str, text(longest=200)]
    password: Secret
    next: Annotated[str, text(longest=500)] = "/"


class NextQuery(Struct, frozen=True):
    next: Annotated[str, text(longest=500)] = ""


def whole_card_code(typed: str) -> str:
    """The code of a card as the database keeps it. Refuses (`ValueError`) one that is cut or mistyped."""
    code = check_card_code(typed)
    if code is None:
        raise ValueError("no card code")
    return code


class CardForm(Struct, frozen=True):
    code: Annotated[str, FieldRule(read=whole_card_code, wrong=NOT_A_CODE, longest=100)]
    pin: Pin
    next: Annotated[str, text(longest=500)] = "/home"


class SignUpForm(Struct, frozen=True):
    name: Annotated[str, text(longest=40)]
    contact: Annotated[str, text(longest=200)]
    password: Secret
    agreed: Literal["on"]
    next: Annotated[str, text(longest=500)] = "/"


class ActingForm(Struct, frozen=True):
    grant: UUID
    next: Annotated[str, text(longest=500)] = ""


class PasswordForm(Struct, frozen=True):
    old_password: Secret
    new_password: Secret
    repeated: Secret

    def check(self) -> Iterable[Refusal]:
        """The new password is typed twice alike."""
        if self.new_password != self.repeated:
            yield PasswordsDiffer()


class PinForm(Struct, frozen=True):
    password: Secret
    new_pin: Pin


class PeopleQuery(Struct, frozen=True):
    q: Annotated[str, text(longest=40)] = ""


class PersonForm(Struct, frozen=True):
    login: Annotated[str, text(longest=30, shortest=2)]
    name: Annotated[str, text(longest=40)]
    new_password: Secret
    new_pin: Pin
    own_password: Secret


def role_codes() -> list[str]:
    """Every role that is known, the wings' own included."""
    return list(ROLES)


class GrantForm(Struct, frozen=True):
    role: Annotated[str, one_of(role_codes)]
    scope: Annotated[str, text(longest=60)]
    valid_from: date
    own_password: Secret
    valid_until: date | None = None


class EndForm(Struct, frozen=True):
    last_day: date
    own_password: Secret


class ResetForm(Struct, frozen=True):
    """A new password, a new PIN, or both."""

    own_password: Secret
    new_password: Secret = ""
    new_pin: Pin = ""

    def check(self) -> Iterable[Refusal]:
        """Something is to be reset."""
        if not self.new_password and not self.new_pin:
            yield NothingToReset()


class ActiveForm(Struct, frozen=True):
    active: Literal["yes", "no"]
    own_password: Secret
