"""A verb of the command line: the first administrator, who gives everybody else an account and a role."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from getpass import getpass

from marketplace import clock, passwords
from marketplace.accounts import actions
from marketplace.accounts.rules import new_login, require_good_password
from marketplace.db import Scope, atomically
from marketplace.errors import Refusal

SYSTEM = Scope(role="system")


async def add_administrator(words: list[str]) -> int:
    """`add-administrator LOGIN NAME`: the password comes from a prompt, or as the first line of standard input."""
    parser = ArgumentParser(
        prog="python -m marketplace add-administrator",
        description="Make an account that holds the role of administrator from today on.",
    )
    parser.add_argument("login", help="2 to 30 small letters and figures")
    parser.add_argument("name", help="as the person is called")
    asked = parser.parse_args(words)
    try:
        await _add(new_login(asked.login), asked.name.strip() or asked.login, _password())
    except Refusal as refused:
        print(refused, file=sys.stderr)
        return 1
    print(f"{asked.login} may sign in as administrator from today on.")
    return 0


def _password() -> str:
    password = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    require_good_password(password)
    return password


async def _add(login: str, name: str, password: str) -> None:
    digest = await passwords.hashed(password)

    async def verb() -> None:
        user = await actions.add_staff(login, name, password_hash=digest)
        await actions.grant_role(user, "administrator", "system", None, await clock.today())

    await atomically(verb, SYSTEM)


COMMANDS: Mapping[str, Callable[[list[str]], object]] = {"add-administrator": add_administrator}
