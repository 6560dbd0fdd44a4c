"""Drawers, their days, counts and cash book."""

from __future__ import annotations

from piccolo.columns import BigSerial
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.accounts.tables import User
from marketplace.columns import big, calendar_day, fen, key, moment, reference, text, whole
from marketplace.ledger.tables import LedgerAccount, Transfer
from marketplace.places.tables import Place, Village


class Drawer(Table):
    """A cash drawer at a place; its money is a ledger account with floor zero."""

    id = key()
    place = reference(Place, unique=True)
    village = reference(Village, null=True)  # null: a drawer in a town
    account = reference(LedgerAccount, unique=True)


class DrawerDay(Table, tablename="drawer_day"):
    """One day of a drawer, from the opening count to the closing count; amounts in fen."""

    id = key()
    drawer = reference(Drawer)
    village = reference(Village, null=True)  # null: a drawer in a town
    day = calendar_day()
    state = text()
    opened_at = moment()
    opened_by = reference(User)
    opening_fen = fen()
    closed_at = moment(null=True)
    closed_by = reference(User, null=True)  # null until closed
    expected_fen = fen(null=True)
    counted_fen = fen(null=True)
    reason = text(null=True)
    second = reference(User, null=True)  # null where nothing had to be explained
    seal_head = text(null=True)

    drawer_day_state_known = Check("state in ('open', 'closed')")
    drawer_day_opening_not_negative = Check("opening_fen >= 0")
    drawer_day_closed_whole = Check(
        "num_nonnulls(closed_at, closed_by, expected_fen, counted_fen) = case state when 'closed' then 4 else 0 end"
    )
    drawer_day_difference_explained = Check(
        "state = 'open' or counted_fen = expected_fen or num_nonnulls(reason, second) = 2"
    )
    drawer_day_second_is_another = Check("second is null or second <> closed_by")
    drawer_day_one_a_day = Unique(["drawer", "day"])


class CashCount(Table, tablename="cash_count"):
    """Pieces of one denomination (in fen) at an opening or closing."""

    id = key()
    drawer_day = reference(DrawerDay)
    occasion = text()
    denomination_fen = whole()
    pieces = whole()

    cash_count_occasion_known = Check("occasion in ('opening', 'closing')")
    cash_count_denomination_known = Check("denomination_fen in (10000, 5000, 2000, 1000, 500, 200, 100, 50, 10)")
    cash_count_pieces_not_negative = Check("pieces >= 0")
    cash_count_counted_once = Unique(["drawer_day", "occasion", "denomination_fen"])


class CashEntry(Table, tablename="cash_entry"):
    """A line of the cash book, written by the database for every transfer that touches a drawer; signed fen."""

    id = BigSerial(primary_key=True)
    drawer_day = reference(DrawerDay)
    transfer = reference(Transfer, unique=True)
    amount_fen = big()

    cash_entry_amount_moves = Check("amount_fen <> 0")
