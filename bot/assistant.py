"""The assistant as the gateway sees it: one turn over HTTP, its health, and the follower that gives
waiting customers their turns.

Belongs here: asking Rasa, and what happens when Rasa is still starting, slow, broken or gone. Does
not belong here: understanding or deciding (that is in Rasa: `bot.nlu`, `bot.triage`), or the order
of events (`bot.conversation`).

While the assistant starts, messages are kept and the customer is told so. Once it has been ready,
a customer waits for it at most the turn's deadline; then a person is asked for. Until then a turn
that failed is tried again, as a part of it may just be restarting. A turn can safely be repeated (a
killed gateway, a lost answer): the assistant's channel knows the message by its seq and gives the
answer that it gave before; a failed turn leaves no trace there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import anyio
import httpx
import msgspec

from bot import commands, wording
from bot.conversation import Conversation, State
from bot.errors import AssistantBroken, AssistantError, AssistantSlow, AssistantUnreachable
from bot.events import Button, CustomerSpoke, Entry, Handoff, Reading, Utterance
from bot.following import Rest
from bot.human_requests import asks_for_human
from bot.router import Outcome, Router
from bot.store import Store
from bot.transcript import for_assistant
from bot.wakes import Wakes
from bot.whereabouts import WAKE_ASSISTANT, Whereabouts

log = logging.getLogger(__name__)

#: Pause before an assistant that is not there is asked again, in milliseconds.
RETRY_MS = 500
#: How often its health is asked, and how long the answer may take, in seconds. In between we look
#: whether it has moved, so both together must be less than what the one that leaves stays
#: (`bot.assistants.SETTLING_S`).
HEALTH_S = 0.5
HEALTH_WITHIN_S = 0.9
#: The assistant's channel, under its base URL.
CHANNEL = "/webhooks/deskhand/"


class Health(str, Enum):
    LOADING = "loading"
    READY = "ready"
    DOWN = "down"


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The assistant's answer to one message."""

    messages: tuple[Utterance, ...] = ()
    parse: dict[str, Any] = {}
    slots: dict[str, Any] = {}
    triage: dict[str, Any] = {}
    handoff: Handoff | None = None

    def reading(self) -> Reading:
        fields = {k: v for k, v in self.parse.items() if k in Reading.__struct_fields__}
        fields["outcome"] = self.triage.get("outcome", "answer")
        fields["reasons"] = self.triage.get("reasons", [])
        fields["turn"] = self.triage.get("turn")
        return msgspec.convert({**fields, "slots": self.slots}, Reading)


#: The answer to files without a word: there is nothing for the assistant to read.
FILES_ONLY = Turn(
    messages=(
        Utterance(
            text=wording.FILES_ONLY,
            buttons=(Button(title="Talk to a person", payload="/talk_to_human"),),
        ),
    )
)


class SuggestedReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the assistant would say; no text when it is not sure enough, or shall not suggest."""

    text: str = ""
    intent: str | None = None
    confidence: float = 0.0


_decode_turn = msgspec.json.Decoder(Turn).decode
_decode_suggestion = msgspec.json.Decoder(SuggestedReply).decode


class Assistant:
    """Client of the assistant's channel, and what is known of its health."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        whereabouts: Whereabouts,
        *,
        deadline: float,
        grace: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`http` has the assistant's token. `deadline`: seconds for one turn.
        `grace`: for how many seconds an assistant that was never ready counts as starting."""
        self._http = http
        self._whereabouts = whereabouts
        self.deadline = deadline
        self._grace = grace
        self._monotonic = monotonic
        self._born = monotonic()
        self._was_ready = False
        self._ready = False

    @property
    def health(self) -> Health:
        if self._ready:
            return Health.READY
        starting = not self._was_ready and self._monotonic() - self._born < self._grace
        return Health.LOADING if starting else Health.DOWN

    async def watch(self, wakes: Wakes, changed: Callable[[], None]) -> None:
        """Ask for its address and its health for ever; call `changed` when its health is news."""
        known = self.health
        with wakes.listen(WAKE_ASSISTANT) as moved:
            while True:
                await self._whereabouts.read()
                await self._check()
                if self.health is not known:
                    log.info("the assistant is %s", self.health.value)
                    known = self.health
                    changed()
                await moved.wait(HEALTH_S)

    async def _check(self) -> None:
        at = self._whereabouts.url
        try:
            response = await self._http.get(at + CHANNEL, timeout=HEALTH_WITHIN_S)
            ready = response.status_code == 200
        except httpx.TimeoutException:
            return  # busy with a turn, or hung; turns have a deadline of their own
        except httpx.HTTPError:
            ready = False
        if at != self._whereabouts.url:
            return  # a turn has found out meanwhile that it is elsewhere
        self._ready = ready
        self._was_ready = self._was_ready or self._ready

    async def turn(
        self,
        conversation: Conversation,
        spoke: Entry,
        human_stretch: list[dict[str, Any]],
        within: float,
    ) -> Turn:
        """One turn of the bot; first it is told of the human stretch since its last, if any.

        Raises:
            AssistantUnreachable: nothing listens there; the turn did not happen.
            AssistantSlow: no answer `within` so many seconds.
            AssistantBroken: an answer that is no answer.
        """
        event = spoke.event
        if not isinstance(event, CustomerSpoke):
            raise TypeError(f"entry {spoke.seq} is not a customer's message")
        turn = {
            "conversation": conversation.id,
            "seq": spoke.seq,
            "epoch": conversation.epoch,
            "text": event.text,
            "payload": event.payload,
            # A little less than our own patience, so that no turn is kept that we gave up.
            "deadline": within * 0.95,
        }
        with _patience_of(within):
            if human_stretch:
                await self._tell(conversation, spoke, human_stretch)
            raw = await self._post("turn", turn)
        try:
            return _decode_turn(raw)
        except msgspec.MsgspecError as why:
            raise AssistantBroken(f"The assistant's answer makes no sense: {why}") from why

    async def returned(
        self,
        conversation: Conversation,
        spoke: Entry,
        human_stretch: list[dict[str, Any]],
        within: float,
    ) -> None:
        """Only tell it of the human stretch before message `spoke`.

        Raises: as `turn`."""
        with _patience_of(within):
            await self._tell(conversation, spoke, human_stretch)

    async def suggest(self, text: str, within: float) -> SuggestedReply:
        """What it would say to a message that a person answers. Nothing is remembered of it.

        Raises: as `turn`."""
        with _patience_of(within):
            raw = await self._post("suggest", {"text": text})
        try:
            return _decode_suggestion(raw)
        except msgspec.MsgspecError as why:
            raise AssistantBroken(f"The assistant's answer makes no sense: {why}") from why

    async def _tell(
        self, conversation: Conversation, spoke: Entry, human_stretch: list[dict[str, Any]]
    ) -> None:
        place = {"conversation": conversation.id, "seq": spoke.seq}
        await self._post("returned", {**place, "lines": human_stretch})

    async def _post(self, what: str, body: dict[str, Any]) -> bytes:
        response = await self._response(what, body)
        if response.status_code == httpx.codes.GATEWAY_TIMEOUT:
            raise AssistantSlow("The assistant did not finish in time.")
        if response.status_code != httpx.codes.OK:
            raise AssistantBroken(f"The assistant answered {response.status_code}.")
        return response.content

    async def _response(self, what: str, body: dict[str, Any]) -> httpx.Response:
        """What was begun at one address ends there. Only if that fails, and the assistant has
        moved meanwhile, is it asked again at the other: it may, as all of it can be repeated."""
        while True:
            at = self._whereabouts.url
            try:
                return await self._http.post(at + CHANNEL + what, json=body, timeout=None)
            except httpx.HTTPError as why:
                await self._whereabouts.read()
                if at == self._whereabouts.url:
                    self._ready = False
                    raise AssistantUnreachable("The assistant is not there.") from why


@contextmanager
def _patience_of(seconds: float) -> Iterator[None]:
    """Raises: AssistantSlow."""
    try:
        with anyio.fail_after(seconds):
            yield
    except TimeoutError as why:
        raise AssistantSlow(f"No answer within {seconds:.1f} s.") from why


class AssistantFollower:
    """Gives a conversation that is owed an answer its next turn: oldest message first."""

    def __init__(self, store: Store, router: Router, assistant: Assistant) -> None:
        self._store = store
        self._router = router
        self._assistant = assistant
        #: Which message of a conversation we are trying to answer, and since when (monotonic).
        self._trying: dict[str, tuple[int, float]] = {}

    async def act(self, id: str) -> Rest:
        conversation = (await self._store.find(id)).conversation
        if conversation.state is not State.BOT or not conversation.pending:
            self._trying.pop(id, None)
            return Rest(seen=conversation.seq)
        spoke, human_stretch = await self._next_message(conversation)
        try:
            turn = await self._turn(conversation, spoke, human_stretch)
            outcome = await self._commit(conversation, spoke, turn)
        except AssistantError as why:
            if await self._wants_person(conversation):
                outcome = await self._give_up(conversation, spoke, "asked_for_human", "handoff")
            elif self._may_wait(id, spoke.seq, why):
                return await self._keep_waiting(conversation, spoke)
            else:
                log.warning("conversation %s goes to a person: %s", id, why)
                outcome = await self._give_up(conversation, spoke, "assistant_unavailable")
        self._trying.pop(id, None)
        after = outcome.conversation
        return Rest(due=self._router.now()) if after.pending else Rest(seen=after.seq)

    async def _turn(
        self, c: Conversation, spoke: Entry, human_stretch: list[dict[str, Any]]
    ) -> Turn:
        wordless = isinstance(spoke.event, CustomerSpoke) and not spoke.event.text
        if wordless and not human_stretch:
            return FILES_ONLY  # also while the assistant is not there
        if self._assistant.health is Health.LOADING:
            raise AssistantUnreachable("The assistant is still starting.")
        within = max(0.1, self._patience(c.id, spoke.seq))
        if wordless:
            await self._assistant.returned(c, spoke, human_stretch, within)
            return FILES_ONLY
        return await self._assistant.turn(c, spoke, human_stretch, within)

    def _patience(self, id: str, seq: int) -> float:
        """How many seconds the message may still wait: one deadline for all tries together."""
        known, since = self._trying.get(id, (seq, 0.0))
        if known != seq or not since:
            since = time.monotonic()
            self._trying[id] = (seq, since)
        return self._assistant.deadline - (time.monotonic() - since)

    def _may_wait(self, id: str, seq: int, why: AssistantError) -> bool:
        if self._assistant.health is Health.LOADING:
            self._trying.pop(id, None)  # the deadline counts from when the assistant is there
            return True
        return not isinstance(why, AssistantSlow) and self._patience(id, seq) > 0

    async def _next_message(self, c: Conversation) -> tuple[Entry, list[dict[str, Any]]]:
        seq = c.pending[0]
        if not c.returned:
            return (await self._store.log(c.id, after=seq - 1, count=1))[0], []
        entries = await self._store.log(c.id, after=min(c.assistant_seq, seq - 1))
        spoke = next(entry for entry in entries if entry.seq == seq)
        return spoke, for_assistant(entries, c.assistant_seq, c.pending)

    async def _wants_person(self, c: Conversation) -> bool:
        """Without the assistant nobody reads the messages, so we look for this one wish in all
        that are waiting: asking for a person works at once."""
        waiting = await self._store.log(c.id, after=c.pending[0] - 1)
        return any(
            entry.seq in c.pending
            and isinstance(entry.event, CustomerSpoke)
            and asks_for_human(entry.event.text)
            for entry in waiting
        )

    async def _commit(self, c: Conversation, spoke: Entry, turn: Turn) -> Outcome:
        if not turn.messages and turn.handoff is None:
            return await self._give_up(c, spoke, "no_answer")
        answer = commands.Answer(
            in_reply_to=spoke.seq,
            epoch=c.epoch,
            messages=turn.messages,
            reading=turn.reading() if turn.parse else None,
            handoff=turn.handoff,
        )
        return await self._router.execute(c.id, answer, key=_key(c, spoke))

    async def _keep_waiting(self, c: Conversation, spoke: Entry) -> Rest:
        """The message is kept, and while the assistant starts the customer is told so."""
        if self._assistant.health is Health.LOADING:
            tell = commands.Tell(code="assistant_loading", in_reply_to=spoke.seq, epoch=c.epoch)
            await self._router.execute(c.id, tell)
        return Rest(due=self._router.now() + RETRY_MS)

    async def _give_up(
        self, c: Conversation, spoke: Entry, reason: str, notice: str = "assistant_unavailable"
    ) -> Outcome:
        ask = commands.AskForPerson(
            handoff=Handoff(reason=reason), in_reply_to=spoke.seq, epoch=c.epoch, notice=notice
        )
        return await self._router.execute(c.id, ask, key=_key(c, spoke))


def _key(c: Conversation, spoke: Entry) -> str:
    """One turn for a message and an epoch: who stays with the bot gets another."""
    return f"turn:{spoke.seq}:{c.epoch}"
