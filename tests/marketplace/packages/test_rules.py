"""The composer against a brute-force twin, and what the counter takes, checks and sends back."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.errors import Conflict, Refusal
from marketplace.packages.rules import (
    ARROWS,
    HUNDRED,
    MORE_STEPS,
    MOST_TOUCHED,
    REASONS,
    STATE_NAMES,
    Change,
    CountDiffers,
    EmptyPackage,
    FarTooMuch,
    GoodTwice,
    Line,
    NotFromHere,
    NothingReaches,
    NothingToChange,
    Proposal,
    ReasonMissing,
    StepsMissTheGap,
    SumNotHundred,
    SumTooLarge,
    SumTooSmall,
    WeightOver,
    WeightShort,
    WordsMissing,
    billed,
    by_worth,
    changed,
    check,
    check_arrow,
    check_reason,
    check_weight,
    checks_for,
    content_key,
    explain,
    gap,
    propose,
    title,
    title_pieces,
    total,
    weight_fits,
)
from marketplace.produce.rules import Good, NoPrice, NotAStep, OutOfSeason, Unlicensed, Unsafe, in_season, step_price

DEMO = Path(__file__).resolve().parents[3] / "marketplace" / "demo"
MARKET_DAY = date(2018, 11, 21)


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def demo_good(row: dict[str, str]) -> Good:
    factor = 1 if row["unit"] == "枚" else 1000
    return Good(
        row["product_code"],
        "piece" if factor == 1 else "gram",
        int(Decimal(row["price_yuan"]) * 100),
        int(Decimal(row["step"]) * factor),
        int(row["shelf_life_summer_days"]),
        int(row["shelf_life_spring_autumn_days"]),
        int(row["shelf_life_winter_days"]),
        int(row["season_from_month"]),
        int(row["season_to_month"]),
        licence_required=row["licence_required"] == "true",
        name_zh=row["name_zh"],
        name_en=row["name_en"],
    )


GOODS = {row["product_code"]: demo_good(row) for row in rows("products")}
IN_SEASON = [good for good in GOODS.values() if in_season(good, MARKET_DAY)]


def lines_of(text: str) -> list[Line]:
    """EGG:30;SOY:3.9 of the demo files: pieces or kilograms."""
    return [line_of(*part.split(":")) for part in text.split(";")]


def line_of(code: str, quantity: str) -> Line:
    factor = 1 if GOODS[code].unit == "piece" else 1000
    return Line(GOODS[code], int(Decimal(quantity) * factor))


def written(proposal: Proposal) -> dict[str, int]:
    return {change.good.code: change.quantity for change in proposal.changes}


# ---- sums


def test_thirty_eggs_and_four_kilograms_of_soybeans_are_a_hundred_yuan() -> None:
    assert total(lines_of("EGG:30;SOY:4")) == HUNDRED
    assert gap(lines_of("EGG:30;SOY:4")) == 0


@pytest.mark.parametrize("recipe", rows("recipes"), ids=lambda recipe: recipe["recipe_code"])
def test_every_recipe_of_the_demo_is_a_hundred_yuan_and_is_named_by_its_title(recipe: dict[str, str]) -> None:
    parts = [row for row in rows("recipe_lines") if row["recipe_code"] == recipe["recipe_code"]]
    lines = [line_of(row["product_code"], row["quantity"]) for row in parts]
    assert total(lines) == HUNDRED
    assert [total([line]) for line in lines] == [int(Decimal(row["amount_yuan"]) * 100) for row in parts]
    assert sorted(piece.name_zh for piece in title_pieces(lines)) == sorted(recipe["name_zh"].split("+"))
    assert sorted(piece.name_en for piece in title_pieces(lines)) == sorted(recipe["name_en"].split(" + "))


def test_a_quantity_between_two_steps_has_no_sum() -> None:
    with pytest.raises(NotAStep):
        total([Line(GOODS["SOY"], 3950)])


# ---- proposals on the demo's goods


@pytest.mark.parametrize("case", rows("near_misses"), ids=lambda case: case["case_code"])
def test_near_misses_are_mended_as_the_demo_says(case: dict[str, str]) -> None:
    lines = lines_of(case["items"])
    assert total(lines) == int(Decimal(case["total_yuan"]) * 100)
    assert gap(lines) == int(Decimal(case["gap_yuan"]) * 100)
    best = propose(lines, [], MARKET_DAY)[0]
    suggested = lines_of(case["suggestion"])
    assert best.kind == case["suggestion_kind"]
    assert written(best) == {line.good.code: line.quantity for line in suggested}


@pytest.mark.parametrize("case", rows("near_misses")[:2], ids=lambda case: case["case_code"])
def test_goods_at_hand_do_not_push_out_what_is_in_the_package(case: dict[str, str]) -> None:
    best = propose(lines_of(case["items"]), IN_SEASON, MARKET_DAY)[0]
    assert written(best) == {line.good.code: line.quantity for line in lines_of(case["suggestion"])}


def test_three_cracked_eggs_are_made_up_by_soybeans() -> None:
    proposals = propose(lines_of("EGG:27;SOY:4"), [], MARKET_DAY, most={"EGG": 27})
    assert [written(proposal) for proposal in proposals] == [{"SOY": 600}]


def test_without_a_bound_eggs_come_first_because_they_need_fewer_steps() -> None:
    proposals = propose(lines_of("EGG:27;SOY:4"), [], MARKET_DAY)
    assert [written(proposal) for proposal in proposals] == [{"EGG": 3}, {"SOY": 600}]


def test_nothing_is_proposed_for_exactly_a_hundred() -> None:
    assert propose(lines_of("EGG:30;SOY:4"), IN_SEASON, MARKET_DAY) == []
    assert explain(lines_of("EGG:30;SOY:4"), IN_SEASON, MARKET_DAY) is None


def test_an_empty_package_is_filled_from_what_is_at_hand() -> None:
    proposals = propose([], [GOODS["EGG"], GOODS["SOY"]], MARKET_DAY)
    assert [written(proposal) for proposal in proposals] == [{"EGG": 50}]
    assert [written(way) for way in propose([], [GOODS["SOY"]], MARKET_DAY)] == [{"SOY": 10_000}]


@pytest.mark.parametrize(
    "kept_back",
    [
        replace(GOODS["PUM"], safe=False),
        replace(GOODS["PUM"], licence_required=True),
        replace(GOODS["PUM"], season_from=12, season_until=2),
    ],
    ids=["unsafe", "unlicensed", "out of season"],
)
def test_what_may_not_be_sold_is_never_added(kept_back: Good) -> None:
    lines = [Line(GOODS["WAL"], 4100)]  # 98.40 yuan
    assert written(propose(lines, [GOODS["CRN"], GOODS["PUM"]], MARKET_DAY)[0]) == {"CRN": 100, "PUM": 500}
    assert propose(lines, [kept_back], MARKET_DAY) == []
    inside = [Line(GOODS["EGG"], 40), Line(kept_back, 1000)]  # 82.00 yuan
    assert all(change.good.code == "EGG" for way in propose(inside, [], MARKET_DAY) for change in way.changes)


def test_a_good_without_a_price_is_not_offered() -> None:
    assert propose([Line(GOODS["WAL"], 4100)], [replace(GOODS["PUM"], price_fen=0)], MARKET_DAY) == []


def test_a_good_out_of_season_may_be_taken_out() -> None:
    cherries = Line(GOODS["CHE"], 500)
    assert [written(way) for way in propose([*lines_of("EGG:50"), cherries], [], MARKET_DAY)] == [
        {"CHE": -500},
        {"EGG": -5},
    ]


def test_lines_of_one_good_count_together() -> None:
    lines = lines_of("EGG:20;SOY:3.9;EGG:10")
    best = propose(lines, [], MARKET_DAY)[0]
    assert written(best) == {"SOY": 100}
    assert changed(lines, best) == lines_of("EGG:30;SOY:4")


def test_a_proposal_drops_what_is_taken_out_whole_and_appends_what_is_new() -> None:
    way = Proposal((Change(GOODS["EGG"], -3), Change(GOODS["SOY"], 2)))
    assert changed(lines_of("EGG:3;WAL:1"), way) == lines_of("WAL:1;SOY:0.2")
    assert (way.steps, way.kind) == (5, "exchange")
    assert [change.amount for change in way.changes] == [-600, 200]


# ---- why nothing is proposed


def test_nothing_at_all_is_said_to_be_nothing() -> None:
    assert isinstance(explain([], [], MARKET_DAY), NothingToChange)


def test_steps_that_jump_over_the_gap_are_named() -> None:
    reason = explain([Line(GOODS["WAL"], 4000)], [], MARKET_DAY)  # 96.00 yuan, steps of 2.40
    assert isinstance(reason, StepsMissTheGap)
    assert reason.values == {"step": "2.40", "gap": "4.00"}


def test_a_bound_that_is_too_low_is_not_overstepped() -> None:
    reason = explain(lines_of("EGG:27;SOY:4"), [], MARKET_DAY, most={"EGG": 27, "SOY": 4500})
    assert isinstance(reason, NothingReaches)
    assert propose(lines_of("EGG:27;SOY:4"), [], MARKET_DAY, most={"EGG": 27, "SOY": 4500}) == []


def test_a_heap_is_several_packages() -> None:
    heap = [Line(GOODS[code], 4000) for code in ("SOY", "GRN", "RED", "PEA", "WAL", "SPN")]
    reason = explain(heap, [], MARKET_DAY)
    assert isinstance(reason, FarTooMuch)
    assert reason.values == {"total": "392.00"}


@pytest.mark.parametrize("pieces", [500, 10_000, 10**9])
def test_no_heap_is_too_large_to_be_answered(pieces: int) -> None:
    heap = [Line(GOODS["EGG"], pieces), Line(GOODS["SOY"], 1000)]
    best = propose(heap, IN_SEASON, MARKET_DAY)
    assert [written(way) for way in best] == [{"EGG": 45 - pieces}]


# ---- the twin: every change that there is, tried one after the other


def every_way(
    lines: list[Line], at_hand: list[Good], most: dict[str, int]
) -> Iterator[tuple[int, int, int, tuple[tuple[int, int], ...], dict[str, int]]]:
    """All ways that reach 100.00 with their rank: goods touched, steps, new goods, preference good by good."""
    goods = [(line.good, line.quantity) for line in lines] + [(good, 0) for good in at_hand]
    ranges = []
    for good, quantity in goods:
        highest = max(quantity, min(most[good.code], 10_000)) if good.safe else quantity
        ranges.append(range(-quantity, highest - quantity + 1))
    for deltas in product(*ranges):
        after = [(good, quantity + delta) for (good, quantity), delta in zip(goods, deltas, strict=True)]
        if sum(quantity * good.price_fen for good, quantity in after) == 10_000:
            preference = tuple((0, delta) if delta > 0 else (1, -delta) if delta < 0 else (2, 0) for delta in deltas)
            new = sum(1 for delta in deltas[len(lines) :] if delta)
            touched = {good.code: delta for (good, _), delta in zip(goods, deltas, strict=True) if delta}
            yield len(touched), sum(map(abs, deltas)), new, preference, touched


def twin(lines: list[Line], at_hand: list[Good], most: dict[str, int], count: int) -> list[dict[str, int]]:
    if sum(line.quantity * line.good.price_fen for line in lines) == 10_000:
        return []
    ways = sorted(every_way(lines, at_hand, most), key=lambda way: way[:4])
    if not ways or ways[0][0] > MOST_TOUCHED:
        return []
    fewest, steps = ways[0][:2]
    return [way[4] for way in ways if way[0] == fewest and way[1] <= steps + MORE_STEPS][:count]


@st.composite
def small_worlds(draw: st.DrawFn) -> tuple[list[Line], list[Good], dict[str, int]]:
    """Up to five goods by the piece, up to eight pieces of each; often with a way to 100.00 built in."""
    size = draw(st.integers(1, 5))
    common = draw(st.sampled_from([1, 5, 10, 30, 50, 100]))
    prices = [common * draw(st.integers(1, 1500 // common)) for _ in range(size)]
    final = [draw(st.integers(0, 6)) for _ in range(size)]
    left = 10_000 - sum(price * pieces for price, pieces in zip(prices[1:], final[1:], strict=True))
    if draw(st.booleans()) and left > 0:
        pieces = draw(st.sampled_from([number for number in range(1, 9) if left % number == 0]))
        prices[0] = left // pieces
    goods = [
        Good(f"G{number}", "piece", price, 1, 9, 9, 9, safe=draw(st.sampled_from([True, True, True, True, False])))
        for number, price in enumerate(prices)
    ]
    inside = draw(st.integers(0, size))
    lines = [Line(good, draw(st.integers(0, 8))) for good in goods[:inside]]
    return lines, goods[inside:], {good.code: draw(st.integers(0, 8)) for good in goods}


@settings(max_examples=300, deadline=None)
@given(small_worlds(), st.integers(1, 4))
def test_proposals_are_those_of_the_brute_force_twin(
    world: tuple[list[Line], list[Good], dict[str, int]], count: int
) -> None:
    lines, at_hand, most = world
    found = propose(lines, at_hand, MARKET_DAY, most=most, count=count)
    assert [written(way) for way in found] == twin(lines, at_hand, most, count)


@st.composite
def three_good_worlds(draw: st.DrawFn) -> tuple[list[Line], list[Good], dict[str, int]]:
    """Prices that share factors by pairs but not all together, so that often three goods must change."""
    base = draw(st.sampled_from([(6, 10, 15), (10, 14, 35), (15, 21, 35), (6, 15, 10), (12, 20, 15)]))
    scale = draw(st.sampled_from([10, 30, 50]))
    prices = [scale * price for price in base] + ([scale * 30] if draw(st.booleans()) else [])
    goods = [Good(f"G{number}", "piece", price, 1, 9, 9, 9) for number, price in enumerate(prices)]
    inside = draw(st.integers(1, len(goods)))
    pieces = [draw(st.integers(0, 9)) for _ in goods[:inside]]
    most = {good.code: draw(st.integers(3, 10)) for good in goods}
    first = 10_000 - scale * draw(st.integers(-60, 60))
    filler = Good("FILL", "piece", first, 1, 9, 9, 9, safe=False)
    lines = [Line(good, quantity) for good, quantity in zip(goods[:inside], pieces, strict=True)]
    return [*lines, Line(filler, 1)], goods[inside:], most | {"FILL": 0}


@settings(max_examples=200, deadline=None)
@given(three_good_worlds(), st.integers(1, 4))
def test_three_goods_change_only_where_two_cannot(
    world: tuple[list[Line], list[Good], dict[str, int]], count: int
) -> None:
    lines, at_hand, most = world
    found = propose(lines, at_hand, MARKET_DAY, most=most, count=count)
    assert [written(way) for way in found] == twin(lines, at_hand, most, count)


@st.composite
def worlds_of_ties(draw: st.DrawFn) -> tuple[list[Line], list[Good], dict[str, int]]:
    """Prices in small proportions, so that many ways need the same steps, and a filler that sets the gap."""
    size = draw(st.integers(2, 4))
    goods = [Good(f"G{number}", "piece", 100 * draw(st.integers(1, 6)), 1, 9, 9, 9) for number in range(size)]
    inside = draw(st.integers(1, size))
    lines = [Line(good, draw(st.integers(0, 3))) for good in goods[:inside]]
    missing = draw(st.integers(-25, 25)) * 100
    filler = 10_000 - sum(line.quantity * line.good.price_fen for line in lines) - missing
    most = {good.code: draw(st.integers(0, 8)) for good in goods}
    return [Line(Good("FILL", "piece", filler, 1, 9, 9, 9, safe=False), 1), *lines], goods[inside:], most | {"FILL": 0}


@settings(max_examples=400, deadline=None)
@given(worlds_of_ties(), st.integers(1, 8))
def test_ties_are_settled_as_the_twin_settles_them(
    world: tuple[list[Line], list[Good], dict[str, int]], count: int
) -> None:
    lines, at_hand, most = world
    found = propose(lines, at_hand, MARKET_DAY, most=most, count=count)
    assert [written(way) for way in found] == twin(lines, at_hand, most, count)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 4))
def test_two_goods_change_by_many_steps_as_the_twin_says(data: st.DataObject, count: int) -> None:
    scale = data.draw(st.sampled_from([1, 10, 30]))
    prices = [scale * data.draw(st.integers(20 // scale + 1, 250 // scale)) for _ in range(2)]
    goods = [Good(code, "piece", price, 1, 9, 9, 9) for code, price in zip("AB", prices, strict=True)]
    lines = [Line(good, data.draw(st.integers(0, 40))) for good in goods]
    after = [data.draw(st.integers(0, 60)) for _ in goods]
    filler = Good("FILL", "piece", 10_000 - sum(map(int.__mul__, prices, after)), 1, 9, 9, 9, safe=False)
    most = {"A": data.draw(st.integers(0, 60)), "B": data.draw(st.integers(0, 60)), "FILL": 0}
    if filler.price_fen > 0:
        world = [*lines, Line(filler, 1)]
        found = propose(world, [], MARKET_DAY, most=most, count=count)
        assert [written(way) for way in found] == twin([lines[0], lines[1], Line(filler, 1)], [], most, count)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_proposals_reach_a_hundred_and_need_every_good_they_touch(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(IN_SEASON), unique_by=lambda good: good.code, max_size=8))
    lines = [Line(good, data.draw(st.integers(0, 40)) * good.step) for good in chosen]
    proposals = propose(lines, IN_SEASON, MARKET_DAY)
    assert proposals or gap(lines) == 0 or explain(lines, IN_SEASON, MARKET_DAY) is not None
    for proposal in proposals:
        after = changed(lines, proposal)
        assert total(after) == HUNDRED
        assert all(line.quantity > 0 for line in after)
        for fewer in range(1, len(proposal.changes)):
            assert not any(reaches(lines, goods) for goods in combinations(IN_SEASON, fewer))


def reaches(lines: list[Line], goods: tuple[Good, ...]) -> bool:
    """Whether changing one good, or two, closes the gap: one quantity after the other."""
    first, second = goods[0], goods[-1]
    held = {line.good.code: line.quantity // line.good.step for line in lines}
    for steps in range(-held.get(first.code, 0), HUNDRED // step_price(first) + 1):
        rest = gap(lines) - steps * step_price(first)
        if rest == 0 and first is second:
            return True
        more, left = divmod(rest, step_price(second))
        if left == 0 and first is not second and more >= -held.get(second.code, 0):
            return True
    return False


def test_two_goods_of_the_package_go_before_one_of_them_and_a_new_one() -> None:
    prices = [("A", 700), ("B", 400), ("C", 800), ("N", 500)]
    goods = [Good(code, "piece", price, 1, 9, 9, 9) for code, price in prices]
    filler = Good("FILL", "piece", 8_800, 1, 9, 9, 9, safe=False)
    lines = [Line(filler, 1), *(Line(good, 0) for good in goods[:3])]
    ways = propose(lines, goods[3:], MARKET_DAY, most=dict.fromkeys("ABCN", 1))
    assert [written(way) for way in ways] == [{"B": 1, "C": 1}, {"A": 1, "N": 1}]


def test_adding_goes_before_taking_out_where_the_steps_are_the_same() -> None:
    a, b, c = (Good(code, "piece", price, 1, 9, 9, 9) for code, price in [("A", 100), ("B", 1_100), ("C", 30)])
    filler = Line(Good("FILL", "piece", 8_900, 1, 9, 9, 9, safe=False), 1)
    two = propose([Line(a, 6), Line(b, 2), filler], [], MARKET_DAY, most={"B": 2})
    assert [written(way) for way in two] == [{"A": 5, "B": -2}, {"A": -6, "B": -1}]
    three = propose([Line(a, 6), Line(b, 2), Line(c, 1), filler], [], MARKET_DAY, most={"B": 2, "C": 1})
    assert [written(way) for way in three] == [{"A": 5, "B": -2, "C": -1}, {"A": -6, "B": -1, "C": -1}]


def test_proposals_never_depend_on_the_order_of_equals_by_chance() -> None:
    same = [Good(code, "piece", 100, 1, 9, 9, 9) for code in "DACB"]
    lines = [Line(Good("E", "piece", 9_800, 1, 9, 9, 9), 1)]
    assert [written(way) for way in propose(lines, same, MARKET_DAY)] == [{"D": 2}, {"A": 2}, {"C": 2}]


# ---- what the counter takes


def test_the_recipe_of_the_source_case_is_taken() -> None:
    check(lines_of("EGG:30;SOY:4"), MARKET_DAY)


def test_one_yuan_too_little_is_refused_with_the_way_out() -> None:
    with pytest.raises(SumTooSmall) as refused:
        check(lines_of("EGG:30;SOY:3.9"), MARKET_DAY)
    assert (refused.value.values["sum"], refused.value.values["gap"]) == ("99.00", "1.00")
    assert refused.value.reason is None
    assert refused.value.suggestion is not None
    assert written(refused.value.suggestion) == {"SOY": 100}
    assert str(refused.value) == (
        "The goods come to 99.00 yuan: 1.00 yuan are missing to 100.00. Add goods until it is exact."
    )


def test_two_yuan_too_much_are_refused_with_the_way_out() -> None:
    with pytest.raises(SumTooLarge) as refused:
        check(lines_of("EGG:31;SOY:4"), MARKET_DAY)
    assert (refused.value.values["sum"], refused.value.values["gap"]) == ("102.00", "2.00")
    assert refused.value.suggestion is not None
    assert written(refused.value.suggestion) == {"EGG": -1}


def test_a_sum_that_cannot_be_mended_is_refused_with_the_reason() -> None:
    with pytest.raises(SumNotHundred) as refused:
        check([Line(GOODS["WAL"], 4000)], MARKET_DAY)
    assert refused.value.suggestion is None
    assert isinstance(refused.value.reason, StepsMissTheGap)


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ([], EmptyPackage),
        ([Line(GOODS["EGG"], 25), Line(GOODS["EGG"], 25)], GoodTwice),
        ([Line(GOODS["EGG"], 50), Line(GOODS["SOY"], 0)], NotAStep),
        ([Line(GOODS["EGG"], 55), Line(GOODS["SOY"], -1000)], NotAStep),
        ([Line(GOODS["SOY"], 9950)], NotAStep),
        ([Line(GOODS["CHE"], 5000)], OutOfSeason),
        ([Line(GOODS["SPN"], 5000)], Unlicensed),
        ([Line(replace(GOODS["EGG"], safe=False), 50)], Unsafe),
        ([Line(replace(GOODS["EGG"], price_fen=0), 50)], NoPrice),
    ],
)
def test_what_cannot_be_bought_is_refused_by_name(lines: list[Line], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        check(lines, MARKET_DAY)


def test_a_licensed_workshop_may_sell_its_noodles() -> None:
    check([Line(replace(GOODS["SPN"], licence_number="陕XZF610928"), 5000)], MARKET_DAY)


# ---- weighing


@pytest.mark.parametrize(
    ("asked", "weighed", "fits"),
    [(30, 30, True), (30, 29, False), (30, 31, False)],
)
def test_pieces_are_exact(asked: int, weighed: int, fits: bool) -> None:
    assert weight_fits(asked, weighed, "piece") is fits


@pytest.mark.parametrize(("weighed", "fits"), [(3999, False), (4000, True), (4040, True), (4041, False), (0, False)])
def test_weight_is_never_short_and_one_per_cent_over_at_most(weighed: int, fits: bool) -> None:
    assert weight_fits(4000, weighed, "gram") is fits


@pytest.mark.parametrize(
    ("good", "asked", "weighed", "refusal", "said"),
    [
        ("EGG", 30, 29, CountDiffers, "30 are needed, 29 were counted"),
        ("SOY", 4000, 3999, WeightShort, "3.999 kg is less than 4 kg"),
        ("SOY", 4000, 4041, WeightOver, "4.041 kg is more than 4.04 kg"),
    ],
)
def test_a_wrong_weight_is_refused_in_words(
    good: str, asked: int, weighed: int, refusal: type[Refusal], said: str
) -> None:
    check_weight(GOODS[good], asked, asked)
    with pytest.raises(refusal) as refused:
        check_weight(GOODS[good], asked, weighed)
    assert said in str(refused.value)
    assert refused.value.field == "weighed"


@given(st.sampled_from(sorted(GOODS)), st.integers(0, 30_000))
def test_what_the_scale_shows_is_billed_in_whole_steps_or_refused_with_the_ways_out(code: str, weighed: int) -> None:
    good = GOODS[code]
    lower = weighed // good.step * good.step
    if good.unit == "piece" or weighed * 100 <= lower * 101:
        paid = billed(good, weighed)
        check_weight(good, paid, weighed)
        assert paid == (weighed if good.unit == "piece" else lower)
        return
    with pytest.raises(Refusal) as refused:
        billed(good, weighed)
    values = refused.value.values
    assert str(values["missing"]) == f"{lower + good.step - weighed} g"
    assert not lower or billed(good, weighed - int(str(values["over"]).removesuffix(" g"))) == lower


@pytest.mark.parametrize(
    ("good", "weighed", "said"),
    [
        ("SOY", 4030, 4000),
        ("SOY", 4040, 4000),
        ("SOY", 3900, 3900),
        ("EGG", 31, 31),
        ("SOY", 3950, "the scale shows 3.95 kg. Add 50 g to make it 4 kg, or take out 11 g and bill 3.9 kg."),
        ("SOY", 4041, "the scale shows 4.041 kg. Add 59 g to make it 4.1 kg, or take out 1 g and bill 4 kg."),
        ("SOY", 60, "the scale shows 0.06 kg. Add 40 g to make it 0.1 kg; less is not bought."),
    ],
)
def test_four_kilograms_and_a_little_are_billed_as_four(good: str, weighed: int, said: int | str) -> None:
    if isinstance(said, int):
        assert billed(GOODS[good], weighed) == said
        return
    with pytest.raises(Refusal) as refused:
        billed(GOODS[good], weighed)
    assert said in str(refused.value)


# ---- states

ALLOWED = {
    "draft": {"weighed", "withdrawn", "sent_back"},
    "weighed": {"inspected", "sent_back"},
    "inspected": {"weighed", "paid", "sent_back"},
    "paid": {"reversed"},
    "sent_back": set(),
    "reversed": set(),
    "withdrawn": set(),
}


def test_states_are_these_seven_and_all_have_names() -> None:
    assert set(ALLOWED) == set(STATE_NAMES)


@pytest.mark.parametrize(("state", "following"), list(product(ALLOWED, repeat=2)))
def test_states_move_along_arrows_only(state: str, following: str) -> None:
    assert ((state, following) in ARROWS) is (following in ALLOWED[state])
    if following in ALLOWED[state]:
        check_arrow(state, following)
        return
    with pytest.raises(NotFromHere) as refused:
        check_arrow(state, following)
    assert isinstance(refused.value, Conflict)
    assert (refused.value.status, refused.value.values["state"]) == (409, state)


# ---- the inspector's looks and reasons


def test_eggs_are_candled_dated_and_clean() -> None:
    assert [look.code for look in checks_for("EGG")] == ["candled", "laying_date", "size_clean"]


def test_every_good_of_the_demo_has_its_own_looks_and_every_look_its_own_code() -> None:
    for code in GOODS:
        looks = checks_for(code)
        assert looks != checks_for("an unlisted good"), code
        assert 2 <= len(looks) <= 3
        assert len({look.code for look in looks}) == len(looks)


def test_an_unlisted_good_gets_the_general_look() -> None:
    assert [look.code for look in checks_for("DUCK")] == ["sound"]


def test_reasons_are_those_of_the_demo_year_and_two_more() -> None:
    given_reasons = {row["reject_reason"] for row in rows("year_packages")} - {""}
    assert set(REASONS) == given_reasons | {"rancid", "other"}


@pytest.mark.parametrize(("reason", "words"), [("", ""), ("ugly", "words"), ("OTHER", "words")])
def test_a_package_is_sent_back_for_a_listed_reason_only(reason: str, words: str) -> None:
    with pytest.raises(ReasonMissing):
        check_reason(reason, words)


def test_another_reason_needs_words() -> None:
    check_reason("cracked_eggs", "")
    check_reason("other", "鼠咬")
    with pytest.raises(WordsMissing):
        check_reason("other", "  ")


# ---- names of contents


def test_the_content_key_is_the_same_in_any_order() -> None:
    assert content_key(lines_of("EGG:30;SOY:4")) == "EGG:30;SOY:4000"
    assert content_key(lines_of("SOY:4;EGG:30")) == "EGG:30;SOY:4000"


def test_equal_amounts_stand_by_code() -> None:
    assert content_key(lines_of("STG:10;EGG:25")) == "EGG:25;STG:10000"
    assert [line.good.code for line in by_worth(lines_of("CRN:2.5;EGG:20;WOO:0.5"))] == ["WOO", "EGG", "CRN"]


def test_the_title_is_the_name_of_the_recipe() -> None:
    words = title(lines_of("SOY:4;EGG:30"))
    assert words.name_zh == "30枚土鸡蛋+4公斤黄豆"
    assert words.name_en == "30 free-range eggs + 4 kg soybeans"
