from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.money import capitals, parse_yuan, yuan


@pytest.mark.parametrize(
    ("fen", "written"),
    [(0, "0.00"), (5, "0.05"), (10_000, "100.00"), (123_450, "1,234.50"), (-200, "-2.00"), (-5, "-0.05")],
)
def test_yuan_has_two_decimals_and_thousands(fen: int, written: str) -> None:
    assert yuan(fen) == written


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("12.5", 1250),
        ("12", 1200),
        ("0.05", 5),
        ("100.00", 10_000),
        ("1,234.50", 123_450),
        ("12,340,880.8", 1_234_088_080),
        (" ¥ 12.50 ", 1250),
        ("￥12.50元", 1250),
        ("１２．５", 1250),
        ("12。5", 1250),
        ("-2.00", -200),
        ("\u22122", -200),
        ("999999999999.99", 99_999_999_999_999),
    ],
)
def test_yuan_are_read_as_people_type_them(typed: str, fen: int) -> None:
    assert parse_yuan(typed) == fen


@pytest.mark.parametrize(
    "typed",
    [
        *[
            "",
            " ",
            "¥",
            "abc",
            "12.345",
            "12.500",
            ".5",
            "12.",
            "1,23",
            "12,34.5",
            "1 2",
            "1e3",
            "--2",
            "+-2",
        ],
        *["+-2", "NaN", "1²", "1000000000000", "١٢", "12\x00", "9" * 4000],
    ],
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_yuan(typed)


@given(st.integers(-(10**14) + 1, 10**14 - 1))
def test_what_is_written_can_be_read_back(fen: int) -> None:
    assert parse_yuan(yuan(fen)) == fen


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (50, "伍角整"),
        (55, "伍角伍分"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (1_000, "壹拾元整"),
        (10_000, "壹佰元整"),
        (10_001, "壹佰元零壹分"),
        (10_050, "壹佰元伍角整"),
        (11_000, "壹佰壹拾元整"),
        (10_100, "壹佰零壹元整"),
        (100_500, "壹仟零伍元整"),
        (105_000, "壹仟零伍拾元整"),
        (140_950, "壹仟肆佰零玖元伍角整"),
        (600_714, "陆仟零柒元壹角肆分"),
        (1_234_088, "壹万贰仟叁佰肆拾元捌角捌分"),
        (1_000_000, "壹万元整"),
        (1_000_100, "壹万零壹元整"),
        (1_001_000, "壹万零壹拾元整"),
        (1_100_000, "壹万壹仟元整"),
        (10_700_053, "壹拾万柒仟元伍角叁分"),
        (100_000_000, "壹佰万元整"),
        (10_000_000_000, "壹亿元整"),
        (10_000_000_100, "壹亿零壹元整"),
        (10_000_100_000, "壹亿零壹仟元整"),
        (10_010_000_000, "壹亿零壹拾万元整"),
        (12_000_000_000, "壹亿贰仟万元整"),
        (100_000_000_000_000, "壹万亿元整"),
        (100_010_000_000_000, "壹万零壹亿元整"),
        (-200, "负贰元整"),
    ],
)
def test_capitals_stand_as_vouchers_write_them(fen: int, words: str) -> None:
    assert capitals(fen) == words


@pytest.mark.parametrize("fen", [10**18, -(10**18)])
def test_capitals_end_where_their_words_end(fen: int) -> None:
    with pytest.raises(ValueError, match="too large"):
        capitals(fen)


VALUE = {sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
SCALE = {"拾": 10, "佰": 100, "仟": 1000}


def read_capitals(words: str) -> int:
    """A twin that reads capitals back, sign by sign."""
    whole_words, _, rest = words.rpartition("元") if "元" in words else ("", "", words)
    whole = section = digit = 0
    for sign in whole_words:
        if sign in VALUE:
            digit = VALUE[sign]
        elif sign in SCALE:
            section, digit = section + digit * SCALE[sign], 0
        elif sign == "万":
            whole, section, digit = whole + (section + digit) * 10_000, 0, 0
        elif sign == "亿":
            whole, section, digit = (whole + section + digit) * 100_000_000, 0, 0
    fen = (whole + section + digit) * 100
    for sign, following in pairwise(rest):
        fen += VALUE.get(sign, 0) * {"角": 10, "分": 1}.get(following, 0)
    return fen


@given(st.integers(0, 10**14 - 1))
def test_capitals_read_back_to_the_same_fen(fen: int) -> None:
    words = capitals(fen)
    assert read_capitals(words) == fen
    assert "零零" not in words
    assert "零元" not in words or fen == 0
    assert words.endswith("整") == (fen % 10 == 0)
