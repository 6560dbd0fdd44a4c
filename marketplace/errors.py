"""What the rules refuse, in the domain's words; no HTTP in here beyond the number a door answers with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


def N_(msgid: str) -> str:
    """Marks a class-level text for translation; the door translates it when it is said."""
    return msgid


@dataclass(frozen=True, slots=True)
class Words:
    """A value that reads differently in each language, to stand in a refusal's {named} place."""

    name_zh: str
    name_en: str

    def __str__(self) -> str:
        return self.name_en


class _Spoken(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class Refusal(Exception):
    """A rule says no. `text` is an English msgid with {named} places that also says what to do next.

    `values` fill the places: text and numbers as they are, dates, and anything with name_zh and name_en,
    which the door says in the reader's language. `field` names the input the sentence stands beside.
    """

    text: ClassVar[str] = N_("This cannot be done as it is. Please check what was entered.")
    field: str = ""
    status: ClassVar[int] = 422

    def __init__(self, *, field: str | None = None, **values: object) -> None:
        super().__init__()
        self.values: dict[str, object] = values
        if field is not None:
            self.field = field

    def __str__(self) -> str:
        return self.text.format_map(_Spoken(self.values))


class Conflict(Refusal):
    """Somebody else, or the same command before, was there first: look again, then decide."""

    text = N_("Somebody has changed this in the meantime. Look at it again before you go on.")
    status = 409


class NotFound(Exception):
    """It does not exist, or not for this person: the same thing."""
