"""The background job of the journal: chain what was written since the last seal."""

from __future__ import annotations

from typing import Final

from marketplace.errors import N_
from marketplace.journal.seal import seal_all
from marketplace.queue import EVERY_FIVE_MINUTES, Job

SEAL: Final = "seal_chains"
JOBS: Final = (Job(SEAL, N_("Seal what was written since the last seal"), seal_all, EVERY_FIVE_MINUTES),)
