"""Chains as they are: which there are, where each ends, and one written out for a look from outside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.journal import rules

CHAINS = "select code from village order by code"
HEAD = "select sequence, hash from seal_entry where chain = $1 order by sequence desc limit 1"
LINKS = """
select s.*, to_jsonb(a) as audit, a.at as audit_at, to_jsonb(t) as transfer, t.at as transfer_at
from seal_entry s left join audit_line a on s.source = 'audit' and a.id = s.source_id
left join transfer t on s.source = 'transfer' and t.id = s.source_id
where s.chain = $1 order by s.sequence
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain; printed as "12 3f9c…"."""

    sequence: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash.hex()}"


async def chains() -> list[str]:
    """Every chain: one a village by its code, and the house's own."""
    return [*(row["code"] for row in await DB.fetch(CHAINS)), rules.HOUSE]


async def chain_of(village: UUID | None) -> str:
    """The chain of a village's rows; the house's own where they belong to none."""
    code: str | None = await DB.fetch_value("select code from village where id = $1", village)
    return code or rules.HOUSE


async def seal_head(chain: str) -> Head | None:
    """Where a chain ends; None where nothing is sealed yet."""
    row = await DB.fetch_row(HEAD, chain)
    return Head(row["sequence"], row["hash"]) if row else None


async def export(chain: str) -> str:
    """A chain as lines of JSON: each link with its row as it stands now, null where the row is gone."""
    return "".join(json.dumps(_line(row), ensure_ascii=False) + "\n" for row in await DB.fetch(LINKS, chain))


def _line(row: Any) -> dict[str, object]:
    source = row["source"]
    found = row[source] if source in rules.SEALED else None
    return {
        "chain": row["chain"],
        "sequence": row["sequence"],
        "source": source,
        "source_id": row["source_id"],
        "row": rules.plain(source, {**json.loads(found), "at": row[f"{source}_at"]}) if found else None,
        "row_hash": row["row_hash"].hex(),
        "previous": row["previous"].hex(),
        "hash": row["hash"].hex(),
    }
