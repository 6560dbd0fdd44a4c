"""The canonical row and the link: fixed for good, because printed heads depend on them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from marketplace.journal import rules

TRANSFER = {
    "id": 7,
    "unit": "fen",
    "debit": UUID(int=1),
    "credit": UUID(int=2),
    "amount": 10_000,
    "kind": "payout",
    "reference": None,
    "village": UUID(int=3),
    "reverses": None,
    "at": datetime.fromisoformat("2018-11-21T09:06:00+08:00"),
    "command": None,
    "balance": "not sealed",
}


def test_row_is_plain_with_its_moment_in_utc() -> None:
    assert rules.plain("transfer", TRANSFER) == {
        "id": 7, "unit": "fen", "debit": str(UUID(int=1)), "credit": str(UUID(int=2)), "amount": 10_000, "kind": "payout",
        "reference": None, "village": str(UUID(int=3)), "reverses": None, "at": "2018-11-21T01:06:00.000000+00:00",
        "command": None,
    }  # fmt: skip


def test_row_hash_never_changes() -> None:
    assert rules.row_hash("transfer", rules.plain("transfer", TRANSFER)).hex() == (
        "aaafcaee7c10c160f0f8ca62c5920416ea3b910ebb8a535e2d0aaf045b9bbb0d"
    )


def test_detail_counts_by_its_content_not_by_its_spaces() -> None:
    line = dict.fromkeys(rules.SEALED["audit"])
    one = rules.plain("audit", {**line, "detail": '{"a": 1, "b": "黄豆"}'})
    other = rules.plain("audit", {**line, "detail": {"b": "黄豆", "a": 1}})
    assert rules.row_hash("audit", one) == rules.row_hash("audit", other)


def test_link_is_the_hash_of_the_link_before_and_the_row() -> None:
    assert rules.link(rules.FIRST, b"r" * 32) == hashlib.sha256(bytes(32) + b"r" * 32).digest()
