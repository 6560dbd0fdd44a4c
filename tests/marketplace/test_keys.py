"""The key file: refused when missing or readable by others; what it seals opens only where it was sealed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from marketplace import cli, keys
from marketplace.keys import (
    CannotOpen,
    KeyFileMissing,
    KeyFileUnsafe,
    Keyring,
    add_version,
    make_key_file,
    read_key_file,
    token_hash,
)
from marketplace.settings import settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "keys" / "field.key"
    make_key_file(made)
    return made


@pytest.fixture
def keyring(path: Path) -> Keyring:
    return read_key_file(path)


def test_key_file_is_made_for_its_owner_only(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [line.split()[0] for line in path.read_text().splitlines()] == ["1"]
    assert [kept.name for kept in path.parent.iterdir()] == ["field.key"]


def test_key_file_is_never_made_anew(path: Path) -> None:
    before = path.read_text()
    make_key_file(path)
    assert path.read_text() == before


def test_make_key_makes_a_file_for_its_owner_alone_and_overwrites_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys" / "field.key"
    monkeypatch.setenv("KEY_FILE", str(file))
    settings.cache_clear()
    try:
        assert cli.main(["make-key"]) == 0
        assert (file.stat().st_mode & 0o777, read_key_file(file).newest) == (0o400, 1)
        before = file.read_text()
        assert cli.main(["make-key"]) == 1
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert capsys.readouterr().err == f"{file} is there already, and stays as it is.\n"
    assert file.read_text() == before


def test_serving_without_a_key_file_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none.key"
    for name, value in (("KEY_FILE", str(file)), ("DEMO", "0"), ("DATABASE_URL", "postgresql://nobody@/nowhere")):
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    keys.keyring.cache_clear()
    try:
        assert (cli.main(["serve"]), cli.main(["worker"])) == (1, 1)
    finally:
        monkeypatch.undo()
        settings.cache_clear()
        keys.keyring.cache_clear()
    sentence = f"There is no key file at {file}: set KEY_FILE, or make one with make-key.\n"
    assert capsys.readouterr().err == sentence * 2


def test_missing_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing):
        read_key_file(tmp_path / "none.key")


def test_key_file_that_others_may_read_is_refused(path: Path) -> None:
    path.chmod(0o440)
    with pytest.raises(KeyFileUnsafe):
        read_key_file(path)


@pytest.mark.parametrize("text", ["", "1 00", "0 " + "00" * 32, "2 " + "00" * 32 + "\n1 " + "11" * 32, "one two three"])
def test_broken_key_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.key"
    path.write_text(text)
    path.chmod(0o400)
    with pytest.raises(KeyFileUnsafe):
        read_key_file(path)


def test_sealed_value_opens_under_its_own_row_only(keyring: Keyring) -> None:
    sealed = keyring.seal("13800001234", "app_user:contact_sealed:1")
    assert keyring.open_bytes(sealed, "app_user:contact_sealed:1") == b"13800001234"
    with pytest.raises(CannotOpen):
        keyring.open_bytes(sealed, "app_user:contact_sealed:2")


def test_every_changed_byte_is_noticed(keyring: Keyring) -> None:
    sealed = keyring.seal("secret", "t:c:1")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(CannotOpen):
            keyring.open_bytes(bytes(changed), "t:c:1")


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\x01" + b"\0" * 12, b"\x07" + b"\0" * 40])
def test_what_was_never_sealed_does_not_open(keyring: Keyring, raw: bytes) -> None:
    with pytest.raises(CannotOpen):
        keyring.open_bytes(raw, "t:c:1")


def test_same_value_is_sealed_differently_each_time(keyring: Keyring) -> None:
    assert keyring.seal("one", "t:c:1") != keyring.seal("one", "t:c:1")
    assert len(keyring.seal("one", "t:c:1")) == 1 + 12 + 3 + 16


def test_blind_index_finds_an_equal_value_in_its_column_only(keyring: Keyring) -> None:
    assert keyring.blind("phone", "13800001234") == keyring.blind("phone", "13800001234")
    assert keyring.blind("phone", "13800001234") != keyring.blind("mail", "13800001234")
    assert keyring.blind("a", "bc") != keyring.blind("ab", "c")
    assert len(keyring.blind("phone", "1")) == 16


def test_signature_holds_for_its_purpose_only(keyring: Keyring) -> None:
    signature = keyring.sign("csrf", b"message")
    assert keyring.is_signed("csrf", b"message", signature)
    assert not keyring.is_signed("flash", b"message", signature)
    assert not keyring.is_signed("csrf", b"massage", signature)


def test_rotation_seals_anew_opens_the_old_and_keeps_the_blind_index(path: Path, keyring: Keyring) -> None:
    old_sealed, old_blind = keyring.seal("kept", "t:c:1"), keyring.blind("c", "kept")
    old_signature = keyring.sign("csrf", b"page open since yesterday")
    assert add_version(path) == 2
    fresh = read_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert fresh.seal("kept", "t:c:1")[0] == 2
    assert fresh.open_bytes(old_sealed, "t:c:1") == b"kept"
    assert fresh.blind("c", "kept") == old_blind
    assert fresh.is_signed("csrf", b"page open since yesterday", old_signature)
    with pytest.raises(CannotOpen):
        keyring.open_bytes(fresh.seal("new", "t:c:1"), "t:c:1")


def test_database_keeps_only_the_hash_of_a_token() -> None:
    assert token_hash("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
