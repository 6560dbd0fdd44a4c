"""Signing in and out, acting as, the second person's PIN, secrets, waits."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from marketplace import keys, passwords
from marketplace.accounts import actions, queries
from marketplace.accounts.rules import (
    ContactTaken,
    NotTheRole,
    PasswordTooShort,
    PasswordUnchanged,
    RoleNotHeld,
    SamePerson,
    ScopeNotForRole,
    Signed,
    TooManyTries,
    WrongCredentials,
    WrongPin,
)
from marketplace.db import PUBLIC, Scope, atomically
from marketplace.demo.world import CARD_PIN, CUSTOMER, PASSWORD, PIN, card_code
from marketplace.errors import NotFound
from tests.cast import CASHIER, CLERK, DEPUTY_INSPECTOR, INSPECTOR, scope_of, user_id
from tests.conftest import World

HERE = "203.0.113.7"


async def signed(opened: actions.Opened) -> Signed | None:
    return await queries.signed_by(keys.token_hash(opened.token))


async def must(opened: actions.Opened) -> Signed:
    found = await signed(opened)
    assert found is not None
    return found


# ---------- signing in ----------


async def test_staff_with_one_role_act_in_it_at_once(world: World) -> None:
    cashier = await must(await actions.sign_in("S07", PASSWORD, HERE))
    assert (cashier.name, cashier.role, cashier.span, cashier.kind) == ("程建军", "cashier", "village", "staff")
    assert cashier.villages == (await world.id_of("village", "JP"),)
    assert (cashier.scope_zh, cashier.scope_en, cashier.household) == ("金坡村", "Jinpo Village", None)


async def test_staff_with_two_roles_choose_first(world: World) -> None:
    opened = await actions.sign_in("s02", PASSWORD, HERE)
    director = await must(opened)
    assert (opened.must_choose, director.role, director.villages, director.grants) == (True, "", (), 2)


async def test_store_clerk_sees_the_place_and_no_village(world: World) -> None:
    clerk = await must(await actions.sign_in("s09", PASSWORD, HERE))
    assert (clerk.role, clerk.places, clerk.villages) == ("store_clerk", (await world.id_of("place", "VS-JP01"),), ())


async def test_county_officer_and_purchaser_see_no_household(world: World) -> None:
    for login, role in (("s18", "county_officer"), ("s13", "purchaser")):
        officer = await must(await actions.sign_in(login, PASSWORD, HERE))
        assert (officer.role, officer.villages, officer.places, officer.household) == (role, (), (), None)


async def test_customer_signs_in_by_mail_in_any_writing(world: World) -> None:
    buyer = await must(await actions.sign_in(f" {CUSTOMER.upper()} ", PASSWORD, HERE))
    assert (buyer.kind, buyer.role, buyer.span) == ("customer", "customer", "customer")
    assert buyer.customer == buyer.actor


async def test_database_keeps_the_tokens_hash_only(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    kept = await world.admin.fetchval("select token_hash from web_session")
    assert kept == keys.token_hash(opened.token)
    assert opened.token.encode() not in kept


@pytest.mark.parametrize("login", ["s07", "nobody", "customer@example.com", "13899999999", "", "x" * 200])
async def test_wrong_password_and_unknown_account_are_refused_alike(world: World, login: str) -> None:
    with pytest.raises(WrongCredentials) as refused:
        await actions.sign_in(login, "wrong-password", HERE)
    assert str(refused.value) == "The name or the password is not right. Check both and try again."
    assert await world.count("web_session") == 0


async def test_unknown_accounts_cost_the_same_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[tuple[str, bool]] = []
    original = passwords._verify

    def watched(secret: str, known: str | None) -> bool:
        looked.append(((known or passwords.nobody())[:31].rsplit("$", 1)[0], known is not None))
        return original(secret, known)

    monkeypatch.setattr(passwords, "_verify", watched)
    for login in ("s07", "nobody", CUSTOMER, "13899999999", "no@mail.example"):
        with pytest.raises(WrongCredentials):
            await actions.sign_in(login, "wrong-password", HERE)
    for code in (card_code("JP4-06"), "0" * 26):
        with pytest.raises(WrongPin):
            await actions.sign_in_with_card(code, "0000", HERE)
    costs, known = zip(*looked, strict=True)
    assert set(costs) == {"$argon2id$v=19$m=19456,t=2,p=1"}
    assert known == (True, False, True, False, False, True, False)


async def test_somebody_who_left_cannot_sign_in_and_is_signed_out(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    await world.admin.execute("update app_user set active = false where login = 's07'")
    assert await signed(opened) is None
    with pytest.raises(WrongCredentials):
        await actions.sign_in("s07", PASSWORD, HERE)


async def test_card_and_pin_open_the_households_own_session(world: World) -> None:
    card = await must(await actions.sign_in_with_card(card_code("JP4-06"), CARD_PIN, HERE))
    assert (card.kind, card.role, card.span) == ("card", "household_member", "household")
    assert card.household == await world.id_of("household", "JP4-06")
    assert (card.villages, card.places, card.customer) == ((), (), None)


async def test_wrong_pin_and_unknown_and_blocked_cards_are_refused_alike(world: World) -> None:
    await world.admin.execute(
        "update card set blocked_at = now(), blocked_reason = 'lost' where code = $1", card_code("JP4-04")
    )
    for code, pin in ((card_code("JP4-06"), "0000"), ("0" * 26, CARD_PIN), (card_code("JP4-04"), CARD_PIN)):
        with pytest.raises(WrongPin) as refused:
            await actions.sign_in_with_card(code, pin, HERE)
        assert str(refused.value) == "The number or the PIN is not right. The village office can set a new PIN."


async def test_blocking_a_card_ends_its_sessions(world: World) -> None:
    opened = await actions.sign_in_with_card(card_code("JP4-06"), CARD_PIN, HERE)
    await world.admin.execute(
        "update card set blocked_at = now(), blocked_reason = 'lost' where code = $1", card_code("JP4-06")
    )
    assert await signed(opened) is None


# ---------- how long a session lives ----------


@pytest.mark.parametrize(
    ("kind", "alive", "dead"),
    [
        ("staff", timedelta(minutes=29), timedelta(minutes=31)),
        ("customer", timedelta(days=13), timedelta(days=15)),
        ("card", timedelta(minutes=9), timedelta(minutes=11)),
    ],
)
async def test_session_ends_when_idle(world: World, kind: str, alive: timedelta, dead: timedelta) -> None:
    if kind == "card":
        opened = await actions.sign_in_with_card(card_code("JP4-06"), CARD_PIN, HERE)
    else:
        opened = await actions.sign_in("s07" if kind == "staff" else CUSTOMER, PASSWORD, HERE)
    await world.admin.execute("update web_session set seen_at = now() - $1::interval", alive)
    assert await signed(opened) is not None
    seen = await world.admin.fetchval("select now() - seen_at from web_session")
    assert seen < timedelta(seconds=5)  # a sign of life was written
    await world.admin.execute("update web_session set seen_at = now() - $1::interval", dead)
    assert await signed(opened) is None


async def test_session_ends_after_its_absolute_time_however_busy(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    lives = await world.admin.fetchval("select expires_at - created_at from web_session")
    assert lives == timedelta(hours=12)
    await world.admin.execute("update web_session set expires_at = now() - interval '1 second'")
    assert await signed(opened) is None


async def test_reading_a_session_writes_nothing_most_times(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    before = await world.admin.fetchval("select xmin::text from web_session")
    for _time in range(5):
        assert await signed(opened) is not None
    assert await world.admin.fetchval("select xmin::text from web_session") == before


async def test_signed_out_stays_out(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    found = await must(opened)
    await actions.sign_out(found)
    assert await signed(opened) is None
    await queries.touch(found.session)
    assert await signed(opened) is None
    with pytest.raises(NotFound):
        await actions.act_as(found, found.grant or UUID(int=0))
    assert await world.admin.fetchval("select count(*) from web_session where revoked_at is null") == 0


async def test_role_that_ended_is_lost_in_open_sessions(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    await world.admin.execute("update role_grant set valid_until = '2018-11-20' where role = 'cashier'")
    found = await must(opened)
    assert (found.role, found.villages) == ("", ())


# ---------- acting as ----------


async def test_acting_in_another_role_turns_the_token(world: World) -> None:
    opened = await actions.sign_in("s02", PASSWORD, HERE)
    director = await must(opened)
    grants = {grant.role: grant.id for grant in await queries.grants_today(director.actor)}
    turned = await actions.act_as(director, grants["inspector"])
    assert await signed(opened) is None
    inspector = await must(turned)
    assert (inspector.role, inspector.actor, inspector.name) == ("inspector", director.actor, "陈光有")
    expiries = await world.admin.fetch("select distinct expires_at from web_session")
    assert len(expiries) == 1


async def test_nobody_acts_in_a_role_of_somebody_else_or_of_the_past(world: World) -> None:
    clerk = await must(await actions.sign_in("s04", PASSWORD, HERE))
    foreign = await world.admin.fetchval("select id from role_grant where role = 'cashier' limit 1")
    with pytest.raises(RoleNotHeld):
        await actions.act_as(clerk, foreign)
    await world.admin.execute("update role_grant set valid_until = '2018-11-20' where id = $1", clerk.grant)
    with pytest.raises(RoleNotHeld):
        await actions.act_as(clerk, clerk.grant or UUID(int=0))


async def test_roles_are_given_with_scope_and_term(world: World) -> None:
    village, clerk = await world.id_of("village", "JP"), await user_id("s04")
    director = await scope_of(("s02", "village_director"))

    async def give() -> UUID:
        return await actions.grant_role(
            clerk, "inspector", "village", village, date(2018, 11, 21), date(2018, 11, 30), director.actor
        )

    grant = await atomically(give, director)
    assert [held.role for held in await queries.grants_today(clerk)] == ["intake_clerk", "inspector"]

    async def end() -> None:
        await actions.end_role(grant, date(2018, 11, 21))

    await atomically(end, director)
    await world.set_clock((await world.admin.fetchval("select business_now()")) + timedelta(days=1))
    assert [held.role for held in await queries.grants_today(clerk)] == ["intake_clerk"]
    with pytest.raises(ScopeNotForRole):
        await atomically(lambda: actions.grant_role(clerk, "cashier", "county", None, date(2018, 11, 21)), director)


# ---------- the second person ----------


async def test_pin_proves_the_second_person(world: World) -> None:
    village, cashier = await world.id_of("village", "JP"), await scope_of(CASHIER)
    assert await actions.prove_pin(cashier, "S05", PIN, "inspector", village) == await user_id("s05")
    assert await actions.prove_pin(cashier, "s02", PIN, "inspector", village) == await user_id("s02")
    assert await actions.prove_pin(cashier, "s01", PIN, ("village_director", "branch_secretary"), village) == (
        await user_id("s01")
    )


async def test_wrong_pin_and_unknown_person_are_refused_alike(world: World) -> None:
    village, cashier = await world.id_of("village", "JP"), await scope_of(CASHIER)
    for login, pin in (("s05", "0000"), ("nobody", PIN)):
        with pytest.raises(WrongPin):
            await actions.prove_pin(cashier, login, pin, "inspector", village)


async def test_second_person_holds_the_role_in_this_village(world: World) -> None:
    village, cashier = await world.id_of("village", "JP"), await scope_of(CASHIER)
    with pytest.raises(NotTheRole) as refused:
        await actions.prove_pin(cashier, "s04", PIN, "inspector", village)
    assert refused.value.field == "login"
    with pytest.raises(NotFound):
        await actions.prove_pin(cashier, "s05", PIN, "inspector", await world.id_of("village", "YL"))


async def test_second_person_is_not_the_first(world: World) -> None:
    village = await world.id_of("village", "JP")
    with pytest.raises(SamePerson):
        await actions.prove_pin(await scope_of(INSPECTOR), "s05", PIN, "inspector", village)


async def test_own_pin_is_asked_once_more(world: World) -> None:
    cashier = await scope_of(CASHIER)
    assert await actions.prove_own_pin(cashier, PIN) == cashier.actor
    with pytest.raises(WrongPin):
        await actions.prove_own_pin(cashier, "0000")
    with pytest.raises(WrongPin):
        await actions.prove_own_pin(PUBLIC, PIN)


async def test_wrong_pins_make_wait_though_the_command_was_refused(world: World) -> None:
    village, cashier = await world.id_of("village", "JP"), await scope_of(CASHIER)
    for _time in range(5):
        with pytest.raises(WrongPin):
            await actions.prove_pin(cashier, "s05", "0000", "inspector", village)
    with pytest.raises(TooManyTries):
        await actions.prove_pin(cashier, "s05", PIN, "inspector", village)
    assert await actions.prove_pin(cashier, "s02", PIN, "inspector", village) == await user_id("s02")


# ---------- waits ----------


async def fail(login: str, times: int, address: str = HERE, device: str = "") -> None:
    for _time in range(times):
        with pytest.raises(WrongCredentials):
            await actions.sign_in(login, "wrong-password", address, device)


async def test_five_wrong_tries_make_the_account_wait_even_for_the_right_password(world: World) -> None:
    await fail("s07", 5)
    with pytest.raises(TooManyTries) as refused:
        await actions.sign_in("s07", PASSWORD, "198.51.100.1")
    assert refused.value.values == {"minutes": 1}
    assert (await must(await actions.sign_in("s04", PASSWORD, HERE))).role == "intake_clerk"


async def test_unknown_accounts_wait_alike(world: World) -> None:
    await fail("nobody", 5)
    with pytest.raises(TooManyTries):
        await actions.sign_in("nobody", "wrong-password", HERE)


async def test_wait_doubles_ends_by_itself_and_is_forgotten_after_success(world: World) -> None:
    await fail("s07", 4)
    for seconds in (30, 60, 120, 240, 480, 900, 900):
        await world.admin.execute("update sign_in_delay set until = now() where key like 'account:%'")
        await fail("s07", 1)
        left = await world.admin.fetchval("select until - now() from sign_in_delay where key like 'account:%'")
        assert timedelta(seconds=seconds - 2) < left <= timedelta(seconds=seconds)
    await world.admin.execute("update sign_in_delay set until = now()")
    await actions.sign_in("s07", PASSWORD, HERE)
    assert await world.admin.fetchval("select count(*) from sign_in_delay where key like 'account:%'") == 0


async def test_twenty_wrong_tries_make_a_network_wait_for_ten_minutes(world: World) -> None:
    for number in range(20):
        await fail(f"nobody{number}", 1, f"203.0.113.{number}")
    with pytest.raises(TooManyTries) as refused:
        await actions.sign_in("s07", PASSWORD, "203.0.113.99")
    assert refused.value.values == {"minutes": 10}
    assert (await must(await actions.sign_in("s07", PASSWORD, "203.0.114.1"))).role == "cashier"


async def test_office_may_sign_in_as_often_as_it_likes(world: World) -> None:
    for _time in range(25):
        await actions.sign_in("s07", PASSWORD, HERE)


async def test_stranger_cannot_keep_the_owner_out_of_a_known_browser(world: World) -> None:
    device = actions.new_device("s07")
    await fail("s07", 5, "198.51.100.1")
    for number in range(20):
        await fail(f"nobody{number}", 1)
    assert (await must(await actions.sign_in("s07", PASSWORD, HERE, device))).role == "cashier"
    with pytest.raises(TooManyTries):
        await actions.sign_in("s07", PASSWORD, HERE, actions.new_device("s04"))


# ---------- sign-up and secrets ----------


async def test_customer_signs_up_and_the_database_holds_no_contact_in_clear(world: World) -> None:
    opened = await actions.sign_up("李雪", "138 1234 1234", "土鸡蛋三十枚黄豆", HERE)
    buyer = await must(opened)
    assert (buyer.name, buyer.role) == ("李雪", "customer")
    row = await world.admin.fetchrow("select * from app_user where id = $1", buyer.actor)
    assert row is not None
    assert row["contact_mask"] == "138****1234"
    assert keys.open_sealed(row["contact_sealed"], f"app_user:contact_sealed:{buyer.actor}") == "13812341234"
    assert b"13812341234" not in row["contact_sealed"] + row["contact_index"]
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await must(await actions.sign_in("+86 13812341234", "土鸡蛋三十枚黄豆", HERE))).actor == buyer.actor


async def test_contact_is_taken_once_and_asking_through_is_slowed(world: World) -> None:
    before = await world.count("app_user")
    with pytest.raises(ContactTaken):
        await actions.sign_up("周明", CUSTOMER, "土鸡蛋三十枚黄豆", HERE)
    assert await world.count("app_user") == before
    assert await world.admin.fetchval("select failures from sign_in_delay where key = 'net:203.0.113'") == 1


async def test_new_password_ends_every_other_session(world: World) -> None:
    first, second = await actions.sign_in("s07", PASSWORD, HERE), await actions.sign_in("s07", PASSWORD, HERE)
    changed = await actions.change_password(await must(second), PASSWORD, "三十枚土鸡蛋四公斤黄豆", HERE)
    assert (await signed(first), await signed(second)) == (None, None)
    assert (await must(changed)).role == "cashier"
    with pytest.raises(WrongCredentials):
        await actions.sign_in("s07", PASSWORD, HERE)
    await actions.sign_in("s07", "三十枚土鸡蛋四公斤黄豆", HERE)


async def test_password_changes_only_with_the_old_one_and_for_a_better_one(world: World) -> None:
    found = await must(await actions.sign_in("s07", PASSWORD, HERE))
    with pytest.raises(WrongCredentials) as refused:
        await actions.change_password(found, "wrong-password", "三十枚土鸡蛋四公斤黄豆", HERE)
    assert refused.value.field == "old_password"
    with pytest.raises(PasswordUnchanged):
        await actions.change_password(found, PASSWORD, PASSWORD, HERE)
    with pytest.raises(PasswordTooShort):
        await actions.change_password(found, PASSWORD, "short", HERE)
    await actions.sign_in("s07", PASSWORD, HERE)


async def test_customer_changes_the_password_too(world: World) -> None:
    found = await must(await actions.sign_in(CUSTOMER, PASSWORD, HERE))
    changed = await actions.change_password(found, PASSWORD, "三十枚土鸡蛋四公斤黄豆", HERE)
    assert (await must(changed)).role == "customer"


async def test_own_pin_is_changed_with_the_password(world: World) -> None:
    found = await must(await actions.sign_in("s05", PASSWORD, HERE))
    with pytest.raises(WrongCredentials):
        await actions.change_own_pin(found, "wrong-password", "9753", HERE)
    await actions.change_own_pin(found, PASSWORD, "9753", HERE)
    village = await world.id_of("village", "JP")
    assert await actions.prove_pin(await scope_of(CLERK), "s05", "9753", "inspector", village) == found.actor


async def test_old_hash_is_brought_to_todays_costs(world: World) -> None:
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await world.admin.execute("update app_user set password_hash = $1 where login = 's07'", cheap)
    await actions.sign_in("s07", PASSWORD, HERE)
    kept = await world.admin.fetchval("select password_hash from app_user where login = 's07'")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_every_act_is_written_down_without_secrets(world: World) -> None:
    opened = await actions.sign_in("s07", PASSWORD, HERE)
    await actions.sign_out(await must(opened))
    rows = await world.admin.fetch("select verb, actor, subject, detail::text from audit_line order by id")
    cashier = await user_id("s07")
    assert [(row["verb"], row["actor"]) for row in rows[-2:]] == [("sign_in", cashier), ("sign_out", cashier)]
    assert PASSWORD not in str(rows)
    assert opened.token not in str(rows)


def test_scope_of_the_cast_is_the_scope_of_the_doors() -> None:
    assert DEPUTY_INSPECTOR[0] == "s02"
    assert Scope(role="public") == PUBLIC
