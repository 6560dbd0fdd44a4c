"""Money is whole fen: how it is written, read and put into capitals for vouchers."""

from __future__ import annotations

import re

MOST_YUAN_DIGITS = 12
WIDE_SIGNS = str.maketrans("０１２３４５６７８９．，－￥。\u2212", "0123456789.,-¥.-")
TYPED_YUAN = re.compile(r"(-?)([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]{1,2}))?")

DIGITS = "零壹贰叁肆伍陆柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿", "万亿")
CAPITALS_LIMIT = 10**18


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals and thousands: 123450 → "1,234.50", -200 → "-2.00"."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02d}"


def parse_yuan(text: str) -> int:
    """Yuan as people type them, in fen: "12.5" → 1250, "¥1,234.50" → 123450, "１２．５元" → 1250.

    ValueError for anything else: no figure, more than two decimals, more than twelve digits of yuan.
    """
    plain = text.translate(WIDE_SIGNS).strip().removeprefix("¥").removesuffix("元").strip()
    typed = TYPED_YUAN.fullmatch(plain)
    if typed is None:
        raise ValueError(f"not an amount in yuan: {text!r}")
    sign, whole, decimals = typed[1], typed[2].replace(",", ""), (typed[3] or "").ljust(2, "0")
    if len(whole) > MOST_YUAN_DIGITS:
        raise ValueError(f"too large an amount: {text!r}")
    fen = int(whole) * 100 + int(decimals)
    return -fen if sign else fen


def capitals(fen: int) -> str:
    """Fen in Chinese capitals, as vouchers write them: 10000 → 壹佰元整, 600714 → 陆仟零柒元壹角肆分.

    整 follows where no fen are named; a run of zeros is one 零; -200 → 负贰元整.
    ValueError from 10**18 fen on.
    """
    if abs(fen) >= CAPITALS_LIMIT:
        raise ValueError(f"too large an amount for capitals: {fen}")
    whole, rest = divmod(abs(fen), 100)
    yuan_words = f"{_whole_capitals(whole)}元" if whole else ""
    words = yuan_words + _rest_capitals(rest, bool(whole)) or "零元"
    return ("负" if fen < 0 else "") + words + ("" if rest % 10 else "整")


def _rest_capitals(rest: int, after_yuan: bool) -> str:
    jiao, fen = divmod(rest, 10)
    words = f"{DIGITS[jiao]}角" if jiao else "零" if after_yuan and fen else ""
    return words + (f"{DIGITS[fen]}分" if fen else "")


def _whole_capitals(whole: int) -> str:
    words, gap = "", False
    for place in reversed(range(len(GROUPS))):
        group = whole // 10_000**place % 10_000
        if not group:
            gap = bool(words)
            continue
        zero = "零" if words and (gap or group < 1000) else ""
        words += zero + _group_capitals(group) + _group_name(place, whole)
        gap = False
    return words


def _group_name(place: int, whole: int) -> str:
    """万亿 is said as 万 when 亿 follows by itself."""
    return "万" if place == 3 and whole // 10_000**2 % 10_000 else GROUPS[place]


def _group_capitals(group: int) -> str:
    words, gap = "", False
    for place in reversed(range(4)):
        digit = group // 10**place % 10
        if digit:
            words += ("零" if gap and words else "") + DIGITS[digit] + PLACES[place]
        gap = not digit
    return words
