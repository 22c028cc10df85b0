"""What has happened in the shop before a test begins: conversations of the last days, written
through the router with a clock of its own. The fixture is in `tests.e2e.studio_fixtures`.

All of them are at rest, so that no follower of the gateway has anything to add.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import commands as do
from bot.events import Agent, Handoff, Reading, Utterance
from bot.router import Router, now_ms
from bot.store import Store

MAYA = Agent(login="maya", name="Maya Brandt")
MINUTE = 60_000
DAY = 24 * 60 * MINUTE

#: A page that parsed it would raise a dialog, which no test of the studio forgives.
HOSTILE = "<img src=x onerror=alert(1)> do you sell <b>gas</b> canisters?"


class Past:
    """Writes conversations that began some days ago; ids by the names that tests use."""

    def __init__(self, store: Store) -> None:
        self.now = now_ms()
        self.ids: dict[str, str] = {}
        self._at = self.now
        self._router = Router(store, greeting="Hello, I am a bot.", now=lambda: self._at)
        self._store = store
        self._keys = 0

    async def begins(self, name: str, *, days_ago: float) -> str:
        self._at = self.now - int(days_ago * DAY)
        self.ids[name] = (await self._router.open("https://shop.example/tents")).id
        return self.ids[name]

    async def turn(
        self,
        id: str,
        text: str,
        answer: str,
        *,
        ranking: Sequence[tuple[str, float]],
        outcome: str = "answer",
        reasons: tuple[str, ...] = (),
        reason: str | None = None,
        out_of_scope: float = 0.05,
    ) -> int:
        """The customer writes, and the assistant answers; gives the seq of the message."""
        said = await self._router.from_customer(id, text, client_id=self._key())
        self._at += 2_000
        conversation = await self._store.load(id)
        intent, confidence = ranking[0]
        await self._do(
            id,
            do.Answer(
                in_reply_to=said.seq,
                epoch=conversation.epoch,
                messages=(Utterance(text=answer),),
                reading=Reading(
                    intent=intent,
                    confidence=confidence,
                    ranking=tuple({"name": n, "confidence": c} for n, c in ranking),
                    entities=({"entity": "product", "value": "tent"},),
                    sentiment=-0.2,
                    frustration=0.15,
                    out_of_scope=out_of_scope,
                    outcome=outcome,
                    reasons=reasons,
                    slots={"order_number": "NL-10482"},
                ),
                handoff=Handoff(reason=reason, reasons=reasons) if reason else None,
            ),
        )
        self._at += MINUTE
        return said.seq

    async def a_person(self, id: str, *texts: str, after: int = 3 * MINUTE) -> None:
        """Maya comes, writes, and closes it."""
        self._at += after
        await self._agent(id, do.Claim(agent=MAYA))
        for text in texts:
            self._at += MINUTE
            await self._agent(id, do.Reply(agent=MAYA, text=text))
        self._at += MINUTE
        await self._agent(id, do.Close(agent=MAYA, outcome="solved"))

    async def rates(self, id: str, stars: int) -> None:
        self._at += MINUTE
        await self._do(id, do.Rate(stars=stars))

    async def labels(self, id: str, of: int, intent: str) -> None:
        self._at += MINUTE
        await self._agent(id, do.Label(agent=MAYA, of=of, intent=intent))

    async def _agent(self, id: str, command: do.Command) -> None:
        await self._router.from_agent(id, command, client_id=self._key())

    async def _do(self, id: str, command: do.Command) -> None:
        await self._router.execute(id, command, key=self._key())

    def _key(self) -> str:
        self._keys += 1
        return f"past-{self._keys:05d}"


async def tell(past: Past) -> None:
    """A small week: one jacket, one tent, one question that nobody had an answer to."""
    jacket = await past.begins("jacket", days_ago=1)
    await past.turn(
        jacket,
        "where is my jacket? NL-10482",
        "It is on its way.",
        ranking=[("order_status", 0.93), ("delivery_time", 0.04), ("cancel_order", 0.01)],
    )
    gas = await past.begins("gas", days_ago=2)
    await past.turn(
        gas,
        HOSTILE,
        "Did you mean one of these?",
        ranking=[("product_question", 0.41), ("order_status", 0.2)],
        outcome="clarify",
        reasons=("not sure enough (41 %)",),
        out_of_scope=0.7,
    )
    seq = await past.turn(
        gas,
        "no, gas <i>canisters</i>!",
        "I'll fetch a colleague.",
        ranking=[("product_question", 0.44)],
        outcome="handoff",
        reasons=("not understood twice",),
        reason="clarifications_failed",
        out_of_scope=0.8,
    )
    await past.labels(gas, seq, "stock_question")
    await past.a_person(gas, "We do, in the shop only.")
    await past.rates(gas, 2)
    tent = await past.begins("tent", days_ago=3)
    await past.turn(
        tent,
        "please let me talk to somebody about a torn tent",
        "Sure, I'll fetch a person.",
        ranking=[("ask_for_human", 0.97)],
        outcome="handoff",
        reasons=("asked for a person",),
        reason="asked_for_human",
    )
    await past.a_person(tent, "Hello, Maya here.", "A new one is on its way.", after=9 * MINUTE)
    await past.rates(tent, 5)
