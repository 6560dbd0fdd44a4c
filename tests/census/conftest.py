"""The prepared state, once a module: one connection, one transaction, taken back at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.census.world import Prepared, prepare
from tests.conftest import Database


@pytest.fixture(scope="module")
async def prepared(database: Database) -> AsyncIterator[Prepared]:
    """A row in every table, inside a transaction that is never committed."""
    # DDL inside savepoints makes cached plans stale.
    connection = await asyncpg.connect(database.cluster.url("cluster", "market"), statement_cache_size=0)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield await prepare(connection)
    finally:
        await transaction.rollback()
        await connection.close()
