"""The laws of the schema: what SQL can say and Piccolo cannot. One file a room, run in this order."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from marketplace.db import DB

ID = "0002_laws"
VERSION = "1.38.0"
DESCRIPTION = "triggers, arrows, row-level security, partial indexes"

LAWS = Path(__file__).parent / "laws"
FILES = (
    "clock", "scope", "states", "append_only", "journal", "accounts", "produce", "ledger", "households", "income",
    "cash", "packages", "stock", "intake", "orders",
)  # fmt: skip


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def lay_down() -> None:
        for name in FILES:
            await DB.run_script((LAWS / f"{name}.sql").read_text(encoding="utf-8"))

    manager.add_raw(lay_down)
    return manager
