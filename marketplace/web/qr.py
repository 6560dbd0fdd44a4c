"""QR codes for paper and screen: one stroked SVG path, so that no style and no script is needed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import segno

QUIET_ZONE = 4  # modules of white around, as readers want it


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code to draw: a square of `size` modules, quiet zone included, and the `d` of one path with stroke width 1."""

    size: int
    path: str


def drawn(text: str) -> QrCode:
    """The QR code of a text; never a Micro QR code, which most phones cannot read. Capitals keep it small."""
    matrix = list(segno.make(text, micro=False, error="m", boost_error=False).matrix_iter(border=QUIET_ZONE))
    strokes: list[str] = []
    for y, row in enumerate(matrix):
        x = 0
        for dark, run in groupby(row, bool):
            length = len(list(run))
            if dark:
                strokes.append(f"M{x} {y}.5h{length}")
            x += length
    return QrCode(len(matrix), "".join(strokes))
