"""States of a package in stock, and the words by which the market finds an offer. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from marketplace.errors import N_, Conflict
from marketplace.packages.rules import Line

ON_HAND, HELD, UNDER_WAY, HANDED_OVER = "on_hand", "held", "under_way", "handed_over"
SPOILED, LOST, WRITTEN_OFF, REVERSED = "spoiled", "lost", "written_off", "reversed"

ARROWS: frozenset[tuple[str, str]] = frozenset(
    {
        ("", ON_HAND),
        (ON_HAND, HELD),
        (HELD, ON_HAND),
        (HELD, HANDED_OVER),
        (ON_HAND, HANDED_OVER),
        (ON_HAND, UNDER_WAY),
        (UNDER_WAY, ON_HAND),
        (ON_HAND, SPOILED),
        (ON_HAND, WRITTEN_OFF),
        (ON_HAND, LOST),
        (UNDER_WAY, LOST),
        (ON_HAND, REVERSED),
    }
)


class NotOnHand(Conflict):
    text = N_("This package is on its way to a buyer or gone. It can no longer be taken back.")


class SoldOut(Conflict):
    text = N_("Of {goods}, {left} are left at this place. Change the number, or choose another place.")
    field = "place"


class NotHeld(Conflict):
    text = N_("These boxes are no longer kept for this order. Look at the order again.")


def search_text(lines: Sequence[Line], keys: Sequence[str], village_zh: str, village_en: str) -> str:
    """What the market searches: names of goods in both languages, their pinyin keys, the village."""
    words = [part for line in lines for part in (line.good.name_zh, line.good.name_en, line.good.code)]
    return " ".join([*words, *keys, village_zh, village_en])
