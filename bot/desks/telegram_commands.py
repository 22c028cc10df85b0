"""Commands in words: `/queue`, `/close solved`, `/snooze 2h`. The same names and words as in Slack.

Belongs here: the one table of commands, and what each does. What their words mean is in
`bot.desks.orders`, for all desks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bot import commands as do
from bot import transcript_text
from bot.conversation import Conversation, State
from bot.desk_plan import Member
from bot.desks import orders
from bot.desks import telegram_card as cards
from bot.desks import telegram_menus as menus
from bot.desks import telegram_views as views
from bot.desks.orders import UnclearOrder
from bot.desks.telegram_buttons import Button, Keyboard, Menu, Press, Verb
from bot.desks.telegram_client import Place
from bot.desks.telegram_inbox import Command, Said
from bot.desks.telegram_office import Office, place_of
from bot.desks.telegram_text import joined, literal, own
from bot.errors import OwnedByOther
from bot.events import AgentSpoke, CustomerSpoke

#: Entries of a list. The console has all.
LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it came: who gave it, about which conversation ("": none), and its words."""

    said: Said
    member: Member
    id: str
    words: str


@dataclass(frozen=True, slots=True)
class _Command:
    """`what`: for Telegram's list of commands. `here`: it speaks of the conversation in whose topic
    it is given."""

    what: str
    run: Callable[[Commands, Order], Awaitable[None]]
    here: bool = True


class Commands:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def run(self, said: Said, id: str | None, command: Command) -> None:
        """Raises: IllegalMove, BadMessage, UnclearOrder: to be told to who gave it."""
        name, words = command.name, command.words
        if name == "desk":  # as in Slack
            name, _, words = words.partition(" ")
            name = name.casefold() or "help"
        office = self._office
        if name in ("id", "start"):
            office.answer(said, f"Your account's number is {said.sender.account}.")
            return
        member = office.member(said.sender)
        if member is None:
            await office.hint_at_stranger(said)
            return
        known = COMMANDS.get(name)
        if known is None:
            if id is None and not command.bot:
                return  # for another bot of the group
            raise UnclearOrder(f"There is no command /{name}.", hint="Nothing was sent. See /help.")
        if known.here and id is None:
            raise UnclearOrder(
                f"/{name} is about a conversation.",
                hint="Give it in the conversation's topic, or as a reply to one of its messages.",
            )
        await known.run(self, Order(said, member, id or "", words.strip()))

    # --------------------------------------------------------------------- about everything

    async def queue(self, order: Order) -> None:
        waiting = await self._on_shelf(State.WAITING)
        self._office.answer(order.said, menus.queue(waiting, await self._office.links(waiting)))

    async def mine(self, order: Order) -> None:
        taken = [*await self._on_shelf(State.HUMAN), *await self._on_shelf(State.SNOOZED)]
        own_ones = [c for c in taken if c.owner and c.owner.login == order.member.login]
        self._office.answer(order.said, menus.mine(own_ones, await self._office.links(own_ones)))

    async def _on_shelf(self, state: State) -> list[Conversation]:
        store = self._office.store
        return await store.load_many(await store.shelf(state.value, LISTED))

    async def away(self, order: Order) -> None:
        await self._office.presence.go_away(order.member.login)
        self._office.answer(order.said, "You are away: you are not asked. /back when you are back.")

    async def back(self, order: Order) -> None:
        await self._office.presence.come_back(order.member.login)
        self._office.answer(order.said, "Welcome back: you are asked again.")

    async def help(self, order: Order) -> None:
        lines = [own(f"/{name} {one.what}") for name, one in COMMANDS.items()]
        self._office.answer(order.said, joined(lines))

    # ------------------------------------------------------------------- about a conversation

    async def claim(self, order: Order) -> None:
        try:
            await self._do(order, do.Claim(agent=order.member.agent))
        except OwnedByOther as why:
            take_over = Button("✋ Take over", Press(Verb.TAKE_OVER, order.id))
            self._office.refuse(order.said, why, ((take_over,),))

    async def close(self, order: Order) -> None:
        outcome = orders.outcome_of(order.words)
        await self._do(order, do.Close(agent=order.member.agent, outcome=outcome))

    async def reopen(self, order: Order) -> None:
        await self._do(order, do.Reopen(agent=order.member.agent))

    async def give_back(self, order: Order) -> None:
        seen = await self._office.threads.seen(order.id)
        await self._do(order, do.ReturnToBot(agent=order.member.agent, seen=seen))

    async def snooze(self, order: Order) -> None:
        if not order.words:
            await self._menu(order, Menu.SNOOZE, "Until when?")
            return
        office = self._office
        until = orders.until(order.words, now=office.router.now(), zone=office.plan.hours.zone)
        await self._do(order, do.Snooze(agent=order.member.agent, until=until))

    async def transfer(self, order: Order) -> None:
        if not order.words:
            await self._menu(order, Menu.TRANSFER, "To whom?")
            return
        team = await self._office.people.team()
        await self._do(
            order,
            orders.passed_to(
                order.words, order.member.agent, skills=self._office.plan.skills, team=team
            ),
        )

    async def canned(self, order: Order) -> None:
        office = self._office
        if not order.words:
            await self._menu(order, Menu.CANNED, "Which reply?")
            return
        reply = office.canned(order.words)
        if reply is None:
            names = ", ".join(one.name for one in office.plan.canned) or "there is none yet"
            raise UnclearOrder(f"There is no reply {order.words!r}.", hint=f"Say one of: {names}.")
        c = await office.store.load(order.id)
        text = office.filled(reply, c, order.member)
        await self._do(order, do.Reply(agent=order.member.agent, text=text))

    async def label(self, order: Order) -> None:
        office = self._office
        of = await office.entry_of(order.said, order.id)
        if not order.words:
            await self._menu(order, Menu.LABEL, "What should the bot have understood?", of or 0)
            return
        if of is None:
            latest = await office.latest(order.id, CustomerSpoke)
            of = latest[0].seq if latest else 0
        c = await office.store.load(order.id)
        intent = order.words.replace(" ", "_").casefold()
        known = intent in await office.intents.likeliest_first(c.reading)
        await self._do(
            order,
            do.Label(
                agent=order.member.agent,
                of=of,
                intent=intent if known else order.words,
                new=not known,
            ),
        )

    async def transcript(self, order: Order) -> None:
        where = place_of(order.said)
        self._office.talk.later(lambda: self.send_transcript(where, order.id))

    async def retract(self, order: Order) -> None:
        """The message that it replies to, else the agent's last one."""
        office = self._office
        of = await office.entry_of(order.said, order.id)
        if of is None and order.said.replies_to is None:
            retracted = (await office.store.load(order.id)).retracted
            spoken = await office.latest(order.id, AgentSpoke)
            own_ones = [
                entry.seq
                for entry in spoken
                if isinstance(entry.event, AgentSpoke)
                and entry.event.agent == order.member.agent
                and entry.seq not in retracted
            ]
            of = own_ones[0] if own_ones else None
        await self._do(order, do.Retract(agent=order.member.agent, of=of or 0))

    async def _do(self, order: Order, command: do.Command) -> None:
        # By the update: what an order sends is not what the message says, and is shown apart.
        await self._office.order(order.id, command, f"telegram:{order.said.update}")

    # --------------------------------------------------------------------------------- pieces

    async def _menu(self, order: Order, menu: Menu, what: str, of: int = 0) -> None:
        c = await self._office.store.load(order.id)
        self._office.answer(order.said, what, await self.menu(c, menu, of))

    async def menu(self, c: Conversation, menu: Menu, of: int = 0) -> Keyboard:
        """The choices of a menu, as they are now. `of`: the message that is labelled; 0 to choose
        one first."""
        office = self._office
        match menu:
            case Menu.CARD:
                return cards.orders(c)
            case Menu.CLOSE:
                return menus.close(c)
            case Menu.SNOOZE:
                return menus.snooze(c)
            case Menu.TRANSFER:
                return menus.transfer(c, office.plan.skills, await office.people.team())
            case Menu.CANNED:
                return menus.canned(c, office.plan.canned)
            case Menu.LABEL:
                said = await office.latest(c.id, CustomerSpoke)
                texts = [(e.seq, e.event.text) for e in said if isinstance(e.event, CustomerSpoke)]
                if of or len(texts) == 1:
                    intents = await office.intents.likeliest_first(c.reading)
                    return menus.label(c, of or texts[0][0], intents)
                return menus.which(c, texts)

    async def send_transcript(self, place: Place, id: str) -> None:
        office = self._office
        c = await office.store.load(id)
        text = transcript_text.as_text(await office.store.log(id), c)
        words = literal(f"The transcript, {views.customer_of(c)}")
        await office.telegram.send_file(place, f"transcript-{id[:8]}.txt", text.encode(), words)


#: All commands, in the order in which Telegram lists them.
COMMANDS: Final[Mapping[str, _Command]] = MappingProxyType(
    {
        "queue": _Command("who is waiting", Commands.queue, here=False),
        "mine": _Command("your conversations", Commands.mine, here=False),
        "away": _Command("you are not asked any more", Commands.away, here=False),
        "back": _Command("you are asked again", Commands.back, here=False),
        "claim": _Command("take this conversation", Commands.claim),
        "close": _Command("close it: solved, unsolved, spam, duplicate", Commands.close),
        "return": _Command("give it back to the assistant", Commands.give_back),
        "snooze": _Command("put it away: 30m, 2h, 18:00, tomorrow", Commands.snooze),
        "transfer": _Command("pass it on to a skill or a colleague", Commands.transfer),
        "canned": _Command("send a ready reply", Commands.canned),
        "label": _Command("what the bot should have understood", Commands.label),
        "retract": _Command("take back a message of yours (reply to it)", Commands.retract),
        "transcript": _Command("the whole conversation as a file", Commands.transcript),
        "reopen": _Command("open it again", Commands.reopen),
        "help": _Command("this list", Commands.help, here=False),
    }
)
