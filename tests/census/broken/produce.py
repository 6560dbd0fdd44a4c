"""The laws of goods and prices, broken."""

from __future__ import annotations

from tests.census.breaks import EXCLUSION, Break, Copy, append_only, check, trigger, uniques
from tests.census.broken.packages import LINE

BREAKS = (
    *uniques(
        "product_pkey", "product_code_key", "price_list_pkey", "price_line_pkey", "price_line_one_price",
        "retail_price_pkey", "retail_price_one_a_day", "price_part_pkey", "price_part_one_sequence",
        "price_part_one_part",
    ),
    check("product_unit_known", "product", unit="basket"),
    check("product_step_positive", "product", step=0),
    check("product_shelf_positive", "product", shelf_days_summer=0),
    check("product_certificate_known", "product", certificate="perhaps"),
    check("product_season_is_months", "product", season_until=13),
    check("price_list_term_runs_forward", "price_list", valid_until="2001-01-01"),
    check("price_list_document_named", "price_list", document=""),
    Break(
        "exclude price_list_no_overlap", ("exclude price_list_no_overlap",),
        Copy("price_list", {"valid_from": "2018-12-01", "valid_until": "2018-12-31"}),
        "price_list_no_overlap", EXCLUSION,
    ),
    check("price_line_price_positive", "price_line", price_fen=0),
    check("retail_price_channel_known", "retail_price", channel="auction"),
    check("retail_price_total_over_hundred", "retail_price", total_fen=9_999),
    check("price_part_amount_positive", "price_part", part="bribe", amount_fen=0),
    check("price_part_household_gets_hundred", "price_part", part="household", amount_fen=9_999),
    trigger(
        "retail_price", "retail_price_adds_up", "insert", Copy("retail_price", {"valid_from": "2019-01-01"}),
    ),
    trigger(
        "price_part", "price_part_adds_up", "insert", Copy("price_part", {"part": "bribe", "sequence": 99}),
        says="retail_price_adds_up",
    ),
    trigger(
        "package_line", "package_line_at_list_price", "insert",
        Copy("package_line", {**LINE, "price_fen": 5_000, "amount_fen": 2_500}),
    ),
    trigger(
        "package_line", "package_line_at_list_price", "update",
        "update package_line set price_fen = 100, amount_fen = 2500 where id = :draft_line",
    ),
    trigger(
        "package", "package_at_list_prices", "update", "update package set state = 'inspected' where id = :draft",
        first=(
            (
                "update package set state = 'weighed', weighed_at = '2016-11-21T09:00:00+08:00', weighed_by = :clerk"
                " where id = :draft"
            ),
            Copy("inspection", {"package": ":draft"}),
        ),
    ),
    *append_only("price_line", "price_part", "retail_price"),
)  # fmt: skip
