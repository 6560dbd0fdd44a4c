"""A private PostgreSQL for the demo and the tests: created, started and stopped by our own launcher.

The server listens on one unix socket in a folder of mode 0700 and nowhere else. Neither the owner of the
tables nor the application is a superuser; `cluster` is, and only tests and the making of databases use it.

Several processes may use one cluster: each holds a shared lock; the first starts the server, the last stops
it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

from marketplace.binaries import Binaries, installed, reachable
from marketplace.settings import Settings, settings
from marketplace.unprivileged import Account, NoAccount, account_for

SUPERUSER = "cluster"
OWNER = "market_owner"
APPLICATION = "market_app"
DATABASE = "market"
OLDEST_MAJOR = 15
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # bytes; macOS takes 103, Linux 107
READY_SECONDS = 120.0
STOP_SECONDS = 60.0
SHELTERS = Path("/var/lib")
TEMPORARY = "market-test-"
YOUNG_SECONDS = 60.0
OPTIONS = {
    "max_connections": "120",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
}
FORGETFUL_NAME = "marketplace-tests"
FORGETFUL = {
    "cluster_name": FORGETFUL_NAME,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
INITDB = ("--auth=trust", "-E", "UTF8", "--no-locale", "--data-checksums", "--no-instructions")
LOGIN_ROLE = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls"
FIRST_STATEMENTS = (
    f"create role {OWNER} {LOGIN_ROLE};",
    f"create role {APPLICATION} {LOGIN_ROLE};",
    f"create database {DATABASE} owner {OWNER};",
)


class ClusterError(RuntimeError):
    """The private cluster cannot be had; the text is one plain sentence that says what to do."""


@dataclass
class Cluster:
    """A private cluster in `data_dir`. `durable=False` (tests) may lose what it acknowledged."""

    data_dir: Path
    durable: bool = True
    _socket_folder: Path | None = field(default=None, init=False, repr=False)
    _server: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _share: IO[bytes] | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        self.data_dir = Path(os.path.abspath(self.data_dir))

    @property
    def app_url(self) -> str:
        """The database as the application's role: what DATABASE_URL would hold."""
        return self.url(APPLICATION)

    @property
    def owner_url(self) -> str:
        """The database as the owner of its tables: what DATABASE_OWNER_URL would hold."""
        return self.url(OWNER)

    @property
    def admin_url(self) -> str:
        """The database `postgres` as the superuser: for tests, and for making databases."""
        return self.url(SUPERUSER, "postgres")

    def url(self, role: str, database: str = DATABASE) -> str:
        """An address for asyncpg and libpq. Refuses before `start()`."""
        if self._socket_folder is None:
            raise ClusterError("The private cluster has not been started.")
        return f"postgresql://{role}@/{database}?host={quote(str(self._socket_folder))}&port=5432"

    def start(self) -> None:
        """Have the server running and answering; make the cluster first where there is none.

        Refuses (`ClusterError`): no PostgreSQL, one of another major version, a folder of another account.
        """
        if self._share is not None:
            return
        try:
            self._enter()
        except NoAccount as error:
            raise ClusterError(str(error)) from error
        except PermissionError as error:
            raise ClusterError(
                f"{error.filename or self.data_dir} belongs to another account: "
                f"work as that account, or remove {self.data_dir.parent}."
            ) from error

    def stop(self) -> None:
        """Leave the cluster; the last one to leave stops the server and waits until it is down."""
        if self._share is None:
            return
        with self._alone():
            if _only_holder(self._share):
                self._halt()
            self._leave()

    def remove(self) -> None:
        """Delete the cluster with all its data. Refuses while any process uses it."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with self._alone(), _lock(self._beside(".users.lock"), fcntl.LOCK_SH) as share:
            if not _only_holder(share):
                raise ClusterError(f"{self.data_dir} is in use: stop the demo first.")
            self._halt()
            home = self.data_dir.resolve()
            if home.exists():
                shutil.rmtree(home)
            if self.data_dir.is_symlink():
                self.data_dir.unlink()
                shutil.rmtree(home.parent)

    # -- who else is there

    def _enter(self) -> None:
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._share = _lock(self._beside(".users.lock"), fcntl.LOCK_SH)
            try:
                self._socket_folder = self._running() or self._launch()
            except BaseException:
                self._leave()
                raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with _lock(self._beside(".start.lock"), fcntl.LOCK_EX):
            yield

    def _beside(self, ending: str) -> Path:
        return self.data_dir.with_name(self.data_dir.name + ending)

    def _leave(self) -> None:
        if self._share is not None:
            self._share.close()
        self._share = self._socket_folder = None

    # -- a server that runs already

    def _running(self) -> Path | None:
        """The socket's folder of a living server, once it is ready; None when there is none."""
        deadline = time.monotonic() + READY_SECONDS
        while note := self._living():
            if note.ready and note.socket_folder:
                return note.socket_folder
            if time.monotonic() > deadline:
                raise ClusterError(f"The server in {self.data_dir} neither answers nor ends: stop it first.")
            time.sleep(0.01)
        if self._share is not None and not _only_holder(self._share):
            raise ClusterError(f"{self.data_dir} is held by a process that lost its server: stop it first.")
        return None

    def _living(self) -> _Note | None:
        note = _postmaster(self.data_dir)
        return note if note and _serves(note.pid, self.data_dir.resolve()) else None

    def _halt(self) -> None:
        note = self._living()
        if note is None:
            return
        os.kill(note.pid, signal.SIGINT)
        if not _within(STOP_SECONDS, lambda: self._ended(note.pid)):
            os.kill(note.pid, signal.SIGQUIT)
            _within(STOP_SECONDS, lambda: self._ended(note.pid))
        self._server = None
        if note.socket_folder and note.socket_folder != self.data_dir.resolve():
            shutil.rmtree(note.socket_folder, ignore_errors=True)

    def _ended(self, pid: int) -> bool:
        if self._server is not None and self._server.pid == pid:
            return self._server.poll() is not None
        return not _serves(pid, self.data_dir.resolve())

    # -- a server that is started here

    def _launch(self) -> Path:
        account = account_for(self.data_dir)
        home = self._home(account)
        binaries = reachable(_binaries_for(home), account)
        if (home / "PG_VERSION").exists():
            account.give_all(home)
        else:
            self._create(home, binaries, account)
        _disown(home / "postmaster.pid")
        _disown(home / f"{SOCKET}.lock")
        return self._serve(home, binaries, account)

    def _home(self, account: Account) -> Path:
        """The real folder: `data_dir` itself, or one it links to where that account cannot walk to it."""
        if account.reaches(self.data_dir):
            return self.data_dir.resolve()
        if self.data_dir.exists():
            raise ClusterError(
                f"Root may not make user namespaces here, and no other account reaches {self.data_dir}: "
                f"move the project out of the closed folder, or remove {self.data_dir}."
            )
        SHELTERS.mkdir(parents=True, exist_ok=True)
        shelter = Path(tempfile.mkdtemp(prefix="marketplace-", dir=SHELTERS))
        account.give(shelter)
        self.data_dir.unlink(missing_ok=True)  # a link to a shelter that is gone
        self.data_dir.symlink_to(shelter / "data")
        return shelter / "data"

    def _create(self, home: Path, binaries: Binaries, account: Account) -> None:
        """Make the cluster under another name and rename it, so that a half-made one is never met."""
        fresh = home.with_name(home.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        account.give(fresh)
        haste = () if self.durable else ("--no-sync",)
        _run(account, [binaries.program("initdb"), "-D", str(fresh), "-U", SUPERUSER, *INITDB, *haste])
        (fresh / "pg_hba.conf").write_text("local all all trust\n")
        statements = "\n".join(FIRST_STATEMENTS) + "\n"
        _run(account, [binaries.program("postgres"), "--single", "-D", str(fresh), "postgres"], statements)
        fresh.rename(home)

    def _serve(self, home: Path, binaries: Binaries, account: Account) -> Path:
        socket_folder = _socket_folder(home, account)
        options = OPTIONS | ({} if self.durable else FORGETFUL)
        command = [*account.prefix, binaries.program("postgres"), "-D", str(home), "-h", ""]
        command += ["-k", str(socket_folder)]
        command += [part for name, setting in options.items() for part in ("-c", f"{name}={setting}")]
        log = home / "server.log"
        with log.open("wb") as output:
            account.give(log)
            # Its own session: Ctrl-C at the terminal is for us, and the server must outlive our last query.
            server = subprocess.Popen(
                command,
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **account.switch(),
            )
        self._server = server
        _within(READY_SECONDS, lambda: server.poll() is not None or self._answers(server.pid))
        if not self._answers(server.pid):
            server.kill()
            server.wait()
            raise ClusterError(f"PostgreSQL did not start in {home}. It said: {_last_lines(log)}")
        return socket_folder

    def _answers(self, pid: int) -> bool:
        note = _postmaster(self.data_dir)
        return note is not None and note.pid == pid and note.ready


@contextmanager
def cluster(data_dir: Path, durable: bool = True) -> Iterator[Cluster]:
    """A running private cluster for the length of the block."""
    private = Cluster(data_dir, durable)
    try:
        private.start()
        yield private
    finally:
        private.stop()


@contextmanager
def temporary_cluster() -> Iterator[Cluster]:
    """A new cluster without durability, gone after the block: for a test session."""
    _sweep()
    shelter = Path(tempfile.mkdtemp(prefix=TEMPORARY))
    shelter.chmod(0o711)  # where root runs the server as another account, that account walks through it
    try:
        with cluster(shelter / "postgres", durable=False) as private:
            yield private
    finally:
        shutil.rmtree(shelter, ignore_errors=True)


def _sweep() -> None:
    """Remove what killed test sessions left. A living session holds its lock, or is younger than a minute."""
    for shelter in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        with suppress(OSError, ClusterError):
            status = shelter.stat()
            if status.st_uid == os.geteuid() and time.time() - status.st_mtime > YOUNG_SECONDS:
                Cluster(shelter / "postgres").remove()
                shutil.rmtree(shelter)


@contextmanager
def database() -> Iterator[Settings]:
    """Settings with a database: the environment's, else the private cluster's, which runs for the block.

    The addresses stand in the environment meanwhile, so that child processes find the same database.
    """
    if settings().database_url:
        yield settings()
        return
    with cluster(settings().var / "postgres") as private:
        os.environ.update(DATABASE_URL=private.app_url, DATABASE_OWNER_URL=private.owner_url)
        settings.cache_clear()
        try:
            yield settings()
        finally:
            del os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"]
            settings.cache_clear()


async def ensure_database(admin_url: str, name: str, owner: str = OWNER) -> None:
    """Have the database `name`, owned by `owner`; one that is there stays as it is."""
    import asyncpg

    connection = await asyncpg.connect(admin_url)
    try:
        names = await connection.fetchval("select format('%I owner %I', $1::text, $2::text)", name, owner)
        await connection.execute(f"create database {names}")
    except asyncpg.DuplicateDatabaseError:
        pass
    finally:
        await connection.close()


def _binaries_for(home: Path) -> Binaries:
    """The programs for a cluster: those that made it, or for a new one the best there are."""
    version_file = home / "PG_VERSION"
    if version_file.exists():
        major = int(version_file.read_text().split(".")[0])
        return _first(
            (binaries for binaries in installed() if binaries.major == major),
            f"{home} was made by PostgreSQL {major}, which is not installed here: "
            f"install PostgreSQL {major}, or start over with make demo-reset.",
        )
    if home.exists() and any(home.iterdir()):
        raise ClusterError(f"{home} holds something else than a PostgreSQL cluster: move it away.")
    return _first(
        (binaries for binaries in installed() if binaries.major >= OLDEST_MAJOR),
        f"No PostgreSQL found: install PostgreSQL {OLDEST_MAJOR} or newer (Debian: apt install postgresql), "
        "or set DATABASE_URL and DATABASE_OWNER_URL.",
    )


def _first(choices: Iterator[Binaries], otherwise: str) -> Binaries:
    for binaries in choices:
        return binaries
    raise ClusterError(otherwise)


def _socket_folder(home: Path, account: Account) -> Path:
    """The data folder itself; a short private one where the system would cut the socket's path."""
    if len(os.fsencode(home / SOCKET)) <= LONGEST_SOCKET_PATH:
        return home
    folder = Path(tempfile.mkdtemp(prefix="market-", dir="/tmp"))
    account.give(folder)
    return folder


@dataclass(frozen=True)
class _Note:
    """What the server writes into postmaster.pid."""

    pid: int
    socket_folder: Path | None
    ready: bool


def _postmaster(data_dir: Path) -> _Note | None:
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip().isdigit():
        return None
    socket_folder = Path(lines[4]) if len(lines) > 4 and lines[4] else None
    return _Note(int(lines[0]), socket_folder, len(lines) > 7 and lines[7].strip() == "ready")


def _serves(pid: int, home: Path) -> bool:
    """Whether that process is a server on that folder: after a restart the number may be somebody else's."""
    if Path("/proc/self").exists():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(home) in words
    command = ["ps", "-p", str(pid), "-o", "command="]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"-D {home} " in answer.stdout


def _disown(lock_file: Path) -> None:
    """Write our own number into a dead server's lock file.

    PostgreSQL refuses to start while the number in it lives, even where it is another program's by now. Its
    parent's number it takes for stale, and then still looks whether old back ends hold the shared memory:
    deleting the file would skip that look.
    """
    if lock_file.exists():
        lines = lock_file.read_text().splitlines()
        lock_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")


def _lock(path: Path, kind: int) -> IO[bytes]:
    file = path.open("ab")
    try:
        if os.geteuid() == 0:  # root at work in somebody's folder leaves nothing that shuts its owner out
            owner = path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
        fcntl.flock(file, kind)
    except BaseException:
        file.close()
        raise
    return file


def _only_holder(share: IO[bytes]) -> bool:
    """Whether nobody else holds the lock. Asked only under the start lock, so that nobody comes meanwhile."""
    try:
        fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        fcntl.flock(share, fcntl.LOCK_SH)
    return True


def _run(account: Account, command: list[str], statements: str = "") -> None:
    answer = subprocess.run(
        [*account.prefix, *command],
        input=statements,
        capture_output=True,
        text=True,
        cwd="/",
        env=_environment(),
        check=False,
        **account.switch(),
    )
    if answer.returncode != 0 or "ERROR:" in answer.stderr:
        said = " ".join(answer.stderr.split())[-600:]
        raise ClusterError(f"{Path(command[0]).name} could not make the cluster. It said: {said}")


def _environment() -> dict[str, str]:
    """A plain world for the server: C locale, UTC, and no PG* variable of ours that would bend it."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"LC_ALL": "C", "TZ": "UTC"} | kept


def _last_lines(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").splitlines()[-4:]) or "nothing."


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
