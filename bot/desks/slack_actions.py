"""What agents press, choose and order in Slack: buttons, menus, modals, `/desk`.

Belongs here: turning an interaction into a command, or into a modal that asks for more. Does not
belong here: what buttons look like (`bot.desks.slack_blocks`), what is written in a thread
(`bot.desks.slack_messages`), what a command means (`bot.conversation`).

`BUTTONS` says what each button and menu does; `MODALS` does the same for submissions. Slack does
not repeat interactions, so a refusal is told to who pressed, and nothing else is owed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from bot import commands
from bot.conversation import Conversation
from bot.desks import orders, slack_views
from bot.desks.orders import UnclearOrder
from bot.desks.slack_blocks import ASK_UNTIL, customer_of, parse_value, value_of
from bot.desks.slack_parts import Parts, refusal, unknown
from bot.errors import BadMessage, IllegalMove
from bot.events import Agent, AgentSpoke, CustomerSpoke
from bot.transcript import wordings
from bot.transcript_text import as_text

Json = dict[str, Any]

#: What the modal for a time suggests: an hour from now, in ms.
SUGGESTED_SNOOZE_MS: Final = 3_600_000
#: The customer's latest messages that can be labelled.
LABELLED_AT_MOST: Final = 25


@dataclass(frozen=True)
class Press:
    """A button or a menu's option that an agent has chosen."""

    agent: Agent
    user: str
    conversation: str
    seq: int
    chosen: str
    #: Names this press among all: an idempotency key.
    id: str
    #: Opens one modal, within three seconds.
    trigger: str


class Actions:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # ------------------------------------------------------------------------ what is pressed

    async def on_press(self, body: Json) -> str | None:
        """A `block_actions` payload with one action. What to tell who pressed, if anything.

        Raises: StoreUnavailable, and what calls of Slack raise."""
        user, action = body["user"]["id"], body["actions"][0]
        who = await self._parts.who(user)
        if who.agent is None:
            return unknown(user)
        make = BUTTONS.get(action["action_id"])
        if make is None:
            return None  # a link: Slack opens it and tells us all the same
        chosen = (action.get("selected_option") or {}).get("value", "")
        where = action["block_id"].partition(" ")[2] if chosen else action.get("value", "")
        conversation, seq = parse_value(where)
        press = Press(
            agent=who.agent,
            user=user,
            conversation=conversation,
            seq=seq,
            chosen=chosen,
            id=f"slack:{user}:{action['action_ts']}:{action['action_id']}",
            trigger=body["trigger_id"],
        )
        try:
            await make(self, press)
        except WRONG as why:
            return refusal(why)
        return None

    async def order(self, press: Press, command: commands.Command) -> None:
        await self._parts.router.from_agent(press.conversation, command, client_id=press.id)

    async def open(self, press: Press, view: Json) -> None:
        await self._parts.api.call("views.open", trigger_id=press.trigger, view=view)

    async def load(self, press: Press) -> Conversation:
        return await self._parts.store.load(press.conversation)

    async def give_back(self, press: Press) -> None:
        seen = await self._parts.threads.seen(press.conversation)
        await self.order(press, commands.ReturnToBot(agent=press.agent, seen=seen))

    async def snooze(self, press: Press) -> None:
        now = self._parts.now()
        if press.chosen == ASK_UNTIL:
            c = await self.load(press)
            await self.open(press, slack_views.snooze_modal(c, now + SUGGESTED_SNOOZE_MS))
            return
        until = orders.until(press.chosen, now=now, zone=self._parts.plan.hours.zone)
        await self.order(press, commands.Snooze(agent=press.agent, until=until))

    async def canned(self, press: Press) -> None:
        text = next((one for one in self._parts.plan.canned if one.name == press.chosen), None)
        if text is None:
            raise IllegalMove("That reply is no longer in data/desk.yml.")
        c = await self.load(press)
        customer = customer_of(c) if (c.reading and c.reading.slots.get("name")) else ""
        said = text.filled(customer=customer, agent=press.agent.name)
        await self.order(press, commands.Reply(agent=press.agent, text=said))

    async def ask_for_draft(self, press: Press) -> None:
        c = await self.load(press)
        text = next((one.text for one in c.drafts if one.seq == press.seq), None)
        if text is None:
            raise IllegalMove("That draft is no longer open.", hint="It was sent or discarded.")
        value = value_of(c, press.seq)
        view = slack_views.text_modal(
            slack_views.EDIT_DRAFT, "Edit the answer", "Send", value, text
        )
        await self.open(press, view)

    async def ask_for_change(self, press: Press) -> None:
        log = await self._parts.store.log(press.conversation)
        said = log[press.seq - 1].event
        if not isinstance(said, AgentSpoke) or said.agent != press.agent:
            raise IllegalMove("That is not your message.", hint="Only its author can change it.")
        text = wordings(log).get(press.seq, said.text)
        if text is None:
            raise IllegalMove("That message was taken back.", hint="Write a new one.")
        value = value_of(press.conversation, press.seq)
        view = slack_views.text_modal(
            slack_views.CHANGE, "Change what was sent", "Change", value, text
        )
        await self.open(press, view)

    async def ask_for_receiver(self, press: Press) -> None:
        c = await self.load(press)
        skills = [(skill.name, skill.words) for skill in self._parts.plan.skills]
        team = [one.agent for one in await self._parts.people.team() if one.agent != press.agent]
        if not skills and not team:
            raise IllegalMove("There is nobody else yet.", hint="Add people to data/desk.yml.")
        await self.open(press, slack_views.transfer_modal(c, skills, team))

    async def ask_for_label(self, press: Press) -> None:
        c, log = await self.load(press), await self._parts.store.log(press.conversation)
        said = [(e.seq, e.event.text) for e in log if isinstance(e.event, CustomerSpoke)]
        if not said:
            raise IllegalMove("The customer has not written anything yet.")
        intents = await self._parts.intents.likeliest_first(c.reading)
        latest = list(reversed(said))[:LABELLED_AT_MOST]
        await self.open(press, slack_views.label_modal(c, latest, intents))

    async def transcript(self, press: Press) -> None:
        """All of it as a text file, in the thread."""
        c, log = await self.load(press), await self._parts.store.log(press.conversation)
        thread = await self._parts.threads.load(press.conversation)
        if thread.place is None or thread.root is None:
            raise IllegalMove("That conversation has no thread here any more.")
        content, name = as_text(log, c).encode(), "conversation.txt"
        await self._parts.api.upload(thread.place, thread.root, name, content, title=name)

    async def leave(self, press: Press) -> None:
        await self._parts.presence.go_away(press.agent.login)

    async def come_back(self, press: Press) -> None:
        await self._parts.presence.come_back(press.agent.login)

    async def refresh(self, press: Press) -> None:
        """Nothing to do: after any press there the App Home is brought up to date."""

    # ------------------------------------------------------------------------------- modals

    async def on_submission(self, body: Json) -> dict[str, str]:
        """A `view_submission` payload; what is wrong with it, by block id.

        Raises: StoreUnavailable, and what calls of Slack raise."""
        view, user = body["view"], body["user"]["id"]
        first = view["blocks"][0]["block_id"]
        who = await self._parts.who(user)
        if who.agent is None:
            return {first: unknown(user)}
        conversation, seq = parse_value(view["private_metadata"])
        values = slack_views.filled(view)
        try:
            command = MODALS[view["callback_id"]](self, who.agent, seq, values)
            if note := values.get("note"):
                await self._parts.router.from_agent(
                    conversation,
                    commands.Note(agent=who.agent, text=note),
                    client_id=f"slack:{view['id']}:note",
                )
            await self._parts.router.from_agent(
                conversation, command, client_id=f"slack:{view['id']}"
            )
        except WRONG as why:
            return {first: refusal(why)}
        return {}

    def transfer(self, agent: Agent, seq: int, values: Mapping[str, str]) -> commands.Command:
        kind, _, name = values["to"].partition(" ")
        if kind == "skill":
            return commands.Transfer(agent=agent, skill=name)
        return orders.passed_to(name, agent, skills=(), team=self._parts.plan.members)

    def snoozed(self, agent: Agent, seq: int, values: Mapping[str, str]) -> commands.Command:
        until = int(values["until"]) * 1000
        orders.check_ahead(until, now=self._parts.now())
        return commands.Snooze(agent=agent, until=until)

    def labelled(self, agent: Agent, seq: int, values: Mapping[str, str]) -> commands.Command:
        new, known = values.get("new", "").strip(), values.get("intent", "")
        if not new and not known:
            raise UnclearOrder("What was it about?", hint="Choose an intent, or name a new one.")
        return commands.Label(
            agent=agent, of=int(values["message"]), intent=new or known, new=bool(new)
        )

    def edited_draft(self, agent: Agent, seq: int, values: Mapping[str, str]) -> commands.Command:
        return commands.SendDraft(agent=agent, draft=seq, text=slack_views.text_of(values))

    def changed(self, agent: Agent, seq: int, values: Mapping[str, str]) -> commands.Command:
        return commands.Edit(agent=agent, of=seq, text=slack_views.text_of(values))


#: What an agent has got wrong, or what has changed meanwhile: told, not repeated.
WRONG: Final = (IllegalMove, BadMessage, UnclearOrder)

Button = Callable[[Actions, Press], Awaitable[None]]


def _orders(make: Callable[[Press], commands.Command]) -> Button:
    async def act(actions: Actions, press: Press) -> None:
        await actions.order(press, make(press))

    return act


#: What each button and menu does, by its `action_id`.
BUTTONS: Final[Mapping[str, Button]] = MappingProxyType(
    {
        "claim": _orders(lambda p: commands.Claim(agent=p.agent)),
        "take_over": _orders(lambda p: commands.Claim(agent=p.agent, take_over=True)),
        "reopen": _orders(lambda p: commands.Reopen(agent=p.agent)),
        "return": Actions.give_back,
        "close": _orders(lambda p: commands.Close(agent=p.agent, outcome=p.chosen)),
        "draft_send": _orders(lambda p: commands.SendDraft(agent=p.agent, draft=p.seq)),
        "draft_drop": _orders(lambda p: commands.DropDraft(agent=p.agent, draft=p.seq)),
        "held_send": _orders(lambda p: commands.SendHeld(agent=p.agent, held=p.seq)),
        "held_drop": _orders(lambda p: commands.DropHeld(agent=p.agent, held=p.seq)),
        "retract": _orders(lambda p: commands.Retract(agent=p.agent, of=p.seq)),
        "snooze": Actions.snooze,
        "canned": Actions.canned,
        "draft_edit": Actions.ask_for_draft,
        "change": Actions.ask_for_change,
        "transfer": Actions.ask_for_receiver,
        "label": Actions.ask_for_label,
        "away": Actions.leave,
        "back": Actions.come_back,
        "refresh": Actions.refresh,
        "transcript": Actions.transcript,
    }
)
#: What each modal orders when it is submitted, by its `callback_id`.
MODALS: Final[
    Mapping[str, Callable[[Actions, Agent, int, Mapping[str, str]], commands.Command]]
] = MappingProxyType(
    {
        slack_views.TRANSFER: Actions.transfer,
        slack_views.LABEL: Actions.labelled,
        slack_views.SNOOZE: Actions.snoozed,
        slack_views.EDIT_DRAFT: Actions.edited_draft,
        slack_views.CHANGE: Actions.changed,
    }
)
