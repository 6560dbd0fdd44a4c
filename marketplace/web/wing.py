"""A wing: one package of rooms as the site sees it. Each wing offers one value of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from marketplace.accounts.rules import Role
from marketplace.queue import Job
from marketplace.reconcile import PROMISES, Promise
from marketplace.web.visit import Visit, current_visit


@dataclass(frozen=True)
class Entry:
    """A place of the head and the dock: where, in which words, with which icon, for which roles (none = public)."""

    path: str
    words: str
    icon: str
    roles: frozenset[str] = frozenset()

    def is_for(self, role: str) -> bool:
        """Whether somebody acting as `role` is shown it."""
        return role in self.roles if self.roles else role in ("public", "customer")


@dataclass(frozen=True)
class Panel:
    """A part of the household page: loaded inside the page's transaction, then drawn by its template."""

    name: str
    template: str
    load: Callable[..., Awaitable[Mapping[str, Any] | None]]
    roles: frozenset[str] = frozenset()
    order: int = 50

    def is_for(self, visit: Visit) -> bool:
        """Whether the panel's policy lets this person see it."""
        return not self.roles or visit.role in self.roles


@dataclass(frozen=True)
class Wing:
    """Everything a package of rooms offers to the site, the command line and the worker."""

    name: str
    routers: tuple[HTTPRouteHandler, ...] = ()
    nav: tuple[Entry, ...] = ()
    roles: tuple[Role, ...] = ()
    household_panels: tuple[Panel, ...] = ()
    jobs: tuple[Job, ...] = ()
    commands: Mapping[str, Callable[[list[str]], object]] = field(default_factory=dict)
    reconcile_checks: tuple[Promise, ...] = ()
    locales: Path | None = None
    on_start: tuple[Callable[[Litestar], Awaitable[None]], ...] = ()
    on_stop: tuple[Callable[[Litestar], Awaitable[None]], ...] = ()
    constraints: Mapping[str, str] = field(default_factory=dict)


class WingsClash(ValueError):
    """Two wings bring the same thing."""


def require_apart(wings: Iterable[Wing], doors: Iterable[HTTPRouteHandler] = ()) -> None:
    """Refuses (`WingsClash`) a door, role, verb, job or promise that two wings bring, or that the site itself has."""
    known = dict.fromkeys([*_doors(doors), *(f"the promise {promise.code}" for promise in PROMISES)], "the site")
    for wing in wings:
        for claim in claims(wing):
            if claim in known:
                raise WingsClash(f"{claim} of the wing {wing.name} is there already: {known[claim]} brings it")
            known[claim] = f"the wing {wing.name}"


def claims(wing: Wing) -> Iterator[str]:
    """Everything of a wing that can be there only once, in words."""
    yield f"the name {wing.name}"
    yield from _doors(wing.routers)
    yield from (f"the role {role.code}" for role in wing.roles)
    yield from (f"the verb {name}" for name in wing.commands)
    yield from (f"the job {job.name}" for job in wing.jobs)
    yield from (f"the promise {promise.code}" for promise in wing.reconcile_checks)


def _doors(handlers: Iterable[HTTPRouteHandler]) -> Iterator[str]:
    for handler in handlers:
        for path in sorted(handler.paths):
            # Two names of one place in a path are one address.
            yield from (f"the door {verb} {_NAMED.sub('{', path)}" for verb in sorted(handler.http_methods))


_NAMED = re.compile(r"{[^:}]*")
_wings: list[Wing] = []


def open_wings(wings: tuple[Wing, ...]) -> None:
    """Remember the wings of this site, for pages that gather panels."""
    _wings[:] = wings


def wings() -> tuple[Wing, ...]:
    """The wings of the site that answers this visit; outside of a visit, of the site built last."""
    try:
        site = current_visit().request.app
    except LookupError:
        return tuple(_wings)
    known: tuple[Wing, ...] = site.state.wings
    return known


async def load_panels(visit: Visit, panels: tuple[Panel, ...], *subject: Any) -> list[tuple[Panel, Mapping[str, Any]]]:
    """The panels this person may see, loaded one after another (one transaction, one task); empty ones left out."""
    return [
        (panel, values)
        for panel in sorted(panels, key=lambda panel: panel.order)
        if panel.is_for(visit) and (values := await panel.load(visit, *subject)) is not None
    ]


def household_panels() -> tuple[Panel, ...]:
    """Every wing's panels of the household page."""
    return tuple(panel for wing in wings() for panel in wing.household_panels)
