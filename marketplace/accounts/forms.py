"""What people type to sign in, to sign up and to change their secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Struct

from marketplace.errors import N_, Refusal
from marketplace.ids import check_card_code
from marketplace.web.form import NOT_A_CODE, FieldRule, Pin, Secret, text


class PasswordsDiffer(Refusal):
    text = N_("The two passwords differ. Type the new one twice.")
    field = "repeated"


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
