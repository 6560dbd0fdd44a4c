"""Doors of the counter: the day's desk, finding who sells, weighing, checking, paying, papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from marketplace.accounts import actions as accounts
from marketplace.cash import queries as cash
from marketplace.clock import CHINA, business_day
from marketplace.errors import N_, NotFound, Refusal
from marketplace.households import queries as households
from marketplace.ids import check_code, grouped
from marketplace.intake import actions, queries, rules
from marketplace.intake.forms import (
    AgainQuery,
    DayQuery,
    FindQuery,
    InspectForm,
    PayForm,
    ReverseForm,
    SendBackForm,
    StartForm,
)
from marketplace.intake.rules import Proof, ReceivedBy
from marketplace.packages import actions as packages
from marketplace.packages import queries as package_queries
from marketplace.packages.forms import LineForm, LinesForm, RecipeForm, lines_of, pairs, scale_of
from marketplace.packages.panels import composer_values, lines_values, package_values, recipe_values
from marketplace.packages.rules import HUNDRED, REASONS, Line, total
from marketplace.packages.tables import Package
from marketplace.places import queries as places
from marketplace.produce import queries as produce
from marketplace.produce.rules import Good
from marketplace.settings import settings
from marketplace.web.door import Answer, Page, Scoped, Visit, deed, page
from marketplace.web.filters import masked_name
from marketplace.web.policy import staff
from marketplace.web.qr import drawn
from marketplace.web.scoped import lookup
from marketplace.web.words import _

DESK: Final = ("intake_clerk", "inspector", "cashier", "branch_secretary", "village_director")
LEADERS: Final = ("branch_secretary", "village_director")
READERS: Final = (*DESK, "supervisor")
SELLERS_OF_TODAY: Final = 5

lookup(Package, Package.code)


def village_of(visit: Visit) -> UUID:
    """The village in which this member of staff acts."""
    return visit.scope.villages[0]


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day in the village, and the first one after it."""
    start = datetime.combine(day, time.min, CHINA)
    return start, start + timedelta(days=1)


# The desk of the day


@page("/office/intake", policy=staff(*READERS))
async def today(visit: Visit) -> Page:
    """What today needs: the drawer, who is on the counter, who has announced, what was done."""
    village, day = village_of(visit), business_day(visit.now)
    rows = await queries.day_rows(village, *day_bounds(day))
    waiting = await package_queries.packages(await queries.on_the_counter(village))
    drafts = await package_queries.drafts_for(day, village)
    groups = await groups_of(village)
    coming = await queries.intake_days(village, day, day + timedelta(days=14))
    done = [row for row in rows if row.state == "paid"]
    latest = rows[-SELLERS_OF_TODAY:][::-1]
    return Page(
        "marketplace/intake/today.html",
        today=day,
        is_intake_day=day in coming,
        next_intake=next((one for one in coming if one > day), None),
        drawer=await drawer_values(visit, village),
        count=len(done),
        paid_fen=HUNDRED * (len(done) - sum(row.state == "reversed" for row in rows)),
        sent_back=sum(row.state == "sent_back" for row in rows),
        expected=len(drafts),
        waiting=[package_values(one, groups.get(one.group_label)) for one in waiting],
        drafts=[package_values(one, groups.get(one.group_label)) for one in drafts],
        latest=await row_values(latest, groups, village),
    )


async def groups_of(village: UUID) -> dict[str, households.Group]:
    """The village's groups by their label."""
    return {group.label_zh: group for group, _count in await households.groups_with_counts([village])}


async def drawer_values(visit: Visit, village: UUID) -> dict[str, Any]:
    """The office's drawer: open, closed or not opened today, and what should lie in it."""
    seen = await cash.drawer((await places.party_office(village)).id)
    return {
        "state": seen.state,
        "fen": seen.balance_fen,
        "opened_by": seen.opened_by,
        "may_open": visit.role in ("cashier", *LEADERS),
        "may_close": visit.role in ("cashier", *LEADERS),
    }


async def row_values(
    rows: list[queries.DayRow], groups: Mapping[str, households.Group], village: UUID
) -> list[dict[str, Any]]:
    """Rows of a day as lists show them, with lines, voucher and reason in words."""
    seen = {one.id: one for one in await package_queries.packages([row.package for row in rows])}
    code = await queries.village_code(village)
    return [
        {
            "code": row.code,
            "household": {"code": row.household_code, "head_name": row.head_name, "group": groups.get(row.group_label)},
            "state": row.state,
            "voucher": rules.voucher_name(code, business_day(row.at).year, row.number) if row.number else "",
            "lines": lines_values(seen[row.package].lines),
            "at": row.at,
            "amount_fen": {"paid": HUNDRED, "reversed": -HUNDRED}.get(row.state, 0),
            "inspector": row.inspector,
            "cashier": row.cashier,
            "reason": row.words or (_(REASONS[row.reason]) if row.reason in REASONS else row.reason),
        }
        for row in rows
    ]


@page("/office/intake/find", policy=staff(*DESK), query=FindQuery)
async def find(visit: Visit, query: FindQuery) -> Page:
    """The household that has come: by name, initials, number, card, or from the group's list."""
    village = village_of(visit)
    found = await households.search(query.q, group=query.group, page=max(1, query.page))
    ids = [row.id for row in found.rows]
    sold, unpaid = await queries.sold_in_year(ids, business_day(visit.now).year), await queries.unpaid_of(ids)
    seen = {one.id: one for one in await package_queries.packages([row["id"] for row in unpaid.values()])}
    return Page(
        "marketplace/intake/find.html",
        q=query.q,
        group=query.group,
        groups=[group for group, _count in await households.groups_with_counts([village])],
        results=[
            {
                "code": row.code,
                "head_name": row.head_name,
                "group": row.group,
                "birth_year": row.birth_year,
                "people": row.people,
                "matched": row.matched,
                "sold_this_year": sold.get(row.id, 0),
                **unpaid_values(unpaid.get(row.id), seen),
            }
            for row in found.rows
        ],
        total=found.total,
        tolerant=found.tolerant,
        page=pager(query, found),
    )


def unpaid_values(row: Any, seen: Mapping[UUID, package_queries.SeenPackage]) -> dict[str, Any]:
    """A household's draft or its package on the counter."""
    if row is None:
        return {"draft": None, "unpaid": None}
    if row["state"] == "draft":
        return {"draft": {"code": row["code"], "lines": lines_values(seen[row["id"]].lines)}, "unpaid": None}
    return {"draft": None, "unpaid": {"code": row["code"], "state": row["state"]}}


def pager(query: FindQuery, found: households.Found) -> dict[str, Any]:
    """The pages of the list, as the pager macro takes them."""

    def address(number: int) -> str:
        return "/office/intake/find?" + urlencode({"q": query.q, "group": query.group, "page": number})

    return {
        "number": found.page,
        "pages": found.pages,
        "earlier": address(found.page - 1) if found.page > 1 else "",
        "later": address(found.page + 1) if found.page < found.pages else "",
    }


@deed("/office/intake/start", policy=staff(*DESK), form=StartForm, again=find)
async def start(visit: Visit, form: StartForm) -> Answer:
    """Open the draft that a household brings, or begin a package for it."""
    async with visit.reading():
        household = await queries.household_by_code(form.household)
        draft = await queries.draft_code(household, check_code(form.package)) if form.package else None
    if draft is not None:
        return Answer(f"/office/intake/{draft}")

    async def verb() -> Answer:
        now = visit.now
        package = await packages.draft(
            household, [], intake_on=business_day(now), by=visit.scope.actor, for_household=True, now=now
        )
        return Answer(f"/office/intake/{await package_queries.code_of(package)}")

    return await visit.command(verb)


# The counter


@page("/office/intake/{package:str}", policy=staff(*READERS), query=AgainQuery)
async def counter(visit: Visit, package: Scoped[Package], query: AgainQuery) -> Page:
    """One package from the goods on the table to the money in the hand."""
    day = business_day(visit.now)
    seen = await package_queries.package(package.id)
    goods = await produce.goods_on(day)
    again = query.again or "lines.0.product" in visit.typed
    weighing = seen.state == "draft" or (again and seen.state in ("weighed", "inspected"))
    if weighing:
        seen = replace(
            seen, lines=typed_lines(visit, {priced.code: priced.good for priced in goods}, day) or seen.lines
        )
    composed = composer_values(seen.lines, goods, day)
    household = await households.household(seen.household)
    sold = await queries.sold_in_year([seen.household], day.year)
    rows = await queries.day_rows(seen.village, *day_bounds(day))
    return Page(
        "marketplace/intake/counter.html",
        package=await counter_package(seen),
        household={
            "code": household.code,
            "head_name": household.head_name,
            "village": household.village,
            "group": household.group,
            "birth_year": household.birth_year,
            "people": household.people,
            "sold_this_year": sold.get(seen.household, 0),
        },
        today=day,
        is_intake_day=bool(await queries.intake_days(seen.village, day, day)),
        number_today=sum(row.state == "paid" for row in rows) + 1,
        weighing=weighing,
        may_weigh_again=seen.state in ("weighed", "inspected") and visit.role in DESK,
        recipes=[recipe_values(recipe) for recipe in await package_queries.recipes_on(day, goods)],
        goods=composed["goods"],
        suggestions=composed["suggestions"],
        why_none=composed["why_none"],
        drawer=await drawer_values(visit, seen.village),
        **await check_values(visit, seen),
        **await people_values(visit, seen),
    )


def typed_lines(visit: Visit, goods: Mapping[str, Good], day: date) -> tuple[Line, ...]:
    """The lines of a refused weighing as they were typed; none where nothing was, or it cannot be read."""
    rows: list[LineForm] = []
    while (product := visit.typed.get(f"lines.{len(rows)}.product")) is not None:
        rows.append(LineForm(product, visit.typed.get(f"lines.{len(rows)}.quantity", "")))
    try:
        return tuple(lines_of(LinesForm(lines=tuple(rows)), goods, day, on_scale=True))
    except Refusal:
        return ()


async def counter_package(seen: package_queries.SeenPackage) -> dict[str, Any]:
    """The package with everything its states say."""
    paid = await queries.payout_of(seen.id)
    inspected = await queries.last_inspection(seen.id)
    back = await queries.send_back_of(seen.id)
    reason = paid["reason"] if paid and paid["reason"] else ""
    if back:
        reason = back["words"] or _(REASONS[back["reason"]])
    return {
        "code": seen.code,
        "shown": grouped(seen.code),
        "state": seen.state,
        "lines": lines_values(seen.lines),
        "total_fen": seen.total_fen,
        "recipe": seen.recipe,
        "weighed_at": seen.weighed_at,
        "inspected_at": inspected["at"] if inspected else None,
        "paid_at": paid["at"] if paid else None,
        "voucher": await queries.voucher_of(seen.id),
        "best_before": paid["best_before"] if paid else None,
        "reason": reason,
    }


async def check_values(visit: Visit, seen: package_queries.SeenPackage) -> dict[str, Any]:
    """What the inspector ticks, and the tray of eggs."""
    ticked = {typed for name, typed in visit.typed.items() if name.startswith("checks")}
    checks = [
        {"value": code, "words": _(check.text), "checked": seen.state != "weighed" or code in ticked}
        for code, check in rules.checks_of(seen.lines)
    ]
    eggs = sum(line.quantity for line in seen.lines if line.good.code == "EGG")
    cracked = [int(typed) for name, typed in visit.typed.items() if name.startswith("cracked") and typed.isdecimal()]
    return {"checks": checks, "eggs": eggs, "cracked": cracked}


async def people_values(visit: Visit, seen: package_queries.SeenPackage) -> dict[str, Any]:
    """Who inspects and who pays here: proved by the own session, or to be chosen; kin and the same hands left out."""
    inspected = await queries.last_inspection(seen.id)
    done_by = inspected["inspector"] if inspected and seen.state in ("inspected", "paid", "reversed") else None
    paid = await queries.payout_of(seen.id)
    inspectors = await queries.hands(seen.village, ("inspector",), seen.household)
    cashiers = await queries.hands(seen.village, ("cashier",), seen.household)
    checked_by = await queries.name_of(done_by) if done_by else ""
    return {
        "inspector": person_values(visit, "inspector", inspectors, checked_by, ""),
        "cashier": person_values(visit, "cashier", cashiers, paid["cashier"] if paid else "", checked_by),
        "receivers": await receivers_of(seen.household, business_day(visit.now)),
    }


def person_values(visit: Visit, role: str, hands: list[queries.Hand], done: str, not_him: str) -> dict[str, Any]:
    """One of the two people of a payment."""
    kin = _("kin of this household")
    same = _("has checked this package")
    refused = [{"name": hand.name, "why": kin} for hand in hands if hand.kin]
    refused += [{"name": hand.name, "why": same} for hand in hands if not hand.kin and hand.name == not_him]
    free = [hand for hand in hands if not hand.kin and hand.name != not_him]
    me = visit.user.name if visit.user else ""
    own = visit.role == role and any(hand.name == me for hand in free)
    name = done or (me if own else free[0].name if len(free) == 1 else "")
    return {
        "own": own,
        "name": name,
        "people": [{"login": hand.login, "name": hand.name, "role": hand.role} for hand in free],
        "refused": refused,
    }


async def receivers_of(household: UUID, day: date) -> list[tuple[str, str]]:
    """Who may take the money: the head, members, standing proxies, somebody else."""
    people = [one for one in await households.members(household) if one.left_on is None]
    head = next((one for one in people if one.relation == "head"), None)
    choices = [("head", head.name if head else _("the head"))]
    choices += [(f"member:{one.code}", one.name) for one in people if one is not head]
    choices += [
        (f"proxy:{one.id}", _("{name} (proxy)", name=one.name))
        for one in await households.proxies(household)
        if one.is_valid(day)
    ]
    return [*choices, ("other", _("somebody else, with a note"))]


@deed("/office/intake/{package:str}/recipe", policy=staff(*DESK), form=RecipeForm, again=counter)
async def use_recipe(visit: Visit, package: Scoped[Package], form: RecipeForm) -> Answer:
    """Put a recipe's goods into the package, or leave the mix free."""
    day = business_day(visit.now)
    async with visit.reading():
        seen = await package_queries.package(package.id)
        known = {recipe.code: recipe for recipe in await package_queries.recipes_on(day)}
    recipe = known.get(form.recipe)
    if form.recipe and recipe is None:
        raise NotFound
    if recipe is not None and recipe.why_not is not None:
        raise recipe.why_not

    async def verb() -> Answer:
        lines = recipe.lines if recipe else seen.lines
        await packages.change(
            package.id, pairs(lines), recipe=recipe.id if recipe else None, intake_on=seen.intake_on,
            scale=scale_of(lines), now=visit.now,
        )  # fmt: skip
        return Answer(f"/office/intake/{package.code}")

    return await visit.command(verb)


@deed("/office/intake/{package:str}/weigh", policy=staff(*DESK), form=LinesForm, again=counter)
async def weigh(visit: Visit, package: Scoped[Package], form: LinesForm) -> Answer:
    """Take down what lies on the scale. Exactly 100.00 goes on to the check, another sum stays a draft."""
    day = business_day(visit.now)
    async with visit.reading():
        seen = await package_queries.package(package.id)
        goods = {priced.code: priced.good for priced in await produce.goods_on(day)}
    lines = lines_of(form, goods, day, on_scale=True)
    scale = scale_of(lines)
    stays = seen.state == "draft" and (total(lines) != HUNDRED or bool(form.add))

    async def verb() -> Answer:
        if stays:
            recipe = package.recipe if isinstance(package.recipe, UUID) else None
            await packages.change(
                package.id, pairs(lines), recipe=recipe, intake_on=seen.intake_on, scale=scale, now=visit.now
            )
        else:
            await packages.weigh(package.id, pairs(lines), scale=scale, by=actor_of(visit), now=visit.now)
        return Answer(f"/office/intake/{package.code}")

    return await visit.command(verb)


def actor_of(visit: Visit) -> UUID:
    """The member of staff who is signed in. Refuses (`NotFound`) somebody without a user."""
    if visit.scope.actor is None:
        raise NotFound
    return visit.scope.actor


async def proved(visit: Visit, login: str, pin: str, role: str, village: UUID) -> tuple[UUID, Proof]:
    """Who does this part: the person signed in for it, or the one whose login name and PIN were typed."""
    if visit.role == role and not pin:
        return actor_of(visit), "session"
    if not login or not pin:
        raise rules.PinMissing
    person = await accounts.prove_pin(visit.scope, login, pin, role, village, address=visit.address)
    return person, "pin"


@deed("/office/intake/{package:str}/inspect", policy=staff(*DESK), form=InspectForm, again=counter)
async def inspect(visit: Visit, package: Scoped[Package], form: InspectForm) -> Answer:
    """The inspector passes the package, under his own session or with his PIN."""
    inspector, proof = await proved(visit, form.login, form.pin, "inspector", village_of(visit))

    async def verb() -> Answer:
        await actions.inspect(
            package.id, inspector=inspector, ticked=form.checks, cracked=len(form.cracked), proof=proof, now=visit.now
        )
        return Answer(f"/office/intake/{package.code}", notice=N_("Passed. The cashier pays next."))

    return await visit.command(verb)


@deed("/office/intake/{package:str}/pay", policy=staff(*DESK), form=PayForm, again=counter)
async def pay(visit: Visit, package: Scoped[Package], form: PayForm) -> Answer:
    """The one act: money out, voucher, income, stock; under the cashier's own session or with his PIN."""
    cashier, proof = await proved(visit, form.login, form.pin, "cashier", village_of(visit))
    async with visit.reading():
        received_by, receiver = await receiver_of(package, form.receiver, business_day(visit.now))

    async def verb() -> Answer:
        await actions.accept_and_pay(
            package.id,
            cashier=cashier,
            proof=proof,
            received_by=received_by,
            receiver=receiver,
            receiver_note=form.receiver_note,
            signed=form.signed,
            now=visit.now,
        )
        voucher = await queries.voucher_of(package.id)
        return Answer(
            f"/office/intake/{package.code}",
            notice=N_("Paid 100.00 yuan, voucher {voucher}."),
            values={"voucher": voucher},
        )

    return await visit.command(verb, money=True)


async def receiver_of(package: Package, chosen: str, day: date) -> tuple[ReceivedBy, str]:
    """Who takes the money, by the choice of the page. Refuses (`NotFound`) somebody who is not on it."""
    household = await queries.household_of(package.id)
    if chosen not in {value for value, _words in await receivers_of(household, day)}:
        raise NotFound
    kind, _sign, which = chosen.partition(":")
    if kind == "member":
        people = await households.members(household)
        return "member", next(one.name for one in people if one.code == which)
    if kind == "proxy":
        return "proxy", next(one.name for one in await households.proxies(household) if str(one.id) == which)
    head = await households.household(household)
    return ("head", head.head_name) if kind == "head" else ("other", "")


# Sending back, reversing


@page("/office/intake/{package:str}/send-back", policy=staff(*DESK))
async def send_back_page(visit: Visit, package: Scoped[Package]) -> Page:
    """Why the package goes home."""
    seen = await package_queries.package(package.id)
    groups = await groups_of(seen.village)
    return Page(
        "marketplace/intake/send_back.html",
        package=package_values(seen),
        household={
            "code": seen.household_code,
            "head_name": seen.head_name,
            "group": groups.get(seen.group_label),
        },
        reasons=[(code, _(words)) for code, words in REASONS.items()],
    )


@deed("/office/intake/{package:str}/send-back", policy=staff(*DESK), form=SendBackForm, again=send_back_page)
async def send_back(visit: Visit, package: Scoped[Package], form: SendBackForm) -> Answer:
    """Send a package back with the reason told to the household."""

    async def verb() -> Answer:
        await actions.send_back(package.id, reason=form.reason, words=form.words, by=actor_of(visit), now=visit.now)
        return Answer(f"/office/intake/{package.code}", notice=N_("Sent back. Nothing was paid."))

    return await visit.command(verb)


@page("/office/intake/{package:str}/reverse", policy=staff("cashier", *LEADERS))
async def reverse_page(visit: Visit, package: Scoped[Package]) -> Page:
    """What a reversal would undo, and who is the second hand."""
    seen = await package_queries.package(package.id)
    paid = await queries.payout_of(package.id)
    if paid is None:
        raise NotFound
    groups = await groups_of(seen.village)
    me = visit.user.name if visit.user else ""
    leaders = [hand for hand in await queries.hands(seen.village, LEADERS) if hand.name != me]
    second = {
        "own": False,
        "name": "",
        "people": [{"login": hand.login, "name": hand.name, "role": hand.role} for hand in leaders],
        "refused": [],
    }
    may = seen.state == "paid" and paid["unit"] == "on_hand"
    return Page(
        "marketplace/intake/reverse.html",
        package={
            "code": seen.code,
            "shown": grouped(seen.code),
            "voucher": await queries.voucher_of(seen.id),
            "paid_at": paid["at"],
            "lines": lines_values(seen.lines),
            "total_fen": seen.total_fen,
            "place": {"name_zh": paid["place_zh"], "name_en": paid["place_en"]},
            "may": may,
            "why_not": "" if may else _(rules.NotReversible.text),
        },
        household={"code": seen.household_code, "head_name": seen.head_name, "group": groups.get(seen.group_label)},
        second=second,
    )


@deed("/office/intake/{package:str}/reverse", policy=staff("cashier", *LEADERS), form=ReverseForm, again=reverse_page)
async def reverse(visit: Visit, package: Scoped[Package], form: ReverseForm) -> Answer:
    """Two persons take an acceptance back."""
    if not form.login or not form.pin:
        raise rules.PinMissing
    second = await accounts.prove_pin(
        visit.scope, form.login, form.pin, LEADERS, village_of(visit), address=visit.address
    )

    async def verb() -> Answer:
        await actions.reverse(package.id, first=actor_of(visit), second=second, reason=form.reason, now=visit.now)
        return Answer(
            f"/office/intake/{package.code}", notice=N_("Reversed. Both entries stand on the list of the day.")
        )

    return await visit.command(verb, money=True)


# Papers


@page("/office/intake/{package:str}/voucher", policy=staff(*READERS))
async def voucher(visit: Visit, package: Scoped[Package]) -> Page:
    """The purchase voucher in two copies."""
    seen, paid = await package_queries.package(package.id), await queries.payout_of(package.id)
    if paid is None:
        raise NotFound
    household = await households.household(seen.household)
    return Page(
        "marketplace/intake/voucher.html",
        voucher={
            "number": await queries.voucher_of(seen.id),
            "paid_at": paid["at"],
            "code": grouped(seen.code),
            "lines": lines_values(seen.lines),
            "total_fen": paid["amount_fen"],
            "inspector": paid["inspector"],
            "cashier": paid["cashier"],
            "receiver": "" if paid["received_by"] == "head" else paid["receiver"] or paid["receiver_note"],
            "signed": paid["signed"],
            "reversed": {"at": paid["reversed_at"], "reason": paid["reason"]} if paid["reversed_at"] else None,
        },
        household={
            "code": household.code,
            "head_name": household.head_name,
            "village": household.village,
            "group": household.group,
        },
        back=f"/office/intake/{seen.code}",
    )


@page("/office/intake/{package:str}/label", policy=staff(*READERS))
async def label(visit: Visit, package: Scoped[Package]) -> Page:
    """The label of the box with its trace code."""
    seen, paid = await package_queries.package(package.id), await queries.payout_of(package.id)
    if paid is None:
        raise NotFound
    household = await households.household(seen.household)
    return Page(
        "marketplace/intake/label.html",
        label={
            "code": grouped(seen.code),
            "lines": lines_values(seen.lines),
            "packed_on": paid["packed_on"],
            "best_before": paid["best_before"],
            "name": household.head_name if paid["show_name"] else masked_name(household.head_name),
            "village": household.village,
            "group": household.group,
            "county": paid["county_zh"] if visit.locale == "zh_CN" else "",
            "certificate": any(line.good.certificate == "yes" for line in seen.lines),
        },
        qr=drawn(f"{settings().public_url}/T/{seen.code}".upper()),
        back=f"/office/intake/{seen.code}",
    )


@deed("/office/intake/{package:str}/printed/{paper:str}", policy=staff(*READERS))
async def printed(visit: Visit, package: Scoped[Package], paper: Literal["voucher", "label"]) -> Answer:
    """Go to a paper to print it, and write that down: a second print shows in the journal."""
    if paper not in ("voucher", "label"):
        raise NotFound

    async def verb() -> Answer:
        await actions.note_print(package.id, paper)
        return Answer(f"/office/intake/{package.code}/{paper}")

    return await visit.command(verb)


@page("/office/intake/day", policy=staff(*READERS), query=DayQuery)
async def day_list(visit: Visit, query: DayQuery) -> Page:
    """Everything of a day with its voucher: paid, sent back, reversed."""
    village, now = village_of(visit), business_day(visit.now)
    day = query.on or now
    rows = await queries.day_rows(village, *day_bounds(day))
    days = await queries.intake_days(village, day - timedelta(days=14), min(now, day + timedelta(days=14)))
    earlier = max((one for one in days if one < day), default=None)
    later = min((one for one in days if one > day), default=None)
    shown = await row_values(rows, await groups_of(village), village)
    return Page(
        "marketplace/intake/day.html",
        on=day,
        earlier=f"/office/intake/day?on={earlier}" if earlier else "",
        later=f"/office/intake/day?on={later}" if later else "",
        days=days,
        rows=shown,
        count=sum(row["state"] == "paid" for row in shown),
        paid_fen=sum(row["amount_fen"] for row in shown),
        sent_back=sum(row["state"] == "sent_back" for row in shown),
        reversed=sum(row["state"] == "reversed" for row in shown),
    )


DOORS: list[HTTPRouteHandler] = [
    today, find, start, day_list, counter, use_recipe, weigh, inspect, pay, send_back_page, send_back, reverse_page,
    reverse, voucher, label, printed,
]  # fmt: skip
