"""Forged posts are refused twice: by where they come from, before the body is read, and by the form's token.

The token of a signed-in person is bound to the session; before sign-in it is bound to a random cookie and expires.
Each carries a fresh salt, so that two pages never show the same bytes.
"""

from __future__ import annotations

import binascii
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

from marketplace.keys import is_signed, sign
from marketplace.settings import settings

FIELD: Final = "_csrf_token"
PRE_SESSION: Final = "p"
PRE_SESSION_SECONDS: Final = 4 * 3600
SALT_BYTES: Final = 8
PURPOSE: Final = "csrf"


class Forged(Exception):
    """The post did not come from a page of ours made for this browser."""


def require_own_origin(headers: Mapping[str, str]) -> None:
    """Refuses (`Forged`) a post that a browser says came from elsewhere. Looks at headers only."""
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        raise Forged
    origin = headers.get("origin")
    if origin is not None and origin not in own_origins(headers.get("host", "")):
        raise Forged


def own_origins(host: str) -> frozenset[str]:
    """The origins our own pages have: PUBLIC_URL, and in the demo whatever allowed host was asked."""
    known = {settings().public_url}
    if settings().demo and host:
        known.add(f"http://{host}")
    return frozenset(known)


def token(binding: bytes, expires: int = 0) -> str:
    """A form's token bound to a session's hash, or to the pre-session cookie with an expiry in Unix seconds."""
    head = expires.to_bytes(5, "big") + secrets.token_bytes(SALT_BYTES)
    return urlsafe_b64encode(head + sign(PURPOSE, head + binding)).decode().rstrip("=")


def pre_session_token(value: str) -> str:
    """A token for somebody who is not signed in, good for four hours in this browser only."""
    return token(b"pre:" + value.encode(), int(time.time()) + PRE_SESSION_SECONDS)


def require_token(sent: str, binding: bytes) -> None:
    """Refuses (`Forged`) a token that we did not make for this binding, or that has expired."""
    try:
        raw = urlsafe_b64decode(sent.encode("utf-8", "surrogatepass") + b"=" * (-len(sent) % 4))
    except (binascii.Error, ValueError):
        raise Forged from None
    head, signature = raw[: 5 + SALT_BYTES], raw[5 + SALT_BYTES :]
    if not is_signed(PURPOSE, head + binding, signature):
        raise Forged
    expires = int.from_bytes(head[:5], "big")
    if expires and expires < time.time():
        raise Forged


def session_binding(token_hash: bytes) -> bytes:
    """What a signed-in person's forms are bound to."""
    return b"session:" + token_hash


def pre_session_binding(value: str) -> bytes:
    """What a visitor's forms are bound to."""
    return b"pre:" + value.encode()
