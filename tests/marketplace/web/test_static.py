"""Static files: hashed names, 304, packed twins, nothing outside the folder."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from marketplace.web.static import Shelf, has_already

STYLE = "p{color:#123}" * 100


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    folder = tmp_path / "static"
    (folder / "css").mkdir(parents=True)
    (folder / "css" / "base.css").write_text(STYLE)
    (folder / ".secret").write_text("no")
    (tmp_path / "outside.txt").write_text("no")
    return Shelf(folder)


def test_address_carries_the_hash_and_leads_back(shelf: Shelf) -> None:
    address = shelf.address("css/base.css")
    assert address.startswith("/static/css/base.")
    assert address.endswith(".css")
    file, is_current = shelf.named(address.removeprefix("/static/"))
    assert (file.body.decode(), is_current) == (STYLE, True)
    assert file.media_type == "text/css; charset=utf-8"


def test_stale_hash_still_answers_but_is_not_for_ever(shelf: Shelf) -> None:
    file, is_current = shelf.named("css/base.0123456789.css")
    assert (file.body.decode(), is_current) == (STYLE, False)


def test_changed_file_gets_a_new_address(shelf: Shelf) -> None:
    before = shelf.address("css/base.css")
    path = shelf.folder / "css" / "base.css"
    path.write_text("p{}")
    os.utime(path, (1, 1))
    assert shelf.address("css/base.css") != before


@pytest.mark.parametrize(
    "name", ["../outside.txt", "css/../../outside.txt", ".secret", "css", "none.css", "/etc/passwd"]
)
def test_nothing_outside_the_folder_is_given(shelf: Shelf, name: str) -> None:
    with pytest.raises((FileNotFoundError, ValueError)):
        shelf.named(name)


def test_missing_file_has_its_plain_address(shelf: Shelf) -> None:
    assert shelf.address("vendor/htmx.js") == "/static/vendor/htmx.js"


async def test_packed_twins_hold_the_same(shelf: Shelf) -> None:
    file = shelf.file("css/base.css")
    packed, name = await file.encoded("gzip, deflate, br")
    assert (brotli.decompress(packed).decode(), name) == (STYLE, "br")
    packed, name = await file.encoded("gzip")
    assert (gzip.decompress(packed).decode(), name) == (STYLE, "gzip")
    assert await file.encoded("identity") == (STYLE.encode(), "")


def test_tags_of_the_browser_are_understood() -> None:
    assert has_already('"abc"', "abc")
    assert has_already('W/"abc", "def"', "def")
    assert not has_already('"abc"', "ab")
    assert not has_already("", "abc")
