"""Villages, groups and places."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import flag, key, reference, text, whole


class Village(Table):
    id = key()
    code = text(unique=True)
    name_zh = text()
    name_en = text()
    town_code = text()
    town_zh = text()
    county_code = text()
    county_zh = text()
    city_zh = text()
    province_zh = text()
    role = text()

    village_code_not_empty = Check("code <> ''")


class VillageGroup(Table, tablename="village_group"):
    """A villagers' group; `name_zh` is its hamlet."""

    id = key()
    village = reference(Village)
    code = text(unique=True)
    number = whole()
    label_zh = text()
    name_zh = text()
    signal = text()
    walk_minutes = whole()

    village_group_number_from_one = Check("number >= 1")
    village_group_one_number = Unique(["village", "number"])


class Place(Table):
    """Where goods stand: party office, county hub, city or village store, the online shop."""

    id = key()
    code = text(unique=True)
    kind = text()
    name_zh = text()
    name_en = text()
    city_zh = text()
    village = reference(Village, null=True)  # null: a place in a town
    pickup = flag()

    place_kind_known = Check("kind in ('party_office', 'county_hub', 'city_store', 'village_store', 'online')")
    place_village_where_needed = Check("(kind in ('party_office', 'village_store')) = (village is not null)")
