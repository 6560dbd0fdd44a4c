"""Filters of the templates: money, weights, days, names, as interface.md writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from marketplace.money import capitals, yuan
from marketplace.web.words import current_locale, day_text, moment_text, named, village_day


def money(fen: int) -> Markup:
    """¥1,234<i>.50</i>: figures with small decimals, to stand inside class="money"."""
    whole, decimals = yuan(abs(fen)).split(".")
    sign = "−" if fen < 0 else ""
    return Markup("{}¥{}<i>.{}</i>").format(sign, whole, decimals)


def decimal(value: int, scale: int) -> str:
    """`value / 10**scale` without ending zeros: decimal(4250, 3) = 4.25."""
    whole, rest = divmod(abs(value), 10**scale)
    text = f"{whole}.{rest:0{scale}d}".rstrip("0").rstrip(".") if scale else str(whole)
    return f"−{text}" if value < 0 else text


def kg(grams: int) -> str:
    """4 kg(8斤) for Chinese readers, 4 kg for others."""
    weight = f"{decimal(grams, 3)} kg"
    return f"{weight}({decimal(grams * 2, 3)}斤)" if current_locale() == "zh_CN" else weight


def short_day(value: date | datetime) -> str:
    """11-21."""
    return f"{village_day(value):%m-%d}"


def iso_day(value: date | datetime) -> str:
    """2018-11-21, for <input type=date> and datetime attributes."""
    return village_day(value).isoformat()


def clock_time(value: datetime) -> str:
    """09:00 on the village's clock."""
    from marketplace.clock import CHINA

    return f"{value.astimezone(CHINA):%H:%M}"


def masked_name(name: str) -> str:
    """王** for public pages: the family name stays, two stars for the rest."""
    return f"{name[:1]}**" if name else ""


def lines(text: str) -> Markup:
    """Text with its line breaks kept, everything escaped."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


FILTERS: dict[str, Callable[..., Any]] = {
    "yuan": yuan,
    "money": money,
    "capitals": capitals,
    "kg": kg,
    "day": day_text,
    "short_day": short_day,
    "iso_day": iso_day,
    "moment": moment_text,
    "clock_time": clock_time,
    "named": named,
    "masked_name": masked_name,
    "lines": lines,
}
