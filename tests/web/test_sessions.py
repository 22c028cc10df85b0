"""Widget sessions: signed, bound to an origin, short-lived."""

from __future__ import annotations

import time

import pytest

from bot.errors import OriginNotAllowed
from bot.web.sessions import (
    LINK_VALID_S,
    RENEWABLE_S,
    VALID_S,
    Session,
    SessionExpired,
    SessionInvalid,
    Sessions,
)

SHOP = "https://shop.example"


async def secret() -> str:
    return "s" * 40


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(secret)


async def test_a_token_names_its_conversation_for_its_own_origin(sessions: Sessions) -> None:
    token = await sessions.issue("c1", SHOP)
    assert await sessions.verify(token, SHOP) == Session("c1", SHOP)
    assert await sessions.verify(token, None) == Session("c1", SHOP)
    with pytest.raises(OriginNotAllowed, match="another site"):
        await sessions.verify(token, "https://evil.example")


async def test_a_token_of_another_secret_or_a_changed_one_is_invalid(sessions: Sessions) -> None:
    async def other() -> str:
        return "t" * 40

    token = await sessions.issue("c1", SHOP)
    changed = token.replace(token[3:6], "AbC")
    for forged in (await Sessions(other).issue("c1", SHOP), changed, "x", f"{token}.{token}", ""):
        with pytest.raises(SessionInvalid, match="not valid"):
            await sessions.verify(forged, SHOP)


async def test_an_expired_token_can_only_be_renewed_and_not_for_ever(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await sessions.issue("c1", SHOP)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + VALID_S + 2)
    with pytest.raises(SessionExpired, match="expired"):
        await sessions.verify(token, SHOP)
    assert (await sessions.verify(token, SHOP, renew=True)).conversation == "c1"
    monkeypatch.setattr(time, "time", lambda: now + RENEWABLE_S + 2)
    with pytest.raises(SessionExpired, match="expired"):
        await sessions.verify(token, SHOP, renew=True)


async def test_a_secret_that_is_too_short_is_refused() -> None:
    async def short() -> str:
        return "short"

    with pytest.raises(ValueError, match="too short"):
        await Sessions(short).issue("c1", SHOP)


async def test_a_link_opens_one_conversation_and_is_no_session_nor_the_other_way_round(
    sessions: Sessions,
) -> None:
    link, token = await sessions.link("c1"), await sessions.issue("c1", SHOP)
    assert await sessions.follow(link) == "c1"
    with pytest.raises(SessionInvalid, match="not valid"):
        await sessions.verify(link, SHOP)
    for forged in (token, link[:-1], "x", "", link + "x"):
        with pytest.raises(SessionInvalid, match="not complete"):
            await sessions.follow(forged)


async def test_a_link_expires(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    link, now = await sessions.link("c1"), time.time()
    monkeypatch.setattr(time, "time", lambda: now + LINK_VALID_S - 2)
    assert await sessions.follow(link) == "c1"
    monkeypatch.setattr(time, "time", lambda: now + LINK_VALID_S + 2)
    with pytest.raises(SessionExpired, match="too old"):
        await sessions.follow(link)
