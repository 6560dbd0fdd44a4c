"""Every sentence that people read is there in both languages, with the same places to fill."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from jinja2.ext import babel_extract

from marketplace.web.templating import environment
from marketplace.web.words import merged, po_files, read_catalogue

ROOT = Path(__file__).resolve().parents[3]
PLACES = re.compile(r"\{\w+\}")
NAMES = {"_", "N_", "ngettext"}

Sentence = tuple[str, ...]


def said_in_python(path: Path) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
            wanted = 2 if node.func.id == "ngettext" else 1
            texts = [part.value for part in node.args[:wanted] if isinstance(part, ast.Constant)]
            if texts and all(isinstance(text, str) for text in texts):
                yield tuple(str(text) for text in texts)


def said_in_template(path: Path) -> Iterator[Sentence]:
    options = {"newstyle_gettext": "true", "trimmed": "true", "extensions": "jinja2.ext.do", "silent": "false"}
    with path.open("rb") as file:
        for _line, _function, message, _comments in babel_extract(file, ["_", "gettext", "ngettext"], [], options):
            if message:
                yield (message,) if isinstance(message, str) else tuple(part for part in message if part)


def sources() -> list[Path]:
    wings = [path for wing in ("marketplace", "points") for path in sorted((ROOT / wing).rglob("*.py"))]
    return [path for path in wings if "demo" not in path.parts] + sorted((ROOT / "templates").rglob("*.html"))


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    inner = parts[2:] if parts[0] == "templates" and len(parts) > 2 else parts[1:]
    return inner[0] if len(inner) > 1 else "root"


ROOMS = sorted({room_of(path) for path in sources()})


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    return merged("zh_CN")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_has_its_chinese(room: str, chinese: Catalog) -> None:
    missing = []
    for path in sources():
        if room_of(path) != room:
            continue
        for texts in said_in_python(path) if path.suffix == ".py" else said_in_template(path):
            if texts[0] and chinese.get(texts[0]) is None:
                missing.append(f"{path.relative_to(ROOT)}: {texts[0]}")
    assert missing == []


@pytest.mark.parametrize("path", po_files("zh_CN"), ids=lambda path: path.name)
def test_translations_are_whole_and_fill_no_other_places(path: Path) -> None:
    wrong = []
    for message in read_catalogue(path, "zh_CN"):
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        sources_of = message.id if isinstance(message.id, (list, tuple)) else [message.id]
        asked = {place for text in sources_of for place in PLACES.findall(text)}
        told = {place for text in texts for place in PLACES.findall(str(text))}
        if not all(texts) or not told <= asked:
            wrong.append(str(message.id))
    assert wrong == []


@pytest.mark.parametrize("path", po_files("zh_CN"), ids=lambda path: path.name)
def test_no_file_says_a_sentence_twice(path: Path) -> None:
    ids = re.findall(r'^msgid (".*"(?:\n".*")*)', path.read_text(encoding="utf-8"), re.M)
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_every_template_can_be_read(path: Path) -> None:
    environment().get_template(str(path.relative_to(ROOT / "templates")))
