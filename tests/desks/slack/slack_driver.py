"""Slack as a desk of the contract: people at Slack, and what they see there."""

from __future__ import annotations

import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio

from bot.desks.orders import OUTCOMES
from bot.desks.slack_text import one_line, plain
from bot.events import Agent
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
)
from tests.desks.slack import seed
from tests.desks.slack.front import Front
from tests.desks.slack.people import Person, labels_of, words_of
from tests.gateway import RunningGateway
from tests.polling import soon

Json = dict[str, Any]


class SlackDriver:
    def __init__(self, gateway: RunningGateway, front: Front) -> None:
        self.gateway = gateway
        self.front = front
        self._people = {agent.login: Person(front, agent.login) for agent in (ANNA, BEN)}

    # ------------------------------------------------------------------------- what they see

    async def sees_card(self, id: str, *words: str) -> None:
        async def shown() -> bool:
            card = await self._card(id)
            return card is not None and all(word in words_of(card["blocks"]) for word in words)

        await self._wait(shown, f"a card of {id} with {words}")

    async def shown(self) -> set[str]:
        return {self._conversation(card) for card in await self._cards()}

    async def sees(self, id: str, text: str) -> None:
        await self._find(id, lambda message: text in _said(message), f"{text!r}")

    async def sees_held(self, who: Agent, id: str, text: str) -> None:
        await self._wait(lambda: bool(self._held(who, text)), f"that {text!r} is held")

    async def sees_rating(self, id: str, stars: int, comment: str) -> None:
        await self.sees_card(id, "★" * stars + "☆" * (5 - stars), comment)

    async def file(self, who: Agent, id: str, name: str) -> bytes:
        found = await self._find(id, lambda message: bool(_file(message, name)), f"a file {name}")
        return await self._person(who).read_file(_file(found, name))

    async def transcript(self, who: Agent, id: str) -> str:
        before = {message["ts"] for message in await self._thread(id)}
        await self._press(who, id, "Transcript")
        found = await self._find(
            id, lambda m: m["ts"] not in before and bool(m.get("files")), "the transcript"
        )
        (file,) = found["files"]
        assert file["name"].endswith(".txt")
        return (await self._person(who).read_file(file)).decode()

    # --------------------------------------------------------------------------- what they do

    async def claim(self, who: Agent, id: str) -> str:
        person = self._person(who)
        before = len(person.hints())
        await self._press(who, id, "Claim")
        return " ".join(hint["text"] for hint in person.hints()[before:])

    async def reply(self, who: Agent, id: str, text: str) -> None:
        card = await self._card_of(id)
        ts = await self._person(who).say(card["channel"], text, card["ts"])
        await self._acknowledged(ts)

    async def note(self, who: Agent, id: str, text: str) -> None:
        await self.reply(who, id, f"// {text}")

    async def take_over(self, who: Agent, id: str, text: str) -> None:
        await self._person(who).press(await self._hint(who, id, text), "Take over and send")

    async def discard(self, who: Agent, id: str, text: str) -> None:
        await self._person(who).press(await self._hint(who, id, text), "Discard")

    async def send_file(self, who: Agent, id: str, name: str, content: bytes) -> None:
        card = await self._card_of(id)
        await self._person(who).share(card["channel"], name, content, card["ts"])

    async def edit(self, who: Agent, id: str, old: str, new: str) -> None:
        message = await self._own(who, id, old)
        await self._person(who).edit(message["channel"], message["ts"], new)

    async def retract(self, who: Agent, id: str, text: str) -> None:
        message = await self._own(who, id, text)
        await self._person(who).delete(message["channel"], message["ts"], message["thread_ts"])

    async def send_draft(self, who: Agent, id: str, text: str, *, changed: str = "") -> None:
        draft = await self._draft(id, text)
        if changed:
            view = await self._ask(who, draft, "Edit first…")
            await self._submit(who, view, **{"text-0": changed})
        else:
            (send,) = {"Approve and send", "Send"} & set(labels_of(draft["blocks"]))
            await self._person(who).press(draft, send)

    async def discard_draft(self, who: Agent, id: str, text: str) -> None:
        await self._person(who).press(await self._draft(id, text), "Discard")

    async def send_canned(self, who: Agent, id: str, name: str) -> None:
        await self._press(who, id, "Send a canned reply…", name)

    async def pass_to(self, who: Agent, id: str, colleague: Agent) -> None:
        view = await self._ask(who, await self._with_button(id, "Transfer…"), "Transfer…")
        await self._submit(who, view, to=colleague.name)

    async def pass_to_skill(self, who: Agent, id: str, skill: str) -> None:
        view = await self._ask(who, await self._with_button(id, "Transfer…"), "Transfer…")
        await self._submit(who, view, to=skill)
        # Sales has a channel of its own: there it goes on.
        elsewhere = self.front.workspace.channels["sales"]

        async def moved() -> bool:
            card = await self._card_of(id)
            return bool(card["channel"] == elsewhere)

        await self._wait(moved, "a card in the other channel")

    async def snooze(self, who: Agent, id: str) -> None:
        await self._press(who, id, "Snooze…", "2 hours")

    async def return_to_bot(self, who: Agent, id: str) -> None:
        await self._press(who, id, "Back to the bot")

    async def close(self, who: Agent, id: str, outcome: str) -> None:
        await self._press(who, id, "Close as…", OUTCOMES[outcome])

    async def reopen(self, who: Agent, id: str) -> None:
        await self._press(who, id, "Reopen")

    async def label(
        self, who: Agent, id: str, text: str, intent: str, *, new: bool = False
    ) -> None:
        view = await self._ask(who, await self._with_button(id, "Label…"), "Label…")
        about = {"new": intent} if new else {"intent": intent.replace("_", " ")}
        await self._submit(who, view, message=one_line(text, 75), **about)

    # ------------------------------------------------------------------------------- the parts

    def _person(self, who: Agent) -> Person:
        return self._people[who.login]

    async def _cards(self) -> list[Json]:
        """All cards, oldest first."""
        found = []
        for name in seed.JOINED:
            channel = self.front.workspace.channels[name]
            found += await self._people["anna"].channel_messages(channel)
        cards = [one for one in found if one.get("metadata")]
        return sorted(cards, key=lambda card: float(card["ts"]))

    def _conversation(self, card: Json) -> str:
        return str(card["metadata"]["event_payload"]["conversation"])

    async def _card(self, id: str) -> Json | None:
        """The latest card of the conversation."""
        return next((c for c in reversed(await self._cards()) if self._conversation(c) == id), None)

    async def _card_of(self, id: str) -> Json:
        card = await self._card(id)
        assert card is not None, f"no card of {id}"
        return card

    async def _with_button(self, id: str, label: str) -> Json:
        """The card, as soon as it has that button."""

        async def there() -> bool:
            return label in labels_of((await self._card_of(id))["blocks"])

        await self._wait(there, f"a button {label!r}")
        return await self._card_of(id)

    async def _thread(self, id: str) -> list[Json]:
        card = await self._card(id)
        if card is None:
            return []
        return await self._people["anna"].thread(card["channel"], card["ts"])

    async def _press(self, who: Agent, id: str, label: str, option: str | None = None) -> None:
        await self._person(who).press(await self._with_button(id, label), label, option)

    async def _ask(self, who: Agent, message: Json, label: str) -> Json:
        """Press what opens a modal."""
        person = self._person(who)
        await person.press(message, label)
        assert person.modals(), f"{label!r} opened no modal: {person.hints()}"
        return person.modals()[-1]

    async def _submit(self, who: Agent, view: Json, **values: str) -> None:
        answer = await self._person(who).submit(view, **values)
        assert answer is None, answer

    def _held(self, who: Agent, text: str) -> list[Json]:
        hints = self._person(who).hints()
        return [hint for hint in hints if hint.get("blocks") and text in words_of(hint["blocks"])]

    async def _hint(self, who: Agent, id: str, text: str) -> Json:
        return {**self._held(who, text)[-1], "channel": (await self._card_of(id))["channel"]}

    async def _draft(self, id: str, text: str) -> Json:
        def is_it(message: Json) -> bool:
            labels = labels_of(message.get("blocks", []))
            return text in _said(message) and "Discard" in labels

        return await self._find(id, is_it, f"a draft that says {text!r}")

    async def _own(self, who: Agent, id: str, text: str) -> Json:
        person = self._person(who)
        return await self._find(
            id, lambda m: m["user"] == person.id and plain(m["text"]) == text, f"{text!r}"
        )

    async def _acknowledged(self, ts: str) -> None:
        log = self.front.deliveries.log

        def done() -> bool:
            return any(
                d.acknowledged and d.payload["event"].get("ts") == ts
                for d in list(log)
                if d.kind == "events_api"
            )

        await self._wait(done, "an acknowledgement")

    async def _find(self, id: str, check: Callable[[Json], bool], what: str) -> Json:
        async def found() -> list[Json]:
            return [message for message in await self._thread(id) if check(message)]

        await self._wait(found, what, id)
        return (await found())[-1]

    async def _wait(
        self, check: Callable[[], object | Awaitable[object]], what: str, id: str = ""
    ) -> None:
        try:
            await soon(check, what=what)
        except AssertionError as why:
            shown = "\n".join(_said(message) for message in await self._thread(id)) if id else ""
            raise AssertionError(f"{why}; in the thread there is:\n{shown}") from None


def _said(message: Json) -> str:
    """What a message says, as people read it."""
    names: list[str] = [file["title"] for file in message.get("files", [])]
    words = words_of(message["blocks"]) if message.get("blocks") else plain(message["text"])
    return "\n".join([words, *names])


def _file(message: Json, name: str) -> Json:
    return next((one for one in message.get("files", []) if one["title"] == name), {})


def desk_plan() -> str:
    agents = "\n".join(
        f"  - {{login: {a.login}, name: {a.name}, email: {EMAILS[a.login]}, skills: [{SKILL}], "
        "capacity: 50}"
        for a in (ANNA, BEN)
    )
    return textwrap.dedent(
        """\
        agents:
        {agents}
        capacity: 50
        skills:
          - name: {skill}
            words: {skill}
            intents: [warranty_repair]
            slack: "#sales"
            telegram:
        desks:
          order: [slack, console]
          slack: "#support"
        hours:
          timezone: UTC
          weekly: always
          holidays: []
        ladder:
          - {{rung: again, after: 3000}}
        vanish_after: 3000
        mail_after: 3000
        canned:
          - name: {canned}
            text: "{text}"
        """
    ).format(agents=agents, skill=SKILL, canned=CANNED[0], text=CANNED[1])


def settings_for(front: Front, place: Workplace, *, http: bool = False) -> dict[str, Any]:
    plan = place.folder / "desk.yml"
    plan.write_text(desk_plan(), encoding="utf-8")
    settings: dict[str, Any] = {
        "slack_bot_token": Secret(seed.BOT_TOKEN),
        "slack_api_url": front.url,
        "desk": plan,
    }
    if http:
        return {**settings, "slack_signing_secret": Secret(seed.SIGNING_SECRET)}
    return {**settings, "slack_app_token": Secret(seed.APP_TOKEN)}


@asynccontextmanager
async def running(place: Workplace, *, http: bool = False) -> AsyncIterator[DeskDriver]:
    """See `driver.Running`."""
    front = Front()
    await anyio.to_thread.run_sync(front.start)
    try:
        async with gateway_of(place, **settings_for(front, place, http=http)) as gateway:
            if http:
                front.deliveries.request_url = f"{gateway.url}/slack/events"
            yield SlackDriver(gateway, front)
    finally:
        await anyio.to_thread.run_sync(front.stop)


by_socket = partial(running)
by_http = partial(running, http=True)
