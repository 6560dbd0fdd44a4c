"""The laws of offers and stock, broken."""

from __future__ import annotations

from typing import Any

from tests.census.breaks import Copy, alone, append_only, check, trigger, unforced, unique, uniques
from tests.census.world import OWNER, RETAIL_FEN

ON_HAND: dict[str, Any] = {"state": "on_hand"}

BREAKS = (
    *uniques("offer_pkey", "offer_code_key", "offer_one_offer", "stock_movement_pkey", "stock_movement_gone_once"),
    unique("stock_unit_pkey", **ON_HAND, package=":free"),
    unique("stock_unit_package_key", **ON_HAND),
    check("offer_price_over_hundred", "offer", price_fen=9_999),
    unforced("stock_unit_state_known", "stock_unit", state="eaten"),
    check("stock_unit_dates_in_order", "stock_unit", **ON_HAND, sell_by="2018-12-22"),
    check("stock_movement_kind_known", "stock_movement", kind="eaten"),
    check("stock_movement_price_where_sold", "stock_movement", kind="sold"),
    trigger("stock_unit", "stock_unit_arrow", "insert", Copy("stock_unit", {"state": "held"})),
    trigger(
        "stock_unit", "stock_unit_arrow", "update",
        "update stock_unit set state = 'on_hand' where id = :sold_stock_unit"
    ),
    trigger(
        "stock_unit", "stock_unit_is_accepted", "insert", Copy("stock_unit", {**ON_HAND, "package": ":inspected"})
    ),
    trigger(
        "stock_unit", "stock_unit_village", "insert",
        Copy("stock_unit", {**ON_HAND, "village": ":other_village"}), by=OWNER,
        sabotage=alone("stock_unit", "stock_unit_village"),
    ),
    trigger(
        "stock_unit", "stock_unit_village", "insert", Copy("stock_unit", {**ON_HAND, "group": ":other_group"}),
    ),
    trigger(
        "stock_unit", "stock_unit_village", "insert", Copy("stock_unit", {**ON_HAND, "offer": ":new_offer"}),
        first=(Copy("offer", {"id": ":new_offer", "village": ":other_village", "code": "new"}),),
    ),
    *(
        trigger(
            "stock_unit", "stock_unit_keeps_package", "update",
            f"update stock_unit set {change} where id = :free_stock_unit", by=OWNER,
        )
        for change in ("id = gen_random_uuid()", "package = :draft", "offer = gen_random_uuid()",
                       "village = :other_village", '"group" = gen_random_uuid()', "packed_on = packed_on - 1",
                       "best_before = best_before + 1", "sell_by = sell_by + 1")
    ),
    trigger(
        "stock_unit", "stock_unit_keeps_package", "delete", "delete from stock_unit where id = :free_stock_unit",
        by=OWNER,
    ),
    trigger(
        "stock_unit", "stock_unit_agrees_with_order", "update",
        "update stock_unit set state = 'held' where id = :free_stock_unit",
    ),
    trigger(
        "stock_unit", "stock_unit_agrees_with_order", "update",
        "update stock_unit set state = 'on_hand' where id = :ordered_stock_unit",
    ),
    trigger(
        "stock_unit", "stock_unit_agrees_with_order", "insert",
        Copy("stock_unit", {"package": ":draft", "state": "held"}), by=OWNER,
        sabotage=alone("stock_unit", "stock_unit_agrees_with_order"),
    ),
    trigger(
        "stock_unit", "stock_unit_contents", "insert", Copy("stock_unit", {**ON_HAND, "offer": ":new_offer"}),
        first=(Copy("offer", {"id": ":new_offer", "contents": "EGG:30;SOY:4000", "code": "new"}),),
    ),
    *(
        trigger("stock_movement", "stock_movement_agrees", "insert", Copy("stock_movement", {"package": ":free", **change}))
        for change in ({"kind": "sold", "price_fen": RETAIL_FEN}, {"kind": "handed_over", "price_fen": RETAIL_FEN},
                       {"kind": "spoiled"}, {"kind": "lost"}, {"kind": "written_off"}, {"kind": "reversed"})
    ),
    trigger(
        "stock_movement", "stock_movement_agrees", "insert",
        Copy("stock_movement", {"package": ":free", "kind": "handed_over", "price_fen": RETAIL_FEN, "order": ":done_order"}),
        says="stock_movement_of_order", first=("update stock_unit set state = 'handed_over' where package = :free",),
    ),
    *(
        trigger(
            "stock_unit", "stock_unit_gone_with_movement", "update",
            f"update stock_unit set state = '{state}' where package = :free",
        )
        for state in ("handed_over", "spoiled", "lost", "written_off", "reversed")
    ),
    *append_only("stock_movement"),
)  # fmt: skip
