"""The laws of recipes and packages, broken."""

from __future__ import annotations

from typing import Any

from tests.census.breaks import Copy, check, trigger, unforced, uniques
from tests.census.broken.households import of_its_village
from tests.census.world import OWNER

LINE: dict[str, Any] = {"product": ":honey", "price_fen": 10_000, "quantity": 500, "weighed": 500, "amount_fen": 5_000}

BREAKS = (
    *uniques(
        "recipe_pkey", "recipe_code_key", "recipe_line_pkey", "recipe_line_one_product", "package_pkey",
        "package_code_key", "package_line_pkey", "package_line_one_product",
    ),
    check("recipe_line_quantity_positive", "recipe_line", quantity=0),
    unforced("package_state_known", "package", state="lost"),
    check(
        "package_weighed_by_somebody", "package",
        act="update package set state = 'weighed', weighed_at = business_now() where id = :draft",
    ),
    unforced("package_line_amount_positive", "package_line", **{**LINE, "price_fen": 0, "amount_fen": 0}),
    unforced("package_line_quantity_positive", "package_line", quantity=0),
    trigger("package", "package_arrow", "insert", Copy("package", {"code": "new", "state": "weighed"})),
    trigger("package", "package_arrow", "update", "update package set state = 'paid' where id = :draft"),
    trigger(
        "package", "package_is_hundred", "update", "update package set state = 'inspected' where id = :weighed",
        first=("update package_line set quantity = 26, weighed = 26, amount_fen = 5200 where id = :weighed_line",),
    ),
    trigger(
        "package", "package_is_hundred", "update", "update package set state = 'inspected' where id = :weighed",
        first=("delete from package_line where package = :weighed",),
    ),
    *(
        trigger(
            "package", "package_is_hundred", "update", f"update package set {change} where id = :draft",
            says="package_keeps_household", by=OWNER,
        )
        for change in ("id = gen_random_uuid()", "code = 'other'", "household = :second_household",
                       "village = :other_village")
    ),
    trigger("package", "package_stays", "delete", "delete from package where id = :draft", by=OWNER),
    *of_its_village("package", kept=True),
    *(
        trigger("package_line", "package_line_while_open", event, act)
        for event, act in (
            ("insert", Copy("package_line", {**LINE, "package": ":inspected"})),
            ("insert", Copy("package_line", {**LINE, "package": ":sold"})),
            ("insert", Copy("package_line", {**LINE, "package": ":withdrawn"})),
            ("update", "update package_line set quantity = 24, weighed = 24, amount_fen = 4800 where id = :inspected_line"),
            ("delete", "delete from package_line where id = :inspected_line"),
        )
    ),
    trigger(
        "package_line", "package_line_while_open", "insert",
        Copy("package_line", {**LINE, "village": ":other_village"}), says="package_line_village",
    ),
    trigger("package_line", "package_line_amount", "insert", Copy("package_line", {**LINE, "amount_fen": 101})),
    trigger("package_line", "package_line_amount", "insert", Copy("package_line", {**LINE, "quantity": 501})),
    trigger(
        "package_line", "package_line_amount", "update",
        "update package_line set amount_fen = amount_fen + 1 where id = :draft_line",
    ),
    *(
        trigger("package_line", "package_line_weighed", "insert", Copy("package_line", {**LINE, "weighed": grams}))
        for grams in (499, 506)
    ),
    *(
        trigger(
            "package_line", "package_line_weighed", "update",
            f"update package_line set weighed = {figure} where id = :{line}",
        )
        for line, figure in (("draft_line", 26), ("draft_line", 24), ("draft_soy", 5051), ("draft_soy", 4999),
                             ("weighed_line", "null"))
    ),
    trigger(
        "package", "package_is_weighed", "update",
        "update package set state = 'weighed', weighed_at = business_now(), weighed_by = :clerk where id = :draft",
        first=("update package_line set weighed = null where id = :draft_soy",),
    ),
)  # fmt: skip
