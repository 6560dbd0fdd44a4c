"""Every law that the database lists is broken once on purpose, and the right error seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.census import laws
from tests.census.breaks import DENIED, Break, Mend, done, refusal
from tests.census.broken import BREAKS, MENDS
from tests.census.broken.arrows import ARROWS
from tests.census.world import APP, OWNER, Prepared, quoted


async def test_every_law_is_broken_and_every_broken_law_exists(prepared: Prepared) -> None:
    listed = set(await laws.listed(prepared.connection))
    broken = {law for one in BREAKS for law in one.laws} | {mend.name for mend in MENDS} | ARROWS
    unbroken, gone = sorted(listed - broken), sorted(broken - listed)
    assert not unbroken, "laws without a break in tests/census/broken: " + "; ".join(unbroken)
    assert not gone, "breaks of laws that the database does not list: " + "; ".join(gone)


async def test_no_law_sleeps(prepared: Prepared) -> None:
    assert await laws.asleep(prepared.connection) == []


async def test_every_trigger_names_what_it_refuses(prepared: Prepared) -> None:
    assert await laws.unnamed_refusals(prepared.connection) == []


async def test_every_table_has_a_prepared_row(prepared: Prepared) -> None:
    tables = await prepared.connection.fetch(laws.TABLES, list(laws.FOREIGN_TABLES))
    assert [name for (name,) in tables if prepared.ids.get(name) is None] == []


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend.name)
async def test_trigger_sets_right(prepared: Prepared, mend: Mend) -> None:
    async with prepared.savepoint():
        await prepared.act_as(APP)
        await done(prepared, mend.act)
        assert await prepared.run(mend.shows) is True


@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: broken.name)
async def test_law_refuses(prepared: Prepared, broken: Break) -> None:
    error = await refusal(prepared, broken, broken.by)
    assert error is not None, "the database took it"
    assert (error.sqlstate, getattr(error, "constraint_name", None)) == (broken.sqlstate, broken.says), error
    if broken.by == OWNER:
        as_app = await refusal(prepared, broken, APP, sabotaged=False)
        assert as_app is not None, "the app role may write this: break it as the app role"
        assert broken.sabotage or as_app.sqlstate == DENIED, f"the app role may write this: {as_app}"


@pytest.mark.parametrize("broken", [one for one in BREAKS if one.trigger], ids=lambda broken: broken.name)
async def test_that_trigger_and_no_other_refuses(prepared: Prepared, broken: Break) -> None:
    assert broken.trigger is not None
    table, trigger = broken.trigger
    gone = f"alter table {quoted(table)} disable trigger {quoted(trigger)}"
    error = await refusal(prepared, replace(broken, sabotage=(*broken.sabotage, gone)), broken.by)
    assert getattr(error, "constraint_name", None) != broken.says, "another law refuses in the same name"
