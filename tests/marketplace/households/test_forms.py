"""Files become rows: every encoding an office saves in, workbooks, and what is refused."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
import xlsxwriter

from marketplace.households.forms import FileTooLarge, NotASheet, OldSheet, rows_of, template_of
from marketplace.households.rules import SheetEmpty, read_sheet

TEXT = "户号,姓名\r\nJP1-90,高小明\r\n"
ROWS = [["户号", "姓名"], ["JP1-90", "高小明"]]
GROUPS = {"JP1": ("1", "一组", "垭口")}


def workbook(*rows: list[Any]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(at, column, value)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_is_read_in_every_encoding_offices_save_in(encoding: str) -> None:
    assert rows_of(TEXT.encode(encoding)) == ROWS


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_csv_is_read_with_other_delimiters(delimiter: str) -> None:
    assert rows_of(TEXT.replace(",", delimiter).encode()) == ROWS


def test_quoted_cells_keep_commas_and_line_ends() -> None:
    assert rows_of(b'a,b\n"x, y","1\n2"\n') == [["a", "b"], ["x, y", "1\n2"]]


def test_a_workbook_is_read_as_typed() -> None:
    assert rows_of(workbook(["户号", "出生年份", "是", "面积"], ["JP1-90", 1970, True, 12.5])) == [
        ["户号", "出生年份", "是", "面积"],
        ["JP1-90", "1970", "true", "12.5"],
    ]


def test_empty_rows_above_count_as_the_workbook_counts() -> None:
    rows = rows_of(workbook([], [], ["户号"], ["JP1-90"]))
    assert rows[2] == ["户号"]


def test_a_formula_counts_by_the_value_it_had() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "出生年份")
        sheet.write_formula(1, 0, "=1900+70", None, 1970)
    assert rows_of(out.getvalue()) == [["出生年份"], ["1970"]]


def test_what_is_no_sheet_is_refused() -> None:
    with pytest.raises(NotASheet):
        rows_of(b"PK\x03\x04 not a zip")
    with pytest.raises(NotASheet):
        rows_of(b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    with pytest.raises(NotASheet):
        rows_of(b'a,"b\n')
    with pytest.raises(OldSheet):
        rows_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(SheetEmpty):
        rows_of(b" \r\n ")


def test_a_file_over_two_megabytes_is_refused_and_so_is_a_bomb() -> None:
    with pytest.raises(FileTooLarge):
        rows_of(b"a" * 2_000_001)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 41_000_000)
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(FileTooLarge):
        rows_of(packed.getvalue())


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_the_template_can_be_filled_in_and_read_back(locale: str) -> None:
    read = read_sheet(rows_of(template_of(locale).encode()), GROUPS, 2018)
    assert (read.faults, read.ignored) == ((), ())
    assert [(one.code, len(one.members)) for one in read.households] == [("JP1-99", 2)]


def test_the_demo_files_make_a_sheet_without_faults() -> None:
    from marketplace.demo.world import read as demo

    households = {row["household_code"]: row for row in demo("households")}
    members = demo("members")
    out = io.StringIO()
    names = [*households["JP1-01"], *(name for name in members[0] if name != "household_code")]
    writer = csv.DictWriter(out, names, extrasaction="ignore")
    writer.writeheader()
    for member in members:
        writer.writerow(households[member["household_code"]] | member)
    groups = {row["group_code"]: (row["group_no"], row["label_zh"]) for row in demo("groups")}
    read = read_sheet(rows_of(out.getvalue().encode("gb18030")), groups, 2018)
    assert (read.faults, len(read.households), read.rows) == ((), 262, 851)
    assert sum(len(one.members) for one in read.households) == 851
    assert "name_trap" in read.ignored
