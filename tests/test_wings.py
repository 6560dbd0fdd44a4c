"""The front door stays a door: the site with one wing, with two, and with a wing that the marketplace has never heard of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import get
from litestar.exceptions import ImproperlyConfiguredException

from marketplace import cli, keys, reconcile, settings
from marketplace.accounts.rules import ROLES, Role
from marketplace.db import DB
from marketplace.households.tables import Household
from marketplace.reconcile import PROMISES, Promise, gathered
from marketplace.web import templating, wing
from marketplace.web.door import Page, Visit, page
from marketplace.web.policy import staff
from marketplace.web.site import Site, build_site
from marketplace.web.wing import Entry, Panel, Wing, WingsClash
from marketplace.wing import MARKETPLACE
from points.wing import POINTS
from tests.cast import CASHIER
from tests.conftest import World
from tests.office import BASE, OPEN_SESSION

ROOT = Path(__file__).parent.parent
KEEPER = Role("bee_keeper", "bee keeper", "village", frozenset({"village"}))
TEMPLATES = {
    "bees/hives.html": '{% extends "base.html" %}{% block main %}<p>{{ hives }} hives</p>{% endblock %}',
    "bees/panel.html": "<p>Hives of {{ values.head }}</p>",
}


@page("/bees", policy=staff(KEEPER.code))
async def hives(visit: Visit) -> Page:
    return Page("bees/hives.html", hives=await DB.fetch_value("select count(*) from household") // 100)


async def panel(visit: Visit, household: Household) -> Mapping[str, Any]:
    return {"head": household.head_name}


BEES = Wing(
    name="bees",
    routers=(hives,),
    nav=(Entry("/bees", "Hives", "home", frozenset({KEEPER.code})),),
    roles=(KEEPER,),
    household_panels=(Panel("hives", "bees/panel.html", panel),),
    commands={"count-hives": len},
    reconcile_checks=(Promise("B1", "Every hive has its keeper", "select 0::bigint, 7::bigint"),),
)


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path) -> Iterator[None]:
    """The bees' templates are there, and afterwards everything is known that was known before."""
    for name, text in TEMPLATES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    roles, folders, wings = dict(ROLES), list(templating.FOLDERS), wing._wings[:]
    templating.add_templates(tmp_path)
    yield
    ROLES.clear()
    ROLES.update(roles)
    templating.FOLDERS[:] = folders
    templating.environment.cache_clear()
    wing._wings[:] = wings


@asynccontextmanager
async def browser(site: Site, world: World, user: UUID | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of that site, signed in as that person in the role held."""
    transport = httpx.ASGITransport(app=site, raise_app_exceptions=True)
    async with httpx.AsyncClient(
        transport=transport, base_url=BASE, headers={"Accept": "text/html", "Accept-Language": "en"}
    ) as client:
        if user is not None:
            token = keys.new_token()
            grant = await world.admin.fetchval('select id from role_grant where "user" = $1', user)
            await world.admin.execute(OPEN_SESSION, keys.token_hash(token), user, grant, None, None, None)
            client.cookies.set("s", token)
        yield client


async def keeper(world: World) -> UUID:
    """Somebody who keeps bees in the village."""
    user = uuid4()
    await world.admin.execute(
        "insert into app_user (id, kind, name, login, active, created_at) values ($1, 'staff', 'x', 'b1', true, now())",
        user,
    )
    await world.admin.execute(
        'insert into role_grant (id, "user", role, scope_kind, scope, valid_from) '
        "select gen_random_uuid(), $1, $2, 'village', id, '2018-01-01' from village where code = 'JP'",
        user, KEEPER.code,
    )  # fmt: skip
    return user


async def cashier(world: World) -> UUID:
    found: UUID = await world.admin.fetchval("select id from app_user where login = $1", CASHIER[0])
    return found


# One wing, two wings


@pytest.mark.parametrize("wings", [(MARKETPLACE,), (MARKETPLACE, POINTS), (POINTS, MARKETPLACE)])
async def test_market_opens_with_its_wing_alone_and_with_others(world: World, wings: tuple[Wing, ...]) -> None:
    async with browser(build_site(*wings), world) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/bees")).status_code == 404


def test_site_of_the_marketplace_alone_never_loads_the_points() -> None:
    code = (
        "import sys; from marketplace.web.site import build_site; from marketplace.wing import MARKETPLACE; "
        "build_site(MARKETPLACE); sys.exit(any(name.split('.')[0] in ('points', 'app') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# A wing nobody has heard of


async def test_its_page_opens_for_its_role_only(world: World) -> None:
    site = build_site(MARKETPLACE, BEES)
    async with browser(site, world, await keeper(world)) as client:
        assert "2 hives" in (await client.get("/bees")).text
    async with browser(site, world, await cashier(world)) as client:
        assert (await client.get("/bees")).status_code == 403
    async with browser(site, world) as client:
        assert (await client.get("/bees")).headers["location"].startswith("/sign-in")


async def test_its_way_is_shown_to_its_role_only(world: World) -> None:
    site = build_site(MARKETPLACE, BEES)
    way = 'href="/bees"'
    async with browser(site, world, await keeper(world)) as client:
        assert way in (await client.get("/bees")).text
    async with browser(site, world, await cashier(world)) as client:
        assert way not in (await client.get("/office/households")).text


async def test_its_panel_stands_on_the_households_page(world: World) -> None:
    user = await cashier(world)
    for wings, shown in (((MARKETPLACE,), False), ((MARKETPLACE, BEES), True)):
        async with browser(build_site(*wings), world, user) as client:
            answer = await client.get("/office/households/JP4-06")
            assert (answer.status_code, "Hives of " in answer.text) == (200, shown)


async def test_its_promise_is_counted_with_the_houses_own(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [one.code for one in gathered((MARKETPLACE, BEES))] == [*(one.code for one in PROMISES), "B1"]
    monkeypatch.setitem(sys.modules, "app", front_door(MARKETPLACE, BEES))
    owned = replace(settings.settings(), database_owner_url=world.database.cluster.owner_url)
    monkeypatch.setattr(settings, "settings", lambda: owned)
    assert await reconcile.main([]) == 0
    assert "B1          0         7  Every hive has its keeper" in capsys.readouterr().out


def test_its_promise_is_laid_down_for_the_page() -> None:
    laid_down = reconcile.function_sql("market_app", gathered((MARKETPLACE, BEES)))
    assert "select 'B1'::text, counted_10.* from (select 0::bigint, 7::bigint) as counted_10" in laid_down


def test_its_verb_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "app", front_door(MARKETPLACE, BEES))
    assert cli.call(cli._contributed("count-hives"), ["one", "two"]) == 2


def front_door(*wings: Wing) -> ModuleType:
    door = ModuleType("app")
    door.WINGS = wings  # type: ignore[attr-defined]
    return door


# What is refused before anything is served


def test_its_route_without_a_policy_keeps_the_site_from_starting() -> None:
    @get("/honey")
    async def honey() -> None: ...

    with pytest.raises(ImproperlyConfiguredException, match="/honey: honey has no policy"):
        build_site(MARKETPLACE, replace(BEES, routers=(hives, honey)))


@page("/office/households/{code:str}", policy=staff(KEEPER.code))
async def same_door(visit: Visit, code: str) -> Page:
    return Page("bees/hives.html", hives=0)


@pytest.mark.parametrize(
    ("wings", "refused"),
    [
        ((MARKETPLACE, MARKETPLACE), "the name marketplace of the wing marketplace is there already"),
        (
            (MARKETPLACE, replace(BEES, routers=(same_door,))),
            "the door GET /office/households/{:str} of the wing bees is there already: the wing marketplace brings it",
        ),
        ((BEES, Wing("wasps", roles=(KEEPER,))), "the role bee_keeper of the wing wasps is there already: the wing bees"),
        ((BEES, Wing("wasps", commands=BEES.commands)), "the verb count-hives of the wing wasps is there already"),
        (
            (BEES, Wing("wasps", reconcile_checks=BEES.reconcile_checks)),
            "the promise B1 of the wing wasps is there already",
        ),
        ((Wing("wasps", reconcile_checks=PROMISES[:1]),), "the promise P1 of the wing wasps is there already: the site"),
    ],
)  # fmt: skip
def test_what_is_there_already_is_refused_by_name(wings: tuple[Wing, ...], refused: str) -> None:
    with pytest.raises(WingsClash) as clash:
        build_site(*wings)
    assert str(clash.value).startswith(refused)


def test_role_of_the_house_keeps_its_meaning() -> None:
    with pytest.raises(ValueError, match="the role cashier is known already"):
        build_site(MARKETPLACE, Wing("wasps", roles=(replace(KEEPER, code="cashier"),)))
