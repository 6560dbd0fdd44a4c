"""Structured logs with an allow-list of keys, and a second net that masks what looks like a person's number.

Error texts of the database carry values ("Key (phone)=(138…) already exists"): they are never logged, only the
kind of the error, its SQLSTATE, its constraint, and where in our code it arose.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    (
        "event", "level", "timestamp", "method", "route", "status", "ms", "user", "role", "number",
        "error", "sqlstate", "constraint", "trace", "job", "attempt", "count", "seconds", "step",
    )
)  # fmt: skip
MASK = "***"
ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
ACCOUNT = re.compile(r"(?<![0-9])[0-9]{16,19}(?![0-9])")
MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_SIGNS = "10X98765432"


def is_id_number(digits: str) -> bool:
    """Whether 18 signs carry the check sign of a resident's ID number (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], ID_WEIGHTS, strict=True))
    return ID_SIGNS[total % 11] == digits[17].upper()


def is_luhn(digits: str) -> bool:
    """Whether a number carries the check digit of bank cards."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def masked(text: str) -> str:
    """The text without ID numbers, mobile numbers, card numbers and e-mail addresses."""
    text = ID_NUMBER.sub(lambda hit: MASK if is_id_number(hit[0]) else hit[0], text)
    text = ACCOUNT.sub(lambda hit: MASK if is_luhn(hit[0]) else hit[0], text)
    return MAIL.sub(MASK, MOBILE.sub(MASK, text))


def only_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not on the list."""
    return {key: value for key, value in event.items() if key in ALLOWED}


def mask_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The second net, over every text that is left."""
    return {key: _masked_value(value) for key, value in event.items()}


def _masked_value(value: Any) -> Any:
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [masked(str(part)) for part in value]
    return masked(str(value))


class MaskingFormatter(logging.Formatter):
    """For lines of libraries: the message masked, tracebacks without the error's own text."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return f"{record.levelname.lower()} {record.name} {masked(record.getMessage())}{self._raised(record)}"

    def _raised(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[1] is None:
            return ""
        error = record.exc_info[1]
        return f" {type(error).__name__} at {'; '.join(where(error))}"


def where(error: BaseException) -> list[str]:
    """The frames of an error as file:line function, innermost last; no values, no message."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{short_name(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def short_name(file_name: str) -> str:
    """The last two parts of a path."""
    return "/".join(file_name.rsplit("/", 2)[-2:])


def told(error: BaseException) -> dict[str, Any]:
    """What may be logged of an error."""
    known: dict[str, Any] = {"error": type(error).__name__, "trace": where(error)}
    if sqlstate := getattr(error, "sqlstate", None):
        known["sqlstate"] = sqlstate
    if constraint := getattr(error, "constraint_name", None):
        known["constraint"] = constraint
    return known


def on_stderr(*_names: str) -> structlog.PrintLogger:
    """A writer to what is the standard error now, not to what it was at the start."""
    return structlog.PrintLogger(sys.stderr)


class OnStderr(logging.Handler):
    """The same for libraries' lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        sys.stderr.write(self.format(record) + "\n")


def configure(level: int = logging.INFO) -> None:
    """JSON lines on stderr for us; libraries' warnings through the masking formatter."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            only_allowed,
            mask_values,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=on_stderr,
        cache_logger_on_first_use=False,
    )
    handler = OnStderr()
    handler.setFormatter(MaskingFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


log = structlog.get_logger()
