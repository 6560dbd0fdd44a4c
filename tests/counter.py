"""Driving the counter by its verbs: an open drawer, a weighed package, the one act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marketplace import clock
from marketplace.cash import actions as cash
from marketplace.db import atomically
from marketplace.intake import actions as intake
from marketplace.intake.rules import checks_of
from marketplace.packages import actions as packages
from marketplace.packages import queries as package_queries
from marketplace.places import queries as places
from tests.cast import CASHIER, CLERK, INSPECTOR, scope_of
from tests.conftest import World

OFFICE_OPEN = """
select exists (select 1 from drawer_day d join drawer w on w.id = d.drawer join place p on p.id = w.place
               where p.kind = 'party_office' and d.state = 'open')
"""
LEFT_OPEN = """
select a.balance from drawer_day d join drawer w on w.id = d.drawer join place p on p.id = w.place
join ledger_account a on a.id = w.account where p.kind = 'party_office' and d.state = 'open' and d.day < business_today()
"""
P01: tuple[tuple[str, int], ...] = (("EGG", 30), ("SOY", 4000))


async def open_drawer(world: World, *, float_fen: int = 100_000, person: tuple[str, str] = CASHIER) -> UUID:
    """The office's drawer open with that float in notes of a hundred."""
    scope = await scope_of(person)

    async def verb() -> UUID:
        office = (await places.party_office(scope.villages[0])).id
        return await cash.open_day(
            office, {10_000: float_fen // 10_000}, by=scope.actor or UUID(int=0), now=await clock.now()
        )

    return await atomically(verb, scope)


async def close_drawer(held_fen: int, person: tuple[str, str] = CASHIER) -> UUID:
    """The office's drawer closed with that much in notes of a hundred: what the book says."""
    scope = await scope_of(person)

    async def verb() -> UUID:
        office = (await places.party_office(scope.villages[0])).id
        by = scope.actor or UUID(int=0)
        return await cash.close_day(office, {10_000: held_fen // 10_000}, by=by, now=await clock.now())

    return await atomically(verb, scope)


async def weighed(world: World, household: str, lines: Sequence[tuple[str, int]] = P01) -> UUID:
    """A package of that household on the counter, weighed."""
    scope = await scope_of(CLERK)
    home = await world.id_of("household", household)

    async def verb() -> UUID:
        now = await clock.now()
        assert scope.actor is not None
        package = await packages.draft(home, lines, intake_on=None, by=scope.actor, for_household=True, now=now)
        await packages.weigh(package, lines, by=scope.actor, now=now)
        return package

    return await atomically(verb, scope)


async def inspected(package: UUID, person: tuple[str, str] = INSPECTOR) -> UUID:
    """The package passed by that inspector with every look ticked."""
    scope = await scope_of(person)

    async def verb() -> UUID:
        assert scope.actor is not None
        seen = await package_queries.package(package)
        ticked = [code for code, _ in checks_of(seen.lines)]
        return await intake.inspect(
            package, inspector=scope.actor, ticked=ticked, proof="session", now=await clock.now()
        )

    return await atomically(verb, scope)


async def paid(package: UUID, person: tuple[str, str] = CASHIER, **receiver: Any) -> UUID:
    """The one act by that cashier; the payout's id."""
    scope = await scope_of(person)
    given = {"received_by": "head", "receiver": "head", "receiver_note": "", "signed": "thumbprint", **receiver}

    async def verb() -> UUID:
        assert scope.actor is not None
        return await intake.accept_and_pay(
            package, cashier=scope.actor, proof="session", now=await clock.now(), **given
        )

    return await atomically(verb, scope)


async def sold(world: World, household: str, lines: Sequence[tuple[str, int]] = P01) -> UUID:
    """A package of that household, paid and in stock at the office; opens the drawer of the day where it is closed."""
    if (left := await world.admin.fetchval(LEFT_OPEN)) is not None:
        await close_drawer(left)
    if not await world.admin.fetchval(OFFICE_OPEN):
        await open_drawer(world)
    package = await weighed(world, household, lines)
    await inspected(package)
    await paid(package)
    return package
