"""Names for rows and boxes: keys that sort by age, and trace codes that people can read out and type."""

from __future__ import annotations

import secrets
import threading
import time
import unicodedata
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 10
CARD_LENGTH = 26  # signs of base 32 for 128 bits
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
SEPARATORS = str.maketrans(dict.fromkeys(" \t-\u2010\u2011\u2012\u2013\u2014\u2212\u00b7.", ""))
FIELD_POLYNOMIAL = 0b100101

_last_tick = 0
_ticking = threading.Lock()


def uuid7() -> UUID:
    """A UUIDv7 of RFC 9562, rising within a process: milliseconds, 12 bits below them, 62 random bits."""
    tick = _next_tick()
    milliseconds, fraction = tick >> 12, tick & 0xFFF
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62))


def _next_tick() -> int:
    """The time in 1/4096 milliseconds, one more than the last where the clock stood still or went back."""
    global _last_tick
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    with _ticking:
        _last_tick = max(milliseconds << 12 | (nanoseconds << 12) // 1_000_000, _last_tick + 1)
        return _last_tick


def trace_code() -> str:
    """Ten signs of Crockford's base 32: 45 random bits and a check sign.

    Whether it is taken already, the database says.
    """
    body = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return body + check_sign(body)


def check_sign(body: str) -> str:
    """The sign that makes a code whole; it shows one wrong sign and any two that changed places.

    The signs are digits of the field of 32 elements, weighted with powers of its generator.
    """
    checked = 0
    for sign in body:
        checked = _doubled(checked ^ ALPHABET.index(sign))
    return ALPHABET[checked]


def _doubled(element: int) -> int:
    return element << 1 ^ (FIELD_POLYNOMIAL if element & 0b10000 else 0)


def check_code(text: str) -> str | None:
    """A typed or scanned trace code in its stored form, or None where it cannot be one.

    Small letters, full-width signs, spaces and dashes are taken; O is read as 0, I and L as 1.
    """
    narrow = unicodedata.normalize("NFKC", text[: CODE_LENGTH * 4])
    plain = narrow.translate(SEPARATORS).upper().translate(MISREAD)
    if len(plain) != CODE_LENGTH or any(sign not in ALPHABET for sign in plain):
        return None
    return plain if check_sign(plain[:-1]) == plain[-1] else None


def grouped(code: str) -> str:
    """A trace code as labels print it: 7Q3KX9M2F4 → "7Q3K-X9M2-F4"."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def card_code() -> str:
    """26 signs of Crockford's base 32: the 128 random bits on a household's card."""
    bits = secrets.randbits(128)
    return "".join(ALPHABET[bits >> 5 * at & 31] for at in reversed(range(CARD_LENGTH)))


def check_card_code(text: str) -> str | None:
    """A scanned or typed card code in its stored form, or None where it cannot be one; read as trace codes are."""
    narrow = unicodedata.normalize("NFKC", text[: CARD_LENGTH * 4])
    plain = narrow.translate(SEPARATORS).upper().translate(MISREAD)
    return plain if len(plain) == CARD_LENGTH and all(sign in ALPHABET for sign in plain) else None
