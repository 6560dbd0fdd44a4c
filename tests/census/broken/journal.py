"""The journal's laws, broken: commands, audit lines, seals."""

from __future__ import annotations

from tests.census.breaks import Copy, Mend, append_only, check, off, trigger, unforced, uniques, unreached
from tests.census.laws import stands

NEXT_LINK = (
    "insert into seal_entry (chain, sequence, source, source_id, row_hash, previous, hash, at) "
    "select 'JP', 2, '{source}', 99, row_hash, hash, sha256(hash || row_hash), at "
    "from (select *, {row_hash} as row_hash from (select hash, at from seal_entry where id = :seal_entry) last) link"
)
MENDS = (
    Mend(
        stands("audit_line", "audit_line_is_dated", "insert"),
        Copy("audit_line", {"at": "1999-01-01T00:00:00Z"}),
        "select at between business_now() - interval '1 minute' and business_now() from audit_line "
        "order by id desc limit 1",
    ),
)
GOOD_HASH, SHORT_HASH = "sha256('2')", "'\\x02'::bytea"

BREAKS = (
    *uniques("command_pkey", "audit_line_pkey"),
    *unreached("seal_entry", "seal_entry_pkey", "seal_one_place_in_chain", "seal_sealed_once"),
    check("command_answered_whole", "command", status=None),
    check("command_hash_is_sha256", "command", input_hash="\\x07"),
    check("audit_line_has_moment", "audit_line", sabotage=off("audit_line"), at=None),
    check("seal_source_known", "seal_entry", act=NEXT_LINK.format(source="rumour", row_hash=GOOD_HASH)),
    check("seal_hashes_are_sha256", "seal_entry", act=NEXT_LINK.format(source="audit", row_hash=SHORT_HASH)),
    unforced("seal_sequence_from_one", "seal_entry", sequence=0),
    trigger(
        "command", "command_answered_once", "update",
        "update command set status = 200, answer = '{\"location\": \"/\"}' where key = :command",
    ),
    trigger("command", "command_money_stays", "delete", "delete from command where key = :command"),
    *(
        trigger("seal_entry", "seal_follows", "insert", act)
        for act in (
            NEXT_LINK.format(source="audit", row_hash=GOOD_HASH).replace("2, 'audit'", "3, 'audit'"),
            NEXT_LINK.format(source="audit", row_hash=GOOD_HASH).replace("hash, sha256(", "row_hash, sha256("),
            NEXT_LINK.format(source="audit", row_hash=GOOD_HASH).replace("sha256(hash ||", "sha256(row_hash ||"),
        )
    ),
    *append_only("audit_line", "seal_entry"),
)  # fmt: skip
