"""The register's laws, broken."""

from __future__ import annotations

from collections.abc import Iterator

from tests.census.breaks import Break, Copy, alone, append_only, check, trigger, unique, uniques
from tests.census.world import OWNER


def of_members_village(table: str) -> Iterator[Break]:
    """What names members stands in their village."""
    name = f"{table}_villages_members"
    yield trigger(table, name, "insert", Copy(table, {"member": ":other_member"}))
    yield trigger(table, name, "update", f"update {table} set member = :other_member where id = :{table}", by=OWNER)


def of_its_village(table: str, *, kept: bool = False) -> Iterator[Break]:
    """What carries a household carries that household's village; `kept`: another law forbids the update before."""
    name = f"{table}_village"
    update = f"update {table} set village = :other_village where id = :{table}"
    yield trigger(table, name, "insert", Copy(table, {"village": ":other_village"}))
    yield trigger(table, name, "update", update, by=OWNER, sabotage=alone(table, name) if kept else ())


BREAKS = (
    *uniques(
        "household_pkey", "household_code_key", "member_pkey", "member_code_key", "member_one_sequence",
        "household_status_pkey", "household_status_one_a_day", "kin_link_pkey", "kin_link_declared_once", "proxy_pkey",
        "card_pkey", "card_one_open_a_household", "resident_pkey", "resident_member_key",
    ),
    unique("resident_user_key", member=":member"),
    unique("card_code_key", household=":free_household"),
    check("household_code_not_empty", "household", code=""),
    check("household_head_not_empty", "household", head_name=""),
    check("household_forest_positive", "household", forest_area=0),
    check("household_phone_known", "household", phone_kind="satellite"),
    check("member_sex_known", "member", sex="x"),
    check("member_born_in_reason", "member", birth_year=1899),
    check("household_status_known", "household_status", status="rich"),
    check("kin_link_not_oneself", "kin_link", member=":member", relative=":member"),
    check("proxy_term_runs_forward", "proxy", valid_from="2018-11-21", valid_until="2018-11-20"),
    check("card_blocked_with_reason", "card", blocked_at="2018-11-21T09:00:00+08:00"),
    *of_its_village("member"),
    *of_its_village("household_status", kept=True),
    *of_its_village("proxy"),
    *of_members_village("proxy"),
    *of_members_village("kin_link"),
    *of_members_village("resident"),
    trigger(
        "kin_link", "kin_link_villages_members", "insert",
        Copy("kin_link", {"member": ":member", "relative": ":other_member"}),
    ),
    *(
        trigger(
            table, f"{table}_villages_members", "update",
            f"update {table} set village = :other_village where id = :{table}", by=OWNER,
        )
        for table in ("kin_link", "resident")
    ),
    *of_its_village("card"),
    *append_only("household_status"),
)  # fmt: skip
