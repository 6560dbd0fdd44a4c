"""Whom a PostgreSQL server may run as. It refuses root; nothing here changes the mode of anybody's folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class NoAccount(RuntimeError):
    """Root has no account to run a server as; the text is one sentence that says what to do."""


class Switch(TypedDict, total=False):
    """Arguments of `subprocess` that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Whom the server runs as: ourselves (all empty), another user, or nobody in a namespace (`prefix`)."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def switch(self) -> Switch:
        """Arguments for `subprocess` that change to this account; `prefix` goes before the command."""
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make this account own one file or folder."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def give_all(self, folder: Path) -> None:
        """Make this account own a folder and everything in it, where it does not yet."""
        if self.uid is not None and folder.stat().st_uid != self.uid:
            for path in folder.rglob("*"):
                self.give(path)
            self.give(folder)

    def reaches(self, path: Path) -> bool:
        """Whether this account may walk down to `path`."""
        return self.uid is None or all(self._may_enter(folder) for folder in path.resolve().parents)

    def _may_enter(self, folder: Path) -> bool:
        if not folder.exists():
            return True
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


def account_for(data_dir: Path) -> Account:
    """The account for the server on `data_dir`. Refuses (`NoAccount`) root without any other account.

    Not root: ourselves. Root: whoever owns the data; else root's own files shown as nobody's in a user
    namespace, so that closed folders stay closed; else, where that is forbidden, postgres or nobody.
    """
    if os.geteuid() != 0:
        return Account()
    owner = data_dir.stat().st_uid if data_dir.exists() else 0
    if owner != 0:
        return _account_of(owner)
    if prefix := _namespace():
        return Account(prefix)
    return _servant()


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise NoAccount(f"The cluster belongs to user {uid}, whom this machine does not know.") from None
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _namespace() -> tuple[str, ...]:
    """The command that shows root's files as nobody's; empty where the kernel or a container forbids it."""
    unshare = shutil.which("unshare")
    nobody = _entry("nobody")
    if unshare is None or nobody is None:
        return ()
    prefix = (unshare, "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}")
    allowed = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    return prefix if allowed else ()


def _servant() -> Account:
    entry = _entry("postgres") or _entry("nobody")
    if entry is None:
        raise NoAccount("PostgreSQL refuses to run as root: work as an ordinary user.")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
