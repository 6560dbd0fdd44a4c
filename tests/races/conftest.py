"""A village for the races: the demo's base world on a durable cluster, two processes before it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.journeys.village import Village, village_on
from tests.servers import cluster_with_world, serving


@pytest.fixture(scope="session")
async def village(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Village]:
    """The demo morning; the races follow one another on later days."""
    folder = tmp_path_factory.mktemp("races")
    with cluster_with_world(folder, year=False) as urls, serving(folder, urls) as servers:
        async with village_on(servers) as here:
            yield here
