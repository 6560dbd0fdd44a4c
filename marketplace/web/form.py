"""Forms: typed structs filled from what a person typed. Every fault is collected, everything typed is kept.

    class PayForm(Struct, frozen=True):
        pin: Annotated[str, pin()]
        paid: Yuan                                  # "12.5" -> 1250 fen
        day: date
        method: Literal["pickup", "delivery"]
        note: Annotated[str, text(longest=200)] = ""
        seen: bool = False                          # a tick box
        product: Scoped[Product]                    # an id in the body, loaded through row-level security
        lines: tuple[LineForm, ...] = ()            # lines.0.product, lines.0.quantity, lines.1.product ...
        marks: tuple[str, ...] = ()                 # a repeated name

        def check(self) -> Iterable[Refusal]:       # optional: faults between fields
            ...

A blank field takes its default; without a default it is a fault.
"""

from __future__ import annotations

import enum
import re
import types
import typing
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, Union
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from piccolo.table import Table

from marketplace.errors import N_, Refusal
from marketplace.money import parse_yuan
from marketplace.money import yuan as written_yuan
from marketplace.web.scoped import ScopedMark, key_of
from marketplace.web.words import _, ngettext

LONGEST_TEXT: Final = 500
MOST_ROWS: Final = 200
LARGEST_NUMBER: Final = 2**31 - 1
MACHINE_FIELDS: Final = frozenset({"_csrf_token", "_key"})

FILL_IN = N_("Fill this in.")
CHOOSE = N_("Choose one of the list.")
NOT_A_NUMBER = N_("Enter a whole number, such as 12.")
NOT_AN_AMOUNT = N_("Enter an amount in yuan, such as 12.50.")
NOT_A_DAY = N_("Enter a day as year-month-day, such as 2018-11-21.")
NOT_A_CODE = N_("This code is not complete. Check it against the paper.")
NOT_TEXT = N_("This holds a sign that cannot be kept. Type it again.")
TOO_SMALL = N_("At least {least}.")
TOO_LARGE = N_("At most {most}.")
WRONG_FORM = N_("This does not have the right form. Check it and type it again.")
TOO_MANY_ROWS = N_("At most {most} lines at a time. Send the rest in a second go.")
NO_FILE = N_("Choose a file.")


@dataclass(frozen=True)
class FieldRule:
    """How one field is read and what it may be. Stands in `Annotated[type, rule]`."""

    read: Callable[[str], Any] | None = None
    wrong: str = WRONG_FORM
    least: int | None = None
    most: int | None = None
    shown: Callable[[int], str] = str
    shortest: int = 0
    longest: int = LONGEST_TEXT
    pattern: str = ""
    secret: bool = False
    choices: Callable[[], Iterable[str]] | None = None


class Unreadable(ValueError):
    """A field that cannot be read; carries the sentence for the person who typed it."""


def text(*, longest: int = LONGEST_TEXT, shortest: int = 0, pattern: str = "", wrong: str = WRONG_FORM) -> FieldRule:
    """Text of a bounded length, perhaps of a form."""
    return FieldRule(longest=longest, shortest=shortest, pattern=pattern, wrong=wrong)


def secret(*, longest: int = 64) -> FieldRule:
    """A password: never trimmed, never shown again, never part of a command's recorded inputs."""
    return FieldRule(longest=longest, secret=True)


def pin() -> FieldRule:
    """Four digits, secret."""
    return FieldRule(read=_four_digits, wrong=N_("A PIN has four digits."), longest=8, secret=True)


def whole(*, least: int | None = None, most: int = LARGEST_NUMBER) -> FieldRule:
    """A whole number between two bounds."""
    return FieldRule(least=least, most=most)


def yuan(*, least: int | None = 0, most: int = 10**12) -> FieldRule:
    """An amount typed in yuan, kept in fen; the bounds are fen too."""
    return FieldRule(read=parse_yuan, wrong=NOT_AN_AMOUNT, least=least, most=most, shown=_shown_yuan)


def one_of(choices: Callable[[], Iterable[str]]) -> FieldRule:
    """One of a list that is known only when asked."""
    return FieldRule(choices=choices, wrong=CHOOSE)


@dataclass(frozen=True)
class Sent:
    """What a browser sent: names with all their values in order, files apart."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)

    def last(self, name: str) -> str:
        """The last value under that name, or nothing."""
        values = self.values.get(name)
        return values[-1] if values else ""


@dataclass
class Reading:
    """A form as far as it could be read: the value if there was no fault, faults by field, texts to show again."""

    value: Any = None
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


Loader = Callable[[type[Table], str], Awaitable[Table | None]]


async def no_rows(_table: type[Table], _text: str) -> Table | None:
    """A loader for forms without row fields."""
    return None


async def read_form(form: type[msgspec.Struct], sent: Sent, load: Loader = no_rows) -> Reading:
    """Fill `form` from what was sent. All faults are collected; secrets are not kept for showing again."""
    reading = Reading(typed=typed_again(form, sent))
    value = await _Reader(sent, load, reading.errors).struct(form, "")
    if not reading.errors:
        reading.value = value
        reading.errors.update(_faults_between_fields(value))
        if reading.errors:
            reading.value = None
    return reading


def _faults_between_fields(value: Any) -> dict[str, str]:
    check: Callable[[], Iterable[Refusal]] | None = getattr(value, "check", None)
    return {fault.field: _(fault.text, **fault.values) for fault in check() or ()} if check else {}


def typed_again(form: type[msgspec.Struct] | None, sent: Sent) -> dict[str, str]:
    """The texts to show again; what is secret, or named like it, stays out."""
    hidden = secret_names(form) if form else frozenset[str]()
    return {
        name: values[-1][: 4 * LONGEST_TEXT]
        for name, values in sent.values.items()
        if values and name not in MACHINE_FIELDS and not is_secret(name, hidden)
    }


def is_secret(name: str, hidden: frozenset[str]) -> bool:
    """Whether a field's text must not be shown again: marked so, or named like a password or PIN."""
    last = name.rsplit(".", 1)[-1]
    return last in hidden or "password" in last or last == "pin" or last.endswith("_pin")


@lru_cache(maxsize=512)
def secret_names(form: type[msgspec.Struct]) -> frozenset[str]:
    """The last names of every secret field of a form and of its rows."""
    names: set[str] = set()
    for part in fields_of(form):
        if part.rule.secret:
            names.add(part.name)
        if row := row_form(part.kind):
            names |= secret_names(row)
    return frozenset(names)


def recorded(value: Any) -> Any:
    """A form as plain values for the command's input hash: rows by key, files by name and size, secrets left out."""
    if isinstance(value, msgspec.Struct):
        return {
            part.name: recorded(getattr(value, part.name)) for part in fields_of(type(value)) if not part.rule.secret
        }
    if isinstance(value, Table):
        return str(key_of(value))
    if isinstance(value, UploadFile):
        return {"file": value.filename}
    if isinstance(value, (list, tuple)):
        return [recorded(part) for part in value]
    if isinstance(value, enum.Enum):
        return value.value
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)


@dataclass(frozen=True)
class Part:
    """One field of a form: its name, its bare type, its rule, whether it may be blank and what it then is."""

    name: str
    kind: Any
    rule: FieldRule
    scoped: bool
    required: bool
    default: Callable[[], Any]


@lru_cache(maxsize=512)
def fields_of(form: type[msgspec.Struct]) -> tuple[Part, ...]:
    """The fields of a form struct, looked at once."""
    hints = typing.get_type_hints(form, include_extras=True)
    return tuple(_part(info, hints[info.name]) for info in msgspec.structs.fields(form))


def _part(info: msgspec.structs.FieldInfo, hint: Any) -> Part:
    optional, hint = _without_none(hint)
    kind, rule, scoped = _without_annotation(hint)
    blank_is_none = optional and info.required
    return Part(
        name=info.name,
        kind=kind,
        rule=rule,
        scoped=scoped,
        required=info.required and not optional and not _may_be_missing(kind),
        default=(lambda: None) if blank_is_none else _default_of(info, kind),
    )


def _may_be_missing(kind: Any) -> bool:
    return kind is bool or typing.get_origin(kind) in (tuple, list)


def _default_of(info: msgspec.structs.FieldInfo, kind: Any) -> Callable[[], Any]:
    if info.default is not msgspec.NODEFAULT:
        return lambda: info.default
    if info.default_factory is not msgspec.NODEFAULT:
        return typing.cast(Callable[[], Any], info.default_factory)
    if kind is bool:
        return lambda: False
    return tuple


def _without_none(hint: Any) -> tuple[bool, Any]:
    if typing.get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        if len(rest) == 1:
            return True, rest[0]
    return False, hint


def _without_annotation(hint: Any) -> tuple[Any, FieldRule, bool]:
    if typing.get_origin(hint) is not Annotated:
        return hint, FieldRule(), False
    kind, *marks = typing.get_args(hint)
    rule = next((mark for mark in marks if isinstance(mark, FieldRule)), FieldRule())
    return kind, rule, any(isinstance(mark, ScopedMark) for mark in marks)


def row_form(kind: Any) -> type[msgspec.Struct] | None:
    """The struct of a list field's rows, if its rows are structs."""
    if typing.get_origin(kind) in (tuple, list):
        row = typing.get_args(kind)[0]
        if isinstance(row, type) and issubclass(row, msgspec.Struct):
            return row
    return None


class _Reader:
    def __init__(self, sent: Sent, load: Loader, errors: dict[str, str]) -> None:
        self.sent = sent
        self.load = load
        self.errors = errors

    async def struct(self, form: type[msgspec.Struct], prefix: str) -> Any:
        values: dict[str, Any] = {}
        before = len(self.errors)
        for part in fields_of(form):
            name = prefix + part.name
            try:
                values[part.name] = await self.field(part, name)
            except Unreadable as fault:
                self.errors[name] = str(fault)
        return form(**values) if len(self.errors) == before else None

    async def field(self, part: Part, name: str) -> Any:
        if row := row_form(part.kind):
            return await self.rows(row, name)
        if typing.get_origin(part.kind) in (tuple, list):
            return await self.repeated(part, name)
        if part.kind is UploadFile:
            return self.file(part, name)
        return await self.single(part, name, self.sent.last(name))

    async def single(self, part: Part, name: str, raw: str) -> Any:
        typed = raw if part.rule.secret else clean(raw)
        if typed == "":
            if part.required:
                raise Unreadable(_(CHOOSE if part.scoped else FILL_IN))
            return part.default()
        if part.scoped:
            row = await self.load(part.kind, typed)
            if row is None:
                raise Unreadable(_(CHOOSE))
            return row
        return read_value(part.kind, part.rule, typed)

    def file(self, part: Part, name: str) -> Any:
        file = self.sent.files.get(name)
        if file is not None and file.filename:
            return file
        if part.required:
            raise Unreadable(_(NO_FILE))
        return part.default()

    async def rows(self, row: type[msgspec.Struct], name: str) -> tuple[Any, ...]:
        places = self.row_numbers(name)
        if len(places) > MOST_ROWS:
            raise Unreadable(_(TOO_MANY_ROWS, most=MOST_ROWS))
        return tuple([await self.struct(row, f"{name}.{place}.") for place in places])

    def row_numbers(self, name: str) -> list[int]:
        """The numbers of the rows in which anything was typed, in order."""
        pattern = re.compile(re.escape(name) + r"\.([0-9]{1,4})\.")
        found = {
            int(hit[1])
            for sent_name, values in self.sent.values.items()
            if (hit := pattern.match(sent_name)) and any(clean(value) for value in values)
        }
        return sorted(found)

    async def repeated(self, part: Part, name: str) -> Any:
        kind, rule, scoped = _without_annotation(typing.get_args(part.kind)[0])
        if rule == FieldRule():
            rule = part.rule
        one = replace(part, kind=kind, rule=rule, scoped=scoped, required=False)
        raws = [raw for raw in self.repeated_values(name) if clean(raw)]
        if not raws:
            return part.default()
        if len(raws) > MOST_ROWS:
            raise Unreadable(_(TOO_MANY_ROWS, most=MOST_ROWS))
        return tuple([await self.single(one, name, raw) for raw in raws])

    def repeated_values(self, name: str) -> list[str]:
        pattern = re.compile(re.escape(name) + r"\.([0-9]{1,4})")
        numbered = sorted(
            (int(hit[1]), value)
            for sent_name, values in self.sent.values.items()
            if (hit := pattern.fullmatch(sent_name))
            for value in values
        )
        return [*self.sent.values.get(name, ()), *(value for _number, value in numbered)]


def clean(raw: str) -> str:
    """NFC, no spaces around, line ends as LF."""
    return unicodedata.normalize("NFC", raw).strip().replace("\r\n", "\n")


def plain(typed: str) -> str:
    """Full-width figures and signs as their plain twins: what a Chinese keyboard may send for a number."""
    return unicodedata.normalize("NFKC", typed).replace("。", ".").strip()


def read_value(kind: Any, rule: FieldRule, typed: str) -> Any:
    """One value from one text. Refuses (`Unreadable`) with the sentence to stand beside the field."""
    if "\0" in typed or any(0xD800 <= ord(sign) <= 0xDFFF for sign in typed):
        raise Unreadable(_(NOT_TEXT))
    value = _converted(kind, rule, typed)
    if isinstance(value, int) and not isinstance(value, bool):
        _require_bounds(value, rule)
    if isinstance(value, str):
        _require_form(value, rule)
    return value


def _converted(kind: Any, rule: FieldRule, typed: str) -> Any:
    if rule.read is not None:
        try:
            return rule.read(plain(typed))
        except Refusal as refusal:
            raise Unreadable(_(refusal.text, **refusal.values)) from None
        except ValueError:
            raise Unreadable(_(rule.wrong)) from None
    if typing.get_origin(kind) is Literal:
        if typed not in typing.get_args(kind):
            raise Unreadable(_(CHOOSE))
        return typed
    reader, sentence = READERS.get(kind, (None, ""))
    if reader is None:
        return _as_enum(kind, typed)
    try:
        return reader(typed)
    except ValueError:
        raise Unreadable(_(sentence)) from None


def _as_enum(kind: Any, typed: str) -> Any:
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise TypeError(f"no way to read a {kind}")
    try:
        return kind(typed)
    except ValueError:
        raise Unreadable(_(CHOOSE)) from None


def _whole(typed: str) -> int:
    digits = plain(typed).replace(",", "").removesuffix(".")
    if not re.fullmatch(r"[+-]?[0-9]{1,12}", digits):
        raise ValueError(digits)
    return int(digits)


def _day(typed: str) -> date:
    digits = plain(typed).replace("/", "-").replace(".", "-")
    found = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", digits)
    if not found:
        raise ValueError(digits)
    return date(int(found[1]), int(found[2]), int(found[3]))


def _ticked(typed: str) -> bool:
    if typed.lower() in ("on", "true", "1", "yes"):
        return True
    if typed.lower() in ("off", "false", "0", "no"):
        return False
    raise ValueError(typed)


READERS: Mapping[Any, tuple[Callable[[str], Any], str]] = {
    str: (str, WRONG_FORM),
    int: (_whole, NOT_A_NUMBER),
    bool: (_ticked, CHOOSE),
    date: (_day, NOT_A_DAY),
    UUID: (UUID, NOT_A_CODE),
}


def _require_bounds(value: int, rule: FieldRule) -> None:
    most = rule.most if rule.most is not None else LARGEST_NUMBER
    if rule.least is not None and value < rule.least:
        raise Unreadable(_(TOO_SMALL, least=rule.shown(rule.least)))
    if value > most:
        raise Unreadable(_(TOO_LARGE, most=rule.shown(most)))
    if value < -most:
        raise Unreadable(_(TOO_SMALL, least=rule.shown(-most)))


def _require_form(value: str, rule: FieldRule) -> None:
    if len(value) > rule.longest:
        raise Unreadable(ngettext("At most {count} sign.", "At most {count} signs.", rule.longest))
    if len(value) < rule.shortest:
        raise Unreadable(ngettext("At least {count} sign.", "At least {count} signs.", rule.shortest))
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        raise Unreadable(_(rule.wrong))
    if rule.choices is not None and value not in rule.choices():
        raise Unreadable(_(CHOOSE))


def _four_digits(typed: str) -> str:
    if not re.fullmatch(r"[0-9]{4}", typed):
        raise ValueError("not four digits")
    return typed


def _shown_yuan(fen: int) -> str:
    return written_yuan(fen)


Yuan = Annotated[int, yuan()]
Secret = Annotated[str, secret()]
Pin = Annotated[str, pin()]
