"""Who may check and pay, who may receive the money, and what the counter refuses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from marketplace.errors import N_, Conflict, Refusal
from marketplace.packages.rules import Check, Line, checks_for

ReceivedBy = Literal["head", "member", "proxy", "other"]
Signed = Literal["signature", "thumbprint", "card"]
Proof = Literal["session", "pin"]


class InspectorIsKin(Refusal):
    text = N_("{name} is of this household or kin to it, and may not check here. Call another inspector.")
    field = "inspector"


class CashierIsKin(Refusal):
    text = N_("{name} is of this household or kin to it, and may not pay here. Call another cashier.")
    field = "cashier"


class SameHands(Refusal):
    text = N_("{name} has checked this package. Another person pays: call another cashier.")
    field = "cashier"


class ChecksMissing(Refusal):
    text = N_("{count} looks are not ticked. Look at the goods again, or send the package back with the reason.")
    field = "checks"


class CrackedEggs(Refusal):
    text = N_("{count} eggs are marked as cracked. Replace them, or weigh again with other goods.")
    field = "cracked"


class PinMissing(Refusal):
    text = N_("Type the PIN of the person who does this part.")
    field = "pin"


class NotInspected(Conflict):
    text = N_("This package has not passed the check yet. The inspector comes first, then the cashier.")


class PaidAlready(Conflict):
    text = N_("This package is paid already: voucher {voucher}. Nothing was paid a second time.")


class NoteMissing(Refusal):
    text = N_("Nobody of the register collects. Write who it is, and that the head agreed, by note or by phone.")
    field = "receiver_note"


class CallTheHead(Refusal):
    text = N_("{name} collects for this household for the first time. Call the head, then write down the call.")
    field = "receiver_note"


class NotReversible(Conflict):
    text = N_("Only a paid package that still stands in stock can be reversed.")


class ReasonMissing(Refusal):
    text = N_("Write why it is reversed; both names and the reason stand on the list of the day.")
    field = "reason"


def checks_of(lines: Iterable[Line]) -> tuple[tuple[str, Check], ...]:
    """Every look that the goods ask for, as (code to tick, check), in the order of the lines."""
    return tuple((f"{line.good.code}.{check.code}", check) for line in lines for check in checks_for(line.good.code))


def check_checks(lines: Iterable[Line], ticked: Collection[str], cracked: int) -> None:
    """Refuses a pass while a look is not ticked or eggs are marked as cracked."""
    if cracked:
        raise CrackedEggs(count=cracked)
    missing = [code for code, _check in checks_of(lines) if code not in ticked]
    if missing:
        raise ChecksMissing(count=len(missing))


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who takes the money. `trusted`: a member or standing proxy who collected before, or who lives in the house."""

    received_by: ReceivedBy
    name: str
    first_time: bool = False


def check_receiver(receiver: Receiver, note: str) -> None:
    """Refuses money for somebody unknown without a note, and a proxy's first time without the call (journeys D1.3)."""
    if note.strip():
        return
    if receiver.received_by == "other":
        raise NoteMissing
    if receiver.received_by == "proxy" and receiver.first_time:
        raise CallTheHead(name=receiver.name)


def voucher_name(village_code: str, year: int, number: int) -> str:
    """A voucher's number as it is printed: JP-2018-1564."""
    return f"{village_code}-{year}-{number:04d}"
