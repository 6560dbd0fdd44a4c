"""One village for all journeys: a durable cluster with the demo's year, uvicorn and granian before it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.journeys.village import Village, village_on
from tests.servers import cluster_with_world, serving


@pytest.fixture(scope="session")
async def village(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Village]:
    """The demo morning; every journey leaves its day closed and moves on to a later one."""
    folder = tmp_path_factory.mktemp("journeys")
    with cluster_with_world(folder, year=True) as urls, serving(folder, urls) as servers:
        async with village_on(servers) as here:
            yield here
