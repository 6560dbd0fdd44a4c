"""Doors of those who look over everything: the books against themselves, the jobs that failed."""

from __future__ import annotations

import time

from litestar.handlers import HTTPRouteHandler

from marketplace.desks import actions, queries
from marketplace.errors import N_, NotFound
from marketplace.reconcile import gathered
from marketplace.web.door import Answer, Page, Visit, deed, page
from marketplace.web.policy import staff
from marketplace.web.wing import wings
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
    checks = await queries.reconcile(gathered(wings()))
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


@page("/office/jobs", policy=staff("administrator", scope="system"))
async def jobs(visit: Visit) -> Page:
    """Whether the worker lives, and the jobs that could not be done."""
    figures = await queries.worker_figures()
    titles = {job.name: job.title for wing in wings() for job in wing.jobs}
    return Page(
        "marketplace/desks/jobs.html",
        jobs=[
            {
                "id": job.id,
                "words": _(titles.get(job.name, job.name)),
                "failed_at": job.failed_at,
                "tries": job.tries,
                "error": job.error,
            }
            for job in await queries.failed_jobs()
        ],
        waiting=figures["waiting"],
        done_today=figures["done_today"],
        worker={"alive": figures["alive"], "seen_at": figures["seen_at"]},
    )


@deed("/office/jobs/{job:str}/retry", policy=staff("administrator", scope="system"), again=jobs)
async def retry(visit: Visit, job: str) -> Answer:
    """Let a parked job run again at once."""
    if not (job.isascii() and job.isdigit() and len(job) < 18):
        raise NotFound

    async def verb() -> Answer:
        await actions.retry(int(job))
        return Answer("/office/jobs", notice=N_("The job runs again."))

    return await visit.command(verb)


DOORS: list[HTTPRouteHandler] = [reconcile, jobs, retry]
