"""A drawer's day: opened with a count, closed against one, and shut for good afterwards (P2, P16)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest

from marketplace import clock
from marketplace.cash import actions as cash
from marketplace.cash import queries, rules
from marketplace.db import DB, atomically, scoped
from marketplace.errors import NotFound, Refusal
from marketplace.ids import uuid7
from marketplace.ledger import actions as ledger
from tests.cast import CASHIER, SECRETARY, TAN, scope_of, user_id
from tests.conftest import DEMO_MORNING, World
from tests.counter import inspected, open_drawer, paid, sold, weighed

Result = TypeVar("Result")


async def run(verb: Callable[[], Awaitable[Result]]) -> Result:
    return await atomically(verb, await scope_of(CASHIER))


async def office(world: World) -> UUID:
    return await world.id_of("place", "PO-JP")


async def open_with(world: World, counts: Mapping[int, int]) -> UUID:
    return await opened(await office(world), counts)


async def opened(place: UUID, counts: Mapping[int, int]) -> UUID:
    by = await user_id("s07")

    async def verb() -> UUID:
        return await cash.open_day(place, counts, by=by, now=await clock.now())

    return await run(verb)


async def close_with(world: World, counts: Mapping[int, int], **words: Any) -> UUID:
    place, by = await office(world), await user_id("s07")

    async def verb() -> UUID:
        return await cash.close_day(place, counts, by=by, now=await clock.now(), **words)

    return await run(verb)


async def move(world: World, amount: int) -> int:
    """Into the drawer where positive, out of it where negative, against the company's money."""
    return await moved(await office(world), await world.id_of("village", "JP"), amount)


async def moved(place: UUID, village: UUID, amount: int) -> int:
    async def verb() -> int:
        source = await ledger.account(*cash.FLOAT_SOURCE)
        act = cash.take_in if amount > 0 else cash.pay_out
        number, _day = await act(
            place,
            abs(amount),
            purpose_account=source,
            kind="float",
            reference=uuid7(),
            village=village,
            now=await clock.now(),
        )
        return number

    return await run(verb)


async def held(world: World) -> int:
    async with scoped(await scope_of(CASHIER), readonly=True):
        return (await queries.drawer(await office(world))).balance_fen


async def days(world: World) -> list[queries.SeenDay]:
    async with scoped(await scope_of(CASHIER), readonly=True):
        return await queries.days((await queries.drawer(await office(world))).id)


async def next_day(world: World, number: int = 1) -> None:
    await world.set_clock(DEMO_MORNING + timedelta(days=number))


async def test_day_opens_with_its_count_and_books_the_float(world: World) -> None:
    day = await open_with(world, {10_000: 10, 1_000: 5})
    (seen,) = await days(world)
    assert (seen.id, seen.state, seen.opening_fen, seen.received_fen, seen.expected_fen) == (
        day,
        "open",
        0,
        105_000,
        105_000,
    )
    assert await held(world) == 105_000
    async with scoped(await scope_of(CASHIER), readonly=True):
        counts = await queries.counts(day, "opening")
    assert counts == {**dict.fromkeys(rules.DENOMINATIONS, 0), 10_000: 10, 1_000: 5}


async def test_next_day_opens_with_what_was_left(world: World) -> None:
    await open_with(world, {10_000: 3})
    await close_with(world, {10_000: 3})
    await next_day(world)
    await open_with(world, {10_000: 3})
    assert [(seen.opening_fen, seen.received_fen) for seen in await days(world)] == [(30_000, 0), (0, 30_000)]


async def test_less_than_the_book_at_opening_has_to_be_explained_at_closing(world: World) -> None:
    await open_with(world, {10_000: 3})
    await close_with(world, {10_000: 3})
    await next_day(world)
    await open_with(world, {10_000: 2})
    with pytest.raises(rules.DifferenceUnexplained):
        await close_with(world, {10_000: 2})
    await close_with(world, {10_000: 2}, reason="gone overnight", second=await user_id("s01"))
    assert await held(world) == 20_000


async def test_open_drawer_is_not_opened_again_and_a_closed_day_stays_closed(world: World) -> None:
    await open_with(world, {10_000: 1})
    with pytest.raises(rules.DrawerOpenAlready):
        await open_with(world, {10_000: 1})
    await close_with(world, {10_000: 1})
    with pytest.raises(rules.DayClosedAlready):
        await open_with(world, {10_000: 1})
    with pytest.raises(rules.DrawerClosed):
        await close_with(world, {10_000: 1})
    assert await world.count("drawer_day") == 1


async def test_ten_cashiers_open_one_day_once(world: World) -> None:
    place = await office(world)
    answers = await asyncio.gather(*(opened(place, {10_000: 1}) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    assert {type(answer) for answer in answers if not isinstance(answer, UUID)} == {rules.DrawerOpenAlready}
    assert await held(world) == 10_000


async def test_closing_count_that_ties_needs_nobody(world: World) -> None:
    await sold(world, TAN)
    await close_with(world, {10_000: 9})
    (seen,) = await days(world)
    assert (seen.expected_fen, seen.counted_fen, seen.paid_fen, seen.payouts) == (90_000, 90_000, 10_000, 1)
    assert (seen.reason, seen.second) == ("", "")


async def test_story_15_two_yuan_short_are_explained_by_two_persons_and_booked(world: World) -> None:
    await open_with(world, {10_000: 10, 100: 5})
    with pytest.raises(rules.DifferenceUnexplained) as refused:
        await close_with(world, {10_000: 10, 100: 3})
    assert refused.value.values["difference"] == "-2.00"
    with pytest.raises(rules.NeedsSecond):
        await close_with(world, {10_000: 10, 100: 3}, reason="wrong change")
    await close_with(world, {10_000: 10, 100: 3}, reason="wrong change", second=await user_id("s10"))
    (seen,) = await days(world)
    assert (seen.expected_fen, seen.counted_fen, seen.reason, seen.second) == (
        100_500,
        100_300,
        "wrong change",
        "石永安",
    )
    assert await held(world) == 100_300


async def test_money_too_much_is_booked_in_as_well(world: World) -> None:
    await open_with(world, {10_000: 1})
    await close_with(world, {10_000: 1, 500: 1}, reason="found under the tray", second=await user_id("s01"))
    assert await held(world) == 10_500


async def test_refused_closing_leaves_no_count_behind(world: World) -> None:
    await open_with(world, {10_000: 1})
    with pytest.raises(rules.DifferenceUnexplained):
        await close_with(world, {})
    assert await world.admin.fetchval("select count(*) from cash_count where occasion = 'closing'") == 0
    await close_with(world, {10_000: 1})


async def test_cashier_is_not_the_second_person(world: World) -> None:
    await open_with(world, {10_000: 1})
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await close_with(world, {}, reason="gone", second=await user_id("s07"))
    assert refused.value.constraint_name == "drawer_day_second_is_another"


async def test_closed_day_takes_no_entry(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, TAN)
    await inspected(package)
    await close_with(world, {10_000: 10})
    with pytest.raises(rules.DrawerClosed):
        await paid(package)
    with pytest.raises(rules.DrawerClosed):
        await move(world, 100)
    drawer = await world.admin.fetchrow(
        "select d.* from drawer d join place p on p.id = d.place where p.code = 'PO-JP'"
    )

    async def past_the_room() -> int:
        source = await ledger.account(*cash.FLOAT_SOURCE)
        return await ledger.post(debit=drawer["account"], credit=source, amount=1, kind="test", at=await clock.now())

    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await run(past_the_room)
    assert refused.value.constraint_name == "cash_entry_needs_open_day"


async def test_closed_day_cannot_be_opened_by_hand(world: World) -> None:
    await open_with(world, {10_000: 1})
    await close_with(world, {10_000: 1})
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await run(lambda: DB.fetch("update drawer_day set reason = 'later'"))
    assert refused.value.constraint_name == "drawer_day_closed_is_closed"


async def test_more_than_is_in_the_drawer_is_not_paid_and_float_mends_it(world: World) -> None:
    await open_with(world, {5_000: 1})
    with pytest.raises(rules.CashShort) as refused:
        await move(world, -10_000)
    assert refused.value.values == {"held": "50.00", "wanted": "100.00"}
    place = await office(world)

    async def verb() -> int:
        return await cash.top_up(place, 5_000, now=await clock.now())

    await run(verb)
    await move(world, -10_000)
    assert await held(world) == 0


async def test_twenty_payouts_at_once_never_go_below_zero(world: World) -> None:
    await open_with(world, {10_000: 5})
    place, village = await office(world), await world.id_of("village", "JP")
    answers = await asyncio.gather(*(moved(place, village, -10_000) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, int) for answer in answers) == 5
    assert {type(answer) for answer in answers} == {int, rules.CashShort}
    assert await held(world) == 0


async def test_place_without_a_drawer_has_no_day(world: World) -> None:
    online = await world.id_of("place", "ON-01")
    with pytest.raises(NotFound):
        await run(lambda: cash.open_day(online, {}, by=uuid7(), now=DEMO_MORNING))


async def test_secretary_may_close_what_the_cashier_opened(world: World) -> None:
    await open_drawer(world)
    scope, place = await scope_of(SECRETARY), await office(world)
    assert scope.actor is not None
    by = scope.actor

    async def verb() -> UUID:
        return await cash.close_day(place, {10_000: 10}, by=by, now=await clock.now())

    await atomically(verb, scope)
    assert [(seen.opened_by, seen.closed_by) for seen in await days(world)] == [("程建军", "王德正")]


# A model of the drawer, walked at random


@dataclass
class Model:
    """What a drawer must be like, reckoned beside it."""

    held: int = 0
    is_open: bool = False
    done: set[int] = field(default_factory=set)
    day: int = 0
    moved: int = 0
    opening: int = 0
    opened_on: int = 0

    def refusal(self, amount: int) -> str:
        """What is said to so much in or, below zero, out."""
        if not self.is_open:
            return "DrawerClosed"
        if amount < 0 and self.opened_on != self.day:
            return "EarlierDayOpen"
        return "CashShort" if self.held + amount < 0 else "done"


def pieces_of(fen: int, chance: random.Random) -> dict[int, int]:
    """Some way to have so many fen (a multiple of ten) in notes and coins."""
    counts = dict.fromkeys(rules.DENOMINATIONS, 0)
    for denomination in rules.DENOMINATIONS:
        most = fen // denomination
        counts[denomination] = most if denomination == 10 else chance.randint(0, min(most, 40))
        fen -= counts[denomination] * denomination
    return counts


async def attempt(verb: Awaitable[object]) -> str:
    try:
        await verb
    except Refusal as refusal:
        return type(refusal).__name__
    return "done"


async def step(world: World, model: Model, chance: random.Random, second: UUID) -> None:
    act = chance.choice(["open", "move", "move", "move", "move", "close", "tomorrow"])
    if act == "tomorrow":
        model.day += 1
        await next_day(world, model.day)
    elif act == "open":
        counted = model.held + chance.choice([0, 0, 5_000, 123_450])
        wanted = "DrawerOpenAlready" if model.is_open else "DayClosedAlready" if model.day in model.done else "done"
        assert await attempt(open_with(world, pieces_of(counted, chance))) == wanted
        if wanted == "done":
            model.is_open, model.opening, model.moved, model.held = True, model.held, counted - model.held, counted
            model.opened_on = model.day
    elif act == "move":
        amount = chance.choice([-10_000, -10_000, 12_800, 50, -50])
        wanted = model.refusal(amount)
        assert await attempt(move(world, amount)) == wanted
        if wanted == "done":
            model.held, model.moved = model.held + amount, model.moved + amount
    else:
        difference = chance.choice([0, 0, -200, 500])
        counted = max(0, model.held + difference)
        wanted = "done" if model.is_open else "DrawerClosed"
        given = {"reason": "counted twice", "second": second}
        assert await attempt(close_with(world, pieces_of(counted, chance), **given)) == wanted
        if wanted == "done":
            (closed,) = [seen for seen in await days(world) if seen.state == "closed"][:1]
            assert (closed.opening_fen, closed.expected_fen, closed.counted_fen) == (
                model.opening, model.opening + model.moved, counted,
            )  # fmt: skip
            model.is_open, model.held = False, counted
            model.done.add((closed.day - DEMO_MORNING.date()).days)
    assert await held(world) == model.held


@pytest.mark.parametrize("seed", range(4))
async def test_drawer_follows_its_model_whatever_happens(world: World, seed: int) -> None:
    chance, model, second = random.Random(seed), Model(), await user_id("s01")
    await open_with(world, {10_000: 10})
    model.is_open, model.held, model.moved = True, 100_000, 100_000
    for _ in range(60):
        await step(world, model, chance, second)


def test_model_pays_with_money_that_exists() -> None:
    chance = random.Random(7)
    for fen in (0, 10, 90, 1_000, 123_450):
        assert rules.counted(pieces_of(fen, chance)) == fen
    assert datetime.fromisoformat("2018-11-21T09:00:00+08:00") == DEMO_MORNING
