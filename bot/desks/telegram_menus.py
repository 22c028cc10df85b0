"""What stands in for a card's buttons while somebody chooses, and what is asked for in words.

Pure. Telegram has no modals: choices open in the keyboard under the card (or under a message of
their own, asked for by command), and a text is asked for by a message that the agent replies to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bot.conversation import Conversation, State
from bot.desk_plan import Canned, Member, Skill
from bot.desks.orders import OUTCOMES, SNOOZES
from bot.desks.telegram_buttons import Button, Keyboard, Menu, Press, Verb, abbreviated
from bot.desks.telegram_card import ICONS
from bot.desks.telegram_text import Words, bold, literal, one_line, own, quote
from bot.desks.telegram_views import Post, customer_of

#: More choices than these are left to the command, which takes any name.
CHOICES_AT_MOST: Final = 40
LABEL_AT_MOST: Final = 40
#: The customer's latest messages that can be chosen from.
MESSAGES_AT_MOST: Final = 8


def transfer(c: Conversation, skills: Sequence[Skill], team: Sequence[Member]) -> Keyboard:
    """To whom? The owner is not among the choices."""
    owner = c.owner.login if c.owner else ""
    choices = [
        Button(f"🎓 {one_line(skill.words, LABEL_AT_MOST)}", _press(c, Verb.TO_SKILL, skill.name))
        for skill in skills
    ]
    choices += [
        Button(f"👤 {one_line(one.name, LABEL_AT_MOST)}", _press(c, Verb.TO_AGENT, one.login))
        for one in team
        if one.login != owner
    ]
    return _menu(c, choices)


def snooze(c: Conversation) -> Keyboard:
    return _menu(
        c, [Button(words, Press(Verb.SNOOZE, c.id, 0, until)) for until, words in SNOOZES.items()]
    )


def close(c: Conversation) -> Keyboard:
    return _menu(
        c, [Button(words, Press(Verb.CLOSE, c.id, 0, name)) for name, words in OUTCOMES.items()]
    )


def canned(c: Conversation, replies: Sequence[Canned]) -> Keyboard:
    return _menu(
        c,
        [Button(one_line(r.name, LABEL_AT_MOST), _press(c, Verb.CANNED, r.name)) for r in replies],
    )


def which(c: Conversation, messages: Sequence[tuple[int, str]]) -> Keyboard:
    """Which of the customer's messages is to be labelled? `messages` as (seq, text)."""
    choices = [
        Button(
            one_line(text, LABEL_AT_MOST) or "(a file)",
            Press(Verb.MENU, c.id, seq, Menu.LABEL.value),
        )
        for seq, text in messages[:MESSAGES_AT_MOST]
    ]
    rows = tuple((choice,) for choice in choices)
    return (*rows, (Button("« Back", Press(Verb.MENU, c.id)),))


def label(c: Conversation, of: int, intents: Iterable[str]) -> Keyboard:
    """What was message `of` about? `intents`: those that the bot knows, likeliest first."""
    choices = [
        Button(
            one_line(intent.replace("_", " "), LABEL_AT_MOST),
            Press(Verb.LABEL, c.id, of, abbreviated(intent)),
        )
        for intent in intents
    ]
    new = Button("✍️ Something new…", Press(Verb.NEW_INTENT, c.id, of))
    return _menu(c, [*choices[: CHOICES_AT_MOST - 1], new])


def _press(c: Conversation, verb: Verb, name: str) -> Press:
    return Press(verb, c.id, 0, abbreviated(name))


def _menu(c: Conversation, choices: Sequence[Button]) -> Keyboard:
    shown = choices[:CHOICES_AT_MOST]
    rows = [tuple(shown[at : at + 2]) for at in range(0, len(shown), 2)]
    return (*rows, (Button("« Back", Press(Verb.MENU, c.id)),))


def canned_post(c: Conversation, reply: Canned, text: str) -> Post:
    """The reply as the customer would read it, before it is sent."""
    row = (
        Button("✅ Send", _press(c, Verb.SEND_CANNED, reply.name)),
        Button("✏️ Edit first…", _press(c, Verb.EDIT_CANNED, reply.name)),
    )
    return Post(0, "💬", bold(reply.name) + own("\n") + quote(literal(text)), (row,))


def ask_for(what: str, whom: Words, text: str = "") -> Words:
    """A question to one person, answered by a reply to it. `text`, to be changed, is copied by a
    tap."""
    asked = bold(what) + own("\n") + whom + own(", reply to this message.")
    return asked + own("\n\n") + literal(text).styled("pre") if text else asked


# ------------------------------------------------------------------------------------- lists


def queue(waiting: Sequence[Conversation], links: dict[str, str]) -> Words:
    """Who waits, longest first; a link to each thread that there is."""
    return _list("Waiting", waiting, links, "Nobody is waiting.")


def mine(own_ones: Sequence[Conversation], links: dict[str, str]) -> Words:
    return _list("Yours", own_ones, links, "You have no conversation.")


def _list(
    title: str, found: Sequence[Conversation], links: dict[str, str], none: str, at_most: int = 20
) -> Words:
    if not found:
        return own(none)
    words = bold(f"{title} ({len(found)})")
    for c in found[:at_most]:
        name = literal(one_line(customer_of(c), 60))
        if link := links.get(c.id):
            name = name.styled("text_link", url=link)
        asks = " · waits for an answer" if c.unanswered and c.state is not State.WAITING else ""
        words += own(f"\n{ICONS[c.state]} ") + name
        words += own(": ") + literal(one_line(c.preview, 120)) + own(asks)
    if len(found) > at_most:
        words += own(f"\nand {len(found) - at_most} more")
    return words
