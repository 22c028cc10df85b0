"""Leaving an e-mail address, telling what was seen, and coming back by the link of an e-mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.attention import HERE, Attention
from bot.errors import SettingsError
from bot.store import Store
from bot.web.sessions import Sessions
from tests.agent_client import AgentClient, until
from tests.customer import Customer, shown
from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant
from tests.scripted_assistant import until as until_true
from tests.smtp_world import Mailbox, mail_server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def gateway(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, mailbox: Mailbox
) -> Iterator[RunningGateway]:
    """A gateway that sends e-mail, without much patience."""
    plan = Path("data/desk.yml").read_text().replace("mail_after: 60", "mail_after: 0.2")
    (tmp_path / "desk.yml").write_text(plan)
    with RunningGateway(
        redis_url,
        assistant.url,
        assistant.token,
        tmp_path,
        desk=tmp_path / "desk.yml",
        smtp=mailbox.server,
        mail_from="Nordlys <help@nordlys.example>",
        public_url="https://desk.example",
    ) as gateway:
        yield gateway


@pytest.fixture
def arrive(gateway: RunningGateway) -> Iterator[Callable[[], Customer]]:
    customers: list[Customer] = []

    def arrive() -> Customer:
        customers.append(Customer(gateway))
        return customers[-1]

    yield arrive
    for customer in customers:
        customer.http.close()


def link_in(mailbox: Mailbox) -> str:
    (line,) = [line for line in mailbox.text().splitlines() if line.startswith("https://")]
    return line


async def test_an_answer_follows_the_customer_and_its_link_leads_back(
    anna: AgentClient, arrive: Callable[[], Customer], mailbox: Mailbox, redis: Redis[bytes]
) -> None:
    customer = arrive()
    customer.post("/handoff")
    assert customer.post("/contact", email=" Mads@Example.COM ").status_code == 202
    id = customer.session["conversation"]
    assert customer.log(shown("contact_left"))[-1]["email"] == "Mads@example.com"
    await redis.delete(HERE.format(id))  # as when the stream's time is over
    await anna.do(id, "reply", text="It is on its way.")
    until_true(lambda: bool(mailbox.messages), what="the e-mail")
    assert mailbox.recipients == ["Mads@example.com"]
    address, _, token = link_in(mailbox).partition("#resume=")
    assert address == "https://desk.example/chat"

    somewhere_else = arrive()
    answer = somewhere_else.http.post("/session", json={"link": token})
    assert answer.status_code == 200
    assert answer.json()["conversation"] == id
    back = somewhere_else.http
    back.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    assert somewhere_else.log(shown("agent_spoke"))[-1]["text"] == "It is on its way."


async def test_a_customer_who_is_there_gets_no_mail(
    anna: AgentClient, arrive: Callable[[], Customer], mailbox: Mailbox, redis: Redis[bytes]
) -> None:
    customer = arrive()
    customer.post("/handoff")
    customer.post("/contact", email="mads@example.com")
    id = customer.session["conversation"]
    attention = Attention(redis)
    with customer.listening() as events:
        next(events)

        async def here() -> bool:
            return (await attention.find(id))[0]

        await until(here, "the stream is known to be open")
        seq = await anna.do(id, "reply", text="It is on its way.")
        assert customer.http.post("/seen", json={"seq": seq}).status_code == 204
    assert (await attention.find(id))[1] == seq
    other = arrive()
    other.post("/handoff")
    other.post("/contact", email="lotte@example.com")
    await anna.do(other.session["conversation"], "reply", text="Hi")
    until_true(lambda: bool(mailbox.messages), what="the other customer's e-mail")
    assert mailbox.recipients == ["lotte@example.com"]


@pytest.mark.parametrize("email", ["mads", "mads@example.com\r\nBcc: x@y.example", ""])
def test_what_is_no_address_is_refused(arrive: Callable[[], Customer], email: str) -> None:
    refused = arrive().post("/contact", email=email)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "bad_address")


@pytest.mark.parametrize(
    ("link", "code"), [("nonsense", "session_invalid"), ("", "session_invalid")]
)
def test_a_link_that_is_none_opens_nothing(
    arrive: Callable[[], Customer], link: str, code: str
) -> None:
    refused = arrive().http.post("/session", json={"link": link})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, code)
    assert "token" not in refused.json()


async def test_a_link_opens_on_our_own_page_only_and_not_for_a_forgotten_conversation(
    gateway: RunningGateway, arrive: Callable[[], Customer], store: Store
) -> None:
    customer = arrive()
    sessions = Sessions(partial(store.secret, "widget"))
    link = await sessions.link(customer.session["conversation"])
    foreign = {"Origin": "https://evil.example"}
    refused = customer.http.post("/session", json={"link": link}, headers=foreign)
    assert refused.json()["error"]["code"] == "origin_not_allowed"
    own = customer.http.post("/session", json={"link": link}, headers={"Origin": gateway.url})
    assert own.status_code == 200
    gone = await sessions.link("never-was")
    assert customer.http.post("/session", json={"link": gone}).status_code == 401


def test_the_page_of_a_link_asks_nobody_else_and_is_not_kept(
    gateway: RunningGateway, arrive: Callable[[], Customer]
) -> None:
    page = arrive().http.get(f"{gateway.url}/chat")
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "http" not in page.text


def test_without_a_mail_server_no_address_is_taken(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path
) -> None:
    with RunningGateway(redis_url, assistant.url, assistant.token, tmp_path) as gateway:
        customer = Customer(gateway)
        refused = customer.post("/contact", email="mads@example.com")
        customer.http.close()
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_mail")


def test_a_sender_that_is_none_stops_the_start(
    redis_url: str, assistant: ScriptedAssistant, tmp_path: Path, mailbox: Mailbox
) -> None:
    with pytest.raises(SettingsError, match="DESKHAND_MAIL_FROM: 'Nordlys' is no e-mail"):
        RunningGateway(
            redis_url,
            assistant.url,
            assistant.token,
            tmp_path,
            smtp=mailbox.server,
            mail_from="Nordlys",
            public_url="https://desk.example",
        ).start()
