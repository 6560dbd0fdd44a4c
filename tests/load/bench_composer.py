"""How long the composer takes with all 25 goods of the demo: `python tests/load/bench_composer.py`.

Prints milliseconds of the processor by kind of package beside the promise of 20 ms. Not run by the test suite.
"""

from __future__ import annotations

import csv
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from marketplace.packages.rules import HUNDRED, Line, propose  # noqa: E402
from marketplace.produce.rules import Good, step_price  # noqa: E402

PROMISE_MS = 20.0
DAY = date(2018, 11, 21)
PACKAGES = 300


def demo_goods() -> list[Good]:
    """The 25 goods of the demo, sold all the year round, so that none is left out."""
    with (ROOT / "marketplace" / "demo" / "products.csv").open(encoding="utf-8", newline="") as file:
        return [demo_good(row) for row in csv.DictReader(file)]


def demo_good(row: dict[str, str]) -> Good:
    price_fen, step = int(Decimal(row["price_yuan"]) * 100), Decimal(row["step"])
    if row["unit"] == "枚":
        return Good(row["product_code"], "piece", price_fen, int(step), 9, 9, 9)
    return Good(row["product_code"], "gram", price_fen, int(step * 1000), 9, 9, 9)


def odd_priced(goods: list[Good], chance: random.Random) -> list[Good]:
    """The same goods, a step some odd fen dearer: the longest integers, the fewest short ways."""
    steps_in_unit = {good.code: 1000 // good.step if good.unit == "gram" else 1 for good in goods}
    return [
        replace(good, price_fen=(step_price(good) + chance.randrange(1, 20, 2)) * steps_in_unit[good.code])
        for good in goods
    ]


def heap(goods: list[Good], chance: random.Random, lines: int, worth: int) -> list[Line]:
    """Some goods of about the same worth each."""
    chosen = chance.sample(goods, lines)
    return [Line(good, max(1, worth // lines // step_price(good)) * good.step) for good in chosen]


Case = Callable[[], tuple[list[Line], list[Good]]]


def cases(goods: list[Good], chance: random.Random) -> Iterator[tuple[str, Case]]:
    yield (
        "3 goods near 100 yuan, 22 at hand",
        lambda: (heap(goods, chance, 3, HUNDRED + chance.randrange(-900, 900)), goods),
    )
    yield "25 goods near 100 yuan", lambda: (heap(goods, chance, 25, HUNDRED + chance.randrange(-900, 900)), [])
    yield "25 goods, 900 yuan", lambda: (heap(goods, chance, 25, 9 * HUNDRED), [])
    yield "4 goods, none at hand", lambda: (heap(goods, chance, 4, HUNDRED + chance.randrange(-900, 900)), [])
    yield "nothing yet, 25 at hand", lambda: ([], chance.sample(goods, 25))
    yield "odd prices, 3 goods, 22 at hand", lambda: odd_case(goods, chance, 3, HUNDRED)
    yield "odd prices, 25 goods near 100 yuan", lambda: odd_case(goods, chance, 25, HUNDRED)
    yield "odd prices, 25 goods, 900 yuan", lambda: odd_case(goods, chance, 25, 9 * HUNDRED)
    yield "odd prices, 3 goods, none at hand", lambda: (odd_case(goods, chance, 3, HUNDRED)[0], [])


def odd_case(goods: list[Good], chance: random.Random, lines: int, worth: int) -> tuple[list[Line], list[Good]]:
    odd = odd_priced(goods, chance)
    return heap(odd, chance, lines, worth), odd


def milliseconds(make: Case) -> list[float]:
    taken = []
    for _ in range(PACKAGES):
        lines, at_hand = make()
        begun = time.thread_time()
        propose(lines, at_hand, DAY)
        taken.append((time.thread_time() - begun) * 1000)
    return sorted(taken)


def main() -> None:
    print(f"{'package':40} {'median':>9} {'99 %':>9} {'worst':>9}   promise")
    for name, make in cases(demo_goods(), random.Random(2018)):
        taken = milliseconds(make)
        figures = taken[PACKAGES // 2], taken[PACKAGES * 99 // 100], taken[-1]
        verdict = "kept" if taken[-1] <= PROMISE_MS else "BROKEN"
        print(f"{name:40} " + " ".join(f"{figure:6.2f} ms" for figure in figures) + f"   {PROMISE_MS:.0f} ms {verdict}")


if __name__ == "__main__":
    main()
