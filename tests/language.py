"""The language in which a test is spoken to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from marketplace.web.words import Locale, current_locale, speak


@contextmanager
def speaking(locale: Locale) -> Iterator[None]:
    """Words come in that language inside the block."""
    before = current_locale()
    speak(locale)
    try:
        yield
    finally:
        speak(before)
