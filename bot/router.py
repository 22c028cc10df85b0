"""Every message enters here: from a customer, from an agent, from the assistant, from the clock.

The router turns what somebody wants into a command, lets `bot.conversation` decide, and has
`bot.store` append; when another writer was quicker it decides again on what is there now. It knows
no transport (web, desks) and no Rasa. Bad text is refused here, with an error that says why.
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from bot import commands
from bot.conversation import Conversation, decide, record
from bot.errors import StoreUnavailable, TextEmpty, TextTooLong
from bot.events import INTENT_AT_MOST, AgentSpoke, Entry, File, Handoff, ReplyHeld
from bot.store import Store

#: Longest message, in characters. Enough for any question; short enough for every desk.
TEXT_AT_MOST = 4_000
#: Lost races in a row after which the conversation counts as too busy (each means progress by
#: somebody else).
TRIES = 50


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: the conversation after it, and whether it changed anything.
    `duplicate`: the same command (by key) had been stored before, as `seq`."""

    conversation: Conversation
    seq: int
    changed: bool
    duplicate: bool = False


#: Told of the conversation before and of the entries that were appended to it.
Observer = Callable[[Conversation, Sequence[Entry]], Awaitable[None]]


class Router:
    """The only writer of conversations."""

    def __init__(
        self,
        store: Store,
        *,
        greeting: str,
        now: Callable[[], int] = now_ms,
        observer: Observer | None = None,
    ) -> None:
        """`observer` learns of what was stored, once; what it keeps is no part of the conversation,
        so a kill in between may lose it."""
        self._store = store
        self._greeting = greeting
        self.now = now
        self._observer = observer

    async def open(self, page: str = "", *, test: bool = False) -> Conversation:
        """A new conversation, greeted by the bot. `test`: it disturbs nobody and counts nowhere."""
        id = secrets.token_urlsafe(16)
        outcome = await self.execute(
            id, commands.Start(greeting=self._greeting, page=tidy(page[:500]), test=test)
        )
        return outcome.conversation

    async def from_customer(
        self,
        id: str,
        text: str,
        *,
        client_id: str,
        payload: str | None = None,
        files: tuple[File, ...] = (),
    ) -> Outcome:
        """A customer's message, which may be files without a word. Sent twice with the same
        `client_id`, it is stored once.

        Raises:
            TextEmpty, TextTooLong: the text cannot be accepted.
            PayloadNotOffered: no such button is under the bot's latest answer.
        """
        say = commands.Say(
            text=clean(text, wanted=not files), client_id=client_id, payload=payload, files=files
        )
        return await self.execute(id, say, key=f"say:{client_id}")

    async def from_agent(self, id: str, command: commands.Command, *, client_id: str) -> Outcome:
        """An agent's command, from whatever desk. Idempotent by `client_id`. Lines of a reply, a
        change of one or a changed draft that begin with `//` become a note and never reach the
        customer.

        Raises:
            IllegalMove: the conversation's state forbids it (OwnedByOther: somebody else's).
            TextEmpty, TextTooLong: the reply or note cannot be accepted.
        """
        return await self.execute(id, _cleaned(command), key=f"agent:{client_id}")

    async def ask_for_person(self, id: str, *, client_id: str, reason: str) -> Outcome:
        """A hand-off without the assistant, at once."""
        return await self.execute(
            id,
            commands.AskForPerson(handoff=Handoff(reason=reason)),
            key=f"person:{client_id}",
        )

    async def execute(self, id: str, command: commands.Command, *, key: str = "") -> Outcome:
        """Decide and append until it is in; the heart of every change.

        Raises:
            IllegalMove: not possible in the conversation's state. Nothing has changed.
            StoreUnavailable: Redis is away. It may or may not be stored: repeat with the same key.
        """
        for _ in range(TRIES):
            found = await self._store.find(id, key)
            before = found.conversation
            if found.stored_at is not None:
                return Outcome(before, found.stored_at, changed=False, duplicate=True)
            events = decide(before, command, await self._about(id, command))
            if not events:
                return Outcome(before, before.seq, changed=False)
            after, entries = record(before, events, at=self.now(), key=key)
            appended = await self._store.append(before, after, entries, key)
            if appended.stored:
                if self._observer is not None:
                    await self._observer(before, entries)
                return Outcome(after, appended.seq, changed=True)
        raise StoreUnavailable("This conversation is too busy.", hint="Send it again in a moment.")

    async def _about(self, id: str, command: commands.Command) -> Entry | None:
        """The entry that the command speaks of; of a held reply that has been sent, the words that
        were. Read after the state, so that it is at least as new: what is newer loses the race."""
        if not isinstance(command, commands.ABOUT_AN_ENTRY):
            return None
        about = next(iter(await self._store.log(id, after=command.of - 1, count=1)), None)
        if about is None or not isinstance(about.event, ReplyHeld):
            return about
        later = await self._store.log(id, after=about.seq)
        return next((one for one in later if _was_held_as(one, about.seq)), about)


def _was_held_as(entry: Entry, seq: int) -> bool:
    return isinstance(entry.event, AgentSpoke) and entry.event.held == seq


def _cleaned(command: commands.Command) -> commands.Command:
    """The agent's command with its texts as they are stored, and its note lines apart."""
    match command:
        case commands.Reply(agent=agent, text=text, files=files):
            said, noted = split_notes(text)
            if noted and not said.strip() and not files:
                return commands.Note(agent=agent, text=clean(noted))
            return msgspec.structs.replace(
                command, text=clean(said, wanted=not files), note=clean(noted, wanted=False)
            )
        case commands.Edit(text=text) | commands.SendDraft(text=str(text)):
            said, noted = split_notes(text)
            return msgspec.structs.replace(
                command, text=clean(said), note=clean(noted, wanted=False)
            )
        case commands.Note(text=text):
            return msgspec.structs.replace(command, text=clean(text))
        case commands.Label(intent=intent):
            return msgspec.structs.replace(command, intent=clean(intent, at_most=INTENT_AT_MOST))
        case _:
            return command


def split_notes(text: str) -> tuple[str, str]:
    """What of an agent's text is for the customer, and what is a note: the lines that begin
    with `//`."""
    said, noted = [], []
    for line in text.splitlines():
        if line.lstrip().startswith("//"):
            noted.append(line.lstrip().removeprefix("//").strip())
        else:
            said.append(line)
    return "\n".join(said), "\n".join(noted)


def clean(text: str, *, wanted: bool = True, at_most: int = TEXT_AT_MOST) -> str:
    """The text as it is stored. What cannot be seen counts as none; `wanted` says whether that is
    an error.

    Raises: TextEmpty, TextTooLong."""
    text = tidy(text)
    if all(unicodedata.category(ch) in _INVISIBLE for ch in text):
        if not wanted:
            return ""
        raise TextEmpty("The message is empty.", hint="Write something first.")
    if len(text) > at_most:
        raise TextTooLong(
            f"The message has {len(text):,} characters; {at_most:,} are the most.",
            hint="Shorten it, or send it in parts.",
        )
    return text


def tidy(text: str) -> str:
    """The text without control characters and outer blanks, as NFC."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    text = "".join(ch for ch in text if ch in "\n\t" or unicodedata.category(ch) not in _UNWANTED)
    return text.strip()


#: Control characters and lone surrogates: nothing that a person writes.
_UNWANTED = frozenset({"Cc", "Cs"})
#: Blanks, and marks that only steer how others are shown.
_INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc"})
