"""The one act and what stands against it. The figures and people are those of story.csv, rows 1 to 4."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from marketplace import clock
from marketplace.cash.rules import CashShort, DrawerClosed
from marketplace.db import atomically
from marketplace.errors import Refusal
from marketplace.intake import actions as intake
from marketplace.intake import rules
from marketplace.packages.rules import NotFromHere, SumTooSmall
from marketplace.stock.rules import NotOnHand
from tests.cast import (
    CASHIER,
    DEPUTY_CASHIER,
    DEPUTY_INSPECTOR,
    INSPECTOR,
    INSPECTORS_BROTHER,
    SECRETARY,
    TAN,
    scope_of,
)
from tests.conftest import World
from tests.counter import inspected, open_drawer, paid, sold, weighed

EVERYTHING = ("payout", "acceptance", "transfer", "income_entry", "stock_unit", "stock_movement", "cash_entry", "offer")


async def counts(world: World) -> dict[str, int]:
    return {table: await world.count(table) for table in EVERYTHING}


async def test_one_act_writes_every_part(world: World) -> None:
    await open_drawer(world)
    before = await counts(world)
    package = await weighed(world, TAN)
    await inspected(package)
    await paid(package)
    after = await counts(world)
    assert {table: after[table] - before[table] for table in EVERYTHING} == dict.fromkeys(EVERYTHING, 1)
    row = await world.admin.fetchrow(
        "select p.state, x.voucher_number, x.amount_fen, e.amount_fen as income, e.document, u.state as unit, o.contents, "
        "u.packed_on::text, u.best_before::text, u.sell_by::text from package p join payout x on x.package = p.id "
        "join acceptance a on a.package = p.id join income_entry e on e.id = a.income_entry "
        "join stock_unit u on u.package = p.id join offer o on o.id = u.offer where p.id = $1",
        package,
    )
    assert dict(row) == {
        "state": "paid", "voucher_number": 1, "amount_fen": 10_000, "income": 10_000, "document": "JP-2018-0001",
        "unit": "on_hand", "contents": "EGG:30;SOY:4000", "packed_on": "2018-11-21", "best_before": "2018-12-11",
        "sell_by": "2018-12-06",
    }  # fmt: skip


async def test_story_2_three_eggs_cracked_become_soybeans(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, TAN, [("EGG", 27), ("SOY", 4600)])
    await inspected(package)
    await paid(package)
    assert await world.admin.fetchval("select contents from offer") == "EGG:27;SOY:4600"


async def test_weighing_a_sum_that_is_not_hundred_writes_nothing(world: World) -> None:
    before = await world.count("package")
    with pytest.raises(SumTooSmall) as refused:
        await weighed(world, TAN, [("EGG", 30), ("SOY", 3900)])
    assert (refused.value.values["gap"], await world.count("package")) == ("1.00", before)


async def test_story_3_inspector_may_not_check_his_brother(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, INSPECTORS_BROTHER)
    with pytest.raises(rules.InspectorIsKin) as refused:
        await inspected(package, INSPECTOR)
    assert refused.value.values["name"] == "黄文斌"
    await inspected(package, DEPUTY_INSPECTOR)
    await paid(package)


async def test_cashiers_own_household_is_paid_by_the_deputy(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, "JP2-33")
    await inspected(package)
    with pytest.raises(rules.CashierIsKin):
        await paid(package, CASHIER)
    await paid(package, DEPUTY_CASHIER)


async def test_story_4_proxy_collects_after_a_call_is_noted(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, "JP4-02")
    await inspected(package)
    with pytest.raises(rules.CallTheHead):
        await paid(package, received_by="proxy", receiver="彭翠英")
    await paid(package, received_by="proxy", receiver="彭翠英", receiver_note="called 郑素琴 09:20, agreed")
    second = await weighed(world, "JP4-02")
    await inspected(second)
    await paid(second, received_by="proxy", receiver="彭翠英")


async def test_stranger_needs_a_note(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, TAN)
    await inspected(package)
    with pytest.raises(rules.NoteMissing):
        await paid(package, received_by="other", receiver="neighbour")


async def test_not_inspected_is_not_paid(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, TAN)
    before = await counts(world)
    with pytest.raises(rules.NotInspected):
        await paid(package)
    assert await counts(world) == before


async def test_who_checks_does_not_pay(world: World) -> None:
    await world.admin.execute(
        'insert into role_grant (id, "user", role, scope_kind, scope, valid_from) select gen_random_uuid(), g."user", '
        "'cashier', 'village', g.scope, g.valid_from from role_grant g join app_user u on u.id = g.\"user\" "
        "where u.login = 's05' and g.role = 'inspector'"
    )
    await open_drawer(world)
    package = await weighed(world, TAN)
    await inspected(package)
    with pytest.raises(rules.SameHands):
        await paid(package, ("s05", "cashier"))


async def test_missing_look_is_named(world: World) -> None:
    package = await weighed(world, TAN)
    scope = await scope_of(INSPECTOR)

    async def verb() -> None:
        assert scope.actor is not None
        await intake.inspect(package, inspector=scope.actor, ticked=["EGG.candled"], proof="session", now=await clock.now())

    with pytest.raises(rules.ChecksMissing):
        await atomically(verb, scope)
    assert await world.count("inspection") == 0


async def test_closed_drawer_pays_nothing(world: World) -> None:
    package = await weighed(world, TAN)
    await inspected(package)
    before = await counts(world)
    with pytest.raises(DrawerClosed):
        await paid(package)
    assert await counts(world) == before


async def test_empty_drawer_pays_nothing(world: World) -> None:
    await open_drawer(world, float_fen=10_000)
    first, second = await weighed(world, TAN), await weighed(world, "JP4-06")
    await inspected(first)
    await inspected(second)
    await paid(first)
    before = await counts(world)
    with pytest.raises(CashShort):
        await paid(second)
    assert await counts(world) == before


async def test_two_cashiers_at_one_drawer_never_go_below_zero(world: World) -> None:
    await open_drawer(world, float_fen=30_000)
    packages = [await weighed(world, f"JP1-{number:02d}") for number in range(1, 9)]
    for package in packages:
        await inspected(package)
    tries = await asyncio.gather(
        *(paid(package, (CASHIER, DEPUTY_CASHIER)[at % 2]) for at, package in enumerate(packages)), return_exceptions=True
    )
    refused = [one for one in tries if isinstance(one, BaseException)]
    assert {type(one) for one in refused} == {CashShort}
    assert len(refused) == 5
    assert await world.admin.fetchval("select balance from ledger_account where kind = 'drawer' and balance <> 0") is None


async def test_one_package_is_paid_once_whoever_tries(world: World) -> None:
    await open_drawer(world)
    package = await weighed(world, TAN)
    await inspected(package)
    tries = await asyncio.gather(*(paid(package) for _ in range(10)), return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in tries) == 1
    assert {type(one) for one in tries if isinstance(one, BaseException)} == {rules.PaidAlready}
    assert await world.count("payout") == 1


async def test_vouchers_have_no_gap_after_a_refusal(world: World) -> None:
    await open_drawer(world)
    for household in ("JP1-01", "JP1-02"):
        await sold(world, household)
    package = await weighed(world, "JP1-03")
    await inspected(package)
    with pytest.raises(rules.NoteMissing):
        await paid(package, received_by="other")
    await paid(package)
    numbers = await world.admin.fetch("select voucher_number from payout order by 1")
    assert [row[0] for row in numbers] == [1, 2, 3]


async def test_payment_undone_after_its_voucher_was_numbered_leaves_no_gap(world: World) -> None:
    await sold(world, "JP1-01")
    package = await weighed(world, "JP1-02")
    await inspected(package)
    with pytest.raises(RuntimeError):
        await pay_and_fail(package)
    await paid(package)
    numbers = await world.admin.fetch("select voucher_number from payout order by 1")
    assert [row[0] for row in numbers] == [1, 2]


async def pay_and_fail(package: UUID) -> None:
    """The whole act, and then something goes wrong before it is committed."""
    scope = await scope_of(CASHIER)
    assert scope.actor is not None
    by = scope.actor

    async def verb() -> None:
        await intake.accept_and_pay(
            package, cashier=by, proof="session", received_by="head", receiver="x", receiver_note="", signed="signature",
            now=await clock.now(),
        )  # fmt: skip
        raise RuntimeError("the lamp went out")

    await atomically(verb, scope)


async def reversed_by(package: object, first: tuple[str, str], second: tuple[str, str], reason: str = "wrong household") -> None:
    one, two = await scope_of(first), await scope_of(second)

    async def verb() -> None:
        assert one.actor is not None
        assert two.actor is not None
        await intake.reverse(package, first=one.actor, second=two.actor, reason=reason, now=await clock.now())  # type: ignore[arg-type]

    await atomically(verb, one)


async def test_reversal_by_two_undoes_money_income_and_stock(world: World) -> None:
    package = await sold(world, TAN)
    await reversed_by(package, CASHIER, SECRETARY)
    row = await world.admin.fetchrow(
        "select p.state, u.state as unit, (select sum(amount_fen) from income_entry where household = p.household)::int as income, "
        "(select balance from ledger_account where kind = 'drawer' and balance <> 0)::int as drawer "
        "from package p join stock_unit u on u.package = p.id where p.id = $1",
        package,
    )
    assert dict(row) == {"state": "reversed", "unit": "reversed", "income": 0, "drawer": 100_000}
    with pytest.raises(rules.NotReversible):
        await reversed_by(package, CASHIER, SECRETARY)


async def test_reversal_needs_two_persons_and_a_reason(world: World) -> None:
    package = await sold(world, TAN)
    with pytest.raises(rules.ReasonMissing):
        await reversed_by(package, CASHIER, SECRETARY, reason=" ")
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await reversed_by(package, CASHIER, CASHIER)
    assert refused.value.constraint_name == "reversal_two_persons"


async def test_package_held_for_a_buyer_is_not_reversed(world: World) -> None:
    package = await sold(world, TAN)
    await world.admin.execute("set session_replication_role = replica")
    await world.admin.execute("update stock_unit set state = 'under_way' where package = $1", package)
    await world.admin.execute("set session_replication_role = origin")
    with pytest.raises(NotOnHand):
        await reversed_by(package, CASHIER, SECRETARY)


async def test_sent_back_with_its_reason_and_nothing_paid(world: World) -> None:
    package = await weighed(world, TAN)
    scope = await scope_of(INSPECTOR)

    async def send(reason: str, words: str = "") -> None:
        async def verb() -> None:
            assert scope.actor is not None
            await intake.send_back(package, reason=reason, words=words, by=scope.actor, now=await clock.now())

        await atomically(verb, scope)

    with pytest.raises(Refusal):
        await send("other")
    await send("stale_eggs")
    with pytest.raises(NotFromHere):
        await send("stale_eggs")
    assert await world.admin.fetchval("select state from package where id = $1", package) == "sent_back"
    assert await world.count("payout") == 0
