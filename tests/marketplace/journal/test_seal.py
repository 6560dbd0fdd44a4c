"""Everything written is chained once, in one order, and no chain forks (P19)."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from marketplace.db import scoped
from marketplace.journal import actions as journal
from marketplace.journal import queries, seal
from tests.cast import PENG, TAN
from tests.conftest import World
from tests.counter import sold


async def note(count: int, village: UUID | None = None) -> None:
    async with scoped(seal.SYSTEM):
        for number in range(count):
            await journal.note(verb="tested", subject=number, village=village)


async def head(chain: str) -> queries.Head | None:
    async with scoped(seal.SYSTEM, readonly=True):
        return await queries.seal_head(chain)


async def test_lines_and_transfers_of_a_village_stand_in_one_chain(world: World) -> None:
    await sold(world, TAN)
    assert await seal.seal_all() == await world.count("audit_line") + await world.count("transfer")
    rows = await world.admin.fetch("select source, count(*) from seal_entry where chain = 'JP' group by 1 order by 1")
    assert [tuple(row) for row in rows] == [("audit", 6), ("transfer", 2)]


async def test_what_belongs_to_no_village_is_the_houses(world: World) -> None:
    await note(2)
    await note(1, await world.id_of("village", "YL"))
    assert await seal.seal_all() == 3
    rows = await world.admin.fetch("select chain, count(*) from seal_entry group by 1 order by 1")
    assert [tuple(row) for row in rows] == [("YL", 1), ("house", 2)]


async def test_sealing_again_adds_only_what_is_new(world: World) -> None:
    await note(3)
    assert (await seal.seal_chain("house"), await seal.seal_chain("house")) == (3, 0)
    first = await head("house")
    await note(1)
    assert await seal.seal_chain("house") == 1
    second = await head("house")
    assert first is not None
    assert second is not None
    assert (first.sequence, second.sequence) == (3, 4)
    assert str(second) == f"4 {second.hash.hex()}"


async def test_a_row_committed_late_is_sealed_late(world: World) -> None:
    await note(3)
    await world.admin.execute(
        "insert into audit_line (id, role, verb, subject, detail) values (0, 'late', 'tested', 'late', '{}')"
    )
    assert await seal.seal_chain("house") == 4


async def test_two_sealers_never_fork_a_chain(world: World) -> None:
    await note(40)
    made = await asyncio.gather(*(seal.seal_chain("house") for _ in range(6)))
    assert sum(made) == 40
    assert [
        tuple(row) for row in await world.admin.fetch("select min(sequence), max(sequence), count(*) from seal_entry")
    ] == [(1, 40, 40)]


async def test_a_long_backlog_is_sealed_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 10)
    await note(25)
    assert await seal.seal_chain("house") == 25


async def test_there_is_no_chain_of_an_unknown_village(world: World) -> None:
    with pytest.raises(ValueError, match="no chain 'XX'"):
        await seal.seal_chain("XX")


async def test_two_sales_tie_with_reconcile_once_sealed(world: World) -> None:
    await sold(world, TAN)
    await seal.seal_all()
    await sold(world, PENG)
    await seal.seal_all()
    assert await head("JP") is not None
