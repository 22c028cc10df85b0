"""Slack's Web API as the desk needs it: errors that say what to do; files, members, channels.

Belongs here: slack_sdk's web client, and what its errors mean. Does not belong here: what is posted
(`bot.desks.slack_show`), receiving (`bot.desks.slack`). Nothing is repeated here: when to try again
is for `bot.delivery` to decide, so slack_sdk's own retries are off.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.proxy_env_variable_loader import load_http_proxy_from_env
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import DeskBusy, DeskDown, DeskRefused, ThreadGone

Json = dict[str, Any]

#: Longest wait for one answer, in seconds. Slack's own are well below one.
TIMEOUT_S: Final = 10.0
#: How long a member's name and address are believed, in seconds.
MEMBER_LIFE_S: Final = 900.0
#: Errors that the owner has to put right; until then it counts as down, and nothing is lost.
OWNERS: Final[Mapping[str, str]] = {
    "token_revoked": "The bot token was revoked: reinstall the app and set SLACK_BOT_TOKEN anew.",
    "invalid_auth": "The bot token is not valid: check SLACK_BOT_TOKEN.",
    "not_authed": "The bot token is not valid: check SLACK_BOT_TOKEN.",
    "token_expired": "The bot token has expired: set SLACK_BOT_TOKEN anew.",
    "account_inactive": "The app was removed from the workspace: install it again.",
    "missing_scope": "The app lacks a scope: reinstall it with deploy/slack-manifest.yml.",
    "access_denied": "The workspace forbids it: ask its administrators.",
    "org_login_required": "The workspace is being moved: wait until that is over.",
    "team_access_not_granted": "The app may not use this workspace: install it again.",
    "restricted_action": "The workspace forbids posting in that channel.",
}
#: Errors of a place that is not there any more.
GONE: Final = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "message_not_found", "thread_not_found"}
)
#: Errors of Slack's own, which pass.
PASSING: Final = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the workspace."""

    id: str
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are there, and what we may do."""

    team: str
    team_id: str
    team_url: str
    user: str
    bot: str
    scopes: frozenset[str]
    #: How far Slack's clock is ahead of ours, in seconds.
    ahead: float


class SlackApi:
    """Close it with `close`."""

    def __init__(self, token: str, *, url: str) -> None:
        self.url = url
        self._client: AsyncWebClient | None = None
        self._session: aiohttp.ClientSession | None = None
        self._token = token
        self._identity: Identity | None = None
        self._asking = asyncio.Lock()
        self._members: dict[str, tuple[float, Member]] = {}
        self._channels: dict[str, str] = {}

    @property
    def client(self) -> AsyncWebClient:
        """Made when first used: a session belongs to the loop that runs it."""
        if self._client is None:
            self._client = web_client(self._token, self.url, session=self.session)
        return self._client

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = self._client = None

    async def call(self, method: str, **body: Any) -> Json:
        """Slack's answer.

        Raises: DeskBusy, DeskDown, DeskRefused, ThreadGone.
        """
        async with understood(method):
            answer = await self.client.api_call(method, json=body)
            return dict(answer.data) if isinstance(answer.data, dict) else {}

    async def read(self, method: str, **arguments: Any) -> Json:
        """As `call`, for methods that take no JSON."""
        async with understood(method):
            answer = await self.client.api_call(method, http_verb="GET", params=arguments)
            return dict(answer.data) if isinstance(answer.data, dict) else {}

    async def open_connection(self, app_token: str) -> None:
        """Ask for a Socket Mode connection, to see whether one can be had."""
        async with understood("apps.connections.open"):
            await self.client.apps_connections_open(app_token=app_token)

    # ---------------------------------------------------------------------------- who is who

    async def identity(self, *, again: bool = False) -> Identity:
        async with self._asking:
            if self._identity is None or again:
                self._identity = await self._ask_identity()
            return self._identity

    async def _ask_identity(self) -> Identity:
        async with understood("auth.test"):
            asked = time.time()
            answer = await self.client.auth_test()
            ahead = _clock(answer.headers.get("Date"), (asked + time.time()) / 2)
            scopes = answer.headers.get("x-oauth-scopes", "")
            return Identity(
                team=answer["team"],
                team_id=answer["team_id"],
                team_url=answer["url"],
                user=answer["user_id"],
                bot=answer.get("bot_id") or "",
                scopes=frozenset(one.strip() for one in scopes.split(",") if one.strip()),
                ahead=ahead,
            )

    async def member(self, id: str) -> Member:
        """A member's name and e-mail address, as they were within the last quarter of an hour.

        Only of members of our own workspace is the address known: a guest of a shared channel has
        the one that their own organisation gave them, which proves nothing here."""
        known = self._members.get(id)
        if known is not None and time.monotonic() - known[0] < MEMBER_LIFE_S:
            return known[1]
        user = (await self.read("users.info", user=id))["user"]
        profile = user.get("profile", {})
        name = profile.get("display_name") or profile.get("real_name") or user.get("name", id)
        ours = user.get("team_id") == (await self.identity()).team_id and not _is_outside(user)
        member = Member(id, name, profile.get("email") if ours else None)
        self._members[id] = (time.monotonic(), member)
        return member

    async def member_by_email(self, email: str) -> str | None:
        """The id of the member of our own workspace who has that address; None for nobody."""
        try:
            found = await self.read("users.lookupByEmail", email=email.casefold())
        except DeskRefused:
            return None  # users_not_found
        user = found["user"]
        ours = user.get("team_id") == (await self.identity()).team_id and not _is_outside(user)
        return str(user["id"]) if ours else None

    # --------------------------------------------------------------------------- where it goes

    async def channels(self, *, again: bool = False) -> dict[str, str]:
        """The channels that we are in and that are not archived: name with its # by id."""
        if self._channels and not again:
            return self._channels
        found: dict[str, str] = {}
        cursor = ""
        while True:
            answer = await self.read(
                "users.conversations",
                types="public_channel,private_channel",
                exclude_archived="true",
                limit=200,
                cursor=cursor,
            )
            found |= {str(one["id"]): f"#{one['name']}" for one in answer["channels"]}
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                self._channels = found
                return found

    async def channel(self, name: str, *, again: bool = False) -> str | None:
        """The id of a channel of the desk plan, which is an id or a #name; None if there is none
        of that name, or we are not in it."""
        channels = await self.channels(again=again)
        found = next((id for id, known in channels.items() if name in (id, known)), None)
        if found is None and not again:
            return await self.channel(name, again=True)
        return found

    def forget_channels(self) -> None:
        """Look them up again: one was archived, renamed or left."""
        self._channels = {}

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message, for a browser."""
        team = (await self.identity()).team_url.rstrip("/")
        return f"{team}/archives/{channel}/p{ts.replace('.', '')}"

    async def respond(self, response_url: str, body: Json) -> None:
        """Change a message that only one person sees. The address comes with an interaction."""
        async with (
            understood("response_url"),
            self.session.post(response_url, json=body, proxy=self.client.proxy) as answer,
        ):
            if answer.status >= 400:
                raise DeskRefused(f"Slack refused to change a hint ({answer.status}).")

    # -------------------------------------------------------------------------------- files

    async def upload(
        self,
        channel: str,
        thread: str,
        name: str,
        content: bytes,
        *,
        title: str,
        comment: str = "",
    ) -> None:
        """Put a file into a thread."""
        place = await self.read("files.getUploadURLExternal", filename=name, length=len(content))
        async with (
            understood("upload"),
            self.session.post(place["upload_url"], data=content, proxy=self.client.proxy) as answer,
        ):
            if answer.status != 200:
                raise DeskDown(f"Slack did not take a file ({answer.status}).")
        body: Json = {"files": [{"id": place["file_id"], "title": title}]}
        if comment:
            body["initial_comment"] = comment
        await self.call(
            "files.completeUploadExternal", channel_id=channel, thread_ts=thread, **body
        )

    async def download(self, file: Json, at_most: int) -> bytes:
        """The bytes of a file that somebody shared, which are `at_most` so many.

        Raises: DeskRefused: too large, or no file of the workspace's."""
        address = str(file.get("url_private_download") or file.get("url_private") or "")
        if file.get("is_external") or not address:
            raise DeskRefused("Slack: that file is kept elsewhere.", hint="Upload it here.")
        if int(file.get("size") or 0) > at_most:
            raise DeskRefused("Slack: that file is too large.", hint="Send a smaller one.")
        headers = {"Authorization": f"Bearer {self._token}"}
        async with (
            understood("download"),
            self.session.get(
                address, headers=headers, proxy=self.client.proxy, allow_redirects=False
            ) as answer,
        ):
            if answer.status >= 500:
                raise DeskDown(f"Slack did not give a file ({answer.status}).")
            content = await answer.content.read(at_most + 1)
            # Without the scope, Slack answers with its login page.
            if answer.status != 200 or len(content) > at_most:
                raise DeskRefused(
                    "Slack: that file cannot be read.", hint="Upload it again, or a smaller one."
                )
        return content


def web_client(token: str, url: str, *, session: aiohttp.ClientSession) -> AsyncWebClient:
    """slack_sdk's client, without retries of its own, and with NO_PROXY kept: slack_sdk takes the
    proxy from the environment and knows no exceptions."""
    client = AsyncWebClient(
        token, base_url=url, session=session, timeout=int(TIMEOUT_S), retry_handlers=[]
    )
    client.proxy = proxy_for(url)
    return client


def proxy_for(url: str) -> str | None:
    """The proxy by which `url` is reached, by the usual variables of the environment."""
    host = urlsplit(url).hostname or ""
    return None if proxy_bypass(host) else load_http_proxy_from_env()


@asynccontextmanager
async def understood(method: str) -> AsyncIterator[None]:
    """What slack_sdk and aiohttp raise becomes what `bot.delivery` knows how to act on."""
    try:
        yield
    except SlackApiError as why:
        raise meaning(method, why) from why
    except (SlackClientError, aiohttp.ClientError, asyncio.TimeoutError, OSError) as why:
        raise DeskDown(f"Slack did not answer {method} ({type(why).__name__}).") from why


def meaning(method: str, why: SlackApiError) -> DeskBusy | DeskDown | DeskRefused | ThreadGone:
    """What an error of Slack's asks of us."""
    answer = why.response
    status = int(getattr(answer, "status_code", 200) or 200)
    data = getattr(answer, "data", None)
    error = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or error in {"ratelimited", "rate_limited", "message_limit_exceeded"}:
        after = str(getattr(answer, "headers", {}).get("Retry-After", "1"))
        return DeskBusy("Slack is busy.", after_s=float(after) if after.isdigit() else 1.0)
    if status >= 500 or error in PASSING or not error:
        return DeskDown(f"Slack did not answer {method} ({error or status}).")
    if error in OWNERS:
        needed = (
            f" It needs {data['needed']}." if isinstance(data, dict) and "needed" in data else ""
        )
        return DeskDown(f"Slack refused {method}: {error}.{needed}", hint=OWNERS[error])
    if error in GONE:
        return ThreadGone(f"Slack: {error} ({method}).")
    return DeskRefused(f"Slack refused {method}: {error}.{_details(data)}")


def _is_outside(user: Json) -> bool:
    """Whether a member is no colleague (any more): a guest, an account that was closed, a bot, or
    somebody of another organisation."""
    marks = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted", "is_bot")
    return any(user.get(mark) for mark in marks)


def _details(data: Any) -> str:
    found = data.get("response_metadata", {}).get("messages", []) if isinstance(data, dict) else []
    return " " + "; ".join(map(str, found)) if found else ""


def _clock(date: str | None, now: float) -> float:
    """How far an HTTP date is ahead of `now`, in seconds; below its own precision counts as 0."""
    if not date or not re.search(r"\d", date):
        return 0.0
    ahead = parsedate_to_datetime(date).timestamp() - now
    return ahead if abs(ahead) > 1.5 else 0.0
