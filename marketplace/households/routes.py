"""Doors of the register: finding a household, its page, its cards and proxies, and taking in whole sheets."""

from __future__ import annotations

import asyncio
import base64
import binascii
import zlib
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar.handlers import HTTPRouteHandler

from marketplace import keys, passwords
from marketplace.clock import business_day
from marketplace.errors import N_, NotFound, Refusal
from marketplace.households import actions, queries
from marketplace.households.forms import (
    CardPinForm,
    PlanForm,
    ProxyForm,
    ReasonForm,
    RegisterQuery,
    ReplaceCardForm,
    SheetForm,
    ShowNameForm,
    rows_of,
    template_of,
)
from marketplace.households.rules import COLUMN_OF, Sheet, SheetHousehold, plan_of, read_sheet, status_words
from marketplace.households.tables import Card, Household, Proxy
from marketplace.ids import grouped
from marketplace.web.door import Answer, Page, Scoped, Sent, Visit, deed, page
from marketplace.web.policy import household_own, staff
from marketplace.web.qr import drawn
from marketplace.web.scoped import lookup
from marketplace.web.wing import household_panels, load_panels

OFFICE: Final = (
    "intake_clerk",
    "inspector",
    "cashier",
    "branch_secretary",
    "village_director",
    "first_secretary",
    "supervisor",
)
KEEPERS: Final = ("intake_clerk", "branch_secretary", "village_director")
INCOME_READERS: Final = (*KEEPERS, "first_secretary", "supervisor")  # whom the rooms of income and packages let in
DRAFTERS: Final = (*KEEPERS, "inspector", "cashier")
LEADERS: Final = ("branch_secretary", "village_director")
STATUS_READERS: Final = frozenset({"branch_secretary", "village_director", "first_secretary", "supervisor"})

RECENT: Final = "recent"  # numbers of the households last looked at, kept in the browser
MOST_RECENT: Final = 8
OPENED: Final = "opened"  # the household whose status may be seen for a while
OPENED_SECONDS: Final = 600
SHEET_LIMIT: Final = 2_100_000

lookup(Household, Household.code)
lookup(Proxy, within={"household": Proxy.household})
lookup(Card, within={"household": Card.household})


class PlanUnreadable(Refusal):
    text = N_("This check is not whole any more. Choose the file once more.")
    field = "file"


# Finding


@page("/office/households", policy=staff(*OFFICE), query=RegisterQuery)
async def register(visit: Visit, query: RegisterQuery) -> Page:
    """Everybody of the village, or those a name, pinyin, number or card finds."""
    recent = recent_of(visit)
    found = await queries.search(query.q, group=query.group, recent=recent, page=query.page)
    return Page(
        "marketplace/households/register.html",
        query=query,
        found=found,
        groups=await queries.groups_with_counts(visit.scope.villages),
        pager=pager(query, found),
        may_keep=visit.role in KEEPERS,
        may_import=visit.role in LEADERS,
    )


def recent_of(visit: Visit) -> list[str]:
    """The numbers of the households this browser looked at last, the latest first."""
    return (visit.kept(RECENT) or "").split()


def remember(visit: Visit, code: str) -> None:
    """Put a household first among the recent ones."""
    others = [known for known in recent_of(visit) if known != code]
    visit.keep(RECENT, " ".join([code, *others][:MOST_RECENT]))


def pager(query: RegisterQuery, found: queries.Found) -> dict[str, Any]:
    """The pages of a list, as the pager macro takes them."""

    def address(number: int) -> str:
        return "/office/households?" + urlencode({"q": query.q, "group": query.group, "page": number})

    return {
        "number": found.page,
        "pages": found.pages,
        "earlier": address(found.page - 1) if found.page > 1 else "",
        "later": address(found.page + 1) if found.page < found.pages else "",
    }


# One household


@page("/office/households/{household:str}", policy=staff(*OFFICE))
async def show(visit: Visit, household: Scoped[Household]) -> Page:
    """A household as the office sees it: people, cards, proxies, kin, and what other rooms show of it."""
    remember(visit, household.code)
    today = business_day(visit.now)
    return Page(
        "marketplace/households/show.html",
        household=await queries.household(household.id),
        members=await queries.members(household.id),
        cards=await queries.cards(household.id),
        proxies=await queries.proxies(household.id),
        kin=await queries.kin(household.id),
        today=today,
        statuses=await statuses_of(visit, household, today),
        may_open_status=visit.role in STATUS_READERS,
        may_keep=visit.role in KEEPERS,
        may_see_income=visit.role in INCOME_READERS,
        may_draft=visit.role in DRAFTERS,
        panels=await load_panels(visit, household_panels(), household),
    )


async def statuses_of(visit: Visit, household: Household, today: date) -> list[dict[str, Any]] | None:
    """The statuses in words, for those who may know and said why; None for everybody else."""
    if visit.role not in STATUS_READERS or visit.kept(OPENED) != household.code:
        return None
    return [
        {"status": seen.status, "words": status_words(seen.status, today), "since": seen.since, "size": seen.size_then}
        for seen in await queries.status_history(household.id)
    ]


@deed("/office/households/{household:str}/status", policy=staff(*STATUS_READERS), form=ReasonForm, again=show)
async def open_status(visit: Visit, household: Scoped[Household], form: ReasonForm) -> Answer:
    """Look at a household's status; who and why is written down."""

    async def verb() -> Answer:
        await actions.open_status(household, reason=form.reason)
        return Answer(address_of(household), notice=N_("The status is shown for ten minutes. This was written down."))

    answer = await visit.command(verb)
    visit.keep(OPENED, household.code, OPENED_SECONDS)
    return answer


@deed("/office/households/{household:str}/label-name", policy=staff(*KEEPERS), form=ShowNameForm, again=show)
async def let_label_say_name(visit: Visit, household: Scoped[Household], form: ShowNameForm) -> Answer:
    """The household's consent, given at the counter."""

    async def verb() -> Answer:
        await actions.let_label_say_name(household, show=form.show)
        return Answer(address_of(household), notice=N_("The household's wish is kept."))

    return await visit.command(verb)


def address_of(household: Household, part: str = "") -> str:
    """The page of a household, or a page below it."""
    return f"/office/households/{household.code}{part}"


# Cards


@page("/office/households/{household:str}/card", policy=staff(*KEEPERS))
async def card(visit: Visit, household: Scoped[Household]) -> Page:
    """Give, replace or block a card; set its PIN."""
    return Page(
        "marketplace/households/card.html",
        household=await queries.household(household.id),
        cards=await queries.cards(household.id),
    )


@deed("/office/households/{household:str}/card", policy=staff(*KEEPERS), form=CardPinForm, again=card)
async def issue_card(visit: Visit, household: Scoped[Household], form: CardPinForm) -> Answer:
    """A first card."""
    pin_hash = await passwords.hashed(form.pin)

    async def verb() -> Answer:
        await actions.issue_card(household, pin_hash=pin_hash, now=visit.now)
        return Answer(address_of(household, "/card/print"), notice=N_("The card is made. Print it and hand it over."))

    return await visit.command(verb)


@deed("/office/households/{household:str}/card/replace", policy=staff(*KEEPERS), form=ReplaceCardForm, again=card)
async def replace_card(visit: Visit, household: Scoped[Household], form: ReplaceCardForm) -> Answer:
    """Block the old card and make a new one."""
    pin_hash = await passwords.hashed(form.pin)

    async def verb() -> Answer:
        await actions.replace_card(household, reason=form.reason, pin_hash=pin_hash, now=visit.now)
        return Answer(
            address_of(household, "/card/print"),
            notice=N_("The old card is blocked. Print the new one and hand it over."),
        )

    return await visit.command(verb)


@deed("/office/households/{household:str}/card/pin", policy=staff(*KEEPERS), form=CardPinForm, again=card)
async def set_card_pin(visit: Visit, household: Scoped[Household], form: CardPinForm) -> Answer:
    """A new PIN for the card at hand."""
    pin_hash = await passwords.hashed(form.pin)

    async def verb() -> Answer:
        await actions.set_card_pin(household, pin_hash=pin_hash)
        return Answer(address_of(household), notice=N_("The new PIN is set."))

    return await visit.command(verb)


@deed(
    "/office/households/{household:str}/card/{blocked:str}/block", policy=staff(*KEEPERS), form=ReasonForm, again=card
)
async def block_card(visit: Visit, household: Scoped[Household], blocked: Scoped[Card], form: ReasonForm) -> Answer:
    """Block a lost card at once; a new one can wait."""

    async def verb() -> Answer:
        await actions.block_card(household, blocked, reason=form.reason, now=visit.now)
        return Answer(address_of(household), notice=N_("The card is blocked."))

    return await visit.command(verb)


@page("/office/households/{household:str}/card/print", policy=staff(*KEEPERS))
async def print_card(visit: Visit, household: Scoped[Household]) -> Page:
    """The open card to print: the household, and its code as a QR code and in groups."""
    code = await queries.open_card_code(household.id)
    return Page(
        "marketplace/households/card_print.html",
        household=await queries.household(household.id),
        code=grouped(code),
        qr=drawn(code) if code else None,
    )


# Proxies


@page("/office/households/{household:str}/proxies", policy=staff(*KEEPERS))
async def proxies(visit: Visit, household: Scoped[Household]) -> Page:
    """Who may collect for the household."""
    return Page(
        "marketplace/households/proxies.html",
        household=await queries.household(household.id),
        proxies=await queries.proxies(household.id),
        today=business_day(visit.now),
    )


@deed("/office/households/{household:str}/proxies", policy=staff(*KEEPERS), form=ProxyForm, again=proxies)
async def add_proxy(visit: Visit, household: Scoped[Household], form: ProxyForm) -> Answer:
    """Name somebody who may collect."""

    async def verb() -> Answer:
        await actions.add_proxy(
            household,
            name=form.name,
            note=form.note,
            lives_in=form.lives_in,
            valid_from=form.valid_from,
            valid_until=form.valid_until,
        )
        return Answer(
            address_of(household), notice=N_("{name} may now collect for the household."), values={"name": form.name}
        )

    return await visit.command(verb)


@deed("/office/households/{household:str}/proxies/{proxy:str}/end", policy=staff(*KEEPERS), again=proxies)
async def end_proxy(visit: Visit, household: Scoped[Household], proxy: Scoped[Proxy]) -> Answer:
    """Today is the proxy's last day."""

    async def verb() -> Answer:
        await actions.end_proxy(household, proxy, now=visit.now)
        return Answer(
            address_of(household),
            notice=N_("{name} may collect until today, no longer."),
            values={"name": proxy.name},
        )

    return await visit.command(verb)


# A whole sheet


@page("/office/households/import", policy=staff(*LEADERS))
async def choose_sheet(visit: Visit) -> Page:
    """Choose a sheet; nothing is written before it has been checked and confirmed."""
    return Page("marketplace/households/import.html", columns=tuple(COLUMN_OF.values()), checked=None)


@page("/office/households/template", policy=staff(*LEADERS))
async def sheet_template(visit: Visit) -> Sent:
    """An empty sheet in the reader's language."""
    name = "农户登记表.csv" if visit.locale == "zh_CN" else "households.csv"
    return Sent(template_of(visit.locale), "text/csv; charset=utf-8", file_name=name)


@deed(
    "/office/households/import",
    policy=staff(*LEADERS),
    form=SheetForm,
    again=choose_sheet,
    limit=SHEET_LIMIT,
)
async def check_sheet(visit: Visit, form: SheetForm) -> Page:
    """The dry run: what the sheet would change, or what is wrong in which cell. Writes nothing."""
    content = await form.file.read()
    rows = await asyncio.to_thread(rows_of, content)
    async with visit.reading():
        groups = await queries.groups_with_counts(visit.scope.villages)
        names = {group.code: (str(group.number), group.label_zh, group.name_zh) for group, _count in groups}
        sheet = read_sheet(rows, names, business_day(visit.now).year)
        known = await queries.known_households([one.code for one in sheet.households])
    plan = plan_of(sheet.households, known)
    return Page(
        "marketplace/households/import.html",
        status=422 if sheet.faults else 200,
        columns=tuple(COLUMN_OF.values()),
        checked={
            "file_name": form.file.filename[:80],
            "rows": sheet.rows,
            "ignored": sheet.ignored,
            "faults": faults_of(sheet),
            "plan": plan,
            "sealed": sealed_plan(visit, sheet.households) if plan.changes and not sheet.faults else "",
        },
    )


def faults_of(sheet: Sheet) -> list[dict[str, Any]]:
    """The faults with the columns' labels."""
    return [
        {"row": fault.row, "column": COLUMN_OF[fault.column], "text": fault.text, "values": fault.values}
        for fault in sheet.faults
    ]


def sealed_plan(visit: Visit, households: Sequence[SheetHousehold]) -> str:
    """The checked sheet for the form that confirms it: only this person can send it back, and not changed."""
    packed = zlib.compress(msgspec.json.encode(households), 9)
    return base64.urlsafe_b64encode(keys.seal(packed, plan_owner(visit))).decode()


def plan_owner(visit: Visit) -> str:
    """Whose checked sheet it is."""
    return f"sheet:{visit.scope.actor}:{village_of(visit)}"


def opened_plan(visit: Visit, sealed: str) -> list[SheetHousehold]:
    """The checked sheet. Refuses (`PlanUnreadable`) one of somebody else, or cut."""
    try:
        packed = keys.keyring().open_bytes(base64.urlsafe_b64decode(sealed), plan_owner(visit))
        return msgspec.json.decode(zlib.decompress(packed), type=list[SheetHousehold])
    except (ValueError, binascii.Error, zlib.error, msgspec.DecodeError) as error:
        raise PlanUnreadable from error


def village_of(visit: Visit) -> UUID:
    """The village the person acts in. Refuses (`NotFound`) somebody without one."""
    if not visit.scope.villages:
        raise NotFound
    return visit.scope.villages[0]


@deed(
    "/office/households/import/confirm",
    policy=staff(*LEADERS),
    form=PlanForm,
    again=choose_sheet,
    limit=SHEET_LIMIT,
)
async def take_in_sheet(visit: Visit, form: PlanForm) -> Answer:
    """Write the checked sheet into the register."""
    households = opened_plan(visit, form.plan)

    async def verb() -> Answer:
        plan = await actions.take_in(village_of(visit), households, by=visit.scope.actor, now=visit.now)
        if not plan.changes:
            return Answer("/office/households", notice=N_("Everything in this sheet was known. Nothing was changed."))
        return Answer(
            "/office/households",
            notice=N_("Taken in: {new} new households, {changed} changed, {members} members."),
            values={"new": plan.new, "changed": plan.changed, "members": plan.members},
        )

    return await visit.command(verb)


# The household itself


@page("/home", policy=household_own)
async def home(visit: Visit) -> Page:
    """The household's own page, by its card."""
    household = await own_household(visit)
    return Page(
        "marketplace/households/home.html",
        household=await queries.household(household.id),
        members=await queries.members(household.id),
        proxies=await queries.proxies(household.id),
        today=business_day(visit.now),
        panels=await load_panels(visit, household_panels(), household),
    )


async def own_household(visit: Visit) -> Household:
    """The household that is signed in. Refuses (`NotFound`) anybody else."""
    found = await Household.objects().where(Household.id == visit.household_id).first() if visit.household_id else None
    if found is None:
        raise NotFound
    return found


@deed("/home/label-name", policy=household_own, form=ShowNameForm, again=home)
async def let_own_label_say_name(visit: Visit, form: ShowNameForm) -> Answer:
    """The household's own word on its name."""

    async def verb() -> Answer:
        await actions.let_label_say_name(await own_household(visit), show=form.show)
        return Answer("/home", notice=N_("Your wish is kept."))

    return await visit.command(verb)


DOORS: list[HTTPRouteHandler] = [
    register,
    show,
    open_status,
    let_label_say_name,
    card,
    issue_card,
    replace_card,
    set_card_pin,
    block_card,
    print_card,
    proxies,
    add_proxy,
    end_proxy,
    choose_sheet,
    sheet_template,
    check_sheet,
    take_in_sheet,
    home,
    let_own_label_say_name,
]
