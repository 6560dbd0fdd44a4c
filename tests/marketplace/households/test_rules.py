"""What finds a household, what a status is called, what a sheet may hold."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date

import pytest

from marketplace.demo.world import FILES, card_code
from marketplace.households.rules import (
    ColumnsMissing,
    ColumnTwice,
    KnownHousehold,
    KnownMember,
    PinsDiffer,
    PinTooSimple,
    ProxyTermBackwards,
    Sheet,
    SheetEmpty,
    SheetTooLong,
    StatusChangedToday,
    plan_of,
    read_sheet,
    read_wanted,
    require_good_pin,
    require_term,
    search_keys,
    status_since,
    status_words,
)

GROUPS = {"JP1": ("1", "一组", "垭口"), "JP2": ("2", "二组", "老庄")}
HEADER = ["household_code", "group_code", "head_name", "name", "relation", "sex", "birth_year"]
GAO = ["JP1-90", "JP1", "高小明", "高小明", "head", "m", "1970"]


def sheet(*rows: list[str], header: list[str] | None = None) -> Sheet:
    return read_sheet([header or HEADER, *rows], GROUPS, 2018)


def faults(*rows: list[str], header: list[str] | None = None) -> list[tuple[int, str]]:
    return [(fault.row, fault.column) for fault in sheet(*rows, header=header).faults]


# Finding


def test_every_demo_household_is_found_by_the_initials_of_its_file() -> None:
    with (FILES / "households.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lost = [
        (row["head_name"], key)
        for row in rows
        for key in row["head_initials"].split()
        if key not in search_keys(row["head_name"]).split()
    ]
    assert (len(rows), lost) == (262, [])


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("谭有军", "tyj tanyoujun"),
        ("单国友", "sgy shanguoyou"),
        ("曾福宝", "zfb zengfubao"),
        ("解明军", "xmj xiemingjun"),
        ("欧阳秀兰", "oyxl ouyangxiulan"),
        ("吕长发", "lcf lzf lvchangfa lvzhangfa luchangfa luzhangfa"),
        ("尉迟明", "ycm yuchiming"),
        ("Anna", ""),
        ("", ""),
    ],
)
def test_a_name_has_its_keys(name: str, keys: str) -> None:
    assert search_keys(name) == keys


def test_typed_keys_come_first_and_once() -> None:
    assert search_keys("谭有军", "TYJ, tanzi") == "tyj tanzi tanyoujun"


def test_a_number_is_read_as_people_type_it() -> None:
    assert (read_wanted("JP4-04").number, read_wanted("JP4-04").ending) == ("JP4-04", "JP4-04")
    assert read_wanted("jp4-4").ending == "JP4-04"
    assert (read_wanted("4-4").ending, read_wanted("404").ending) == ("%4-04", "%4-04")
    assert read_wanted("４－４").ending == "%4-04"


def test_a_card_is_read_with_misread_signs_and_dashes() -> None:
    code = card_code("JP4-04")
    assert read_wanted(code.lower()).card == code
    assert read_wanted("-".join(code[at : at + 4] for at in range(0, 26, 4))).card == code
    assert read_wanted(code[:-1]).card == ""


def test_pinyin_is_read_with_spaces_and_umlauts() -> None:
    assert (read_wanted("T Y J").key, read_wanted("lü").key, read_wanted("高").key) == ("tyj", "lv", "")
    assert (read_wanted("Lyu Wenxi").key, read_wanted("nyuan").key) == ("lvwenxi", "nyuan")
    assert read_wanted("lf").tolerant_key == "nh"


@pytest.mark.parametrize("words", ["%", "_", "'; drop table household", "\\", "*"])
def test_signs_of_a_query_language_find_nothing(words: str) -> None:
    wanted = read_wanted(words)
    assert (wanted.key, wanted.part_of_name, wanted.number, wanted.ending, wanted.card) == ("", "", "", "", "")


# Words and small laws


def test_a_status_is_called_as_documents_of_its_day_call_it() -> None:
    assert status_words("lifted", date(2018, 11, 21)) == "Lifted from poverty"
    assert status_words("lifted", date(2021, 1, 1)) == "Formerly poor household"
    assert status_words("monitored", date(2026, 11, 21)) == "Monitored household"


@pytest.mark.parametrize("pin", ["0000", "1234", "4321", "7890"])
def test_the_first_pins_that_are_tried_are_refused(pin: str) -> None:
    with pytest.raises(PinTooSimple):
        require_good_pin(pin, pin)


def test_a_pin_is_typed_twice_alike() -> None:
    require_good_pin("1357", "1357")
    with pytest.raises(PinsDiffer):
        require_good_pin("1357", "1375")


def test_a_term_runs_forward() -> None:
    require_term(date(2018, 11, 21), date(2018, 11, 21))
    require_term(date(2018, 11, 21), None)
    with pytest.raises(ProxyTermBackwards):
        require_term(date(2018, 11, 21), date(2018, 11, 20))


# Sheets


def test_a_sheet_becomes_households_with_their_members() -> None:
    read = sheet(
        GAO, ["", "", "", "李小红", "spouse", "f", "1972"], ["JP2-90", "二组", "王永全", "王永全", "户主", "男", "1941"]
    )
    assert (read.faults, read.rows, read.ignored) == ((), 3, ())
    first, second = read.households
    assert (first.code, first.group_code, first.head_name, first.status) == ("JP1-90", "JP1", "高小明", "ordinary")
    assert [(one.sequence, one.name, one.relation) for one in first.members] == [
        (1, "高小明", "head"),
        (2, "李小红", "spouse"),
    ]
    assert (second.group_code, second.members[0].sex) == ("JP2", "m")


def test_chinese_headings_and_words_say_the_same() -> None:
    header = [
        "户号",
        "村民小组",
        "户主",
        "户类型",
        "脱贫年份",
        "护林员",
        "林地（亩）",
        "手机",
        "姓名",
        "与户主关系",
        "性别",
        "出生年份",
    ]
    read = sheet(
        ["JP1-90", "1", "高小明", "已脱贫户", "2017年", "是", "12.5亩", "老人机", "高小明", "户主", "男", "1970"],
        header=header,
    )
    assert read.faults == ()
    one = read.households[0]
    assert (one.status, one.lifted_year, one.forest_guard, one.forest_area, one.phone_kind) == (
        "lifted",
        2017,
        True,
        125,
        "feature",
    )


def test_a_column_nobody_understands_is_named_and_left_out() -> None:
    assert sheet([*GAO, "x"], header=[*HEADER, "Shoe size"]).ignored == ("Shoe size",)


@pytest.mark.parametrize(
    ("at", "cell", "column"),
    [
        (0, "JP2-90", "household_code"),
        (0, "90", "household_code"),
        (1, "JP9", "group_code"),
        (2, "", "head_name"),
        (3, "高大明", "name"),
        (3, "=HYPERLINK(1)", "name"),
        (3, "@高小明", "name"),
        (3, "高" * 41, "name"),
        (4, "uncle", "relation"),
        (4, "son", "relation"),
        (5, "x", "sex"),
        (6, "2019", "birth_year"),
        (6, "1899", "birth_year"),
        (6, "", "birth_year"),
    ],
)
def test_a_fault_names_its_row_and_column(at: int, cell: str, column: str) -> None:
    row = GAO.copy()
    row[at] = cell
    assert (2, column) in faults(row)


def test_every_fault_is_told_at_once_and_no_household_is_kept() -> None:
    read = sheet(GAO, ["JP1-91", "JP1", "", "", "head", "x", "17"])
    assert read.households == ()
    assert [(fault.row, fault.column) for fault in read.faults] == [
        (3, "name"),
        (3, "sex"),
        (3, "birth_year"),
        (3, "head_name"),
    ]


def test_a_household_has_one_head_and_one_answer_to_each_question() -> None:
    assert faults(GAO, ["JP1-90", "JP1", "高小明", "高小红", "head", "f", "1972"]) == [(3, "relation")]
    assert faults(GAO, ["JP1-90", "JP1", "高大明", "高小红", "spouse", "f", "1972"]) == [(3, "head_name")]
    header = [*HEADER, "seq_no"]
    assert faults([*GAO, "1"], ["JP1-90", "", "", "高小红", "spouse", "f", "1972", "1"], header=header) == [
        (3, "seq_no")
    ]


def test_a_lifted_household_says_since_when() -> None:
    assert faults([*GAO, "lifted"], header=[*HEADER, "status"]) == [(2, "lifted_year")]


def test_rows_are_counted_as_the_sheet_counts_them() -> None:
    assert faults([], ["", " "], ["JP1-91", "JP1", "高小明", "高小明", "head", "z", "1970"]) == [(4, "sex")]


def test_a_sheet_that_is_no_list_of_households_is_refused() -> None:
    with pytest.raises(SheetEmpty):
        sheet()
    with pytest.raises(ColumnsMissing) as refused:
        sheet(["x"], header=["name"])
    assert "household_code" in str(refused.value)
    with pytest.raises(ColumnTwice):
        sheet(GAO, header=[*HEADER, "姓名"])
    with pytest.raises(SheetTooLong):
        sheet(*[GAO] * 5001)


# What would change

KNOWN = KnownHousehold(
    "JP1-90", "JP1", "高小明", "ordinary", date(2014, 1, 1), "", False, False, None, "none",
    {1: KnownMember(1, "高小明", "head", "m", 1970)},
)  # fmt: skip


def test_the_same_sheet_again_changes_nothing() -> None:
    plan = plan_of(sheet(GAO).households, {"JP1-90": KNOWN})
    assert (plan.changes, plan.same, plan.new, plan.changed, plan.members) == ((), 1, 0, 0, 0)


def test_an_unknown_household_is_new_with_all_its_members() -> None:
    plan = plan_of(sheet(GAO).households, {})
    assert (plan.new, plan.changed, plan.members, plan.same) == (1, 0, 1, 0)


def test_only_filled_in_columns_change_a_known_household() -> None:
    header = [*HEADER, "phone", "coop_member"]
    plan = plan_of(sheet([*GAO, "smart", ""], header=header).households, {"JP1-90": KNOWN})
    assert [change.fields for change in plan.changes] == [("phone",)]


@pytest.mark.parametrize(
    ("year", "since", "begins"),
    [
        (2017, date(2014, 1, 1), date(2017, 12, 31)),
        (2018, date(2014, 1, 1), date(2018, 11, 21)),
        (2016, date(2017, 12, 31), date(2018, 11, 21)),
    ],
)
def test_a_lifted_household_is_lifted_from_its_year_on(year: int, since: date, begins: date) -> None:
    wanted = sheet([*GAO, "lifted", str(year)], header=[*HEADER, "status", "lifted_year"]).households[0]
    assert status_since(wanted, replace(KNOWN, since=since), date(2018, 11, 21)) == begins


def test_a_status_holds_for_a_day_at_least() -> None:
    wanted = sheet([*GAO, "poor"], header=[*HEADER, "status"]).households[0]
    with pytest.raises(StatusChangedToday):
        status_since(wanted, replace(KNOWN, since=date(2018, 11, 21)), date(2018, 11, 21))


def test_members_are_added_and_changed_but_never_taken_out() -> None:
    older = ["JP1-90", "JP1", "高小明", "高小明", "head", "m", "1969"]
    plan = plan_of(sheet(older, ["", "", "", "高小红", "daughter", "f", "2001"]).households, {"JP1-90": KNOWN})
    change = plan.changes[0]
    assert [(one.name, one.birth_year) for one in change.changed] == [("高小明", 1969)]
    assert [(one.name, one.birth_year) for one in change.added] == [("高小红", 2001)]
