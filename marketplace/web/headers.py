"""Security headers on every answer, and the content policy with a fresh nonce per request."""

from __future__ import annotations

import secrets
from urllib.parse import quote

from marketplace.web.session import is_secure

HSTS = "max-age=31536000; includeSubDomains"


def new_nonce() -> str:
    """128 random bits for the script and style blocks of one answer."""
    return secrets.token_urlsafe(16)


def content_policy(nonce: str) -> str:
    """Nothing from elsewhere, no inline script or style without the nonce of this very answer."""
    return (
        "default-src 'none'; "
        f"script-src 'nonce-{nonce}' 'strict-dynamic'; "
        f"style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def security_headers(nonce: str) -> list[tuple[bytes, bytes]]:
    """The headers every answer carries, error pages and files included."""
    pairs = [
        ("content-security-policy", content_policy(nonce)),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(self), geolocation=(), microphone=(), payment=()"),
    ]
    if is_secure():
        pairs.append(("strict-transport-security", HSTS))
    return [(name.encode(), value.encode()) for name, value in pairs]


def attachment(file_name: str, *, inline: bool = False) -> str:
    """Content-Disposition with a name in any script (RFC 5987), without line ends or quotes."""
    plain = "".join(sign for sign in file_name if sign.isprintable() and sign not in '/\\"')
    ascii_name = plain.encode("ascii", "ignore").decode().strip() or "file"
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(plain, safe='')}"
