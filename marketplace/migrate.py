"""Migrations: Piccolo's files, run one by one in a transaction each with its own record (P27).

Piccolo writes the record of a migration outside the migration's transaction and takes no lock; here a migration
killed anywhere leaves nothing, and two migrators wait for each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppConfig, Finder

from marketplace.db import DB
from marketplace.reconcile import PROMISES, Promise, function_sql

os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")
MIGRATION_LOCK = 7201811211  # any number that nobody else locks


@contextmanager
def connected_as(url: str) -> Iterator[None]:
    """Let the engine connect to `url` for a while (no pool is open)."""
    before = DB.config["dsn"]
    DB.config["dsn"] = url
    try:
        yield
    finally:
        DB.config["dsn"] = before


def role_of(url: str) -> str:
    """The role a database address signs in as, quoted for SQL. Refuses (ValueError) an address without one."""
    parts = urlsplit(url)
    user = parse_qs(parts.query).get("user", [""])[0] or unquote(parts.username or "")
    if not user:
        raise ValueError("the database address names no role")
    return '"' + user.replace('"', '""') + '"'


async def migrate(owner_url: str, app_url: str, promises: Iterable[Promise] = PROMISES) -> list[str]:
    """Run what has not run yet, as the owner; then set the app role's rights and lay down the checks of the promises.

    Answers the names of what ran.
    """
    lock = await asyncpg.connect(owner_url)
    try:
        await lock.execute("select pg_advisory_lock($1)", MIGRATION_LOCK)
        with connected_as(owner_url):
            return await _run_all(role_of(app_url), promises)
    finally:
        await lock.close()


async def _run_all(app_role: str, promises: Iterable[Promise]) -> list[str]:
    await Migration.create_table(if_not_exists=True)
    done: list[str] = []
    for app in Finder().get_sorted_app_names():
        config = Finder().get_app_config(app_name=app)
        done += await _run_app(config)
        await _grant(config, app_role)
    async with DB.transaction():
        await DB.run_script(function_sql(app_role, promises))
    return done


async def _run_app(config: AppConfig) -> list[str]:
    ran = set(await Migration.get_migrations_which_ran(app_name=config.app_name))
    modules = _Modules().get_migration_modules(config.resolved_migrations_folder_path)
    waiting = sorted(set(modules) - ran)
    for name in waiting:
        async with DB.transaction():
            manager = await modules[name].forwards()
            if isinstance(manager, MigrationManager):
                await manager.run()
            stamp = datetime.now(UTC).replace(tzinfo=None)
            await Migration.insert(Migration(name=name, app_name=config.app_name, ran_on=stamp))
    return waiting


class _Modules(BaseMigrationManager):
    """Piccolo's finder of migration files."""

    async def run(self) -> None:
        raise NotImplementedError


async def _grant(config: AppConfig, app_role: str) -> None:
    grants = Path(config.resolved_migrations_folder_path) / "grants.sql"
    async with DB.transaction():
        await DB.run_script(grants.read_text(encoding="utf-8").replace("{app}", app_role))
