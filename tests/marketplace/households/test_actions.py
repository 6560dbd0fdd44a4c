"""Cards, proxies and sheets as they are written; the register as it is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import TypeVar
from uuid import UUID

import asyncpg
import pytest

from marketplace import clock
from marketplace.db import DB, PUBLIC, Scope, atomically, scoped
from marketplace.demo.world import card_code, staff_records
from marketplace.errors import NotFound
from marketplace.households import actions, queries
from marketplace.households.rules import (
    CardBlockedAlready,
    CardOpenAlready,
    NoOpenCard,
    Plan,
    ProxyEnded,
    ProxyIsMember,
    ProxyKnown,
    ProxyNotThere,
    ReasonMissing,
    SheetHousehold,
    SheetMember,
)
from marketplace.households.tables import Card, Household, Proxy
from tests import cast
from tests.conftest import World

Result = TypeVar("Result")
WITHOUT_CARD = "JP1-10"
NEW = SheetHousehold(
    code="JP1-90",
    group_code="JP1",
    head_name="高小明",
    given=frozenset(("household_code", "group_code", "head_name", "status", "lifted_year")),
    status="lifted",
    lifted_year=2017,
    size_2014=2,
    members=(SheetMember(1, "高小明", "head", "m", 1970), SheetMember(2, "李小红", "spouse", "f", 1972)),
)


async def as_clerk(verb: Callable[[], Awaitable[Result]]) -> Result:
    return await atomically(verb, await cast.scope_of(cast.CLERK))


async def household(code: str) -> Household:
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        found = await Household.objects().where(Household.code == code).first()
        assert found is not None
        return found


async def open_cards(world: World, code: str) -> list[UUID]:
    return [
        row["id"]
        for row in await world.admin.fetch(
            "select c.id from card c join household h on h.id = c.household where h.code = $1 and blocked_at is null",
            code,
        )
    ]


async def noted(world: World) -> list[tuple[str, str]]:
    rows = await world.admin.fetch("select verb, role from audit_line order by id")
    return [(row["verb"], row["role"]) for row in rows]


# Cards


async def test_a_household_gets_one_card_and_the_act_is_noted(world: World) -> None:
    one = await household(WITHOUT_CARD)

    async def issue() -> UUID:
        return await actions.issue_card(one, pin_hash="x", now=await clock.now())

    card = await as_clerk(issue)
    assert await open_cards(world, WITHOUT_CARD) == [card]
    code = await world.admin.fetchval("select code from card where id = $1", card)
    assert len(code) == 26
    with pytest.raises(CardOpenAlready):
        await as_clerk(issue)
    assert await noted(world) == [("issue_card", "intake_clerk")]


async def test_a_lost_card_is_replaced_with_its_reason(world: World) -> None:
    one, before = await household("JP4-08"), await open_cards(world, "JP4-08")

    async def replace_it(reason: str) -> UUID:
        return await actions.replace_card(one, reason=reason, pin_hash="x", now=await clock.now())

    with pytest.raises(ReasonMissing):
        await as_clerk(lambda: replace_it("  "))
    assert await open_cards(world, "JP4-08") == before
    card = await as_clerk(lambda: replace_it(" 丢失 "))
    assert await open_cards(world, "JP4-08") == [card]
    old = await world.admin.fetchrow("select blocked_reason, blocked_at from card where id = $1", before[0])
    assert (old["blocked_reason"], old["blocked_at"] is not None) == ("丢失", True)


async def test_a_blocked_card_opens_nothing_and_is_blocked_once(world: World) -> None:
    one = await household("JP4-08")
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        row = await Card.objects().where(Card.code == card_code("JP4-08")).first()
    assert row is not None

    async def block() -> None:
        await actions.block_card(one, row, reason="丢失", now=await clock.now())

    await as_clerk(block)
    async with scoped(PUBLIC, readonly=True):
        assert await DB.fetch("select * from card_for_sign_in($1)", card_code("JP4-08")) == []
    with pytest.raises(CardBlockedAlready):
        await as_clerk(block)
    with pytest.raises(NoOpenCard):
        await as_clerk(lambda: actions.set_card_pin(one, pin_hash="y"))


async def test_a_new_pin_ends_the_sessions_of_the_old_one(world: World) -> None:
    one = await household("JP4-04")
    card = (await open_cards(world, "JP4-04"))[0]
    await world.admin.execute(
        "insert into web_session (id, token_hash, card, household, village, created_at, seen_at, expires_at) "
        "values (gen_random_uuid(), sha256('a'), $1, $2, $3, now(), now(), now() + interval '1 hour')",
        card, one.id, one.village,
    )  # fmt: skip
    await as_clerk(lambda: actions.set_card_pin(one, pin_hash="new"))
    assert await world.admin.fetchval("select pin_hash from card where id = $1", card) == "new"
    assert await world.admin.fetchval("select count(*) from web_session where revoked_at is null") == 0


async def test_a_clerk_of_another_village_gives_no_card(world: World) -> None:
    one, before = await household("JP1-10"), await world.count("card")
    stranger = await cast.scope_of(("y04", "intake_clerk"))

    async def issue() -> UUID:
        return await actions.issue_card(one, pin_hash="x", now=await clock.now())

    with pytest.raises(NotFound):
        await atomically(issue, stranger)
    assert (await world.count("card"), await noted(world)) == (before, [])


# Proxies and consent


async def named(one: Household, **given: object) -> UUID:
    asked: dict[str, object] = {
        "name": "彭翠英", "note": "", "lives_in": "", "valid_from": date(2018, 11, 21), "valid_until": None,
    } | given  # fmt: skip
    return await as_clerk(lambda: actions.add_proxy(one, **asked))  # type: ignore[arg-type]


async def test_a_neighbour_is_named_as_proxy_and_known_by_the_register(world: World) -> None:
    proxy = await named(await household("JP4-04"), lives_in="jp4-35")
    row = await world.admin.fetchrow(
        "select p.name, m.code from proxy p join member m on m.id = p.member where p.id = $1", proxy
    )
    assert tuple(row) == ("彭翠英", "JP4-35-2")


async def test_a_proxy_is_refused_who_lives_here_is_known_or_is_not_where_he_should_be(world: World) -> None:
    before = await world.count("proxy")
    with pytest.raises(ProxyIsMember):
        await named(await household("JP4-04"), name="谭有军")
    with pytest.raises(ProxyNotThere):
        await named(await household("JP4-04"), lives_in="JP1-01")
    with pytest.raises(ProxyKnown):
        await named(await household("JP4-02"))
    assert await world.count("proxy") == before


async def test_a_proxy_ends_today_and_once(world: World) -> None:
    one = await household("JP4-02")
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        proxy = await Proxy.objects().first()
    assert proxy is not None

    async def end() -> None:
        await actions.end_proxy(one, proxy, now=await clock.now())

    await as_clerk(end)
    assert await world.admin.fetchval("select valid_until from proxy") == date(2018, 11, 21)
    with pytest.raises(ProxyEnded):
        await as_clerk(end)


async def test_the_household_itself_says_whether_its_label_names_it(world: World) -> None:
    one = await household("JP4-05")
    own = await cast.household_scope(world, "JP4-05")
    await atomically(lambda: actions.let_label_say_name(one, show=True), own)
    assert await world.admin.fetchval("select show_name from household where code = 'JP4-05'") is True


async def test_who_opened_a_status_is_written_down(world: World) -> None:
    one = await household("JP4-04")
    secretary = await cast.scope_of(cast.SECRETARY)
    with pytest.raises(ReasonMissing):
        await atomically(lambda: actions.open_status(one, reason=" "), secretary)
    await atomically(lambda: actions.open_status(one, reason="走访"), secretary)
    row = await world.admin.fetchrow("select verb, on_behalf_of, detail::text from audit_line")
    assert (row["verb"], row["on_behalf_of"], row["detail"]) == ("open_status", one.id, '{"reason": "走访"}')


# Sheets


async def take_in(*households: SheetHousehold, person: tuple[str, str] = cast.SECRETARY) -> Plan:
    scope = await cast.scope_of(person)

    async def verb() -> Plan:
        return await actions.take_in(scope.villages[0], households, by=scope.actor, now=await clock.now())

    return await atomically(verb, scope)


async def test_a_new_household_comes_with_members_keys_and_history(world: World) -> None:
    plan = await take_in(NEW)
    assert (plan.new, plan.changed, plan.members, plan.same) == (1, 0, 2, 0)
    row = await world.admin.fetchrow(
        "select h.id, h.head_name, h.search_keys, g.code as group_code "
        "from household h join village_group g on g.id = h.group where h.code = 'JP1-90'"
    )
    assert (row["head_name"], row["search_keys"], row["group_code"]) == ("高小明", "gxm gaoxiaoming", "JP1")
    members = await world.admin.fetch("select code, name from member where household = $1 order by sequence", row["id"])
    assert [tuple(one) for one in members] == [("JP1-90-1", "高小明"), ("JP1-90-2", "李小红")]
    history = await world.admin.fetch(
        "select status, since, size_then from household_status where household = $1 order by since", row["id"]
    )
    assert [tuple(one) for one in history] == [("poor", date(2014, 1, 1), 2), ("lifted", date(2017, 12, 31), None)]


async def test_the_same_sheet_again_changes_nothing(world: World) -> None:
    await take_in(NEW)
    before = await world.count("household"), await world.count("member"), await world.count("household_status")
    plan = await take_in(NEW)
    assert (plan.changes, plan.same) == ((), 1)
    assert before == (
        await world.count("household"),
        await world.count("member"),
        await world.count("household_status"),
    )


async def test_what_differs_is_changed_and_history_grows(world: World) -> None:
    await take_in(NEW)
    elsewhere = replace(
        NEW,
        group_code="JP1",
        head_name="高大明",
        status="monitored",
        members=(SheetMember(1, "高大明", "head", "m", 1970),),
    )
    plan = await take_in(elsewhere)
    assert plan.changes[0].fields == ("head_name", "status")
    row = await world.admin.fetchrow("select id, head_name, search_keys from household where code = 'JP1-90'")
    assert (row["head_name"], row["search_keys"]) == ("高大明", "gdm gaodaming")
    assert await world.admin.fetchval("select name from member where code = 'JP1-90-1'") == "高大明"
    latest = await world.admin.fetchrow(
        "select status, since from household_status where household = $1 order by since desc", row["id"]
    )
    assert tuple(latest) == ("monitored", date(2018, 11, 21))


async def test_the_whole_register_is_taken_in_at_once(world: World) -> None:
    many = [
        replace(NEW, code=f"JP1-{number}", members=(SheetMember(1, "高小明", "head", "m", 1970),))
        for number in range(1000, 2200)
    ]
    assert (await take_in(*many)).new == 1200
    assert await world.count("household") == 264 + 1200


async def test_a_sheet_of_another_village_writes_nothing_there(world: World) -> None:
    before = await world.count("household")
    with pytest.raises(NotFound):
        await take_in(NEW, person=("y01", "branch_secretary"))
    assert await world.count("household") == before


# Reading


async def found(words: str, **asked: object) -> list[str]:
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        return [row.code for row in (await queries.search(words, **asked)).rows]  # type: ignore[arg-type]


async def test_a_household_is_found_by_name_keys_number_and_card(world: World) -> None:
    for words in ("谭有军", "tyj", "tanyoujun", "JP4-04", "4-4", "404", card_code("JP4-04")):
        assert await found(words) == ["JP4-04"], words


async def test_namesakes_come_with_group_and_year_of_birth(world: World) -> None:
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        rows = (await queries.search("何世发")).rows
    assert [(row.group.number, row.birth_year) for row in rows] == [(1, 1969), (4, 1956)]


async def test_local_speech_is_tolerated_in_a_second_pass(world: World) -> None:
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        first, second = await queries.search("hsf"), await queries.search("hsh")
    assert ([row.code for row in first.rows], first.tolerant) == (["JP1-08", "JP4-34"], False)
    assert ([row.code for row in second.rows], second.tolerant) == (["JP1-08", "JP4-34"], True)


async def test_recent_households_and_their_group_come_first(world: World) -> None:
    assert await found("何世发", recent=["JP4-34"]) == ["JP4-34", "JP1-08"]
    assert await found("何世发", recent=["JP4-04"]) == ["JP4-34", "JP1-08"]


async def test_a_member_leads_to_the_household(world: World) -> None:
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        rows = (await queries.search("贺子杰")).rows
    assert [(row.code, row.matched) for row in rows] == [("JP1-01", "贺子杰")]


async def test_groups_filter_and_pages_turn(world: World) -> None:
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        everybody, group, last = (
            await queries.search(""),
            await queries.search("", group="JP4"),
            await queries.search("", page=6),
        )
    assert (everybody.total, everybody.pages, len(everybody.rows)) == (262, 6, 50)
    assert (group.total, {row.group.number for row in group.rows}) == (38, {4})
    assert len(last.rows) == 12


async def test_another_village_and_strangers_find_nobody(world: World) -> None:
    async with scoped(await cast.scope_of(("y04", "intake_clerk")), readonly=True):
        assert (await queries.search("谭有军")).total == 0
        assert (await queries.search("")).total == 2
    async with scoped(PUBLIC, readonly=True):
        assert (await queries.search("")).total == 0
        with pytest.raises(NotFound):
            await queries.household(await world.id_of("household", "JP4-04"))


async def test_kin_of_the_inspector_is_told(world: World) -> None:
    one = await household("JP3-09")
    async with scoped(await cast.scope_of(cast.CLERK), readonly=True):
        kin = (await queries.kin(one.id))[0]
    assert (kin.relative, kin.relation, kin.person, kin.recusal, kin.roles) == (
        "黄文全",
        "brother",
        "黄文斌",
        True,
        ("inspector",),
    )


async def test_a_household_sees_itself_and_no_kin(world: World) -> None:
    one = await household("JP3-09")
    async with scoped(await cast.household_scope(world, "JP3-09"), readonly=True):
        assert (await queries.household(one.id)).head_name == "黄文全"
        assert len(await queries.members(one.id)) == 3
        assert await queries.kin(one.id) == []
        assert (await queries.search("")).total == 1


# The demo's people


async def test_the_demo_holds_its_people_in_their_roles(world: World) -> None:
    rows = await world.admin.fetch('select login, role from role_grant g join app_user u on u.id = g."user"')
    held = {(row["login"], row["role"]) for row in rows}
    assert {("s02", "village_director"), ("s02", "inspector"), ("s19", "cashier"), ("s09", "store_clerk")} <= held
    assert len(staff_records()) == 24
    assert await world.count("member") == 854
    assert await world.count("resident") == 8


async def test_the_demo_begins_on_its_morning(world: World) -> None:
    moment = await world.admin.fetchval("select business_now()")
    assert clock.business_day(moment) == date(2018, 11, 21)


async def test_no_scope_no_household_even_by_raw_sql(world: World) -> None:
    async with scoped(Scope(role="intake_clerk"), readonly=True):
        assert await DB.fetch_value("select count(*) from household") == 0
        assert await DB.fetch_value("select count(*) from member") == 0


async def test_the_database_refuses_a_second_open_card(world: World) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await world.admin.execute(
            "insert into card (id, household, village, code, issued_at) "
            "select gen_random_uuid(), household, village, 'SECOND', now() from card limit 1"
        )
