"""The cast: people of the demo with stated relations. Scopes are made as the doors make them."""

from __future__ import annotations

from uuid import UUID

from marketplace.db import DB, PUBLIC, Scope, scoped

# login, role: who they are in the story
INSPECTOR = ("s05", "inspector")  # 黄文斌, brother of 黄文全 (JP3-09)
DEPUTY_INSPECTOR = ("s02", "inspector")  # 陈光有, the village director
CASHIER = ("s07", "cashier")  # 程建军, household JP2-33
DEPUTY_CASHIER = ("s19", "cashier")
CLERK = ("s04", "intake_clerk")
SECRETARY = ("s01", "branch_secretary")
DIRECTOR = ("s02", "village_director")
STORE_CLERK = ("s09", "store_clerk")
TAN = "JP4-04"  # lives alone, 1.99 yuan under the line
PENG = "JP4-06"
INSPECTORS_BROTHER = "JP3-09"
CASHIERS_HOUSEHOLD = "JP2-33"


async def scope_of(person: tuple[str, str]) -> Scope:
    """The scope in which that person acts in that role, built by the accounts room."""
    from marketplace.accounts.queries import scope_for_role

    async with scoped(Scope(role="system"), readonly=True):
        return await scope_for_role(*person)


async def household_scope(code: str, admin: object) -> Scope:
    """The scope of a household that signed in with its card."""
    row = await admin.fetchrow("select id, village from household where code = $1", code)  # type: ignore[attr-defined]
    return Scope(role="household_member", household=row["id"])


async def user_id(login: str) -> UUID:
    async with scoped(PUBLIC, readonly=True):
        found: UUID = await DB.fetch_value("select id from app_user where login = $1", login)
    return found
