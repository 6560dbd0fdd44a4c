"""Languages, words with places, and how days, weights and money are written."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from marketplace.errors import Words
from marketplace.web import filters
from marketplace.web.words import (
    _,
    day_text,
    filled,
    merged,
    moment_text,
    named,
    ngettext,
    pick_locale,
    said,
)
from tests.language import speaking

MORNING = datetime.fromisoformat("2018-11-21T01:05:00+00:00")


@pytest.mark.parametrize(
    ("chosen", "accepted", "locale"),
    [
        (None, None, "zh_CN"),
        ("en", "zh-CN", "en"),
        ("zh_CN", "en-US", "zh_CN"),
        ("xx", "en-GB,en;q=0.8", "en"),
        (None, "de-DE,en;q=0.5,zh;q=0.7", "zh_CN"),
        (None, "fr", "zh_CN"),
        (None, "en;q=0", "zh_CN"),
        (None, "en;q=nonsense, en-US", "en"),
        (None, "," * 5000, "zh_CN"),
    ],
)
def test_choice_comes_before_browser_before_chinese(chosen: str | None, accepted: str | None, locale: str) -> None:
    assert pick_locale(chosen, accepted) == locale


def test_places_are_filled_in_the_readers_language() -> None:
    eggs = Words("土鸡蛋", "free-range eggs")
    with speaking("zh_CN"):
        assert filled("{good}不够", {"good": eggs}) == "土鸡蛋不够"
    with speaking("en"):
        assert filled("Too few {good} on {day}", {"good": eggs, "day": date(2018, 11, 21)}) == (
            "Too few free-range eggs on 21 Nov 2018 (Wed)"
        )
        assert said((eggs, "beans")) == "free-range eggs, beans"


def test_unknown_place_stays_and_braces_in_values_are_no_places() -> None:
    assert filled("{a} {b}", {"a": "{b}"}) == "{b} {b}"


def test_english_is_the_sentence_itself_and_counts() -> None:
    with speaking("en"):
        assert _("Fill this in.") == "Fill this in."
        assert ngettext("{count} box", "{count} boxes", 1) == "1 box"
        assert ngettext("{count} box", "{count} boxes", 3) == "3 boxes"


def test_chinese_is_translated() -> None:
    with speaking("zh_CN"):
        assert _("Fill this in.") == "请填写。"


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_no_two_rooms_translate_one_sentence_differently(locale: str) -> None:
    assert merged("zh_CN" if locale == "zh_CN" else "en")[1] == []


def test_rows_are_named_in_the_readers_language_or_the_other() -> None:
    with speaking("en"):
        assert named({"name_zh": "金坡村", "name_en": "Jinpo Village"}) == "Jinpo Village"
        assert named({"name_zh": "金坡村", "name_en": ""}) == "金坡村"
    with speaking("zh_CN"):
        assert named(Words("金坡村", "Jinpo Village")) == "金坡村"


def test_days_and_moments_stand_on_the_villages_calendar() -> None:
    late = datetime.fromisoformat("2018-11-20T16:30:00+00:00")
    with speaking("zh_CN"):
        assert day_text(late) == "2018年11月21日(周三)"
        assert moment_text(MORNING) == "11月21日 09:05"
    with speaking("en"):
        assert day_text(late) == "21 Nov 2018 (Wed)"
        assert moment_text(MORNING) == "21 Nov, 09:05"
    assert filters.short_day(late) == "11-21"
    assert filters.iso_day(late) == "2018-11-21"
    assert filters.clock_time(MORNING) == "09:05"


@pytest.mark.parametrize(
    ("grams", "chinese", "english"),
    [
        (4000, "4 kg(8斤)", "4 kg"),
        (4250, "4.25 kg(8.5斤)", "4.25 kg"),
        (100, "0.1 kg(0.2斤)", "0.1 kg"),
        (0, "0 kg(0斤)", "0 kg"),
    ],
)
def test_weights_are_said_in_kilograms_and_for_villagers_in_jin(grams: int, chinese: str, english: str) -> None:
    with speaking("zh_CN"):
        assert filters.kg(grams) == chinese
    with speaking("en"):
        assert filters.kg(grams) == english


@pytest.mark.parametrize(
    ("fen", "shown"),
    [(12800, "¥128<i>.00</i>"), (1234567, "¥12,345<i>.67</i>"), (-199, "−¥1<i>.99</i>"), (5, "¥0<i>.05</i>")],
)
def test_money_has_small_decimals(fen: int, shown: str) -> None:
    assert filters.money(fen) == shown


def test_names_on_public_pages_keep_the_family_name_only() -> None:
    assert filters.masked_name("高金娥") == "高**"
    assert filters.masked_name("") == ""


def test_lines_are_kept_and_escaped() -> None:
    assert filters.lines("a<b\nc") == "a&lt;b<br>c"
