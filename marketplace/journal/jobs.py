"""The background jobs of the journal: seal what was written, and forget old commands that moved no money."""

from __future__ import annotations

from typing import Final

from marketplace.db import DB, Scope, atomically
from marketplace.errors import N_
from marketplace.journal.seal import seal_all
from marketplace.queue import EVERY_FIVE_MINUTES, Job

SEAL: Final = "seal_chains"
FORGET: Final = "forget_commands"
EVERY_NIGHT: Final = "17 19 * * *"  # 03:17 in the village
SYSTEM: Final = Scope(role="system")
_FORGET = "delete from command where not money and at < business_now() - interval '30 days' returning key"


async def forget_commands() -> int:
    """Forget commands that moved no money, thirty days after (P5); how many. Money keys stay for good."""

    async def verb() -> int:
        return len(await DB.fetch(_FORGET))

    return await atomically(verb, SYSTEM)


JOBS: Final = (
    Job(SEAL, N_("Seal what was written since the last seal"), seal_all, EVERY_FIVE_MINUTES),
    Job(FORGET, N_("Forget commands without money after thirty days"), forget_commands, EVERY_NIGHT),
)
