"""Telegram as a desk of the contract: people in the agents' group, who write, press and upload.

They find a conversation as people do, by looking at the topics: each of our messages says under its
first sign which conversation it is about. The bot's side is the real gateway with the real
python-telegram-bot.
"""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from ruamel.yaml import YAML

from bot.desks.orders import OUTCOMES
from bot.desks.telegram_text import unliteral
from bot.events import Agent
from bot.processes import free_ports
from bot.settings import Secret
from tests.desks.contract.driver import (
    ANNA,
    BEN,
    CANNED,
    EMAILS,
    SKILL,
    DeskDriver,
    Workplace,
    gateway_of,
    until_true,
)
from tests.desks.telegram.group import Group, Json
from tests.desks.telegram.oracle import the_oracle
from tests.desks.telegram.people import Person, labels
from tests.desks.telegram.server import TOKEN, FakeTelegram
from tests.gateway import RunningGateway
from tests.polling import PATIENCE_S

SECRET = "a-secret-of-telegrams-and-ours"
ACCOUNTS = {"anna": 41_001, "ben": 41_002}
SALES = -1001112223334
_MARK = re.compile(r"\?deskhand=.{8}pt(?P<id>[A-Za-z0-9_-]+):(?P<of>\w+):(?P<arg>\w*)$")


@dataclass(frozen=True, slots=True)
class Found:
    """A message, and the group that it stands in."""

    group: Group
    message: Json

    @property
    def id(self) -> int:
        return int(self.message["message_id"])

    @property
    def topic(self) -> int | None:
        return self.message["message_thread_id"] if self.message.get("is_topic_message") else None

    @property
    def text(self) -> str:
        return unliteral(self.message.get("text") or self.message.get("caption") or "")


class TelegramDriver:
    """`gateway`: the one that it was started with, if a test needs its address."""

    def __init__(self, telegram: FakeTelegram, gateway: RunningGateway | None = None) -> None:
        self._gateway = gateway
        self.telegram = telegram
        self._people = {
            agent.login: telegram.person(agent.name, ACCOUNTS[agent.login], agent.login)
            for agent in (ANNA, BEN)
        }

    @property
    def gateway(self) -> RunningGateway:
        assert self._gateway is not None
        return self._gateway

    # ------------------------------------------------------------------------- what they see

    async def sees_card(self, id: str, *words: str) -> None:
        await self._wait(
            f"a card of {id} with {words}",
            lambda: (card := self._card(id)) and all(word in card.text for word in words),
        )

    async def shown(self) -> set[str]:
        return {
            mark["id"]
            for found in self._messages()
            for mark in marks(found.message)
            if mark["arg"].startswith("card")
        }

    async def sees(self, id: str, text: str) -> None:
        await self._find(f"{text!r}", lambda: self._in_thread(id, text))

    async def sees_held(self, who: Agent, id: str, text: str) -> None:
        await self._find(f"that {text!r} is held", lambda: self._held(id, text))

    async def sees_rating(self, id: str, stars: int, comment: str) -> None:
        await self.sees_card(id, "★" * stars + "☆" * (5 - stars), comment)

    async def file(self, who: Agent, id: str, name: str) -> bytes:
        found = await self._find(f"the file {name}", lambda: self._document(id, name))
        return self.telegram.world.files[found.message["document"]["file_id"]].data

    async def transcript(self, who: Agent, id: str) -> str:
        before = {found.id for found in self._in_thread(id)}
        await self._press(who, self._card_of(id), "Transcript")
        found = await self._find(
            "the transcript",
            lambda: [
                one
                for one in self._in_thread(id)
                if one.id not in before and "document" in one.message
            ],
        )
        document = found.message["document"]
        assert document["file_name"].endswith(".txt")
        return self.telegram.world.files[document["file_id"]].data.decode()

    # --------------------------------------------------------------------------- what they do

    async def claim(self, who: Agent, id: str) -> str:
        await self._wait("a button", lambda: has_button(self._card_of(id), "Claim"))
        answer = await self._press(who, self._card_of(id), "Claim")
        return answer["text"] if answer["alert"] else ""

    async def reply(self, who: Agent, id: str, text: str) -> None:
        person, topic = self._at(who, id)
        person.write(text, topic, reply_to=self._root(id))
        await self.settled()

    async def note(self, who: Agent, id: str, text: str) -> None:
        await self.reply(who, id, f"// {text}")

    async def take_over(self, who: Agent, id: str, text: str) -> None:
        await self._press(who, self._held(id, text)[-1], "Take over and send")

    async def discard(self, who: Agent, id: str, text: str) -> None:
        await self._press(who, self._held(id, text)[-1], "Discard")

    async def send_file(self, who: Agent, id: str, name: str, content: bytes) -> None:
        person, topic = self._at(who, id)
        person.upload(name, content, topic, reply_to=self._root(id))
        await self.settled()

    async def edit(self, who: Agent, id: str, old: str, new: str) -> None:
        self._person(who, self._card_of(id).group).edit(self._own(who, id, old).id, new)
        await self.settled()

    async def retract(self, who: Agent, id: str, text: str) -> None:
        await self._answer(who, self._own(who, id, text), "/retract")

    async def send_draft(self, who: Agent, id: str, text: str, *, changed: str = "") -> None:
        draft = self._with_button(id, text, "end")
        if not changed:
            await self._press(who, draft, "end")
            return
        await self._press(who, draft, "Edit first")
        asked = await self._find("a question", lambda: self._question(id, text))
        await self._answer(who, asked, changed)

    async def discard_draft(self, who: Agent, id: str, text: str) -> None:
        await self._press(who, self._with_button(id, text, "Discard"), "Discard")

    async def send_canned(self, who: Agent, id: str, name: str) -> None:
        await self._choose(who, id, "Canned", name)
        preview = await self._find("a preview", lambda: self._in_thread(id, CANNED[1]))
        await self._press(who, preview, "Send")

    async def pass_to(self, who: Agent, id: str, colleague: Agent) -> None:
        await self._choose(who, id, "Transfer", colleague.name)

    async def pass_to_skill(self, who: Agent, id: str, skill: str) -> None:
        await self._choose(who, id, "Transfer", skill)
        # Sales has a group of its own: there it goes on.
        await self._wait(
            "a card in the other group",
            lambda: (card := self._card(id)) and card.group.id == SALES,
        )

    async def snooze(self, who: Agent, id: str) -> None:
        await self._choose(who, id, "Snooze", "2 hours")

    async def return_to_bot(self, who: Agent, id: str) -> None:
        await self._press(who, self._card_of(id), "Back to the bot")

    async def close(self, who: Agent, id: str, outcome: str) -> None:
        await self._choose(who, id, "Close", OUTCOMES[outcome])

    async def reopen(self, who: Agent, id: str) -> None:
        await self._wait("a button", lambda: has_button(self._card_of(id), "Reopen"))
        await self._press(who, self._card_of(id), "Reopen")

    async def label(
        self, who: Agent, id: str, text: str, intent: str, *, new: bool = False
    ) -> None:
        """By the card's menus."""
        await self._choose(who, id, "Label", text)
        if not new:
            await self._choose(who, id, "", intent.replace("_", " "))
            return
        await self._choose(who, id, "", "Something new")
        asked = await self._find("a question", lambda: self._question(id, "What was it about"))
        await self._answer(who, asked, intent)

    # ---------------------------------------------------------------------------- the apps

    async def settled(self) -> None:
        """The bot has confirmed all that people have done."""
        await self._wait("a confirmation", lambda: not self.telegram.unconfirmed)

    async def _choose(self, who: Agent, id: str, menu: str, choice: str) -> None:
        """Open a menu of the card, and choose (`menu` "": it is open already). A card that is just
        then brought up to date closes its menu: people open it again."""

        async def is_open() -> bool:
            card = self._card_of(id)
            if has_button(card, choice):
                return True
            if menu and has_button(card, menu):
                await self._press(who, card, menu)
            return False

        with anyio.fail_after(PATIENCE_S):
            while not await is_open():
                await anyio.sleep(0.05)
        await self._press(who, self._card_of(id), choice)

    async def _press(self, who: Agent, found: Found, label: str) -> dict[str, Any]:
        query = self._person(who, found.group).press(found.id, label)
        await self._wait(f"an answer to {label!r}", lambda: query in self.telegram.world.answers)
        return self.telegram.world.answers[query]

    async def _answer(self, who: Agent, to: Found, text: str) -> None:
        self._person(who, to.group).reply(to.id, text)
        await self.settled()

    def _at(self, who: Agent, id: str) -> tuple[Person, int | None]:
        card = self._card_of(id)
        return self._person(who, card.group), card.topic

    def _root(self, id: str) -> int | None:
        """What a message has to reply to: nothing in a topic, else the card."""
        card = self._card_of(id)
        return card.id if card.topic is None else None

    def _person(self, who: Agent, group: Group) -> Person:
        return self._people[who.login].in_group(group)

    def _messages(self) -> list[Found]:
        with self.telegram.lock:
            return [
                Found(group, dict(message))
                for group in self.telegram.world.groups.values()
                for _, message in sorted(group.messages.items())
            ]

    def _card(self, id: str) -> Found | None:
        """The card on which there are buttons; the latest, if there were several."""
        cards = [
            found
            for found in self._messages()
            for mark in marks(found.message)
            if mark["id"] == id and mark["arg"].startswith("card") and labels(found.message)
        ]
        return cards[-1] if cards else None

    def _card_of(self, id: str) -> Found:
        card = self._card(id)
        assert card is not None, f"no card of {id}"
        return card

    def _in_thread(self, id: str, text: str = "") -> list[Found]:
        """Messages in the conversation's thread that say `text`."""
        card = self._card(id)
        if card is None:
            return []
        return [
            found
            for found in self._messages()
            if found.group is card.group
            and (found.topic == card.topic if card.topic else self._in_chain(found, card))
            and text in found.text
        ]

    def _in_chain(self, found: Found, card: Found) -> bool:
        replied = found.message.get("reply_to_message", {}).get("message_id")
        thread = found.message.get("message_thread_id")
        return card.id in (found.id, replied, thread)

    def _held(self, id: str, text: str) -> list[Found]:
        return [
            one
            for one in self._in_thread(id, text)
            if "was not sent" in one.text and labels(one.message)
        ]

    def _document(self, id: str, name: str) -> list[Found]:
        return [
            one
            for one in self._in_thread(id)
            if one.message.get("document", {}).get("file_name") == name
        ]

    def _with_button(self, id: str, text: str, label: str) -> Found:
        found = [
            one
            for one in self._in_thread(id, text)
            if any(label in shown for shown in labels(one.message))
        ]
        assert found, f"nothing says {text!r} and has a button {label!r}"
        return found[-1]

    def _question(self, id: str, text: str) -> list[Found]:
        return [one for one in self._in_thread(id, text) if "reply to this message" in one.text]

    def _own(self, who: Agent, id: str, text: str) -> Found:
        account = ACCOUNTS[who.login]
        found = [
            one
            for one in self._in_thread(id, text)
            if one.message["from"]["id"] == account and one.text == text
        ]
        return found[-1]

    async def _find(self, what: str, look: Callable[[], list[Found]]) -> Found:
        await self._wait(what, look)
        return look()[-1]

    async def _find_all(self, what: str, look: Callable[[], list[Found]]) -> list[Found]:
        await self._wait(what, look)
        return look()

    async def _wait(self, what: str, check: Callable[[], Any]) -> None:
        try:
            await until_true(lambda: bool(check()), what)
        except AssertionError as why:
            shown = "\n".join(f"{f.group.id} {f.topic} {f.text!r}" for f in self._messages())
            raise AssertionError(f"{why}; in the group there is:\n{shown}") from None


def has_button(found: Found, *labels_of: str) -> bool:
    return any(label in shown for label in labels_of for shown in labels(found.message))


def marks(message: Json) -> list[dict[str, str]]:
    entities = message.get("entities") or message.get("caption_entities") or []
    found = (_MARK.search(one.get("url", "")) for one in entities)
    return [match.groupdict() for match in found if match]


def desk_plan(group_of_sales: int, accounts: Mapping[str, int] = ACCOUNTS) -> str:
    """The shipped plan with our people, at this desk alone, who are asked once and never vanish."""
    yaml = YAML()
    plan = yaml.load(Path("data/desk.yml").read_text(encoding="utf-8"))
    plan["agents"] = [
        {
            "login": agent.login,
            "name": agent.name,
            "email": EMAILS[agent.login],
            "skills": [SKILL],
            "capacity": 50,
        }
        | ({"telegram": accounts[agent.login]} if agent.login in accounts else {})
        for agent in (ANNA, BEN)
    ]
    for skill in plan["skills"]:
        if skill["name"] == SKILL:
            skill |= {"words": SKILL, "telegram": group_of_sales}
    plan["desks"]["order"] = ["telegram", "console"]
    plan["ladder"] = [{"rung": "again", "after": 3000}]
    plan["vanish_after"] = 3000
    plan["canned"] = [{"name": CANNED[0], "text": CANNED[1]}]
    written = io.StringIO()
    yaml.dump(plan, written)
    return written.getvalue()


@asynccontextmanager
async def running(
    place: Workplace, *, webhook: bool = False, kind: str = "forum"
) -> AsyncIterator[DeskDriver]:
    """See `driver.Running`. The group allows what Telegram allows: 20 messages a minute. At the end
    aiogram must believe all that was said."""
    with FakeTelegram(Group(kind=kind)) as telegram:
        telegram.world.add(Group(kind=kind, id=SALES, title="Sales"))
        telegram.api.pace.most = 20
        async with gateway_of(place, **settings_for(telegram, place, webhook=webhook)) as gateway:
            yield TelegramDriver(telegram, gateway)
        assert the_oracle().objections(telegram.recorded()) == []


def settings_for(
    telegram: FakeTelegram, place: Workplace, *, webhook: bool = False
) -> dict[str, Any]:
    plan = place.folder / "desk.yml"
    plan.write_text(desk_plan(SALES), encoding="utf-8")
    settings: dict[str, Any] = {
        "telegram_bot_token": Secret(TOKEN),
        "telegram_group": telegram.group.id,
        "telegram_api_url": telegram.url,
        "desk": plan,
    }
    if webhook:
        (port,) = free_ports(1)
        settings |= {
            "port": port,
            "public_url": f"http://127.0.0.1:{port}",
            "telegram_webhook_secret": Secret(SECRET),
        }
    return settings


by_polling = partial(running)
by_webhook = partial(running, webhook=True)
in_chains = partial(running, kind="supergroup")
