"""The ledger's laws, broken."""

from __future__ import annotations

from tests.census.breaks import Copy, append_only, check, trigger, unforced, unique, uniques
from tests.census.world import OWNER

SWALLOW = (
    "create function pg_temp.swallow() returns trigger language plpgsql as 'begin return null; end'",
    "create trigger a_swallow before update on ledger_account for each row execute function pg_temp.swallow()",
)
HIDE = ("alter table ledger_account enable row level security", "alter table ledger_account force row level security")
POST = Copy("transfer", {})
NATURES = ("unit = 'point'", "kind = 'other'", "subject = 'other'", "floor_zero = false", "kept = false", "balance = 7")

BREAKS = (
    *uniques("transfer_pkey"),
    unique("ledger_account_pkey", of="sales"),
    unique("ledger_account_one_account", of="sales"),
    unique("transfer_reverses_key", of="reversing_transfer"),
    unique(
        "ledger_account_id_with_unit", of="sales", by=OWNER,
        sabotage=("alter table ledger_account drop constraint ledger_account_pkey cascade",),
    ),
    check("ledger_account_unit_known", "ledger_account", of="sales", unit="gold"),
    check("ledger_account_floor_needs_balance", "ledger_account", of="sales", subject="new", floor_zero=True),
    check(
        "ledger_account_never_below_floor", "ledger_account",
        act=Copy("transfer", {"debit": ":float_source", "credit": ":drawer_account", "amount": 1_000_000}),
    ),
    unforced("ledger_account_unkept_has_none", "ledger_account", of="sales", balance=1),
    check("transfer_amount_positive", "transfer", amount=0),
    check("transfer_two_accounts", "transfer", credit=":drawer_account"),
    check("transfer_reversal_is_named", "transfer", kind="reversal"),
    trigger("transfer", "transfer_posts", "insert", POST, says="transfer_posted_whole", sabotage=SWALLOW),
    trigger("transfer", "transfer_posts", "insert", POST, says="transfer_posted_whole", sabotage=HIDE),
    *(
        trigger(
            "transfer", "transfer_reversal_mirrors", "insert", Copy("transfer", change, of="reversing_transfer"),
        )
        for change in ({"amount": 9_999}, {"debit": ":store_account"}, {"credit": ":sales"}, {"unit": "point"},
                       {"reverses": 1_000_000})
    ),
    trigger(
        "ledger_account", "ledger_account_keeps_nature", "insert",
        Copy("ledger_account", {"subject": "new", "balance": 5}, of="drawer_account"), says="ledger_account_born_empty",
    ),
    *(
        trigger(
            "ledger_account", "ledger_account_keeps_nature", "update",
            f"update ledger_account set {change} where id = :drawer_account",
            says="ledger_account_changes_by_transfers", by=OWNER,
        )
        for change in NATURES
    ),
    trigger(
        "ledger_account", "ledger_account_keeps_nature", "delete", "delete from ledger_account where id = :sales",
        says="ledger_account_stays", by=OWNER,
    ),
    *append_only("transfer"),
)  # fmt: skip
