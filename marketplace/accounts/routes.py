"""Doors of sign-in, sign-up, the acting role and one's own secrets."""

from __future__ import annotations

from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from marketplace import passwords
from marketplace.accounts import actions, queries
from marketplace.accounts.forms import (
    ActingForm,
    ActiveForm,
    CardForm,
    EndForm,
    GrantForm,
    NextQuery,
    PasswordForm,
    PeopleQuery,
    PersonForm,
    PinForm,
    ResetForm,
    SignInForm,
    SignUpForm,
)
from marketplace.accounts.rules import (
    ROLES,
    Kind,
    NotYourself,
    RoleNotHeld,
    ScopeNotForRole,
    Signed,
    new_login,
    require_good_password,
)
from marketplace.accounts.tables import RoleGrant, User
from marketplace.clock import business_day
from marketplace.errors import N_
from marketplace.web import session
from marketplace.web.door import Answer, Page, Scoped, Visit, deed, page
from marketplace.web.look import keep_look
from marketplace.web.policy import public, signed_in, staff
from marketplace.web.scoped import lookup
from marketplace.web.visit import own_path
from marketplace.web.words import _

ADMINISTRATOR = staff("administrator", scope="system")
lookup(User, User.login)
lookup(RoleGrant, within={"person": RoleGrant.user})

DEVICE = "d"
DEVICE_SECONDS = 365 * 24 * 3600
PERSISTENT: dict[Kind, int | None] = {"staff": None, "card": None, "customer": 90 * 24 * 3600}
# Where a role begins; by its span where it is not named.
HOMES: dict[str, str] = {
    "first_secretary": "/office/households",
    "supervisor": "/office/households",
    "village": "/office/intake",
    "place": "/store",
    "company": "/office/prices",
    "auditor": "/office/reconcile",
    "figures": "/prices",
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
    signed = await queries.signed_by(actions.hash_of(opened))
    if signed is not None:
        keep_look(visit, signed.locale, signed.step)
    visit.keep(DEVICE, actions.new_device(form.login), DEVICE_SECONDS)
    if opened.must_choose:
        return Answer("/acting")
    return Answer(first_page(signed, form.next))


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
    return Answer(first_page(await queries.signed_by(actions.hash_of(opened)), form.next))


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


# ---------- people and their roles ----------


@page("/office/people", policy=ADMINISTRATOR, query=PeopleQuery)
async def people(visit: Visit, query: PeopleQuery) -> Page:
    """Everybody of the staff, and a form for a new one."""
    return Page("marketplace/accounts/people.html", q=query.q, people=await queries.staff_with_roles(query.q))


@deed("/office/people", policy=ADMINISTRATOR, form=PersonForm, again=people)
async def add_person(visit: Visit, form: PersonForm) -> Answer:
    """A new member of staff, still without a role."""
    require_good_password(form.new_password)
    await prove(visit, form.own_password)
    password, pin = await passwords.hashed(form.new_password), await passwords.hashed(form.new_pin)

    async def verb() -> Answer:
        await actions.add_staff(form.login, form.name, password_hash=password, pin_hash=pin)
        notice = N_("{name} can sign in. Now give a role.")
        return Answer(f"/office/people/{new_login(form.login)}", notice, {"name": form.name})

    return await visit.command(verb)


@page("/office/people/{person:str}", policy=ADMINISTRATOR)
async def person(visit: Visit, person: Scoped[User]) -> Page:
    """One person: roles of all times, and what may be changed."""
    known = await queries.person_by_login(person.login)
    return Page(
        "marketplace/accounts/person.html",
        person={"login": person.login, "name": person.name, "active": person.active},
        grants=known.grants if known is not None else (),
        scopes=await queries.scope_choices(),
        labels=labels(),
        today=business_day(visit.now),
        is_me=visit.signed is not None and visit.signed.actor == person.id,
    )


@deed("/office/people/{person:str}/roles", policy=ADMINISTRATOR, form=GrantForm, again=person)
async def give_role(visit: Visit, person: Scoped[User], form: GrantForm) -> Answer:
    """A role with its scope and term."""
    granted_by = await prove_for_another(visit, person, form.own_password)

    async def verb() -> Answer:
        scope = await chosen_scope(form.scope)
        await actions.grant_role(
            person.id, form.role, scope.kind, scope.id, form.valid_from, form.valid_until, granted_by
        )
        return Answer(f"/office/people/{person.login}", N_("The role is given."))

    return await visit.command(verb)


@deed("/office/people/{person:str}/roles/{grant:str}/end", policy=ADMINISTRATOR, form=EndForm, again=person)
async def end_role(visit: Visit, person: Scoped[User], grant: Scoped[RoleGrant], form: EndForm) -> Answer:
    """The last day of a role."""
    await prove_for_another(visit, person, form.own_password)

    async def verb() -> Answer:
        await actions.end_role(grant.id, form.last_day)
        values = {"day": form.last_day.isoformat()}
        return Answer(f"/office/people/{person.login}", N_("The role ends on {day}."), values)

    return await visit.command(verb)


@deed("/office/people/{person:str}/secrets", policy=ADMINISTRATOR, form=ResetForm, again=person)
async def reset_secrets(visit: Visit, person: Scoped[User], form: ResetForm) -> Answer:
    """A new password or PIN for somebody who forgot it; all their sessions end with a new password."""
    if form.new_password:
        require_good_password(form.new_password)
    await prove_for_another(visit, person, form.own_password)
    password = await passwords.hashed(form.new_password) if form.new_password else ""
    pin = await passwords.hashed(form.new_pin) if form.new_pin else ""

    async def verb() -> Answer:
        if password:
            await actions.reset_password(person.id, password)
        if pin:
            await actions.set_pin(person.id, pin)
        return Answer(f"/office/people/{person.login}", N_("Done. Tell {name} in person."), {"name": person.name})

    return await visit.command(verb)


@deed("/office/people/{person:str}/active", policy=ADMINISTRATOR, form=ActiveForm, again=person)
async def set_active(visit: Visit, person: Scoped[User], form: ActiveForm) -> Answer:
    """Close or open an account."""
    await prove_for_another(visit, person, form.own_password)

    async def verb() -> Answer:
        await actions.set_active(person.id, form.active == "yes")
        notice = N_("{name} can sign in again.") if form.active == "yes" else N_("{name} can no longer sign in.")
        return Answer(f"/office/people/{person.login}", notice, {"name": person.name})

    return await visit.command(verb)


async def prove(visit: Visit, password: str) -> UUID:
    """The administrator's own password once more: roles and accounts are worth it. Returns his id."""
    if visit.signed is None:
        raise RoleNotHeld
    await actions.prove_own_password(visit.signed, password, visit.address)
    return visit.signed.actor


async def prove_for_another(visit: Visit, person: User, password: str) -> UUID:
    """The same, for a change of somebody else's account. Refuses (`NotYourself`) one's own."""
    if visit.signed is not None and visit.signed.actor == person.id:
        raise NotYourself
    return await prove(visit, password)


async def chosen_scope(value: str) -> queries.ScopeChoice:
    """The scope of a form. Refuses (`ScopeNotForRole`) one that is not on the list."""
    known = {choice.value: choice for choice in await queries.scope_choices()}
    if value not in known:
        raise ScopeNotForRole
    return known[value]


def labels() -> dict[str, str]:
    """Every role with its name in the reader's language, in the order of the house."""
    return {role.code: _(role.label) for role in ROLES.values()}


def take_session(visit: Visit, opened: actions.Opened) -> None:
    """Give the browser the new session's token."""
    visit.cookies.append(session.cookie("s", opened.token, PERSISTENT[opened.kind]))


def first_page(signed: Signed | None, wanted: str) -> str:
    """Where to go after a good sign-in: where the person was going, else the first page of the role."""
    path = own_path(wanted, "")
    if path and path != "/":
        return path
    if signed is None:
        return "/"
    return HOMES.get(signed.role) or HOMES.get(signed.span, "/acting")


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
    people,
    add_person,
    person,
    give_role,
    end_role,
    reset_secrets,
    set_active,
]
