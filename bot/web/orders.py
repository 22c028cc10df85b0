"""What agents can order over HTTP: the body of a command, and the one table from its name to the
command that it stands for. Does not belong here: what that command means (`bot.conversation`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

from bot import commands
from bot.events import Agent, File
from bot.web import wire
from bot.web.files import FileIds

SNOOZE_AT_MOST_MS = 30 * 24 * 3600 * 1000


class NewCommand(msgspec.Struct, frozen=True):
    client_id: Annotated[str, msgspec.Meta(min_length=8, max_length=64, pattern=wire.CLIENT_ID)]
    command: Literal[
        "claim",
        "take_over",
        "reply",
        "note",
        "send_held",
        "drop_held",
        "edit",
        "retract",
        "send_draft",
        "drop_draft",
        "transfer",
        "label",
        "return_to_bot",
        "snooze",
        "close",
        "reopen",
        "typing",
    ]
    text: str = ""
    #: What goes with a reply, as ids of uploads.
    files: FileIds = ()
    #: The seq of the entry that the command speaks of: a message, a held reply, a draft.
    of: Annotated[int, msgspec.Meta(ge=0)] = 0
    #: Up to which seq the agent had the log before them.
    seen: Annotated[int, msgspec.Meta(ge=0)] | None = None
    #: Where a transfer goes: a skill, or a colleague's login.
    skill: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    to: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    #: How the bot should have understood the message, and whether it does not know that yet.
    intent: str = ""
    new: bool = False
    outcome: Literal["solved", "unsolved", "spam", "duplicate"] = "solved"
    #: Snooze until then, ms since the epoch.
    until: int = 0


#: What an agent can order. Missing are "typing", which leaves no trace in the log, and what needs
#: something to be found first: "reply" its files, "transfer" a colleague.
ORDERS: Mapping[str, Callable[[Agent, NewCommand], commands.Command]] = MappingProxyType(
    {
        "claim": lambda agent, new: commands.Claim(agent=agent),
        "take_over": lambda agent, new: commands.Claim(agent=agent, take_over=True),
        "note": lambda agent, new: commands.Note(agent=agent, text=new.text),
        "send_held": lambda agent, new: commands.SendHeld(agent=agent, held=new.of),
        "drop_held": lambda agent, new: commands.DropHeld(agent=agent, held=new.of),
        "edit": lambda agent, new: commands.Edit(agent=agent, of=new.of, text=new.text),
        "retract": lambda agent, new: commands.Retract(agent=agent, of=new.of),
        # Without a text it is sent as it was written.
        "send_draft": lambda agent, new: commands.SendDraft(
            agent=agent, draft=new.of, text=new.text or None
        ),
        "drop_draft": lambda agent, new: commands.DropDraft(agent=agent, draft=new.of),
        "label": lambda agent, new: commands.Label(
            agent=agent, of=new.of, intent=new.intent, new=new.new
        ),
        "return_to_bot": lambda agent, new: commands.ReturnToBot(agent=agent, seen=new.seen),
        "snooze": lambda agent, new: commands.Snooze(agent=agent, until=new.until),
        "close": lambda agent, new: commands.Close(agent=agent, outcome=new.outcome),
        "reopen": lambda agent, new: commands.Reopen(agent=agent),
    }
)


async def order_of(
    agent: Agent,
    new: NewCommand,
    *,
    colleague: Callable[[str], Awaitable[Agent]],
    now: int,
    files: tuple[File, ...] = (),
) -> commands.Command:
    """The command that `agent` sends, with its `files` as they were found. `colleague` finds who
    has a login.

    Raises:
        BadRequest: a field does not go with the command.
        UnknownAccount: it is passed on to somebody who is not there.
    """
    if new.command == "snooze" and not 0 < new.until - now <= SNOOZE_AT_MOST_MS:
        raise wire.BadRequest("`until` is a time within the next 30 days, in ms.")
    if new.command == "reply":
        return commands.Reply(agent=agent, text=new.text, files=files)
    if new.command != "transfer":
        return ORDERS[new.command](agent, new)
    if (new.skill is None) == (new.to is None):
        raise wire.BadRequest("A transfer goes to one of both: `skill`, or `to` (a login).")
    if new.to is None:
        return commands.Transfer(agent=agent, skill=new.skill)
    return commands.Transfer(agent=agent, to=await colleague(new.to))
