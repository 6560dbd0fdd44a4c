"""Words people read: gettext catalogues, one PO file per room, merged at start.

A msgid is the plain English sentence. `_()` takes `{named}` places and fills them with values in the reader's
language; templates use Jinja's own `_()` and `{% trans %}` with `%(named)s` places.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

Locale = Literal["zh_CN", "en"]
LOCALES: tuple[Locale, ...] = ("zh_CN", "en")
DEFAULT: Locale = "zh_CN"
FOLDERS: list[Path] = [Path(__file__).parent.parent / "locales"]

_locale: ContextVar[Locale] = ContextVar("locale", default=DEFAULT)


def current_locale() -> Locale:
    """The language of the person who reads the answer."""
    return _locale.get()


def speak(locale: Locale) -> None:
    """From here on in this task, words come in that language."""
    _locale.set(locale)


def add_folder(folder: Path) -> None:
    """A wing's `locales` folder; known folders are kept once."""
    if folder not in FOLDERS:
        FOLDERS.append(folder)
        catalogue.cache_clear()


def po_files(locale: Locale) -> list[Path]:
    """Every room's PO file in that language, in a fixed order."""
    return [path for folder in FOLDERS for path in sorted((folder / locale).glob("*.po"))]


def read_catalogue(path: Path, locale: Locale) -> Catalog:
    """One PO file; a broken one is refused with its name and line."""
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def merged(locale: Locale) -> tuple[Catalog, list[str]]:
    """All rooms in one catalogue, and a list of msgids that two rooms translate differently (the first one wins)."""
    whole = Catalog(locale=locale)
    quarrels: list[str] = []
    for path in po_files(locale):
        for message in read_catalogue(path, locale):
            if not message.id or not is_translated(message):
                continue
            known = whole.get(message.id, message.context)
            if known is None:
                whole.add(message.id, message.string, context=message.context)
            elif known.string != message.string:
                quarrels.append(f"{path.name}: {message.id!r}")
    return whole, quarrels


def is_translated(message: Message) -> bool:
    """Whether every form of a message has its text."""
    texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return bool(texts) and all(texts)


@lru_cache(maxsize=len(LOCALES))
def catalogue(locale: Locale) -> gettext.NullTranslations:
    """The merged catalogue of a language; English falls back to the msgid itself."""
    whole = merged(locale)[0]
    if not len(whole):
        return gettext.NullTranslations()
    file = io.BytesIO()
    write_mo(file, whole)
    file.seek(0)
    return gettext.GNUTranslations(file)


class _Spoken(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _(msgid: str, **values: object) -> str:
    """The sentence in the reader's language, its {named} places filled."""
    sentence = catalogue(_locale.get()).gettext(msgid) if msgid else ""
    return filled(sentence, values) if values else sentence


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The sentence for that count; {count} is always known."""
    sentence = catalogue(_locale.get()).ngettext(one, many, count)
    return filled(sentence, {"count": count, **values})


def template_gettext(msgid: str) -> str:
    """Jinja's newstyle gettext: Jinja fills the places itself."""
    return catalogue(_locale.get()).gettext(msgid)


def template_ngettext(one: str, many: str, count: int) -> str:
    """Jinja's newstyle ngettext."""
    return catalogue(_locale.get()).ngettext(one, many, count)


def filled(sentence: str, values: Mapping[str, object]) -> str:
    """{named} places filled with values said in the reader's language; an unknown place stays as it is."""
    return sentence.format_map(_Spoken({name: said(value) for name, value in values.items()}))


def said(value: object) -> object:
    """A value as the reader's language says it: rows by name, days by the wall calendar, other things as they are."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return day_text(value)
    if isinstance(msgid := getattr(value, "msgid", None), str):
        return _(msgid)
    if isinstance(value, Mapping) or hasattr(value, "name_zh"):
        return named(value)
    if isinstance(value, (list, tuple, frozenset, set)):
        return ("、" if _locale.get() == "zh_CN" else ", ").join(str(said(part)) for part in value)
    return value


def named(row: Any) -> str:
    """The name of a row in the reader's language (name_zh, name_en); the other one where it is missing."""
    first, second = ("name_zh", "name_en") if _locale.get() == "zh_CN" else ("name_en", "name_zh")
    if isinstance(row, Mapping):
        return str(row.get(first) or row.get(second) or row.get("name") or "")
    return str(getattr(row, first, "") or getattr(row, second, "") or getattr(row, "name", "") or "")


WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def village_day(value: date | datetime) -> date:
    """The day on the village's wall calendar."""
    from marketplace.clock import business_day

    return business_day(value) if isinstance(value, datetime) else value


def day_text(value: date | datetime) -> str:
    """2018年11月21日(周三) or 21 Nov 2018 (Wed)."""
    day = village_day(value)
    if _locale.get() == "zh_CN":
        return f"{day.year}年{day.month}月{day.day}日(周{WEEKDAYS_ZH[day.weekday()]})"
    return f"{day.day} {MONTHS_EN[day.month - 1]} {day.year} ({WEEKDAYS_EN[day.weekday()]})"


def moment_text(value: datetime) -> str:
    """11月21日 09:00 or 21 Nov, 09:00: the village's clock."""
    from marketplace.clock import CHINA

    local = value.astimezone(CHINA)
    if _locale.get() == "zh_CN":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local.day} {MONTHS_EN[local.month - 1]}, {local:%H:%M}"


def pick_locale(chosen: str | None, accepted: str | None) -> Locale:
    """The person's choice, else the browser's languages by weight, else Chinese."""
    for locale in LOCALES:
        if chosen == locale:
            return locale
    return next(_spoken_here(accepted or ""), DEFAULT)


def _spoken_here(accepted: str) -> Iterator[Locale]:
    for tag in _by_weight(accepted.split(",")[:20]):
        if tag == "zh" or tag.startswith("zh-"):
            yield "zh_CN"
        elif tag == "en" or tag.startswith("en-"):
            yield "en"


def _by_weight(parts: Iterable[str]) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for part in parts:
        tag, _semicolon, weight = part.strip().partition(";q=")
        try:
            weighted.append((float(weight) if weight else 1.0, tag.strip().lower()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if 0 < weight <= 1]
