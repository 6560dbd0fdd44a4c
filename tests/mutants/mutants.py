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
LAW = "tests/census/test_census.py::test_law_refuses"
DOOR = "tests/test_access.py::test_a_door_opens_for_those_of_the_table_and_for_what_is_theirs"

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
        "grant update (status, answer), delete on command to {app};",
        "grant update (status, answer), delete on command to {app};\ngrant update (balance) on ledger_account to {app};",
        ("tests/marketplace/ledger/test_actions.py::test_app_role_has_no_right_to",),
    ),
    Mutant(
        "inspector-may-be-kin",
        "the database knows the inspector's kin, whatever the code forgets",
        f"{LAWS}/intake.sql",
        "    if is_kin(new.inspector, (select household from package where id = new.package)) then",
        "    if false then",
        (f"{LAW}[trigger inspection.inspection_no_kin raises inspection_no_kin on insert]",),
    ),
    Mutant(
        "kin-refused-by-the-database-alone",
        "kin is refused with a sentence before the database has to",
        "marketplace/intake/actions.py",
        '    if await DB.fetch_value("select is_kin($1, $2)", person, household):',
        '    if await DB.fetch_value("select false and is_kin($1, $2)", person, household):',
        ("tests/marketplace/intake/test_actions.py::test_story_3_inspector_may_not_check_his_brother",),
    ),
    Mutant(
        "who-checks-pays",
        "an acceptance is the work of two persons",
        f"{LAWS}/intake.sql",
        "    if inspected.inspector = paid.cashier then",
        "    if false then",
        (f"{LAW}[trigger acceptance.acceptance_ties raises acceptance_two_persons on insert]",),
    ),
    Mutant(
        "draft-is-paid",
        "only an inspected package is paid",
        f"{LAWS}/states.sql",
        "('package', 'draft', 'weighed'),",
        "('package', 'draft', 'weighed'), ('package', 'draft', 'paid'),",
        (
            "tests/census/test_arrows.py::test_other_move_is_refused[package-draft->paid]",
            "tests/census/test_census.py::test_every_law_is_broken_and_every_broken_law_exists",
        ),
    ),
    Mutant(
        "package-of-any-sum",
        "a package is exactly 100.00 yuan",
        f"{LAWS}/packages.sql",
        "where package = new.id) <> 10000 then",
        "where package = new.id) < 0 then",
        (f"{LAW}[trigger package.package_is_hundred raises package_is_hundred on update0]",),
    ),
    Mutant(
        "vouchers-from-a-sequence",
        "voucher numbers have no gaps",
        f"{LAWS}/intake.sql",
        "    update voucher_counter set last = last + 1 where village = new.village returning last into new.voucher_number;",
        "    new.voucher_number := nextval('pgqueuer_statistics_id_seq');",
        ("tests/marketplace/intake/test_actions.py::test_payment_undone_after_its_voucher_was_numbered_leaves_no_gap",),
    ),
    Mutant(
        "package-sold-twice",
        "a package is sold once",
        f"{LAWS}/orders.sql",
        "create unique index order_line_sold_once",
        "create index order_line_sold_once",
        (f"{LAW}[unique order_line_sold_once]",),
    ),
    Mutant(
        "reserve-without-lock",
        "a box that somebody is reserving is nobody else's",
        "marketplace/stock/actions.py",
        "order by best_before, id limit $4 for no key update skip locked",
        "order by best_before, id limit $4",
        ("tests/marketplace/orders/test_actions.py::test_fifty_buyers_at_once_and_one_gets_the_last_box",),
    ),
    Mutant(
        "reserve-waits-for-others",
        "no buyer waits for another",
        "marketplace/stock/actions.py",
        "order by best_before, id limit $4 for no key update skip locked",
        "order by best_before, id limit $4 for no key update",
        ("tests/marketplace/orders/test_actions.py::test_a_buyer_passes_by_the_box_that_somebody_else_is_just_taking",),
    ),
    Mutant(
        "hold-ends-by-the-servers-clock",
        "a hold ends by the business clock",
        "marketplace/orders/actions.py",
        "where state in ('held', 'placed') and hold_until <= $1",
        "where state in ('held', 'placed') and hold_until <= greatest($1, clock_timestamp())",
        ("tests/marketplace/orders/test_actions.py::test_what_is_over_is_given_back_once",),
    ),
    Mutant(
        "closed-day-takes-money",
        "a closed day of a drawer takes no entry",
        f"{LAWS}/cash.sql",
        "where drawer = d.id and state = 'open' for share;",
        "where drawer = d.id order by opened_at desc limit 1 for share;",
        (f"{LAW}[trigger transfer.transfer_books_cash raises cash_entry_needs_open_day on insert1]",),
    ),
    Mutant(
        "handover-against-any-payment",
        "an order is handed over against its own payment",
        f"{LAWS}/orders.sql",
        "select 1 from sales_order o join payment p on p.payable = o.id and p.state = 'captured'",
        "select 1 from sales_order o cross join payment p",
        (
            f"{LAW}[trigger handover.handover_ties raises handover_ties on insert0]",
            f"{LAW}[trigger handover.handover_ties raises handover_ties on insert2]",
        ),
    ),
    Mutant(
        "income-record-lies-open",
        "an income record is seen by its household and its village",
        f"{LAWS}/scope.sql",
        "'household_status', 'proxy', 'card', 'income_entry', 'package', 'payout',",
        "'household_status', 'proxy', 'card', 'package', 'payout',",
        (
            "tests/census/test_scopes.py::test_row_is_seen_by_its_own_and_by_nobody_else[income_entry]",
            "tests/marketplace/income/test_actions.py::test_household_sees_its_own_record_only",
        ),
    ),
    Mutant(
        "staff-page-is-public",
        "a page of the office asks who comes",
        "marketplace/accounts/routes.py",
        '@page("/office/people", policy=ADMINISTRATOR,',
        '@page("/office/people", policy=public,',
        (f"{DOOR}[GET /office/people]",),
    ),
    Mutant(
        "span-narrows-nothing",
        "a row in a path is looked up through what the person's role spans",
        "marketplace/web/scoped.py",
        "    if signed is None or span not in SPAN_COLUMNS:",
        "    if signed is not None:",
        ("tests/marketplace/web/test_scoped.py",),
    ),
    Mutant(
        "form-token-of-any-session",
        "a form's token is good for one session",
        "marketplace/web/csrf.py",
        '    return b"session:" + token_hash',
        '    return b"session:"',
        (
            "tests/marketplace/web/test_csrf.py::test_token_is_good_for_its_session_only",
            "tests/marketplace/web/test_door.py::test_token_of_another_session_is_refused",
        ),
    ),
    Mutant(
        "sign-of-life-brings-back",
        "a session that was signed out stays out",
        "marketplace/accounts/queries.py",
        "set seen_at = now() where id = $1 and revoked_at is null",
        "set seen_at = now(), revoked_at = null where id = $1",
        ("tests/marketplace/accounts/test_actions.py::test_signed_out_stays_out",),
    ),
    Mutant(
        "key-outlives-its-command",
        "a key is written in the transaction of its command",
        "marketplace/journal/actions.py",
        "        born = await DB.fetch(_INSERT, key,",
        "        born = await DB.pool.fetch(_INSERT, key,",
        ("tests/marketplace/journal/test_actions.py::test_refused_command_leaves_nothing_and_may_be_sent_again",),
    ),
    Mutant(
        "payout-on-any-day",
        "a payout stands in the cash book of its own day",
        f"{LAWS}/intake.sql",
        "            and d.day = (new.at at time zone 'Asia/Shanghai')::date\n    ) then\n        raise exception 'the cash book",
        "    ) then\n        raise exception 'the cash book",
        (f"{LAW}[trigger payout.payout_ties raises payout_ties on insert3]",),
    ),
    Mutant(
        "old-look-passes",
        "only a look since the last weighing passes a package",
        f"{LAWS}/intake.sql",
        "where package = new.id and at >= new.weighed_at order by at desc",
        "where package = new.id order by at desc",
        (f"{LAW}[trigger package.package_paid_by_acceptance raises package_inspected_by_inspection on update1]",),
    ),
    Mutant(
        "cash-leaves-without-payout",
        "cash that leaves as a payout has its payout",
        f"{LAWS}/cash.sql",
        "when 'payout' then exists (select 1 from payout where transfer = new.id)",
        "when 'payout' then true",
        (f"{LAW}[trigger transfer.transfer_has_cause raises transfer_has_cause on insert0]",),
    ),
    Mutant(
        "egg-at-any-price",
        "a package passes at the prices of its day",
        f"{LAWS}/produce.sql",
        "    if new.state = 'inspected' and old.state <> 'inspected' and exists (",
        "    if false and exists (",
        (f"{LAW}[trigger package.package_at_list_prices raises package_at_list_prices on update]",),
    ),
    Mutant(
        "changed-row-keeps-its-seal",
        "reconcile reckons the hash of every sealed row",
        "marketplace/reconcile.py",
        "or s.row_hash is distinct from",
        "or false and s.row_hash is distinct from",
        ("tests/census/test_reconcile.py::test_a_changed_row_does_not_fit_its_seal",),
    ),
)
