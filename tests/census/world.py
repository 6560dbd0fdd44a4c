"""One prepared state on top of the base world: a row in every table, a package in every stage. Never committed.

The walk is raw SQL as the app role through every trigger, so that what is prepared is what the laws allow.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import asyncpg

from marketplace.db import SET_SCOPE, Scope

Role = Literal["market_app", "market_owner"]
APP: Role = "market_app"
OWNER: Role = "market_owner"

MORNING = "2018-11-21T09:00:00+08:00"
TODAY, YESTERDAY = "2018-11-21", "2018-11-20"
BROUGHT_FEN, SHORT_FEN, FLOAT_FEN = 20_000, 5_000, 80_000  # yesterday's float and shortage, today's float
OPENING_FEN = BROUGHT_FEN - SHORT_FEN
IN_DRAWER_FEN = OPENING_FEN + FLOAT_FEN - 5 * 10_000 + 10_000  # after five payouts and a reversal
RETAIL_FEN = 14_000

_COLUMNS = """
select attname from pg_attribute
where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""
_KEY = """
select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
where i.indrelid = $1::text::regclass and i.indisprimary
"""
_NAMED = re.compile(r"(?<![:\w]):([a-z_]+)")


def quoted(name: str) -> str:
    """An identifier as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


@dataclass
class Prepared:
    """The superuser's connection inside the one open transaction, and the ids of what stands in it by name."""

    connection: asyncpg.Connection
    ids: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Everything inside is taken back, roles and settings too."""
        point = self.connection.transaction()
        await point.start()
        try:
            yield
        finally:
            await point.rollback()

    async def act_as(self, role: Role, scope: Scope | None = None) -> None:
        """Speak as that role from here to the end of the savepoint; without a scope as staff of the village."""
        await self.connection.execute(f"set local role {role}")
        await self.connection.fetchrow(SET_SCOPE, *(scope or self.scope).settings())

    @property
    def scope(self) -> Scope:
        """Staff of the prepared village, its office and its store, and the house's own jobs in one."""
        return Scope(
            actor=self.ids["clerk"],
            role="system",
            villages=(self.ids["village"],),
            places=(self.ids["office"], self.ids["store"]),
        )

    def value(self, name: str) -> Any:
        """What stands under that name; a name that begins with `new` is born when it is first asked for."""
        if name.startswith("new"):
            self.ids.setdefault(name, uuid4())
        return self.ids[name]

    async def run(self, sql: str) -> Any:
        """The first column of the first row of a statement, in which `:name` stands for a prepared id."""
        names = list(dict.fromkeys(_NAMED.findall(sql)))
        bound = _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", sql)
        return await self.connection.fetchval(bound, *(self.value(name) for name in names))

    async def columns(self, table: str) -> list[str]:
        """The columns of a table that may be written."""
        return [row[0] for row in await self.connection.fetch(_COLUMNS, quoted(table))]

    async def key(self, table: str) -> str:
        """The (first) column of a table's primary key."""
        if table not in self.keys:  # a break may have dropped it meanwhile
            self.keys[table] = await self.connection.fetchval(_KEY, quoted(table))
        return self.keys[table]

    async def row(self, table: str, name: str | None = None) -> dict[str, Any]:
        """A prepared row as JSON values, as the superuser sees it; the table's sample without a name."""
        found = await self.connection.fetchval(
            f"select to_jsonb(t) from {quoted(table)} t where {quoted(await self.key(table))} = $1",
            self.ids[name or table],
        )
        assert found is not None, f"no row {name or table}"
        row: dict[str, Any] = json.loads(found)
        return row

    def resolved(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values in which ':name' stands for a prepared id, as JSON has them."""
        return {
            column: str(self.value(value[1:])) if isinstance(value, str) and _NAMED.fullmatch(value) else value
            for column, value in values.items()
        }

    async def insert(self, table: str, row: Mapping[str, Any], returning: str = "") -> Any:
        """Write a row of JSON values; columns that are not named keep their defaults."""
        names = ", ".join(quoted(column) for column in row)
        return await self.connection.fetchval(
            f"insert into {quoted(table)} ({names}) select {names} "
            f"from jsonb_populate_record(null::{quoted(table)}, $1) {returning}",
            json.dumps(row),
        )

    async def put(self, name: str, table: str, **values: Any) -> None:
        """Write a row with a new id and remember it under that name."""
        await self.insert(table, {"id": str(self.value("new")), **self.resolved(values)})
        self.ids[name] = self.ids.pop("new")

    async def count(self, name: str, table: str, **values: Any) -> None:
        """Write a row whose id the database counts and remember it under that name."""
        self.ids[name] = await self.insert(table, self.resolved(values), "returning id")


async def prepare(connection: asyncpg.Connection) -> Prepared:
    """Build the state inside the open transaction, with every deferred law asked once."""
    world = Prepared(connection)
    await connection.execute("update business_clock set shift = $1::text::timestamptz - clock_timestamp()", MORNING)
    await find_base(world)
    await world.act_as(APP)
    await write_journal(world)
    await sign_in(world)
    await open_drawers(world)
    await fill_packages(world)
    await sell(world)
    await connection.execute("set constraints all immediate")
    await connection.execute("set constraints all deferred")
    await connection.execute("reset role")
    await find_samples(world)
    return world


BASE = {
    "village": "select id from village where code = 'JP'",
    "other_village": "select id from village where code = 'YL'",
    "office": "select id from place where code = 'PO-JP'",
    "store": "select id from place where code = 'VS-JP01'",
    "other_store": "select id from place where code = 'VS-YL01'",
    "online": "select id from place where kind = 'online'",
    "drawer": "select id from drawer where place = :office",
    "drawer_account": "select account from drawer where place = :office",
    "store_drawer": "select id from drawer where place = :store",
    "store_account": "select account from drawer where place = :store",
    "closed_drawer": "select d.id from drawer d join place p on p.id = d.place where p.code = 'ST-XA01'",
    "closed_account": "select account from drawer where id = :closed_drawer",
    "clerk": "select id from app_user where login = 's04'",
    "inspector": "select id from app_user where login = 's05'",
    "director": "select id from app_user where login = 's02'",
    "cashier": "select id from app_user where login = 's07'",
    "deputy": "select id from app_user where login = 's19'",
    "keeper": "select id from app_user where login = 's09'",
    "customer": "select id from app_user where kind = 'customer'",
    "acting": 'select id from role_grant where "user" = :clerk',
    "household": "select id from household where code = 'JP4-06'",
    "second_household": "select id from household where code = 'JP4-05'",
    "inspectors_brother": "select id from household where code = 'JP3-09'",
    "cashiers_household": "select id from household where code = 'JP2-33'",
    "other_household": "select id from household where code = 'YL1-01'",
    "member": "select id from member where code = 'JP4-06-1'",
    "group": 'select "group" from household where id = :household',
    "other_group": "select id from village_group where village = :village and id <> :group limit 1",
    "other_member": "select id from member where code = 'YL1-01-1'",
    "card": "select id from card where village = :village limit 1",
    "card_household": "select household from card where id = :card",
    "free_household": "select id from household where village = :village and id not in (select household from card)"
    " limit 1",
    "eggs": "select id from product where code = 'EGG'",
    "soy": "select id from product where code = 'SOY'",
    "honey": "select id from product where code = 'HON'",
    "recipe": "select id from recipe where code = 'P01'",
}


async def find_base(world: Prepared) -> None:
    """Name the rows of the base world that the walk and the breaks speak of."""
    for name, sql in BASE.items():
        world.ids[name] = await world.run(sql)
        assert world.ids[name] is not None, name


async def find_samples(world: Prepared) -> None:
    """Every table has a sample row under its own name: the prepared one, or any."""
    tables = await world.connection.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    for (table,) in tables:
        if table not in world.ids and (key := await world.key(table)):
            columns = await world.columns(table)
            ours = f"{quoted('village')} = :village" if "village" in columns else "true"
            world.ids[table] = await world.run(f"select {quoted(key)} from {quoted(table)} where {ours} limit 1")


# The journal, and people who sign in


async def write_journal(world: Prepared) -> None:
    hash_of = "\\x" + "07" * 32
    common = {"actor": ":clerk", "route": "/office", "input_hash": hash_of, "at": MORNING}
    for name, money in (("command", True), ("open_command", False)):
        await world.insert("command", world.resolved({"key": f":new_{name}", "money": money, **common}))
        world.ids[name] = world.ids.pop(f"new_{name}")
    await world.run("update command set status = 303, answer = '{}' where key = :command")
    await world.count("audit_line", "audit_line", village=":village", role="clerk", verb="test", subject="", detail={})
    world.ids["seal_entry"] = await world.run(
        "insert into seal_entry (chain, sequence, source, source_id, row_hash, previous, hash, at) "
        "select 'JP', 1, 'audit', :audit_line, one, zero, sha256(zero || one), business_now() "
        "from (select sha256('1') as one, decode(repeat('00', 32), 'hex') as zero) hashes returning id"
    )


async def sign_in(world: Prepared) -> None:
    times = {"created_at": MORNING, "seen_at": MORNING, "expires_at": "2018-11-21T17:00:00+08:00"}
    await world.put(
        "web_session", "web_session", token_hash="\\x" + "01" * 32, user=":clerk", acting=":acting", **times
    )
    await world.put(
        "card_session", "web_session", token_hash="\\x" + "02" * 32, card=":card", household=":card_household",
        village=":village", **times,
    )  # fmt: skip
    await world.insert("sign_in_delay", {"key": "address", "failures": 1, "first_at": MORNING, "until": MORNING})
    world.ids["sign_in_delay"] = "address"


# Money in the drawers


async def open_drawers(world: Prepared) -> None:
    """The office: a closed day with an explained difference, then today; the store: today."""
    for name, kind, subject in (("float_source", "float_source", "KD"), ("purchases", "purchases", "JP"),
                                ("sales", "sales", "VS-JP01"), ("difference", "cash_difference", "PO-JP")):  # fmt: skip
        await account(world, name, kind, subject)
    await open_day(world, "closed_day", "drawer", YESTERDAY, 0)
    await post(world, "float_transfer", "drawer_account", "float_source", BROUGHT_FEN, kind="float")
    await post(world, "difference_transfer", "difference", "drawer_account", SHORT_FEN, kind="cash_difference")
    await world.put("closing_count", "cash_count", drawer_day=":closed_day", occasion="closing", denomination_fen=5000,
                    pieces=3)  # fmt: skip
    await world.run(
        "update drawer_day set state = 'closed', closed_at = business_now(), closed_by = :cashier, "
        "expected_fen = 20000, counted_fen = 15000, reason = 'a note is missing', second = :deputy "
        "where id = :closed_day"
    )
    await open_day(world, "drawer_day", "drawer", TODAY, OPENING_FEN)
    await world.put("cash_count", "cash_count", drawer_day=":drawer_day", occasion="opening", denomination_fen=10000,
                    pieces=10)  # fmt: skip
    await post(world, "transfer", "drawer_account", "float_source", FLOAT_FEN, kind="float")
    world.ids["cash_entry"] = await world.run("select id from cash_entry where transfer = :transfer")
    await open_day(world, "store_day", "store_drawer", TODAY, 0)


async def account(world: Prepared, name: str, kind: str, subject: str) -> None:
    await world.put(
        name, "ledger_account", unit="fen", kind=kind, subject=subject, floor_zero=False, kept=False, balance=0
    )


async def open_day(world: Prepared, name: str, drawer: str, day: str, opening: int) -> None:
    await world.put(
        name, "drawer_day", drawer=f":{drawer}", village=":village", day=day, state="open",
        opened_at=f"{day}T09:00:00+08:00", opened_by=":cashier", opening_fen=opening,
    )  # fmt: skip


async def post(
    world: Prepared, name: str, debit: str, credit: str, amount: int, reference: str | None = None, kind: str = "test"
) -> None:
    await world.count(
        name, "transfer", unit="fen", debit=f":{debit}", credit=f":{credit}", amount=amount, kind=kind, at=MORNING,
        village=":village", reference=reference and f":{reference}",
    )  # fmt: skip


# Packages in every stage


async def fill_packages(world: Prepared) -> None:
    """One package a stage: draft, weighed, inspected, paid (sold, ordered, given back, free), reversed, sent back."""
    for name, household in (("draft", "household"), ("weighed", "household"), ("inspected", "household"),
                            ("returned", "household"), ("withdrawn", "household"), ("sold", "household"),
                            ("ordered", "second_household"), ("released", "second_household"),
                            ("free", "second_household"), ("reversed", "second_household")):  # fmt: skip
        await draft(world, name, household)
    await draft(world, "brothers_package", "inspectors_brother")
    await world.run("update package set state = 'withdrawn' where id = :withdrawn")
    await world.put("send_back", "send_back", package=":returned", village=":village", reason="cracked_eggs", words="",
                    by=":inspector", at=MORNING)  # fmt: skip
    await world.run("update package set state = 'sent_back' where id = :returned")
    for name in ("weighed", "inspected", "sold", "ordered", "released", "free", "reversed"):
        await weigh(world, name)
    for name in ("inspected", "sold", "ordered", "released", "free", "reversed"):
        await inspect(world, name)
    for name, household in (("sold", "household"), ("ordered", "second_household"), ("released", "second_household"),
                            ("free", "second_household"), ("reversed", "second_household")):  # fmt: skip
        await accept(world, name, household)
    await reverse(world, "reversed")
    world.ids["package"] = world.ids["draft"]
    world.ids["package_line"] = world.ids["draft_line"]
    for table in ("inspection", "payout", "acceptance", "stock_unit", "stock_movement", "income_entry"):
        world.ids[table] = world.ids[f"sold_{table}"]


async def draft(world: Prepared, name: str, household: str) -> None:
    await world.put(
        name, "package", code=name, household=f":{household}", village=":village", recipe=":recipe", state="draft",
        intake_on=TODAY, drafted_at=MORNING, for_household=True,
    )  # fmt: skip
    for line, product, quantity, price in (("line", "eggs", 25, 200), ("soy", "soy", 5000, 1000)):
        await world.put(
            f"{name}_{line}", "package_line", package=f":{name}", village=":village", product=f":{product}",
            quantity=quantity, weighed=quantity, price_fen=price, amount_fen=5000,
        )  # fmt: skip


async def weigh(world: Prepared, name: str) -> None:
    await world.run(
        f"update package set state = 'weighed', weighed_at = '{MORNING}', weighed_by = :clerk where id = :{name}"
    )


async def inspect(world: Prepared, name: str) -> None:
    await world.put(
        f"{name}_inspection", "inspection", package=f":{name}", village=":village", inspector=":inspector", passed=True,
        checks={}, proof="pin", at=MORNING,
    )  # fmt: skip
    await world.run(f"update package set state = 'inspected' where id = :{name}")


async def accept(world: Prepared, name: str, household: str) -> None:
    """The one act: payout, voucher, income, acceptance, paid, in stock."""
    common = {"household": f":{household}", "village": ":village"}
    payout = f"{name}_payout"
    world.ids[payout] = uuid4()
    await post(world, f"{name}_transfer", "purchases", "drawer_account", 10_000, payout, "payout")
    await world.insert(
        "payout",
        world.resolved({
            "id": f":{payout}", "package": f":{name}", "amount_fen": 10_000, "transfer": world.ids[f"{name}_transfer"],
            "drawer_day": ":drawer_day", "cashier": ":cashier", "proof": "session", "received_by": "head",
            "receiver": "head", "receiver_note": "", "signed": "signature", "at": MORNING, **common,
        }),
    )  # fmt: skip
    await earn(world, f"{name}_income_entry", household)
    await world.put(
        f"{name}_acceptance", "acceptance", package=f":{name}", inspection=f":{name}_inspection",
        payout=f":{name}_payout", income_entry=f":{name}_income_entry", at=MORNING, **common,
    )  # fmt: skip
    await world.run(f"update package set state = 'paid' where id = :{name}")
    await put_in_stock(world, name)


async def earn(world: Prepared, name: str, household: str, **change: Any) -> None:
    await world.put(
        name, "income_entry",
        **{
            "household": f":{household}", "village": ":village", "year": 2018, "earned_on": TODAY, "kind": "business",
            "source": "hundred_yuan_package", "amount_fen": 10_000, "document": "voucher", "one_off": False,
            "in_kind": False, "memo": False, "entered_at": MORNING, **change,
        },
    )  # fmt: skip


async def put_in_stock(world: Prepared, name: str) -> None:
    if "offer" not in world.ids:
        await world.put(
            "offer", "offer", code="offer", village=":village", contents="EGG:25;SOY:5000", recipe=":recipe",
            name_zh="鸡蛋黄豆", name_en="Eggs and soybeans", search_text="鸡蛋黄豆 jdhd", price_fen=RETAIL_FEN,
            created_at=MORNING,
        )  # fmt: skip
    await world.put(
        f"{name}_stock_unit", "stock_unit", package=f":{name}", offer=":offer", village=":village", group=":group",
        place=":office", state="on_hand", packed_on=TODAY, sell_by="2018-12-05", best_before="2018-12-21",
    )  # fmt: skip
    await move(world, f"{name}_stock_movement", name, "stocked")


async def move(world: Prepared, name: str, package: str, kind: str, **more: Any) -> None:
    await world.count(name, "stock_movement", package=f":{package}", kind=kind, place=":office", at=MORNING, note="",
                      **more)  # fmt: skip


async def reverse(world: Prepared, name: str) -> None:
    """An acceptance taken back by two persons."""
    await world.count(
        "reversing_transfer", "transfer", unit="fen", debit=":drawer_account", credit=":purchases", amount=10_000,
        kind="reversal", reverses=world.ids[f"{name}_transfer"], at=MORNING, village=":village",
    )  # fmt: skip
    await earn(world, "reversing_income", "second_household", amount_fen=-10_000, reverses=f":{name}_income_entry")
    await world.put(
        "reversal", "reversal", package=f":{name}", village=":village", acceptance=f":{name}_acceptance",
        transfer=":reversing_transfer", income_entry=":reversing_income", first=":director", second=":deputy",
        reason="wrong household", at=MORNING,
    )  # fmt: skip
    await world.run(f"update package set state = 'reversed' where id = :{name}")
    await world.run(f"update stock_unit set state = 'reversed' where package = :{name}")
    await move(world, "reversed_movement", name, "reversed")


# Orders: one held, one given back, one handed over


async def sell(world: Prepared) -> None:
    await order(world, "held_order", "ordered", "1001")
    await order(world, "cancelled_order", "released", "1002")
    await world.run("update sales_order set state = 'cancelled' where id = :cancelled_order")
    await world.run('update order_line set live = false where "order" = :cancelled_order')
    await world.run("update stock_unit set state = 'on_hand' where package = :released")
    await order(world, "done_order", "sold", "1003")
    await world.run("update sales_order set state = 'placed' where id = :done_order")
    await post(world, "payment_transfer", "store_account", "sales", RETAIL_FEN, "done_order", "sale")
    await world.put(
        "payment", "payment", payable=":done_order", provider="cash", event="till-1", amount_fen=RETAIL_FEN,
        state="captured", place=":store", transfer=":payment_transfer", at=MORNING,
    )  # fmt: skip
    await world.run("update sales_order set state = 'paid' where id = :done_order")
    await world.put("handover", "handover", order=":done_order", payment=":payment", place=":store", by=":keeper",
                    at=MORNING)  # fmt: skip
    await world.run("update sales_order set state = 'handed_over' where id = :done_order")
    await world.run("update stock_unit set state = 'handed_over' where package = :sold")
    await move(world, "handed_over_movement", "sold", "handed_over", order=":done_order", price_fen=RETAIL_FEN)
    world.ids["sales_order"] = world.ids["held_order"]
    world.ids["order_line"] = world.ids["held_order_line"]
    world.ids["order_event"] = world.ids["held_order_event"]


async def order(world: Prepared, name: str, package: str, code: str) -> None:
    await world.run(f"update stock_unit set state = 'held' where package = :{package}")
    await world.put(
        name, "sales_order", code=name, customer=":customer", place=":store", state="held", total_fen=RETAIL_FEN,
        pickup_code=code, hold_until="2018-11-21T09:30:00+08:00", at=MORNING,
    )  # fmt: skip
    await world.put(f"{name}_line", "order_line", order=f":{name}", package=f":{package}", offer=":offer",
                    price_fen=RETAIL_FEN, live=True)  # fmt: skip
    await world.put(f"{name}_event", "order_event", order=f":{name}", state="held", at=MORNING)
