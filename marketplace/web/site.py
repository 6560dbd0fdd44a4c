"""The site: wings put together behind one front door that adds headers, checks the host and writes the log."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler, Receive, Send

from marketplace.accounts.rules import add_roles
from marketplace.settings import settings
from marketplace.web import logs, look, static
from marketplace.web.door import BODY_LIMIT
from marketplace.web.headers import new_nonce, security_headers
from marketplace.web.policy import EveryRouteHasAPolicy, public
from marketplace.web.refusals import answer, say_constraint
from marketplace.web.wing import Wing, open_wings, require_apart
from marketplace.web.words import add_folder

HEALTH = "/health"
MOST_PARTS = 20
SHOWN = [HttpMethod.GET, HttpMethod.HEAD]


class Site(Litestar):
    """Litestar behind our front door. Every HTTP answer, error pages and files included, passes here."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI call."""
        if scope["type"] == ScopeType.HTTP:
            await self._answer_http(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def _answer_http(self, scope: Any, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        nonce = new_nonce()
        # A copy for this request alone: a server may hand the same state to every request.
        scope["state"] = {**(scope.get("state") or {}), "nonce": nonce}
        status = 0

        async def send_with_headers(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *security_headers(nonce)]
            await send(message)

        try:
            if is_known_host(scope):
                await super().__call__(scope, receive, send_with_headers)
            else:
                await refuse_host(send_with_headers)
        finally:
            write_line(scope, status, began)


def write_line(scope: Any, status: int, began: float) -> None:
    """One line of the access log: never a path, a query or a header, for they carry codes and names."""
    state = scope["state"]
    known = {"user": state.get("user"), "role": state.get("role"), "number": state.get("error_number")}
    logs.log.info(
        "answered",
        method=scope["method"],
        route=scope.get("path_template") or "-",
        status=status,
        ms=round((time.perf_counter() - began) * 1000, 1),
        **{name: value for name, value in known.items() if value},
    )


def known_hosts() -> frozenset[str]:
    """The hosts we answer to, ports spelled out as browsers send them."""
    address = urlsplit(settings().public_url)
    known = {address.netloc.lower()}
    if settings().demo:
        known |= {f"{name}:{settings().port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    return frozenset(known)


def is_known_host(scope: Any) -> bool:
    """Whether the request asked for a host of ours. The health door answers to any."""
    if scope["path"] == HEALTH:
        return True
    hosts = [value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and hosts[0] in known_hosts()


async def refuse_host(send: Callable[[Any], Awaitable[None]]) -> None:
    """400 for a host that is not ours."""
    body = b"This address does not belong to this site."
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@route("/static/{address:path}", http_method=SHOWN, opt={"policy": public}, name="static")
async def static_file(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A file of static/."""
    return await static.answer(request, str(request.path_params["address"]))


@route("/favicon.ico", http_method=SHOWN, opt={"policy": public}, name="favicon")
async def favicon(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What browsers ask for unasked."""
    return await static.answer(request, "img/emblem.svg")


def build_site(
    *wings: Wing,
    on_startup: tuple[Callable[..., Any], ...] = (),
    on_shutdown: tuple[Callable[..., Any], ...] = (),
    lifespan: tuple[Any, ...] = (),
) -> Site:
    """The site of these wings. Refuses to start with a route that has no policy, or with wings that clash."""
    own = [static_file, favicon, *look.DOORS]
    require_apart(wings, own)
    open_wings(wings)
    for wing in wings:
        prepare(wing)
    handlers: list[ControllerRouterHandler] = [*own]
    handlers += [handler for wing in wings for handler in wing.routers]
    logs.configure()
    return Site(
        route_handlers=handlers,
        plugins=[EveryRouteHasAPolicy()],
        openapi_config=None,
        debug=False,
        logging_config=None,
        exception_handlers={HTTPException: answer, Exception: answer},
        request_max_body_size=BODY_LIMIT,
        multipart_form_part_limit=MOST_PARTS,
        on_startup=[*on_startup, *(start for wing in wings for start in wing.on_start)],
        on_shutdown=[*on_shutdown, *(stop for wing in wings for stop in wing.on_stop)],
        lifespan=list(lifespan),
        state=State({"wings": wings, "wings_nav": nav_of(wings)}),
    )


def prepare(wing: Wing) -> None:
    """Make a wing's roles, words and sentences known."""
    add_roles(wing.roles)
    if wing.locales is not None:
        add_folder(wing.locales)
    for name, text in wing.constraints.items():
        say_constraint(name, text)


def nav_of(wings: tuple[Wing, ...]) -> Callable[[str], tuple[Any, ...]]:
    """The entries for a role, of all wings in their order."""
    entries = tuple(entry for wing in wings for entry in wing.nav)

    def for_role(role: str) -> tuple[Any, ...]:
        return tuple(entry for entry in entries if entry.is_for(role))

    return for_role
