"""What is known of the people and their desks right now: who is away, who gave a sign of life when,
who was asked last, how long customers waited lately. In Redis, shared by all gateways.

Belongs here: keeping these facts, and the situation that they add up to for one waiting
conversation. Does not belong here: deciding with it (`bot.routing`), or acting on it (`bot.clock`,
`bot.presence`). Who has which conversation is not kept a second time: it is read from the
conversations themselves, so it cannot drift from the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from redis.asyncio import Redis

from bot.conversation import Conversation, State
from bot.desk_health import downs
from bot.desk_plan import CONSOLE, Member, Plan, Rung
from bot.events import Agent, Assigned, Claimed, Entry, Unclaimed
from bot.routing import Person, Situation, able, is_asked, skill_of
from bot.store import PREFIX, Store, reachable
from bot.waits import RECENT_MS

# ------------------------------------------------------------------------------ keys and times

#: Hash: login -> "self" or "vanished". Until they are back, so no lifetime.
AWAY: Final = PREFIX + "people:away"
#: Sorted set: login by when they last did something (ms). A few bytes for every agent ever.
SEEN: Final = PREFIX + "people:seen"
#: Sorted set: login by when they were last asked, or took a conversation (ms).
SERVED: Final = PREFIX + "people:served"
#: Per skill ("" for none): the latest waits as `<picked up at>:<waited>`, both in ms, newest first.
WAITS: Final = PREFIX + "people:waits:"
#: More say no more about now.
WAITS_AT_MOST: Final = 50
#: Longest queue that is looked at. Who stands behind it has no place in it, and is told none.
QUEUE_AT_MOST: Final = 1_000

Absence = Literal["self", "vanished"]
#: (login, name, whether an owner) of everybody who can log in to the console.
Accounts = Callable[[], Awaitable[Sequence[tuple[str, str, bool]]]]


@dataclass(frozen=True, slots=True)
class Standing:
    """One person, for people. `absence`: None when they are there. `load`: conversations."""

    member: Member
    absence: Absence | None
    load: int


class People:
    """Safe to share between tasks.

    Args:
        accounts: asks who can log in to the console.
        desks: tells which are set up, the console left out.
        mail: whether e-mail to customers is set up.
    """

    def __init__(
        self,
        redis: Redis[bytes],
        store: Store,
        plan: Plan,
        *,
        accounts: Accounts,
        desks: Callable[[], Sequence[str]] = tuple,
        mail: bool = False,
    ) -> None:
        self._redis = redis
        self._store = store
        self.plan = plan
        self._accounts = accounts
        self._desks = desks
        self._mail = mail

    # ---------------------------------------------------------------------------- what they do

    async def note(self, before: Conversation, entries: Sequence[Entry]) -> None:
        """Keep what `entries`, just appended to `before`, say of people."""
        if before.test:
            return
        at = entries[-1].at
        for login in {agent.login for entry in entries if (agent := _actor(entry))}:
            await self.seen(login, at)
        served = {agent.login for entry in entries for agent in _served(entry)}
        took = any(isinstance(entry.event, Claimed) for entry in entries)
        if not served:
            return
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zadd(SERVED, dict.fromkeys(served, at), gt=True)
            if took and before.waiting_since and self._was_open(before.waiting_since, at):
                key = WAITS + (skill_of(before, self.plan) or "")
                pipe.lpush(key, f"{at}:{at - before.waiting_since}")
                pipe.ltrim(key, 0, WAITS_AT_MOST - 1)
                pipe.pexpire(key, RECENT_MS)
            await pipe.execute()

    def _was_open(self, since: int, until: int) -> bool:
        """Whether nobody was asleep meanwhile: a night says nothing about how long one waits."""
        hours = self.plan.hours
        opens = hours.next_opening(since)
        return hours.is_open(since) and (opens is None or opens > until)

    async def seen(self, login: str, now: int) -> None:
        """A sign of life. Who had vanished is back."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zadd(SEEN, {login: now}, gt=True)
            pipe.hget(AWAY, login)
            _, absence = await pipe.execute()
            if absence == b"vanished":
                await self._redis.hdel(AWAY, login)

    async def last_seen(self, login: str) -> int:
        """When they last did something (ms), 0 for never."""
        async with reachable():
            return int(await self._redis.zscore(SEEN, login) or 0)

    # ------------------------------------------------------------------------------ presence

    async def leave(self, login: str, absence: Absence) -> None:
        """They are away: not asked until they are back."""
        async with reachable():
            await self._redis.hset(AWAY, login, absence)

    async def come_back(self, login: str, now: int) -> None:
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.hdel(AWAY, login)
            pipe.zadd(SEEN, {login: now}, gt=True)
            await pipe.execute()

    async def absence(self, login: str) -> Absence | None:
        async with reachable():
            return _absence(await self._redis.hget(AWAY, login))

    async def team(self) -> tuple[Member, ...]:
        """Who is asked, by plan and accounts."""
        async with reachable():
            return self.plan.team(await self._accounts())

    async def roll_call(self) -> list[Standing]:
        """Everybody, as `/desk` and the console show them."""
        loads = _loads(await self.open_conversations())
        team = await self.team()
        async with reachable():
            away = await self._redis.hgetall(AWAY)
        return [
            Standing(one, _absence(away.get(one.login.encode())), loads[one.login]) for one in team
        ]

    # --------------------------------------------------------------------------------- desks

    async def usable_desks(self) -> frozenset[str]:
        """The desks that are set up and can be reached."""
        desks = self._desks()
        return frozenset({CONSOLE, *desks}) - (await downs(self._redis, desks)).keys()

    # ----------------------------------------------------------------------------- situation

    async def situation(self, c: Conversation, now: int) -> Situation:
        """All that the next step of `c`, which waits, depends on."""
        team, desks = await self.team(), await self.usable_desks()
        busy = await self.open_conversations()
        skill = skill_of(c, self.plan)
        async with reachable():
            pipe = self._redis.pipeline(transaction=False)
            pipe.hgetall(AWAY)
            pipe.zrange(SEEN, 0, -1, withscores=True)
            pipe.zrange(SERVED, 0, -1, withscores=True)
            pipe.lrange(WAITS + (skill or ""), 0, -1)
            away, seen, served, waits = await pipe.execute()
        loads = _loads(one for one in busy if one.id != c.id)
        seen_at, served_at = dict(seen), dict(served)
        people = tuple(
            Person(
                member=one,
                away=one.login.encode() in away,
                seen_at=int(seen_at.get(one.login.encode(), 0)),
                served_at=int(served_at.get(one.login.encode(), 0)),
                load=loads[one.login],
            )
            for one in team
        )
        without_queue = Situation(people=people, desks=desks, mail=self._mail)
        queue = [one for one in busy if one.state is State.WAITING]
        place = next((n for n, one in enumerate(queue, 1) if one.id == c.id), None)
        return replace(
            without_queue,
            waits=tuple(_recent(waits, now)),
            position=place,
            ahead=self._ahead(queue[: (place or 1) - 1], without_queue),
        )

    def _ahead(self, earlier: Sequence[Conversation], s: Situation) -> int:
        """How many of those who wait longer will be asked for somebody's room before."""
        unasked = (one for one in earlier if not is_asked(one, s))
        return sum(any(p.room for p in able(s, skill_of(one, self.plan))) for one in unasked)

    async def open_conversations(self) -> list[Conversation]:
        """Those that wait or are being talked in; the ones that wait longest first."""
        shelves = (State.WAITING.value, State.HUMAN.value)
        return await self._store.on_shelves(shelves, QUEUE_AT_MOST)


def _actor(entry: Entry) -> Agent | None:
    """The agent who did this. An `Unclaimed` names one who did nothing."""
    event = entry.event
    return None if isinstance(event, Unclaimed) else getattr(event, "agent", None)


def _served(entry: Entry) -> tuple[Agent, ...]:
    """Those who were asked for a conversation here, or took one."""
    match entry.event:
        case Assigned(agents=agents):
            return agents
        case Claimed(agent=agent):
            return (agent,)
        case _:
            return ()


def _loads(conversations: Iterable[Conversation]) -> Counter[str]:
    """Conversations per login: those they have, and those for which they alone are asked."""
    loads: Counter[str] = Counter()
    for one in conversations:
        asked: tuple[Agent, ...] = ()
        if one.state is State.WAITING and one.assigned and one.assigned.rung != Rung.OWNER:
            asked = one.assigned.agents
        loads.update(agent.login for agent in (*asked, *([one.owner] if one.owner else ())))
    return loads


def _absence(raw: bytes | None) -> Absence | None:
    if raw is None:
        return None
    return "vanished" if raw == b"vanished" else "self"


def _recent(raw: Iterable[bytes], now: int) -> Iterable[int]:
    for pair in raw:
        at, _, waited = pair.partition(b":")
        if now - int(at) < RECENT_MS:
            yield int(waited)
