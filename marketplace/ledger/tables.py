"""Accounts and transfers. The unit is part of the account's key: books can never meet."""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import big, flag, key, loose, moment, text


class LedgerAccount(Table, tablename="ledger_account"):
    """An account of one unit. `balance` (debits − credits) is kept by the database, and only where `kept`."""

    id = key()
    unit = text()
    kind = text()
    subject = text()
    village = loose(null=True)
    floor_zero = flag()
    kept = flag()
    balance = BigInt(null=False, default=0)

    ledger_account_unit_known = Check("unit in ('fen', 'point')")
    ledger_account_never_below_floor = Check("not floor_zero or balance >= 0")
    ledger_account_floor_needs_balance = Check("kept or not floor_zero")
    ledger_account_unkept_has_none = Check("kept or balance = 0")
    ledger_account_one_account = Unique(["unit", "kind", "subject"])
    ledger_account_id_with_unit = Unique(["id", "unit"])


class Transfer(Table):
    """One row = both legs: `amount` from `credit` to `debit`, in fen or points. Append-only."""

    id = BigSerial(primary_key=True)
    unit = text()
    debit = loose(index=True)
    credit = loose(index=True)
    amount = big()
    kind = text()
    reference = loose(null=True, index=True)
    village = loose(null=True)
    reverses = big(null=True, unique=True)
    at = moment()
    command = loose(null=True)

    transfer_amount_positive = Check("amount > 0")
    transfer_two_accounts = Check("debit <> credit")
    transfer_reversal_is_named = Check("(kind = 'reversal') = (reverses is not null)")
