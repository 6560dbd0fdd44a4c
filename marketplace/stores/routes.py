"""Doors of a store: who waits for boxes, and handing them over against code and cash."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, time
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from marketplace.accounts import queries as accounts
from marketplace.cash import queries as cash
from marketplace.clock import CHINA, business_day
from marketplace.errors import N_, NotFound
from marketplace.ids import check_code
from marketplace.money import yuan
from marketplace.orders import actions as orders
from marketplace.orders import queries as order_queries
from marketplace.orders.rules import EXPIRED, OPEN, check_given, is_over
from marketplace.orders.tables import SalesOrder
from marketplace.places import queries as places
from marketplace.stores.forms import CodeQuery, DeskQuery, HandOverForm, ReasonForm
from marketplace.web.door import Answer, Page, Scoped, Visit, deed, page
from marketplace.web.form import plain
from marketplace.web.policy import staff
from marketplace.web.refusals import Closed
from marketplace.web.sensitive import unmask

CONTACT: Final = "contact"  # the buyer's contact that this browser may show for a while
CONTACT_SECONDS: Final = 600
CLERKS: Final = staff("store_clerk", "hub_clerk", scope="place")


def place_id(visit: Visit) -> UUID:
    """The place where the clerk acts. Refuses (`Closed`) whoever acts at none."""
    if visit.signed is None or not visit.signed.places:
        raise Closed
    return visit.signed.places[0]


def clerk_id(visit: Visit) -> UUID:
    """Who is at the counter."""
    if visit.signed is None:
        raise Closed
    return visit.signed.actor


@page("/store", policy=CLERKS, query=DeskQuery)
async def desk(visit: Visit, query: DeskQuery) -> Page | Answer:
    """Who waits here; four digits or an order's code lead straight to the hand-over."""
    here = place_id(visit)
    said = plain(query.code)
    if said and (found := await order_queries.find(here, said, check_code(said))):
        return Answer(f"/store/orders/{found}" + ("?" + urlencode({"pickup_code": said}) if said.isdigit() else ""))
    today = business_day(visit.now)
    waiting = await order_queries.orders(await order_queries.waiting(here, visit.now), today)
    midnight = datetime.combine(today, time(), CHINA)
    return Page(
        "marketplace/stores/desk.html",
        place=(await places.places([here]))[here],
        today=today,
        waiting=[waiting_row(order, visit.now) for order in waiting],
        handed=await order_queries.handed_over(here, midnight),
        drawer=await drawer_of(here),
        typed_code=query.code,
    )


def waiting_row(order: order_queries.OrderSeen, now: datetime) -> dict[str, Any]:
    """An order as the list of those who wait draws it; `late` on its last day."""
    return {
        "code": order.code,
        "name": order.name,
        "contact_mask": order.contact_mask,
        "count": order.count,
        "total_fen": order.total_fen,
        "hold_until": order.hold_until,
        "late": business_day(order.hold_until) <= business_day(now),
        "boxes": [box.lines for box in order.boxes],
    }


async def drawer_of(place: UUID) -> dict[str, Any]:
    """The place's drawer: open, closed or missing, and the fen in it."""
    seen = await cash.drawer(place)
    return {"state": seen.state, "fen": seen.balance_fen, "may_open": seen.state == "missing"}


@page("/store/orders/{order:str}", policy=CLERKS, query=CodeQuery)
async def handover(visit: Visit, order: Scoped[SalesOrder], query: CodeQuery) -> Page:
    """One order: fetch its boxes, hear the code, count the money."""
    seen = await order_queries.order(order.id, business_day(visit.now))
    values = asdict(seen) | {"handed_at": await order_queries.handed_at(order.id)}
    del values["pickup_code"]  # the buyer says it; it never stands on this screen
    values["boxes"] = seen.boxes
    if seen.state in OPEN and is_over(seen.hold_until, visit.now):
        values["state"] = EXPIRED
    return Page(
        "marketplace/stores/handover.html",
        order=values,
        place=seen.place,
        drawer=await drawer_of(place_id(visit)),
        contact=contact_shown(visit, order),
        may_call=values["state"] in OPEN,
    )


def contact_shown(visit: Visit, order: SalesOrder) -> str:
    """The buyer's contact for as long as this session has it open; else nothing."""
    opened_for, _space, contact = (visit.kept(CONTACT) or "").partition(" ")
    return contact if opened_for == opened_name(visit, order) else ""


def opened_name(visit: Visit, order: SalesOrder) -> str:
    """For whom and for which order a contact was opened."""
    return f"{visit.signed.session if visit.signed else ''}:{order.code}"


@deed("/store/orders/{order:str}/contact", policy=CLERKS, form=ReasonForm, again=handover)
async def open_contact(visit: Visit, order: Scoped[SalesOrder], form: ReasonForm) -> Answer:
    """The contact of a buyer whose order waits here; who and why is written down."""
    if order.state not in OPEN or is_over(order.hold_until, visit.now):
        raise NotFound
    opened: list[str] = []

    async def verb() -> Answer:
        opened.append(await unmask(await accounts.contact_of(order.customer), form.reason))
        notice = N_("The contact is shown for ten minutes. This was written down.")
        return Answer(f"/store/orders/{order.code}", notice=notice)

    answer = await visit.command(verb)
    for contact in opened:
        visit.keep(CONTACT, f"{opened_name(visit, order)} {contact}", CONTACT_SECONDS)
    return answer


@deed("/store/orders/{order:str}/hand-over", policy=CLERKS, form=HandOverForm, again=handover)
async def hand_over(visit: Visit, order: Scoped[SalesOrder], form: HandOverForm) -> Answer:
    """Money in, boxes out: one act."""
    by = clerk_id(visit)

    async def verb() -> Answer:
        seen = await order_queries.order(order.id, business_day(visit.now))
        if seen.state in OPEN:
            check_given([box.code for box in seen.boxes], form.given)
        change = await orders.pay_and_hand_over(
            order.id, form.pickup_code, received_fen=form.received, by=by, event=str(visit.key), now=visit.now
        )
        if change:
            return Answer(
                "/store",
                notice=N_("Handed over. Give {change} yuan back to the buyer."),
                values={"change": yuan(change)},
            )
        return Answer(
            "/store", notice=N_("Handed over. {total} yuan are in the drawer."), values={"total": yuan(seen.total_fen)}
        )

    return await visit.command(verb, money=True)


DOORS: list[HTTPRouteHandler] = [desk, handover, open_contact, hand_over]
