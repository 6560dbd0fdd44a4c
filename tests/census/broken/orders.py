"""The laws of payments, orders and hand-overs, broken."""

from __future__ import annotations

from typing import Any

from tests.census.breaks import Act, Copy, append_only, check, trigger, unforced, unique, uniques, unreached
from tests.census.world import APP, OWNER

PAID_AGAIN = (
    "insert into payment (id, payable, provider, event, amount_fen, state, place, transfer, at)"
    " select gen_random_uuid(), {payable}, provider, {event}, amount_fen, {state}, place,"
    " (select max(id) from transfer), at from payment where id = :payment"
)
MONEY_AGAIN = (Copy("transfer", {}, of="payment_transfer"),)
ORDER: dict[str, Any] = {"code": "new", "pickup_code": "2002"}
HOLD_FREE = "update stock_unit set state = 'held' where package = :free"
PAY_HELD_ORDER: tuple[Act, ...] = (
    "update sales_order set state = 'placed' where id = :held_order",
    Copy("transfer", {"reference": ":held_order"}, of="payment_transfer"),
    PAID_AGAIN.format(payable=":held_order", event="'till-2'", state="'captured'"),
    "update sales_order set state = 'paid' where id = :held_order",
)

BREAKS = (
    *uniques(
        "sales_order_pickup_code", "order_line_pkey", "order_line_sold_once", "order_event_pkey",
        "order_event_entered_once",
    ),
    unique("payment_pkey", act=Copy("payment", {"id": ":payment"})),
    unique("payment_transfer_key", act=Copy("payment", {"event": "till-2", "state": "excess"})),
    unique("handover_pkey", act=Copy("handover", {"id": ":handover"})),
    *unreached("handover", "handover_order_key", "handover_payment_key"),
    unique("sales_order_pkey", pickup_code="2002"),
    unique("sales_order_code_key", pickup_code="2002"),
    unique(
        "payment_captured_once", first=MONEY_AGAIN,
        act=PAID_AGAIN.format(payable="payable", event="'till-2'", state="'captured'"),
    ),
    unique(
        "payment_one_event", first=MONEY_AGAIN,
        act=PAID_AGAIN.format(payable="payable", event="event", state="'excess'"),
    ),
    check("payment_provider_known", "payment", provider="shells"),
    check("payment_state_known", "payment", state="promised"),
    unforced("payment_amount_positive", "payment", amount_fen=0),
    unforced("sales_order_state_known", "sales_order", state="dreamt"),
    check("sales_order_total_positive", "sales_order", **ORDER, total_fen=0),
    check("sales_order_pickup_code_four_digits", "sales_order", code="new", pickup_code="12a4"),
    check("order_line_price_over_hundred", "order_line", price_fen=9_999),
    *(
        trigger("payment", "payment_moves_money", "insert", Copy("payment", change))
        for change in ({"amount_fen": 13_999}, {"payable": ":held_order"}, {"transfer": ":float_transfer"})
    ),
    trigger("sales_order", "sales_order_arrow", "insert", Copy("sales_order", {**ORDER, "state": "paid"})),
    trigger(
        "sales_order", "sales_order_arrow", "update",
        "update sales_order set state = 'held' where id = :cancelled_order"
    ),
    trigger("sales_order", "sales_order_total_is_sum", "insert", Copy("sales_order", ORDER)),
    trigger(
        "sales_order", "sales_order_total_is_sum", "update",
        "update sales_order set total_fen = total_fen - 1 where id = :held_order", by=OWNER,
    ),
    trigger(
        "order_line", "order_line_total_is_sum", "insert", Copy("order_line", {"package": ":free"}),
        says="sales_order_total_is_sum", first=(HOLD_FREE,),
    ),
    *(
        trigger(
            "order_line", "order_line_given_back", "update", f"update order_line set {change} where id = :order_line",
            by=by,
        )
        for change, by in (("live = false", APP), ("live = true", APP), ("price_fen = price_fen + 1", OWNER),
                           ("package = :free", OWNER), ('"order" = :done_order', OWNER),
                           ("id = gen_random_uuid()", OWNER),
                           ("offer = gen_random_uuid()", OWNER))
    ),
    trigger(
        "order_line", "order_line_given_back", "update",
        "update order_line set live = true where id = :cancelled_order_line",
    ),
    trigger(
        "sales_order", "sales_order_state_has_cause", "update",
        "update sales_order set state = 'paid' where id = :held_order", says="sales_order_paid_by_payment",
        first=("update sales_order set state = 'placed' where id = :held_order",),
    ),
    trigger(
        "sales_order", "sales_order_state_has_cause", "update",
        "update sales_order set state = 'handed_over' where id = :held_order",
        says="sales_order_handed_over_by_somebody",
        first=PAY_HELD_ORDER,
    ),
    *(
        trigger(
            "sales_order", "sales_order_state_has_cause", "update",
            f"update sales_order set {change} where id = :held_order", says="sales_order_keeps_buyer", by=OWNER,
        )
        for change in ("id = gen_random_uuid()", "code = 'other'", "customer = :clerk", "place = :other_store",
                       "pickup_code = '9999'")
    ),
    trigger(
        "order_line", "order_line_agrees_with_stock", "insert", Copy("order_line", {"package": ":free"}),
        says="stock_unit_agrees_with_order",
    ),
    trigger(
        "order_line", "order_line_agrees_with_stock", "update",
        "update order_line set live = false where id = :order_line", says="stock_unit_agrees_with_order",
        first=("update sales_order set state = 'cancelled' where id = :held_order",),
    ),
    trigger(
        "order_line", "order_line_agrees_with_stock", "insert", Copy("order_line", {"package": ":draft"}),
        says="stock_unit_agrees_with_order", sabotage=("alter table order_line disable trigger order_line_offer",),
    ),
    *(
        trigger(
            "sales_order", "sales_order_agrees_with_stock", "update",
            f"update sales_order set state = '{state}' where id = :held_order", says="stock_unit_agrees_with_order",
        )
        for state in ("cancelled", "expired")
    ),
    trigger(
        "sales_order", "sales_order_agrees_with_stock", "update",
        "update sales_order set state = 'handed_over' where id = :held_order", says="stock_unit_agrees_with_order",
        first=(
            *PAY_HELD_ORDER,
            ('insert into handover select gen_random_uuid(), :held_order, id, place, :keeper, at from payment'
            ' where payable = :held_order'),
        ),
    ),
    trigger("order_line", "order_line_offer", "insert", Copy("order_line", {"package": ":draft"})),
    trigger(
        "order_line", "order_line_offer", "insert", Copy("order_line", {"package": ":free", "offer": ":new_offer"}),
        first=(Copy("offer", {"id": ":new_offer", "contents": "EGG:50", "code": "new"}),),
    ),
    *(
        trigger("handover", "handover_ties", "insert", Copy("handover", change))
        for change in ({"order": ":held_order"}, {"place": ":other_store"})
    ),
    trigger(
        "handover", "handover_ties", "insert", Copy("handover", {"order": ":held_order", "payment": ":new_payment"}),
        first=(
            *PAY_HELD_ORDER[:2],
            PAID_AGAIN.format(payable=":held_order", event="'till-2'", state="'excess'").replace(
                "gen_random_uuid()", ":new_payment"
            ),
        ),
    ),
    *append_only("payment", "order_event", "handover"),
)  # fmt: skip
