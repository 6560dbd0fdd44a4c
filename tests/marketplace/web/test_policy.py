"""Policies: who comes in, and that no route stands without one."""

from __future__ import annotations

from uuid import UUID

import pytest
from litestar import Litestar, get
from litestar.exceptions import ImproperlyConfiguredException

from marketplace.accounts.rules import Kind, Signed, Span
from marketplace.web.headers import attachment, content_policy
from marketplace.web.policy import (
    EveryRouteHasAPolicy,
    Policy,
    Verdict,
    customer_own,
    household_own,
    public,
    signed_in,
    staff,
)
from marketplace.web.visit import own_path


def acting(role: str, span: Span, kind: Kind = "staff") -> Signed:
    return Signed(session=UUID(int=1), token_hash=b"", kind=kind, actor=UUID(int=2), name="x", role=role, span=span)


CASHIER = acting("cashier", "village")
OFFICER = acting("county_officer", "figures")
CARD = acting("household_member", "household", "card")
BUYER = acting("customer", "customer", "customer")
NOT_CHOSEN = acting("", "")


@pytest.mark.parametrize(
    ("policy", "signed", "verdict"),
    [
        (public, None, "open"),
        (public, OFFICER, "open"),
        (signed_in, None, "sign_in"),
        (signed_in, NOT_CHOSEN, "open"),
        (staff("cashier"), None, "sign_in"),
        (staff("cashier"), CASHIER, "open"),
        (staff("cashier"), OFFICER, "closed"),
        (staff("cashier"), NOT_CHOSEN, "closed"),
        (staff("cashier", scope="company"), CASHIER, "closed"),
        (household_own, CARD, "open"),
        (household_own, CASHIER, "closed"),
        (customer_own, BUYER, "open"),
        (customer_own, CARD, "closed"),
        (staff("cashier") | household_own, CARD, "open"),
        (staff("cashier") | household_own, BUYER, "closed"),
    ],
)
def test_policy_decides(policy: Policy, signed: Signed | None, verdict: Verdict) -> None:
    assert policy.verdict(signed) == verdict


def test_policy_without_roles_is_a_mistake() -> None:
    with pytest.raises(ImproperlyConfiguredException):
        staff()


def test_app_starts_with_marked_routes_only() -> None:
    @get("/marked", opt={"policy": public})
    async def marked() -> None: ...

    @get("/unmarked")
    async def unmarked() -> None: ...

    @get("/word", opt={"policy": "public"})
    async def word() -> None: ...

    Litestar([marked], plugins=[EveryRouteHasAPolicy()], openapi_config=None)
    with pytest.raises(ImproperlyConfiguredException, match="/unmarked"):
        Litestar([marked, unmarked], plugins=[EveryRouteHasAPolicy()], openapi_config=None)
    with pytest.raises(ImproperlyConfiguredException, match="/word"):
        Litestar([word], plugins=[EveryRouteHasAPolicy()], openapi_config=None)
    with pytest.raises(ImproperlyConfiguredException, match="schema"):
        Litestar([marked], plugins=[EveryRouteHasAPolicy()])


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example", "", "office", "/a\nb", "/a\\b", "/" + "a" * 600],
)
def test_redirects_never_leave_us(path: str) -> None:
    assert own_path(path) == "/"


@pytest.mark.parametrize("path", ["/", "/office/households/JP4-06?tab=income", "/搜索?q=鸡蛋"])
def test_redirects_lead_to_our_own_pages(path: str) -> None:
    assert own_path(path) == path


def test_content_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = content_policy("N")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'nonce-N' 'strict-dynamic'" in policy


def test_file_names_in_any_script_make_a_clean_header() -> None:
    assert (
        attachment('收入"表\r\n.csv')
        == "attachment; filename=\".csv\"; filename*=UTF-8''%E6%94%B6%E5%85%A5%E8%A1%A8.csv"
    )
