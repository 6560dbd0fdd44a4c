"""Browsers that are signed in already: a session row as sign-in writes it, without the cost of its hash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from marketplace import keys
from tests.conftest import World
from tests.visitor import Visitor

BASE = "http://localhost:8000"
OPEN_SESSION = """
insert into web_session (id, token_hash, "user", acting, card, household, village, created_at, seen_at, expires_at)
values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, now(), now(), now() + interval '1 hour')
"""


@asynccontextmanager
async def visitor(
    world: World, person: tuple[str, str] | str | None = None, *, language: str = "en"
) -> AsyncIterator[Visitor]:
    """A browser of the real site: a member of staff (login, role), a household by its card, or nobody."""
    from app import WINGS
    from marketplace.web.site import build_site

    transport = httpx.ASGITransport(app=build_site(*WINGS), raise_app_exceptions=True)
    async with Visitor(BASE, language=language) as browser:
        await browser.client.aclose()
        browser.client = httpx.AsyncClient(
            transport=transport,
            base_url=BASE,
            headers={"Accept": "text/html", "Accept-Language": language},
            follow_redirects=True,
        )
        if person is not None:
            token = keys.new_token()
            await _open_session(world, person, keys.token_hash(token))
            browser.client.cookies.set("s", token)
        yield browser


async def _open_session(world: World, person: tuple[str, str] | str, digest: bytes) -> None:
    if isinstance(person, str):
        card = await world.admin.fetchrow(
            "select c.id, h.id as household, h.village from card c join household h on h.id = c.household "
            "where h.code = $1 and c.blocked_at is null",
            person,
        )
        await world.admin.execute(OPEN_SESSION, digest, None, None, card["id"], card["household"], card["village"])
        return
    login, role = person
    grant = await world.admin.fetchrow(
        'select u.id, g.id as acting from app_user u left join role_grant g on g."user" = u.id and g.role = $2 '
        "where u.login = $1",
        login,
        role,
    )
    await world.admin.execute(OPEN_SESSION, digest, grant["id"], grant["acting"], None, None, None)
