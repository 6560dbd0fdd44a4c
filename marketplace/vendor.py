"""Front-end parts of others: copied from npm's folder into static/vendor/ at set-up, never committed.

Pages work without them. Standard library only.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent
INSTALLED = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"


class PartMissing(FileNotFoundError):
    """npm has not installed a part; the text says what to run."""


@dataclass(frozen=True)
class Part:
    """One npm package: the files that pages need from it, and its licence."""

    name: str
    files: tuple[str, ...]
    licence: str = "LICENSE"


PARTS = (Part("htmx.org", ("dist/htmx.min.js", "dist/ext/hx-csp.min.js")),)


def build(installed: Path = INSTALLED, vendor: Path = VENDOR) -> list[Path]:
    """Copy every part to `vendor`/<name>-<version>/ with its licence and SHA256SUMS; answers the folders.

    Refuses (`PartMissing`) before anything is changed where npm has not been run.
    """
    fresh = vendor.with_name(vendor.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    names = [_copy(part, installed, fresh).name for part in PARTS]
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return [vendor / name for name in names]


@cache
def address(name: str, file: str) -> str:
    """Where a part's file lies below static/, such as vendor/htmx.org-4.0.1/htmx.min.js; "" when not built."""
    for folder in sorted(VENDOR.glob(f"{name}-*")):
        if (folder / file).exists():
            return f"vendor/{folder.name}/{file}"
    return ""


def _copy(part: Part, installed: Path, target: Path) -> Path:
    source = installed / part.name
    manifest = source / "package.json"
    if not manifest.exists():
        raise PartMissing(f"{part.name} is not installed: run npm ci first (make does).")
    folder = target / f"{part.name}-{json.loads(manifest.read_text())['version']}"
    folder.mkdir(parents=True)
    for file in (*part.files, part.licence):
        shutil.copyfile(source / file, folder / Path(file).name)
    (folder / "SHA256SUMS").write_text("".join(_sum_line(path) for path in sorted(folder.iterdir())))
    return folder


def _sum_line(path: Path) -> str:
    return f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
