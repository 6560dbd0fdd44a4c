"""What a page and the one act cost, beside a floor: `python -m tests.load.bench_site` (from the project's folder, in its .venv).

One process, in-process ASGI, private PostgreSQL, demo world with its year. The floor is a bare Litestar handler that sends the
same bytes. Figures are processor milliseconds a request, medians of five rounds, run in turn (A B A B).
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from litestar import Litestar, Response, get

from marketplace.embedded import temporary_cluster

ROUNDS, REQUESTS = 5, 60
PAGES = ("/", "/?q=jd", "/prices", "/sign-in")
Once = Callable[[], Awaitable[Any]]


async def cost(once: Once, times: int) -> float:
    """Processor milliseconds of this process for one call, the median of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(times):
            await once()
        rounds.append((time.process_time() - began) * 1000 / times)
    return statistics.median(rounds)


def floor_of(body: bytes) -> httpx.AsyncClient:
    """A bare handler that sends those bytes."""

    @get("/", sync_to_thread=False)
    def bare() -> Response[bytes]:
        return Response(body, media_type="text/html")

    return client_of(Litestar([bare], openapi_config=None))


def client_of(app: Any) -> httpx.AsyncClient:
    logging.getLogger("httpx").setLevel(logging.WARNING)  # Litestar lets it speak
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost:8000")


async def bench_pages(say: Callable[[str], None]) -> None:
    """Public pages beside their floor."""
    from app import app

    async with client_of(app) as site:
        for path in PAGES:
            answer = await site.get(path)
            assert answer.status_code == 200, path
            async with floor_of(answer.content) as floor:
                mine = await cost(lambda path=path: site.get(path), REQUESTS)  # type: ignore[misc]
                bare = await cost(lambda floor=floor: floor.get("/"), REQUESTS)  # type: ignore[misc]
            say(f"{path:<12} {mine:8.2f} ms   bare handler, same {len(answer.content):>6} bytes {bare:6.2f} ms")


async def bench_act(say: Callable[[str], None]) -> None:
    """Accept and pay at the office: packages a second, one after the other and eight at a time; wall clock."""
    from tests.cast import CASHIER, DEPUTY_CASHIER
    from tests.counter import inspected, open_drawer, paid, weighed

    class Here:
        async def id_of(self, table: str, code: str) -> Any:
            from marketplace.db import DB, Scope, scoped

            assert table == "household"
            async with scoped(Scope(role="bench", villages=tuple(await villages()))):
                return await DB.fetch_value("select id from household where code = $1", code)

    async def villages() -> list[Any]:
        from marketplace.db import DB

        return [row["id"] for row in await DB.fetch("select id from village")]

    here: Any = Here()
    await open_drawer(here, float_fen=8_000_000)
    ready = [await weighed(here, f"JP1-{number % 40 + 1:02d}") for number in range(160)]
    for package in ready:
        await inspected(package)
    began = time.perf_counter()
    for package in ready[:80]:
        await paid(package)
    alone = 80 / (time.perf_counter() - began)
    began = time.perf_counter()
    for start in range(80, 160, 8):
        await asyncio.gather(
            *(paid(one, (CASHIER, DEPUTY_CASHIER)[at % 2]) for at, one in enumerate(ready[start : start + 8]))
        )
    say(
        f"accept and pay: {alone:.0f}/s one after the other, {80 / (time.perf_counter() - began):.0f}/s eight at a time, one drawer"
    )


async def main() -> None:
    """Load the world, run both benches."""
    from marketplace.db import DB
    from marketplace.demo.load import load_base
    from marketplace.demo.year import load_year
    from marketplace.migrate import migrate

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")

    with temporary_cluster() as private:
        DB.config["dsn"] = private.app_url
        await migrate(private.owner_url, private.app_url)
        await load_base(private.owner_url)
        began = time.perf_counter()
        await load_year(private.owner_url)
        say(f"the year's 1,563 packages load in {time.perf_counter() - began:.1f} s")
        await DB.open_pool(2, 20)
        await bench_pages(say)
        await bench_act(say)
        await DB.close_connection_pool()


if __name__ == "__main__":
    os.environ.update(PICCOLO_CONF="piccolo_conf", DEMO="1", TEST_DURABILITY_OFF="1")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAR"] = str(Path(folder))
        asyncio.run(main())
