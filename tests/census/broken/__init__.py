"""Every law broken, room by room."""

from __future__ import annotations

from tests.census.breaks import Break, Mend
from tests.census.broken import (
    accounts,
    cash,
    households,
    income,
    intake,
    journal,
    ledger,
    orders,
    packages,
    places,
    produce,
    stock,
)

ROOMS = (journal, places, accounts, households, produce, ledger, income, cash, packages, stock, intake, orders)
BREAKS: tuple[Break, ...] = tuple(broken for room in ROOMS for broken in room.BREAKS)
MENDS: tuple[Mend, ...] = journal.MENDS
