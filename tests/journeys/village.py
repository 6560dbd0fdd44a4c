"""The village as its people meet it: two server processes, their pages, and the hand of the business clock."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg

from marketplace import keys
from marketplace.cash.rules import DENOMINATIONS
from marketplace.demo.clock import set_business_clock
from marketplace.demo.world import CARD_PIN, PIN, card_code
from tests.office import OPEN_SESSION
from tests.servers import ROOT, Servers, environment_for
from tests.visitor import Form, Seen, Visitor

Lines = Mapping[str, str]
P01: Lines = {"EGG": "30", "SOY": "4"}
CLERK, INSPECTOR, DEPUTY, CASHIER, SECRETARY, STORE_CLERK = "s04", "s05", "s02", "s07", "s01", "s09"
OFFICE = "PO-JP"

BOOK = """
select a.balance from drawer d join ledger_account a on a.id = d.account join place p on p.id = d.place where p.code = $1
"""
OPEN_DAY = """
select (x.opened_at at time zone 'Asia/Shanghai')::date::text from drawer_day x join drawer d on d.id = x.drawer
join place p on p.id = d.place where p.code = $1 and x.state = 'open'
"""


@dataclass
class Village:
    """What a journey walks through."""

    servers: Servers
    admin: Any
    secure: Any = True
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def visitor(self, language: str = "en") -> Visitor:
        """A browser of its own that asks both processes in turn."""
        return await self._open.enter_async_context(Visitor(*self.servers.bases, language=language, verify=self.secure))

    async def staff(self, login: str, role: str = "", language: str = "en") -> Visitor:
        """A member of staff, signed in on the page."""
        browser = await self.visitor(language)
        page = await browser.sign_in(login, role=role)
        assert not page.path.startswith(("/sign-in", "/acting")), page.text[:600]
        return browser

    async def at_home(self, household: str) -> Visitor:
        """A household, signed in with its card and PIN."""
        browser = await self.visitor()
        await browser.open("/card")
        page = await browser.send("/card", {"code": card_code(household), "pin": CARD_PIN})
        assert page.path == "/home", page.text[:600]
        return browser

    async def known(self, user: str, login: str = "", role: str = "") -> Visitor:
        """A browser that signed in before: its session stands in the database, without the cost of a hash."""
        browser, token = await self.visitor(), keys.new_token()
        grant = await self.admin.fetchval(
            'select g.id from role_grant g join app_user u on u.id = g."user" where u.login = $1 and g.role = $2',
            login,
            role,
        )
        who = user or await self.admin.fetchval("select id from app_user where login = $1", login)
        await self.admin.execute(OPEN_SESSION, keys.token_hash(token), who, grant, None, None, None)
        browser.client.cookies.set("s", token)
        return browser

    async def move_clock(self, moment: str) -> None:
        """Let the business clock show that moment of the village."""
        await set_business_clock(self.servers.owner_url, datetime.fromisoformat(f"{moment}+08:00"))

    async def book_fen(self, place: str) -> int:
        """What the drawer of that place holds by its book, in fen."""
        balance: int = await self.admin.fetchval(BOOK, place)
        return balance

    async def open_drawer(self, keeper: Visitor, place: str, at_least_fen: int = 0) -> int:
        """The keeper counts and opens the drawer, with float where it is low; what lies in it."""
        held = max(await self.book_fen(place), at_least_fen)
        await keeper.open("/office/cash/open")
        await keeper.send("/office/cash/open", pieces(keeper.page, held))
        return held

    async def close_drawer(self, keeper: Visitor, place: str) -> Seen:
        """The keeper counts what the book says and closes the day."""
        await keeper.open("/office/cash/close")
        return await keeper.send("/office/cash/close", pieces(keeper.page, await self.book_fen(place)))

    async def value(self, sql: str, *given: object) -> Any:
        """One value, as the superuser sees it."""
        return await self.admin.fetchval(sql, *given)

    async def jobs_are_due(self) -> None:
        """Let the workers find the time of every job in the queue come: the queue's own clock cannot be moved."""
        await self.admin.execute("update pgqueuer set execute_after = now() where execute_after > now()")
        event = {"channel": "ch_pgqueuer", "operation": "insert", "table": "pgqueuer", "type": "table_changed_event"}
        sent_at = datetime.now(UTC).isoformat()
        await self.admin.execute("select pg_notify('ch_pgqueuer', $1)", json.dumps({**event, "sent_at": sent_at}))

    def reconcile(self) -> subprocess.CompletedProcess[str]:
        """`python -m marketplace reconcile` as the owner of the tables."""
        return self.run("reconcile")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A verb of the command line on the village's database."""
        here = self.servers
        return subprocess.run(
            [sys.executable, "-m", "marketplace", *words],
            cwd=ROOT,
            env=environment_for(here.log.parent, here.app_url, here.owner_url),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@asynccontextmanager
async def village_on(servers: Servers, secure: Any = True) -> AsyncIterator[Village]:
    """The village on those processes; every browser is closed at the end."""
    admin = await asyncpg.create_pool(servers.admin_url, min_size=1, max_size=4)
    try:
        async with AsyncExitStack() as browsers:
            yield Village(servers, admin, secure, browsers)
    finally:
        await admin.close()


def pieces(page: Seen | None, fen: int) -> dict[str, str]:
    """The count of a drawer that holds so many fen, in as few notes and coins as there are."""
    assert page is not None
    counted = {}
    for denomination in DENOMINATIONS:
        counted[denomination], fen = divmod(fen, denomination)
    assert not fen
    fields = page.form("/office/cash/").fields
    return {
        name.replace("denomination", "pieces"): str(counted[int(held[0])])
        for name, held in fields.items()
        if name.endswith(".denomination")
    }


def amounts(form: Form, lines: Lines) -> dict[str, str]:
    """Those quantities in the fields of the goods that are on the page already."""
    found = {}
    for name, held in form.fields.items():
        place = re.fullmatch(r"lines\.([0-9]+)\.product", name)
        if place:
            found[f"lines.{place[1]}.quantity"] = lines.get(held[0], "0")
    return found


def there(form: Form) -> set[str]:
    """The goods that are on the page already."""
    return {held[0] for name, held in form.fields.items() if re.fullmatch(r"lines\.[0-9]+\.product", name)}


def proof(form: Form, login: str) -> dict[str, str]:
    """The proof of a second person at this terminal; nothing where the session itself proves it."""
    return {"login": login, "pin": PIN} if "pin" in form.fields else {}


async def begin(desk: Visitor, household: str) -> str:
    """The clerk finds who has come and opens the package; its code."""
    await desk.open(f"/office/intake/find?q={household}")
    page = await desk.send("/office/intake/start")
    found = re.fullmatch(r"/office/intake/([0-9A-Z]{10})", page.path)
    assert found, page.path
    return found[1]


async def weigh(desk: Visitor, code: str, lines: Lines, *, expect: int = 200) -> Seen:
    """The goods put on the scale one after the other, then all of them taken down."""
    page = await desk.open(f"/office/intake/{code}")
    for good in [good for good in lines if good not in there(page.form("/weigh"))]:
        page = await desk.send("/weigh", {**amounts(page.form("/weigh"), lines), "add": good})
    return await desk.send("/weigh", amounts(page.form("/weigh"), lines), expect=expect)


async def inspect(desk: Visitor, code: str, inspector: str = INSPECTOR, *, expect: int = 200) -> Seen:
    """Every look ticked, and the inspector's part proved."""
    form = (await desk.open(f"/office/intake/{code}")).form("/inspect")
    return await desk.send("/inspect", {**form.ticked("checks"), **proof(form, inspector)}, expect=expect)


async def pay(desk: Visitor, code: str, cashier: str = CASHIER, *, expect: int = 200, **more: str) -> Seen:
    """The cashier's part proved, the money counted into the hand."""
    form = (await desk.open(f"/office/intake/{code}")).form("/pay")
    return await desk.send("/pay", {**proof(form, cashier), **more}, expect=expect)


async def sell(desk: Visitor, household: str, lines: Lines = P01, inspector: str = INSPECTOR) -> str:
    """A package from the table to the money; its code."""
    code = await begin(desk, household)
    await weigh(desk, code, lines)
    await inspect(desk, code, inspector)
    page = await pay(desk, code)
    assert "Paid 100.00 yuan" in page.text, page.text[:600]
    return code
