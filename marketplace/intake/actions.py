"""The counter's verbs: inspect, send back, accept and pay in one act, reverse by two."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.cash import actions as cash
from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.ids import uuid7
from marketplace.income import actions as income
from marketplace.income.rules import PACKAGES
from marketplace.intake import queries, rules
from marketplace.intake.rules import Proof, ReceivedBy, Receiver, Signed
from marketplace.journal import actions as journal
from marketplace.ledger import actions as ledger
from marketplace.packages import actions as packages
from marketplace.packages import queries as package_queries
from marketplace.packages import rules as package_rules
from marketplace.packages.rules import HUNDRED, INSPECTED, PAID, SENT_BACK, WEIGHED, check_arrow
from marketplace.places import queries as places
from marketplace.stock import actions as stock

_INSPECT = """
insert into inspection (id, package, village, inspector, passed, checks, proof, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_SEND_BACK = "insert into send_back (id, package, village, reason, words, by, at) values ($1, $2, $3, $4, $5, $6, $7)"
_PAYOUT = """
insert into payout (id, package, household, village, amount_fen, transfer, drawer_day, cashier, proof, voucher_number,
    received_by, receiver, receiver_note, signed, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, null, $10, $11, $12, $13, $14) returning voucher_number
"""
_ACCEPT = """
insert into acceptance (id, package, household, village, inspection, payout, income_entry, at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_REVERSE = """
insert into reversal (id, package, village, acceptance, transfer, income_entry, first, second, reason, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def inspect(
    package: UUID, *, inspector: UUID, ticked: Collection[str], cracked: int = 0, proof: Proof, now: datetime
) -> UUID:
    """The inspector passes a weighed package with every look ticked; the inspection's id.

    Refuses: kin of the household, a look missing, cracked eggs, a package that is not weighed or not 100.00.
    """
    row = await packages.locked(package)
    check_arrow(row["state"], INSPECTED)
    await _refuse_kin(inspector, row["household"], rules.InspectorIsKin)
    seen = await package_queries.package(package)
    package_rules.check(seen.lines, business_day(now))
    rules.check_checks(seen.lines, ticked, cracked)
    inspection = uuid7()
    checks = json.dumps(sorted(ticked))
    await DB.fetch(_INSPECT, inspection, package, row["village"], inspector, True, checks, proof, now)
    await DB.fetch("update package set state = 'inspected' where id = $1", package)
    await journal.note(
        verb="inspect_package",
        subject=package,
        village=row["village"],
        on_behalf_of=row["household"],
        detail={"inspector": inspector, "proof": proof},
    )
    return inspection


async def _refuse_kin(person: UUID, household: UUID, refusal: type[rules.InspectorIsKin | rules.CashierIsKin]) -> None:
    if await DB.fetch_value("select is_kin($1, $2)", person, household):
        raise refusal(name=await queries.name_of(person))


async def send_back(package: UUID, *, reason: str, words: str, by: UUID, now: datetime) -> UUID:
    """Send a package back with a reason of the list; nothing is paid. Refuses one that is paid, gone, or without reason."""
    row = await packages.locked(package)
    check_arrow(row["state"], SENT_BACK)
    package_rules.check_reason(reason, words)
    slip = uuid7()
    await DB.fetch(_SEND_BACK, slip, package, row["village"], reason, words.strip(), by, now)
    await DB.fetch("update package set state = 'sent_back' where id = $1", package)
    await journal.note(
        verb="send_back",
        subject=package,
        village=row["village"],
        on_behalf_of=row["household"],
        detail={"reason": reason},
    )
    return slip


async def accept_and_pay(
    package: UUID,
    *,
    cashier: UUID,
    proof: Proof,
    received_by: ReceivedBy,
    receiver: str,
    receiver_note: str,
    signed: Signed,
    now: datetime,
) -> UUID:
    """The one act: cash out of the office's drawer, voucher, income, acceptance, stock; the payout's id.

    All or nothing (P13, P14). Refuses: not inspected, paid already, the inspector himself, kin, a receiver without note,
    a closed drawer, too little cash. The price was fixed at weighing; the sum is exactly 10,000 fen.
    """
    row = await packages.locked(package)
    await _refuse_unready(row)
    inspection = await queries.standing_inspection(package)
    if inspection["inspector"] == cashier:
        raise rules.SameHands(name=await queries.name_of(cashier), field="cashier")
    await _refuse_kin(cashier, row["household"], rules.CashierIsKin)
    first = await queries.first_time(row["household"], received_by, receiver)
    rules.check_receiver(Receiver(received_by, receiver, first), receiver_note)
    payout, village = uuid7(), row["village"]
    office = (await places.party_office(village)).id
    purchases = await ledger.account("fen", "purchases", village, village=village)
    transfer, day = await cash.pay_out(
        office, HUNDRED, purpose_account=purchases, kind="payout", reference=payout,
        village=village, now=now,
    )  # fmt: skip
    number: int = await DB.fetch_value(
        _PAYOUT, payout, package, row["household"], village, HUNDRED, transfer, day, cashier, proof,
        received_by, receiver, receiver_note.strip(), signed, now,
    )  # fmt: skip
    voucher = rules.voucher_name(await queries.village_code(village), business_day(now).year, number)
    entry = await income.enter(
        row["household"], earned_on=business_day(now), kind="business", source=PACKAGES, amount_fen=HUNDRED,
        document=voucher, by=cashier, now=now,
    )  # fmt: skip
    await DB.fetch(_ACCEPT, uuid7(), package, row["household"], village, inspection["id"], payout, entry, now)
    await DB.fetch("update package set state = 'paid' where id = $1", package)
    await stock.put_in_stock(package, place=office, now=now, by=cashier)
    await journal.note(
        verb="accept_and_pay",
        subject=package,
        village=village,
        on_behalf_of=row["household"],
        detail={"voucher": voucher, "amount_fen": HUNDRED, "transfer": transfer, "received_by": received_by},
    )
    return payout


async def _refuse_unready(row: Any) -> None:
    if row["state"] == PAID:
        raise rules.PaidAlready(voucher=await queries.voucher_of(row["id"]))
    if row["state"] in ("draft", WEIGHED):
        raise rules.NotInspected
    check_arrow(row["state"], PAID)


async def reverse(package: UUID, *, first: UUID, second: UUID, reason: str, now: datetime) -> UUID:
    """Take an acceptance back by two persons: cash into the open drawer, income and stock undone; the reversal's id.

    Refuses: no reason, a package that is not paid or left the stock, a closed drawer, one person twice (the database).
    Nothing is deleted.
    """
    row = await packages.locked(package)
    if row["state"] != PAID:
        raise rules.NotReversible
    if not reason.strip():
        raise rules.ReasonMissing
    accepted = await queries.acceptance_of(package)
    if accepted is None:
        raise NotFound
    await stock.take_back(package, now=now, by=first)
    await cash.require_open((await places.party_office(row["village"])).id)
    transfer = await ledger.reverse(accepted["transfer"], at=now)
    entry = await income.reverse(accepted["income_entry"], by=first, now=now)
    reversal = uuid7()
    await DB.fetch(
        _REVERSE, reversal, package, row["village"], accepted["id"], transfer, entry, first, second, reason.strip(), now
    )
    await DB.fetch("update package set state = 'reversed' where id = $1", package)
    await journal.note(
        verb="reverse_acceptance",
        subject=package,
        village=row["village"],
        on_behalf_of=row["household"],
        detail={"second": second, "transfer": transfer},
    )
    return reversal


async def note_print(package: UUID, what: str) -> None:
    """Write down that a voucher or label was printed; a reprint shows in the journal."""
    row = await packages.locked(package)
    await journal.note(verb=f"print_{what}", subject=package, village=row["village"], on_behalf_of=row["household"])
