"""The laws of the income record, broken."""

from __future__ import annotations

from tests.census.breaks import Copy, append_only, check, trigger, unique, uniques
from tests.census.broken.households import of_its_village

BREAKS = (
    *uniques("income_entry_pkey", "income_line_pkey", "income_line_one_a_year"),
    unique("income_entry_reverses_key", of="reversing_income"),
    check("income_entry_kind_known", "income_entry", kind="gift"),
    check("income_entry_document_named", "income_entry", document=""),
    check("income_entry_sign_tells_reversal", "income_entry", amount_fen=-10_000),
    check("income_entry_year_of_the_day", "income_entry", year=2017),
    check("income_line_known", "income_line", line="comfort", year=2019),
    check("income_line_amount_positive", "income_line", amount_fen=0, year=2019),
    *(
        trigger(
            "income_entry", "income_entry_reversal_mirrors", "insert",
            Copy("income_entry", change, of="reversing_income"),
        )
        for change in ({"amount_fen": -9_999}, {"household": ":household"}, {"kind": "wage"}, {"source": "other"},
                       {"year": 2017, "earned_on": "2017-11-21"}, {"memo": True}, {"one_off": True}, {"in_kind": True},
                       {"reverses": ":reversing_income"})
    ),
    trigger("income_entry", "income_entry_has_cause", "insert", Copy("income_entry", {})),
    *of_its_village("income_entry", kept=True),
    *append_only("income_entry"),
)  # fmt: skip
