"""What every action of a person in Telegram needs: who that is, which conversation is meant, the
ways to do something and to answer.

Belongs here: finding these. Does not belong here: what is done then (`bot.desks.telegram_actions`,
`bot.desks.telegram_commands`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import commands as do
from bot.conversation import Conversation
from bot.desk_plan import Canned, Member, Plan
from bot.desks.telegram_buttons import Keyboard, Press, Seal, abbreviated
from bot.desks.telegram_client import Place, Telegram
from bot.desks.telegram_inbox import Pressed, Said, Sender
from bot.desks.telegram_menus import ask_for
from bot.desks.telegram_places import Places
from bot.desks.telegram_talk import Talk
from bot.desks.telegram_text import Words, linked, mention, one_line, own
from bot.errors import DeskhandError
from bot.events import AgentSpoke, CustomerSpoke, Entry
from bot.files import Files
from bot.known_intents import KnownIntents
from bot.people import People
from bot.presence import Presence
from bot.router import Outcome, Router
from bot.store import Store
from bot.threads import Threads


@dataclass(frozen=True, slots=True)
class Office:
    telegram: Telegram
    seal: Seal
    talk: Talk
    places: Places
    threads: Threads
    store: Store
    router: Router
    people: People
    presence: Presence
    files: Files
    intents: KnownIntents

    @property
    def plan(self) -> Plan:
        return self.people.plan

    # ----------------------------------------------------------------------------------- finding

    def member(self, sender: Sender) -> Member | None:
        return self.plan.by_telegram(sender.account)

    async def conversation_of(self, said: Said) -> str | None:
        """The conversation in whose topic or chain of replies that was written."""
        for first in (said.thread, said.replies_to):
            if first is None:
                continue
            spot = await self.threads.find(str(said.chat), str(first))
            if spot is not None:
                return spot.conversation
        shown = self.shown_in(said)
        return shown[0].conversation if shown else None

    def shown_in(self, said: Said) -> list[Press]:
        """What the message shows that was replied to, if it is one of ours."""
        marks = (self.seal.read_mark(url) for url in said.marks)
        return [mark for mark in marks if mark is not None]

    async def entry_of(self, said: Said, id: str) -> int | None:
        """Seq of the entry that the message stands for that was replied to."""
        shown = [press.of for press in self.shown_in(said) if press.of]
        if shown:
            return shown[-1]
        if said.replies_to is None:
            return None
        key = f"agent:telegram:{said.chat}:{said.replies_to}"
        return (await self.store.find(id, key)).stored_at

    async def latest(self, id: str, kind: type[AgentSpoke] | type[CustomerSpoke]) -> list[Entry]:
        """The entries of that kind, latest first."""
        entries = await self.store.log(id)
        return [entry for entry in reversed(entries) if isinstance(entry.event, kind)]

    def canned(self, name: str) -> Canned | None:
        """By name, or by its abbreviation."""
        asked = name.strip().casefold()
        for reply in self.plan.canned:
            if asked in (reply.name, abbreviated(reply.name)):
                return reply
        return None

    def filled(self, reply: Canned, c: Conversation, member: Member) -> str:
        slots = c.reading.slots if c.reading else {}
        return reply.filled(customer=str(slots.get("name") or ""), agent=member.name)

    # ------------------------------------------------------------------------------------ doing

    async def order(self, id: str, command: do.Command, key: str) -> Outcome:
        return await self.router.from_agent(id, command, client_id=key)

    # --------------------------------------------------------------------------------- answering

    def answer(self, said: Said, words: Words | str, keyboard: Keyboard = ()) -> None:
        """To who wrote, as a reply."""
        self.talk.say(place_of(said), words, keyboard, reply_to=said.message)

    def refuse(self, said: Said, why: DeskhandError, keyboard: Keyboard = ()) -> None:
        self.answer(said, said_of(why), keyboard)

    async def hint_at_stranger(self, said: Said) -> None:
        """Tell who wrote that we do not know them; not at each message again."""
        if await self.places.may_hint(said.sender.account):
            self.answer(said, stranger_words(said.sender))

    def ask(self, to: Said | Pressed, what: str, press: Press, text: str = "") -> None:
        """Ask for a text; the reply says by the mark what it is for (`press`)."""
        whom = mention(one_line(to.sender.name, 60) or "You", to.sender.account)
        mark = self.seal.mark(press, place_of(to).path)
        words = linked("✍️", mark) + own(" ") + ask_for(what, whom, text)
        self.talk.say(place_of(to), words, reply_to=to.message, asks=True)

    def link(self, c: Conversation, place: str | None, root: str | None) -> str:
        """The address of a conversation's thread, for members; "" when it has none."""
        if not place or not root:
            return ""
        path = Place(int(place), topic=int(root)).path
        return f"https://t.me/{path}" if path else ""

    async def links(self, conversations: Sequence[Conversation]) -> dict[str, str]:
        found = {}
        for c in conversations:
            thread = await self.threads.load(c.id)
            if link := self.link(c, thread.place, thread.root):
                found[c.id] = link
        return found


def place_of(where: Said | Pressed) -> Place:
    """Where an answer belongs: into the topic, or under the message."""
    topic = where.topic
    return Place(where.chat, topic, None if topic else where.message)


def said_of(why: DeskhandError) -> str:
    return f"{why.message} {why.hint}".strip()


def stranger_words(sender: Sender) -> str:
    if sender.is_anonymous:
        return (
            "You write anonymously, so I cannot tell who you are. Nothing was sent. Turn off "
            "“Remain anonymous” in the group's administrators, and write again."
        )
    return (
        f"I do not know you yet, so nothing was sent. Your account's number is {sender.account}: "
        "the owner enters it in data/desk.yml as telegram."
    )
