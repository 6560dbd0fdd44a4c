"""Income entries and the lines they are held against."""

from __future__ import annotations

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import calendar_day, fen, flag, key, loose, moment, reference, text, whole
from marketplace.households.tables import Household
from marketplace.places.tables import Village


class IncomeEntry(Table, tablename="income_entry"):
    """One line of a household's income record, in fen; a cost is a positive amount of kind `cost`. Append-only.

    A reversal names what it reverses and carries the negative amount.
    """

    id = key()
    household = reference(Household)
    village = reference(Village)
    year = whole()
    earned_on = calendar_day()
    kind = text()
    source = text()
    amount_fen = fen()
    document = text()
    one_off = flag()
    in_kind = flag()
    memo = flag()
    entered_at = moment()
    entered_by = loose(null=True)
    reverses = loose(null=True, unique=True)

    income_entry_kind_known = Check("kind in ('wage', 'business', 'property', 'transfer', 'cost')")
    income_entry_document_named = Check("document <> ''")
    income_entry_sign_tells_reversal = Check("amount_fen <> 0 and (amount_fen < 0) = (reverses is not null)")
    income_entry_year_of_the_day = Check("year = extract(year from earned_on)")


class IncomeLine(Table, tablename="income_line"):
    """Poverty, protection or monitoring line of a year, in fen a head."""

    id = key()
    year = whole()
    line = text()
    amount_fen = fen()
    source = text()

    income_line_known = Check("line in ('poverty', 'protection', 'monitoring')")
    income_line_amount_positive = Check("amount_fen > 0")
    income_line_one_a_year = Unique(["year", "line"])
