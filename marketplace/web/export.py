"""The one writer of every table that leaves the house: no cell of it is ever taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

import xlsxwriter

Cell = str | int | date | None
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST_COLUMN: Final = 40


def tamed(cell: Cell) -> Cell:
    """A text that a spreadsheet could run gets an apostrophe in front; figures and days stay what they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell


def written(cell: Cell) -> str:
    """A cell as CSV writes it."""
    kept = tamed(cell)
    return "" if kept is None else kept.isoformat() if isinstance(kept, date) else str(kept)


def csv_sheet(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file with a byte order mark, so that spreadsheets read Chinese."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([written(cell) for cell in header])
    writer.writerows([written(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def xlsx_sheet(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook with one sheet; texts are written as texts, never as formulas or links."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(name[:31])
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    widths = [len(title) for title in header]
    for column, title in enumerate(header):
        sheet.write_string(0, column, str(tamed(title)), bold)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            kept = tamed(cell)
            if isinstance(kept, date):
                sheet.write_datetime(number, column, kept, day)
            elif isinstance(kept, int):
                sheet.write_number(number, column, kept)
            elif kept is not None:
                sheet.write_string(number, column, kept)
            widths[column] = max(widths[column], len(written(cell)))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(width * 2, WIDEST_COLUMN))
    book.close()
    return file.getvalue()
