"""Buyers of the market: accounts made at once, orders by their verbs, and browsers that are signed in as one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from marketplace import clock, keys
from marketplace.db import Scope, atomically
from marketplace.orders import actions as orders
from marketplace.orders.actions import Held
from marketplace.orders.rules import Wanted
from tests import cast
from tests.conftest import World
from tests.counter import P01, sold
from tests.office import OPEN_SESSION, visitor
from tests.visitor import Visitor

VILLAGE_STORE = "VS-JP01"
_CUSTOMER = """
insert into app_user (id, kind, name, contact_index, contact_sealed, contact_mask, active, created_at)
values ($1, 'customer', $2, $3, 'sealed', '138****0000', true, now())
"""
_OFFER_OF = "select o.code from stock_unit u join offer o on o.id = u.offer where u.package = $1"


async def buyer(world: World, name: str = "王小姐") -> Scope:
    """A new customer, as a scope."""
    key = uuid4()
    await world.admin.execute(_CUSTOMER, key, name, key.bytes)
    return Scope(actor=key, role="customer", customer=key)


async def in_stock(world: World, household: str = cast.PENG, lines: tuple[tuple[str, int], ...] = P01) -> str:
    """One package of that household at the village office; the code of its offer."""
    package = await sold(world, household, lines)
    code: str = await world.admin.fetchval(_OFFER_OF, package)
    return code


async def open_store_drawer(world: World, *, float_fen: int = 20_000) -> None:
    """The drawer of the village store open, by its clerk."""
    from marketplace.cash import actions as cash

    scope = await cast.scope_of(cast.STORE_CLERK)
    assert scope.actor is not None
    by = scope.actor

    async def verb() -> UUID:
        counts = {10_000: float_fen // 10_000}
        return await cash.open_day(scope.places[0], counts, by=by, now=await clock.now())

    await atomically(verb, scope)


async def held(world: World, scope: Scope, offer: str, quantity: int = 1, *, place: str = VILLAGE_STORE) -> Held:
    """Boxes kept for that customer."""
    return await kept_for(scope, await world.id_of("offer", offer), await world.id_of("place", place), quantity)


async def kept_for(scope: Scope, offer: UUID, place: UUID, quantity: int = 1) -> Held:
    """The same by keys: many at once can call it."""

    async def verb() -> Held:
        assert scope.customer is not None
        return await orders.hold(scope.customer, place, [Wanted(offer, quantity)], now=await clock.now())

    return await atomically(verb, scope)


async def cancelled(world: World, scope: Scope, offer: str) -> None:
    """A box kept for that customer and given back at once."""
    kept = await held(world, scope, offer)

    async def verb() -> None:
        assert scope.customer is not None
        await orders.cancel(kept.id, by=scope.customer, now=await clock.now())

    await atomically(verb, scope)


async def placed(world: World, scope: Scope, offer: str, quantity: int = 1) -> Held:
    """An order that waits for its buyer at the village store."""
    kept = await held(world, scope, offer, quantity)

    async def verb() -> None:
        assert scope.customer is not None
        await orders.place(kept.id, by=scope.customer, now=await clock.now())

    await atomically(verb, scope)
    return kept


async def handed_over(world: World, order: UUID, *, code: str | None = None, received_fen: int | None = None) -> int:
    """The order paid and given out by the village store's clerk; fen given back."""
    said = code or await world.admin.fetchval("select pickup_code from sales_order where id = $1", order)
    return await given_out(await cast.scope_of(cast.STORE_CLERK), order, said, received_fen)


async def given_out(scope: Scope, order: UUID, code: str, received_fen: int | None = None) -> int:
    """The same by that clerk against that code: many at once can call it."""

    async def verb() -> int:
        assert scope.actor is not None
        return await orders.pay_and_hand_over(
            order, code, received_fen=received_fen, by=scope.actor, event=str(uuid4()), now=await clock.now()
        )

    return await atomically(verb, scope)


@asynccontextmanager
async def shopper(world: World, scope: Scope, *, language: str = "en") -> AsyncIterator[Visitor]:
    """A browser signed in as that customer."""
    async with visitor(world, language=language) as browser:
        token = keys.new_token()
        await world.admin.execute(OPEN_SESSION, keys.token_hash(token), scope.customer, None, None, None, None)
        browser.client.cookies.set("s", token)
        yield browser


async def state_of(world: World, order: UUID) -> str:
    """The order's state."""
    state: str = await world.admin.fetchval("select state from sales_order where id = $1", order)
    return state
