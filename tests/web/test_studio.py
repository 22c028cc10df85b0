"""Who gets in to the studio: owners, with the same proofs as at the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.app import build
from bot.web import wire
from bot.web.accounts import Accounts, Role
from bot.web.guard import Guard, OwnerOf, private
from bot.web.logins import Logins
from bot.web.studio import Studio
from tests.agent_client import PASSWORD, AgentClient, error
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant
from tests.web.conftest import STUDIO


class Diary:
    """A part of the studio that notes who came."""

    def __init__(self) -> None:
        self.visitors: list[str] = []

    def routes(self, owner: OwnerOf) -> list[Route]:
        async def visit(request: Request) -> Response:
            self.visitors.append((await owner(request)).login)
            return private({"visitors": self.visitors})

        return [Route("/api/studio/diary", visit, methods=["GET", "POST"])]


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
async def browser(logins: Logins, diary: Diary) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(
        routes=Studio(Guard(logins), [diary]).routes(), exception_handlers=wire.HANDLERS
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=STUDIO) as client:
        yield client


async def sit_down(browser: httpx.AsyncClient, logins: Logins, login: str) -> str:
    """Log in; gives the CSRF token."""
    session = await logins.log_in(login, PASSWORD, address="127.0.0.1")
    browser.headers["Cookie"] = f"deskhand_desk={session.token}"
    return session.csrf


async def test_an_owner_gets_in(browser: httpx.AsyncClient, logins: Logins, diary: Diary) -> None:
    csrf = await sit_down(browser, logins, "olga")
    assert (await browser.get("/api/studio/diary")).json() == {"visitors": ["olga"]}
    headers = {"Origin": STUDIO, "X-CSRF-Token": csrf}
    response = await browser.post("/api/studio/diary", headers=headers)
    assert response.json() == {"visitors": ["olga", "olga"]}
    assert response.headers["cache-control"] == "no-store"


async def test_nobody_gets_in_without_a_login(browser: httpx.AsyncClient, diary: Diary) -> None:
    assert error(await browser.get("/api/studio/diary")) == (401, "not_logged_in")
    browser.headers["Cookie"] = "deskhand_desk=forged"
    assert error(await browser.get("/api/studio/diary")) == (401, "not_logged_in")
    assert diary.visitors == []


async def test_an_agent_does_not_get_in(
    browser: httpx.AsyncClient, logins: Logins, diary: Diary
) -> None:
    csrf = await sit_down(browser, logins, "anna")
    assert error(await browser.get("/api/studio/diary")) == (403, "owners_only")
    headers = {"Origin": STUDIO, "X-CSRF-Token": csrf}
    response = await browser.post("/api/studio/diary", headers=headers)
    assert error(response) == (403, "owners_only")
    assert diary.visitors == []


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Origin": STUDIO}, "csrf_failed"),
        ({"Origin": STUDIO, "X-CSRF-Token": "guessed"}, "csrf_failed"),
        ({"Origin": "https://evil.example"}, "origin_not_allowed"),
        ({"Sec-Fetch-Site": "cross-site"}, "origin_not_allowed"),
    ],
)
async def test_an_order_from_another_page_is_refused(
    browser: httpx.AsyncClient, logins: Logins, diary: Diary, headers: dict[str, str], code: str
) -> None:
    await sit_down(browser, logins, "olga")
    assert error(await browser.post("/api/studio/diary", headers=headers)) == (403, code)
    assert diary.visitors == []


async def test_every_path_of_the_studio_is_for_owners(
    anna: AgentClient, stranger: AgentClient, gateway: RunningGateway
) -> None:
    routes = [
        route
        for route in build(gateway.settings).routes
        if isinstance(route, Route) and route.path.startswith("/api/studio/")
    ]
    assert {route.path.split("/")[3].partition(".")[0] for route in routes} >= {
        "insights", "conversations", "review", "answers", "models", "whatif"
    }  # fmt: skip
    for route in routes:
        path = route.path.replace("{", "").replace("}", "")
        for method in (route.methods or set()) - {"HEAD"}:
            answer = await stranger.http.request(method, path)
            assert error(answer) == (401, "not_logged_in"), (method, path)
            answer = await anna.http.request(method, path)
            assert error(answer) == (403, "owners_only"), (method, path)


# ── the page ──


async def test_the_page_allows_no_script_but_its_own_files(stranger: AgentClient) -> None:
    response = await stranger.http.get("/studio")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for inline in ("<style", "style=", "onclick", "onload", "javascript:"):
        assert inline not in response.text
    for part in response.text.split('="'):
        if part.startswith("/static/"):
            assert (await stranger.http.get(part.split('"')[0])).status_code == 200, part


async def test_owners_are_told_that_there_is_a_studio_and_agents_are_not(
    anna: AgentClient, stranger: AgentClient, accounts: Accounts
) -> None:
    await accounts.add("olga", "Olga Dahl", Role.OWNER, PASSWORD)
    assert (await stranger.log_in("olga")).json()["studio"] is True
    assert (await anna.http.get("/api/desk/me")).json()["studio"] is False


async def test_a_gateway_without_the_studio_has_none(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, accounts: Accounts
) -> None:
    await accounts.add("olga", "Olga Dahl", Role.OWNER, PASSWORD)
    with RunningGateway(
        redis_url, assistant.url, assistant.token, tmp_path, studio=False
    ) as gateway:
        client = AgentClient(gateway)
        async with client.http:
            assert (await client.log_in("olga")).json()["studio"] is False
            assert (await client.http.get("/studio")).status_code == 404
