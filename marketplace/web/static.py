"""Static files: hashed names that never go stale, packed in memory once, 304 for what the browser has already."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import brotli  # type: ignore[import-untyped]
from litestar import Request, Response
from litestar.exceptions import NotFoundException

FOLDER: Final = Path(__file__).resolve().parents[2] / "static"
HASH_SIGNS: Final = 10
IMMUTABLE: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "public, no-cache"
SMALLEST_PACKED: Final = 400
PACKED_TYPES: Final = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/manifest")
TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class File:
    """One file in memory, with its packed twins made at the first wish."""

    body: bytes
    media_type: str
    digest: str
    changed: float
    packed: dict[str, bytes] = field(default_factory=dict, compare=False, hash=False)

    async def encoded(self, accepted: str) -> tuple[bytes, str]:
        """The body as the browser takes it, and the name of the packing ("" for none)."""
        for name, pack in PACKERS.items():
            if name in accepted and self.is_worth_packing():
                if name not in self.packed:
                    self.packed[name] = await asyncio.to_thread(pack, self.body)
                return self.packed[name], name
        return self.body, ""

    def is_worth_packing(self) -> bool:
        """Whether packing would make it smaller: texts that are not tiny."""
        return len(self.body) >= SMALLEST_PACKED and self.media_type.startswith(PACKED_TYPES)


def _brotli(body: bytes) -> bytes:
    packed: bytes = brotli.compress(body, quality=11 if len(body) < 200_000 else 6)
    return packed


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=9, mtime=0)


PACKERS: Final = {"br": _brotli, "gzip": _gzip}


class Shelf:
    """The files of one folder, read when first asked for; a changed file is noticed by its time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.files: dict[str, File] = {}

    def file(self, name: str) -> File:
        """That file. Refuses (`FileNotFoundError`) what is not inside the folder."""
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder) or any(part.startswith(".") for part in Path(name).parts):
            raise FileNotFoundError(name)
        changed = path.stat().st_mtime
        known = self.files.get(name)
        if known is None or known.changed != changed:
            if not path.is_file():
                raise FileNotFoundError(name)
            known = self.files[name] = read(path, changed)
        return known

    def address(self, name: str) -> str:
        """/static/css/base.<hash>.css; the plain address where the file is missing (vendor parts not built yet)."""
        try:
            digest = self.file(name).digest
        except FileNotFoundError:
            return f"/static/{name}"
        stem, dot, ending = name.rpartition(".")
        return f"/static/{stem}.{digest}{dot}{ending}"

    def named(self, address: str) -> tuple[File, bool]:
        """The file of an address below /static/, and whether the address carries the file's present hash."""
        stem, dot, ending = address.rpartition(".")
        bare, _dot, digest = stem.rpartition(".")
        if bare and len(digest) == HASH_SIGNS and digest.isalnum():
            try:
                file = self.file(f"{bare}{dot}{ending}")
            except FileNotFoundError:
                return self.file(address), False
            return file, file.digest == digest
        return self.file(address), False


def read(path: Path, changed: float) -> File:
    """A file with its type and the first signs of its sha256."""
    body = path.read_bytes()
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File(body, guessed, sha256(body).hexdigest()[:HASH_SIGNS], changed)


@lru_cache(maxsize=4)
def shelf(folder: Path = FOLDER) -> Shelf:
    """The site's files; a test gives a folder of its own."""
    return Shelf(folder)


def static_path(name: str) -> str:
    """The address of a static file: `static("css/base.css")` in templates."""
    return shelf().address(name.removeprefix("/"))


async def answer(request: Request[Any, Any, Any], address: str) -> Response[bytes]:
    """The file under /static/, or 304 when the browser has it. Refuses missing ones (404)."""
    try:
        file, is_current = shelf().named(address.removeprefix("/"))
    except (OSError, ValueError):
        raise NotFoundException from None
    tag = f'"{file.digest}"'
    headers = {"ETag": tag, "Cache-Control": IMMUTABLE if is_current else ASK_AGAIN, "Vary": "Accept-Encoding"}
    if has_already(request.headers.get("if-none-match", ""), file.digest):
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    body, packing = await file.encoded(request.headers.get("accept-encoding", ""))
    if packing:
        headers["Content-Encoding"] = packing
    return Response(body, headers=headers, media_type=file.media_type)


def has_already(if_none_match: str, digest: str) -> bool:
    """Whether one of the browser's tags, weak or strong, is this file's."""
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}
    return digest in tags or "*" in tags
