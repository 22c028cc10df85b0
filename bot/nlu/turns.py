"""One turn of the assistant: a customer's message in, Rasa's answer out, exactly once.

The gateway may repeat a turn (its process was killed, the answer was lost). A turn is known by the
`seq` of the message, kept in the metadata of the tracker's user event: a repeated turn finds it and
gives the answer that was given then, read from the same events. A turn that failed is not stored at
all, so that repeating it is trying again.

Belongs here: running a turn on Rasa's processor, putting a human stretch into the tracker, and the
JSON of an answer. Does not belong here: HTTP (`channel`), keys (`tracker_store`), or what a turn
should say (rules, actions, `bot.triage`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import FailSafeTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.triage_turn import readable

log = logging.getLogger(__name__)

CHANNEL: Final = "deskhand"
TRIAGE_SLOT: Final = "triage"
OFFER: Final = "utter_offer_person"

SEQ: Final = "seq"
RETURNED: Final = "returned"
"""Metadata of events: the message's seq, and the seq of the last line of a human stretch."""

DEADLINE_S: Final = 30.0
"""A turn may take this long when the gateway names no deadline."""

RANKING_SHOWN: Final = 5
STRETCH_LINES: Final = 20
STRETCH_CHARACTERS: Final = 1_000
"""Of a human stretch the tracker keeps the last lines only: it needs the drift, the log has all."""

INTERNAL_SLOTS: Final = frozenset(
    {
        TRIAGE_SLOT,
        REQUESTED_SLOT,
        "session_started_metadata",
        "confirmation",
        "form_failures",
        "identity",
        "identity_attempts",
        "paused_form",
        "progress",
        "proven_orders",
        "refused_pair",
        "item_words",
        "offered_items",
    }
)
"""Slots that say nothing about the customer; agents do not see them."""


class TurnFailed(Exception):
    """The assistant has no answer for this turn; nothing was stored. The message says why."""


class TurnTooSlow(TurnFailed):
    """The turn did not end within its deadline."""


@dataclass(frozen=True)
class Said:
    """A customer's message. `payload` is that of a button which the bot had offered."""

    conversation: str
    seq: int
    epoch: int
    text: str
    payload: str | None = None
    deadline: float = DEADLINE_S

    def __post_init__(self) -> None:
        if not self.conversation:
            raise ValueError("conversation is empty")
        if self.payload is not None and not self.payload.startswith("/"):
            raise ValueError(f"payload is {self.payload!r}; a payload starts with /")

    @property
    def read(self) -> str:
        """What Rasa reads."""
        return self.payload or readable(self.text)


@dataclass(frozen=True)
class Line:
    """`seq` is its place in the conversation's log, `who` "customer" or "agent"."""

    seq: int
    who: str
    text: str


@dataclass(frozen=True)
class Stretch:
    """What a person and the customer said to each other, oldest first."""

    conversation: str
    lines: tuple[Line, ...]


class Turns:
    """Runs turns, one at a time in each conversation."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._running: dict[tuple[str, int], asyncio.Task[dict[str, Any]]] = {}

    @property
    def under_way(self) -> int:
        """In how many conversations something is being done right now."""
        return len(self._locks)

    async def turn(self, agent: Agent, said: Said) -> dict[str, Any]:
        """The answer to a message, as JSON. A client that goes away does not stop the turn.

        Raises TurnFailed when there is no answer, and whatever the tracker store raises.
        """
        key = (said.conversation, said.seq)
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._turn(agent, said))
            self._running[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: tuple[str, int], task: asyncio.Task[dict[str, Any]]) -> None:
        self._running.pop(key, None)
        if not task.cancelled() and task.exception() is not None:
            # Asked for, so that asyncio does not complain when the client has gone away.
            log.debug("turn %s of %s failed", key[1], key[0])

    async def _turn(self, agent: Agent, said: Said) -> dict[str, Any]:
        async with self._alone(agent, said.conversation):
            sink = CollectingOutputChannel()
            metadata = {SEQ: said.seq, "epoch": said.epoch}
            processor = agent.processor
            tracker = await processor.fetch_tracker_and_update_session(
                said.conversation, sink, metadata
            )
            if (asked := _asked(tracker, said.seq)) is not None:
                return _answer(tracker, asked)
            message = UserMessage(
                said.read,
                sink,
                said.conversation,
                input_channel=CHANNEL,
                message_id=f"{said.conversation}-{said.seq}",
                metadata=metadata,
            )
            await _within(said.deadline, self._think(agent, message, tracker))
            asked = _asked(tracker, said.seq)
            if asked is None:
                raise TurnFailed("the assistant did not note the message; see its log")
            answer = _answer(tracker, asked)
            _check(tracker, asked, answer)
            await processor.save_tracker(tracker)
            return answer

    async def _think(
        self, agent: Agent, message: UserMessage, tracker: DialogueStateTracker
    ) -> None:
        # These four steps are `MessageProcessor.handle_message`, without loading the tracker
        # again and without saving an answer that is none.
        processor = agent.processor
        await processor._handle_message_with_tracker(message, tracker)
        await processor.run_action_extract_slots(message.output_channel, tracker)
        await processor._run_prediction_loop(message.output_channel, tracker)
        if _triage(tracker).get("offer_person"):
            await self._offer_person(agent, tracker)

    async def _offer_person(self, agent: Agent, tracker: DialogueStateTracker) -> None:
        """After an answer to somebody who is annoyed. It is said here, since Rasa drops what the
        action behind a slot mapping utters, and triage is one."""
        said = await agent.processor.nlg.generate(OFFER, tracker, CHANNEL)
        if said is not None:
            data = {"buttons": said.get("buttons")}
            tracker.update(BotUttered(said["text"], data, metadata={"utter_action": OFFER}))

    async def returned(self, agent: Agent, stretch: Stretch) -> None:
        """Puts a human stretch into the tracker: slots survive, forms and triage start afresh."""
        async with self._alone(agent, stretch.conversation):
            tracker = await agent.processor.fetch_tracker_and_update_session(
                stretch.conversation, CollectingOutputChannel()
            )
            told = max((e.metadata.get(RETURNED, 0) for e in tracker.events), default=0)
            new = [line for line in stretch.lines if line.seq > told]
            if not new:
                return
            tracker.update_with_events(_stretch_events(tracker, new), agent.processor.domain)
            await agent.processor.save_tracker(tracker)

    @asynccontextmanager
    async def _alone(self, agent: Agent, conversation: str) -> AsyncIterator[None]:
        """One at a time per conversation; also against Rasa's own HTTP API."""
        _fail_loudly(agent)
        lock, users = self._locks.get(conversation, (asyncio.Lock(), 0))
        self._locks[conversation] = (lock, users + 1)
        try:
            async with lock, agent.lock_store.lock(conversation):
                yield
        finally:
            lock, users = self._locks.pop(conversation)
            if users > 1:
                self._locks[conversation] = (lock, users - 1)


def _fail_loudly(agent: Agent) -> None:
    """Rasa replaces a store that fails by an empty one in memory: an answer without memory.

    We would rather have no answer, so the wrapper is taken off.
    """
    if agent.processor is None:
        raise TurnFailed("no model is loaded")
    store = agent.tracker_store
    if isinstance(store, FailSafeTrackerStore):
        store = store._tracker_store
        agent.tracker_store = store
    agent.processor.tracker_store = store


async def _within(seconds: float, work: Awaitable[None]) -> None:
    try:
        await asyncio.wait_for(work, seconds)
    except asyncio.TimeoutError as error:
        raise TurnTooSlow(f"the turn took longer than {seconds:g} s") from error


def _asked(tracker: DialogueStateTracker, seq: int) -> int | None:
    """The index of the message with this seq among the tracker's events."""
    events = list(tracker.events)
    for index in range(len(events) - 1, -1, -1):
        event = events[index]
        if isinstance(event, UserUttered) and event.metadata.get(SEQ) == seq:
            return index
    return None


def _turn_events(tracker: DialogueStateTracker, asked: int) -> list[Event]:
    """The events of the turn that began with the message at `asked`."""
    turn: list[Event] = []
    for event in list(tracker.events)[asked + 1 :]:
        if isinstance(event, UserUttered) or RETURNED in event.metadata:
            break
        turn.append(event)
    return turn


def _answer(tracker: DialogueStateTracker, asked: int) -> dict[str, Any]:
    """The JSON that the gateway expects, from the events of the turn."""
    message = list(tracker.events)[asked]
    turn = _turn_events(tracker, asked)
    utterances = [event for event in turn if isinstance(event, BotUttered)]
    triage: Mapping[str, Any] = {}
    seen: Mapping[str, Any] | None = None
    for event in turn:
        if isinstance(event, SlotSet) and event.key == TRIAGE_SLOT:
            triage = event.value if isinstance(event.value, Mapping) else {}
            # An action may have set the slot afterwards; what triage saw is not in that.
            seen = triage.get("turn", seen)
    return {
        "messages": [m for u in utterances if (m := _message(u)) is not None],
        "parse": _parse(message.parse_data),
        "slots": {
            name: slot.value
            for name, slot in tracker.slots.items()
            if slot.value is not None and name not in INTERNAL_SLOTS
        },
        "triage": {
            "outcome": triage.get("outcome", "answer"),
            "reasons": list(triage.get("reasons") or ()),
            "turn": seen,
        },
        "handoff": next((h for u in reversed(utterances) if (h := _handoff(u)) is not None), None),
    }


def _message(utterance: BotUttered) -> dict[str, Any] | None:
    data = utterance.data or {}
    buttons = data.get("buttons") or data.get("quick_replies") or []
    if not (utterance.text or buttons or data.get("image")):
        return None
    return {
        "text": utterance.text or "",
        "buttons": [
            {"title": str(b.get("title", "")), "payload": str(b.get("payload", ""))}
            for b in buttons
        ],
        "image": data.get("image"),
    }


def _handoff(utterance: BotUttered) -> dict[str, Any] | None:
    custom = (utterance.data or {}).get("custom")
    asked = custom.get("handoff") if isinstance(custom, Mapping) else None
    if not isinstance(asked, Mapping):
        return None
    return {
        "reason": str(asked.get("reason") or "asked_for_human"),
        "reasons": [str(words) for words in asked.get("reasons") or ()],
        "skill": asked.get("skill"),
        "summary": str(asked.get("summary") or ""),
        "draft": str(asked.get("draft") or ""),
    }


def _parse(parse: Mapping[str, Any]) -> dict[str, Any]:
    intent = parse.get("intent") or {}
    return {
        "intent": str(intent.get("name") or ""),
        "confidence": float(intent.get("confidence") or 0.0),
        "ranking": [
            {"name": str(r.get("name")), "confidence": float(r.get("confidence") or 0.0)}
            for r in (parse.get("intent_ranking") or ())[:RANKING_SHOWN]
        ],
        "entities": [
            {name: entity.get(name) for name in ("entity", "value", "start", "end")}
            for entity in parse.get("entities") or ()
        ],
        "sentiment": float(parse.get("sentiment") or 0.0),
        "frustration": float(parse.get("frustration") or 0.0),
        "out_of_scope": float(parse.get("out_of_scope") or 0.0),
        "language": str(parse.get("language") or "en"),
    }


def _triage(tracker: DialogueStateTracker) -> Mapping[str, Any]:
    """What triage decided last."""
    slot = tracker.slots.get(TRIAGE_SLOT)
    return slot.value if slot is not None and isinstance(slot.value, Mapping) else {}


def _check(tracker: DialogueStateTracker, asked: int, answer: Mapping[str, Any]) -> None:
    """Raises TurnFailed for an answer that is none. Rasa only logs what its actions raise."""
    turn = _turn_events(tracker, asked)
    judged = any(isinstance(e, SlotSet) and e.key == TRIAGE_SLOT for e in turn)
    if _has_triage(tracker) and not judged:
        raise TurnFailed("action_triage did not run; is the action server there?")
    if answer["triage"]["outcome"] == "handoff" and answer["handoff"] is None:
        raise TurnFailed("action_handoff did not run; is the action server there?")
    if not answer["messages"] and answer["handoff"] is None:
        raise TurnFailed("no action said anything; see the action server's log")


def _has_triage(tracker: DialogueStateTracker) -> bool:
    slot = tracker.slots.get(TRIAGE_SLOT)
    return slot is not None and any(mapping.get("action") for mapping in slot.mappings)


def _stretch_events(tracker: DialogueStateTracker, lines: Sequence[Line]) -> list[Event]:
    mark = {RETURNED: lines[-1].seq}
    events: list[Event] = []
    for line in lines[-STRETCH_LINES:]:
        text = line.text[:STRETCH_CHARACTERS]
        if line.who == "customer":
            parse = {"intent": {"name": None, "confidence": 0.0}, "entities": [], "text": text}
            events.append(
                UserUttered(text, parse_data=parse, input_channel=CHANNEL, metadata=dict(mark))
            )
        else:
            events.append(BotUttered(text, metadata={**mark, "person": True}))
    if tracker.active_loop_name is not None:
        events.append(ActiveLoop(None, metadata=dict(mark)))
    events += [
        SlotSet(name, None, metadata=dict(mark))
        for name in (REQUESTED_SLOT, TRIAGE_SLOT)
        if name in tracker.slots
    ]
    events.append(ActionExecuted(ACTION_LISTEN_NAME, metadata=dict(mark)))
    return events
