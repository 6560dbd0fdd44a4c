"""Every door × everybody who may come × own, somebody else's, missing and nested subjects, from `access_table.TABLE`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from marketplace.accounts.rules import ROLES
from marketplace.db import DB
from marketplace.web import scoped
from marketplace.web.policy import Policy, answers_options, handlers_of
from tests.access.realm import FOREIGN, Persona, Realm, open_realm
from tests.access_table import EVERYBODY, NOBODY, NOT_ACTING, TABLE, Opens
from tests.conftest import Database

VARYING = re.compile(r'nonce="[^"]*"|name="(_csrf_token|_key)" value="[^"]*"|pointer-[0-9a-f]+')
HEAD = "柯尚林"  # of the household FOREIGN
FORGED = "did not come from this page"


@pytest.fixture(scope="module")
async def realm(database: Database) -> AsyncIterator[Realm]:
    made = await open_realm(database)
    yield made
    await made.client.aclose()
    await database.reset()


def addresses(realm: Realm) -> set[str]:
    """Every door of the site as the table names it: `GET /orders/{order}`."""
    found = set()
    for route in realm.site.routes:
        for handler in handlers_of(route):
            if not answers_options(handler):
                verbs = set(getattr(handler, "http_methods", {"SOCKET"})) - {"HEAD"}
                found |= {f"{verb} {re.sub(':[a-z]+}', '}', route.path)}" for verb in verbs}
    return found


async def test_the_table_names_every_door_and_no_other(realm: Realm) -> None:
    assert sorted(addresses(realm) - set(TABLE)) == [], "doors that the table does not name"
    assert sorted(set(TABLE) - addresses(realm)) == [], "lines of the table without a door"


async def test_the_table_names_every_role_and_no_other(realm: Realm) -> None:
    assert set(ROLES) | {NOBODY, NOT_ACTING} == EVERYBODY
    assert {role for line in TABLE.values() for role in line.roles} <= EVERYBODY


# Paths


Names = Mapping[str, str]


def filled(template: str, names: Names) -> str:
    return re.sub(r"{(\w+)}", lambda found: quote(names[found[1]], safe="/"), template)


def own_names(realm: Realm, line: Opens, span: str) -> dict[str, str]:
    """One's own subjects; somebody's, where the span has none."""
    return {name: realm.subjects[kind].own_of(span) for name, kind in line.subjects.items()}


def missing_names(realm: Realm, line: Opens, span: str) -> dict[str, Names]:
    """Each subject in turn missing, the others one's own."""
    own = own_names(realm, line, span)
    return {
        f"missing {kind}": {**own, name: realm.subjects[kind].missing} for name, kind in line.subjects.items()
    }  # fmt: skip


def strange_names(realm: Realm, line: Opens, span: str) -> dict[str, Names]:
    """Each subject in turn somebody else's, then nested ones that belong to another parent."""
    own = own_names(realm, line, span)
    found: dict[str, Names] = {}
    for name, kind in line.subjects.items():
        subject = realm.subjects[kind]
        for whose, stranger in subject.strangers_of(span).items():
            found[f"{kind} of {whose}"] = {**own, name: stranger}
        if subject.nested is not None and name != next(iter(line.subjects)):
            found[f"nested {kind}"] = {**own, name: subject.nested}
    return found


def whole_form(persona: Persona, line: Opens) -> dict[str, str]:
    return {**line.form, "_csrf_token": persona.form_token(), "_key": str(uuid4())}


def said(answer: httpx.Response) -> str:
    """What an answer says, without what differs on every page: nonces, tokens and the page's own address."""
    text = VARYING.sub("", answer.text)
    path = answer.request.url.raw_path.decode()
    for written in (quote(path, safe=""), quote(path), path, answer.request.url.path):
        text = text.replace(written, "·")
    return text


async def send(realm: Realm, persona: Persona, address: str, names: Names, line: Opens) -> httpx.Response:
    """The request as its own page would send it, whole: nothing but the policy and the scope stands in its way."""
    method, template = address.split(" ")
    form = whole_form(persona, line) if method == "POST" else None
    return await realm.ask(persona, method, filled(template, names), form)


# The matrix


@pytest.mark.parametrize("address", TABLE)
async def test_a_door_opens_for_those_of_the_table_and_for_what_is_theirs(realm: Realm, address: str) -> None:
    line = TABLE[address]
    before = await realm.state()
    faults: list[str] = []
    for role in sorted(EVERYBODY):
        check = admitted if role in line.roles else turned_away
        faults += [f"{role}: {fault}" for fault in await check(realm, role, address, line)]
    assert not faults, f"{address}:\n  " + "\n  ".join(faults)
    after = await realm.state()
    written = {name for name in after if after[name] != before[name]}
    assert written <= line.writes, f"{address} has written"


async def admitted(realm: Realm, role: str, address: str, line: Opens) -> list[str]:
    """Own subjects are answered; all others are not found, every one in the same words."""
    persona = await realm.sign_in(role) if line.ends_session else realm.personas[role]
    faults = await own_answered(realm, persona, address, line)
    if line.ends_session:
        await realm.sign_in(role)
    words = set()
    others = {**missing_names(realm, line, persona.span), **strange_names(realm, line, persona.span)}
    for whose, names in others.items():
        answer = await send(realm, persona, address, names, line)
        words.add(said(answer))
        if answer.status_code != 404:
            faults.append(f"{whose} answers {answer.status_code}, not 404")
    if len(words) > 1:
        faults.append(f"not found is said in {len(words)} ways")
    return faults


async def own_answered(realm: Realm, persona: Persona, address: str, line: Opens) -> list[str]:
    """One's own subject. A deed is sent without its key and its fields: it is understood, and writes nothing."""
    method, template = address.split(" ")
    path = filled(template, own_names(realm, line, persona.span))
    if method == "GET":
        answer = await realm.ask(persona, method, path)
        good = answer.status_code == 200 or (answer.status_code == 303 and not to_sign_in(answer))
        head = await realm.ask(persona, "HEAD", path)
        faults = [] if (head.status_code, head.content) == (answer.status_code, b"") else [f"HEAD {head.status_code}"]
        faults += [f"own page says {code}" for code in realm.not_for(persona) if code in answer.text]
    else:
        answer = await realm.ask(persona, method, path, {"_csrf_token": persona.form_token()})
        good = answer.status_code in (303, 400, 409, 422) and not to_sign_in(answer) and FORGED not in answer.text
        faults = []
    return faults if good else [*faults, f"own answers {answer.status_code} {answer.headers.get('location', '')}"]


def to_sign_in(answer: httpx.Response) -> bool:
    location: str = answer.headers.get("location", "")
    return location.startswith(("/sign-in?", "/card?"))


async def turned_away(realm: Realm, role: str, address: str, line: Opens) -> list[str]:
    """Nobody is sent to sign in; somebody is refused; and neither learns whether there is such a thing."""
    persona = realm.personas[role]
    spans = [ROLES[one].span for one in sorted(line.roles) if one in ROLES]
    span = spans[0] if spans else ""
    faults, words = [], set()
    for whose, names in [("own", own_names(realm, line, span)), *list(missing_names(realm, line, span).items())[-1:]]:
        answer = await send(realm, persona, address, names, line)
        good = answer.status_code == 303 and to_sign_in(answer) if role == NOBODY else answer.status_code == 403
        if not good or FORGED in answer.text:
            faults.append(f"{whose} answers {answer.status_code} {answer.headers.get('location', '')}, not refused")
        words.add(said(answer))
    return faults if len(words) == 1 else [*faults, f"refused in {len(words)} ways"]


# Forged posts, and verbs beside GET and POST


@pytest.mark.parametrize("address", [address for address in TABLE if address.startswith("POST")])
async def test_a_forged_post_is_refused(realm: Realm, address: str) -> None:
    line = TABLE[address]
    before = await realm.state()
    persona, stranger = realm.personas[min(line.roles)], realm.personas["inspector"]
    path = filled(address.split(" ")[1], own_names(realm, line, persona.span))
    whole = whole_form(persona, line)
    forged = {
        "from elsewhere": (persona, whole, {"origin": "https://elsewhere.example"}),
        "from nowhere": (persona, whole, {"origin": "null"}),
        "from another site": (persona, whole, {"sec-fetch-site": "cross-site"}),
        "from elsewhere, by nobody": (realm.personas[NOBODY], whole, {"origin": "https://elsewhere.example"}),
    }
    if line.token:
        forged["without its token"] = (persona, {**whole, "_csrf_token": ""}, {})
        forged["with another's token"] = (persona, {**whole, "_csrf_token": stranger.form_token()}, {})
    for how, (sender, form, headers) in forged.items():
        answer = await realm.ask(sender, "POST", path, form, **headers)
        assert (answer.status_code, FORGED in answer.text) == (403, True), f"{address} {how}: {answer.status_code}"
    assert await realm.state() == before


@pytest.mark.parametrize("template", sorted({address.split(" ")[1] for address in TABLE}))
async def test_options_tell_only_the_verbs_and_other_verbs_are_refused(realm: Realm, template: str) -> None:
    verbs = {address.split(" ")[0] for address in TABLE if address.split(" ")[1] == template}
    line = next(TABLE[f"{verb} {template}"] for verb in verbs)
    paths = [filled(template, own_names(realm, line, "village"))]
    paths += [filled(template, names) for names in missing_names(realm, line, "village").values()]
    told = set()
    for role in (NOBODY, min(line.roles)):
        for path in paths:
            answer = await realm.ask(realm.personas[role], "OPTIONS", path)
            told.add((answer.status_code, answer.text, frozenset(answer.headers["allow"].split(", "))))
    for verb in ("PUT", "DELETE"):
        assert (await realm.ask(realm.personas[min(line.roles)], verb, paths[0])).status_code == 405
    ((status, text, allowed),) = told  # the same to everybody, about everything
    assert (status, text) == (204, "")
    assert allowed <= verbs | {"OPTIONS", "HEAD"}


# What forms name is looked up like what paths name


FOREIGN_FORMS: list[tuple[str, str, dict[str, str], int]] = [
    ("intake_clerk", "POST /office/intake/start", {"household": FOREIGN}, 404),
    ("intake_clerk", "POST /office/households/{household}/proxies", {"name": HEAD, "lives_in": FOREIGN}, 422),
    ("cashier", "POST /office/intake/{package}/inspect", {"login": "y05", "pin": "2468"}, 422),
    ("inspector", "POST /office/intake/{package}/pay", {"login": "y07", "pin": "2468", "receiver": "head"}, 422),
]
COUNTED_TRIES = {"sign_in_delay"}


@pytest.mark.parametrize(("role", "address", "form", "status"), FOREIGN_FORMS)
async def test_a_form_names_nothing_of_another_village(
    realm: Realm, role: str, address: str, form: dict[str, str], status: int
) -> None:
    line, persona, before = TABLE[address], realm.personas[role], await realm.state()
    path = filled(address.split(" ")[1], own_names(realm, line, persona.span))
    answer = await realm.ask(persona, "POST", path, {**whole_form(persona, line), **form})
    assert answer.status_code == status, answer.text
    after = await realm.state()
    assert {name for name in after if after[name] != before[name]} <= COUNTED_TRIES


# Three layers, and each holds without the others


PAPERS = {"household", "draft", "weighed", "paid", "card", "proxy", "income line", "order"}


UNINVITED = {NOBODY, NOT_ACTING, "customer", "household_member", "store_clerk", "inspector", "auditor", "administrator"}


def far_names(realm: Realm, line: Opens) -> dict[str, Names]:
    """Papers of the other village and its store: nobody of the cast has to do with them."""
    names = own_names(realm, line, "village")
    for name, kind in line.subjects.items():
        strangers = realm.subjects[kind].strangers
        names[name] = (
            {**strangers.get("village", {}), **strangers.get("place", {})}.popitem()[1] if strangers else names[name]
        )
    return {"far away": names}


async def answers_about_papers(realm: Realm, *, uninvited: bool = False) -> dict[str, int]:
    """What every door to somebody's papers answers about papers that are not theirs; `uninvited` may ask as well."""
    found = {}
    for address, line in TABLE.items():
        asking = line.roles | UNINVITED if uninvited else line.roles
        for role in sorted(asking) if set(line.subjects.values()) & PAPERS else ():
            persona = realm.personas[role]
            others = strange_names(realm, line, persona.span) if role in line.roles else {}
            for whose, names in {**others, **far_names(realm, line)}.items():
                answer = await send(realm, persona, address, names, line)
                found[f"{role}: {address}: {whose}"] = answer.status_code
    return found


def leaks(answers: Mapping[str, int]) -> dict[str, int]:
    assert len(answers) > 300, "the layers were asked about every door to papers"
    return {asked: status for asked, status in answers.items() if status != 404}


@asynccontextmanager
async def without_row_level_security(database: Database) -> AsyncIterator[None]:
    """The app on a pool of the tables' owner, whom their policies do not bind."""
    app_pool, app_address = DB.pool, DB.config["dsn"]
    DB.pool, DB.config["dsn"] = None, database.cluster.owner_url
    await DB.open_pool(1, 2)
    try:
        yield
    finally:
        await DB.close_connection_pool()
        DB.pool, DB.config["dsn"] = app_pool, app_address


def switch_off_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "verdict", lambda self, signed: "open")


def switch_off_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoped, "own_columns", lambda table, signed, span: [])


async def test_without_policies_scope_and_rows_still_hide_what_is_not_yours(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await realm.state()
    switch_off_policy(monkeypatch)
    assert leaks(await answers_about_papers(realm, uninvited=True)) == {}
    assert await realm.state() == before


async def test_without_the_scope_row_level_security_still_hides_what_is_not_yours(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await realm.state()
    switch_off_scope(monkeypatch)
    assert leaks(await answers_about_papers(realm)) == {}
    assert await realm.state() == before


async def test_without_row_level_security_the_scope_still_hides_what_is_not_yours(
    realm: Realm, database: Database
) -> None:
    before = await realm.state()
    async with without_row_level_security(database):
        assert leaks(await answers_about_papers(realm)) == {}
    assert await realm.state() == before


SEARCHES = [(FOREIGN, HEAD), (HEAD, FOREIGN), ("ksl", FOREIGN), ("ksl", HEAD)]


@pytest.mark.parametrize("page", ["/office/households", "/office/intake/find"])
@pytest.mark.parametrize("rows_guarded", [True, False])
async def test_a_search_finds_nobody_of_another_village_with_or_without_row_level_security(
    realm: Realm, database: Database, page: str, rows_guarded: bool
) -> None:
    async with nullcontext() if rows_guarded else without_row_level_security(database):
        for words, hidden in SEARCHES:
            answer = await realm.ask(realm.personas["intake_clerk"], "GET", f"{page}?q={quote(words)}")
            assert (answer.status_code, hidden in answer.text) == (200, False), f"{words} finds {hidden}"


BITTEN = [
    ("cashier", "GET /office/households/{household}"),
    ("inspector", "GET /office/intake/{package}"),
    ("supervisor", "GET /office/intake/{package}/voucher"),
    ("customer", "GET /orders/{order}"),
    ("store_clerk", "GET /store/orders/{order}"),
]


@pytest.mark.parametrize(("role", "address"), BITTEN)
async def test_without_scope_and_row_level_security_the_same_questions_are_answered(
    realm: Realm, database: Database, monkeypatch: pytest.MonkeyPatch, role: str, address: str
) -> None:
    """So it is these two layers that hide them, not a missing row."""
    switch_off_scope(monkeypatch)
    async with without_row_level_security(database):
        for names in far_names(realm, TABLE[address]).values():
            answer = await send(realm, realm.personas[role], address, names, TABLE[address])
            assert answer.status_code == 200
