"""A command has one effect and one answer, whatever is sent again (P5)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from marketplace.db import DB, Scope
from marketplace.errors import Refusal
from marketplace.ids import uuid7
from marketplace.journal import actions as journal
from marketplace.journal.actions import Answer, KeyReused
from tests.conftest import DEMO_MORNING, World

SENDER = Scope(actor=uuid7(), role="test")


class Effects:
    """Counts how often the verb ran to its end, in the database."""

    def __init__(self) -> None:
        self.subject = uuid7()

    async def verb(self) -> Answer:
        await journal.note(verb="tested", subject=self.subject, detail={"amount_fen": 10_000})
        return Answer("/there", "done", {"number": 7})

    async def seen(self) -> int:
        count: int = await DB.fetch_value("select count(*) from audit_line where subject = $1", str(self.subject))
        return count


async def send(effects: Effects, key: UUID, *, amount: int = 1, scope: Scope = SENDER) -> Answer:
    return await journal.command(
        scope, key=key, route="/test", inputs={"amount": amount}, verb=effects.verb, money=True
    )


async def test_same_key_twice_has_one_effect_and_one_answer(world: World) -> None:
    effects, key = Effects(), uuid7()
    first = await send(effects, key)
    assert await send(effects, key) == first == Answer("/there", "done", {"number": 7})
    assert await effects.seen() == 1


async def test_same_key_at_once_has_one_effect(world: World) -> None:
    effects, key = Effects(), uuid7()
    answers = await asyncio.gather(*(send(effects, key) for _ in range(20)))
    assert (len({answer.location for answer in answers}), await effects.seen()) == (1, 1)


async def test_same_key_with_other_input_is_refused(world: World) -> None:
    effects, key = Effects(), uuid7()
    await send(effects, key)
    with pytest.raises(KeyReused):
        await send(effects, key, amount=2)
    with pytest.raises(KeyReused):
        await send(effects, key, scope=Scope(actor=uuid7(), role="test"))
    assert await effects.seen() == 1


async def test_refused_command_leaves_nothing_and_may_be_sent_again(world: World) -> None:
    effects, key = Effects(), uuid7()
    tries = 0

    async def refuse_first() -> Answer:
        nonlocal tries
        tries += 1
        answer = await effects.verb()
        if tries == 1:
            raise Refusal
        return answer

    with pytest.raises(Refusal):
        await journal.command(SENDER, key=key, route="/t", inputs={}, verb=refuse_first)
    assert (await effects.seen(), await world.count("command")) == (0, 0)
    await journal.command(SENDER, key=key, route="/t", inputs={}, verb=refuse_first)
    assert await effects.seen() == 1


async def test_audit_line_names_actor_role_command_and_moment(world: World) -> None:
    effects, key = Effects(), uuid7()
    await send(effects, key)
    line = await DB.fetch_row("select * from audit_line where subject = $1", str(effects.subject))
    assert (line["actor"], line["role"], line["command"], line["verb"]) == (SENDER.actor, "test", key, "tested")
    assert line["at"].date().isoformat() == "2018-11-21"


async def test_note_outside_a_command_carries_no_key(world: World) -> None:
    from marketplace.db import atomically

    effects = Effects()
    await atomically(effects.verb, SENDER)
    assert await DB.fetch_value("select command from audit_line where subject = $1", str(effects.subject)) is None


def test_order_of_input_does_not_matter() -> None:
    one = journal.input_hash("/r", None, {"a": 1, "b": [1, 2]})
    assert one == journal.input_hash("/r", None, {"b": [1, 2], "a": 1})
    assert one != journal.input_hash("/r", None, {"b": [2, 1], "a": 1})


async def test_commands_without_money_are_forgotten_after_thirty_days_and_money_stays(world: World) -> None:
    from datetime import timedelta

    from marketplace.journal.jobs import forget_commands

    effects = Effects()
    money, plain = uuid7(), uuid7()
    await send(effects, money)
    await journal.command(SENDER, key=plain, route="/t", inputs={}, verb=effects.verb)
    await world.set_clock(DEMO_MORNING + timedelta(days=30))
    assert await forget_commands() == 0
    await world.set_clock(DEMO_MORNING + timedelta(days=31))
    assert await forget_commands() == 1
    assert [row["key"] for row in await world.admin.fetch("select key from command")] == [money]
