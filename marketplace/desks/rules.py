"""Background jobs in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from marketplace.errors import N_, Conflict
from marketplace.orders.jobs import EXPIRE
from marketplace.queue import SEAL

JOBS: Final[Mapping[str, str]] = {
    EXPIRE: N_("Give back the boxes of orders whose time is over"),
    SEAL: N_("Seal what was written since the last seal"),
}
SILENCE: Final = timedelta(minutes=3)  # the clock calls the worker every minute


class JobGone(Conflict):
    text = N_("This job is not parked any more: somebody let it run again. Look at the list once more.")
