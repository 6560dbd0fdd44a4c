"""A verb of the command line: villages, groups and places from a list, each place where money is taken with its drawer."""

from __future__ import annotations

import csv
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg

from marketplace.cash import actions as cash
from marketplace.db import DB, Scope, atomically, scoped
from marketplace.places import actions as places
from marketplace.places.rules import Row, faults, numbered

SYSTEM = Scope(role="system")


async def add_places(words: list[str]) -> int:
    """`add-places FILE.csv [--write]`: look through a list and say what is wrong in it, or add all of it at once."""
    parser = ArgumentParser(
        prog="python -m marketplace add-places",
        description="Add villages, groups and places from a list (CSV, UTF-8). All of it, or nothing.",
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--write", action="store_true", help="without it the list is only looked through")
    asked = parser.parse_args(words)
    try:
        rows = _read(asked.file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        print(f"{asked.file} cannot be read: {error}.", file=sys.stderr)
        return 1
    async with scoped(SYSTEM, readonly=True):
        wrong = faults(rows, await places.codes())
    if wrong or not rows:
        print("\n".join(wrong) or f"{asked.file} has no rows.", file=sys.stderr)
        return 1
    return await _write(rows) if asked.write else _tell(rows)


def _read(file: Path) -> list[Row]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return numbered(csv.DictReader(lines))


def _tell(rows: list[Row]) -> int:
    print(f"{_counted(rows)}: no fault found. Nothing is written yet; --write does it.")
    return 0


async def _write(rows: list[Row]) -> int:
    # A list may name a village's places before the village; the village comes first all the same.
    in_order = sorted(rows, key=lambda row: row.kind != "village")

    async def verb() -> None:
        villages = {row["code"]: row["id"] for row in await DB.fetch("select code, id from village")}
        for row in in_order:
            place = await places.add(row, villages)
            if place is not None and place.kind != "online":
                await cash.add_drawer(place.id, place.village)

    try:
        await atomically(verb, SYSTEM)
    except asyncpg.IntegrityConstraintViolationError as refused:
        print(f"Nothing is written: {refused}. Look at the list again.", file=sys.stderr)
        return 1
    print(f"{_counted(rows)} added.")
    return 0


def _counted(rows: list[Row]) -> str:
    sorts = [row.key[0] for row in rows]
    return ", ".join(f"{sorts.count(sort)} {sort}s" for sort in ("village", "group", "place"))


COMMANDS: Mapping[str, Callable[[list[str]], object]] = {"add-places": add_places}
