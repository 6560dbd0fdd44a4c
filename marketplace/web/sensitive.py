"""Private values that nobody shows by accident: only `unmask` opens one, and writes down who asked and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NoReturn, TypeVar
from uuid import UUID

from marketplace.journal.actions import note

Value = TypeVar("Value")


class Masked(TypeError):
    """A private value was about to become text."""


def _refuse(*_arguments: Any) -> NoReturn:
    raise Masked("a sensitive value is opened by unmask() alone")


class Sensitive(Generic[Value]):
    """A private value: no text, no JSON, no template, no copy of it. `what` and `subject` name it in the audit line."""

    __slots__ = ("__opener", "subject", "village", "what")

    def __init__(self, opener: Callable[[], Value], *, what: str, subject: UUID, village: UUID | None = None) -> None:
        self.__opener = opener
        self.what = what
        self.subject = subject
        self.village = village

    def __repr__(self) -> str:
        return f"<Sensitive {self.what}>"

    __str__ = __format__ = __html__ = __bytes__ = __iter__ = __len__ = __reduce_ex__ = _refuse

    def _opened(self) -> Value:
        return self.__opener()


async def unmask(private: Sensitive[Value], reason: str) -> Value:
    """The value itself, after an audit line in the open transaction. Refuses (`ValueError`) to open without a reason."""
    if not reason.strip():
        raise ValueError("a private value is opened for a reason")
    await note(
        verb="unmask",
        subject=private.subject,
        village=private.village,
        detail={"what": private.what, "reason": reason.strip()},
    )
    return private._opened()
