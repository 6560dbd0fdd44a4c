"""The promises counted over every village: figures only, through the one function that may look everywhere."""

from __future__ import annotations

from marketplace.db import DB
from marketplace.reconcile import PROMISES, Check


async def reconcile() -> list[Check]:
    """Every promise with what breaks it and how much was looked at, in the order of the promises."""
    counted = {row["code"]: row for row in await DB.fetch("select code, broken, looked from reconcile_counts()")}
    return [
        Check(promise.code, promise.title, counted[promise.code]["broken"], counted[promise.code]["looked"])
        for promise in PROMISES
    ]
