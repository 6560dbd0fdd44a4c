"""One world for the whole matrix: two villages at work, two buyers, and a signed-in session for every role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from uuid import UUID, uuid4

import httpx

from marketplace import clock, keys
from marketplace.accounts.rules import ROLES
from marketplace.cash import actions as cash
from marketplace.db import Scope, atomically
from marketplace.intake import actions as intake
from marketplace.intake.rules import checks_of
from marketplace.orders import actions as orders
from marketplace.orders.rules import Wanted
from marketplace.packages import actions as packages
from marketplace.packages import queries as package_queries
from marketplace.web import csrf
from marketplace.web.site import Site
from tests.access_table import NOBODY, NOT_ACTING
from tests.conftest import DEMO_MORNING, Database, World
from tests.office import BASE, OPEN_SESSION

PENG, TAN, NEIGHBOUR = "JP4-06", "JP4-04", "JP4-05"
FOREIGN = "YL1-01"
OTHER_CUSTOMER = """
insert into app_user (id, kind, name, contact_index, contact_sealed, contact_mask, active, created_at)
values ($1, 'customer', '另一位', '\\x01', '\\x02', '1**', true, now())
"""
ADD_USER = "insert into app_user (id, kind, name, login, active, created_at) values ($1, 'staff', $2, $2, true, now())"
ADD_GRANT = """
insert into role_grant (id, "user", role, scope_kind, scope, valid_from) values ($1, $2, $3, $4, $5, '2018-01-01')
"""
ADD_PROXY = """
insert into proxy (id, household, village, name, note, valid_from)
select $1, id, village, '王小明', '', '2018-11-01' from household where code = $2
"""


@dataclass(frozen=True)
class Subject:
    """What a name in a path may stand for: by span one's own and other people's; by span "" for everybody.

    `nested` is of one's own scope, but belongs to another row than the one named before it in the path.
    """

    own: Mapping[str, str]
    missing: str
    strangers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    nested: str | None = None

    def own_of(self, span: str) -> str:
        return self.own.get(span) or self.own.get("") or next(iter(self.own.values()))

    def strangers_of(self, span: str) -> Mapping[str, str]:
        return self.strangers.get(span, {})


@dataclass(frozen=True)
class Persona:
    """Somebody with a browser: the session's token, or a browser that only looked at a page so far."""

    role: str
    span: str
    token: str

    @property
    def cookie(self) -> str:
        return f"p={self.token}" if self.role == NOBODY else f"s={self.token}"

    def form_token(self) -> str:
        if self.role == NOBODY:
            return csrf.pre_session_token(self.token)
        return csrf.token(csrf.session_binding(keys.token_hash(self.token)))


@dataclass
class Realm:
    """The site, everybody who comes, and what they ask for."""

    site: Site
    world: World
    client: httpx.AsyncClient
    personas: dict[str, Persona] = field(default_factory=dict)
    principals: dict[str, tuple[UUID | None, ...]] = field(default_factory=dict)
    subjects: dict[str, Subject] = field(default_factory=dict)

    async def ask(
        self, persona: Persona, method: str, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        """One request of that person's browser; nothing is remembered from one to the next."""
        headers = {"cookie": persona.cookie, **headers}
        if method == "POST":
            headers = {"origin": BASE, **headers}
        return await self.client.request(method, path, data=form, headers=headers)

    async def sign_in(self, role: str) -> Persona:
        """A new session for who stands for that role."""
        token = keys.new_token()
        if role != NOBODY:
            await self.world.admin.execute(OPEN_SESSION, keys.token_hash(token), *self.principals[role])
        self.personas[role] = Persona(role, ROLES[role].span if role in ROLES else "", token)
        return self.personas[role]

    def not_for(self, persona: Persona) -> list[str]:
        """Codes that no page of that person may say: other households, their packages, other people's orders."""
        subjects = (self.subjects[kind] for kind in ("household", "draft", "weighed", "order"))
        others = [code for subject in subjects for code in subject.strangers_of(persona.span).values()]
        if persona.span not in ("village", "household"):
            others += [PENG, TAN, NEIGHBOUR, FOREIGN, *self.subjects["draft"].own.values()]
        return [*others, NEIGHBOUR, TAN] if persona.span == "household" else others

    async def state(self) -> dict[str, tuple[int, int]]:
        """Rows and youngest writer of every table. Sessions get a sign of life when they are read."""
        found = dict(await self.world.admin.fetchrow(self.count_rows))
        return {name: tuple(value) for name, value in found.items()}

    count_rows: str = ""


async def open_realm(database: Database) -> Realm:
    """The world, built by the rooms' own verbs; sessions and a few odd rows are written directly."""
    from app import WINGS
    from marketplace.web.site import build_site

    site = build_site(*WINGS)
    transport = httpx.ASGITransport(app=site, raise_app_exceptions=True)
    client = httpx.AsyncClient(
        transport=transport, base_url=BASE, headers={"accept": "text/html", "accept-language": "en"}
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    realm = Realm(site, World(database), client)
    for role in ROLES:
        await add_person(realm, role)
    await work(realm)
    realm.principals[NOT_ACTING] = (await user(realm.world, "s02"), None, None, None, None)
    for role in (*ROLES, NOBODY, NOT_ACTING):
        await realm.sign_in(role)
    realm.count_rows = await counting(realm.world)
    return realm


async def counting(world: World) -> str:
    tables = await world.admin.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1"
    )
    youngest = {"web_session": "0"}
    return "select " + ", ".join(
        f'(select array[count(*), coalesce(max({youngest.get(name, "xmin::text::bigint")}), 0)] from "{name}") as "{name}"'
        for (name,) in tables
    )


async def user(world: World, login: str) -> UUID:
    found: UUID = await world.admin.fetchval("select id from app_user where login = $1", login)
    return found


async def add_person(realm: Realm, role: str) -> None:
    """Who stands for a role: a card, the demo's customer, or a member of staff made for this."""
    admin = realm.world.admin
    if role == "household_member":
        card = await admin.fetchrow(
            "select c.id, c.household, c.village from card c join household h on h.id = c.household where h.code = $1",
            PENG,
        )
        realm.principals[role] = (None, None, *card)
        return
    if role == "customer":
        customer = await admin.fetchval("select id from app_user where kind = 'customer'")
        realm.principals[role] = (customer, None, None, None, None)
        return
    person, grant = uuid4(), uuid4()
    kind = min(ROLES[role].scope_kinds)
    scopes = {"village": ("village", "JP"), "place": ("place", "VS-JP01"), "group": ("village_group", "JP4")}
    scope = await realm.world.id_of(*scopes[kind]) if kind in scopes else None
    await admin.execute(ADD_USER, person, f"m-{role.replace('_', '-')}")
    await admin.execute(ADD_GRANT, grant, person, role, kind, scope)
    realm.principals[role] = (person, grant, None, None, None)


# What happened in the world


@dataclass(frozen=True)
class Office:
    """The people of a village's counter."""

    village: UUID
    clerk: UUID
    inspector: UUID
    cashier: UUID

    def scope(self, role: str) -> Scope:
        actor = {"intake_clerk": self.clerk, "inspector": self.inspector}.get(role, self.cashier)
        return Scope(actor=actor, role=role, villages=(self.village,))


async def work(realm: Realm) -> None:
    """Closed days, packages in three stages in both villages, orders at both stores, a proxy and a card each."""
    world = realm.world
    ours = await office(world, "JP", "s04", "s05", "s19")
    theirs = await office(world, "YL", "y04", "y05", "y07")
    store = Scope(actor=await user(world, "s09"), role="store_clerk", places=(await world.id_of("place", "VS-JP01"),))
    await close_day(world, "2018-11-19", "PO-YL", theirs.scope("cashier"))
    await close_day(world, "2018-11-20", "PO-JP", ours.scope("cashier"))
    await close_day(world, "2018-11-20", "VS-JP01", store)
    await world.set_clock(DEMO_MORNING)
    await open_drawer(world, "PO-JP", ours.scope("cashier"), 3)
    await open_drawer(world, "PO-YL", theirs.scope("cashier"), 2)
    await open_drawer(world, "VS-JP01", store, 0)
    await fill(realm, ours, theirs)
    await sell(realm)
    await name_the_rest(realm)


async def office(world: World, village: str, clerk: str, inspector: str, cashier: str) -> Office:
    return Office(
        await world.id_of("village", village),
        await user(world, clerk),
        await user(world, inspector),
        await user(world, cashier),
    )


async def open_drawer(world: World, place: str, scope: Scope, hundreds: int) -> None:
    at = await world.id_of("place", place)
    assert scope.actor is not None
    by = scope.actor

    async def verb() -> UUID:
        return await cash.open_day(at, {10_000: hundreds}, by=by, now=await clock.now())

    await atomically(verb, scope)


async def close_day(world: World, day: str, place: str, scope: Scope) -> None:
    """A day on which the drawer was opened and closed empty."""
    await world.set_clock(datetime.fromisoformat(f"{day}T10:00:00+08:00"))
    await open_drawer(world, place, scope, 0)
    at = await world.id_of("place", place)
    assert scope.actor is not None
    by = scope.actor

    async def verb() -> UUID:
        return await cash.close_day(at, {}, by=by, now=await clock.now())

    await atomically(verb, scope)


P01 = (("EGG", 30), ("SOY", 4000))


async def drafted(world: World, who: Office, household: str, *, weigh: bool) -> tuple[UUID, str]:
    """A draft of that household, weighed or not; its id and code."""
    home = await world.id_of("household", household)

    async def verb() -> tuple[UUID, str]:
        now = await clock.now()
        made = await packages.draft(home, P01, intake_on=None, by=who.clerk, for_household=True, now=now)
        if weigh:
            await packages.weigh(made, P01, by=who.clerk, now=now)
        return made, await package_queries.code_of(made)

    return await atomically(verb, who.scope("intake_clerk"))


async def paid(world: World, who: Office, household: str) -> str:
    """A package of that household, inspected and paid; its code."""
    package, code = await drafted(world, who, household, weigh=True)

    async def inspect() -> UUID:
        seen = await package_queries.package(package)
        ticked = [name for name, _ in checks_of(seen.lines)]
        now = await clock.now()
        return await intake.inspect(package, inspector=who.inspector, ticked=ticked, proof="session", now=now)

    async def pay() -> UUID:
        return await intake.accept_and_pay(
            package, cashier=who.cashier, proof="session", received_by="head", receiver="head", receiver_note="",
            signed="thumbprint", now=await clock.now(),
        )  # fmt: skip

    await atomically(inspect, who.scope("inspector"))
    await atomically(pay, who.scope("cashier"))
    return code


async def fill(realm: Realm, ours: Office, theirs: Office) -> None:
    """Packages of every stage in both villages."""
    world, subjects = realm.world, realm.subjects
    draft = {code: (await drafted(world, ours, code, weigh=False))[1] for code in (PENG, NEIGHBOUR)}
    foreign = (await drafted(world, theirs, FOREIGN, weigh=False))[1]
    subjects["draft"] = Subject(
        own={"village": draft[PENG], "household": draft[PENG]},
        strangers={
            "village": {"other village": foreign},
            "household": {"neighbour": draft[NEIGHBOUR], "other village": foreign},
        },
        missing="0000000000",
        nested=draft[NEIGHBOUR],
    )
    weighed, strange = [(await drafted(world, who, at, weigh=True))[1] for who, at in ((ours, TAN), (theirs, FOREIGN))]
    subjects["weighed"] = village_subject(weighed, strange, "0000000000")
    codes = [await paid(world, ours, code) for code in (TAN, NEIGHBOUR, PENG)]
    subjects["paid"] = village_subject(codes[0], await paid(world, theirs, FOREIGN), "0000000000")
    subjects["trace code"] = Subject({"": codes[0]}, "0000000000")
    subjects["job"] = Subject({"system": str(await world.admin.fetchval(PARKED_JOB))}, "999999999")


PARKED_JOB = """
insert into pgqueuer (priority, status, entrypoint, attempts) values (0, 'failed', 'seal_chains', 4) returning id
"""


def village_subject(own: str, stranger: str, missing: str, nested: str | None = None) -> Subject:
    """What village staff look at."""
    return Subject({"village": own}, missing, {"village": {"other village": stranger}}, nested)


async def sell(realm: Realm) -> None:
    """Orders of two buyers at the own village's store, and one at the other village's."""
    world = realm.world
    mine, other = realm.principals["customer"][0], uuid4()
    assert mine is not None
    await world.admin.execute(OTHER_CUSTOMER, other)
    offers = dict(
        await world.admin.fetch("select v.code, o.id from offer o join village v on v.id = o.village order by o.id")
    )
    here = await order(world, mine, "VS-JP01", offers["JP"])
    hers = await order(world, other, "VS-JP01", offers["JP"])
    there = await order(world, other, "VS-YL01", offers["YL"])
    realm.subjects["order"] = Subject(
        own={"customer": here, "place": here},
        strangers={"customer": {"other buyer": hers, "other place": there}, "place": {"other place": there}},
        missing="0000000000",
    )
    offer = await world.admin.fetchval("select code from offer where id = $1", offers["JP"])
    realm.subjects["offer"] = Subject({"": offer}, "0000000000")


async def order(world: World, customer: UUID, place: str, offer: UUID) -> str:
    """Boxes kept for a buyer; the order's code."""
    at = await world.id_of("place", place)

    async def verb() -> str:
        held = await orders.hold(customer, at, [Wanted(offer, 1)], now=await clock.now())
        return held.code

    return await atomically(verb, Scope(actor=customer, role="customer", customer=customer))


async def name_the_rest(realm: Realm) -> None:
    """Households with their cards and proxies, people with their grants, prices, days and files."""
    world, subjects = realm.world, realm.subjects
    subjects["household"] = village_subject(PENG, FOREIGN, "JP9-99")
    proxies = {code: str(uuid4()) for code in (PENG, NEIGHBOUR, FOREIGN)}
    for code, proxy in proxies.items():
        await world.admin.execute(ADD_PROXY, UUID(proxy), code)
    subjects["proxy"] = village_subject(proxies[PENG], proxies[FOREIGN], str(uuid4()), proxies[NEIGHBOUR])
    own, theirs, next_door = [await card_of(world, like) for like in (PENG, "YL%", "JP%")]
    subjects["card"] = village_subject(own, theirs, str(uuid4()), next_door)
    subjects["person"] = Subject({"system": "s05"}, "s99")
    subjects["grant"] = Subject(
        {"system": await grant_of(world, "s05")}, str(uuid4()), nested=await grant_of(world, "s07")
    )
    earned = [await income_of(world, code) for code in (PENG, FOREIGN, NEIGHBOUR)]
    subjects["income line"] = village_subject(earned[0], earned[1], str(uuid4()), earned[2])
    price_list: UUID = await world.admin.fetchval("select id from price_list limit 1")
    subjects["price list"] = Subject({"": str(price_list)}, str(uuid4()))
    subjects["product"] = Subject({"": "EGG"}, "XXX")
    elsewhere = {"another drawer's day": "2018-11-19"}
    subjects["closed day"] = Subject({"": "2018-11-20"}, "2018-10-01", {"village": elsewhere, "place": elsewhere})
    subjects["file"] = Subject({"": "css/base.css"}, "css/none.css")
    subjects["paper"] = Subject({"": "label"}, "banknote")


async def card_of(world: World, like: str) -> str:
    """The card of a household by its code; of the first one but Peng's where the code is a pattern."""
    found: UUID = await world.admin.fetchval(
        "select c.id from card c join household h on h.id = c.household where h.code like $1 "
        "and (h.code = $1 or h.code <> $2) order by h.code limit 1",
        like,
        PENG,
    )
    assert found is not None, like
    return str(found)


async def income_of(world: World, household: str) -> str:
    found: UUID = await world.admin.fetchval(
        "select i.id from income_entry i join household h on h.id = i.household where h.code = $1 limit 1", household
    )
    return str(found)


async def grant_of(world: World, login: str) -> str:
    found: UUID = await world.admin.fetchval(
        'select g.id from role_grant g join app_user u on u.id = g."user" where u.login = $1 limit 1', login
    )
    return str(found)
