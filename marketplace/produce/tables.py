"""Products, purchase price lists, retail prices and their parts."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import calendar_day, fen, flag, key, loose, moment, reference, text, whole


class Product(Table):
    """A farm good. `step` and quantities in pieces or grams; season from > until runs over New Year."""

    id = key()
    code = text(unique=True)
    name_zh = text()
    name_en = text()
    search_keys = text()
    unit = text()
    step = whole()
    shelf_days_summer = whole()
    shelf_days_spring_autumn = whole()
    shelf_days_winter = whole()
    certificate = text()
    season_from = whole()
    season_until = whole()
    licence_required = flag()
    licence_number = text(null=True)
    safe = flag()

    product_unit_known = Check("unit in ('piece', 'gram')")
    product_step_positive = Check("step > 0")
    product_shelf_positive = Check("least(shelf_days_summer, shelf_days_spring_autumn, shelf_days_winter) > 0")
    product_certificate_known = Check("certificate in ('yes', 'no', 'check')")
    product_season_is_months = Check("season_from between 1 and 12 and season_until between 1 and 12")


class PriceList(Table, tablename="price_list"):
    """Purchase prices in force from a day; two lists never overlap (laws/produce.sql)."""

    id = key()
    valid_from = calendar_day()
    valid_until = calendar_day(null=True)
    document = text()
    published_at = moment()
    published_by = loose(null=True)

    price_list_term_runs_forward = Check("valid_until is null or valid_until >= valid_from")
    price_list_document_named = Check("document <> ''")


class PriceLine(Table, tablename="price_line"):
    """Fen for one piece or one kilogram."""

    id = key()
    price_list = reference(PriceList)
    product = reference(Product)
    price_fen = fen()

    price_line_price_positive = Check("price_fen > 0")
    price_line_one_price = Unique(["price_list", "product"])


class RetailPrice(Table, tablename="retail_price"):
    """What a buyer pays for a hundred-yuan package, by channel; its parts add up to it."""

    id = key()
    channel = text()
    valid_from = calendar_day()
    total_fen = fen()

    retail_price_channel_known = Check("channel in ('retail', 'bulk')")
    retail_price_total_over_hundred = Check("total_fen >= 10000")
    retail_price_one_a_day = Unique(["channel", "valid_from"])


class PricePart(Table, tablename="price_part"):
    id = key()
    retail_price = reference(RetailPrice)
    sequence = whole()
    part = text()
    name_zh = text()
    amount_fen = fen()

    price_part_amount_positive = Check("amount_fen > 0")
    price_part_household_gets_hundred = Check("part <> 'household' or amount_fen = 10000")
    price_part_one_sequence = Unique(["retail_price", "sequence"])
    price_part_one_part = Unique(["retail_price", "part"])
