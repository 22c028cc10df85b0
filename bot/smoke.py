"""The conversations that a new model must get right before it serves: `data/smoke.yml`.

Belongs here: reading that file, holding the conversations with an assistant that does not serve
yet, and leaving no trace of them. Does not belong here: how good a model is (`bot.learning.gate`),
or what follows from a failure (`bot.assistants`).

The conversations are the assistant's alone: no log, no queue and no figure knows of them. What
remains is its memory of them, a tracker each. Their ids are always the same, so it can be deleted
without looking for it, also after a process was killed in the middle.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

from bot.errors import DeskhandError
from bot.loopback import Answer, ask
from bot.policy_file import read_file
from bot.store import PREFIX, reachable

#: The conversations' ids, by number. Customers' ids are random and look different.
ID: Final = "smoke-{}"
#: What the assistant keeps of a conversation (`bot.nlu.tracker_store`).
TRACKER: Final = (PREFIX + "tracker:{}:events", PREFIX + "tracker:{}:head")
AT_MOST: Final = 20
#: How long one answer may take, in seconds: the model is new, and runs in the background.
TURN_S: Final = 30.0

_WHAT = "the file of smoke conversations"
#: What can be expected: what it should do, and what it then did.
_EXPECTED = {
    "answer": ("answer", "answered"),
    "person": ("hand over to a person", "handed over to a person"),
}


@dataclass(frozen=True, slots=True)
class Try:
    """One conversation: the customer's words, and what is expected: "answer" or "person"."""

    say: str
    expect: str

    def __post_init__(self) -> None:
        if self.expect not in _EXPECTED:
            raise ValueError(f"{self.expect!r} is nothing that can be expected")


class SmokeFailed(DeskhandError):
    """The new model did not get one of the conversations right."""

    code = "smoke_failed"


def load_smoke(text: str) -> tuple[Try, ...]:
    """Read data/smoke.yml. Raises PolicyError naming the key and the value."""
    root = read_file(text, _WHAT)
    tries = []
    for one in root.sections("conversations"):
        expect = one.name("expect")
        if expect not in _EXPECTED:
            raise one.wrong("expect", "answer or person")
        tries.append(Try(one.name("say"), expect))
        one.done()
    root.done()
    if not 0 < len(tries) <= AT_MOST:
        raise root.wrong("conversations", f"a list of 1 to {AT_MOST}")
    return tuple(tries)


async def try_out(port: int, token: str, channel: str, tries: Sequence[Try]) -> None:
    """Hold the conversations with the assistant at `port`, one after the other.

    Raises:
        SmokeFailed: one did not end as expected; says which.
        OSError: the assistant is not there.
    """
    for number, one in enumerate(tries):
        place = {"conversation": ID.format(number), "seq": 1, "epoch": 0}
        turn = {**place, "text": one.say, "payload": None, "deadline": TURN_S}
        answer = await ask(port, channel + "turn", token=token, json_body=turn)
        should, did = _EXPECTED[one.expect]
        if (deed := _deed(answer)) != did:
            raise SmokeFailed(
                f"The model has failed: to “{one.say}” it should {should}, and it {deed}.",
                hint="data/smoke.yml has what a model must get right before it serves.",
            )


async def forget(redis: Redis[bytes]) -> None:
    """Delete what the assistant remembers of the conversations. Raises: StoreUnavailable."""
    ids = [ID.format(number) for number in range(AT_MOST)]
    async with reachable():
        await redis.delete(*(key.format(id) for id in ids for key in TRACKER))


def _deed(answer: Answer) -> str:
    """What the assistant did, in words that follow "it"."""
    try:
        turn: Any = json.loads(answer.body)
    except ValueError:
        turn = None
    if answer.status != 200:
        why = turn.get("error") if isinstance(turn, dict) else None
        return f"answered {answer.status}" + (f" ({why})" if isinstance(why, str) else "")
    if not isinstance(turn, dict):
        return "answered what makes no sense"
    if turn.get("handoff"):
        return _EXPECTED["person"][1]
    return _EXPECTED["answer"][1] if turn.get("messages") else "said nothing"
