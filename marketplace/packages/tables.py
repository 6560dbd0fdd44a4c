"""Recipes, and a household's package from draft to paid."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import calendar_day, fen, flag, key, loose, moment, reference, text, whole
from marketplace.households.tables import Household
from marketplace.places.tables import Village
from marketplace.produce.tables import Product


class Recipe(Table):
    id = key()
    code = text(unique=True)
    name_zh = text()
    name_en = text()
    search_keys = text()
    origin = text()


class RecipeLine(Table, tablename="recipe_line"):
    """Pieces or grams of one product in a recipe."""

    id = key()
    recipe = reference(Recipe)
    sequence = whole()
    product = reference(Product)
    quantity = whole()

    recipe_line_quantity_positive = Check("quantity > 0")
    recipe_line_one_product = Unique(["recipe", "product"])


class Package(Table):
    """One household's hundred-yuan package. `code` is the trace code on its label."""

    id = key()
    code = text(unique=True)
    household = reference(Household)
    village = reference(Village)
    recipe = reference(Recipe, null=True)  # null: composed freely
    state = text()
    intake_on = calendar_day(null=True)
    drafted_at = moment()
    drafted_by = loose(null=True)
    for_household = flag()
    weighed_at = moment(null=True)
    weighed_by = loose(null=True)

    package_state_known = Check(
        "state in ('draft', 'weighed', 'inspected', 'paid', 'sent_back', 'reversed', 'withdrawn')"
    )
    package_weighed_by_somebody = Check(
        "state not in ('weighed', 'inspected', 'paid', 'reversed') or num_nonnulls(weighed_at, weighed_by) = 2"
    )


class PackageLine(Table, tablename="package_line"):
    """Pieces or grams of one product as they are paid, their price (fen a piece or a kilogram, fixed at weighing), amount."""

    id = key()
    package = reference(Package)
    village = reference(Village)
    product = reference(Product)
    quantity = whole()
    price_fen = fen()
    amount_fen = fen()
    weighed = whole(null=True)  # what lay on the scale; null until weighed

    package_line_quantity_positive = Check("quantity > 0")
    package_line_amount_positive = Check("price_fen > 0 and amount_fen > 0")
    package_line_one_product = Unique(["package", "product"])
