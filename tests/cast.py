"""The cast: people of the demo with stated relations. Scopes are made as the doors make them."""

from __future__ import annotations

from uuid import UUID

from marketplace.db import DB, PUBLIC, Scope, scoped
from tests.conftest import World

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


GRANT = """
select u.id, g.scope_kind, g.scope from app_user u join role_grant g on g."user" = u.id
where u.login = $1 and g.role = $2
"""


async def scope_of(person: tuple[str, str]) -> Scope:
    """The scope in which that person acts in that role, as `web.visit.scope_of` makes it from a session."""
    async with scoped(PUBLIC, readonly=True):
        user, kind, scope = await DB.fetch_row(GRANT, *person)
    return Scope(
        actor=user,
        role=person[1],
        villages=(scope,) if kind == "village" else (),
        places=(scope,) if kind == "place" else (),
    )


async def household_scope(world: World, code: str) -> Scope:
    """The scope of a household that signed in with its card."""
    return Scope(role="household_member", household=await world.id_of("household", code))


async def user_id(login: str) -> UUID:
    async with scoped(PUBLIC, readonly=True):
        found: UUID = await DB.fetch_value("select id from app_user where login = $1", login)
    return found
