"""A wing: one package of rooms as the site sees it. Each wing offers one value of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from marketplace.accounts.rules import Role
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
    """A part of the household page or of a desk: loaded inside the page's transaction, then drawn by its template."""

    name: str
    template: str
    load: Callable[..., Awaitable[Mapping[str, Any] | None]]
    roles: frozenset[str] = frozenset()
    order: int = 50

    def is_for(self, visit: Visit) -> bool:
        """Whether the panel's policy lets this person see it."""
        return not self.roles or visit.role in self.roles


@dataclass(frozen=True)
class Check:
    """One line of reconcile: a name, its promise, and SQL that counts what breaks it."""

    name: str
    promise: str
    sql: str


@dataclass(frozen=True)
class Wing:
    """Everything a package of rooms offers to the site, the command line and the worker."""

    name: str
    routers: tuple[HTTPRouteHandler, ...] = ()
    nav: tuple[Entry, ...] = ()
    roles: tuple[Role, ...] = ()
    household_panels: tuple[Panel, ...] = ()
    desk_panels: tuple[Panel, ...] = ()
    jobs: tuple[Any, ...] = ()
    commands: Mapping[str, Callable[[list[str]], object]] = field(default_factory=dict)
    reconcile_checks: tuple[Any, ...] = ()
    demo_steps: tuple[Any, ...] = ()
    locales: Path | None = None
    on_start: tuple[Callable[[Litestar], Awaitable[None]], ...] = ()
    on_stop: tuple[Callable[[Litestar], Awaitable[None]], ...] = ()
    constraints: Mapping[str, str] = field(default_factory=dict)


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


def desk_panels() -> tuple[Panel, ...]:
    """Every wing's panels of the desks."""
    return tuple(panel for wing in wings() for panel in wing.desk_panels)
