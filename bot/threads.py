"""What a desk has of each conversation: where its thread is, which entries stand there as which
native messages, and how far it has got. In Redis, shared by all gateways.

Belongs here: the thread's record, and `Thread.post`, through which everything goes that a desk adds
to a platform, so that it is added once. Does not belong here: what a message looks like
(`bot.desks`), and what happens when a desk does not take it (`bot.delivery`).

**Once.** Before a message is sent, the thread is marked as *sending*; the mark is replaced by the
native id in one step. A process that is killed between the platform's accept and our record leaves
the mark, and `bot.delivery` then asks the desk to look for the message (`Desk.find`) before
anything else is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from redis.asyncio import Redis

from bot.desk_health import DeskHealth, Mark
from bot.errors import DeskBusy, DeskRefused, ThreadGone
from bot.events import Entry, Record
from bot.store import PREFIX, reachable

# ------------------------------------------------------------------------------ keys and times

#: Per desk and conversation (hash): `seen`, `place`, `root`, `sending` (JSON), `n:<key>` (native
#: ids), `f:<name>` (the desk's own facts). Kept as long as the conversation.
THREAD: Final = PREFIX + "desk:{}:c:{}"
#: Per native message (string): "<conversation> <key>", to know of what somebody speaks who answers
#: to it. Half a year: nobody answers to older ones, and who does is told that it is not known.
SPOT: Final = PREFIX + "desk:{}:at:{}:{}"
SPOT_S: Final = 180 * 86_400

#: What a native message stands for: an entry's seq, or a name of the desk's own ("card").
Key = int | str


class Sending(Record, frozen=True):
    """A message that was being sent: its keys, where to, since when (ms), and whether the thread
    begins with it."""

    keys: tuple[str, ...]
    place: str
    at: int
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """What stands at a place of the platform. `key`: see `Key`; a seq is in digits."""

    conversation: str
    key: str


class Threads:
    """The threads of one desk."""

    def __init__(self, redis: Redis[bytes], health: DeskHealth, *, now: Callable[[], int]) -> None:
        self.desk = health.desk
        self._redis = redis
        self._health = health
        self._now = now

    async def load(self, conversation: str) -> Thread:
        fields = await _fields_of(self._redis, THREAD.format(self.desk, conversation))
        return Thread(self._redis, self._health, conversation, fields, now=self._now)

    async def seen(self, conversation: str) -> int | None:
        """Seq of the entry up to which people have it before them there; None: not at all."""
        return (await self.load(conversation)).seen or None

    async def find(self, place: str, native: str) -> Spot | None:
        """What the message `native` at `place` is, if it is ours."""
        async with reachable():
            raw = await self._redis.get(SPOT.format(self.desk, place, native))
        if raw is None:
            return None
        conversation, key = raw.decode().split(" ", 1)
        return Spot(conversation, key)


class Thread:
    """One conversation at one desk, in the hands of the one worker that has the lease."""

    def __init__(
        self,
        redis: Redis[bytes],
        health: DeskHealth,
        conversation: str,
        fields: dict[str, str],
        *,
        now: Callable[[], int],
    ) -> None:
        self.conversation = conversation
        self.desk = health.desk
        self._redis = redis
        self._health = health
        self._fields = fields
        self._now = now
        self._name = THREAD.format(self.desk, conversation)

    @property
    def seen(self) -> int:
        """Seq of the entry up to which the desk is up to date."""
        return int(self._fields.get("seen", 0))

    @property
    def place(self) -> str | None:
        """The channel or group that the thread is in."""
        return self._fields.get("place")

    @property
    def root(self) -> str | None:
        """The platform's id of the thread or topic."""
        return self._fields.get("root")

    @property
    def sending(self) -> Sending | None:
        raw = self._fields.get("sending")
        return msgspec.json.decode(raw, type=Sending) if raw else None

    def native(self, key: Key) -> str | None:
        """The native id as which `key` was sent; "" when the platform refused it for ever."""
        return self._fields.get(f"n:{key}")

    def unsent(self, news: Sequence[Entry]) -> list[Entry]:
        """Those of `news` that have not been sent yet: after a break in the middle of them, the
        desk is shown all of them again."""
        return [entry for entry in news if self.native(entry.seq) is None]

    def fact(self, name: str) -> str | None:
        """What the desk has kept under `name`."""
        return self._fields.get(f"f:{name}")

    async def keep(self, **facts: str) -> None:
        """Keep facts of the desk's own, e.g. what its card showed last."""
        await self._write({f"f:{name}": value for name, value in facts.items()})

    async def open(self, place: str, root: str) -> None:
        """The thread is there now: `root` at `place`. Who writes in it speaks to the
        conversation."""
        await self._write({"place": place, "root": root}, spots={(place, root): "root"})

    async def post(
        self,
        keys: Key | Sequence[Key],
        send: Callable[[], Awaitable[str]],
        *,
        place: str | None = None,
        opens: bool = False,
    ) -> str | None:
        """Add a message to the platform, once: `send` sends it and gives its native id, which then
        stands for each of `keys`. What was sent before is not sent again.

        Args:
            place: where it goes, if not to the thread's own place. Pacing goes by place.
            opens: the thread begins with this message; saves an `open`.

        Returns:
            The native id; None when the platform will never take it as it is. That is noted for
            the owners (`DeskHealth.refused`), and the desk may go on or try it plainer, under
            another key.

        Raises: DeskBusy, DeskDown, ThreadGone.
        """
        names = [str(k) for k in (keys if isinstance(keys, (list, tuple)) else [keys])]
        known = self.native(names[0])
        if known is not None:
            return known or None
        where = place or self.place or ""
        sending = Sending(keys=tuple(names), place=where, at=self._now(), opens=opens)
        raw = msgspec.json.encode(sending).decode()
        mark = Mark(self._name, "sending", raw, unless=f"n:{names[0]}")
        if not await self._health.spend(where, mark):
            self._fields = await _fields_of(self._redis, self._name)
            return self.native(names[0]) or None
        self._fields["sending"] = raw
        try:
            native = await send()
        except DeskRefused as why:
            await self._health.refused(self.conversation, ", ".join(names), why.message)
            await self._write({f"n:{name}": "" for name in names}, drop=("sending",))
            return None
        except DeskBusy as why:
            await self._health.pause(where, why.after_s)
            await self._write({}, drop=("sending",))
            raise
        except ThreadGone:
            await self._write({}, drop=("sending",))
            raise
        await self._sent(sending, native)
        return native

    async def pace(self) -> None:
        """Count something else that the platform counts, as an edit.

        Raises: DeskBusy."""
        await self._health.spend(self.place or "")

    # ------------------------------------------------------------------- for bot.delivery only

    async def adopt(self, native: str | None) -> None:
        """Settle a message that was being sent: the platform has it as `native`, or (None) it has
        not, and it will be sent again."""
        sending = self.sending
        if sending is None:
            return
        if native is None:
            await self._write({}, drop=("sending",))
        else:
            await self._sent(sending, native)

    async def reached(self, seq: int) -> None:
        """The desk is up to date as of entry `seq`."""
        if seq != self.seen:
            await self._write({"seen": str(seq)})

    async def forget(self) -> None:
        """The thread is gone: begin anew, from the first entry."""
        async with reachable():
            await self._redis.delete(self._name)
        self._fields = {}

    async def _sent(self, sending: Sending, native: str) -> None:
        opened = {"place": sending.place, "root": native} if sending.opens else {}
        await self._write(
            {**{f"n:{name}": native for name in sending.keys}, **opened},
            drop=("sending",),
            spots={(sending.place, native): "root" if sending.opens else sending.keys[0]},
        )

    async def _write(
        self,
        fields: Mapping[str, str],
        *,
        drop: Sequence[str] = (),
        spots: dict[tuple[str, str], str] | None = None,
    ) -> None:
        """In one step."""
        async with reachable():
            pipe = self._redis.pipeline(transaction=True)
            for name, value in fields.items():
                pipe.hset(self._name, name, value)
            if drop:
                pipe.hdel(self._name, *drop)
            for (place, native), key in (spots or {}).items():
                spot = SPOT.format(self.desk, place, native)
                pipe.set(spot, f"{self.conversation} {key}", ex=SPOT_S)
            await pipe.execute()
        self._fields = {k: v for k, v in {**self._fields, **fields}.items() if k not in drop}


async def _fields_of(redis: Redis[bytes], name: str) -> dict[str, str]:
    async with reachable():
        raw = await redis.hgetall(name)
    return {field.decode(): value.decode() for field, value in raw.items()}
