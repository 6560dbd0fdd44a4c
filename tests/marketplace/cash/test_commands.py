"""add-places: looked through first, written whole or not at all, each place that takes money with its drawer."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from marketplace.cash.commands import add_places
from tests.conftest import World
from tests.marketplace.places.test_rules import GROUP, OFFICE, STORE, VILLAGE

ONLINE = {"kind": "online", "code": "ON-HS", "name_zh": "网店", "name_en": "Web shop", "city_zh": "安康"}
ADDED = """
select p.code, p.kind, v.code as village, p.pickup, a.floor_zero, a.kept, a.balance from place p
left join village v on v.id = p.village left join drawer d on d.place = p.id
left join ledger_account a on a.id = d.account and a.subject = d.id::text
where p.code in ('PO-HS', 'ST-ZZ01', 'ON-HS') order by p.code
"""


def list_of(folder: Path, *rows: dict[str, str]) -> str:
    file = folder / "places.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as lines:
        writer = csv.DictWriter(lines, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return str(file)


async def test_a_list_is_only_looked_through_until_it_is_to_be_written(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = list_of(tmp_path, OFFICE, STORE, ONLINE, GROUP, VILLAGE)
    places = await world.count("place")
    assert await add_places([file]) == 0
    assert await world.count("place") == places
    assert await add_places([file, "--write"]) == 0
    assert [tuple(row) for row in await world.admin.fetch(ADDED)] == [
        ("ON-HS", "online", None, False, None, None, None),
        ("PO-HS", "party_office", "HS", False, True, True, 0),
        ("ST-ZZ01", "city_store", None, True, True, True, 0),
    ]
    assert capsys.readouterr().out == (
        "1 villages, 1 groups, 3 places: no fault found. Nothing is written yet; --write does it.\n"
        "1 villages, 1 groups, 3 places added.\n"
    )
    verbs = await world.admin.fetch("select verb, count(*)::int from audit_line group by verb order by verb")
    assert [tuple(row) for row in verbs] == [
        ("add_drawer", 2),
        ("add_group", 1),
        ("add_place", 3),
        ("add_village", 1),
    ]


async def test_a_list_with_a_fault_writes_nothing(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = list_of(tmp_path, VILLAGE, GROUP | {"village": "XX"}, OFFICE | {"code": "PO-JP"})
    before = (await world.count("village"), await world.count("place"))
    assert await add_places([file, "--write"]) == 1
    assert capsys.readouterr().err == (
        "Line 3: there is no village XX.\nLine 4: the place PO-JP is there already.\n"
    )
    assert (await world.count("village"), await world.count("place")) == before


async def test_a_number_that_two_groups_have_writes_nothing(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    villages = await world.count("village")
    assert await add_places([list_of(tmp_path, VILLAGE, GROUP, GROUP | {"code": "HS2"}), "--write"]) == 1
    assert "Nothing is written: " in capsys.readouterr().err
    assert await world.count("village") == villages


async def test_a_file_that_is_not_there_is_one_sentence(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await add_places([str(tmp_path / "none.csv")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
