"""The cash book's laws, broken."""

from __future__ import annotations

from typing import Any

from tests.census.breaks import Copy, append_only, check, off, trigger, unforced, unique, uniques, unreached
from tests.census.world import APP, IN_DRAWER_FEN, OWNER, RETAIL_FEN, YESTERDAY

CLOSE = (
    "update drawer_day set state = 'closed', closed_at = business_now(), closed_by = {by}, expected_fen = {expected}, "
    "counted_fen = {counted}, reason = {reason}, second = {second} where id = :drawer_day"
)
ALL_GONE = Copy(
    "transfer",
    {"kind": "cash_difference", "debit": ":difference", "credit": ":drawer_account", "amount": IN_DRAWER_FEN},
)
ANOTHER: dict[str, Any] = {"day": YESTERDAY, "opening_fen": 0, "state": "open"}
ANOTHER |= {"drawer": ":closed_drawer", "village": None}

BREAKS = (
    *uniques("drawer_pkey", "drawer_place_key", "cash_count_pkey", "cash_count_counted_once"),
    unique("drawer_account_key", place=":online", village=None),
    unique("drawer_day_pkey", **ANOTHER),
    unique(
        "drawer_day_one_open", of="store_day", opening_fen=RETAIL_FEN,
        sabotage=("alter table drawer_day disable trigger drawer_day_runs_forward",),
    ),
    unique("drawer_day_one_a_day", of="closed_day", by=OWNER, sabotage=off("drawer_day")),
    *unreached("cash_entry", "cash_entry_pkey", "cash_entry_transfer_key"),
    check("cash_count_occasion_known", "cash_count", occasion="midnight"),
    check("cash_count_denomination_known", "cash_count", denomination_fen=300),
    check("cash_count_pieces_not_negative", "cash_count", pieces=-1),
    unforced("cash_entry_amount_moves", "cash_entry", amount_fen=0),
    unforced("drawer_day_state_known", "drawer_day", state="ajar"),
    unforced("drawer_day_opening_not_negative", "drawer_day", opening_fen=-1),
    check("drawer_day_closed_whole", "drawer_day", **ANOTHER, closed_at="2018-11-21T17:00:00+08:00"),
    check(
        "drawer_day_difference_explained", "drawer_day",
        act=CLOSE.format(by=":cashier", expected=IN_DRAWER_FEN, counted=0, reason="null", second="null"),
        first=(ALL_GONE,),
    ),
    check(
        "drawer_day_second_is_another", "drawer_day",
        act=CLOSE.format(by=":cashier", expected=IN_DRAWER_FEN, counted=0, reason="'lost'", second=":cashier"),
        first=(ALL_GONE,),
    ),
    trigger(
        "transfer", "transfer_books_cash", "insert", Copy("transfer", {"debit": ":closed_account"}),
        says="cash_entry_needs_open_day",
    ),
    trigger(
        "transfer", "transfer_books_cash", "insert", Copy("transfer", {"debit": ":store_account"}),
        says="cash_entry_needs_open_day",
        first=(
            Copy("cash_count", {"drawer_day": ":store_day", "occasion": "closing", "denomination_fen": 1000, "pieces": 14}),
            CLOSE.format(by=":cashier", expected=RETAIL_FEN, counted=RETAIL_FEN, reason="null", second="null").replace(
                ":drawer_day", ":store_day"
            ),
        ),
    ),
    *(
        trigger("transfer", "transfer_has_cause", "insert", Copy("transfer", change, of=of))
        for of, change in (
            ("sold_transfer", {}), ("payment_transfer", {}), ("transfer", {"kind": "gift"}),
            ("transfer", {"credit": ":purchases"}),
            ("difference_transfer", {}), ("difference_transfer", {"debit": ":purchases"}),
            ("sold_transfer", {"debit": ":drawer_account", "credit": ":purchases", "kind": "reversal",
                               "reverses": ":sold_transfer"}),
        )
    ),
    *(
        trigger("drawer_day", "drawer_day_runs_forward", "insert", Copy("drawer_day", {**ANOTHER, **change}))
        for change in ({"day": "2018-11-22"}, {"drawer": ":drawer", "village": ":village", "day": "2018-11-19",
                                               "opening_fen": IN_DRAWER_FEN})
    ),
    trigger("cash_entry", "cash_entry_by_transfer", "insert", Copy("cash_entry", {}), by=OWNER),
    trigger(
        "drawer_day", "drawer_day_ties", "insert", Copy("drawer_day", {**ANOTHER, "opening_fen": 1}),
        says="drawer_day_opens_at_book",
    ),
    trigger(
        "drawer_day", "drawer_day_ties", "update", "update drawer_day set reason = 'later' where id = :closed_day",
        says="drawer_day_closed_is_closed",
    ),
    *(
        trigger(
            "drawer_day", "drawer_day_ties", "update", f"update drawer_day set {change} where id = :drawer_day",
            says="drawer_day_opening_stays", by=OWNER,
        )
        for change in ("opening_fen = 1", "drawer = :closed_drawer", "day = '2018-11-22'", "opened_by = :deputy",
                       "opened_at = opened_at - interval '1 minute'")
    ),
    trigger(
        "drawer_day", "drawer_day_ties", "update",
        CLOSE.format(by=":cashier", expected=1, counted=0, reason="'lost'", second=":deputy"),
        says="drawer_day_expects_book",
    ),
    trigger(
        "drawer_day", "drawer_day_ties", "update",
        CLOSE.format(by=":cashier", expected=IN_DRAWER_FEN, counted=0, reason="'lost'", second=":deputy"),
        says="drawer_day_difference_booked",
    ),
    trigger(
        "drawer_day", "drawer_day_ties", "update",
        CLOSE.format(by=":cashier", expected=IN_DRAWER_FEN, counted=IN_DRAWER_FEN, reason="null", second="null"),
        says="drawer_day_counted_is_count",
    ),
    trigger("drawer_day", "drawer_day_arrow", "insert", Copy("drawer_day", {**ANOTHER, "state": "closed"})),
    trigger(
        "drawer_day", "drawer_day_arrow", "update", "update drawer_day set state = 'open' where id = :closed_day"
    ),
    *(
        trigger("drawer", "drawer_village", event, act, by=by)
        for event, act, by in (
            ("insert", Copy("drawer", {"place": ":online", "village": ":village"}), APP),
            ("insert", Copy("drawer", {"village": None}), APP),
            ("update", "update drawer set village = :other_village where id = :drawer", OWNER),
        )
    ),
    trigger("drawer_day", "drawer_day_village", "insert", Copy("drawer_day", {**ANOTHER, "village": ":village"})),
    trigger(
        "drawer_day", "drawer_day_village", "update",
        "update drawer_day set village = :other_village where id = :drawer_day", by=OWNER,
    ),
    trigger("drawer_day", "drawer_day_stays", "delete", "delete from drawer_day where id = :closed_day", by=OWNER),
    *(
        trigger(
            "cash_count", "cash_count_while_open", "insert",
            Copy("cash_count", {"drawer_day": ":closed_day", "occasion": occasion, "denomination_fen": 10}),
        )
        for occasion in ("opening", "closing")
    ),
    *append_only("cash_count", "cash_entry"),
)  # fmt: skip
