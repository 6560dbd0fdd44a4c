"""Names, contacts, passwords, PINs and waits, as pure rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.accounts.rules import (
    ROLES,
    NotAContact,
    NotAPin,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    Role,
    add_roles,
    contact_mask,
    delay_after,
    network,
    normal_contact,
    normal_login,
    require_good_password,
    require_pin,
)
from marketplace.errors import Refusal


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("13812341234", "13812341234"),
        ("+86 138-1234-1234", "13812341234"),
        ("１３８１２３４１２３４", "13812341234"),
        (" Zhou.Ming@Mail.Example ", "zhou.ming@mail.example"),
    ],
)
def test_one_contact_is_written_one_way(typed: str, normal: str) -> None:
    assert normal_contact(typed) == normal


@pytest.mark.parametrize(
    "typed", ["", "1381234123", "138123412345", "23812341234", "a@b", "@mail.example", "a b@c.example"]
)
def test_other_texts_are_no_contact(typed: str) -> None:
    with pytest.raises(NotAContact):
        normal_contact(typed)


def test_lists_show_the_mask_only() -> None:
    assert contact_mask("13812341234") == "138****1234"
    assert contact_mask("zhou@mail.example") == "z***@mail.example"


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("1234567", PasswordTooShort),
        ("x" * 65, PasswordTooLong),
        ("Password1", PasswordTooCommon),
        ("88888888", PasswordTooCommon),
        ("aaaaaaaaaa", PasswordTooCommon),
    ],
)
def test_bad_passwords_are_refused(password: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        require_good_password(password)


@pytest.mark.parametrize("password", ["土鸡蛋三十枚黄豆", "jinpo-2018", "x y z 1 2 3"])
def test_good_passwords_pass(password: str) -> None:
    require_good_password(password)


def test_pin_is_four_digits() -> None:
    assert require_pin(" １２３４ ") == "1234"
    for typed in ("123", "12345", "12a4", "", "१२३४"):
        with pytest.raises(NotAPin):
            require_pin(typed)


def test_wait_doubles_from_half_a_minute_to_a_quarter_of_an_hour() -> None:
    waits = [delay_after(wrong) for wrong in range(12)]
    assert waits[:5] == [timedelta(0)] * 5
    assert [wait.total_seconds() for wait in waits[5:]] == [30, 60, 120, 240, 480, 900, 900]


def test_neighbours_of_an_address_share_a_limit() -> None:
    assert network("203.0.113.7") == network("203.0.113.250") == "203.0.113"
    assert network("2001:db8:1:2::3") == network("2001:db8:1:9::4") == "2001:db8:1"


def test_login_names_are_compared_in_one_form() -> None:
    assert normal_login(" Ｓ０７ ") == "s07"


def test_wings_add_roles_but_change_none() -> None:
    keeper = Role("test_keeper", "keeper", "village", frozenset({"village"}))
    add_roles([keeper])
    add_roles([keeper])
    assert ROLES["test_keeper"] == keeper
    with pytest.raises(ValueError, match="cashier"):
        add_roles([Role("cashier", "somebody else", "system", frozenset({"system"}))])
    del ROLES["test_keeper"]
