"""What the counter types besides goods."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Struct

from marketplace.web.form import secret, text

FourDigits = Annotated[str, secret(longest=8)]


class FindQuery(Struct, frozen=True):
    """Who has come: a name, initials, a number, a card; perhaps of one group."""

    q: Annotated[str, text(longest=60)] = ""
    group: Annotated[str, text(longest=20)] = ""
    page: int = 1


class StartForm(Struct, frozen=True):
    """A household's code, and the code of its draft where it has one."""

    household: Annotated[str, text(longest=20)]
    package: Annotated[str, text(longest=20)] = ""


class AgainQuery(Struct, frozen=True):
    """Open the weighing once more."""

    again: bool = False


class InspectForm(Struct, frozen=True):
    """The looks that were ticked, the cracked eggs, and the inspector's proof."""

    checks: tuple[Annotated[str, text(longest=40)], ...] = ()
    cracked: tuple[int, ...] = ()
    login: Annotated[str, text(longest=40)] = ""
    pin: FourDigits = ""


class PayForm(Struct, frozen=True):
    """Who takes the money, how it is confirmed, and the cashier's proof."""

    receiver: Annotated[str, text(longest=60)] = "head"
    receiver_note: Annotated[str, text(longest=200)] = ""
    signed: Literal["thumbprint", "signature", "card"] = "thumbprint"
    login: Annotated[str, text(longest=40)] = ""
    pin: FourDigits = ""


class SendBackForm(Struct, frozen=True):
    """Why, and in words."""

    reason: Annotated[str, text(longest=20)] = ""
    words: Annotated[str, text(longest=200)] = ""


class ReverseForm(Struct, frozen=True):
    """Why, and the second person's proof."""

    reason: Annotated[str, text(longest=200)] = ""
    login: Annotated[str, text(longest=40)] = ""
    pin: FourDigits = ""


class DayQuery(Struct, frozen=True):
    """A day of the list."""

    on: date | None = None
