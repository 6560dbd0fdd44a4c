"""What a store's clerk types."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from marketplace.errors import N_
from marketplace.web.form import Yuan, text


class DeskQuery(Struct, frozen=True):
    """The code a buyer says."""

    code: Annotated[str, text(longest=30)] = ""


class CodeQuery(Struct, frozen=True):
    """The four digits that led to the order."""

    pickup_code: Annotated[str, text(longest=4)] = ""


class ReasonForm(Struct, frozen=True):
    """Why a clerk has to call the buyer."""

    reason: Annotated[str, text(longest=80)]


class HandOverForm(Struct, frozen=True):
    """The buyer's code, what was counted, and the boxes on the counter by their trace codes."""

    pickup_code: Annotated[str, text(pattern="[0-9]{4}", wrong=N_("The code has four digits."))]
    received: Yuan | None = None
    given: tuple[str, ...] = ()
