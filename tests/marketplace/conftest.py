"""Browsers of the cast on a site: the whole one, unless a room's own conftest builds a smaller one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import pytest

from marketplace import keys
from marketplace.accounts.actions import insert_session
from marketplace.accounts.queries import CardSeen
from marketplace.db import PUBLIC, scoped
from marketplace.web.site import Site, build_site
from tests.conftest import World

BASE = "http://localhost:8000"
HIDDEN = re.compile(r'name="(_csrf_token|_key)" value="([^"]+)"')


@pytest.fixture(scope="session")
def site(database: object) -> Site:
    """The site with all rooms of the marketplace."""
    from marketplace.wing import MARKETPLACE

    return build_site(MARKETPLACE)


@dataclass
class Browser:
    """One browser: its cookies, its language, and forms filled as a page gave them."""

    client: httpx.AsyncClient
    session: UUID | None = None
    token: str = ""
    hidden: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        answer = await self.client.get(path, headers=headers)
        self.hidden = dict(HIDDEN.findall(answer.text)) or self.hidden
        return answer

    async def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """A post with the hidden fields of the last page."""
        return await self.client.post(path, data={**self.hidden, **(fields or {})}, headers=headers)


@pytest.fixture
async def open_browser(site: Site, world: World) -> AsyncIterator[Callable[[], Browser]]:
    clients: list[httpx.AsyncClient] = []

    def open_one() -> Browser:
        transport = httpx.ASGITransport(app=site, raise_app_exceptions=True)
        headers = {"accept": "text/html", "accept-language": "en"}
        clients.append(httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers))
        return Browser(clients[-1])

    yield open_one
    for client in clients:
        await client.aclose()


@pytest.fixture
def browser(open_browser: Callable[[], Browser]) -> Browser:
    return open_browser()


SignIn = Callable[[str, str], Awaitable[Browser]]


@pytest.fixture
def sign_in(open_browser: Callable[[], Browser], world: World) -> SignIn:
    """A browser signed in as that login, acting in that role."""

    async def as_somebody(login: str, role: str) -> Browser:
        found = await world.admin.fetchrow(
            'select u.id as "user", g.id as "grant" from app_user u join role_grant g on g."user" = u.id '
            "where u.login = $1 and g.role = $2",
            login,
            role,
        )
        assert found is not None, f"{login} is no {role}"
        return await with_session(open_browser(), user=found["user"], acting=found["grant"])

    return as_somebody


SignInCard = Callable[[str], Awaitable[Browser]]


@pytest.fixture
def sign_in_card(open_browser: Callable[[], Browser], world: World) -> SignInCard:
    """A browser signed in with the card of that household."""

    async def as_household(code: str) -> Browser:
        card = await world.admin.fetchrow(
            "select c.id, c.household, c.village from card c join household h on h.id = c.household where h.code = $1",
            code,
        )
        assert card is not None, f"{code} has no card"
        return await with_session(open_browser(), card=CardSeen(card["id"], card["household"], card["village"], None))

    return as_household


async def with_session(
    browser: Browser, *, user: UUID | None = None, card: CardSeen | None = None, acting: UUID | None = None
) -> Browser:
    browser.token = keys.new_token()
    async with scoped(PUBLIC):
        await insert_session(browser.token, "card" if card else "staff", user=user, card=card, acting=acting)
    browser.client.cookies.set("s", browser.token)
    return browser


def shown(answer: httpx.Response, name: str) -> str:
    """The text of <p id=name> on a tiny page."""
    found = re.search(rf'<p id="{name}">(.*?)</p>', answer.text, re.S)
    assert found is not None, answer.text
    return found[1]
