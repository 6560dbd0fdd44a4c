"""Every door × everybody who may come × own, somebody else's, missing and nested subjects, from `access_table.TABLE`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from marketplace.accounts.rules import ROLES
from marketplace.web.policy import answers_options, handlers_of
from tests.access.realm import Persona, Realm, open_realm
from tests.access_table import EVERYBODY, NOBODY, NOT_ACTING, TABLE, Opens
from tests.conftest import Database

VARYING = re.compile(r'nonce="[^"]*"|name="(_csrf_token|_key)" value="[^"]*"|pointer-[0-9a-f]+')
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
    own, found = own_names(realm, line, span), {}
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
    else:
        answer = await realm.ask(persona, method, path, {"_csrf_token": persona.form_token()})
        good = answer.status_code in (303, 400, 409, 422) and not to_sign_in(answer) and FORGED not in answer.text
        faults = []
    return faults if good else [*faults, f"own answers {answer.status_code} {answer.headers.get('location', '')}"]


def to_sign_in(answer: httpx.Response) -> bool:
    return answer.headers.get("location", "").startswith(("/sign-in?", "/card?"))


async def turned_away(realm: Realm, role: str, address: str, line: Opens) -> list[str]:
    """Nobody is sent to sign in; somebody is refused; and neither learns whether there is such a thing."""
    persona = realm.personas[role]
    spans = [ROLES[one].span for one in sorted(line.roles) if one in ROLES]
    span = spans[0] if spans else ""
    faults, words = [], set()
    for whose, names in {"own": own_names(realm, line, span), **missing_names(realm, line, span)}.items():
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
            for verb in ("PUT", "DELETE", "PATCH"):
                assert (await realm.ask(realm.personas[role], verb, path)).status_code == 405
    assert told == {(204, "", frozenset(verbs | {"OPTIONS"} | ({"HEAD"} if "GET" in verbs else set())))}
