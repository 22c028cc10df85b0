"""What people do in Telegram, and what it causes: a message or a button becomes a command of the
router, or an answer to who asked.

Belongs here: who that is, which conversation is meant, what buttons do. Commands in words are in
`bot.desks.telegram_commands`. Does not belong here: reading updates (`bot.desks.telegram_inbox`),
what the router's commands mean (`bot.conversation`), bringing the topic up to date
(`bot.desks.telegram`, which hears of every change from the log).

What comes twice has the same key and is done once. Errors that mean "later" (Redis or Telegram is
away) are raised: the update is then not confirmed, and comes again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from bot import commands as do
from bot.conversation import Conversation, State
from bot.desk_plan import Member
from bot.desks import orders
from bot.desks import telegram_card as cards
from bot.desks import telegram_menus as menus
from bot.desks.telegram_buttons import Button, Forged, Keyboard, Menu, Press, Verb, abbreviated
from bot.desks.telegram_client import DOWNLOAD_AT_MOST
from bot.desks.telegram_commands import Commands
from bot.desks.telegram_inbox import Attachment, Pressed, Said, command_of
from bot.desks.telegram_office import Office, place_of, said_of, stranger_words
from bot.desks.telegram_search import card_key
from bot.desks.telegram_text import own
from bot.errors import BadMessage, DeskRefused, IllegalMove, UnknownConversation
from bot.events import Agent, AgentSpoke, File
from bot.files import FilesFull
from bot.router import split_notes
from bot.transcript import wordings

#: What of what people want can be impossible; they are told. Anything else is not their fault.
TOLD: Final = (IllegalMove, BadMessage, UnknownConversation, FilesFull, orders.UnclearOrder)

#: Buttons that are one command, and what the one who pressed reads.
_ORDERS: Final[Mapping[Verb, tuple[Callable[[Agent, Press], do.Command], str]]] = MappingProxyType(
    {
        Verb.CLAIM: (lambda agent, press: do.Claim(agent=agent), "It is yours."),
        Verb.TAKE_OVER: (
            lambda agent, press: do.Claim(agent=agent, take_over=True),
            "It is yours.",
        ),
        Verb.REOPEN: (lambda agent, press: do.Reopen(agent=agent), "It is open again, and yours."),
        Verb.CLOSE: (lambda agent, press: do.Close(agent=agent, outcome=press.arg), "Closed."),
        Verb.SEND_DRAFT: (lambda agent, press: do.SendDraft(agent=agent, draft=press.of), "Sent."),
        Verb.DROP_DRAFT: (
            lambda agent, press: do.DropDraft(agent=agent, draft=press.of),
            "Discarded.",
        ),
        Verb.SEND_HELD: (
            lambda agent, press: do.SendHeld(agent=agent, held=press.of),
            "It is yours, and your message is sent.",
        ),
        Verb.DROP_HELD: (
            lambda agent, press: do.DropHeld(agent=agent, held=press.of),
            "Discarded.",
        ),
        Verb.RETRACT: (lambda agent, press: do.Retract(agent=agent, of=press.of), "Taken back."),
    }
)

Key = TypeVar("Key")
Value = TypeVar("Value")


class Actions:
    """Handles what `telegram_inbox` reads. `bot_name`: our own user name."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._commands = Commands(office)

    # ------------------------------------------------------------------------------- written

    async def said(self, said: Said, bot_name: str) -> None:
        """Raises: StoreUnavailable, DeskDown, DeskBusy: handle it again later."""
        office = self._office
        if said.edited:
            await self._edited(said)
            return
        id = await office.conversation_of(said)
        command = command_of(said.text)
        if command is None:
            if id is not None:
                await self._told(said, self._reply(said, id))
        elif command.bot in ("", bot_name.casefold()):
            await self._told(said, self._commands.run(said, id, command))

    async def _told(self, said: Said, work: Awaitable[None]) -> None:
        """Do it; who asked is told what was impossible."""
        try:
            await work
        except TOLD as why:
            self._office.refuse(said, why)

    async def _reply(self, said: Said, id: str) -> None:
        office = self._office
        member = office.member(said.sender)
        if member is None:
            await office.hint_at_stranger(said)
            return
        if said.unfit:
            office.answer(said, f"A {said.unfit} cannot be passed on. Nothing was sent.")
            return
        asked = next((p for p in office.shown_in(said) if p.verb in _ASKED), None)
        if asked is not None:
            await office.order(id, _ASKED[asked.verb](member.agent, asked, said.text), said.key)
            office.talk.later(lambda: self._remove(said.chat, said.replies_to))
            return
        files = [await self._fetched(said, id, one) for one in said.attachments]
        reply = do.Reply(agent=member.agent, text=said.text, files=tuple(files))
        try:
            await office.order(id, reply, said.key)
        except IllegalMove as why:
            c = await office.store.load(id)
            again = Button("↩️ Reopen", Press(Verb.REOPEN, id))
            claim = Button("✋ Claim", Press(Verb.CLAIM, id))
            offers = {State.CLOSED: ((again,),), State.BOT: ((claim,),)}
            office.refuse(said, why, offers.get(c.state, ()))

    async def _remove(self, chat: int, message: int | None) -> None:
        if message is not None:
            await self._office.telegram.remove(chat, message)

    async def _fetched(self, said: Said, id: str, one: Attachment) -> File:
        """The attachment, kept as a file of the conversation. Raises: BadMessage."""
        office = self._office
        if one.size > min(DOWNLOAD_AT_MOST, office.files.size_at_most):
            raise office.files.too_large()
        try:
            data = await office.telegram.download(one.id)
        except DeskRefused as why:
            raise BadMessage(f"Telegram does not hand out {one.name}.", hint=why.message) from why
        return await office.files.put(id, one.name, data, key=f"{said.key}:{one.id}")

    async def _edited(self, said: Said) -> None:
        """A message reads differently now, and so for the customer. One that was never taken (too
        long, a message from before its author was known) is taken now."""
        office = self._office
        id, member = await office.conversation_of(said), office.member(said.sender)
        if id is None or member is None or command_of(said.text) is not None:
            return
        if not await office.places.is_newer_edit(said.chat, said.message, said.update):
            return
        stored = (await office.store.find(id, f"agent:{said.key}")).stored_at
        if stored is None:
            await self._told(said, self._reply(said, id))
            return
        entries = await office.store.log(id, after=stored - 1)
        if not entries or not isinstance(entries[0].event, AgentSpoke):
            return  # a note, a held reply: what it says elsewhere stays as it was
        now = wordings(entries).get(stored, entries[0].event.text)
        if split_notes(said.text)[0].strip() == now:
            return  # Telegram also tells of changes that are none to us
        edit = do.Edit(agent=member.agent, of=stored, text=said.text)
        await self._told(said, self._do(id, edit, f"telegram:edit:{said.update}"))

    async def _do(self, id: str, command: do.Command, key: str) -> None:
        await self._office.order(id, command, key)

    # ------------------------------------------------------------------------------- pressed

    async def pressed(self, pressed: Pressed) -> None:
        """Raises: StoreUnavailable: handle it again later."""
        office = self._office
        try:
            press = office.seal.read(pressed.data)
        except Forged as why:
            self._say(pressed, str(why))
            return
        member = office.member(pressed.sender)
        if member is None:
            self._say(pressed, stranger_words(pressed.sender))
            return
        try:
            words = await self._press(pressed, press, member)
        except TOLD as why:
            self._say(pressed, said_of(why))
            return
        office.talk.later(lambda: office.telegram.answer(pressed.query, words))

    def _say(self, pressed: Pressed, words: str) -> None:
        office = self._office
        office.talk.later(lambda: office.telegram.answer(pressed.query, words, alert=True))

    async def _press(self, pressed: Pressed, press: Press, member: Member) -> str:
        """Do what the button stands for. Returns what the one who pressed reads."""
        office, key = self._office, f"telegram:{pressed.update}"
        c = await office.store.load(press.conversation)
        if press.verb in _ORDERS:
            command, words = _ORDERS[press.verb]
            await office.order(c.id, command(member.agent, press), key)
            await self._chosen(pressed, c)
            return words
        match press.verb:
            case Verb.MENU:
                await self._open_menu(pressed, c, Menu(press.arg), press.of)
                return ""
            case Verb.RETURN:
                seen = await office.threads.seen(c.id)
                await office.order(c.id, do.ReturnToBot(agent=member.agent, seen=seen), key)
                await self._chosen(pressed, c)
                return "The assistant has it again."
            case Verb.SNOOZE:
                zone = office.plan.hours.zone
                until = orders.until(press.arg, now=office.router.now(), zone=zone)
                await office.order(c.id, do.Snooze(agent=member.agent, until=until), key)
                await self._chosen(pressed, c)
                return "Put away."
            case Verb.TO_SKILL | Verb.TO_AGENT:
                await office.order(c.id, await self._transfer(press, member), key)
                await self._chosen(pressed, c)
                return "Passed on."
            case Verb.LABEL:
                known = await office.intents.likeliest_first(c.reading)
                intent = _found({abbreviated(name): name for name in known}, press.arg)
                label = do.Label(agent=member.agent, of=press.of, intent=intent)
                await office.order(c.id, label, key)
                await self._chosen(pressed, c)
                return f"Noted: {intent}."
            case Verb.CANNED | Verb.SEND_CANNED | Verb.EDIT_CANNED:
                return await self._canned(pressed, press, c, member)
            case Verb.TRANSCRIPT:
                office.talk.later(lambda: self._commands.send_transcript(place_of(pressed), c.id))
                return ""
            case Verb.NEW_INTENT:
                office.ask(pressed, "What was it about? A word or two.", press)
                await self._chosen(pressed, c)
                return ""
            case Verb.EDIT_DRAFT | Verb.CHANGE:
                text = await self._text_of(press, c)
                office.ask(pressed, "What shall the customer read?", press, text)
                return ""
            case _:
                raise IllegalMove("That is no button.")

    async def _transfer(self, press: Press, member: Member) -> do.Transfer:
        office = self._office
        if press.verb is Verb.TO_SKILL:
            skills = {abbreviated(skill.name): skill.name for skill in office.plan.skills}
            return do.Transfer(agent=member.agent, skill=_found(skills, press.arg))
        team = {abbreviated(one.login): one.agent for one in await office.people.team()}
        return do.Transfer(agent=member.agent, to=_found(team, press.arg))

    async def _canned(self, pressed: Pressed, press: Press, c: Conversation, member: Member) -> str:
        office = self._office
        reply = office.canned(press.arg)
        if reply is None:
            raise IllegalMove("That reply is no longer there.", hint="Open the menu again.")
        text = office.filled(reply, c, member)
        if press.verb is Verb.CANNED:
            post = menus.canned_post(c, reply, text)
            words = own(f"{post.sign} ") + post.words
            office.talk.say(place_of(pressed), words, post.keyboard, reply_to=pressed.message)
            await self._chosen(pressed, c)
            return ""
        if press.verb is Verb.EDIT_CANNED:
            office.ask(pressed, "What shall the customer read?", press, text)
        else:
            command = do.Reply(agent=member.agent, text=text)
            await office.order(c.id, command, f"telegram:{pressed.update}")
        office.talk.later(lambda: self._remove(pressed.chat, pressed.message))
        return "Sent." if press.verb is Verb.SEND_CANNED else ""

    async def _text_of(self, press: Press, c: Conversation) -> str:
        """The text that is to be changed, as it reads now."""
        if press.verb is Verb.EDIT_DRAFT:
            drafts = {draft.seq: draft.text for draft in c.drafts}
            return _found(drafts, press.of)
        entries = await self._office.store.log(c.id)
        now = {e.seq: e.event.text for e in entries if isinstance(e.event, AgentSpoke)}
        text = (now | wordings(entries)).get(press.of)
        if text is None:
            raise IllegalMove("That message was taken back.")
        return text

    # --------------------------------------------------------------------------------- menus

    async def _open_menu(self, pressed: Pressed, c: Conversation, menu: Menu, of: int) -> None:
        keyboard = await self._commands.menu(c, menu, of)
        if menu is Menu.CARD:
            await self._chosen(pressed, c)
        else:
            await self._show_buttons(pressed, keyboard)

    async def _chosen(self, pressed: Pressed, c: Conversation) -> None:
        """The menu is done with: the card has its own buttons again, a menu on a message of its own
        goes."""
        thread = await self._office.threads.load(c.id)
        if thread.native(card_key(thread)) == str(pressed.message):
            await self._show_buttons(pressed, cards.orders(await self._office.store.load(c.id)))
        elif await self._office.threads.find(str(pressed.chat), str(pressed.message)) is None:
            self._office.talk.later(lambda: self._remove(pressed.chat, pressed.message))

    async def _show_buttons(self, pressed: Pressed, keyboard: Keyboard) -> None:
        telegram = self._office.telegram
        self._office.talk.later(
            lambda: telegram.change_buttons(pressed.chat, pressed.message, keyboard)
        )


def _found(known: Mapping[Key, Value], key: Key) -> Value:
    """Raises: IllegalMove, when what a button names is not there any more."""
    if key not in known:
        raise IllegalMove("That is no longer there.", hint="Open the menu again.")
    return known[key]


#: What a reply to one of our questions causes, by what the question was for.
_ASKED: Final[Mapping[Verb, Callable[[Agent, Press, str], do.Command]]] = MappingProxyType(
    {
        Verb.EDIT_DRAFT: lambda a, p, text: do.SendDraft(agent=a, draft=p.of, text=text),
        Verb.EDIT_CANNED: lambda a, p, text: do.Reply(agent=a, text=text),
        Verb.CHANGE: lambda a, p, text: do.Edit(agent=a, of=p.of, text=text),
        Verb.NEW_INTENT: lambda a, p, text: do.Label(agent=a, of=p.of, intent=text, new=True),
    }
)
