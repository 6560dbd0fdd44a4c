"""The year that was, as rows: what each package of year_packages.csv left in every table. No database in here.

The clerk weighs, the inspector looks and the cashier pays, ten minutes a package from nine o'clock on; the van leaves
in the afternoon. Numbers of vouchers and transfers are the database's and come in as arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.demo import world
from marketplace.demo.world import Record, Row, hundredths, row_id, user_id
from marketplace.ids import ALPHABET, CODE_LENGTH, check_sign
from marketplace.income.rules import PACKAGES
from marketplace.intake.rules import checks_of, voucher_name
from marketplace.packages.rules import HUNDRED, Line, content_key, title
from marketplace.produce.rules import Certificate, Good, Unit, amount, sell_by
from marketplace.stock.rules import search_text

CHINA = ZoneInfo("Asia/Shanghai")
VILLAGE = "JP"
OFFICE = "PO-JP"
HUB = "HUB-XY"
CLERK = "S04"
CASHIER = "S07"
NOTE = 10_000  # the float comes in notes of a hundred
FLOAT_STEP = 50_000  # and in sums of five hundred
A_PACKAGE = timedelta(minutes=10)

OPENS, FIRST_PACKAGE, CLOSES = time(8, 40), time(9, 0), time(17, 30)
HOURS = {
    "dispatched_on": time(15, 0),
    "received_on": time(16, 30),
    "sent_on": time(17, 0),
    "placed_on": time(18, 0),
    "sold_on": time(19, 0),
    "gone_on": time(19, 30),
}
GONE = {"spoiled_village": "spoiled", "lost_transport": "lost", "written_off": "written_off"}


def moment(day: str | date, hour: time) -> datetime:
    """That hour of a day in the village."""
    return datetime.combine(day if isinstance(day, date) else date.fromisoformat(day), hour, CHINA)


def dated_id(at: datetime, *name: str) -> UUID:
    """A UUIDv7 of that moment whose random bits come from the row's name, so that rows sort by age."""
    random_bits = row_id(*name).int & ((1 << 76) - 1)
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | random_bits)


def code_of(*name: str) -> str:
    """A trace code that is the same each time: nine signs of the name's hash and the check sign."""
    bits = int.from_bytes(sha256("\0".join(("demo code", *name)).encode()).digest()[:8], "big")
    body = "".join(ALPHABET[bits >> 5 * place & 31] for place in range(CODE_LENGTH - 1))
    return body + check_sign(body)


def goods() -> dict[str, tuple[Good, str]]:
    """Every good of the demo at its list price, with its search keys."""
    return {record["product_code"]: (_good(record), record["search_keys"]) for record in world.read("products")}


def _good(record: Record) -> Good:
    unit: Unit = "piece" if record["unit"] == "枚" else "gram"
    certificates: Mapping[str, Certificate] = {"yes": "yes", "no": "no", "check": "check"}
    return Good(
        code=record["product_code"],
        unit=unit,
        price_fen=hundredths(record["price_yuan"]),
        step=world.measure(record["unit"], record["step"]),
        shelf_days_summer=int(record["shelf_life_summer_days"]),
        shelf_days_spring_autumn=int(record["shelf_life_spring_autumn_days"]),
        shelf_days_winter=int(record["shelf_life_winter_days"]),
        certificate=certificates[record["certificate"]],
        name_zh=record["name_zh"],
        name_en=record["name_en"],
    )


def recipes() -> dict[str, tuple[Line, ...]]:
    """The lines of every recipe."""
    known, units = goods(), {r["product_code"]: r["unit"] for r in world.read("products")}
    found: dict[str, tuple[Line, ...]] = {}
    for record in world.read("recipe_lines"):
        code = record["product_code"]
        line = Line(known[code][0], world.measure(units[code], record["quantity"]))
        found[record["recipe_code"]] = (*found.get(record["recipe_code"], ()), line)
    return found


@dataclass(frozen=True)
class Brought:
    """One package of the year: its record, its lines, its place in the queue of its day (from 0)."""

    record: Record
    lines: tuple[Line, ...]
    place_in_queue: int
    head_name: str
    signed: str

    @cached_property
    def at(self) -> datetime:
        """When it came to the counter."""
        return moment(self.record["brought_on"], FIRST_PACKAGE) + self.place_in_queue * A_PACKAGE

    def later(self, minutes: int) -> datetime:
        return self.at + timedelta(minutes=minutes)

    @property
    def day(self) -> date:
        return date.fromisoformat(self.record["brought_on"])

    @property
    def accepted(self) -> bool:
        return self.record["result"] == "accepted"

    @property
    def best_before(self) -> date:
        return date.fromisoformat(self.record["best_before"])

    @property
    def contents(self) -> str:
        return content_key(self.lines)

    def id(self, table: str) -> UUID:
        """The id of the row that this package has in a table."""
        return dated_id(self.at, table, "year", self.record["seq"])

    @property
    def household(self) -> UUID:
        return row_id("household", self.record["household_code"])

    def moment(self, column: str) -> datetime | None:
        """When it was dispatched, received, sent, placed, sold or gone; None if never."""
        day = self.record[column]
        return moment(day, HOURS[column]) if day else None


def year() -> list[Brought]:
    """Every package of the year in the order it came."""
    lines, queue = recipes(), dict[str, int]()
    homes = {record["household_code"]: record for record in world.read("households")}
    found = []
    for record in world.read("year_packages"):
        home = homes[record["household_code"]]
        place = queue.get(record["brought_on"], 0)
        queue[record["brought_on"]] = place + 1
        signed = "thumbprint" if home["phone"] == "none" else "signature"
        found.append(Brought(record, lines[record["recipe_code"]], place, home["head_name"], signed))
    return found


# The counter


def village() -> UUID:
    return row_id("village", VILLAGE)


def packages(brought: Iterable[Brought]) -> Iterator[Row]:
    """Every package as a draft of the clerk for its household."""
    for one in brought:
        yield {
            "id": one.id("package"),
            "code": code_of("package", one.record["seq"]),
            "household": one.household,
            "village": village(),
            "recipe": row_id("recipe", one.record["recipe_code"]),
            "state": "draft",
            "intake_on": one.day,
            "drafted_at": one.at,
            "drafted_by": user_id(CLERK),
            "for_household": True,
        }


def package_lines(brought: Iterable[Brought]) -> Iterator[Row]:
    """The goods of every package at list prices."""
    for one in brought:
        for line in one.lines:
            yield {
                "id": dated_id(one.at, "package_line", one.record["seq"], line.good.code),
                "package": one.id("package"),
                "village": village(),
                "product": row_id("product", line.good.code),
                "quantity": line.quantity,
                "price_fen": line.good.price_fen,
                "amount_fen": amount(line.good, line.quantity),
                "weighed": line.quantity,
            }


def send_backs(brought: Iterable[Brought]) -> Iterator[Row]:
    """The slips of the packages that were not taken."""
    for one in brought:
        yield {
            "id": one.id("send_back"),
            "package": one.id("package"),
            "village": village(),
            "reason": one.record["reject_reason"],
            "words": one.record["reason_zh"],
            "by": user_id(one.record["checked_by"]),
            "at": one.later(4),
        }


def inspections(accepted: Iterable[Brought]) -> Iterator[Row]:
    """The inspector's word on every package that was taken, with every look ticked."""
    for one in accepted:
        yield {
            "id": one.id("inspection"),
            "package": one.id("package"),
            "village": village(),
            "inspector": user_id(one.record["checked_by"]),
            "passed": True,
            "checks": json.dumps(sorted(code for code, _check in checks_of(one.lines))),
            "proof": "session",
            "at": one.later(4),
        }


# The drawer


@dataclass(frozen=True)
class CashDay:
    """A day of the office's drawer in fen: what it held, what it got, what was paid out."""

    day: date
    opening_fen: int
    received_fen: int
    paid: Sequence[Brought]

    @property
    def id(self) -> UUID:
        return dated_id(self.opened_at, "drawer_day", self.day.isoformat())

    @property
    def opened_at(self) -> datetime:
        return moment(self.day, OPENS)

    @property
    def closed_at(self) -> datetime:
        return moment(self.day, CLOSES)

    @property
    def closing_fen(self) -> int:
        return self.opening_fen + self.received_fen - HUNDRED * len(self.paid)


def cash_days(accepted: Iterable[Brought]) -> list[CashDay]:
    """The days on which was paid. Each fetches what is missing in sums of five hundred; the last one the exact sum."""
    by_day: dict[date, list[Brought]] = {}
    for one in accepted:
        by_day.setdefault(one.day, []).append(one)
    found, held, last = [], 0, max(by_day)
    for day, paid in sorted(by_day.items()):
        missing = max(0, HUNDRED * len(paid) - held)
        received = missing if day == last else -(-missing // FLOAT_STEP) * FLOAT_STEP
        found.append(CashDay(day, held, received, paid))
        held = found[-1].closing_fen
    return found


def counts(day: CashDay, denominations: Iterable[int]) -> Iterator[Row]:
    """What was counted in the morning and in the evening: notes of a hundred."""
    held = {"opening": day.opening_fen + day.received_fen, "closing": day.closing_fen}
    for occasion, fen in held.items():
        for denomination in denominations:
            yield {
                "id": dated_id(day.opened_at, "cash_count", day.day.isoformat(), occasion, str(denomination)),
                "drawer_day": day.id,
                "occasion": occasion,
                "denomination_fen": denomination,
                "pieces": fen // NOTE if denomination == NOTE else 0,
            }


def transfers(day: CashDay, drawer: UUID, float_source: UUID, purchases: UUID) -> Iterator[Row]:
    """The float of a day, then its payouts in order."""
    if day.received_fen:
        yield _transfer(drawer, float_source, day.received_fen, "float", day.id, day.opened_at)
    for one in day.paid:
        yield _transfer(purchases, drawer, HUNDRED, "payout", one.id("payout"), one.later(6))


def _transfer(debit: UUID, credit: UUID, fen: int, kind: str, of: UUID, at: datetime) -> Row:
    return {
        "unit": "fen",
        "debit": debit,
        "credit": credit,
        "amount": fen,
        "kind": kind,
        "reference": of,
        "village": village(),
        "at": at,
    }


def payouts(days: Iterable[CashDay], transfer_of: Mapping[UUID, int]) -> Iterator[Row]:
    """Every payout in the order in which its voucher was written."""
    for day in days:
        for one in day.paid:
            yield {
                "id": one.id("payout"),
                "package": one.id("package"),
                "household": one.household,
                "village": village(),
                "amount_fen": HUNDRED,
                "transfer": transfer_of[one.id("payout")],
                "drawer_day": day.id,
                "cashier": user_id(one.record["paid_by"]),
                "proof": "session",
                "received_by": "head",
                "receiver": one.head_name,
                "receiver_note": "",
                "signed": one.signed,
                "at": one.later(6),
            }


def package_income(accepted: Iterable[Brought], number_of: Mapping[UUID, int]) -> Iterator[Row]:
    """The payouts in the households' income records; the document is the voucher."""
    for one in accepted:
        yield {
            **_income(one.record["household_code"], one.day, PACKAGES, HUNDRED),
            "id": one.id("income_entry"),
            "kind": "business",
            "document": voucher_name(VILLAGE, one.day.year, number_of[one.id("payout")]),
            "entered_at": one.later(6),
            "entered_by": user_id(one.record["paid_by"]),
        }


def _income(household: str, day: date, source: str, fen: int) -> Row:
    return {
        "household": row_id("household", household),
        "village": village(),
        "year": day.year,
        "earned_on": day,
        "source": source,
        "amount_fen": fen,
        "one_off": False,
        "in_kind": False,
        "memo": False,
    }


def acceptances(accepted: Iterable[Brought]) -> Iterator[Row]:
    """What binds inspection, payout and income of a package."""
    for one in accepted:
        yield {
            "id": one.id("acceptance"),
            "package": one.id("package"),
            "household": one.household,
            "village": village(),
            "inspection": one.id("inspection"),
            "payout": one.id("payout"),
            "income_entry": one.id("income_entry"),
            "at": one.later(6),
        }


# Where the packages went


def offers(accepted: Iterable[Brought]) -> Iterator[Row]:
    """One offer for each contents, from its first package on."""
    first: dict[str, Brought] = {}
    for one in accepted:
        first.setdefault(one.contents, one)
    keys = {code: search_keys for code, (_good, search_keys) in goods().items()}
    here = next(record for record in world.villages() if record["code"] == VILLAGE)
    retail = next(record for record in world.retail_prices() if record["channel"] == "retail")
    for contents, one in first.items():
        named = title(one.lines)
        yield {
            "id": offer_id(contents),
            "code": code_of("offer", contents),
            "village": village(),
            "contents": contents,
            "recipe": row_id("recipe", one.record["recipe_code"]),
            "name_zh": named.name_zh,
            "name_en": named.name_en,
            "search_text": search_text(
                one.lines, [keys[line.good.code] for line in one.lines], str(here["name_zh"]), str(here["name_en"])
            ),
            "price_fen": retail["total_fen"],
            "created_at": one.later(6),
        }


def offer_id(contents: str) -> UUID:
    return row_id("offer", VILLAGE, contents)


def stock_units(accepted: Iterable[Brought]) -> Iterator[Row]:
    """Every package as it stood at the office on the day it was taken."""
    for one in accepted:
        yield {
            "id": one.id("stock_unit"),
            "package": one.id("package"),
            "offer": offer_id(one.contents),
            "village": village(),
            "group": row_id("village_group", one.record["household_code"].partition("-")[0]),
            "place": row_id("place", OFFICE),
            "state": "on_hand",
            "packed_on": one.day,
            "best_before": one.best_before,
            "sell_by": sell_by(one.day, one.best_before),
        }


@dataclass(frozen=True)
class Step:
    """A step of a package on its way: the state it led to (None: the same) and where it then stood."""

    kind: str
    at: datetime
    state: str | None
    place: str | None
    price_fen: int | None = None
    note: str = ""


def journey(one: Brought) -> list[Step]:
    """What happened to a package after it was taken, in order, up to the demo's morning."""
    record, steps = one.record, [Step("stocked", one.later(6), None, OFFICE)]
    if dispatched := one.moment("dispatched_on"):
        steps.append(Step("dispatched", dispatched, "under_way", None))
    if received := one.moment("received_on"):
        steps.append(Step("received", received, "on_hand", HUB))
    if sent := one.moment("sent_on"):
        steps.append(Step("dispatched", sent, "under_way", None))
    if placed := one.moment("placed_on"):
        steps.append(Step("placed", placed, "on_hand", record["place_code"]))
    if gone := one.moment("gone_on"):
        kind = GONE[record["fate"]]
        steps.append(Step(kind, gone, kind, _place_of_loss(record), note=record["reason_zh"]))
    if sold := one.moment("sold_on"):
        price = hundredths(record["sale_price_yuan"])
        steps.append(Step("sold", sold, "handed_over", record["place_code"], price, refund_note(record)))
    return steps


def _place_of_loss(record: Record) -> str | None:
    return {"spoiled_village": OFFICE, "lost_transport": None}.get(record["fate"], record["place_code"])


def refund_note(record: Record) -> str:
    """What the buyer got back, and why; nothing for most."""
    if not record["refunded_on"]:
        return ""
    return f"{record['refunded_on']} 退款 {record['refund_yuan']} 元：{record['reason_zh']}"


def movements(accepted: Iterable[Brought]) -> Iterator[Row]:
    """Every step of every package, in the order of time."""
    steps = [(one, step) for one in accepted for step in journey(one)]
    for one, step in sorted(steps, key=lambda pair: pair[1].at):
        yield {
            "package": one.id("package"),
            "kind": step.kind,
            "place": row_id("place", step.place) if step.place else None,
            "at": step.at,
            "actor": user_id(one.record["paid_by"]) if step.kind == "stocked" else None,
            "price_fen": step.price_fen,
            "note": step.note,
        }


# Income beside the packages

# When a source is paid, and the paper that shows it. All lie before the demo's morning.
PAPERS: Mapping[str, tuple[date, str]] = {
    "cleaning_post": (date(2018, 10, 31), "公益岗位工资发放表 2018-10（演示）"),
    "forest_guard": (date(2018, 10, 31), "护林员工资发放表 2018-10（演示）"),
    "work_away": (date(2018, 10, 31), "务工收入申报表及银行流水（演示）"),
    "pig_sale": (date(2018, 9, 20), "生猪收购单（演示）"),
    "walnut_sale": (date(2018, 10, 12), "核桃收购单（演示）"),
    "coop_dividend": (date(2018, 11, 10), "合作社分红名册 2018（演示）"),
    "land_rent": (date(2018, 3, 15), "土地流转合同及收据（演示）"),
    "subsistence_allowance": (date(2018, 11, 5), "低保发放名册 2018（演示）"),
    "forest_compensation": (date(2018, 6, 30), "公益林补偿发放表 2018（演示）"),
    "grain_subsidy": (date(2018, 5, 20), "耕地地力保护补贴发放表 2018（演示）"),
    "pension": (date(2018, 11, 8), "养老金银行流水 2018（演示）"),
    "production_cost": (date(2018, 11, 15), "生产支出票据（演示）"),
}


def sheet_income() -> Iterator[Row]:
    """The lines of the four model sheets that no payout entered."""
    for record in world.read("income_sheets"):
        if record["source"] == PACKAGES:
            continue
        day, paper = PAPERS[record["source"]]
        household = record["household_code"]
        yield {
            **_income(household, day, record["source"], hundredths(record["amount_yuan"])),
            "id": dated_id(moment(day, CLOSES), "income_entry", household, record["line_no"]),
            "kind": record["category"],
            "document": paper,
            "one_off": world.yes(record["one_off"]),
            "in_kind": world.yes(record["in_kind"]),
            "entered_at": moment(day, CLOSES),
            "entered_by": user_id(CLERK),
        }
