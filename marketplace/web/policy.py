"""Who may open a door. A door without a policy stops the app from starting; `public` is written out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute

from marketplace.accounts.rules import Signed, Span

Verdict = Literal["open", "sign_in", "closed"]


@dataclass(frozen=True)
class Rule:
    """One way in: the roles that may come (empty = every signed-in person) and the span their grant must have."""

    roles: frozenset[str] = frozenset()
    span: Span = ""

    def admits(self, signed: Signed) -> bool:
        """Whether that person, acting as what the session says, comes in by this way."""
        return (not self.roles or signed.role in self.roles) and self.span in ("", signed.span)


@dataclass(frozen=True)
class Policy:
    """What a door asks. Policies are joined by `|`: one of the ways is enough."""

    name: str
    rules: tuple[Rule, ...] = ()
    everybody: bool = False
    signs_in_at: str = "/sign-in"

    def __or__(self, other: Policy) -> Policy:
        return Policy(
            name=f"{self.name} or {other.name}",
            rules=self.rules + other.rules,
            everybody=self.everybody or other.everybody,
            signs_in_at=self.signs_in_at,
        )

    def verdict(self, signed: Signed | None) -> Verdict:
        """`open`, `sign_in` (nobody is signed in) or `closed` (somebody else may)."""
        if self.everybody:
            return "open"
        if signed is None:
            return "sign_in"
        return "open" if self.way(signed) is not None else "closed"

    def way(self, signed: Signed | None) -> Rule | None:
        """The way by which that person came in; scoped look-ups narrow their search by its span."""
        if signed is None:
            return None
        return next((rule for rule in self.rules if rule.admits(signed)), None)

    @property
    def roles(self) -> frozenset[str]:
        """Every role that any way names."""
        return frozenset(role for rule in self.rules for role in rule.roles)


public = Policy("public", everybody=True)
signed_in = Policy("signed_in", (Rule(),))
household_own = Policy("household_own", (Rule(frozenset({"household_member"}), "household"),), signs_in_at="/card")
customer_own = Policy("customer_own", (Rule(frozenset({"customer"}), "customer"),))


def staff(*roles: str, scope: Span = "village") -> Policy:
    """Staff acting in one of these roles, whose grant spans a village, a place, the company, figures or the system."""
    if not roles:
        raise ImproperlyConfiguredException("staff() names its roles")
    return Policy(f"staff({', '.join(sorted(roles))})", (Rule(frozenset(roles), scope),))


class EveryRouteHasAPolicy(ReceiveRoutePlugin):
    """The app does not start with a route whose handler has no `opt["policy"]`."""

    def receive_route(self, route: BaseRoute) -> None:
        """Look at every handler of a route as it is registered."""
        for handler in handlers_of(route):
            if not isinstance(handler.opt.get("policy"), Policy) and not answers_options(handler):
                raise ImproperlyConfiguredException(f"{route.path}: {handler.handler_name} has no policy")


def handlers_of(route: BaseRoute) -> list[BaseRouteHandler]:
    """The handlers that a route calls."""
    several: list[BaseRouteHandler] | None = getattr(route, "route_handlers", None)
    single: BaseRouteHandler | None = getattr(route, "route_handler", None)
    return several if several is not None else [single] if single is not None else []


def answers_options(handler: BaseRouteHandler) -> bool:
    """Litestar's own answer to OPTIONS: the list of verbs, nothing else."""
    return (
        isinstance(handler, HTTPRouteHandler)
        and set(handler.http_methods) == {"OPTIONS"}
        and handler.fn.__module__ == "litestar.routes.http"
    )
