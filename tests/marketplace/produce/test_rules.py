"""Prices by the step, seasons over New Year, shelf lives, and price lists that do not overlap."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.errors import Refusal, Words
from marketplace.produce.rules import (
    Good,
    NotAStep,
    OutOfSeason,
    PriceList,
    PriceListEmpty,
    PriceListsOverlap,
    PriceNotPositive,
    StepNotWholeFen,
    TermBackwards,
    Unlicensed,
    Unsafe,
    amount,
    best_before,
    check_price,
    check_price_list,
    check_sellable,
    in_season,
    kilograms,
    measured,
    portion,
    price_list_on,
    sell_by,
    sellable,
    shelf_days,
    step_price,
    steps_of,
)

DEMO = Path(__file__).resolve().parents[3] / "marketplace" / "demo"
MARKET_DAY = date(2018, 11, 21)

EGG = Good("EGG", "piece", 200, 1, 10, 20, 30, name_zh="土鸡蛋", name_en="free-range eggs")
SOY = Good("SOY", "gram", 1000, 100, 180, 180, 180, 10, 4, name_zh="黄豆", name_en="soybeans")
WOOD_EAR = Good("WOO", "gram", 9000, 50, 360, 360, 360, name_zh="黑木耳(干)", name_en="dried wood-ear")
CHERRY = Good("CHE", "gram", 2000, 500, 2, 2, 2, 4, 5, name_en="cherries")
PORK = Good("BAC", "gram", 6000, 100, 90, 90, 90, 12, 3, licence_required=True, name_en="cured pork")


# ---- prices and quantities


@pytest.mark.parametrize(
    ("good", "quantity", "fen"),
    [(EGG, 30, 6000), (EGG, 0, 0), (SOY, 4000, 4000), (SOY, 100, 100), (WOOD_EAR, 350, 3150), (CHERRY, 3000, 6000)],
)
def test_an_amount_is_exact(good: Good, quantity: int, fen: int) -> None:
    assert amount(good, quantity) == fen


@pytest.mark.parametrize(("good", "quantity"), [(SOY, 3950), (SOY, 1), (SOY, -100), (EGG, -1), (WOOD_EAR, 40)])
def test_a_quantity_between_steps_or_below_zero_is_refused(good: Good, quantity: int) -> None:
    with pytest.raises(NotAStep) as refused:
        amount(good, quantity)
    assert refused.value.field == "quantity"
    assert refused.value.values["step"] == measured(good, good.step)


def test_the_refusal_names_good_step_and_quantity() -> None:
    with pytest.raises(NotAStep, match=r"soybeans: 3\.95 kg is no multiple of 0\.1 kg"):
        amount(SOY, 3950)


@given(st.integers(1, 10**6), st.sampled_from([10, 50, 100, 500, 1000]), st.integers(0, 1000))
def test_a_step_costs_whole_fen_or_has_no_price(price_fen: int, step: int, steps: int) -> None:
    good = replace(SOY, price_fen=price_fen, step=step)
    if price_fen * step % 1000:
        with pytest.raises(StepNotWholeFen):
            amount(good, steps * step)
    else:
        assert amount(good, steps * step) * 1000 == price_fen * steps * step
        assert steps_of(good, steps * step) == steps


@pytest.mark.parametrize("price_fen", [0, -1])
def test_nothing_is_bought_for_nothing(price_fen: int) -> None:
    with pytest.raises(PriceNotPositive):
        step_price(replace(EGG, price_fen=price_fen))
    with pytest.raises(PriceNotPositive):
        check_price(SOY, price_fen)


@pytest.mark.parametrize(
    ("grams", "words"),
    [(4000, "4"), (3900, "3.9"), (350, "0.35"), (50, "0.05"), (1, "0.001"), (0, "0"), (10_000, "10"), (-100, "-0.1")],
)
def test_kilograms_have_no_ending_zeros(grams: int, words: str) -> None:
    assert kilograms(grams) == words


def test_portions_are_said_in_both_languages_without_the_bracket_of_the_name() -> None:
    assert portion(EGG, 30) == Words("30枚土鸡蛋", "30 free-range eggs")
    assert portion(WOOD_EAR, 500) == Words("0.5公斤黑木耳", "0.5 kg dried wood-ear")


# ---- seasons


@pytest.mark.parametrize(
    ("day", "open_for_soybeans"),
    [
        (date(2018, 9, 30), False),
        (date(2018, 10, 1), True),
        (date(2018, 12, 31), True),
        (date(2019, 1, 1), True),
        (date(2019, 4, 30), True),
        (date(2019, 5, 1), False),
    ],
)
def test_a_season_runs_over_new_year(day: date, open_for_soybeans: bool) -> None:
    assert in_season(SOY, day) is open_for_soybeans


def test_a_season_within_the_year_ends_with_its_last_month() -> None:
    months = [month for month in range(1, 13) if in_season(CHERRY, date(2018, month, 28))]
    assert months == [4, 5]


def test_eggs_are_taken_all_the_year_round() -> None:
    assert all(in_season(EGG, date(2018, month, 1)) for month in range(1, 13))


def test_recipes_of_the_demo_share_the_months_that_it_names() -> None:
    seasons = {
        row["product_code"]: replace(
            SOY, season_from=int(row["season_from_month"]), season_until=int(row["season_to_month"])
        )
        for row in rows("products")
    }
    for recipe in rows("recipes"):
        parts = [line["product_code"] for line in rows("recipe_lines") if line["recipe_code"] == recipe["recipe_code"]]
        shared = [
            str(month)
            for month in range(1, 13)
            if all(in_season(seasons[part], date(2018, month, 15)) for part in parts)
        ]
        assert ";".join(shared) == recipe["common_months"], recipe["recipe_code"]


# ---- what may not be sold


def test_out_of_season_names_the_months() -> None:
    with pytest.raises(OutOfSeason) as refused:
        check_sellable(CHERRY, MARKET_DAY)
    assert refused.value.values["first"] == Words("4月", "April")
    assert refused.value.values["last"] == Words("5月", "May")
    assert refused.value.values["day"] == MARKET_DAY
    assert str(refused.value) == (
        "cherries: out of season on 2018-11-21, taken from April to May. Leave it out, or bring it then."
    )


@pytest.mark.parametrize("licence_number", ["", "   "])
def test_processed_food_needs_a_licence(licence_number: str) -> None:
    with pytest.raises(Unlicensed):
        check_sellable(replace(PORK, licence_number=licence_number), date(2018, 12, 21))


def test_licensed_pork_is_taken_in_its_season() -> None:
    licensed = replace(PORK, licence_number="陕XZF610928")
    check_sellable(licensed, date(2018, 12, 21))
    assert sellable(licensed, date(2018, 12, 21)) is True
    assert sellable(licensed, MARKET_DAY) is False
    assert sellable(PORK, date(2018, 12, 21)) is False


def test_what_is_unsafe_is_refused_before_anything_else() -> None:
    with pytest.raises(Unsafe):
        check_sellable(replace(PORK, safe=False), MARKET_DAY)


# ---- shelf life


@pytest.mark.parametrize(
    ("day", "days"),
    [
        (date(2018, 5, 31), 20),
        (date(2018, 6, 1), 10),
        (date(2018, 9, 30), 10),
        (date(2018, 10, 1), 20),
        (date(2018, 11, 30), 20),
        (date(2018, 12, 1), 30),
        (date(2019, 2, 28), 30),
        (date(2019, 3, 1), 20),
    ],
)
def test_eggs_keep_by_the_season_of_the_day_they_came(day: date, days: int) -> None:
    assert shelf_days(EGG, day) == days


def test_the_shortest_part_decides_how_long_a_package_keeps() -> None:
    assert best_before([EGG, SOY], MARKET_DAY) == date(2018, 12, 11)
    assert best_before([SOY], MARKET_DAY) == date(2019, 5, 20)


def test_nothing_has_no_best_before() -> None:
    with pytest.raises(ValueError, match="empty"):
        best_before([], MARKET_DAY)


@pytest.mark.parametrize(
    ("life", "days_on_sale"), [(10, 7), (20, 15), (30, 23), (180, 143), (5, 3), (2, 1), (1, 0), (0, 0), (7, 5)]
)
def test_the_last_day_of_sale_has_less_than_four_fifths_used(life: int, days_on_sale: int) -> None:
    assert sell_by(MARKET_DAY, MARKET_DAY + timedelta(days=life)) == MARKET_DAY + timedelta(days=days_on_sale)


@given(st.integers(1, 720), st.integers(0, 720))
def test_a_day_is_for_sale_exactly_while_less_than_80_per_cent_is_used(life: int, used: int) -> None:
    last = sell_by(MARKET_DAY, MARKET_DAY + timedelta(days=life))
    assert (MARKET_DAY + timedelta(days=used) <= last) is (used * 5 < life * 4)


def test_the_year_of_the_demo_keeps_to_these_shelf_lives() -> None:
    lives = {
        row["product_code"]: Good(
            row["product_code"],
            "gram",
            1000,
            100,
            int(row["shelf_life_summer_days"]),
            int(row["shelf_life_spring_autumn_days"]),
            int(row["shelf_life_winter_days"]),
        )
        for row in rows("products")
    }
    parts: dict[str, list[Good]] = {}
    for line in rows("recipe_lines"):
        parts.setdefault(line["recipe_code"], []).append(lives[line["product_code"]])
    accepted = [row for row in rows("year_packages") if row["result"] == "accepted"]
    assert len(accepted) == 1511
    for row in accepted:
        brought = date.fromisoformat(row["brought_on"])
        end = best_before(parts[row["recipe_code"]], brought)
        assert end == date.fromisoformat(row["best_before"]), row["seq"]
        assert not row["sold_on"] or date.fromisoformat(row["sold_on"]) <= sell_by(brought, end), row["seq"]


def rows(name: str) -> list[dict[str, str]]:
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- price lists

GOODS = {good.code: good for good in (EGG, SOY, WOOD_EAR)}
AUTUMN = PriceList(date(2018, 10, 1), date(2018, 12, 31), {"EGG": 200, "SOY": 1000})
FROM_2019 = PriceList(date(2019, 1, 1), None, {"EGG": 210})


def test_lists_that_follow_each_other_stand_together() -> None:
    check_price_list(FROM_2019, GOODS, [AUTUMN])
    check_price_list(AUTUMN, GOODS, [FROM_2019])


@pytest.mark.parametrize(
    ("first", "last", "shared"),
    [
        (date(2018, 12, 31), date(2019, 3, 1), date(2018, 12, 31)),
        (date(2018, 9, 1), date(2018, 10, 1), date(2018, 10, 1)),
        (date(2018, 11, 1), date(2018, 11, 2), date(2018, 11, 1)),
        (date(2018, 1, 1), None, date(2018, 10, 1)),
        (date(2018, 12, 1), None, date(2018, 12, 1)),
    ],
)
def test_two_lists_are_never_in_force_on_one_day(first: date, last: date | None, shared: date) -> None:
    with pytest.raises(PriceListsOverlap) as refused:
        check_price_list(PriceList(first, last, {"EGG": 200}), GOODS, [AUTUMN])
    assert refused.value.values == {"day": shared}


@pytest.mark.parametrize(
    ("price_list", "refusal"),
    [
        (PriceList(date(2018, 1, 1)), PriceListEmpty),
        (PriceList(date(2018, 1, 2), date(2018, 1, 1), {"EGG": 200}), TermBackwards),
        (PriceList(date(2018, 1, 1), None, {"EGG": 0}), PriceNotPositive),
        (PriceList(date(2018, 1, 1), None, {"SOY": 1005}), StepNotWholeFen),
        (PriceList(date(2018, 1, 1), None, {"WOO": 9010}), StepNotWholeFen),
    ],
)
def test_a_wrong_list_is_refused(price_list: PriceList, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        check_price_list(price_list, GOODS, [])


def test_a_price_whose_step_is_no_whole_fen_is_named() -> None:
    with pytest.raises(StepNotWholeFen, match=r"soybeans: at 10\.05 yuan a step of 0\.1 kg does not"):
        check_price(SOY, 1005)


def test_the_list_in_force_is_found_on_its_first_and_last_day() -> None:
    lists = [AUTUMN, FROM_2019]
    assert price_list_on(date(2018, 9, 30), lists) is None
    assert price_list_on(date(2018, 10, 1), lists) is AUTUMN
    assert price_list_on(date(2018, 12, 31), lists) is AUTUMN
    assert price_list_on(date(2019, 1, 1), lists) is FROM_2019
    assert price_list_on(date(2030, 1, 1), lists) is FROM_2019
