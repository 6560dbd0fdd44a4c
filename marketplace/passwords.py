"""Password and PIN hashes: argon2id t=2, 19 MiB, p=1, in a thread, at most two at a time.

An unknown account costs the same work as a known one, so that time tells nothing.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Final
from weakref import WeakKeyDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE: Final = 2
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def _gate() -> asyncio.Semaphore:
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))


@lru_cache(maxsize=1)
def nobody() -> str:
    """A hash that no password opens, for accounts that do not exist."""
    return HASHER.hash("no password opens this")


async def hashed(secret: str) -> str:
    """The hash of a password or PIN."""
    async with _gate():
        return await asyncio.to_thread(HASHER.hash, secret)


async def opens(secret: str, known: str | None) -> bool:
    """Whether the secret is the one; the same work where there is none to compare with."""
    async with _gate():
        return await asyncio.to_thread(_verify, secret, known)


def _verify(secret: str, known: str | None) -> bool:
    try:
        return HASHER.verify(known or nobody(), secret) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(known: str) -> bool:
    """Whether a hash was made with other costs than today's."""
    return HASHER.check_needs_rehash(known)
