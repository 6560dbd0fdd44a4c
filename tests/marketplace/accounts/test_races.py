"""Many at once: tries are counted one by one, a token is turned once, ended sessions never come back."""

from __future__ import annotations

import asyncio

from marketplace import keys, passwords
from marketplace.accounts import actions, queries
from marketplace.accounts.rules import ContactTaken, TooManyTries, WrongCredentials
from marketplace.demo.world import PASSWORD
from marketplace.errors import NotFound, Refusal
from tests.conftest import World
from tests.marketplace.accounts.test_actions import HERE, must, signed


async def test_twenty_wrong_tries_at_once_look_at_five_passwords(world: World) -> None:
    async def guess(number: int) -> str:
        try:
            await actions.sign_in("s07", f"guess-number-{number}", f"203.0.{number}.1")
        except Refusal as refusal:
            return type(refusal).__name__
        return "in"

    outcomes = await asyncio.gather(*(guess(number) for number in range(20)))
    assert outcomes.count(WrongCredentials.__name__) == 5
    assert outcomes.count(TooManyTries.__name__) == 15


async def test_token_is_turned_once_when_asked_ten_times_at_once(world: World) -> None:
    opened = await actions.sign_in("s02", PASSWORD, HERE)
    director = await must(opened)
    grant = (await queries.grants_today(director.actor))[0].id

    async def turn() -> actions.Opened | None:
        try:
            return await actions.act_as(director, grant)
        except NotFound:
            return None

    turned = [one for one in await asyncio.gather(*(turn() for _time in range(10))) if one is not None]
    assert len(turned) == 1
    assert await signed(opened) is None
    assert (await must(turned[0])).grant == grant


async def test_sign_out_beside_many_reads_stays(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    found = await must(opened)
    await world.admin.execute("update web_session set seen_at = now() - interval '20 minutes'")

    async def read() -> None:
        await queries.signed_by(keys.token_hash(opened.token))

    await asyncio.gather(*(read() for _time in range(10)), actions.sign_out(found), *(read() for _time in range(10)))
    assert await signed(opened) is None
    assert await world.admin.fetchval("select count(*) from web_session where revoked_at is null") == 0


async def test_one_contact_signed_up_five_times_at_once_is_one_account(world: World) -> None:
    async def sign_up(number: int) -> bool:
        try:
            await actions.sign_up(f"李{number}", "13812341234", "土鸡蛋三十枚黄豆", f"203.0.{number}.1")
        except ContactTaken:
            return False
        return True

    outcomes = await asyncio.gather(*(sign_up(number) for number in range(4)))
    assert outcomes.count(True) == 1
    assert await world.admin.fetchval("select count(*) from app_user where contact_mask = '138****1234'") == 1


async def test_two_hashes_at_a_time_and_the_loop_goes_on(world: World) -> None:
    running, most = 0, 0
    original = passwords._verify

    def watched(secret: str, known: str | None) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        answer = original(secret, known)
        running -= 1
        return answer

    passwords._verify = watched
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    beside = asyncio.create_task(tick())
    try:
        await asyncio.gather(*(passwords.opens("x", None) for _time in range(8)))
    finally:
        passwords._verify = original
        beside.cancel()
    assert most == 2
    assert ticks >= 5
