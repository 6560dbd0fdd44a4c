"""Check an exported chain anywhere, with the standard library alone.

Found from the export itself: a row that was edited or is gone, a link that was left out, put in, moved or changed
places. A tail that was cut, or a chain that was made anew from the start, is found by a head printed earlier (`--head`).
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from marketplace.journal.rules import FIRST, link, row_hash

SHORTEST_HEAD = 8


def main(argv: list[str]) -> int:
    """`verify EXPORT [--head HEX]`: status 0 and one line when the chain is whole, else 1 and every fault."""
    parser = ArgumentParser(prog="python -m marketplace verify", description="Check an exported chain.")
    parser.add_argument("export", type=Path, help="the file that export-chain wrote")
    parser.add_argument("--head", default="", help='the head as a day\'s sheet prints it: "12 3f9c…" or the hash alone')
    asked = parser.parse_args(argv)
    try:
        lines = asked.export.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        print(f"{asked.export} cannot be read: {error}", file=sys.stderr)
        return 1
    faults, hashes = check(lines)
    faults += check_head(asked.head, hashes)
    for fault in faults:
        print(fault)
    if faults:
        return 1
    print(f"{len(hashes)} links, whole. Head: {len(hashes)} {hashes[-1] if hashes else ''}".rstrip())
    return 0


def check(lines: Iterable[str]) -> tuple[list[str], list[str]]:
    """The faults of an export in sentences, and the hash of every link. Each link is held against its own row and against
    the link before, so that a fault shows where it lies and not on everything that follows."""
    faults: list[str] = []
    hashes: list[str] = []
    seen: set[tuple[str, int]] = set()
    previous = FIRST
    chain: str | None = None
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            chain = entry["chain"] if chain is None else chain
            faults += [f"link {number}: {fault}" for fault in _faults(entry, number, chain, previous, seen)]
            previous = bytes.fromhex(entry["hash"])
        except (ValueError, KeyError, TypeError, AttributeError):
            faults.append(f"link {number}: not a line of an export")
        hashes.append(previous.hex())
    return faults, hashes


def _hash_of(entry: dict[str, Any]) -> bytes:
    return row_hash(entry["source"], entry["row"])


def _faults(entry: dict[str, Any], number: int, chain: str, previous: bytes, seen: set[tuple[str, int]]) -> list[str]:
    row, key = entry["row"], (entry["source"], entry["source_id"])
    doubled = key in seen
    seen.add(key)
    found = [
        (entry["chain"] != chain, f"of another chain, {entry['chain']}"),
        (entry["sequence"] != number, f"says it is link {entry['sequence']}"),
        (row is None, f"the row {key[0]} {key[1]} is gone"),
        (row is not None and row["id"] != key[1], "seals another row"),
        (doubled, f"seals {key[0]} {key[1]} a second time"),
        (row is not None and entry["row_hash"] != _hash_of(entry).hex(), f"the row {key[0]} {key[1]} was changed"),
        (entry["previous"] != previous.hex(), "does not follow the link before"),
        (
            entry["hash"] != link(bytes.fromhex(entry["previous"]), bytes.fromhex(entry["row_hash"])).hex(),
            "its hash is wrong",
        ),
    ]
    return [sentence for broken, sentence in found if broken]


def check_head(printed: str, hashes: list[str]) -> list[str]:
    """The faults of a chain against a head printed earlier: it has to be one of its links, at its place if named."""
    if not printed.strip():
        return []
    *place, head = printed.lower().split()
    if len(head) < SHORTEST_HEAD:
        return [f"the head {printed} is too short: give {SHORTEST_HEAD} signs at least"]
    at = [number for number, known in enumerate(hashes, start=1) if known.startswith(head)]
    if not at:
        return [f"the head {printed} is not in this chain: its tail was cut, or it was made anew"]
    if place and place != [str(at[0])]:
        return [f"the head {printed} stands at link {at[0]}"]
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
