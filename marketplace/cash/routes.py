"""Doors of the drawer: the cash book of a day, opening, closing, the sheet. The office's and a store's alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from marketplace.accounts import actions as accounts
from marketplace.cash import actions, queries, rules
from marketplace.cash.forms import BookQuery, CloseForm, CountForm, FloatForm, OpenForm
from marketplace.cash.rules import DENOMINATIONS
from marketplace.clock import business_day
from marketplace.errors import N_, NotFound, Refusal
from marketplace.places import queries as places
from marketplace.web.door import Answer, Page, Visit, deed, page
from marketplace.web.policy import Policy, Rule
from marketplace.web.words import _

LEADERS: Final = ("branch_secretary", "village_director")
SECONDS: Final = (*LEADERS, "supervisor")
TILLS: Final = ("store_clerk", "hub_clerk")
SECONDS_IN_TOWN: Final = ("purchaser", *TILLS)  # where no village stands behind the drawer
KEEPERS: Final = Policy(
    "keepers of a drawer",
    (Rule(frozenset({"cashier", *LEADERS}), "village"), Rule(frozenset(TILLS), "place")),
)
READERS: Final = Policy(
    "readers of a drawer",
    (Rule(frozenset({"cashier", *LEADERS, "supervisor"}), "village"), Rule(frozenset(TILLS), "place")),
)
ENTRY_WORDS: Final = {
    "float": N_("Float received"),
    "payout": N_("Paid for a package"),
    "reversal": N_("Reversal"),
    "cash_difference": N_("Difference at closing"),
    "sale": N_("Sold over the counter"),
}


class CountIncomplete(Refusal):
    text = N_("Enter how many notes and coins there are; nothing counts as none.")
    field = "counts"


async def place_of(visit: Visit) -> UUID:
    """The place whose drawer this person keeps: the own place, or the village's office."""
    if visit.scope.places:
        return visit.scope.places[0]
    return (await places.party_office(visit.scope.villages[0])).id


def counted_of(counts: tuple[CountForm, ...]) -> dict[int, int]:
    """Pieces by denomination. Refuses (`NotFound`) what is no money."""
    found = {row.denomination: row.pieces for row in counts}
    if set(found) - set(DENOMINATIONS):
        raise NotFound
    return found


def typed_counts(visit: Visit) -> dict[int, int]:
    """What was typed before, to be shown again."""
    found: dict[int, int] = {}
    for name, typed in visit.typed.items():
        place = re.fullmatch(r"counts\.([0-9])\.pieces", name)
        if place and typed.isascii() and typed.isdigit() and len(typed) < 6:
            found[DENOMINATIONS[int(place[1])]] = int(typed)
    return found


def may_keep(visit: Visit) -> bool:
    """Whether this person may open and close the drawer."""
    return KEEPERS.verdict(visit.user) == "open"


def drawer_values(visit: Visit, seen: queries.SeenDrawer, day: queries.SeenDay | None) -> dict[str, Any]:
    """The drawer as its pages take it."""
    return {
        "state": seen.state,
        "fen": seen.balance_fen,
        "opening_fen": day.opening_fen if day else 0,
        "opened_by": seen.opened_by,
        "opened_at": day.opened_at if day else None,
        "out_fen": day.paid_fen if day else 0,
        "in_fen": day.received_fen + day.other_in_fen + day.reversed_fen if day else 0,
        "expected_fen": day.expected_fen if day else 0,
        "may_open": may_keep(visit),
        "may_close": may_keep(visit),
    }


@page("/office/cash", policy=READERS, query=BookQuery)
async def book(visit: Visit, query: BookQuery) -> Page:
    """The cash book of today or of an earlier day."""
    place = await place_of(visit)
    seen, today = await queries.drawer(place), business_day(visit.now)
    days = await queries.days(seen.id)
    shown = next((one for one in days if one.day == (query.on or today)), None)
    if shown is None and query.on is None and seen.day is not None:
        shown = next(one for one in days if one.id == seen.day)
    return Page(
        "marketplace/cash/day.html",
        place=await queries.place(place),
        today=shown.day if shown else today,
        drawer=drawer_values(visit, seen, shown),
        entries=await entries_of(shown),
        days=[{"day": one.day, "closed": one.state == "closed"} for one in days],
    )


async def entries_of(day: queries.SeenDay | None) -> list[dict[str, Any]]:
    """The lines of a day's cash book with the running balance."""
    if day is None:
        return []
    balance = day.opening_fen
    lines = []
    for row in await queries.book(day.id):
        balance += row["amount_fen"]
        lines.append(
            {
                "at": row["at"],
                "words": " ".join(filter(None, (_(ENTRY_WORDS.get(row["kind"], row["kind"])), row["head_name"]))),
                "voucher": str(row["voucher_number"]) if row["voucher_number"] else "",
                "amount_fen": row["amount_fen"],
                "balance_fen": balance,
            }
        )
    return lines


@page("/office/cash/open", policy=KEEPERS)
async def open_page(visit: Visit) -> Page:
    """Count the drawer before the first payment."""
    place = await place_of(visit)
    seen = await queries.drawer(place)
    closed = [one for one in await queries.days(seen.id) if one.state == "closed"]
    counted = typed_counts(visit)
    return Page(
        "marketplace/cash/open.html",
        place=await queries.place(place),
        today=business_day(visit.now),
        denominations=list(DENOMINATIONS),
        counted=counted,
        counted_fen=rules.counted(counted),
        last={"day": closed[0].day, "counted_fen": closed[0].counted_fen} if closed else None,
    )


@deed("/office/cash/open", policy=KEEPERS, form=OpenForm, again=open_page)
async def open_drawer(visit: Visit, form: OpenForm) -> Answer:
    """Open the drawer with this count; what is more than the book says is float received."""
    counts = counted_of(form.counts)
    if not any(counts.values()):
        raise CountIncomplete
    async with visit.reading():
        place = await place_of(visit)

    async def verb() -> Answer:
        await actions.open_day(place, counts, by=keeper_of(visit), now=visit.now)
        return Answer(desk_of(visit), notice=N_("The drawer is open."))

    return await visit.command(verb, money=True)


def keeper_of(visit: Visit) -> UUID:
    """The member of staff who is signed in."""
    if visit.scope.actor is None:
        raise NotFound
    return visit.scope.actor


def desk_of(visit: Visit) -> str:
    """Where this person's work goes on."""
    return "/store" if visit.scope.places else "/office/intake"


@page("/office/cash/float", policy=KEEPERS)
async def float_page(visit: Visit) -> Page:
    """Count what was brought to the drawer during the day."""
    place = await place_of(visit)
    seen = await queries.drawer(place)
    if seen.state != rules.OPEN:
        raise rules.DrawerClosed
    counted = typed_counts(visit)
    return Page(
        "marketplace/cash/float.html",
        place=await queries.place(place),
        today=business_day(visit.now),
        denominations=list(DENOMINATIONS),
        counted=counted,
        counted_fen=rules.counted(counted),
        drawer={"fen": seen.balance_fen},
    )


@deed("/office/cash/float", policy=KEEPERS, form=FloatForm, again=float_page)
async def receive_float(visit: Visit, form: FloatForm) -> Answer:
    """Book float that was received while the drawer is open."""
    amount = rules.counted(counted_of(form.counts))
    async with visit.reading():
        place = await place_of(visit)

    async def verb() -> Answer:
        await actions.top_up(place, amount, now=visit.now)
        return Answer("/office/cash", notice=N_("Float received; it stands in the cash book."))

    return await visit.command(verb, money=True)


@page("/office/cash/close", policy=KEEPERS)
async def close_page(visit: Visit) -> Page:
    """Count the drawer at the end of the day."""
    place = await place_of(visit)
    seen = await queries.drawer(place)
    if seen.day is None:
        raise rules.DrawerClosed
    shown = next(one for one in await queries.days(seen.id) if one.id == seen.day)
    counted = typed_counts(visit)
    return Page(
        "marketplace/cash/close.html",
        place=await queries.place(place),
        today=shown.day,
        denominations=list(DENOMINATIONS),
        counted=counted,
        counted_fen=rules.counted(counted),
        drawer=drawer_values(visit, seen, shown),
        ask_reason=bool(visit.errors) and bool(counted) and rules.counted(counted) != shown.expected_fen,
        second=await second_values(visit),
    )


def seconds_of(place: UUID, village: UUID | None) -> tuple[UUID, tuple[str, ...]]:
    """Where the second person belongs, and as what: the drawer's village, or in a town its place and the company."""
    return (village, SECONDS) if village else (place, SECONDS_IN_TOWN)


async def second_values(visit: Visit) -> dict[str, Any]:
    """Who may confirm a difference beside this person."""
    place = await place_of(visit)
    people = await queries.seconds(*seconds_of(place, (await queries.drawer(place)).village))
    me = visit.user.name if visit.user else ""
    return {"own": False, "name": "", "people": [one for one in people if one["name"] != me], "refused": []}


@deed("/office/cash/close", policy=KEEPERS, form=CloseForm, again=close_page)
async def close_drawer(visit: Visit, form: CloseForm) -> Answer:
    """Close the day with this count; a difference needs its reason and a second person."""
    counts = counted_of(form.counts)
    async with visit.reading():
        place = await place_of(visit)
        seen = await queries.drawer(place)
        # A form sent twice finds the drawer closed; it gets the first answer.
        expected = await queries.expected_fen(seen.day) if seen.day else 0
        closing = await queries.date_of(seen.day) if seen.day else business_day(visit.now)
    second = await second_of(visit, form, seen) if rules.counted(counts) != expected and form.reason else None

    async def verb() -> Answer:
        await actions.close_day(place, counts, by=keeper_of(visit), reason=form.reason, second=second, now=visit.now)
        return Answer(f"/office/cash/{closing}", notice=N_("The day is closed. Print the sheet and sign it."))

    return await visit.command(verb, money=True)


async def second_of(visit: Visit, form: CloseForm, drawer: queries.SeenDrawer) -> UUID | None:
    """The second person, one of those on the page's list, proved by PIN; None while none has typed it."""
    if not (form.login and form.pin):
        return None
    scope = visit.scope if drawer.village is None else replace(visit.scope, villages=(drawer.village,))
    where, roles = seconds_of(drawer.place, drawer.village)
    return await accounts.prove_pin(scope, form.login, form.pin, roles, where, address=visit.address)


@page("/office/cash/{day:str}", policy=READERS)
async def sheet(visit: Visit, day: str) -> Page:
    """The sheet of a closed day with the head of the seal."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise NotFound from None
    place = await place_of(visit)
    seen = await queries.drawer(place)
    found = await queries.days(seen.id, on)
    if not found or found[0].state != "closed":
        raise NotFound
    one = found[0]
    opening, closing = await queries.counts(one.id, "opening"), await queries.counts(one.id, "closing")
    return Page(
        "marketplace/cash/sheet.html",
        sheet={
            "day": one.day,
            "place": await queries.place(place),
            "village": await queries.village(seen.village),
            "opened_at": one.opened_at,
            "opened_by": one.opened_by,
            "opening_fen": one.opening_fen,
            "closed_at": one.closed_at,
            "closed_by": one.closed_by,
            "out_fen": one.paid_fen,
            "in_fen": one.received_fen + one.other_in_fen + one.reversed_fen,
            "expected_fen": one.expected_fen,
            "counted_fen": one.counted_fen,
            "difference_fen": (one.counted_fen or 0) - one.expected_fen,
            "reason": one.reason,
            "second": one.second,
            "seal_head": one.seal_head,
            "counts": count_rows(opening, closing),
            "vouchers": await queries.vouchers(one.id),
        },
    )


def count_rows(opening: Mapping[int, int], closing: Mapping[int, int]) -> list[dict[str, int]]:
    """Both counts side by side, denominations that nobody had left out."""
    return [
        {"denomination_fen": fen, "opening": opening.get(fen, 0), "closing": closing.get(fen, 0)}
        for fen in DENOMINATIONS
        if opening.get(fen) or closing.get(fen)
    ]


DOORS: list[HTTPRouteHandler] = [
    book,
    open_page,
    open_drawer,
    float_page,
    receive_float,
    close_page,
    close_drawer,
    sheet,
]
