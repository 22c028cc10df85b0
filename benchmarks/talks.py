"""Conversations written line by line, as logs: each line is a command that really was possible.

Used by synthetic histories (`benchmarks.studio_data`) and by tests of what is read from a log. The
clock is the caller's: it may also go backwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from bot import commands as do
from bot.conversation import Conversation, decide, record
from bot.events import (
    Agent,
    Button,
    CustomerSpoke,
    Entry,
    Handoff,
    Reading,
    Utterance,
)


class Talk:
    """A conversation that grows. `at` is the present (ms); every line takes no time by itself."""

    def __init__(
        self, id: str, at: int, *, page: str = "", test: bool = False, source: str = ""
    ) -> None:
        """`source`: as if it had been imported from there."""
        self.at = at
        self.entries: list[Entry] = []
        self.state = Conversation(id=id)
        self.do(do.Start(greeting="Hello, I am a bot.", page=page, test=test))
        if source:
            opened = replace(self.entries[0].event, source=source)
            self.entries[0] = replace(self.entries[0], event=opened)

    def do(self, command: do.Command) -> int:
        """Carry it out; the seq of its last entry.

        Raises: IllegalMove, as the router would."""
        of = getattr(command, "of", None)
        about = next((entry for entry in self.entries if entry.seq == of), None)
        events = decide(self.state, command, about)
        key = f"talk:{len(self.entries)}"
        self.state, added = record(self.state, events, at=self.at, key=key)
        self.entries += added
        return self.state.seq

    def pause(self, ms: int) -> Talk:
        """Let time pass."""
        self.at += ms
        return self

    def say(self, text: str, *, after: int = 0) -> int:
        """The customer writes, `after` ms; the seq of the message."""
        self.pause(after)
        self.do(do.Say(text=text, client_id=f"client-{len(self.entries):04}"))
        return next(e.seq for e in reversed(self.entries) if isinstance(e.event, CustomerSpoke))

    def answer(
        self,
        text: str,
        reading: Reading | None = None,
        *,
        to: int | None = None,
        after: int = 0,
        handoff: Handoff | None = None,
        buttons: Sequence[Button] = (),
        epoch: int | None = None,
    ) -> int:
        """The bot answers the customer's message `to` (the latest), with what it read in it.
        `epoch`: in which it began to, if not in the present one."""
        self.pause(after)
        latest = max(e.seq for e in self.entries if isinstance(e.event, CustomerSpoke))
        said = (Utterance(text=text, buttons=tuple(buttons)),) if text else ()
        return self.do(
            do.Answer(
                in_reply_to=latest if to is None else to,
                epoch=self.state.epoch if epoch is None else epoch,
                messages=said,
                reading=reading,
                handoff=handoff,
            )
        )

    def claim(self, agent: Agent, *, after: int = 0) -> int:
        """The agent takes it."""
        self.pause(after)
        return self.do(do.Claim(agent=agent))

    def reply(self, agent: Agent, text: str, *, after: int = 0) -> int:
        """The agent writes to the customer."""
        self.pause(after)
        return self.do(do.Reply(agent=agent, text=text))

    def close(self, agent: Agent | None, outcome: str, *, after: int = 0) -> int:
        """The agent closes it; None: the customer does."""
        self.pause(after)
        return self.do(do.Close(outcome=outcome, agent=agent))

    def rate(self, stars: int, *, after: int = 0) -> int:
        """The customer rates it."""
        self.pause(after)
        return self.do(do.Rate(stars=stars))
