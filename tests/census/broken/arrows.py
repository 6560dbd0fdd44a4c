"""The arrows of every state machine, as this house wants them. '' is before birth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.census import laws


@dataclass(frozen=True)
class Machine:
    """A table whose rows move: its arrows, a prepared row to move, and what a newborn copy of it needs."""

    table: str
    arrows: Mapping[str, tuple[str, ...]]
    sample: str
    newborn: Mapping[str, Any]
    also: Mapping[str, str] | None = None  # what has to be set together with a state

    @property
    def states(self) -> list[str]:
        return sorted({state for states in self.arrows.values() for state in states})

    def moves(self) -> Iterator[tuple[str, str]]:
        """From and to of every arrow."""
        for before, afters in self.arrows.items():
            for after in afters:
                yield before, after

    def other_moves(self) -> Iterator[tuple[str, str]]:
        """From and to of everything that is no arrow."""
        allowed = set(self.moves())
        for before in ("", *self.states):
            for after in self.states:
                if before != after and (before, after) not in allowed:
                    yield before, after

    def setting(self, state: str) -> str:
        """The SET of an update into that state."""
        return f"state = '{state}'" + (self.also or {}).get(state, "")


MACHINES = (
    Machine(
        "package",
        {
            "": ("draft",),
            "draft": ("weighed", "withdrawn", "sent_back"),
            "weighed": ("inspected", "sent_back"),
            "inspected": ("weighed", "paid", "sent_back"),
            "paid": ("reversed",),
        },
        "sold",
        {"code": "new"},
    ),
    Machine(
        "stock_unit",
        {
            "": ("on_hand",),
            "on_hand": ("held", "handed_over", "under_way", "spoiled", "written_off", "lost", "reversed"),
            "held": ("on_hand", "handed_over"),
            "under_way": ("on_hand", "lost"),
        },
        "sold_stock_unit",
        {"package": ":draft"},
    ),
    Machine(
        "sales_order",
        {
            "": ("held",),
            "held": ("placed", "cancelled", "expired"),
            "placed": ("paid", "cancelled", "expired"),
            "paid": ("handed_over",),
        },
        "held_order",
        {"code": "new", "pickup_code": "2002"},
    ),
    Machine(
        "drawer_day",
        {"": ("open",), "open": ("closed",)},
        "drawer_day",
        {"drawer": ":closed_drawer", "village": None},
        {
            "open": ", closed_at = null, closed_by = null, expected_fen = null, counted_fen = null",
            "closed": ", closed_at = opened_at, closed_by = opened_by, expected_fen = 0, counted_fen = 0",
        },
    ),
)
ARROWS = {laws.arrow(machine.table, *move) for machine in MACHINES for move in machine.moves()}
