"""The background jobs of orders: give back what was not ordered or fetched in time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from marketplace.queue import enqueue

EXPIRE = "expire_orders"


async def at_end_of(order: UUID, hold_until: datetime, now: datetime) -> None:
    """Look at due orders when this one's time ends; the business clock runs as fast as the real one."""
    await enqueue(EXPIRE, str(order), after=hold_until - now, key=f"{EXPIRE}:{order}:{hold_until.timestamp()}")
