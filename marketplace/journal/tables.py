"""Commands, audit lines and seals. Actors are plain ids: this room stands before all others."""

from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigSerial
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from marketplace.columns import big, flag, json, loose, moment, octets, text, whole


class Command(Table):
    """One command and its answer. The key comes from the sender; money keys stay for good."""

    key = UUIDColumn(primary_key=True, default=None)
    actor = loose(null=True)
    route = text()
    input_hash = octets()
    money = flag()
    at = moment(index=True)
    status = whole(null=True)
    answer = json(null=True)

    command_answered_whole = Check("(status is null) = (answer is null)")
    command_hash_is_sha256 = Check("octet_length(input_hash) = 32")


class AuditLine(Table, tablename="audit_line"):
    """Who did what to what, when; no private data. `at` is set by the database."""

    id = BigSerial(primary_key=True)
    village = loose(null=True, index=True)
    at = moment(null=True)
    actor = loose(null=True)
    role = text()
    on_behalf_of = loose(null=True)
    verb = text()
    subject = text()
    detail = json()
    command = loose(null=True)


class SealEntry(Table, tablename="seal_entry"):
    """A link of a village's chain: hash = sha256(previous ‖ sha256(canonical row))."""

    id = BigSerial(primary_key=True)
    chain = text()
    sequence = big()
    source = text()
    source_id = big()
    row_hash = octets()
    previous = octets()
    hash = octets()
    at = moment()

    seal_source_known = Check("source in ('audit', 'transfer')")
    seal_sequence_from_one = Check("sequence >= 1")
    seal_hashes_are_sha256 = Check(
        "octet_length(row_hash) = 32 and octet_length(previous) = 32 and octet_length(hash) = 32"
    )
    seal_one_place_in_chain = Unique(["chain", "sequence"])
    seal_sealed_once = Unique(["source", "source_id"])
