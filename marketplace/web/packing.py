"""Pages packed on the way out, where packing can tell nothing.

The length of a packed answer says whether what somebody smuggled into it stands elsewhere in it, too (BREACH). A page
for nobody in particular holds no secret but the form's token, which is made of fresh bytes each time; a signed-in
person's pages are never packed.
"""

from __future__ import annotations

import gzip
from typing import Final

import brotli  # type: ignore[import-untyped]

from marketplace.web.visit import Visit

SMALLEST: Final = 1000
BROTLI_QUALITY: Final = 4
GZIP_LEVEL: Final = 6


def packed(page: str, visit: Visit) -> tuple[bytes, dict[str, str]]:
    """The page as this browser takes it, with the headers that say so. Never packed for a signed-in person."""
    body = page.encode()
    if visit.signed is not None:
        return body, {}
    accepted = visit.request.headers.get("accept-encoding", "")
    if len(body) < SMALLEST:
        return body, {}
    if "br" in accepted:
        return brotli.compress(body, quality=BROTLI_QUALITY), {"Content-Encoding": "br"}
    if "gzip" in accepted:
        return gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0), {"Content-Encoding": "gzip"}
    return body, {}
