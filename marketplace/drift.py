"""Whether the migrations make the tables that the code declares. Needs no database."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO

from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.conf.apps import AppConfig, Finder


def drift() -> dict[str, Sequence[str]]:
    """What a new migration would have to change, by app; empty when nothing."""
    os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")
    finder = Finder()
    configs = (finder.get_app_config(app_name=name) for name in finder.get_sorted_app_names())
    changes = {config.app_name: asyncio.run(_changes(config)) for config in configs if config.table_classes}
    return {app: statements for app, statements in changes.items() if statements}


def main(_words: list[str]) -> int:
    """Print each difference; status 1 when there is one."""
    found = drift()
    for app, statements in found.items():
        print(f"{app}: tables and migrations differ; make a migration for:", file=sys.stderr)
        print("\n".join(f"  {statement}" for statement in statements), file=sys.stderr)
    if not found:
        print("Tables and migrations agree.")
    return 1 if found else 0


async def _changes(config: AppConfig) -> list[str]:
    with redirect_stdout(StringIO()):  # Piccolo prints a table of counts
        wanted = await AutoMigrationManager().get_alter_statements(app_config=config)
    return [statement for alter in wanted for statement in alter.statements]
