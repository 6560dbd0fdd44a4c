"""Intake days, inspections, send-backs, payouts with their vouchers, acceptances and reversals."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.cash.tables import DrawerDay
from marketplace.columns import calendar_day, fen, flag, json, key, moment, reference, text, whole
from marketplace.households.tables import Household
from marketplace.income.tables import IncomeEntry
from marketplace.ledger.tables import Transfer
from marketplace.packages.tables import Package
from marketplace.places.tables import Village


class IntakeDay(Table, tablename="intake_day"):
    """A day on which the village office buys."""

    id = key()
    village = reference(Village)
    day = calendar_day()

    intake_day_one_a_day = Unique(["village", "day"])


class Inspection(Table):
    """An inspector's word on a package, given in his own session or with his PIN. Append-only; the latest counts."""

    id = key()
    package = reference(Package)
    village = reference(Village)
    inspector = reference(User)
    passed = flag()
    checks = json()
    proof = text()
    at = moment()

    inspection_proof_known = Check("proof in ('session', 'pin')")


class SendBack(Table, tablename="send_back"):
    """A package that was not taken, with the reason told to the household."""

    id = key()
    package = reference(Package, unique=True)
    village = reference(Village)
    reason = text()
    words = text()
    by = reference(User)
    at = moment()

    send_back_reason_known = Check(
        "reason in ('short_weight', 'cracked_eggs', 'stale_eggs', 'insects', 'mould', 'damp', 'rancid', 'other')"
    )
    send_back_other_in_words = Check("reason <> 'other' or words <> ''")


class VoucherCounter(Table, tablename="voucher_counter"):
    """The last voucher number of a village; moved only by the database (no gaps)."""

    id = key()
    village = reference(Village, unique=True)
    last = whole()

    voucher_counter_not_negative = Check("last >= 0")


class Payout(Table):
    """A hundred yuan in cash for one package, and its purchase voucher. The number is given by the database."""

    id = key()
    package = reference(Package, unique=True)
    household = reference(Household)
    village = reference(Village)
    amount_fen = fen()
    transfer = reference(Transfer, unique=True)
    drawer_day = reference(DrawerDay)
    cashier = reference(User)
    proof = text()
    voucher_number = whole(null=True)
    received_by = text()
    receiver = text()
    receiver_note = text()
    signed = text()
    at = moment()

    payout_exactly_hundred = Check("amount_fen = 10000")
    payout_proof_known = Check("proof in ('session', 'pin')")
    payout_numbered = Check("voucher_number is not null and voucher_number >= 1")
    payout_receiver_known = Check("received_by in ('head', 'member', 'proxy', 'other')")
    payout_stranger_with_note = Check("received_by <> 'other' or receiver_note <> ''")
    payout_signed_somehow = Check("signed in ('signature', 'thumbprint', 'card')")
    payout_one_number = Unique(["village", "voucher_number"])


class Acceptance(Table):
    """The one act: a package has exactly one inspection, payout and income entry (P13, P14)."""

    id = key()
    package = reference(Package, unique=True)
    household = reference(Household)
    village = reference(Village)
    inspection = reference(Inspection, unique=True)
    payout = reference(Payout, unique=True)
    income_entry = reference(IncomeEntry, unique=True)
    at = moment()


class Reversal(Table):
    """An acceptance taken back by two persons; what it undid is named, nothing is deleted."""

    id = key()
    package = reference(Package, unique=True)
    village = reference(Village)
    acceptance = reference(Acceptance, unique=True)
    transfer = reference(Transfer, unique=True)
    income_entry = reference(IncomeEntry, unique=True)
    first = reference(User)
    second = reference(User)
    reason = text()
    at = moment()

    reversal_two_persons = Check("first <> second")
    reversal_reason_given = Check("reason <> ''")
