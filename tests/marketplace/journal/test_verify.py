"""A chain is broken each way, as the superuser with triggers off; the offline check finds it (P19)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.db import scoped
from marketplace.journal import actions as journal
from marketplace.journal import queries, seal
from tests.conftest import World

ROOT = Path(__file__).parents[3]
DETAIL = {"amount_fen": 10_000, "voucher": "JP-2018-1512", "说明": "黄豆"}


async def sealed(world: World, rows: int = 6) -> str:
    """A village's chain of so many lines, exported."""
    village = await world.id_of("village", "JP")
    async with scoped(seal.SYSTEM):
        for number in range(rows):
            await journal.note(verb="tested", subject=number, village=village, detail=DETAIL)
    await seal.seal_all()
    return await exported()


async def exported() -> str:
    async with scoped(seal.SYSTEM, readonly=True):
        return await queries.export("JP")


async def tamper(world: World, *statements: str) -> str:
    """Write as somebody does who owns the machine; the export that is made afterwards."""
    world.tampered = True
    async with world.admin.transaction():
        await world.admin.execute("set local session_replication_role = replica")
        for statement in statements:
            await world.admin.execute(statement)
    return await exported()


def verify(text: str, folder: Path, *words: str) -> tuple[int, str]:
    """Run the check as an auditor does: another process, no site packages, nothing of ours in the environment."""
    file = folder / "chain.jsonl"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-S", "-E", "-s", "-m", "marketplace", "verify", str(file), *words]
    done = subprocess.run(
        command, cwd=ROOT, env={"PYTHONUTF8": "1"}, capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def heads(text: str) -> list[str]:
    return [json.loads(line)["hash"] for line in text.splitlines()]


async def test_whole_chain_passes_and_names_its_head(world: World, tmp_path: Path) -> None:
    text = await sealed(world)
    assert verify(text, tmp_path) == (0, f"6 links, whole. Head: 6 {heads(text)[-1]}\n")


async def test_edited_row_is_found(world: World, tmp_path: Path) -> None:
    await sealed(world)
    text = await tamper(world, "update audit_line set detail = '{\"amount_fen\": 100}' where subject = '2'")
    status, said = verify(text, tmp_path)
    assert (status, said.count("\n"), "link 3: the row audit" in said, "was changed" in said) == (1, 1, True, True)


async def test_edited_row_with_its_link_made_anew_is_found_at_the_next_link(world: World, tmp_path: Path) -> None:
    text = await sealed(world)
    row = json.loads(text.splitlines()[2])
    row["row"]["detail"] = {"amount_fen": 100}
    from marketplace.journal.rules import link, row_hash

    of_row = row_hash("audit", row["row"])
    made = link(bytes.fromhex(row["previous"]), of_row)
    text = await tamper(
        world,
        "update audit_line set detail = '{\"amount_fen\": 100}' where subject = '2'",
        f"update seal_entry set row_hash = '\\x{of_row.hex()}', hash = '\\x{made.hex()}' where sequence = 3",
    )
    assert verify(text, tmp_path) == (1, "link 4: does not follow the link before\n")


async def test_deleted_row_is_found(world: World, tmp_path: Path) -> None:
    await sealed(world)
    status, said = verify(await tamper(world, "delete from audit_line where subject = '3'"), tmp_path)
    assert (status, "link 4: the row audit" in said, "is gone" in said) == (1, True, True)


async def test_deleted_row_with_its_link_is_found(world: World, tmp_path: Path) -> None:
    await sealed(world)
    text = await tamper(
        world,
        "delete from audit_line where subject = '3'",
        "delete from seal_entry where sequence = 4",
    )
    status, said = verify(text, tmp_path)
    assert (status, "link 4: says it is link 5" in said, "link 4: does not follow the link before" in said) == (
        1,
        True,
        True,
    )


async def test_inserted_link_is_found(world: World, tmp_path: Path) -> None:
    await sealed(world)
    text = await tamper(
        world,
        "insert into audit_line (id, village, at, role, verb, subject, detail) "
        "select 999, village, at, 'ghost', 'tested', 'ghost', '{}' from audit_line where subject = '2'",
        "update seal_entry set sequence = sequence + 10 where sequence > 3",
        "update seal_entry set sequence = sequence - 9 where sequence > 3",
        "insert into seal_entry (chain, sequence, source, source_id, row_hash, previous, hash, at) "
        "select chain, 4, 'audit', 999, row_hash, hash, sha256(hash || row_hash), at from seal_entry where sequence = 3",
    )
    status, said = verify(text, tmp_path)
    assert (status, "link 4: the row audit 999 was changed" in said, "link 5: does not follow" in said) == (
        1,
        True,
        True,
    )


async def test_links_that_changed_places_are_found(world: World, tmp_path: Path) -> None:
    await sealed(world)
    text = await tamper(
        world,
        "update seal_entry set sequence = 100 where sequence = 2",
        "update seal_entry set sequence = 2 where sequence = 5",
        "update seal_entry set sequence = 5 where sequence = 100",
    )
    status, said = verify(text, tmp_path)
    assert (status, "link 2: does not follow" in said, "link 5: does not follow" in said) == (1, True, True)


async def test_rows_that_swapped_their_links_are_found(world: World, tmp_path: Path) -> None:
    await sealed(world)
    text = await tamper(
        world,
        "create temp table two on commit drop as select * from seal_entry where sequence in (2, 5)",
        "update seal_entry set source_id = -1 where sequence = 5",
        "update seal_entry set source_id = (select source_id from two where sequence = 5) where sequence = 2",
        "update seal_entry set source_id = (select source_id from two where sequence = 2) where sequence = 5",
    )
    status, said = verify(text, tmp_path)
    assert (status, said.count("was changed"), said.count("\n")) == (1, 2, 2)


async def test_reordered_lines_of_an_export_are_found(world: World, tmp_path: Path) -> None:
    lines = (await sealed(world)).splitlines()
    lines[1], lines[2] = lines[2], lines[1]
    status, said = verify("\n".join(lines), tmp_path)
    assert (status, "link 2: says it is link 3" in said) == (1, True)


async def test_cut_tail_is_found_only_by_the_printed_head(world: World, tmp_path: Path) -> None:
    whole = await sealed(world)
    printed = f"6 {heads(whole)[-1]}"
    text = await tamper(
        world, "delete from seal_entry where sequence = 6", "delete from audit_line where subject = '5'"
    )
    assert verify(text, tmp_path)[0] == 0
    status, said = verify(text, tmp_path, "--head", printed)
    assert (status, "is not in this chain: its tail was cut" in said) == (1, True)


async def test_chain_that_grew_since_the_sheet_was_printed_passes(world: World, tmp_path: Path) -> None:
    text = await sealed(world)
    assert verify(text, tmp_path, "--head", f"4 {heads(text)[3]}")[0] == 0
    assert verify(text, tmp_path, "--head", heads(text)[3][:12])[0] == 0
    assert verify(text, tmp_path, "--head", f"5 {heads(text)[3]}") == (
        1,
        f"the head 5 {heads(text)[3]} stands at link 4\n",
    )


@pytest.mark.parametrize("text", ["{}", "not json", '{"chain": "JP"}', "[]"])
def test_file_that_is_no_export_is_refused(text: str, tmp_path: Path) -> None:
    assert verify(text, tmp_path) == (1, "link 1: not a line of an export\n")


def test_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-s", "-m", "marketplace", "verify", str(tmp_path / "none")],
        cwd=ROOT, env={}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n"), "cannot be read" in done.stderr) == (1, 1, True)


async def test_export_chain_writes_what_verify_reads(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from marketplace.journal.commands import export_chain

    text = await sealed(world)
    assert await export_chain(["JP", str(tmp_path / "jp.jsonl")]) == 0
    assert (tmp_path / "jp.jsonl").read_text(encoding="utf-8") == text
    assert capsys.readouterr().out == f"{tmp_path / 'jp.jsonl'}: 6 links. Head: 6 {heads(text)[-1]}\n"
    assert await export_chain(["XX"]) == 1
