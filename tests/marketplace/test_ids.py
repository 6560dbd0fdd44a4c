from __future__ import annotations

import time
from itertools import combinations, pairwise

import pytest

from marketplace.ids import ALPHABET, check_code, check_sign, grouped, trace_code, uuid7


def test_uuid7_has_version_and_variant_of_the_standard() -> None:
    key = uuid7()
    assert (key.version, key.variant) == (7, "specified in RFC 4122")


def test_uuid7_begins_with_the_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = uuid7().int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000 + 1


def test_uuid7_rises_within_a_process() -> None:
    keys = [uuid7() for _ in range(5000)]
    assert all(earlier < later for earlier, later in pairwise(keys))


def test_uuid7_rises_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert first < uuid7()


def test_trace_code_has_ten_signs_and_checks_itself() -> None:
    for _ in range(500):
        code = trace_code()
        assert len(code) == 10
        assert set(code) <= set(ALPHABET)
        assert check_code(code) == code


def test_trace_codes_differ() -> None:
    assert len({trace_code() for _ in range(2000)}) == 2000


def test_label_prints_the_code_in_groups() -> None:
    assert grouped("7Q3KX9M2F4") == "7Q3K-X9M2-F4"


WHOLE = "7Q3KX9M2F" + check_sign("7Q3KX9M2F")


def test_check_sign_of_a_known_code_stays_what_was_printed() -> None:
    assert WHOLE == "7Q3KX9M2FQ"
    assert check_sign("000000000") == "0"
    assert check_sign("000000001") == "2"
    assert check_sign("00000000Z") == "V"


def test_code_is_taken_as_people_type_it() -> None:
    dashed = grouped(WHOLE)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in dashed)
    for typed in (WHOLE.lower(), f" {dashed} ", dashed.replace("-", " "), dashed.replace("-", "—"), wide):
        assert check_code(typed) == WHOLE


def test_look_alike_letters_are_read_as_figures() -> None:
    body = "011000110"
    code = body + check_sign(body)
    assert check_code(code.replace("0", "O", 2).replace("1", "l", 1).replace("1", "I", 1)) == code


def test_one_wrong_sign_is_found_at_every_place() -> None:
    for place in range(10):
        for sign in set(ALPHABET) - {WHOLE[place]}:
            assert check_code(WHOLE[:place] + sign + WHOLE[place + 1 :]) is None


def test_two_signs_that_changed_places_are_found() -> None:
    for first, second in combinations(range(10), 2):
        signs = list(WHOLE)
        signs[first], signs[second] = signs[second], signs[first]
        assert signs == list(WHOLE) or check_code("".join(signs)) is None


@pytest.mark.parametrize("typed", ["", "7Q3K", WHOLE + "0", "U" * 10, "金" * 10, "7Q3KX9M2F\x00", "0" * 11])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert check_code(typed) is None
