"""The business clock: the database's clock plus an offset that only the owner may set (P8, P28)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from marketplace.db import DB

CHINA = ZoneInfo("Asia/Shanghai")


async def now() -> datetime:
    """The business moment, aware."""
    moment: datetime = await DB.fetch_value("select business_now()")
    return moment


async def today() -> date:
    """The business day in the village."""
    return business_day(await now())


def business_day(moment: datetime) -> date:
    """The day on the village's wall calendar at that moment."""
    return moment.astimezone(CHINA).date()
