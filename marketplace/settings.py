"""What may differ from one machine to the next, read once from the environment. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
YES = {"1", "true", "yes", "on"}
NO = {"", "0", "false", "no", "off"}
POSTGRES_SCHEMES = ("postgresql://", "postgres://")


class SettingsError(ValueError):
    """A setting that cannot be used; the text is one sentence that names the variable and what it may be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One machine's settings. `database_url` empty means: the private cluster under `var` decides."""

    database_url: str = ""
    """DATABASE_URL: PostgreSQL 15 or newer as the application's role, which owns nothing."""
    database_owner_url: str = ""
    """DATABASE_OWNER_URL: the same database as the owner of its tables, for migrations and the demo only."""
    host: str = "127.0.0.1"
    """HOST: the address to listen on; only this machine unless it is set."""
    port: int = 8000
    """PORT"""
    public_url: str = "http://localhost:8000"
    """PUBLIC_URL: scheme and host as people type them; https here turns on Secure cookies and HSTS."""
    key_file: Path = ROOT / "var" / "keys" / "field.key"
    """KEY_FILE: the key of the encrypted fields; never beside a backup of the database."""
    var: Path = ROOT / "var"
    """VAR: where the private cluster, pictures and logs live."""
    demo: bool = False
    """DEMO: the demo world: the business clock may differ from the real one, jobs run inside the site."""
    workers: int = 2
    """WORKERS: processes that serve pages."""
    browser_required: bool = False
    """BROWSER=required: browser tests fail instead of being skipped when there is no browser."""
    help_phone: str = "0915-000-0000"
    """HELP_PHONE: the number in the same corner of every page."""
    proxy_addresses: tuple[str, ...] = ()
    """PROXY_ADDRESSES: addresses or networks, comma-separated, whose X-Forwarded-* headers are believed."""
    test_durability_off: bool = False
    """TEST_DURABILITY_OFF: lets the site run on our own test cluster, which may lose what it acknowledged; no other."""


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment describes. Refuses (`SettingsError`) what could only fail later."""
    var = Path(environment.get("VAR") or ROOT / "var")
    port = _whole_number(environment, "PORT", 8000, 1, 65535)
    database_url = _database(environment, "DATABASE_URL")
    owner_url = _database(environment, "DATABASE_OWNER_URL")
    if owner_url and not database_url:
        raise SettingsError("DATABASE_OWNER_URL is set but DATABASE_URL is not: set both, or neither.")
    if database_url and database_url == owner_url:
        raise SettingsError("DATABASE_URL equals DATABASE_OWNER_URL: the site may not own its tables.")
    return Settings(
        database_url=database_url,
        database_owner_url=owner_url,
        host=environment.get("HOST") or "127.0.0.1",
        port=port,
        public_url=_public_url(environment, port),
        key_file=Path(environment.get("KEY_FILE") or var / "keys" / "field.key"),
        var=var,
        demo=_switch(environment, "DEMO"),
        workers=_whole_number(environment, "WORKERS", 2, 1, 64),
        browser_required=_browser(environment),
        help_phone=environment.get("HELP_PHONE") or "0915-000-0000",
        proxy_addresses=_addresses(environment),
        test_durability_off=_switch(environment, "TEST_DURABILITY_OFF"),
    )


@cache
def settings() -> Settings:
    """This process's settings. After a change of the environment: `settings.cache_clear()`."""
    return read(os.environ)


def _database(environment: Mapping[str, str], name: str) -> str:
    url = environment.get(name, "")
    if url and not url.startswith(POSTGRES_SCHEMES):
        raise SettingsError(f"{name} must begin with postgresql:// (no other database works).")
    return url


def _whole_number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {text!r}.")
    return int(text)


def _switch(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "").lower()
    if text not in YES | NO:
        raise SettingsError(f"{name} must be 1 or 0, not {text!r}.")
    return text in YES


def _public_url(environment: Mapping[str, str], port: int) -> str:
    url = (environment.get("PUBLIC_URL") or f"http://localhost:{port}").rstrip("/")
    parts = urlsplit(url)
    bare = not (parts.path or parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
        raise SettingsError(f"PUBLIC_URL must look like https://market.example, not {url!r}.")
    return url


def _browser(environment: Mapping[str, str]) -> bool:
    text = environment.get("BROWSER", "")
    # Desktops set BROWSER to a program's name; only this one word is ours.
    return text == "required"


def _addresses(environment: Mapping[str, str]) -> tuple[str, ...]:
    parts = environment.get("PROXY_ADDRESSES", "").split(",")
    addresses = tuple(part.strip() for part in parts if part.strip())
    for address in addresses:
        try:
            ip_network(address, strict=False)
        except ValueError:
            sentence = f"PROXY_ADDRESSES must hold addresses or networks such as 10.0.0.5, not {address!r}."
            raise SettingsError(sentence) from None
    return addresses
