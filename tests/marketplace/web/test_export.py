"""Tables that leave the house: no cell is a formula, Chinese is readable."""

from __future__ import annotations

import io
from datetime import date

import pytest
from python_calamine import CalamineWorkbook

from marketplace.web.export import Cell, csv_sheet, tamed, xlsx_sheet


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@sum", "\tx", "\rx", "＝1", "＋1", "－1", "＠a"])
def test_formulas_are_tamed(text: str) -> None:
    assert tamed(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["彭万林", "1-2", "", -100, 0, None, date(2018, 11, 21)])
def test_other_cells_stay_as_they_are(cell: Cell) -> None:
    assert tamed(cell) == cell


def test_csv_is_read_by_spreadsheets() -> None:
    sheet = csv_sheet(["户主", "元"], [["=cmd|'/c calc'!A1", -5], ['a"b,c', None]])
    assert sheet == '\ufeff户主,元\r\n\'=cmd|\'/c calc\'!A1,-5\r\n"a""b,c",\r\n'.encode()


def test_workbook_holds_texts_figures_and_days() -> None:
    sheet = xlsx_sheet("收入", ["户主", "分", "日"], [["=1+1", 1250, date(2018, 11, 21)], ["http://x", None, None]])
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert rows == [["户主", "分", "日"], ["'=1+1", 1250.0, date(2018, 11, 21)], ["http://x", "", ""]]
