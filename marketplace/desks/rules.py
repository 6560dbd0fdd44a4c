"""Background jobs in words. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from marketplace.errors import N_, Conflict

SILENCE: Final = timedelta(minutes=3)  # the clock calls the worker every minute


class JobGone(Conflict):
    text = N_("This job is not parked any more: somebody let it run again. Look at the list once more.")
