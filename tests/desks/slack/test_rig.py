"""The rig itself, with Slack's own clients: what they need from Slack they get from the front, and
what goes wrong on demand goes wrong in their eyes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.desks.slack import seed
from tests.desks.slack.deliveries import Unacknowledged
from tests.desks.slack.faults import Cut, Hang, Refusal, Status, TooMany
from tests.desks.slack.front import Front
from tests.desks.slack.people import Person, words_of
from tests.polling import PATIENCE_S, soon

pytest_plugins = ("tests.desks.slack.fixtures",)

BUTTON = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {
            "type": "button",
            "action_id": "go",
            "text": {"type": "plain_text", "text": "Go"},
            "value": "7",
        }
    ],
}


@pytest.fixture
async def client(front: Front) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session:
        yield AsyncWebClient(seed.BOT_TOKEN, base_url=front.url, session=session, retry_handlers=[])


class Listening:
    """A Socket Mode client that notes what it hears and acknowledges it."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.heard: list[SocketModeRequest] = []
        self.answer: dict[str, Any] | None = None
        self.silent = False
        self.socket = SocketModeClient(seed.APP_TOKEN, web_client=client, ping_interval=1)
        self.socket.socket_mode_request_listeners.append(self.hear)  # type: ignore[arg-type]

    async def hear(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        if not self.silent:
            await client.send_socket_mode_response(
                SocketModeResponse(request.envelope_id, payload=self.answer)
            )

    def events(self, kind: str) -> list[dict[str, Any]]:
        found = [r.payload["event"] for r in self.heard if r.type == "events_api"]
        return [event for event in found if event["type"] == kind]


@pytest.fixture
async def app(client: AsyncWebClient) -> AsyncIterator[Listening]:
    app = Listening(client)
    await app.socket.connect()  # type: ignore[no-untyped-call]
    yield app
    await app.socket.close()  # type: ignore[no-untyped-call]


async def test_a_message_is_posted_with_its_metadata_and_found_again_in_its_thread(
    front: Front, client: AsyncWebClient, anna: Person
) -> None:
    support = anna.channel("support")
    root = await client.chat_postMessage(channel=support, text="a card")
    marked = {"event_type": "deskhand", "event_payload": {"conversation": "c1", "seq": 3}}
    await client.chat_postMessage(
        channel=support, text="a reply", thread_ts=root["ts"], metadata=marked
    )
    plain = await client.conversations_replies(channel=support, ts=root["ts"])
    asked = await client.conversations_replies(
        channel=support, ts=root["ts"], include_all_metadata=True
    )
    assert [m["text"] for m in plain["messages"]] == ["a card", "a reply"]
    assert "metadata" not in plain["messages"][1]
    assert asked["messages"][1]["metadata"] == marked
    assert asked["messages"][1]["bot_id"] == seed.BOT_ID


async def test_the_scopes_header_names_the_scopes_of_the_manifest(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert answer["user"] == seed.BOT
    assert answer.headers["x-oauth-scopes"].split(",") == seed.SCOPES


async def test_a_bot_that_was_not_invited_may_not_post(
    front: Front, client: AsyncWebClient, anna: Person
) -> None:
    with pytest.raises(SlackApiError, match="not_in_channel"):
        await client.chat_postMessage(channel=anna.channel("lobby"), text="hello")
    own = await client.users_conversations()
    assert {one["name"] for one in own["channels"]} == set(seed.JOINED)


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
        [{"type": "nonsense"}],
        [{"type": "divider"}] * 51,
        [BUTTON, BUTTON],
        [{"type": "actions", "elements": []}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}],
    ],
    ids=["long", "unknown", "many", "twice", "empty", "header", "no text"],
)
async def test_bad_blocks_are_refused(
    client: AsyncWebClient, anna: Person, blocks: list[dict[str, Any]]
) -> None:
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await client.chat_postMessage(channel=anna.channel("support"), text="x", blocks=blocks)


async def test_what_people_write_edit_delete_and_mark_becomes_events(
    app: Listening, anna: Person
) -> None:
    support = anna.channel("support")
    ts = await anna.say(support, "a < b & c")
    await anna.edit(support, ts, "better")
    await anna.react(support, ts, "eyes")
    await anna.delete(support, ts)
    await soon(lambda: len(app.events("message")) == 3)
    await soon(lambda: len(app.events("reaction_added")) == 1)
    said = next(e for e in app.events("message") if "subtype" not in e)
    assert (said["text"], said["user"], said["ts"]) == ("a &lt; b &amp; c", anna.id, ts)
    changed = next(e for e in app.events("message") if e.get("subtype") == "message_changed")
    assert changed["message"]["text"] == "better"
    deleted = next(e for e in app.events("message") if e.get("subtype") == "message_deleted")
    assert deleted["deleted_ts"] == ts
    assert deleted["previous_message"]["user"] == anna.id
    assert app.events("reaction_added")[0]["item"]["ts"] == ts


async def test_files_go_both_ways(app: Listening, client: AsyncWebClient, anna: Person) -> None:
    support = anna.channel("support")
    root = await client.chat_postMessage(channel=support, text="a card")
    await anna.share(support, "invoice.pdf", b"%PDF", thread=root["ts"], text="here")
    await soon(lambda: any(e.get("subtype") == "file_share" for e in app.events("message")))
    shared = next(e for e in app.events("message") if e.get("subtype") == "file_share")
    assert (shared["text"], shared["thread_ts"]) == ("here", root["ts"])
    assert await anna.read_file(shared["files"][0]) == b"%PDF"
    await client.files_upload_v2(
        channel=support, thread_ts=root["ts"], filename="transcript.txt", content="all of it"
    )
    mine = (await anna.thread(support, root["ts"]))[-1]
    assert mine["bot_id"] == seed.BOT_ID
    assert await anna.read_file(mine["files"][0]) == b"all of it"


async def test_buttons_commands_and_modals_are_answered(
    app: Listening, client: AsyncWebClient, anna: Person
) -> None:
    support = anna.channel("support")
    await client.chat_postMessage(channel=support, text="x", blocks=[BUTTON])
    (message,) = await anna.channel_messages(support)
    await anna.press(message, "Go")
    pressed = app.heard[-1].payload
    assert pressed["actions"][0]["value"] == "7"
    view = {
        "type": "modal",
        "callback_id": "edit",
        "title": {"type": "plain_text", "text": "Edit"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "text",
                "label": {"type": "plain_text", "text": "Text"},
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
    }
    await client.views_open(trigger_id=pressed["trigger_id"], view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await client.views_open(trigger_id=pressed["trigger_id"], view=view)
    (modal,) = anna.modals()
    await anna.submit(modal, text="what I meant")
    values = app.heard[-1].payload["view"]["state"]["values"]
    assert values["text"]["text"]["value"] == "what I meant"
    assert anna.modals() == []
    app.answer = {"text": "nothing waits"}
    assert await anna.command("queue", support) == {"text": "nothing waits"}


async def test_app_home_and_hints_are_seen_by_one_person(
    app: Listening, client: AsyncWebClient, anna: Person, ben: Person
) -> None:
    await anna.open_home()
    await soon(lambda: app.events("app_home_opened") != [])
    hello = {"type": "section", "text": {"type": "mrkdwn", "text": "Good morning"}}
    await client.views_publish(user_id=anna.id, view={"type": "home", "blocks": [hello]})
    await client.chat_postEphemeral(channel=anna.channel("support"), user=anna.id, text="psst")
    home = anna.home()
    assert home is not None
    assert words_of(home["blocks"]) == "Good morning"
    assert [hint["text"] for hint in anna.hints()] == ["psst"]
    assert ben.home() is None
    assert ben.hints() == []


async def test_an_event_whose_acknowledgement_is_lost_comes_again_with_the_same_id(
    front: Front, app: Listening, anna: Person
) -> None:
    front.deliveries.ack_within = 0.5
    front.deliveries.lose_acks("hello", times=2)
    await anna.say(anna.channel("support"), "hello")
    await soon(lambda: len(app.heard) >= 3)
    assert len({request.payload["event_id"] for request in app.heard}) == 1
    assert [request.retry_attempt for request in app.heard][:3] == [0, 1, 2]


async def test_a_press_that_nobody_acknowledges_is_not_repeated(
    front: Front, app: Listening, client: AsyncWebClient, anna: Person
) -> None:
    await client.chat_postMessage(channel=anna.channel("support"), text="x", blocks=[BUTTON])
    (message,) = await anna.channel_messages(anna.channel("support"))
    front.deliveries.ack_within, app.silent = 0.2, True
    with pytest.raises(Unacknowledged):
        await anna.press(message, "Go")


async def test_the_client_comes_back_after_a_refresh_and_after_a_broken_connection(
    front: Front, app: Listening, anna: Person
) -> None:
    for interrupt in (front.deliveries.refresh, front.deliveries.hang_up):
        opened = len(front.called("apps.connections.open"))
        await front.run(interrupt())
        await soon(lambda opened=opened: len(front.called("apps.connections.open")) > opened)  # type: ignore[misc]
        await soon(lambda: front.deliveries.connections == 1)
        heard = len(app.heard)
        await anna.say(anna.channel("support"), "still there?")
        await soon(lambda heard=heard: len(app.heard) > heard)  # type: ignore[misc]


async def test_a_ticket_opens_one_connection(front: Front, app: Listening) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(str(app.socket.wss_uri))


async def test_in_http_mode_requests_are_signed_and_repeated(front: Front, anna: Person) -> None:
    heard: list[tuple[bytes, dict[str, str]]] = []

    async def take(request: aiohttp.web.BaseRequest) -> aiohttp.web.Response:
        heard.append((await request.read(), dict(request.headers)))
        return aiohttp.web.Response(status=500 if len(heard) == 1 else 200)

    runner = aiohttp.web.ServerRunner(aiohttp.web.Server(take))
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    front.deliveries.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await anna.say(anna.channel("support"), "hello")
    await soon(lambda: len(heard) == 2)
    verifier = SignatureVerifier(seed.SIGNING_SECRET)
    assert all(verifier.is_valid_request(body, headers) for body, headers in heard)
    assert heard[1][1]["X-Slack-Retry-Num"] == "1"
    assert heard[0][0] == heard[1][0]
    await runner.cleanup()


async def test_faults_are_what_they_say(front: Front, client: AsyncWebClient, anna: Person) -> None:
    support = anna.channel("support")

    async def post() -> Any:
        return await client.chat_postMessage(channel=support, text="once")

    front.fail("chat.postMessage", TooMany(7))
    with pytest.raises(SlackApiError, match="ratelimited") as busy:
        await post()
    assert busy.value.response.headers["Retry-After"] == "7"
    front.fail("chat.postMessage", Refusal("is_archived"))
    with pytest.raises(SlackApiError, match="is_archived"):
        await post()
    front.fail("chat.postMessage", Status(500))
    with pytest.raises((SlackApiError, aiohttp.ClientError)):
        await post()
    front.fail("chat.postMessage", Cut())
    with pytest.raises(aiohttp.ClientError):
        await post()
    front.fail("chat.postMessage", Hang())
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(post(), 1)
    assert await anna.channel_messages(support) == []
    front.fail("chat.postMessage", Cut(accepted=True))
    with pytest.raises(aiohttp.ClientError):
        await post()
    assert [m["text"] for m in await anna.channel_messages(support)] == ["once"]
    front.revoke()
    with pytest.raises(SlackApiError, match="token_revoked"):
        await post()
    front.mend()
    await post()
