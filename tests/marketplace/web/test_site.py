"""The front door: headers on every answer, hosts, static files, errors by Accept, the log, the look."""

from __future__ import annotations

import asyncio
import json
import re

import asyncpg
import httpx
import pytest

from marketplace.db import DB
from marketplace.settings import Settings, settings
from marketplace.web import headers, logs, refusals, session, site
from tests.conftest import World
from tests.marketplace.conftest import Browser, SignIn, shown

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.mark.parametrize(
    "path", ["/tiny", "/nowhere", "/tiny/broken", "/static/css/base.css", "/static/none.css", "/health"]
)
async def test_every_answer_carries_the_security_headers_once(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert len(answer.headers.get_list("content-security-policy")) == 1


async def test_nonce_is_fresh_and_the_pages_own(sign_in: SignIn) -> None:
    cashier = await sign_in("s07", "cashier")
    seen = set()
    for _time in range(3):
        answer = await cashier.get("/tiny/households/JP4-06")
        policy = re.search(r"script-src 'nonce-([^']+)'", answer.headers["content-security-policy"])
        assert policy is not None
        assert f'<script nonce="{policy[1]}">' in answer.text
        seen.add(policy[1])
    assert len(seen) == 3


@pytest.mark.parametrize("host", ["evil.example", "localhost:8000.evil.example", "localhost", "localhost:80001", ""])
async def test_other_hosts_are_refused(browser: Browser, host: str) -> None:
    answer = await browser.get("/tiny", host=host)
    assert answer.status_code == 400
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_forwarded_host_is_not_believed(browser: Browser) -> None:
    answer = await browser.get("/tiny", **{"host": "evil.example", "x-forwarded-host": "localhost:8000"})
    assert answer.status_code == 400


async def test_health_answers_any_host(browser: Browser) -> None:
    answer = await browser.get("/health", host="10.0.0.7")
    assert (answer.status_code, answer.text) == (200, "well\n")


def test_production_knows_its_own_host_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "settings", lambda: Settings(public_url="https://market.example", demo=False))
    assert site.known_hosts() == {"market.example"}


def test_https_turns_on_secure_cookies_and_hsts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "settings", lambda: Settings(public_url="https://market.example"))
    made = session.cookie("s", "token", 60).to_header(header="")
    assert made.startswith("__Host-s=token;")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in made.split(";")}
    assert "Domain" not in made
    assert (b"strict-transport-security", headers.HSTS.encode()) in headers.security_headers("n")
    monkeypatch.undo()
    assert session.cookie("s", "token").to_header(header="").startswith("s=token;")
    assert "Secure" not in session.cookie("s", "token").to_header(header="")


async def test_errors_are_pages_for_people_and_json_for_devices(browser: Browser) -> None:
    page = await browser.get("/nowhere")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in page.text
    device = await browser.get("/nowhere", accept="application/json")
    assert device.status_code == 404
    assert device.json()["error"] == (
        "There is nothing here, or it is not for you. Check the address, or begin at the first page."
    )
    chinese = await browser.get("/nowhere", **{"accept-language": "zh-CN"})
    assert "这里没有内容" in chinese.text


async def test_surprise_shows_a_number_that_stands_in_the_log_and_no_detail(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    answer = await browser.get("/tiny/broken", accept="application/json")
    assert answer.status_code == 500
    number = answer.json()["number"]
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    told = next(line for line in lines if line.get("number") == number and line["event"] == "refused by surprise")
    assert told["error"] == "Raised"
    assert "13812341234" not in json.dumps(lines) + answer.text


async def test_log_holds_route_and_user_but_no_path_and_no_words(
    sign_in: SignIn, capsys: pytest.CaptureFixture[str]
) -> None:
    cashier = await sign_in("s07", "cashier")
    logs.configure()
    await cashier.get("/tiny/households/JP4-06?q=彭")
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["method"], line["route"], line["status"]) == ("GET", "/tiny/households/{household}", 200)
    assert set(line) == {"event", "level", "timestamp", "method", "route", "status", "ms", "user", "role"}


async def test_wrong_verb_is_405(browser: Browser) -> None:
    answer = await browser.client.delete("/tiny")
    assert answer.status_code == 405


async def test_options_tells_verbs_only(browser: Browser) -> None:
    answer = await browser.client.options("/tiny")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


async def test_static_file_is_kept_for_ever_under_its_hash(browser: Browser) -> None:
    from marketplace.web.static import static_path

    address = static_path("css/base.css")
    assert re.fullmatch(r"/static/css/base\.[0-9a-f]{10}\.css", address)
    answer = await browser.get(address, **{"accept-encoding": "br"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "br"
    assert "set-cookie" not in answer.headers
    again = await browser.get(address, **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = await browser.get("/static/css/base.css")
    assert plain.headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/", "/static/css"]
)
async def test_nothing_but_static_files_is_given(browser: Browser, path: str) -> None:
    assert (await browser.get(path)).status_code in (404, 405)


async def test_look_is_kept_in_the_browser_and_leads_back(browser: Browser) -> None:
    assert shown(await browser.get("/tiny"), "locale") == "en"
    answer = await browser.post("/look", {"locale": "zh_CN", "step": "24", "next": "/tiny?q=a"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/tiny?q=a")
    assert shown(await browser.get("/tiny"), "locale") == "zh_CN"
    assert browser.client.cookies["step"] == "24"


@pytest.mark.parametrize("fields", [{"locale": "xx"}, {"step": "99"}])
async def test_unknown_look_is_refused(browser: Browser, fields: dict[str, str]) -> None:
    assert (await browser.post("/look", fields)).status_code == 422
    assert "locale" not in browser.client.cookies


async def test_look_is_not_changed_from_elsewhere(browser: Browser) -> None:
    answer = await browser.post("/look", {"locale": "zh_CN"}, **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_exhausted_pool_is_503_within_seconds(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace import db

    monkeypatch.setattr(db, "POOL_WAIT_SECONDS", 0.2)
    cashier = await sign_in("s07", "cashier")
    pool = DB.pool
    assert pool is not None
    held: list[asyncpg.Connection] = []
    try:
        while True:
            try:
                held.append(await pool.acquire(timeout=0.2))
            except TimeoutError:
                break
        answer = await asyncio.wait_for(cashier.client.get("/tiny"), 10)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    finally:
        for connection in held:
            await pool.release(connection)
    assert (await cashier.get("/tiny")).status_code == 200


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("23505", 409), ("23514", 422), ("23503", 409), ("55P03", 503), ("57014", 503), ("40001", 503), ("40P01", 503),
        ("53300", 503), ("53100", 503), ("57P01", 503), ("08006", 503), ("22003", 400), ("22021", 400), ("42501", 404),
        ("42601", 500), ("25006", 500), ("23502", 500), ("", 500),
    ],
)  # fmt: skip
def test_every_kind_of_database_error_has_its_status(state: str, status: int) -> None:
    error = asyncpg.PostgresError.new({"C": state, "M": "text"}) if state else RuntimeError("x")
    assert refusals.problem_of(error).status == status


def test_lost_connections_are_503_and_bad_arguments_400() -> None:
    assert refusals.problem_of(asyncpg.InterfaceError("closed")).status == 503
    assert refusals.problem_of(asyncpg.InternalClientError("cannot switch")).status == 503
    assert refusals.problem_of(ConnectionResetError()).status == 503
    assert refusals.problem_of(asyncpg.DataError("int4")).status == 400


async def test_app_works_behind_any_known_host_of_the_demo(site: site.Site, world: World) -> None:
    assert settings().demo
    transport = httpx.ASGITransport(app=site)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        assert (await client.get("/tiny")).status_code == 200
        own = {"origin": "http://127.0.0.1:8000"}
        assert (await client.post("/look", data={"step": "20"}, headers=own)).status_code == 303


async def test_two_requests_never_share_their_state(site: site.Site, world: World) -> None:
    shared: dict[str, object] = {"from": "lifespan"}

    async def same_state_for_all(scope: dict[str, object], receive: object, send: object) -> None:
        await site({**scope, "state": shared}, receive, send)

    transport = httpx.ASGITransport(app=same_state_for_all)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        answers = await asyncio.gather(*(client.get("/tiny") for _time in range(5)))
    assert len({answer.headers["content-security-policy"] for answer in answers}) == 5
    assert shared == {"from": "lifespan"}
