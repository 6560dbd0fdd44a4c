"""How rows are chained (P19): the canonical bytes of a row, and its link to the one before. Standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

HOUSE = "house"  # the chain of what belongs to no village
FIRST = bytes(32)  # what the first link of a chain stands on
# The columns that are sealed, by source. A column that joins later gets a new source, never a place in here.
SEALED: Mapping[str, tuple[str, ...]] = {
    "audit": ("id", "village", "at", "actor", "role", "on_behalf_of", "verb", "subject", "detail", "command"),
    "transfer": (
        "id", "unit", "debit", "credit", "amount", "kind", "reference", "village", "reverses", "at", "command",
    ),
}  # fmt: skip


def plain(source: str, row: Mapping[str, object]) -> dict[str, object]:
    """The sealed columns of a row as JSON can hold them: moments in UTC to the microsecond, ids as text."""
    return {column: _plain(row[column], column) for column in SEALED[source]}


def _plain(value: object, column: str) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    if column == "detail" and isinstance(value, str):
        return json.loads(value)
    return value


def row_hash(source: str, plain_row: Mapping[str, object]) -> bytes:
    """sha256 of a plain row: JSON with sorted keys, no spaces, in UTF-8, its source in front."""
    canonical = json.dumps([source, plain_row], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def link(previous: bytes, of_row: bytes) -> bytes:
    """The hash that a link is known by: sha256(previous ‖ hash of its row)."""
    return hashlib.sha256(previous + of_row).digest()
