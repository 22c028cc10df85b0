"""A synthetic history of a shop's support: the same for the same numbers, in any size.

For looking at the studio and for measuring it; no sentence is anybody's, and no figure of it says
how good the assistant is. What is in it: customers who ask what the assistant knows, in two
languages and with slips of the keyboard; questions about which it was never taught (`UNKNOWN`);
hand-offs for every reason, agents who come soon, late or never, closings, ratings, labels. What is
decided is decided by the real triage with the shipped policy, on scores that are drawn.

    .venv/bin/python -m benchmarks.studio_data --redis redis://... --messages 2000   # as real logs
    .venv/bin/python -m benchmarks.studio_data --archive var/learning/archive.db     # rows only
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import anyio
import msgspec

from benchmarks.stack import ROOT
from benchmarks.talks import Talk
from bot import commands as do
from bot.app import connect
from bot.conversation import Conversation
from bot.events import Agent, Handoff, Reading, Seen
from bot.learning.archive import Archive
from bot.learning.facts import facts_of
from bot.store import Store
from bot.triage import Candidate, Memory, Outcome, Policy, Turn, decide, load_policy
from bot.triage_signs import PERSON
from bot.triage_turn import readable
from bot.wording import REASONS

ZONE = ZoneInfo("Europe/Oslo")
#: The last moment of the history, unless told otherwise: a Sunday evening.
END = int(datetime(2026, 11, 22, 23, 0, tzinfo=ZONE).timestamp() * 1000)
DAY_MS = 86_400_000
SECOND = 1_000
MINUTE = 60_000
#: Conversations per transaction, or on their way to Redis at once.
BATCH = 200

AGENTS = (
    Agent(login="anna", name="Anna Berg"),
    Agent(login="ben", name="Ben Solli"),
    Agent(login="chi", name="Chi Nguyen"),
    Agent(login="dora", name="Dora Vik"),
)
#: What customers ask, by intent; words in braces are filled in.
KNOWN = {
    "order_status": (
        "where is my order {order}",
        "any news on {order}?",
        "has {order} been sent yet",
        "ordered {thing} {days} days ago, still nothing",
        "hvor er bestillingen min {order}",
        "status for order {order} please",
    ),
    "track_parcel": (
        "tracking says nothing about my {thing}",
        "the tracking link does not work",
        "how do i follow my parcel",
        "hvordan sporer jeg pakken",
    ),
    "cancel_order": (
        "pls cancel {order}",
        "i want to cancel my {thing} order",
        "changed my mind about the {thing}, can i stop it",
        "avbestill {order}",
    ),
    "return_item": (
        "how do i send back the {thing}",
        "the {thing} is too small, return?",
        "want to return {thing} from {order}",
        "kan jeg returnere {thing}",
    ),
    "refund_status": (
        "when do i get my money back for {order}",
        "sent the {thing} back {days} days ago, no refund",
        "still waiting for my refund",
    ),
    "exchange_item": (
        "can i swap the {thing} for a bigger one",
        "need the {thing} in {colour} instead",
    ),
    "delivery_time": (
        "how long does delivery take to {place}",
        "when will it arrive in {place}",
        "leveringstid til {place}?",
    ),
    "delivery_cost": ("what is shipping to {place}", "is delivery free over {sum} kr"),
    "opening_hours": ("when are you open", "open on saturday?", "når stenger dere"),
    "payment_problem": (
        "my card was declined twice",
        "paid but no confirmation for {order}",
        "klarna did not work",
    ),
    "discount_code": ("code {code} does not work", "where do i enter my discount code"),
    "size_advice": (
        "im {height} cm, which size {thing}",
        "do the {thing} run small?",
    ),
    "stock_check": ("do you have the {thing} in {colour}", "when is the {thing} back in stock"),
    "invoice": ("need an invoice for {order}", "send me the receipt for {order} pls"),
}
#: What customers ask about and nobody taught the assistant: what the review inbox should find.
UNKNOWN = {
    "gift wrapping": (
        "can you wrap the {thing} as a present",
        "do you do gift wrapping",
        "i want it wrapped, its a birthday gift",
        "pakker dere inn gaver",
    ),
    "pick up myself": (
        "can i pick up my order at the warehouse",
        "id rather collect it myself in {place}",
        "is there a pickup at your office",
    ),
    "spare parts": (
        "where can i buy a new zipper for the {thing}",
        "do you sell spare laces for the {thing}",
        "need a replacement buckle for my {thing}",
    ),
    "rental": ("can i rent a {thing} for a weekend", "do you lend out the {thing}"),
    "repairs abroad": (
        "does the repair service work from {place}",
        "im in {place}, where do i hand in my broken {thing}",
    ),
    "loyalty points": (
        "how many points do i have",
        "my bonus points are gone",
        "where do i see my member points",
    ),
    "student discount": ("student discount?", "do students get anything off", "studentrabatt?"),
    "old catalogue": ("can you post me the paper catalogue", "is there a printed catalogue"),
    "second hand": (
        "do you buy back used {thing}",
        "i want to sell my old {thing} to you",
    ),
    "materials": (
        "is the {thing} vegan",
        "any animal glue in the {thing}",
        "what is the {thing} made of, i am allergic to wool",
    ),
}
WORDS = {
    "thing": ("jacket", "boots", "tent", "wool socks", "rain coat", "rucksack", "gloves", "hat"),
    "colour": ("green", "black", "red", "navy"),
    "place": ("Bergen", "Tromsø", "Malmö", "Hamburg", "Leeds", "Oslo"),
    "days": ("3", "5", "8", "12"),
    "sum": ("500", "800", "1000"),
    "code": ("FJORD10", "WINTER", "HELLO5"),
    "height": ("164", "178", "189"),
}
HUMAN = (
    "can i talk to a person",
    "human please",
    "get me someone real",
    "agent",
    "snakke med noen",
)
ANGRY = ("this is ridiculous", "third time i ask!!", "worst shop ever", "are you kidding me")
THANKS = ("thanks", "ok great", "perfect thx", "takk")
REPLIES = (
    "Hi, I have had a look at it and sent it again.",
    "Sorry about that. The money is on its way to you.",
    "We can do that. I have put a note on your order.",
    "I am afraid we do not offer that yet.",
    "Could you tell me the order number, please?",
)
OUTCOMES = ("resolved", "resolved", "resolved", "refunded", "no_reply", "spam")
#: Which hand-offs happen beside those that a person asked for, and how often.
UNHAPPY = ("frustrated", "repeated", "complaint", "sensitive", "form_failed", "action_failed")
#: Those that an action asks for: triage lets the message be answered.
ACTIONS = ("form_failed", "action_failed")
#: What triage sees where it calls a person for such a reason: a cue, and how frustrated.
SIGNS = {"frustrated": ("", 0.9), "sensitive": ("legal", 0.3)}
#: So often scores are drawn until triage decides as the story goes.
DRAWS = 20
#: By local hour: how busy it is. Nights are quiet, evenings busy.
HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 13, 12, 13, 13, 12, 11, 10, 10, 12, 13, 10, 6, 3)
#: By weekday, Monday first.
WEEKDAYS = (14, 12, 11, 11, 12, 8, 9)


def history(
    messages: int = 50_000, *, days: int = 90, end: int = END, seed: int = 7
) -> Iterator[Talk]:
    """Conversations, oldest first, in which customers wrote about `messages` messages during the
    `days` before `end` (ms). About four messages a conversation."""
    dice = random.Random(seed)
    starts = sorted(_moment(dice, days, end) for _ in range(max(1, round(messages / MESSAGES))))
    for number, at in enumerate(starts):
        yield _talk(dice, f"seed{seed}-{number:06}", at)


#: Customers' messages in a conversation, on average: measured on the history itself.
MESSAGES = 3.07


def _moment(dice: random.Random, days: int, end: int) -> int:
    while True:
        at = end - dice.randrange(days * DAY_MS)
        local = datetime.fromtimestamp(at / 1000, ZONE)
        # A shop that grows: the last day is half as busy again as the first.
        busy = WEEKDAYS[local.weekday()] * HOURS[local.hour] * (3 - (end - at) / (days * DAY_MS))
        if dice.random() * max(WEEKDAYS) * max(HOURS) * 3 < busy:
            return at


def _talk(dice: random.Random, id: str, at: int) -> _Talk:
    talk = _Talk(id, at - dice.randrange(5, 60) * SECOND, page=dice.choice(("/", "/help", "/cart")))
    talk.at = at
    happy = True
    for _ in range(_how_many(dice)):
        kind = dice.choices(("known", "unknown", "human", "angry"), (72, 18, 6, 4))[0]
        happy = _ask(dice, talk, kind)
        if not happy:
            break
        talk.pause(dice.randrange(8, 120) * SECOND)
    if happy:
        if dice.random() < 0.45:
            talk.say(dice.choice(THANKS))
            talk.answer("You are welcome!", _reading(dice, talk, "thank", 0.95), after=300)
        if dice.random() < 0.3:
            talk.close(None, "left", after=dice.randrange(5, 90) * SECOND)
            if dice.random() < 0.5:
                talk.rate(dice.choices((5, 4, 3, 2, 1), (50, 25, 10, 8, 7))[0], after=4 * SECOND)
    return talk


class _Talk(Talk):
    """One that triage follows. `said`: the customer's latest words."""

    def __init__(self, id: str, at: int, *, page: str) -> None:
        super().__init__(id, at, page=page)
        self.memory = Memory()
        self.said = ""

    def say(self, text: str, *, after: int = 0) -> int:
        self.said = text
        return super().say(text, after=after)


def _how_many(dice: random.Random) -> int:
    return dice.choices((1, 2, 3, 4, 6, 9), (32, 28, 18, 11, 8, 3))[0]


def _ask(dice: random.Random, talk: _Talk, kind: str) -> bool:
    """One matter of the customer's; False when it ended with people."""
    think = dice.randrange(250, 1_400)
    if kind == "human":
        talk.say(dice.choice(HUMAN))
        reading = _reading(dice, talk, "talk_to_human", 0.95, outcome=Outcome.HANDOFF)
        talk.answer(
            "I'll fetch a colleague.", reading, after=think, handoff=_why("asked_for_human")
        )
        _people(dice, talk, "talk_to_human")
        return False
    if kind == "angry":
        talk.say(dice.choice(ANGRY))
        reason = dice.choice(UNHAPPY)
        cue, frustration = SIGNS.get(reason, ("", 0.4))
        decided = Outcome.ANSWER if reason in ACTIONS else Outcome.HANDOFF
        intent = reason if reason == "complaint" else "order_status"
        reading = _reading(
            dice, talk, intent, 0.75, outcome=decided, frustration=frustration, cue=cue
        )
        talk.memory = Memory()
        talk.answer(
            "I am sorry. A colleague will help.", reading, after=think, handoff=_why(reason)
        )
        _people(dice, talk, "complaint")
        return False
    if kind == "known":
        intent = dice.choice(tuple(KNOWN))
        text = _text(dice, KNOWN[intent])
        language = "no" if text.startswith(("hvor", "kan jeg", "når", "lever", "avbe")) else "en"
        seq = talk.say(text)
        answer = f"(about {intent.replace('_', ' ')})"
        talk.answer(answer, _reading(dice, talk, intent, language=language), after=think)
        if dice.random() < 0.04:  # a wrong answer, which a person puts right
            talk.say(_text(dice, HUMAN), after=dice.randrange(4, 30) * SECOND)
            reading = _reading(dice, talk, "talk_to_human", 0.9, outcome=Outcome.HANDOFF)
            talk.answer("Of course.", reading, after=think, handoff=_why("asked_for_human"))
            _people(dice, talk, intent, wrong=seq)
            return False
        return True
    return _ask_unknown(dice, talk)


def _ask_unknown(dice: random.Random, talk: _Talk) -> bool:
    """About what the assistant was never taught."""
    topic = dice.choice(tuple(UNKNOWN))
    for _ in range(_policy().clarifications):
        talk.say(_text(dice, UNKNOWN[topic]), after=dice.randrange(5, 60) * SECOND)
        about = dice.choice(tuple(KNOWN))
        unsure = _reading(dice, talk, about, 0.35, outcome=Outcome.CLARIFY, out_of_scope=0.8)
        talk.answer("I am not sure what you mean.", unsure, after=dice.randrange(250, 1_400))
        if dice.random() < 0.4:
            return True  # they give up, or ask something else
    last = talk.say(_text(dice, UNKNOWN[topic]), after=dice.randrange(5, 60) * SECOND)
    lost = _reading(dice, talk, "nlu_fallback", 0.3, outcome=Outcome.HANDOFF, out_of_scope=0.9)
    why = _why("clarifications_failed")
    talk.answer("I'll ask a colleague.", lost, after=dice.randrange(250, 1_400), handoff=why)
    _people(dice, talk, topic, wrong=last if dice.random() < 0.4 else None, new=True)
    return False


def _people(
    dice: random.Random, talk: _Talk, about: str, *, wrong: int | None = None, new: bool = False
) -> None:
    """Who comes, when, and how it ends."""
    if dice.random() < 0.08:  # nobody did
        talk.close(None, "left", after=dice.randrange(4, 40) * MINUTE)
        return
    agent = dice.choice(AGENTS)
    talk.claim(agent, after=round(dice.lognormvariate(11.2, 0.9)))
    for _ in range(dice.choice((1, 1, 2, 3))):
        talk.reply(agent, dice.choice(REPLIES), after=dice.randrange(15, 180) * SECOND)
        if dice.random() < 0.6:
            talk.say(_text(dice, THANKS), after=dice.randrange(10, 90) * SECOND)
    if wrong is not None:
        name = about.replace(" ", "_")
        talk.do(do.Label(agent=agent, of=wrong, intent=name, new=new))
    talk.close(agent, dice.choice(OUTCOMES), after=dice.randrange(20, 300) * SECOND)
    if dice.random() < 0.4:
        talk.rate(dice.choices((5, 4, 3, 2, 1), (45, 25, 12, 8, 10))[0], after=20 * SECOND)


def _why(reason: str) -> Handoff:
    return Handoff(reason=reason, reasons=(REASONS[reason],))


def _reading(
    dice: random.Random,
    talk: _Talk,
    intent: str,
    about: float = 0.85,
    *,
    outcome: Outcome = Outcome.ANSWER,
    out_of_scope: float = 0.15,
    frustration: float = 0.1,
    cue: str = "",
    language: str = "en",
) -> Reading:
    """What a model may have read in the latest message if triage was to decide for `outcome`. If no
    draw has that, the log says so of the last one, as if rules had changed since."""
    for _ in range(DRAWS):
        turn = _turn(dice, talk, intent, about, out_of_scope, frustration, cue, language)
        decision = decide(turn, _policy())
        if decision.outcome is outcome:
            break
    talk.memory = decision.memory if decision.outcome is outcome else Memory()
    seen = {**turn.as_seen(), **decision.as_seen()}
    return Reading(
        intent=intent,
        confidence=turn.confidence,
        ranking=tuple({"name": c.intent, "confidence": c.confidence} for c in turn.ranking),
        out_of_scope=turn.out_of_scope,
        sentiment=turn.sentiment,
        frustration=turn.frustration,
        language=language,
        outcome=outcome.value,
        reasons=decision.reasons or (f"{intent} {turn.confidence:.2f}",),
        turn=msgspec.convert({**seen, "outcome": outcome.value}, Seen),
    )


def _turn(
    dice: random.Random,
    talk: _Talk,
    intent: str,
    about: float,
    out_of_scope: float,
    frustration: float,
    cue: str,
    language: str,
) -> Turn:
    """The latest message with scores around those given."""
    confidence = _near(dice, about, 0.15)
    others = dice.sample([name for name in KNOWN if name != intent], 2)
    rest = 1 - confidence
    ranking = ((intent, confidence), (others[0], rest * 0.6), (others[1], rest * 0.3))
    angry = _near(dice, frustration, 0.15)
    return Turn(
        text=readable(talk.said),
        intent=intent,
        confidence=confidence,
        ranking=tuple(Candidate(name, round(share, 3)) for name, share in ranking),
        out_of_scope=_near(dice, out_of_scope, 0.15),
        sentiment=round(dice.uniform(-0.4, 0.4) - angry / 2, 2),
        frustration=angry,
        language=language,
        cues={PERSON: _near(dice, 0.08, 0.1), **({cue: _near(dice, 0.9, 0.05)} if cue else {})},
        fingerprint=f"{dice.getrandbits(256):064x}",
        memory=talk.memory,
    )


def _near(dice: random.Random, about: float, spread: float) -> float:
    return round(min(0.99, max(0.01, dice.gauss(about, spread))), 3)


@cache
def _policy() -> Policy:
    return load_policy((ROOT / "data/triage.yml").read_text(encoding="utf-8"))


def _text(dice: random.Random, templates: Sequence[str]) -> str:
    filled = {name: dice.choice(words) for name, words in WORDS.items()}
    text = dice.choice(templates).format(order=f"NL-{dice.randrange(10_000, 99_999)}", **filled)
    if dice.random() < 0.3:  # a slip: two letters change places
        place = dice.randrange(max(1, len(text) - 1))
        text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    return (
        dice.choice(("", "", "", "hi, ", "hello ")) + text + dice.choice(("", "", "?", "!", " pls"))
    )


# ------------------------------------------------------------------------------ where it goes


def fill_archive(archive: Archive, talks: Iterable[Talk]) -> int:
    """Put the rows of `talks` into the archive, as the follower would; returns how many."""
    count, rest = 0, iter(talks)
    while batch := list(islice(rest, BATCH)):
        found = (facts_of(talk.state.id, talk.entries) for talk in batch)
        archive.replace([facts for facts in found if facts is not None])
        count += len(batch)
    return count


async def fill_store(store: Store, talks: Iterable[Talk]) -> int:
    """Write `talks` as real logs; a gateway on the same Redis archives them. Returns how many."""
    count, rest = 0, iter(talks)
    while batch := list(islice(rest, BATCH)):
        async with anyio.create_task_group() as tasks:
            for talk in batch:
                blank = Conversation(id=talk.state.id)
                tasks.start_soon(store.append, blank, talk.state, talk.entries)
        count += len(batch)
    return count


def now_ms() -> int:
    """The end of a history that is to be recent."""
    return int((datetime.now(ZONE) - timedelta(minutes=5)).timestamp() * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--redis", help="address of the Redis that gets the logs")
    place.add_argument("--archive", type=Path, help="the archive that gets the rows")
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--recent", action="store_true", help="let it end now, and not at a date")
    asked = parser.parse_args()
    talks = history(asked.messages, days=asked.days, end=now_ms() if asked.recent else END)
    began = time.perf_counter()
    if asked.archive:
        archive = Archive(asked.archive, write=True)
        count = fill_archive(archive, talks)
        archive.close()
    else:
        count = asyncio.run(_into_redis(asked.redis, talks))
    print(f"{count} conversations in {time.perf_counter() - began:.1f} s")


async def _into_redis(url: str, talks: Iterable[Talk]) -> int:
    redis = connect(url)
    try:
        return await fill_store(Store(redis), talks)
    finally:
        await redis.close(close_connection_pool=True)


if __name__ == "__main__":
    main()
