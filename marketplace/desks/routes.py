"""Doors of those who look over everything: the books against themselves."""

from __future__ import annotations

import time

from litestar.handlers import HTTPRouteHandler

from marketplace.desks import queries
from marketplace.web.door import Page, Visit, page
from marketplace.web.policy import staff
from marketplace.web.words import _


@page(
    "/office/reconcile",
    policy=staff("branch_secretary", "supervisor")
    | staff("auditor", scope="")
    | staff("administrator", scope="system"),
)
async def reconcile(visit: Visit) -> Page:
    """Every promise that SQL can check, counted now over all villages. Counts only: no row of anybody is shown."""
    began = time.perf_counter()
    checks = await queries.reconcile()
    return Page(
        "marketplace/desks/reconcile.html",
        checks=[
            {
                "name": check.code,
                "promise": check.code,
                "words": _(check.title),
                "found": check.count,
                "looked": check.rows,
            }
            for check in checks
        ],
        broken=sum(1 for check in checks if check.count),
        ran_at=visit.now,
        seconds=f"{time.perf_counter() - began:.1f}",
    )


DOORS: list[HTTPRouteHandler] = [reconcile]
