"""The background jobs of orders: give back what was not ordered or fetched in time."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from marketplace import clock
from marketplace.db import Scope, atomically
from marketplace.errors import N_
from marketplace.queue import Job, enqueue
from marketplace.web import logs

EXPIRE: Final = "expire_orders"
SYSTEM: Final = Scope(role="system")
BATCH: Final = 200


async def at_end_of(order: UUID, hold_until: datetime, now: datetime) -> None:
    """Look at due orders when this one's time ends; the business clock runs as fast as the real one."""
    await enqueue(EXPIRE, str(order), after=hold_until - now, key=f"{EXPIRE}:{order}:{hold_until.timestamp()}")


async def expire_orders() -> int:
    """Give back the boxes of every order whose time is over by the business clock; how many orders."""
    from marketplace.orders import actions as orders  # which asks for this job

    async def verb() -> int:
        return await orders.expire_due(await clock.now(), limit=BATCH)

    given_back = done = await atomically(verb, SYSTEM)
    while done == BATCH:
        done = await atomically(verb, SYSTEM)
        given_back += done
    if given_back:
        logs.log.info("orders expired", job=EXPIRE, count=given_back)
    return given_back


JOBS: Final = (Job(EXPIRE, N_("Give back the boxes of orders whose time is over"), expire_orders),)
