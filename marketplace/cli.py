"""The command line. A verb imports what it needs when it is called: `verify` needs the standard library alone."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import sys
from argparse import REMAINDER, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from marketplace.embedded import ClusterError, database
from marketplace.settings import SettingsError, settings

Command = Callable[[list[str]], object]
"""What stands behind a verb: takes the words after it; answers an exit status or nothing; may be async."""


@dataclass(frozen=True)
class Verb:
    """A verb of the command line: where its command lies, and whether a database must be there first."""

    sentence: str
    place: str
    database: bool = True


BUILT_IN: Mapping[str, Verb] = {
    "serve": Verb("serve the site with WORKERS processes", "marketplace.serving:main"),
    "worker": Verb("run background jobs until stopped", "marketplace.worker:main"),
    "make-key": Verb("make the key file once; never overwrites one", "marketplace.cli:make_key", database=False),
    "migrate": Verb("bring the database to this version, as its owner", "marketplace.cli:migrate"),
    "reconcile": Verb("check the promises on all data; status 1 when one is broken", "marketplace.reconcile:main"),
    "verify": Verb("check an exported chain offline", "marketplace.journal.verify:main", database=False),
    "demo": Verb("load the demo world if it is not there, and serve it", "marketplace.demo.run:serve", False),
    "demo-load": Verb("load the demo world without serving it", "marketplace.demo.run:load", False),
    "demo-reset": Verb("throw the demo's data away and load it anew", "marketplace.demo.run:reset", False),
    "check-drift": Verb("status 1 when tables and migrations differ", "marketplace.drift:main", database=False),
    "vendor": Verb("copy npm's parts into static/vendor/", "marketplace.cli:vendor", database=False),
}


def main(words: list[str]) -> int:
    """Run one verb. What a person can mend comes as one sentence on stderr with status 1, not as a trace."""
    asked = _parser().parse_args(words)
    os.environ.setdefault("PICCOLO_CONF", "piccolo_conf")
    try:
        return _run(asked.verb, asked.words)
    except (SettingsError, ClusterError) as refused:
        print(refused, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def call(command: Command, words: list[str]) -> int:
    """Call a command, plain or async; its answer as an exit status."""
    answer = command(words)
    if inspect.iscoroutine(answer):
        answer = asyncio.run(answer)
    return answer if isinstance(answer, int) else 0


def migrate(_words: list[str]) -> None:
    """Run the migrations that have not run. Refuses without the owner's address."""
    from marketplace.migrate import migrate as run
    from marketplace.reconcile import promises

    here = settings()
    if not here.database_owner_url:
        raise SettingsError("DATABASE_OWNER_URL is not set: migrations run as the owner of the tables.")
    names = asyncio.run(run(here.database_owner_url, here.database_url, promises()))
    print("\n".join(names) or "Nothing to migrate.")


def make_key(_words: list[str]) -> int:
    """Make KEY_FILE with a first key, mode 0400. Refuses where a file stands already."""
    from marketplace.keys import make_key_file

    path = settings().key_file
    if not make_key_file(path):
        print(f"{path} is there already, and stays as it is.", file=sys.stderr)
        return 1
    print(f"{path} is made. Keep a copy away from this machine and from the backups of the database.")
    return 0


def vendor(_words: list[str]) -> int:
    """Build static/vendor/ from npm's folder."""
    from marketplace.vendor import PartMissing, build

    try:
        folders = build()
    except PartMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    print("static/vendor:", " ".join(folder.name for folder in folders))
    return 0


def _parser() -> ArgumentParser:
    verbs = "\n".join(f"  {name:12} {verb.sentence}" for name, verb in BUILT_IN.items())
    parser = ArgumentParser(
        prog="python -m marketplace",
        description="The village marketplace.",
        epilog=f"verbs:\n{verbs}\n\nRooms and wings add their own verbs.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", metavar="VERB")
    parser.add_argument("words", nargs=REMAINDER, metavar="…", help="what the verb takes; VERB --help says")
    return parser


def _run(name: str, words: list[str]) -> int:
    verb = BUILT_IN.get(name)
    if verb is None:
        with _database():
            return call(_contributed(name), words)
    if not verb.database:
        return call(_found(verb.place), words)
    with _database():
        return call(_found(verb.place), words)


@contextmanager
def _database() -> Iterator[None]:
    """A database that runs; where it holds the demo world, its business clock goes on from where it stood."""
    from marketplace.demo.clock import file_of, kept

    file = file_of(settings())
    with database() as here, kept(file, here.database_owner_url):
        yield


def _found(place: str) -> Command:
    module, function = place.split(":")
    return partial(getattr(importlib.import_module(module), function))


def _contributed(name: str) -> Command:
    """A verb that a wing brings (`Wing.commands`)."""
    wings = importlib.import_module("app").WINGS
    verbs: dict[str, Command] = {verb: command for wing in wings for verb, command in wing.commands.items()}
    if name not in verbs:
        known = ", ".join(sorted({*BUILT_IN, *verbs}))
        raise SettingsError(f"There is no verb {name!r}. There are: {known}.")
    return verbs[name]
