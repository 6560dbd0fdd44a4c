"""The laws of the one act and of its undoing, broken."""

from __future__ import annotations

from typing import Any

from tests.census.breaks import Act, Copy, append_only, check, off, trigger, unforced, unique, uniques, unreached
from tests.census.broken.households import of_its_village
from tests.census.broken.packages import LINE
from tests.census.world import OWNER, YESTERDAY

# The parts of an acceptance of the inspected package, one after the other.
PAY_ROW = (
    "insert into payout (id, package, household, village, amount_fen, transfer, drawer_day, cashier, proof,"
    " received_by, receiver, receiver_note, signed, at) select :new_payout, :inspected, household, village,"
    " amount_fen, (select max(id) from transfer), drawer_day, cashier, proof, received_by,"
    " receiver, receiver_note, signed, at"
    " from payout where id = :payout"
)
PAY: tuple[Act, ...] = (Copy("transfer", {"reference": ":new_payout"}, of="sold_transfer"), PAY_ROW)
EARN = Copy("income_entry", {"id": ":new_income"})
ACCEPT = Copy(
    "acceptance",
    {
        "package": ":inspected",
        "inspection": ":inspected_inspection",
        "payout": ":new_payout",
        "income_entry": ":new_income",
    },
)
PAYOUT: dict[str, Any] = {"package": ":inspected", "transfer": ":float_transfer", "voucher_number": None}
UNPAY: tuple[Act, ...] = (
    (
        "insert into transfer (unit, debit, credit, amount, kind, reference, village, reverses, at)"
        " select unit, credit, debit, amount, 'reversal', reference, village, id, at from transfer"
        " where id = :sold_transfer"
    ),
    (
        "insert into income_entry (id, household, village, year, earned_on, kind, source, amount_fen, document,"
        " one_off, in_kind, memo, entered_at, reverses) select :new_income, household, village, year,"
        " earned_on, kind, source, -amount_fen, document, one_off, in_kind, memo, entered_at, id"
        " from income_entry where id = :sold_income_entry"
    ),
)
UNACCEPT = (
    "insert into reversal (id, package, village, acceptance, transfer, income_entry, first, second, reason, at)"
    " select gen_random_uuid(), :sold, village, :sold_acceptance, (select max(id) from transfer), :new_income, first,"
    " second, reason, at from reversal where id = :reversal"
)
INSPECT_AGAIN = (
    "insert into inspection (id, package, village, inspector, passed, checks, proof, at) select :new_inspection,"
    " package, village, {inspector}, {passed}, checks, proof, at + interval '1 minute' from inspection"
    " where id = :sold_inspection"
)
LONG_AGO = "2017-11-21T09:00:00+08:00"
UNDO_LOOK = "update package set state = 'weighed', weighed_at = weighed_at + interval '1 hour' where id = :inspected"
PASS = "update package set state = 'inspected' where id = {package}"
LOOK = Copy("inspection", {"package": ":weighed"})
AT_ANY_TIME = ("alter table inspection disable trigger inspection_while_weighed",)

BREAKS = (
    *uniques(
        "intake_day_pkey", "intake_day_one_a_day", "send_back_pkey", "send_back_package_key",
        "acceptance_package_key",
    ),
    unique("inspection_pkey", act=Copy("inspection", {"id": ":inspection", "package": ":weighed"})),
    unique("acceptance_pkey", act=Copy("acceptance", {"id": ":acceptance"})),
    unique("payout_pkey", voucher_number=None),
    unique("payout_package_key", voucher_number=None),
    unique("payout_transfer_key", voucher_number=None),
    *unreached("payout", "payout_one_number"),
    *unreached("acceptance", "acceptance_inspection_key", "acceptance_payout_key", "acceptance_income_entry_key"),
    *unreached("voucher_counter", "voucher_counter_pkey", "voucher_counter_village_key"),
    *unreached(
        "reversal", "reversal_pkey", "reversal_package_key", "reversal_acceptance_key", "reversal_transfer_key",
        "reversal_income_entry_key",
    ),
    check("inspection_proof_known", "inspection", package=":weighed", proof="word"),
    check("send_back_reason_known", "send_back", reason="ugly"),
    check("send_back_other_in_words", "send_back", reason="other"),
    unforced("voucher_counter_not_negative", "voucher_counter", last=-1),
    check("payout_exactly_hundred", "payout", **PAYOUT, amount_fen=9_999),
    check("payout_proof_known", "payout", **PAYOUT, proof="word"),
    unforced("payout_numbered", "payout", **PAYOUT),
    check("payout_receiver_known", "payout", **PAYOUT, received_by="dog"),
    check("payout_stranger_with_note", "payout", **PAYOUT, received_by="other"),
    check("payout_signed_somehow", "payout", **PAYOUT, signed="wink"),
    check("reversal_two_persons", "reversal", second=":director"),
    check("reversal_reason_given", "reversal", reason=""),
    trigger(
        "payout", "payout_is_numbered", "insert", Copy("payout", {**PAYOUT, "voucher_number": 7}),
        says="payout_number_is_given",
    ),
    trigger("payout", "payout_no_kin", "insert", Copy("payout", {**PAYOUT, "household": ":cashiers_household"})),
    trigger(
        "send_back", "send_back_village", "insert",
        Copy("send_back", {"package": ":draft", "village": ":other_village"})
    ),
    trigger("payout", "payout_has_acceptance", "insert", PAY_ROW, first=PAY[:1]),
    trigger("payout", "payout_ties", "insert", Copy("payout", PAYOUT)),
    *(
        trigger(
            "payout", "payout_ties", "insert", PAY_ROW.replace(right, wrong),
            first=(Copy("transfer", {"reference": ":new_payout", **change}, of="sold_transfer"),),
        )
        for right, wrong, change in (
            ("transfer), drawer_day", "transfer), :closed_day", {}),
            ("signed, at from", "signed, at - interval '1 year' from", {}),
            ("signed, at from", "signed, at - interval '1 year' from", {"at": LONG_AGO}),
            ("", "", {"kind": "other"}), ("", "", {"reference": ":inspected"}), ("", "", {"amount": 9_999}),
        )
    ),
    *of_its_village("acceptance", kept=True),
    trigger("payout", "payout_village", "insert", Copy("payout", {**PAYOUT, "village": ":other_village"})),
    *(broken for broken in of_its_village("payout", kept=True) if broken.by == OWNER),
    trigger(
        "voucher_counter", "voucher_counter_moves_on", "insert",
        Copy("voucher_counter", {"village": ":other_village", "last": 0}), by=OWNER,
    ),
    trigger(
        "voucher_counter", "voucher_counter_moves_on", "update",
        "update voucher_counter set last = last + 1 where id = :voucher_counter", by=OWNER,
    ),
    trigger("inspection", "inspection_no_kin", "insert", Copy("inspection", {"package": ":brothers_package"})),
    trigger(
        "inspection", "inspection_no_kin", "insert", Copy("inspection", {"village": ":other_village"}),
        says="inspection_village",
    ),
    *(
        trigger("inspection", "inspection_while_weighed", "insert", Copy("inspection", {"package": f":{state}"}))
        for state in ("draft", "inspected", "sold", "reversed", "returned", "withdrawn")
    ),
    trigger(
        "inspection", "inspection_while_weighed", "insert",
        Copy("inspection", {"package": ":weighed", "at": "2018-11-21T08:59:59+08:00"}),
    ),
    *(
        trigger("package", "package_weighed_anew", "update", f"update package set {change}")
        for change in ("state = 'weighed' where id = :inspected",
                       "weighed_at = weighed_at - interval '1 hour' where id = :weighed",
                       "weighed_at = weighed_at + interval '1 hour' where id = :sold",
                       "weighed_at = weighed_at + interval '1 hour' where id = :inspected")
    ),
    *(
        trigger("package_line", "package_line_before_inspection", event, act, first=(LOOK,))
        for event, act in (("insert", Copy("package_line", {**LINE, "package": ":weighed"})),
                           ("update", "update package_line set amount_fen = amount_fen where id = :weighed_line"),
                           ("delete", "delete from package_line where id = :weighed_line"))
    ),
    *(
        trigger(
            "package", "package_paid_by_acceptance", "update", PASS.format(package=package),
            says="package_inspected_by_inspection", first=first,
        )
        for package, first in (
            (":weighed", ()), (":inspected", (UNDO_LOOK,)),
            (":weighed", (Copy("inspection", {"package": ":weighed", "passed": False}),)),
        )
    ),
    trigger(
        "payout", "payout_villages_drawer", "insert", Copy("payout", {**PAYOUT, "drawer_day": ":new_day"}),
        first=(
            Copy("drawer_day", {"id": ":new_day", "drawer": ":closed_drawer", "village": None, "opening_fen": 0}),
        ),
    ),
    *(
        trigger("acceptance", "acceptance_ties", "insert", Copy("acceptance", change))
        for change in ({"inspection": ":ordered_inspection"}, {"payout": ":ordered_payout"},
                       {"income_entry": ":ordered_income_entry"}, {"household": ":second_household"},
                       {"package": ":inspected"}, {"at": LONG_AGO})
    ),
    trigger(
        "acceptance", "acceptance_ties", "insert", Copy("acceptance", {}), sabotage=off("package"),
        first=("update package set weighed_at = weighed_at + interval '1 hour' where id = :sold",),
    ),
    trigger(
        "acceptance", "acceptance_ties", "insert", Copy("acceptance", {"income_entry": ":new_income"}),
        first=(Copy("income_entry", {"id": ":new_income", "earned_on": YESTERDAY}),),
    ),
    trigger(
        "acceptance", "acceptance_ties", "insert", Copy("acceptance", {}),
        first=(INSPECT_AGAIN.format(inspector="inspector", passed="true"),), sabotage=AT_ANY_TIME,
    ),
    trigger(
        "acceptance", "acceptance_ties", "insert", Copy("acceptance", {"inspection": ":new_inspection"}),
        first=(INSPECT_AGAIN.format(inspector="inspector", passed="false"),), sabotage=AT_ANY_TIME,
    ),
    trigger(
        "acceptance", "acceptance_ties", "insert", Copy("acceptance", {"inspection": ":new_inspection"}),
        says="acceptance_two_persons", first=(INSPECT_AGAIN.format(inspector=":cashier", passed="true"),),
        sabotage=AT_ANY_TIME,
    ),
    trigger("acceptance", "acceptance_is_whole", "insert", ACCEPT, first=(*PAY, EARN)),
    trigger(
        "acceptance", "acceptance_is_whole", "insert", "update package set state = 'paid' where id = :inspected",
        first=(*PAY, EARN, ACCEPT),
    ),
    *(
        trigger("package", "package_paid_by_acceptance", "update", act, says=says)
        for act, says in (
            ("update package set state = 'paid' where id = :inspected", "package_paid_by_acceptance"),
            ("update package set state = 'reversed' where id = :sold", "package_reversed_by_reversal"),
            ("update package set state = 'sent_back' where id = :draft", "package_sent_back_with_reason"),
        )
    ),
    *(
        trigger("reversal", "reversal_ties", "insert", Copy("reversal", change))
        for change in ({"acceptance": ":sold_acceptance"}, {"package": ":sold"}, {"village": ":other_village"},
                       {"transfer": ":float_transfer"}, {"income_entry": ":sold_income_entry"})
    ),
    trigger("reversal", "reversal_is_whole", "insert", UNACCEPT, first=UNPAY),
    trigger(
        "reversal", "reversal_is_whole", "insert", "update package set state = 'reversed' where id = :sold",
        first=(*UNPAY, UNACCEPT),
    ),
    *append_only("inspection", "send_back", "payout", "acceptance", "reversal"),
)  # fmt: skip
