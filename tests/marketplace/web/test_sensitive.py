"""A private value becomes text by `unmask` alone, and that is written down."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from jinja2 import Environment
from markupsafe import Markup, escape

from marketplace.db import Scope, atomically
from marketplace.web.sensitive import Sensitive, unmask
from tests.conftest import World

PHONE = "13812341234"
SUBJECT = UUID(int=7)


def closed() -> Sensitive[str]:
    return Sensitive(lambda: PHONE, what="contact", subject=SUBJECT)


@pytest.mark.parametrize(
    "say",
    [
        str, "{}".format, lambda one: f"{one}", list, len, bytes, escape, Markup,
        json.dumps, msgspec.json.encode, pickle.dumps, copy.deepcopy,
        lambda one: Environment(autoescape=True).from_string("{{ one }}").render(one=one),
        lambda one: Environment(autoescape=False).from_string("{{ one }}").render(one=one),
        lambda one: Environment(autoescape=True).from_string("{{ one|tojson }}").render(one=one),
    ],
)  # fmt: skip
def test_it_does_not_become_text(say: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        say(closed())


def test_its_picture_says_what_it_is_and_no_more() -> None:
    assert repr(closed()) == "<Sensitive contact>"
    assert not hasattr(closed(), "__dict__")


async def test_opening_is_written_down(world: World) -> None:
    async def verb() -> str:
        return await unmask(closed(), " the box leaks ")

    assert await atomically(verb, Scope(actor=UUID(int=1), role="store_clerk")) == PHONE
    line = await world.admin.fetchrow("select actor, verb, subject, detail from audit_line where verb = 'unmask'")
    assert (line["actor"], line["subject"]) == (UUID(int=1), str(SUBJECT))
    assert json.loads(line["detail"]) == {"what": "contact", "reason": "the box leaks"}


async def test_nothing_opens_without_a_reason(world: World) -> None:
    async def verb() -> str:
        return await unmask(closed(), "  ")

    with pytest.raises(ValueError, match="reason"):
        await atomically(verb, Scope(actor=UUID(int=1), role="store_clerk"))
    assert await world.count("audit_line") == 0
