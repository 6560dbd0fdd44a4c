"""What the office types and the sheets it chooses: bytes of CSV or XLSX files become rows of text."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Final

from litestar.datastructures import UploadFile
from msgspec import Struct
from python_calamine import CalamineError, CalamineWorkbook

from marketplace.errors import N_, Refusal
from marketplace.households.rules import (
    COLUMNS,
    LONGEST_SEARCH,
    SheetEmpty,
    SheetRefused,
    require_good_pin,
    require_term,
)
from marketplace.web.form import Pin, text, whole

LARGEST_FILE: Final = 2_000_000
LARGEST_UNPACKED: Final = 40_000_000
MOST_COLUMNS: Final = 60
LONGEST_PLAN: Final = 2_500_000
BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class FileTooLarge(SheetRefused):
    text = N_("This file is larger than 2 MB. Leave out pictures and other sheets, or split it.")


class NotASheet(SheetRefused):
    text = N_("This is no sheet that can be read. Save it as XLSX or CSV, then choose it again.")


class OldSheet(SheetRefused):
    text = N_("This is an old Excel file. Save it as XLSX, then choose it again.")


def rows_of(content: bytes) -> list[list[str]]:
    """The rows of the first sheet as text; formulas by the value they had when they were saved.

    Knows XLSX, and CSV with commas, semicolons or tabs in UTF-8, UTF-16 or GB18030. Refuses `FileTooLarge`,
    `OldSheet`, `NotASheet` and `SheetEmpty`.
    """
    if len(content) > LARGEST_FILE:
        raise FileTooLarge
    if not content.strip():
        raise SheetEmpty
    if content.startswith(b"PK"):
        return _rows_of_workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise OldSheet
    return _rows_of_text(_decoded(content))


def _rows_of_workbook(content: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST_UNPACKED:
                raise FileTooLarge
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        # Rows above and left of the first filled cell count too: faults are told by the sheet's own numbers.
        rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, CalamineError, IndexError, ValueError, OSError) as error:
        raise NotASheet from error
    return [[_cell(value) for value in row[:MOST_COLUMNS]] for row in rows]


def _cell(value: Any) -> str:
    """A workbook's value as somebody would have typed it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return text.removesuffix(".0")


def _decoded(content: bytes) -> str:
    encodings = [name for mark, name in BOMS if content.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NotASheet


def _rows_of_text(text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;，", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise NotASheet from error
    return [row[:MOST_COLUMNS] for row in rows]


def template_of(locale: str) -> str:
    """An empty sheet with its header in the reader's language and one invented household as an example."""
    chinese = locale == "zh_CN"
    header = [column.name_zh if chinese else column.code for column in COLUMNS]
    example = (
        {"household_code": "JP1-99", "group_code": "JP1", "head_name": "王小明", "head_initials": "wxm"}
        | {"status": "一般户" if chinese else "ordinary", "phone": "智能机" if chinese else "smart"}
        | dict.fromkeys(("forest_guard", "coop_member"), "否" if chinese else "false")
    )
    members = [
        {"seq_no": "1", "name": "王小明", "relation": "户主" if chinese else "head", "birth_year": "1970"}
        | {"sex": "男" if chinese else "m"},
        {"seq_no": "2", "name": "李小红", "relation": "配偶" if chinese else "spouse", "birth_year": "1972"}
        | {"sex": "女" if chinese else "f"},
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for member in members:
        filled = example | member
        writer.writerow([filled.get(column.code, "") for column in COLUMNS])
    return "\ufeff" + out.getvalue()


class RegisterQuery(Struct, frozen=True):
    q: Annotated[str, text(longest=LONGEST_SEARCH)] = ""
    group: Annotated[str, text(longest=20)] = ""
    page: Annotated[int, whole(least=1, most=10_000)] = 1


class SheetForm(Struct, frozen=True):
    file: UploadFile


class PlanForm(Struct, frozen=True):
    """What the dry run sealed: the sheet as it was read."""

    plan: Annotated[str, text(longest=LONGEST_PLAN)]


class CardPinForm(Struct, frozen=True):
    """A PIN that the household types itself, twice."""

    pin: Pin
    pin_again: Pin

    def check(self) -> Iterable[Refusal]:
        """The PINs agree and are not the first that are tried."""
        try:
            require_good_pin(self.pin, self.pin_again)
        except Refusal as refusal:
            yield refusal


class ReplaceCardForm(CardPinForm, frozen=True):
    reason: Annotated[str, text(longest=80)]


class ReasonForm(Struct, frozen=True):
    reason: Annotated[str, text(longest=80)]


class ProxyForm(Struct, frozen=True):
    name: Annotated[str, text(longest=40)]
    valid_from: date
    note: Annotated[str, text(longest=80)] = ""
    lives_in: Annotated[str, text(longest=20)] = ""
    valid_until: date | None = None

    def check(self) -> Iterable[Refusal]:
        """The term runs forward."""
        try:
            require_term(self.valid_from, self.valid_until)
        except Refusal as refusal:
            yield refusal


class ShowNameForm(Struct, frozen=True):
    show: bool = False
