"""Chain what was written: audit lines and transfers of a village become links of its chain (P19)."""

from __future__ import annotations

from typing import Any

from marketplace.db import DB, Scope, atomically, scoped
from marketplace.journal import queries, rules

SYSTEM = Scope(role="system")
BATCH = 5000

_LOCK = "select pg_advisory_xact_lock(hashtextextended('seal ' || $1, 0))"
_VILLAGE = "select id from village where code = $1"
# Rows may be committed later than rows with a higher number: what is unsealed decides, not a mark on the way.
_AUDIT = """
select * from audit_line a where a.village is not distinct from $1::uuid
    and not exists (select 1 from seal_entry s where s.source = 'audit' and s.source_id = a.id)
order by a.at, a.id limit $2
"""
_TRANSFER = """
select * from transfer t where t.village is not distinct from $1::uuid
    and not exists (select 1 from seal_entry s where s.source = 'transfer' and s.source_id = t.id)
order by t.at, t.id limit $2
"""
_SEAL = """
insert into seal_entry (chain, sequence, source, source_id, row_hash, previous, hash, at)
select $1, n.sequence, n.source, n.source_id, n.row_hash, n.previous, n.hash, business_now()
from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[])
    n (sequence, source, source_id, row_hash, previous, hash)
order by n.sequence
"""


async def seal_all() -> int:
    """Seal everything that is not sealed yet, chain by chain; how many links that made."""
    async with scoped(SYSTEM, readonly=True):
        chains = await queries.chains()
    return sum([await seal_chain(chain) for chain in chains])


async def seal_chain(chain: str) -> int:
    """Seal what a chain lacks, in the order of time; how many links that made.

    A second sealer of the same chain waits for the first and finds the rest: a chain never forks.
    """

    async def verb() -> int:
        return await _seal_batch(chain)

    made = found = await atomically(verb, SYSTEM)
    while found >= BATCH:
        found = await atomically(verb, SYSTEM)
        made += found
    return made


async def seal_here(chain: str) -> queries.Head | None:
    """Seal what a chain lacks inside the open transaction, its own lines too; where the chain ends then.

    The chain is held until that transaction ends.
    """
    while await _seal_batch(chain) >= BATCH:
        pass
    return await queries.seal_head(chain)


async def _seal_batch(chain: str) -> int:
    await DB.fetch(_LOCK, chain)
    unsealed = await _unsealed(chain)
    if not unsealed:
        return 0
    head = await queries.seal_head(chain)
    sequence, previous = (head.sequence, head.hash) if head else (0, rules.FIRST)
    columns: tuple[list[Any], ...] = ([], [], [], [], [], [])
    for source, row in unsealed:
        sequence += 1
        of_row = rules.row_hash(source, rules.plain(source, row))
        made = rules.link(previous, of_row)
        for column, value in zip(columns, (sequence, source, row["id"], of_row, previous, made), strict=True):
            column.append(value)
        previous = made
    await DB.fetch(_SEAL, chain, *columns)
    return len(unsealed)


async def _unsealed(chain: str) -> list[tuple[str, Any]]:
    village = await DB.fetch_value(_VILLAGE, chain)
    if village is None and chain != rules.HOUSE:
        raise ValueError(f"no chain {chain!r}")
    found = [("audit", row) for row in await DB.fetch(_AUDIT, village, BATCH)]
    found += [("transfer", row) for row in await DB.fetch(_TRANSFER, village, BATCH)]
    return sorted(found, key=lambda pair: (pair[1]["at"], pair[0], pair[1]["id"]))[:BATCH]
