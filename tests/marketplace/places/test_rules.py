"""A list of places: each fault is said with its line."""

from __future__ import annotations

import pytest

from marketplace.places.rules import faults, numbered

VILLAGE = {
    "kind": "village", "code": "HS", "name_zh": "红石村", "name_en": "Hongshi Village", "town_code": "XH",
    "town_zh": "小河镇", "county_code": "XY", "county_zh": "旬阳县", "city_zh": "安康市", "province_zh": "陕西省",
}  # fmt: skip
GROUP = {
    "kind": "group", "code": "HS1", "name_zh": "河口", "village": "HS", "number": "1", "label_zh": "一组",
    "signal": "4g", "walk_minutes": "10",
}  # fmt: skip
OFFICE = {
    "kind": "party_office", "code": "PO-HS", "name_zh": "红石村党群服务中心", "name_en": "Hongshi office",
    "city_zh": "安康旬阳", "village": "HS",
}  # fmt: skip
STORE = {"kind": "city_store", "code": "ST-ZZ01", "name_zh": "西安店", "name_en": "Xi'an store", "city_zh": "西安"}


def test_a_whole_list_has_no_fault_in_whatever_order() -> None:
    assert faults(numbered([OFFICE, GROUP, VILLAGE, STORE]), []) == []


def test_what_is_there_already_is_said_with_its_line() -> None:
    known = [("village", "HS"), ("place", "ST-ZZ01")]
    assert faults(numbered([GROUP, STORE, STORE | {"code": "ST-ZZ02"}]), known) == [
        "Line 3: the place ST-ZZ01 is there already."
    ]
    assert faults(numbered([VILLAGE, VILLAGE]), []) == ["Line 3: the village HS is there already."]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (
            GROUP | {"kind": "hamlet"},
            "kind is 'hamlet', but may be village, group, party_office, village_store, county_hub, city_store, online.",
        ),
        (GROUP | {"name_zh": " ", "signal": ""}, "name_zh, signal must be filled in for a group."),
        (STORE | {"code": "st 1"}, "the code 'st 1' must have 2 to 16 capital letters, figures and hyphens."),
        (STORE | {"village": "HS"}, "a city_store belongs to no village."),
        (OFFICE | {"village": "XX"}, "there is no village XX."),
        (GROUP | {"number": "0"}, "number must be a whole number from 1, not '0'."),
        (GROUP | {"walk_minutes": "ten"}, "walk_minutes must be a whole number from 0, not 'ten'."),
        (GROUP | {"signal": "5g"}, "signal is '5g', but may be 4g, weak, none."),
    ],
)
def test_a_fault_is_one_sentence(row: dict[str, str], fault: str) -> None:
    assert faults(numbered([row]), [("village", "HS")]) == [f"Line 2: {fault}"]
