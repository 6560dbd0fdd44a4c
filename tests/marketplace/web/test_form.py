"""Forms: every fault collected with its sentence, everything typed kept, secrets never."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from msgspec import Struct

from marketplace.errors import Refusal
from marketplace.web.form import Pin, Reading, Secret, Sent, Yuan, read_form, recorded, text, whole, yuan
from tests.language import speaking


class LineForm(Struct, frozen=True):
    product: Annotated[str, text(longest=10)]
    quantity: Yuan


class Unequal(Refusal):
    text = "The paid sum must be {sum}."
    field = "paid"


class PayForm(Struct, frozen=True):
    name: Annotated[str, text(longest=6, shortest=2)]
    paid: Yuan
    boxes: Annotated[int, whole(least=1, most=99)]
    day: date
    method: Literal["pickup", "delivery"]
    pin: Pin
    note: str = ""
    gift: bool = False
    lines: tuple[LineForm, ...] = ()
    marks: tuple[str, ...] = ()
    price: Annotated[int, yuan(least=1)] | None = None

    def check(self) -> Iterable[Refusal]:
        if self.paid != self.boxes * 10000:
            yield Unequal(sum=self.boxes * 100)


GOOD = {"name": "谭有军", "paid": "100", "boxes": "1", "day": "2018-11-21", "method": "pickup", "pin": "1234"}


async def read(typed: dict[str, Any], form: type[Struct] = PayForm) -> Reading:
    values = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in typed.items()}
    with speaking("en"):
        return await read_form(form, Sent(values))


async def test_good_form_becomes_typed_values() -> None:
    reading = await read(GOOD | {"note": "  早上来 ", "gift": "on"})
    assert reading.errors == {}
    assert reading.value == PayForm(
        name="谭有军",
        paid=10000,
        boxes=1,
        day=date(2018, 11, 21),
        method="pickup",
        pin="1234",
        note="早上来",
        gift=True,
    )


async def test_all_faults_are_collected_with_their_sentences() -> None:
    reading = await read(
        {"name": "谭", "paid": "ten", "boxes": "100", "day": "2018-02-30", "method": "drone", "pin": "12"}
    )
    assert reading.value is None
    assert reading.errors == {
        "name": "At least 2 signs.",
        "paid": "Enter an amount in yuan, such as 12.50.",
        "boxes": "At most 99.",
        "day": "Enter a day as year-month-day, such as 2018-11-21.",
        "method": "Choose one of the list.",
        "pin": "A PIN has four digits.",
    }


async def test_what_was_typed_is_kept_but_never_a_secret() -> None:
    reading = await read(
        GOOD | {"paid": "ten", "unknown": "kept", "_key": "k", "_csrf_token": "t", "old_password": "x"}
    )
    assert reading.typed == {
        "name": "谭有军", "paid": "ten", "boxes": "1", "day": "2018-11-21", "method": "pickup", "unknown": "kept",
    }  # fmt: skip


async def test_empty_form_asks_for_what_is_needed_only() -> None:
    reading = await read({})
    assert set(reading.errors) == {"name", "paid", "boxes", "day", "method", "pin"}
    assert set(reading.errors.values()) == {"Fill this in."}


async def test_faults_between_fields_stand_beside_theirs() -> None:
    reading = await read(GOOD | {"boxes": "2"})
    assert reading.value is None
    assert reading.errors == {"paid": "The paid sum must be 200."}


async def test_full_width_figures_are_read() -> None:
    reading = await read(GOOD | {"paid": "１００．００", "boxes": "１", "pin": "１２３４", "day": "２０１８/11/21"})
    assert reading.value is not None
    assert (reading.value.paid, reading.value.boxes, reading.value.pin) == (10000, 1, "1234")


async def test_rows_come_in_their_order_and_blank_rows_are_left_out() -> None:
    rows = {
        "lines.10.product": "HON", "lines.10.quantity": "0.5", "lines.2.product": "EGG", "lines.2.quantity": "4.25",
        "lines.5.product": "", "lines.5.quantity": " ",
    }  # fmt: skip
    reading = await read(GOOD | rows)
    assert reading.value is not None
    assert reading.value.lines == (LineForm("EGG", 425), LineForm("HON", 50))


async def test_fault_in_a_row_keeps_the_rows_own_number() -> None:
    reading = await read(GOOD | {"lines.7.product": "EGG", "lines.7.quantity": "much"})
    assert reading.errors == {"lines.7.quantity": "Enter an amount in yuan, such as 12.50."}


async def test_too_many_rows_are_refused() -> None:
    rows = {f"lines.{number}.product": "EGG" for number in range(201)}
    assert (await read(GOOD | rows)).errors == {"lines": "At most 200 lines at a time. Send the rest in a second go."}


async def test_repeated_names_become_a_list() -> None:
    reading = await read(GOOD | {"marks": ["cracked", "", "dirty"], "marks.0": "wet"})
    assert reading.value is not None
    assert reading.value.marks == ("cracked", "dirty", "wet")


async def test_blank_optional_field_is_none() -> None:
    assert (await read(GOOD | {"price": " "})).errors == {}
    assert (await read(GOOD | {"price": "0"})).errors == {"price": "At least 0.01."}


@pytest.mark.parametrize("bad", ["a\0b", "a\ud800b"])
async def test_signs_that_cannot_be_kept_are_refused(bad: str) -> None:
    assert (await read(GOOD | {"note": bad})).errors == {
        "note": "This holds a sign that cannot be kept. Type it again."
    }


@pytest.mark.parametrize("number", ["9" * 12, "2147483648", "1.5", "1e3", "--1", "１２a"])
async def test_numbers_beyond_reason_are_faults_not_crashes(number: str) -> None:
    assert set((await read(GOOD | {"boxes": number})).errors) == {"boxes"}


async def test_overlong_text_is_refused() -> None:
    assert (await read(GOOD | {"note": "长" * 501})).errors == {"note": "At most 500 signs."}


async def test_sentences_come_in_the_readers_language() -> None:
    with speaking("zh_CN"):
        reading = await read_form(PayForm, Sent({}))
    assert reading.errors["paid"] == "请填写。"


async def test_recorded_inputs_hold_no_secret() -> None:
    reading = await read(GOOD | {"lines.0.product": "EGG", "lines.0.quantity": "1"})
    assert recorded(reading.value) == {
        "name": "谭有军", "paid": 10000, "boxes": 1, "day": "2018-11-21", "method": "pickup", "note": "", "gift": False,
        "lines": [{"product": "EGG", "quantity": 100}], "marks": [], "price": None,
    }  # fmt: skip


class PasswordForm(Struct, frozen=True):
    password: Secret


async def test_passwords_are_taken_as_they_are() -> None:
    reading = await read({"password": "  ｐass word "}, PasswordForm)
    assert reading.value == PasswordForm("  ｐass word ")
