"""Once a human speaks the bot is silent; nothing lost, nothing doubled: under random interleavings.

Customers, slow bot turns, agents and their claims run at once against a real Redis, through several
gateways' routers, with pauses injected between reading and writing so that races do happen.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot import commands as do
from bot.app import connect
from bot.assistant import Assistant, AssistantFollower
from bot.conversation import Conversation, State, evolve
from bot.errors import IllegalMove
from bot.events import (
    Agent,
    AgentSpoke,
    BotAnswerDropped,
    BotAnswered,
    CustomerSpoke,
    Entry,
    Handoff,
    Reopened,
    ReplyHeld,
    ReturnedToBot,
)
from bot.router import Router
from bot.store import Appended, Follower, Store
from bot.whereabouts import Whereabouts
from bot.work import Work

ANNA, BEN = Agent(login="anna", name="Anna"), Agent(login="ben", name="Ben")


class Slow(Store):
    """A store with random pauses before every write, as a busy network would have."""

    def __init__(self, redis: Redis[bytes], dice: random.Random) -> None:
        super().__init__(redis)
        self._dice = dice

    async def append(
        self, before: Conversation, after: Conversation, entries: Sequence[Entry], key: str = ""
    ) -> Appended:
        await asyncio.sleep(self._dice.choice([0, 0, 0.001, 0.004]))
        return await super().append(before, after, entries, key)


def slow_rasa(dice: random.Random) -> httpx.AsyncClient:
    """An assistant that takes its time, hands off now and then, and repeats itself on demand."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or request.url.path.endswith("/returned"):
            return httpx.Response(200, json={})
        body = httpx.Response(200, content=request.content).json()
        await asyncio.sleep(dice.choice([0, 0.002, 0.006, 0.015]))
        handoff = {"reason": "frustrated", "reasons": ["frustration 0.9"]}
        return httpx.Response(
            200,
            json={
                "messages": [{"text": f"echo: {body['text']}"}],
                "handoff": handoff if "!!" in body["text"] else None,
            },
        )

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def scene(url: str, seed: int) -> tuple[list[Entry], Conversation, dict[str, int]]:
    """Run one random scene to its end; return the log, the state and what was accepted."""
    dice = random.Random(seed)
    clients = [connect(url), connect(url)]
    stores = [Slow(client, dice) for client in clients]
    works = [Work(client) for client in clients]
    routers = [Router(store, greeting="hi") for store in stores]
    http = slow_rasa(dice)
    assistant = Assistant(http, Whereabouts("http://assistant"), deadline=5, grace=0)
    follower_of = [AssistantFollower(s, r, assistant) for s, r in zip(stores, routers, strict=True)]
    id = (await routers[0].open()).id
    accepted: dict[str, int] = Counter()
    done = asyncio.Event()

    async def gateway(work: Work, router: Router, follower: AssistantFollower) -> None:
        """A worker whose leases are so short that turns get repeated by the other gateway."""
        while not done.is_set():
            lease = await work.take(Follower.ASSISTANT, now=router.now(), lease_ms=8)
            if lease is None:
                await asyncio.sleep(0.001)
                continue
            rest = await follower.act(lease.conversation)
            await work.finish(lease, now=router.now(), seen=rest.seen, due=rest.due)

    async def customer() -> None:
        for n in range(6):
            text = f"m{n}" + dice.choice(["", "", "!!"])
            router = dice.choice(routers)
            for _ in range(dice.choice([1, 2])):  # a lost answer: the widget repeats
                await router.from_customer(id, text, client_id=f"client-{n}")
            accepted[text] += 1
            await asyncio.sleep(dice.choice([0, 0.003, 0.01]))

    async def agent(who: Agent) -> None:
        for n in range(4):
            router = dice.choice(routers)
            orders: list[do.Command] = [
                do.Claim(agent=who),
                do.Claim(agent=who, take_over=True),
                do.Reply(agent=who, text=f"{who.login} {n}"),
                do.Reply(agent=who, text=f"{who.login} {n}"),
                do.ReturnToBot(agent=who),
                do.Close(agent=who, outcome="solved"),
            ]
            command = dice.choice(orders)
            try:
                for _ in range(dice.choice([1, 2])):
                    await router.from_agent(id, command, client_id=f"{who.login}-{n:06}")
            except IllegalMove:
                pass
            else:
                if isinstance(command, do.Reply):
                    accepted[command.text] += 1
            await asyncio.sleep(dice.choice([0, 0.004, 0.012]))

    workers = [
        asyncio.create_task(gateway(*parts))
        for parts in zip(works, routers, follower_of, strict=True)
    ]
    await asyncio.gather(customer(), agent(ANNA), agent(BEN))
    while (await stores[0].load(id)).pending:
        await asyncio.sleep(0.005)
    done.set()
    await asyncio.gather(*workers)
    log, state = await stores[0].log(id), await stores[0].load(id)
    await http.aclose()
    for client in clients:
        await client.close(close_connection_pool=True)
    return log, state, accepted


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_the_bot_is_silent_after_a_human_and_nothing_is_lost_or_doubled(
    redis_url: str, seed: int
) -> None:
    log, state, accepted = asyncio.run(scene(redis_url, seed))
    again, silent = Conversation(id=state.id), False
    for entry in log:
        again = evolve(again, entry)  # refuses gaps, repetitions and illegal moves
        silent = (silent or isinstance(entry.event, AgentSpoke)) and not isinstance(
            entry.event, ReturnedToBot | Reopened
        )
        assert not (silent and isinstance(entry.event, BotAnswered))
    assert again == state
    words = CustomerSpoke | AgentSpoke | ReplyHeld
    said = Counter(e.event.text for e in log if isinstance(e.event, words))
    assert said == accepted
    answered = [e.event.in_reply_to for e in log if isinstance(e.event, BotAnswered)]
    assert len(answered) == len(set(answered))


async def test_a_claim_while_the_bot_thinks_drops_its_answer_for_agents_to_see(
    store: Store, router: Router
) -> None:
    opened = await router.open()
    thinking, claimed = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        thinking.set()
        await claimed.wait()
        return httpx.Response(200, json={"messages": [{"text": "late"}]})

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    follower = AssistantFollower(
        store, router, Assistant(http, Whereabouts("http://assistant"), deadline=5, grace=0)
    )
    await router.from_customer(opened.id, "hi", client_id="client-1")
    turn = asyncio.create_task(follower.act(opened.id))
    await thinking.wait()
    await router.from_agent(opened.id, do.Claim(agent=ANNA), client_id="client-2")
    claimed.set()
    await turn
    last = (await store.log(opened.id))[-1].event
    assert isinstance(last, BotAnswerDropped)
    assert last.messages[0].text == "late"
    assert (await store.load(opened.id)).state is State.HUMAN
    await http.aclose()


async def test_of_twenty_claims_at_once_exactly_one_wins(store: Store, router: Router) -> None:
    opened = await router.open()
    await router.ask_for_person(opened.id, client_id="client-1", reason="asked_for_human")
    agents = [Agent(login=f"agent{n}", name=f"Agent {n}") for n in range(20)]
    results = await asyncio.gather(
        *(
            router.from_agent(opened.id, do.Claim(agent=a), client_id=f"claim-{a.login}")
            for a in agents
        ),
        return_exceptions=True,
    )
    winners = [r for r in results if not isinstance(r, BaseException)]
    assert len(winners) == 1
    owner = (await store.load(opened.id)).owner
    assert owner is not None
    assert all(owner.name in str(r) for r in results if isinstance(r, IllegalMove))


@pytest.mark.parametrize("meanwhile", ["claim", "end"])
async def test_a_hand_off_that_comes_too_late_changes_nothing(
    store: Store, router: Router, meanwhile: str
) -> None:
    opened = await router.open()
    spoken = await router.from_customer(opened.id, "hi", client_id="client-1")
    command = do.Claim(agent=ANNA) if meanwhile == "claim" else do.Close(outcome="ended")
    await router.execute(opened.id, command)
    give_up = do.AskForPerson(
        handoff=Handoff(reason="frustrated"),
        in_reply_to=spoken.seq,
        epoch=spoken.conversation.epoch,
    )
    assert not (await router.execute(opened.id, give_up)).changed
