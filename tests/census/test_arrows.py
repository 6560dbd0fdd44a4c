"""States move along the arrows and in no other way (P11)."""

from __future__ import annotations

import re

import asyncpg
import pytest

from tests.census.breaks import CHECK, Copy, alone, done, off
from tests.census.broken.arrows import MACHINES, Machine
from tests.census.world import APP, OWNER, Prepared, quoted


def named(move: tuple[str, str]) -> str:
    return f"{move[0] or '(birth)'}->{move[1]}"


ARROWS = [
    pytest.param(machine, *move, id=f"{machine.table}-{named(move)}")
    for machine in MACHINES
    for move in machine.moves()
]
OTHER_MOVES = [
    pytest.param(machine, *move, id=f"{machine.table}-{named(move)}")
    for machine in MACHINES
    for move in machine.other_moves()
]


async def stand_in(prepared: Prepared, machine: Machine, state: str) -> None:
    """Bring the sample into a state as the owner, past every trigger; then all triggers are on again."""
    if state:
        await prepared.act_as(OWNER)
        await prepared.connection.execute(off(machine.table)[0])
        await prepared.run(f"update {machine.table} set {machine.setting(state)} where id = :{machine.sample}")
        await prepared.connection.execute(f"alter table {quoted(machine.table)} enable trigger user")


async def move(prepared: Prepared, machine: Machine, before: str, after: str) -> None:
    if before:
        await prepared.run(f"update {machine.table} set {machine.setting(after)} where id = :{machine.sample}")
    else:
        await done(prepared, Copy(machine.table, {**machine.newborn, "state": after}, of=machine.sample))


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.table)
async def test_states_of_the_arrows_are_the_states_of_the_check(prepared: Prepared, machine: Machine) -> None:
    known = await prepared.connection.fetchval(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = $1", f"{machine.table}_state_known"
    )
    assert sorted(re.findall(r"'(\w+)'", known)) == machine.states


@pytest.mark.parametrize(("machine", "before", "after"), ARROWS)
async def test_arrow_is_taken_and_without_it_refused(
    prepared: Prepared, machine: Machine, before: str, after: str
) -> None:
    async with prepared.savepoint():
        await stand_in(prepared, machine, before)
        await prepared.act_as(OWNER)  # other laws ask for causes; here only the arrows speak
        for sql in alone(machine.table, f"{machine.table}_arrow"):
            await prepared.connection.execute(sql)
        async with prepared.savepoint():
            await move(prepared, machine, before, after)
        await prepared.connection.execute(
            "delete from state_arrow where machine = $1 and from_state = $2 and to_state = $3",
            machine.table, before, after,
        )  # fmt: skip
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await move(prepared, machine, before, after)
        assert refused.value.constraint_name == f"{machine.table}_arrow"


@pytest.mark.parametrize(("machine", "before", "after"), OTHER_MOVES)
async def test_other_move_is_refused(prepared: Prepared, machine: Machine, before: str, after: str) -> None:
    async with prepared.savepoint():
        await stand_in(prepared, machine, before)
        await prepared.act_as(APP)
        with pytest.raises(asyncpg.PostgresError) as refused:
            await move(prepared, machine, before, after)
        error = refused.value
        assert (error.sqlstate, getattr(error, "constraint_name", None)) == (CHECK, f"{machine.table}_arrow"), error
