"""Logs: only what is on the list, and nothing that looks like a person's number."""

from __future__ import annotations

import json
import logging

import pytest

from marketplace.web import logs

VALID_ID = "11010519491231002X"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("call 13812341234 now", "call *** now"),
        (f"id {VALID_ID}.", "id ***."),
        ("id 110105194912310021", "id 110105194912310021"),  # wrong check sign: no ID number
        ("card 4111111111111111", "card ***"),
        ("to zhou.ming@mail.example please", "to *** please"),
        ("fen 12800 code 7Q3KX9M2F4", "fen 12800 code 7Q3KX9M2F4"),
    ],
)
def test_numbers_of_persons_are_masked(text: str, kept: str) -> None:
    assert logs.masked(text) == kept


def test_only_listed_keys_reach_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logs.log.info("answered", method="POST", route="/sign-in", status=303, password="x", body="y", query="z")
    line = json.loads(capsys.readouterr().err)
    assert {name: line[name] for name in ("event", "method", "route", "status")} == {
        "event": "answered", "method": "POST", "route": "/sign-in", "status": 303,
    }  # fmt: skip
    assert set(line) == {"event", "level", "timestamp", "method", "route", "status"}


class Leaky(Exception):
    sqlstate = "23505"
    constraint_name = "app_user_contact_index_key"


def test_errors_are_told_without_their_text() -> None:
    try:
        raise Leaky("Key (contact)=(13812341234) already exists")
    except Leaky as error:
        told = logs.told(error)
    assert told["error"] == "Leaky"
    assert told["sqlstate"] == "23505"
    assert told["constraint"] == "app_user_contact_index_key"
    assert "13812341234" not in str(told)
    assert told["trace"][-1].endswith("test_errors_are_told_without_their_text")


def test_lines_of_libraries_are_masked_and_their_errors_lose_their_text() -> None:
    try:
        raise Leaky("13812341234")
    except Leaky as error:
        record = logging.LogRecord("lib", logging.ERROR, "f", 1, "phone %s", ("13812341234",), (Leaky, error, None))
    line = logs.MaskingFormatter().format(record)
    assert line.startswith("error lib phone ***")
    assert "13812341234" not in line
