"""Settings: plain defaults, and one sentence for each thing that could only fail later."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from marketplace.settings import ROOT, Settings, SettingsError, read, settings

APPLICATION = "postgresql://market_app@db.example/market"
OWNER = "postgresql://market_owner@db.example/market"


def test_an_empty_environment_means_the_private_cluster_on_port_8000() -> None:
    assert read({}) == Settings(
        database_url="",
        database_owner_url="",
        host="127.0.0.1",
        port=8000,
        public_url="http://localhost:8000",
        key_file=ROOT / "var" / "keys" / "field.key",
        var=ROOT / "var",
        demo=False,
        workers=2,
        browser_required=False,
        proxy_addresses=(),
        test_durability_off=False,
    )


def test_every_setting_is_read() -> None:
    found = read(
        {
            "DATABASE_URL": APPLICATION,
            "DATABASE_OWNER_URL": OWNER,
            "HOST": "0.0.0.0",
            "PORT": "9001",
            "PUBLIC_URL": "https://market.example/",
            "KEY_FILE": "/etc/market/field.key",
            "VAR": "/srv/market",
            "DEMO": "1",
            "WORKERS": "8",
            "BROWSER": "required",
            "HELP_PHONE": "0915-555-0101",
            "PROXY_ADDRESSES": "10.0.0.5, 192.168.0.0/24",
            "TEST_DURABILITY_OFF": "yes",
        }
    )
    assert found == Settings(
        database_url=APPLICATION,
        database_owner_url=OWNER,
        host="0.0.0.0",
        port=9001,
        public_url="https://market.example",
        key_file=Path("/etc/market/field.key"),
        var=Path("/srv/market"),
        demo=True,
        workers=8,
        browser_required=True,
        help_phone="0915-555-0101",
        proxy_addresses=("10.0.0.5", "192.168.0.0/24"),
        test_durability_off=True,
    )


def test_the_key_lies_under_var_unless_it_is_named() -> None:
    assert read({"VAR": "/srv/market"}).key_file == Path("/srv/market/keys/field.key")


def test_the_public_address_follows_the_port() -> None:
    assert read({"PORT": "8080"}).public_url == "http://localhost:8080"


def test_another_browser_variable_is_not_ours() -> None:
    assert read({"BROWSER": "firefox"}).browser_required is False


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"PORT": "eight"}, "PORT must be a whole number from 1 to 65535, not 'eight'."),
        ({"PORT": "65536"}, "PORT must be a whole number from 1 to 65535, not '65536'."),
        ({"PORT": "８０"}, "PORT must be a whole number from 1 to 65535, not '８０'."),
        ({"WORKERS": "0"}, "WORKERS must be a whole number from 1 to 64, not '0'."),
        ({"DEMO": "perhaps"}, "DEMO must be 1 or 0, not 'perhaps'."),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must begin with postgresql:// (no other database works)."),
        (
            {"DATABASE_OWNER_URL": OWNER},
            "DATABASE_OWNER_URL is set but DATABASE_URL is not: set both, or neither.",
        ),
        (
            {"DATABASE_URL": OWNER, "DATABASE_OWNER_URL": OWNER},
            "DATABASE_URL equals DATABASE_OWNER_URL: the site may not own its tables.",
        ),
        (
            {"PUBLIC_URL": "market.example"},
            "PUBLIC_URL must look like https://market.example, not 'market.example'.",
        ),
        (
            {"PUBLIC_URL": "https://market.example/shop"},
            "PUBLIC_URL must look like https://market.example, not 'https://market.example/shop'.",
        ),
        (
            {"PROXY_ADDRESSES": "10.0.0.5,proxy"},
            "PROXY_ADDRESSES must hold addresses or networks such as 10.0.0.5, not 'proxy'.",
        ),
    ],
)
def test_what_could_only_fail_later_is_refused_now(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(environment)
    assert str(refused.value) == sentence


def test_settings_are_read_once_and_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    first = settings()
    monkeypatch.setenv("PORT", "9009")
    assert settings() is first
    with pytest.raises(FrozenInstanceError):
        first.port = 1  # type: ignore[misc]
