"""The session's cookie and token. The database keeps only sha256(token); ids come only from us.

The rows belong to `accounts`: reading one never writes one, and a revoked one stays revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar.datastructures import Cookie

from marketplace.keys import TOKEN
from marketplace.settings import settings


def is_secure() -> bool:
    """Whether people reach us over TLS: decides `__Host-`, Secure and HSTS."""
    return settings().public_url.startswith("https://")


def cookie_name(short: str) -> str:
    """`__Host-s` behind https, `s` on a machine of one's own."""
    return f"__Host-{short}" if is_secure() else short


def token_of(cookies: Mapping[str, str]) -> str | None:
    """The session token a browser sent, if it has the form of one of ours."""
    token = cookies.get(cookie_name("s"), "")
    return token if TOKEN.fullmatch(token) else None


def cookie(short: str, value: str, max_age: int | None = None, *, strict: bool = False) -> Cookie:
    """A cookie only this site reads: HttpOnly, SameSite, no Domain, Secure behind https."""
    attributes: dict[str, Any] = {"max_age": max_age} if max_age is not None else {}
    return Cookie(
        key=cookie_name(short),
        value=value,
        path="/",
        httponly=True,
        secure=is_secure(),
        samesite="strict" if strict else "lax",
        **attributes,
    )


def gone(short: str) -> Cookie:
    """The order to forget a cookie."""
    return cookie(short, "", max_age=0)
