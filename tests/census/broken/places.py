"""The laws of villages, groups and places, broken; and those of the tables that belong to no room."""

from __future__ import annotations

from tests.census.breaks import check, unique, uniques
from tests.census.world import OWNER

BREAKS = (
    *uniques(
        "village_pkey", "village_code_key", "village_group_pkey", "village_group_code_key", "village_group_one_number",
        "place_pkey", "place_code_key",
    ),
    check("village_code_not_empty", "village", code=""),
    check("village_group_number_from_one", "village_group", number=0),
    check("place_kind_known", "place", kind="moon", village=None),
    check("place_village_where_needed", "place", of="store", village=None),
    check("business_clock_one_row", "business_clock", by=OWNER, one=False),
    unique("business_clock_pkey", by=OWNER),
    unique("state_arrow_pkey", by=OWNER),
    unique("migration_pkey", by=OWNER),
)  # fmt: skip
