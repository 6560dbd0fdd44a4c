"""The servers that carry the site: granian with several processes for real, uvicorn in this process for the demo."""

from __future__ import annotations

import importlib
import socket
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marketplace.keys import keyring
from marketplace.settings import SettingsError, settings

if TYPE_CHECKING:
    import uvicorn

SITE = "marketplace.serving:site"
GRACE_SECONDS = 3
STOP_SECONDS = 10
# Longer than browsers and proxies (60 s) keep an idle connection: who closes first must not be the server, for what it
# closes at the moment a request comes in is a request cut off without an answer.
KEEP_ALIVE_SECONDS = 75


def site() -> Any:
    """The site as servers load it, behind the proxies that PROXY_ADDRESSES names."""
    from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

    front_door = importlib.import_module("app").app
    proxies = settings().proxy_addresses
    return ProxyHeadersMiddleware(front_door, trusted_hosts=list(proxies)) if proxies else front_door


def main(words: list[str]) -> None:
    """`serve`: until SIGINT or SIGTERM. Refuses without a key file, and a port that is taken."""
    asked = _parser().parse_args(words)
    keyring()
    require_free_port()
    print(f"Serving {settings().public_url} on {settings().host}, port {settings().port}.", flush=True)
    (_granian if asked.server == "granian" else _uvicorn)(asked)


def serve_here(on_ready: Callable[[], None]) -> bool:
    """One process, this one, until a signal; `on_ready` is called once pages are answered.

    Answers whether the site ever started. Signals are raised again for the caller after the site is down.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_ready()

    server = Server(_uvicorn_config(workers=1))
    server.run()
    return server.started


def require_free_port() -> None:
    """Refuse (`SettingsError`) to begin where another program listens already."""
    here = settings()
    family = socket.AF_INET6 if ":" in here.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((here.host, here.port))
        except OSError as error:
            raise SettingsError(
                f"Port {here.port} on {here.host} cannot be used ({error.strerror}): "
                "stop the other program or choose another PORT."
            ) from None


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m marketplace serve", description="Serve the site until stopped.")
    parser.add_argument("--server", choices=("granian", "uvicorn"), default="granian")
    parser.add_argument("--certificate", type=Path, help="PEM file; with --key the server itself speaks TLS")
    parser.add_argument("--key", type=Path, help="PEM file of the certificate's key")
    return parser


def _granian(asked: Namespace) -> None:
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    here = settings()
    Granian(
        SITE,
        factory=True,
        address=here.host,
        port=here.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=here.workers,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=1000 * KEEP_ALIVE_SECONDS),
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        ssl_cert=asked.certificate,
        ssl_key=asked.key,
    ).serve()


def _uvicorn(asked: Namespace) -> None:
    import uvicorn

    here = settings()
    uvicorn.run(
        SITE,
        factory=True,
        host=here.host,
        port=here.port,
        workers=here.workers,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=asked.certificate,
        ssl_keyfile=asked.key,
    )


def _uvicorn_config(workers: int) -> uvicorn.Config:
    import uvicorn

    here = settings()
    return uvicorn.Config(
        SITE,
        factory=True,
        host=here.host,
        port=here.port,
        workers=workers,
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
