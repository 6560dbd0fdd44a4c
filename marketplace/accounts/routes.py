"""Doors of sign-in, sign-up, the acting role and one's own secrets."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from marketplace.accounts import actions, queries
from marketplace.accounts.forms import (
    ActingForm,
    CardForm,
    NextQuery,
    PasswordForm,
    PinForm,
    SignInForm,
    SignUpForm,
)
from marketplace.accounts.rules import ROLES, Kind, RoleNotHeld
from marketplace.errors import N_
from marketplace.web import session
from marketplace.web.door import Answer, Page, Visit, deed, page
from marketplace.web.policy import public, signed_in
from marketplace.web.visit import own_path

DEVICE = "d"
DEVICE_SECONDS = 365 * 24 * 3600
PERSISTENT: dict[Kind, int | None] = {"staff": None, "card": None, "customer": 14 * 24 * 3600}
HOMES: dict[str, str] = {
    "village": "/office/intake",
    "place": "/office/store",
    "company": "/office/reconcile",
    "figures": "/office/reconcile",
    "system": "/office/people",
    "household": "/home",
    "customer": "/",
}


@page("/sign-in", policy=public, query=NextQuery)
async def sign_in_page(visit: Visit, query: NextQuery) -> Page:
    """Staff and customers."""
    return Page("marketplace/accounts/sign_in.html", next=own_path(query.next, ""))


@deed("/sign-in", policy=public, form=SignInForm, again=sign_in_page)
async def sign_in(visit: Visit, form: SignInForm) -> Answer:
    """A new session; whoever holds several roles chooses one first."""
    opened = await actions.sign_in(form.login, form.password, visit.address, visit.kept(DEVICE) or "")
    take_session(visit, opened)
    visit.keep(DEVICE, actions.new_device(form.login), DEVICE_SECONDS)
    if opened.must_choose:
        return Answer("/acting")
    return Answer(await first_page(opened, form.next))


@page("/card", policy=public, query=NextQuery)
async def card_page(visit: Visit, query: NextQuery) -> Page:
    """A household's card."""
    return Page("marketplace/accounts/card.html", next=own_path(query.next, ""))


@deed("/card", policy=public, form=CardForm, again=card_page)
async def sign_in_with_card(visit: Visit, form: CardForm) -> Answer:
    """A short session for the household of the card."""
    opened = await actions.sign_in_with_card(form.code, form.pin, visit.address)
    take_session(visit, opened)
    return Answer(own_path(form.next, "/home"))


@page("/sign-up", policy=public, query=NextQuery)
async def sign_up_page(visit: Visit, query: NextQuery) -> Page:
    """Customers only; staff are added by the office, households by their card."""
    return Page("marketplace/accounts/sign_up.html", next=own_path(query.next, ""))


@deed("/sign-up", policy=public, form=SignUpForm, again=sign_up_page)
async def sign_up(visit: Visit, form: SignUpForm) -> Answer:
    """A customer's account, signed in at once."""
    opened = await actions.sign_up(form.name, form.contact, form.password, visit.address)
    take_session(visit, opened)
    return Answer(own_path(form.next), notice=N_("Welcome, {name}."), values={"name": form.name})


@deed("/sign-out", policy=signed_in)
async def sign_out(visit: Visit) -> Answer:
    """End the session for good."""
    if visit.signed is not None:
        await actions.sign_out(visit.signed)
    visit.cookies.append(session.gone("s"))
    return Answer("/", notice=N_("You are signed out."))


@page("/acting", policy=signed_in)
async def acting(visit: Visit) -> Page:
    """The roles one holds today, and which one the session acts as."""
    signed = visit.signed
    held = await queries.grants_today(signed.actor) if signed is not None and signed.kind != "card" else []
    grants = [
        {
            "id": str(grant.id),
            "role": grant.role,
            "label": ROLES[grant.role].label if grant.role in ROLES else grant.role,
            "name_zh": grant.name_zh,
            "name_en": grant.name_en,
            "acting": signed is not None and grant.id == signed.grant,
        }
        for grant in held
    ]
    return Page("marketplace/accounts/acting.html", grants=grants)


@deed("/acting", policy=signed_in, form=ActingForm, again=acting)
async def act_as(visit: Visit, form: ActingForm) -> Answer:
    """Act in another of one's own roles, under a new token."""
    if visit.signed is None:
        raise RoleNotHeld
    opened = await actions.act_as(visit.signed, form.grant)
    take_session(visit, opened)
    return Answer(await first_page(opened, form.next))


@page("/account/password", policy=signed_in)
async def password_page(visit: Visit) -> Page:
    """One's own password and PIN."""
    return Page("marketplace/accounts/password.html", has_pin=visit.user is not None and visit.user.kind == "staff")


@deed("/account/password", policy=signed_in, form=PasswordForm, again=password_page)
async def change_password(visit: Visit, form: PasswordForm) -> Answer:
    """A new password; every other session of the person ends."""
    if visit.signed is None:
        raise RoleNotHeld
    opened = await actions.change_password(visit.signed, form.old_password, form.new_password, visit.address)
    take_session(visit, opened)
    return Answer("/account/password", notice=N_("The password is changed. Other devices are signed out."))


@deed("/account/pin", policy=signed_in, form=PinForm, again=password_page)
async def change_pin(visit: Visit, form: PinForm) -> Answer:
    """A new PIN, proved by the password."""
    if visit.signed is None:
        raise RoleNotHeld
    await actions.change_own_pin(visit.signed, form.password, form.new_pin, visit.address)
    return Answer("/account/password", notice=N_("The PIN is changed."))


def take_session(visit: Visit, opened: actions.Opened) -> None:
    """Give the browser the new session's token."""
    visit.cookies.append(session.cookie("s", opened.token, PERSISTENT[opened.kind]))


async def first_page(opened: actions.Opened, wanted: str) -> str:
    """Where to go after a good sign-in: where the person was going, else the first page of the role."""
    path = own_path(wanted, "")
    if path and path != "/":
        return path
    signed = await queries.signed_by(actions.hash_of(opened))
    return HOMES.get(signed.span, "/") if signed is not None else "/"


DOORS: list[HTTPRouteHandler] = [
    sign_in_page,
    sign_in,
    card_page,
    sign_in_with_card,
    sign_up_page,
    sign_up,
    sign_out,
    acting,
    act_as,
    password_page,
    change_password,
    change_pin,
]
