"""Real server processes on a durable private cluster that holds the demo world."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Servers:
    """Addresses of the processes, and the database's addresses for those who look behind."""

    bases: list[str]
    app_url: str
    owner_url: str
    admin_url: str
    processes: list[subprocess.Popen[bytes]]
    log: Path


@contextmanager
def cluster_with_world(folder: Path, *, year: bool) -> Iterator[tuple[str, str, str]]:
    """A durable cluster under `folder`, migrated and loaded; answers app, owner and superuser addresses."""
    from marketplace.embedded import cluster

    with cluster(folder / "postgres", durable=True) as private:
        environment = environment_for(folder, private.app_url, private.owner_url)
        load = "load_year" if year else "load_base"
        script = (
            "import asyncio, os\n"
            "from marketplace.migrate import migrate\n"
            "from marketplace.demo.load import load_base\n"
            "owner, app = os.environ['DATABASE_OWNER_URL'], os.environ['DATABASE_URL']\n"
            "asyncio.run(migrate(owner, app)); asyncio.run(load_base(owner))\n"
        )
        if year:
            script += f"from marketplace.demo.year import {load}\nasyncio.run({load}(owner))\n"
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True, timeout=180)
        yield private.app_url, private.owner_url, private.url("cluster", "market")


def environment_for(folder: Path, app_url: str, owner_url: str, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": app_url,
        "DATABASE_OWNER_URL": owner_url,
        "VAR": str(folder),
        "KEY_FILE": str(folder / "keys" / "field.key"),
        "DEMO": "1",
        "TEST_DURABILITY_OFF": "0",
        "WORKERS": "1",
        "PICCOLO_CONF": "piccolo_conf",
        **more,
    }


@contextmanager
def serving(
    folder: Path,
    urls: tuple[str, str, str],
    *,
    kinds: tuple[str, ...] = ("uvicorn", "granian"),
    scheme: str = "http",
    words: tuple[str, ...] = (),
    **more: str,
) -> Iterator[Servers]:
    """One process of the site for each kind of server, each on its own port; stopped by their own ids."""
    app_url, owner_url, admin_url = urls
    bases, processes = [], []
    log = folder / "servers.log"
    with log.open("ab") as output:
        for kind in kinds:
            port = free_port()
            base = f"{scheme}://{'localhost' if scheme == 'https' else '127.0.0.1'}:{port}"
            environment = environment_for(folder, app_url, owner_url, PORT=str(port), PUBLIC_URL=base, **more)
            command = [sys.executable, "-m", "marketplace", "serve", "--server", kind, *words]
            processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output))
            bases.append(base)
    try:
        for base, process in zip(bases, processes, strict=True):
            wait_for(base, process, log)
        yield Servers(bases, app_url, owner_url, admin_url, processes, log)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(base: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended: {log.read_text()[-3000:]}"
        try:
            if httpx.get(f"{base}/health", verify=False, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {base}: {log.read_text()[-3000:]}")
