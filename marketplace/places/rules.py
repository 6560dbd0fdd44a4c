"""What a list of places has to say. Pure; the faults are sentences for the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

IN_VILLAGES: Final = ("party_office", "village_store")
IN_TOWNS: Final = ("county_hub", "city_store", "online")
PICKUPS: Final = ("village_store", "city_store", "county_hub")
SIGNALS: Final = ("4g", "weak", "none")
CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{1,15}")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "village": (
        "code", "name_zh", "name_en", "town_code", "town_zh", "county_code", "county_zh", "city_zh", "province_zh",
    ),
    "group": ("code", "name_zh", "village", "number", "label_zh", "signal", "walk_minutes"),
    **dict.fromkeys(IN_VILLAGES, ("code", "name_zh", "name_en", "city_zh", "village")),
    **dict.fromkeys(IN_TOWNS, ("code", "name_zh", "name_en", "city_zh")),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of the list: where it stands in the file, and its values by column."""

    line: int
    values: Mapping[str, str]

    @property
    def kind(self) -> str:
        """village, group, or the kind of a place."""
        return self.values.get("kind", "")

    @property
    def key(self) -> tuple[str, str]:
        """By which no two of the same sort may be called."""
        sort = self.kind if self.kind in ("village", "group") else "place"
        return sort, self.values.get("code", "")


def numbered(records: Iterable[Mapping[str, str | None]]) -> list[Row]:
    """The rows of a file whose first line names the columns; spaces around a value do not count."""
    return [
        Row(line, {name: (value or "").strip() for name, value in record.items() if isinstance(name, str)})
        for line, record in enumerate(records, start=2)
    ]


def faults(rows: list[Row], known: Iterable[tuple[str, str]]) -> list[str]:
    """A sentence for each fault with its line; `known`: the sorts and codes that are there already."""
    taken = set(known)
    villages = {code for sort, code in {*taken, *(row.key for row in rows)} if sort == "village"}
    found = []
    for row in rows:
        found += [f"Line {row.line}: {fault}" for fault in _faults_of(row, taken, villages)]
        taken.add(row.key)
    return found


def _faults_of(row: Row, taken: set[tuple[str, str]], villages: set[str]) -> Iterator[str]:
    if row.kind not in COLUMNS:
        yield f"kind is {row.kind!r}, but may be {', '.join(COLUMNS)}."
        return
    missing = [name for name in COLUMNS[row.kind] if not row.values.get(name)]
    if missing:
        yield f"{', '.join(missing)} must be filled in for a {row.kind}."
    elif not CODE.fullmatch(row.key[1]):
        yield f"the code {row.key[1]!r} must have 2 to 16 capital letters, figures and hyphens."
    elif row.key in taken:
        yield f"the {row.key[0]} {row.key[1]} is there already."
    yield from _wrong_values(row, villages)


def _wrong_values(row: Row, villages: set[str]) -> Iterator[str]:
    village = row.values.get("village", "")
    if village and row.kind in IN_TOWNS:
        yield f"a {row.kind} belongs to no village."
    if village and row.kind not in IN_TOWNS and village not in villages:
        yield f"there is no village {village}."
    if row.kind == "group":
        for name, least in (("number", 1), ("walk_minutes", 0)):
            text = row.values.get(name, "")
            if text and not (text.isascii() and text.isdigit() and least <= int(text) < 1000):
                yield f"{name} must be a whole number from {least}, not {text!r}."
        signal = row.values.get("signal", "")
        if signal and signal not in SIGNALS:
            yield f"signal is {signal!r}, but may be {', '.join(SIGNALS)}."
