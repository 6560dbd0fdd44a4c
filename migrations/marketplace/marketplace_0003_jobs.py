"""The queue of background jobs, and the view behind a label."""

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from marketplace.db import DB

ID = "0003_jobs"
VERSION = "1.38.0"
DESCRIPTION = "pgqueuer's tables, the trace page"

LAWS = Path(__file__).parent / "laws"
FILES = ("jobs", "trace")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def lay_down() -> None:
        for name in FILES:
            await DB.run_script((LAWS / f"{name}.sql").read_text(encoding="utf-8"))

    manager.add_raw(lay_down)
    return manager
