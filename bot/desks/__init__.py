"""The desks at which agents work, and what each of them can do.

Belongs here: the protocol that Slack and Telegram keep (the console needs none: it follows the log
itself), a module or more for each, and what they share. Does not belong here: when a desk is given
what, and what happens when it does not take it (`bot.delivery`).

How the two talk:

- *Outwards*, `bot.delivery` calls `show` with what is new in a conversation. The desk adds messages
  with `thread.post` only, which makes that each is added once, in order, and not too fast. Changing
  what is there (a card, a topic's name) needs no such care: doing it twice does no harm.
- *Inwards*, whatever an agent does becomes one `router.from_agent(id, command, client_id=...)`.
  The `client_id` is made of the platform's own id, so that what comes twice is done once, and an
  edited message finds its entry again (`store.find(id, "agent:" + client_id).stored_at`).

What can go wrong with a platform are the `DeskError`s of `bot.errors`; a desk turns its SDK's
errors into these, everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from starlette.routing import BaseRoute

from bot.conversation import Conversation
from bot.events import Entry
from bot.threads import Thread


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of the desk has found, for `deskhand doctor`. `what` names the scope, token,
    permission, right or setting; `fix` says what to do when it is not `ok`."""

    ok: bool
    what: str
    fix: str = ""


class Desk(Protocol):
    """One place where agents work. The methods that speak to the platform raise `DeskBusy`,
    `DeskDown`, `DeskRefused` or `ThreadGone`, and nothing else."""

    @property
    def name(self) -> Literal["slack", "telegram"]: ...

    async def run(self) -> None:
        """Receive what agents do, for ever. Returns at once when it comes by HTTP."""
        ...

    def routes(self) -> list[BaseRoute]:
        """Where the platform calls us; none when we fetch."""
        ...

    async def show(self, c: Conversation, news: Sequence[Entry], thread: Thread) -> None:
        """Bring the desk's thread up to date: card, messages, mentions. `news` are the entries
        after `thread.seen` (all of them when the thread is new), never none; what of them piled up
        may be joined. `c` may be a little ahead of them. Called for one worker at a time; again
        with the same entries and perhaps more when it did not come to its end."""
        ...

    async def find(self, c: Conversation, thread: Thread) -> str | None:
        """The native id of the message that was being sent (`thread.sending`) when a process died,
        if the platform has it."""
        ...

    async def alert(self, text: str) -> None:
        """Tell the owners."""
        ...

    async def check(self) -> list[Finding]:
        """Whether the desk could do its work: scopes, tokens, permissions, rights, the clock."""
        ...
