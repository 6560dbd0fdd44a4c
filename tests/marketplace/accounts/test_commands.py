"""add-administrator: the first person of a new site."""

from __future__ import annotations

import io

import pytest

from marketplace.accounts.actions import sign_in
from marketplace.accounts.commands import add_administrator
from tests.conftest import World

GRANT = """
select u.name, g.role, g.scope_kind, g.valid_from::text from role_grant g join app_user u on u.id = g."user"
where u.login = 'anlan'
"""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("red-stone-2018\n"))


@pytest.mark.usefixtures("typed")
async def test_the_new_administrator_signs_in(world: World) -> None:
    assert await add_administrator(["Anlan", "安岚"]) == 0
    assert [tuple(row) for row in await world.admin.fetch(GRANT)] == [
        ("安岚", "administrator", "system", "2018-11-21")
    ]
    assert (await sign_in("anlan", "red-stone-2018", "10.0.0.1")).must_choose is False


@pytest.mark.usefixtures("typed")
async def test_a_login_that_is_taken_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    people = await world.count("app_user")
    assert await add_administrator(["s07", "安岚"]) == 1
    assert capsys.readouterr().err == "Somebody has this login name already. Choose another one.\n"
    assert await world.count("app_user") == people


async def test_a_short_password_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert await add_administrator(["anlan", "安岚"]) == 1
    assert capsys.readouterr().err == "A password has at least 8 characters.\n"
    assert await world.admin.fetch(GRANT) == []
