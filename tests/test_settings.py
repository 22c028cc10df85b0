"""The environment is read once, and a mistake in it is named."""

from __future__ import annotations

import pytest

from bot.errors import SettingsError
from bot.settings import Secret, Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_all_values_are_read() -> None:
    settings = Settings.from_environment(
        {
            "DESKHAND_PORT": "9000",
            "DESKHAND_ORIGINS": "https://shop.example, http://localhost:3000/",
            "DESKHAND_TRUST_PROXY": "yes",
            "REDIS_URL": "rediss://user:hush@redis.example:6380/1",
            "DESKHAND_TURN_DEADLINE": "2.5",
        }
    )
    assert settings.port == 9000
    assert settings.origins == {"https://shop.example", "http://localhost:3000"}
    assert settings.trust_proxy is True
    assert settings.redis_url.reveal().startswith("rediss://")
    assert settings.turn_deadline == 2.5


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DESKHAND_PORT", "eighty", "port number"),
        ("DESKHAND_PORT", "70000", "port number"),
        ("DESKHAND_TRUST_PROXY", "maybe", "neither yes nor no"),
        ("DESKHAND_ORIGINS", "https://*.example", "no origin"),
        ("DESKHAND_ORIGINS", "https://shop.example/page", "no origin"),
        ("DESKHAND_TURN_DEADLINE", "soon", "number of seconds"),
        ("DESKHAND_TURN_DEADLINE", "0", "between 0 and"),
        ("DESKHAND_APPENDFSYNC", "never", "everysec"),
        ("DESKHAND_ASSISTANT_URL", "localhost:5005", "http"),
        ("DESKHAND_MESSAGES_PER_MINUTE", "-1", "whole number"),
        ("DESKHAND_GREETING", "x" * 501, "500 characters"),
        ("DESKHAND_PUBLIC_URL", "desk.example", "http"),
        ("DESKHAND_MAIL_FROM", "Nordlys", "help@nordlys.example"),
        ("DESKHAND_PUBLIC_URL", "https://desk.example/desk", "origin"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_what_it_may_be(
    name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=name) as error:
        Settings.from_environment({name: value})
    assert says in error.value.message
    assert name in error.value.hint


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "tls", "start_tls"),
    [
        ("smtp://mail.example", "mail.example", 25, None, None, False, None),
        ("smtp://me%40x:p%2Fw@mail.example", "mail.example", 587, "me@x", "p/w", False, True),
        ("smtps://me:pw@mail.example", "mail.example", 465, "me", "pw", True, False),
        ("smtp://me:pw@localhost:2525", "localhost", 2525, "me", "pw", False, False),
    ],
)
def test_a_mail_server_is_one_address_and_a_password_never_travels_in_the_clear(
    url: str,
    host: str,
    port: int,
    user: str | None,
    password: str | None,
    tls: bool,
    start_tls: bool | None,
) -> None:
    smtp = Settings.from_environment({**MAIL, "DESKHAND_SMTP_URL": url}).smtp
    assert smtp is not None
    assert (smtp.host, smtp.port, smtp.user, smtp.tls, smtp.start_tls) == (
        host,
        port,
        user,
        tls,
        start_tls,
    )
    assert (smtp.password and smtp.password.reveal()) == password
    assert (password or "-") not in repr(smtp)


MAIL = {
    "DESKHAND_SMTP_URL": "smtp://mail.example",
    "DESKHAND_MAIL_FROM": "Nordlys <help@nordlys.example>",
    "DESKHAND_PUBLIC_URL": "https://desk.example",
}


@pytest.mark.parametrize("missing", ["DESKHAND_MAIL_FROM", "DESKHAND_PUBLIC_URL"])
def test_mail_set_up_by_half_stops_the_start(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"{missing} is not set"):
        Settings.from_environment({name: value for name, value in MAIL.items() if name != missing})


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp:///x",
        "smtp://me@mail.example",
        "smtp://m:99999",
    ],
)
def test_a_wrong_mail_server_is_named_but_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="DESKHAND_SMTP_URL") as error:
        Settings.from_environment({**MAIL, "DESKHAND_SMTP_URL": url})
    assert url not in error.value.message


def test_a_wrong_secret_is_named_but_not_shown() -> None:
    with pytest.raises(SettingsError, match="REDIS_URL") as error:
        Settings.from_environment({"REDIS_URL": "http://:hush@redis.example"})
    assert "hush" not in error.value.message


def test_secrets_do_not_show_themselves() -> None:
    settings = Settings(assistant_token=Secret("hush"))
    assert "hush" not in repr(settings)
    assert "hush" not in f"{settings.assistant_token}"
    assert settings.assistant_token == Secret("hush")
    assert not Secret("")
