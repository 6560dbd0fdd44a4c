"""What stands for sale and where; no household in here: these tables are public."""

from __future__ import annotations

from piccolo.columns import BigSerial
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import calendar_day, fen, key, loose, moment, reference, text
from marketplace.packages.tables import Package, Recipe
from marketplace.places.tables import Place, Village, VillageGroup


class Offer(Table):
    """Packages of one village with the same contents, as the market shows them. `contents` like EGG:30;SOY:4000."""

    id = key()
    code = text(unique=True)
    village = reference(Village)
    contents = text()
    recipe = reference(Recipe, null=True)  # null: composed freely
    name_zh = text()
    name_en = text()
    search_text = text()
    price_fen = fen()
    created_at = moment()

    offer_price_over_hundred = Check("price_fen >= 10000")
    offer_one_offer = Unique(["village", "contents"])


class StockUnit(Table, tablename="stock_unit"):
    """One package on its way to a buyer."""

    id = key()
    package = reference(Package, unique=True)
    offer = reference(Offer)
    village = reference(Village)
    group = reference(VillageGroup)
    place = reference(Place)
    state = text()
    packed_on = calendar_day()
    best_before = calendar_day()
    sell_by = calendar_day()

    stock_unit_state_known = Check(
        "state in ('on_hand', 'held', 'under_way', 'handed_over', 'spoiled', 'lost', 'written_off', 'reversed')"
    )
    stock_unit_dates_in_order = Check("packed_on <= sell_by and sell_by <= best_before")


class StockMovement(Table, tablename="stock_movement"):
    """What happened to a package, where and when. Append-only; `price_fen` only where it was sold."""

    id = BigSerial(primary_key=True)
    package = reference(Package)
    kind = text()
    place = reference(Place, null=True)  # null: on the road
    at = moment()
    actor = loose(null=True)
    order = loose(null=True)
    price_fen = fen(null=True)
    note = text()

    stock_movement_kind_known = Check(
        "kind in ('stocked', 'dispatched', 'received', 'placed', 'held', 'released', 'handed_over', 'sold', "
        "'spoiled', 'lost', 'written_off', 'reversed')"
    )
    stock_movement_price_where_sold = Check("(kind in ('handed_over', 'sold')) = (price_fen is not null)")
