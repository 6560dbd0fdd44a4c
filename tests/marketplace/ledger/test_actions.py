"""Money moves by rows; the database keeps the balances and the floors."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from marketplace import clock
from marketplace.db import DB, Scope, atomically, scoped
from marketplace.ids import uuid7
from marketplace.ledger import actions as ledger
from tests.conftest import World

CLERK = Scope(role="test")


async def open_pair(floor: int = 0) -> tuple[UUID, UUID]:
    """A source without balance and a purse that may not fall below zero, filled with `floor` fen."""

    async def pair() -> tuple[UUID, UUID]:
        source = await ledger.account("fen", "test_source", uuid7())
        purse = await ledger.account("fen", "test_purse", uuid7(), floor_zero=True)
        if floor:
            await ledger.post(debit=purse, credit=source, amount=floor, kind="test", at=await clock.now())
        return source, purse

    return await atomically(pair, CLERK)


async def move(debit: UUID, credit: UUID, amount: int) -> int:
    async def post() -> int:
        return await ledger.post(debit=debit, credit=credit, amount=amount, kind="test", at=await clock.now())

    return await atomically(post, CLERK)


async def balance(account: UUID) -> int:
    value: int = await DB.fetch_value("select balance from ledger_account where id = $1", account)
    return value


async def test_transfer_moves_both_legs_at_once(world: World) -> None:
    source, purse = await open_pair(10_000)
    assert await balance(purse) == 10_000
    assert await balance(source) == 0  # not kept: its sum is read from the rows
    assert await DB.fetch_value("select sum(amount) from transfer where credit = $1", source) == 10_000


async def test_floor_refuses_and_leaves_nothing(world: World) -> None:
    source, purse = await open_pair(300)
    before = await world.count("transfer")
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await move(source, purse, 301)
    assert refused.value.constraint_name == "ledger_account_never_below_floor"
    assert (await balance(purse), await world.count("transfer")) == (300, before)


async def test_units_never_meet(world: World) -> None:
    _, purse = await open_pair(100)

    async def mixed() -> None:
        points = await ledger.account("point", "test_points", uuid7())
        await ledger.post(debit=points, credit=purse, amount=1, kind="test", at=await clock.now())

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await atomically(mixed, CLERK)


async def test_reversal_is_made_once(world: World) -> None:
    source, purse = await open_pair()
    number = await move(purse, source, 500)

    async def undo() -> int:
        return await ledger.reverse(number, at=await clock.now())

    await atomically(undo, CLERK)
    assert await balance(purse) == 0
    with pytest.raises(asyncpg.UniqueViolationError):
        await atomically(undo, CLERK)


async def test_reversal_of_a_reversal_is_refused(world: World) -> None:
    source, purse = await open_pair()
    number = await move(purse, source, 500)
    undone = await atomically(lambda: _undo(number), CLERK)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await atomically(lambda: _undo(undone), CLERK)
    assert refused.value.constraint_name == "transfer_reversal_mirrors"


async def _undo(number: int) -> int:
    return await ledger.reverse(number, at=await clock.now())


async def test_same_account_is_opened_once(world: World) -> None:
    subject = uuid7()

    async def one() -> UUID:
        return await ledger.account("fen", "test_source", subject)

    assert len(set(await asyncio.gather(*(atomically(one, CLERK) for _ in range(10))))) == 1


async def test_two_hundred_takers_never_break_the_floor(world: World) -> None:
    source, purse = await open_pair(5_000)
    tries = await asyncio.gather(*(move(source, purse, 100) for _ in range(80)), return_exceptions=True)
    refused = [one for one in tries if isinstance(one, asyncpg.CheckViolationError)]
    assert (len(tries) - len(refused), len(refused)) == (50, 30)
    assert await balance(purse) == 0


async def test_crossing_transfers_do_not_deadlock(world: World) -> None:
    _, left = await open_pair(10_000)
    right = (await open_pair(10_000))[1]
    crossing = [move(left, right, 7) if n % 2 else move(right, left, 7) for n in range(60)]
    results = await asyncio.gather(*crossing, return_exceptions=True)
    assert [one for one in results if isinstance(one, BaseException)] == []
    assert await balance(left) + await balance(right) == 20_000


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger_account set balance = balance + 1",
        "update transfer set amount = amount + 1",
        "delete from transfer",
        "truncate transfer",
        "delete from ledger_account",
        "insert into cash_entry (drawer_day, transfer, amount_fen) values (gen_random_uuid(), 1, 1)",
        "update business_clock set shift = interval '1 day'",
    ],
)
async def test_app_role_has_no_right_to(world: World, statement: str) -> None:
    async with scoped(CLERK):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with DB.transaction():
                await DB.fetch(statement)
