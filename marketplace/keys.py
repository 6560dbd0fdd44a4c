"""Secrets: one key file outside the database and its backups; everything else is derived from it.

The file holds one line per version: `1 <64 hexadecimal digits>`. The last line seals and signs; every line opens.
The blind index always uses the first line, so that a rotation of the sealing key does not blind the indexes.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from marketplace.settings import SettingsError, settings

KEY_BYTES = 32
NONCE_BYTES = 12
BLIND_BYTES = 16
HIGHEST_VERSION = 255


TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class KeyFileMissing(SettingsError):
    """There is no key file, and this is no place where one may be made."""


class KeyFileUnsafe(SettingsError):
    """The key file is broken, or others on this machine may read it."""


class CannotOpen(ValueError):
    """The sealed value was changed, moved to another row, or sealed by a key that is not here."""


@dataclass(frozen=True)
class Keyring:
    """The master keys by version, oldest first; each purpose gets a key of its own by HKDF."""

    masters: tuple[tuple[int, bytes], ...]

    def _derived(self, version: int, purpose: str) -> bytes:
        return _derive(dict(self.masters)[version], purpose)

    @property
    def newest(self) -> int:
        """The version that seals and signs."""
        return self.masters[-1][0]

    def seal(self, value: str | bytes, aad: str) -> bytes:
        """version(1) ‖ nonce(12) ‖ AES-256-GCM(value), bound to `aad` (table:column:row)."""
        nonce = os.urandom(NONCE_BYTES)
        clear = value.encode() if isinstance(value, str) else value
        sealed = AESGCM(self._derived(self.newest, "seal")).encrypt(nonce, clear, aad.encode())
        return bytes([self.newest]) + nonce + sealed

    def open_bytes(self, sealed: bytes, aad: str) -> bytes:
        """What was sealed under the same `aad`; refuses (`CannotOpen`) anything else."""
        if len(sealed) <= 1 + NONCE_BYTES or sealed[0] not in dict(self.masters):
            raise CannotOpen("not sealed by these keys")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return AESGCM(self._derived(sealed[0], "seal")).decrypt(nonce, body, aad.encode())
        except InvalidTag as error:
            raise CannotOpen("changed or moved") from error

    def blind(self, column: str, normalised: str) -> bytes:
        """16 bytes by which an equal value is found again in that column; worthless without the key file."""
        key = self._derived(self.masters[0][0], "blind")
        return hmac.digest(key, column.encode() + b"\0" + normalised.encode(), sha256)[:BLIND_BYTES]

    def sign(self, purpose: str, message: bytes) -> bytes:
        """32 bytes that only this key file can make for that purpose."""
        return hmac.digest(self._derived(self.newest, f"sign:{purpose}"), message, sha256)

    def is_signed(self, purpose: str, message: bytes, signature: bytes) -> bool:
        """Whether any version of the key file signed it; compares bytes in constant time."""
        return any(
            hmac.compare_digest(hmac.digest(self._derived(version, f"sign:{purpose}"), message, sha256), signature)
            for version, _master in self.masters
        )


@lru_cache(maxsize=256)
def _derive(master: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"marketplace:{purpose}".encode()).derive(master)


def read_key_file(path: Path) -> Keyring:
    """The keys of that file. Refuses a missing file, a broken line, and a file that others may read."""
    if not path.is_file():
        raise KeyFileMissing(f"There is no key file at {path}: set KEY_FILE, or make one with make-key.")
    if path.stat().st_mode & 0o077:
        raise KeyFileUnsafe(f"{path} may be read by others: chmod 0400 {path}.")
    masters = tuple(_read_line(line, path) for line in path.read_text().splitlines() if line.strip())
    versions = [version for version, _master in masters]
    if not masters or versions != sorted(set(versions)):
        raise KeyFileUnsafe(f"{path}: versions run upwards, each once")
    return Keyring(masters)


def _read_line(line: str, path: Path) -> tuple[int, bytes]:
    try:
        version_text, digits = line.split()
        version, master = int(version_text), bytes.fromhex(digits)
    except ValueError as error:
        raise KeyFileUnsafe(f"{path}: a line is `version hexadecimal-key`") from error
    if not 1 <= version <= HIGHEST_VERSION or len(master) != KEY_BYTES:
        raise KeyFileUnsafe(f"{path}: a version is 1 to {HIGHEST_VERSION}, a key {KEY_BYTES} bytes")
    return version, master


def make_key_file(path: Path) -> bool:
    """Write a first key, readable by its owner only; False, and nothing done, where a file stands already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = _write_beside(path, f"1 {secrets.token_hex(KEY_BYTES)}\n")
    try:
        os.link(beside, path)  # whole or not at all, and the first of two starters wins
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    return True


def _write_beside(path: Path, text: str) -> Path:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return beside


def add_version(path: Path) -> int:
    """Append a new sealing key (rotation, first step); old values still open. Returns its version."""
    keyring = read_key_file(path)
    version = keyring.newest + 1
    if version > HIGHEST_VERSION:
        raise KeyFileUnsafe("no version left")
    _write_beside(path, f"{path.read_text()}{version} {secrets.token_hex(KEY_BYTES)}\n").replace(path)
    return version


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """The keys of this process, read once from KEY_FILE. Made on the spot only in the demo and in tests."""
    path = Path(settings().key_file)
    if not path.exists() and settings().demo:
        make_key_file(path)
    return read_key_file(path)


def seal(value: str | bytes, aad: str) -> bytes:
    """`Keyring.seal` with the keys of this process."""
    return keyring().seal(value, aad)


def open_sealed(sealed: bytes, aad: str) -> str:
    """The text that was sealed under the same `aad`; refuses (`CannotOpen`) anything else."""
    return keyring().open_bytes(sealed, aad).decode()


def blind(column: str, normalised: str) -> bytes:
    """`Keyring.blind` with the keys of this process."""
    return keyring().blind(column, normalised)


def sign(purpose: str, message: bytes) -> bytes:
    """`Keyring.sign` with the keys of this process."""
    return keyring().sign(purpose, message)


def is_signed(purpose: str, message: bytes, signature: bytes) -> bool:
    """`Keyring.is_signed` with the keys of this process."""
    return keyring().is_signed(purpose, message, signature)


def new_token() -> str:
    """256 random bits in the form of `TOKEN`, for a cookie."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What the database keeps of a token: its sha256."""
    return sha256(token.encode("ascii")).digest()
