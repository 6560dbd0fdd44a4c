"""The committed mutants: which law is broken, where, how, and which tests must see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    name: str
    law: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


LAWS = "migrations/marketplace/laws"

MUTANTS = (
    Mutant(
        "engine-keeps-connection-after-failed-commit",
        "a failing COMMIT gives the connection back",
        "marketplace/db.py",
        "            await asyncio.shield(self._give_back(in_doubt))\n        if kind is None:",
        "            pass\n        if kind is None:",
        ("tests/marketplace/test_db.py::test_failing_commit_gives_the_connection_back",),
    ),
    Mutant(
        "engine-nests-as-nothing",
        "a nested block that raised is undone",
        "marketplace/db.py",
        "        if failed:\n            await self.transaction.rollback()",
        "        if failed:\n            await self.transaction.commit()",
        ("tests/marketplace/test_db.py::test_inner_block_that_raised_is_undone_and_the_outer_goes_on",),
    ),
    Mutant(
        "engine-shares-transaction-with-children",
        "a child task may not use its parent's transaction",
        "marketplace/db.py",
        "        if current.owner is not asyncio.current_task():",
        "        if current.owner is None:",
        ("tests/marketplace/test_db.py::test_child_task_may_not_share_the_transaction",),
    ),
    Mutant(
        "journal-runs-twice",
        "the same key runs once",
        "marketplace/journal/actions.py",
        "        if not born:\n            return await _answered(key, digest)",
        "        if not born:\n            return await verb()",
        ("tests/marketplace/journal/test_actions.py::test_same_key_twice_has_one_effect_and_one_answer",),
    ),
    Mutant(
        "journal-forgets-input",
        "the same key with other input is refused",
        "marketplace/journal/actions.py",
        '    if row["input_hash"] != digest or row["answer"] is None:',
        '    if row["answer"] is None:',
        ("tests/marketplace/journal/test_actions.py::test_same_key_with_other_input_is_refused",),
    ),
    Mutant(
        "ledger-without-lock-order",
        "kept balances are locked in account order",
        f"{LAWS}/ledger.sql",
        "    perform 1 from ledger_account where id in (new.debit, new.credit) and kept order by id for no key update;\n"
        "    get diagnostics wanted = row_count;\n",
        "    perform 1 from ledger_account where id = new.debit and kept for no key update;\n"
        "    perform pg_sleep(0.02);\n"
        "    perform 1 from ledger_account where id in (new.debit, new.credit) and kept for no key update;\n"
        "    get diagnostics wanted = row_count;\n",
        ("tests/marketplace/ledger/test_actions.py::test_crossing_transfers_do_not_deadlock",),
    ),
    Mutant(
        "ledger-posts-one-leg",
        "both legs of a transfer move",
        f"{LAWS}/ledger.sql",
        "case id when new.debit then new.amount else -new.amount end",
        "case id when new.debit then new.amount else 0 end",
        ("tests/marketplace/ledger/test_actions.py::test_two_hundred_takers_never_break_the_floor",),
    ),
    Mutant(
        "ledger-reverses-a-reversal",
        "a reversal is not reversed",
        f"{LAWS}/ledger.sql",
        "and t.amount = new.amount and t.reverses is null",
        "and t.amount = new.amount",
        ("tests/marketplace/ledger/test_actions.py::test_reversal_of_a_reversal_is_refused",),
    ),
    Mutant(
        "household-without-row-security",
        "without a scope no household is seen",
        f"{LAWS}/scope.sql",
        "create policy in_scope on household using (village = any (scope_villages()) or id = scope_household());",
        "create policy in_scope on household using (true);",
        ("tests/marketplace/test_db.py::test_scope_is_set_for_one_transaction_only",),
    ),
    Mutant(
        "app-role-moves-balances",
        "the app role has no right to a balance",
        "migrations/marketplace/grants.sql",
        "grant update (status, answer) on command to {app};",
        "grant update (status, answer) on command to {app};\ngrant update (balance) on ledger_account to {app};",
        ("tests/marketplace/ledger/test_actions.py::test_app_role_has_no_right_to",),
    ),
)
