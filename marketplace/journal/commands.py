"""Verbs of the command line: seal what is not sealed, and write a chain out."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path

from marketplace.db import scoped
from marketplace.journal import queries, seal


async def seal_now(_words: list[str]) -> None:
    """`seal`: seal every chain now, as the job does every few minutes."""
    print(f"{await seal.seal_all()} rows sealed.")


async def export_chain(words: list[str]) -> int:
    """`export-chain CHAIN [FILE]`: the chain of a village (its code) or of the house, to a file or to the screen."""
    parser = ArgumentParser(
        prog="python -m marketplace export-chain", description="Write a chain out as lines of JSON."
    )
    parser.add_argument("chain", help='the code of a village, or "house"')
    parser.add_argument("file", nargs="?", type=Path, help="where to; the screen without it")
    asked = parser.parse_args(words)
    async with scoped(seal.SYSTEM, readonly=True):
        known = await queries.chains()
        lines = await queries.export(asked.chain)
        head = await queries.seal_head(asked.chain)
    if asked.chain not in known:
        print(f"There is no chain {asked.chain!r}. There are: {', '.join(known)}.", file=sys.stderr)
        return 1
    if asked.file is None:
        sys.stdout.write(lines)
    else:
        asked.file.write_text(lines, encoding="utf-8")
        print(f"{asked.file}: {lines.count(chr(10))} links. Head: {head or 'nothing is sealed yet'}")
    return 0


COMMANDS: Mapping[str, Callable[[list[str]], object]] = {"seal": seal_now, "export-chain": export_chain}
