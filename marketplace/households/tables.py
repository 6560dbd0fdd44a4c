"""The register. Every row carries its village, by which row-level security decides."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.columns import calendar_day, flag, key, loose, moment, reference, text, whole
from marketplace.places.tables import Village, VillageGroup


class Household(Table):
    """A household. `forest_area` in tenths of a mu; `search_keys` are pinyin keys separated by spaces."""

    id = key()
    village = reference(Village)
    group = reference(VillageGroup)
    code = text(unique=True)
    head_name = text()
    search_keys = text()
    relocation = text()
    forest_guard = flag()
    coop_member = flag()
    forest_area = whole(null=True)
    phone_kind = text()
    show_name = flag()

    household_code_not_empty = Check("code <> ''")
    household_head_not_empty = Check("head_name <> ''")
    household_forest_positive = Check("forest_area is null or forest_area > 0")
    household_phone_known = Check("phone_kind in ('none', 'feature', 'smart')")


class Member(Table):
    id = key()
    household = reference(Household)
    village = reference(Village)
    code = text(unique=True)
    sequence = whole()
    name = text()
    relation = text()
    sex = text()
    birth_year = whole()
    left_on = calendar_day(null=True)

    member_sex_known = Check("sex in ('m', 'f')")
    member_born_in_reason = Check("birth_year between 1900 and 2100")
    member_one_sequence = Unique(["household", "sequence"])


class HouseholdStatus(Table, tablename="household_status"):
    """A household's status from a day on; the latest is in force. Append-only."""

    id = key()
    household = reference(Household)
    village = reference(Village)
    status = text()
    since = calendar_day()
    size_then = whole(null=True)
    recorded_at = moment()
    recorded_by = loose(null=True)

    household_status_known = Check("status in ('poor', 'lifted', 'ordinary', 'monitored')")
    household_status_one_a_day = Unique(["household", "since"])


class KinLink(Table, tablename="kin_link"):
    """Declared kin; with `recusal` neither may check, pay or judge for the other."""

    id = key()
    village = reference(Village)
    member = reference(Member)
    relative = reference(Member)
    relation = text()
    recusal = flag()

    kin_link_not_oneself = Check("member <> relative")
    kin_link_declared_once = Unique(["member", "relative"])


class Proxy(Table):
    """Somebody who may collect for a household."""

    id = key()
    household = reference(Household)
    village = reference(Village)
    name = text()
    member = reference(Member, null=True)  # null: not of the register
    note = text()
    valid_from = calendar_day()
    valid_until = calendar_day(null=True)

    proxy_term_runs_forward = Check("valid_until is null or valid_until >= valid_from")


class Card(Table):
    """A household's card: 128 random bits and a PIN. A pointer only; blocked and replaced when lost."""

    id = key()
    household = reference(Household)
    village = reference(Village)
    code = text(unique=True)
    pin_hash = text(null=True)
    issued_at = moment()
    blocked_at = moment(null=True)
    blocked_reason = text(null=True)

    card_blocked_with_reason = Check("(blocked_at is null) = (blocked_reason is null)")


class Resident(Table):
    """Which member of a household a signed-in person is: the root of every kin rule."""

    id = key()
    user = reference(User, unique=True)
    member = reference(Member, unique=True)
    village = reference(Village)
