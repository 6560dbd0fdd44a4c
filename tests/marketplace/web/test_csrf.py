"""Forged posts: by origin before the body, by the token after."""

from __future__ import annotations

import time

import pytest

from marketplace.web import csrf
from marketplace.web.csrf import Forged

OURS = b"session:" + b"\x01" * 32
THEIRS = b"session:" + b"\x02" * 32


def test_token_is_good_for_its_session_only() -> None:
    token = csrf.token(OURS)
    csrf.require_token(token, OURS)
    with pytest.raises(Forged):
        csrf.require_token(token, THEIRS)


def test_two_tokens_of_one_session_differ() -> None:
    assert csrf.token(OURS) != csrf.token(OURS)


def test_token_before_sign_in_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    token = csrf.pre_session_token("random")
    csrf.require_token(token, csrf.pre_session_binding("random"))
    with pytest.raises(Forged):
        csrf.require_token(token, csrf.pre_session_binding("other"))
    later = time.time() + csrf.PRE_SESSION_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Forged):
        csrf.require_token(token, csrf.pre_session_binding("random"))


@pytest.mark.parametrize("sent", ["", "x", "令牌", "ü" * 60, "\ud800", "A" * 5000, "====", "%00"])
def test_anything_else_is_forged_never_a_crash(sent: str) -> None:
    with pytest.raises(Forged):
        csrf.require_token(sent, OURS)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8000.elsewhere.example"},
        {"sec-fetch-site": "same-origin", "origin": "http://elsewhere.example"},
    ],
)
def test_posts_from_elsewhere_are_forged(headers: dict[str, str]) -> None:
    with pytest.raises(Forged):
        csrf.require_own_origin({"host": "localhost:8000"} | headers)


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "http://localhost:8000"}],
)
def test_posts_from_our_own_pages_pass(headers: dict[str, str]) -> None:
    csrf.require_own_origin({"host": "localhost:8000"} | headers)
