"""The assistant's processes: the one that serves, and for a while a second one with another model,
which takes its place.

Belongs here: how an assistant is started, and the steps from one to the other. Does not belong
here: who wants another model and why (`bot.learning.promotion`, `bot.model_swap`), what a new one
is asked (`bot.smoke`), or keeping processes alive (`bot.processes`).

Loading a model takes a Rasa process half a minute in which it answers nobody, so it is never done
in the process that serves. The steps:

1. A second process loads the model, in the background: it gets what the others leave.
2. It holds the smoke conversations.
3. The switch: it has the name "assistant" from now on, and the gateway is told its address. Turns
   that have begun end at the old one.
4. The old one is kept until it has no turn left, at most a turn's deadline. Should the new one die
   until then, or the disk not take that it serves, the old one gets its place back.
5. The old one is stopped.

Whatever fails before step 3 leaves the old one as it was. Who is killed at any point is restarted
or replaced by these rules; when we are killed, all are, and the next start takes the model that
`current.json` names: the old one until step 3 is done.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

from bot import machine, smoke
from bot.children import Child, NotReady
from bot.errors import ProcessFailed, PromotionFailed
from bot.loopback import ask
from bot.processes import Supervisor, free_ports, http_answers
from bot.status_board import StatusBoard

#: Under these names the processes are kept, shown and logged.
SERVING: Final = "assistant"
CANDIDATE: Final = "candidate"
LEAVING: Final = "leaving"

#: The channel of `bot.nlu.channel`, where Rasa mounts it.
CHANNEL: Final = "/webhooks/deskhand/"

# The token goes to Rasa through the environment: in `argv`, everybody's `ps` would show it.
_RASA: Final = (
    "import os, runpy, sys; "
    "sys.argv[1:1] = ['run', '--auth-token', os.environ['DESKHAND_ASSISTANT_TOKEN']]; "
    "runpy.run_module('rasa', run_name='__main__', alter_sys=True)"
)

#: One message is small work: more threads of the numerics library (OpenBLAS) only wait for each
#: other, and they wait by spinning. That took 17 ms of the processors' time in each turn, and took
#: it from the others.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

#: How long the second process may load, in seconds: in the background, beside a busy one.
LOADING_S: Final = 600.0
#: How long the old one is kept at least, in seconds: until every gateway has heard of the switch,
#: even one that has missed the wake-up (it looks twice a second).
SETTLING_S: Final = 1.5
#: What a second process takes when it is not known what the first one has, in bytes; and how much
#: more one may take than the other.
USUAL_BYTES: Final = 700 * 1024**2
MARGIN: Final = 1.1


class Step(str, Enum):
    """Where a swap is; in words, for people."""

    LOADING = "loading the model in a second process"
    TRYING = "trying it: the smoke conversations"
    SWITCHING = "switching to it"
    DRAINING = "letting the old one finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every assistant of one run is told. `token`: what the gateway must present. `env` may
    hold secrets; `cwd` has endpoints.yml and credentials.yml."""

    cwd: Path
    token: str
    env: Mapping[str, str] = field(repr=False)
    #: The command that is Rasa.
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assistant:
    """One that serves, or did: its model's file, and its port on the loopback interface."""

    model: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Assistants:
    """Of one run of `deskhand up`.

    Args:
        moved: called after each switch with the address that serves from now on; returns when the
            gateways have been told.
        deadline: seconds that a turn may take.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        board: StatusBoard,
        surroundings: Surroundings,
        *,
        port: int,
        moved: Callable[[str], Awaitable[None]],
        deadline: float,
    ) -> None:
        self._supervisor = supervisor
        self._board = board
        self._surroundings = surroundings
        self._moved = moved
        self._deadline = deadline
        self._port = port
        self._serving: Assistant | None = None

    @property
    def url(self) -> str:
        """Where the assistant is, or will be."""
        return self._serving.url if self._serving else f"http://127.0.0.1:{self._port}"

    @property
    def model(self) -> str | None:
        """The file name of the model that serves."""
        return self._serving.model.name if self._serving else None

    def start(self, model: Path) -> None:
        """Start the first one; returns at once."""
        self._serving = Assistant(model, self._port)
        self._supervisor.start(self.child(SERVING, self._serving))

    def child(self, name: str, assistant: Assistant, *, candidate: bool = False) -> Child:
        async def answers() -> None:
            await http_answers(assistant.port, CHANNEL, token=self._surroundings.token)

        command = self._surroundings.command
        return Child(
            name=name,
            argv=(
                *command,
                *("--model", str(assistant.model.resolve())),
                *("--endpoints", "endpoints.yml", "--credentials", "credentials.yml"),
                *("--enable-api", "-i", "127.0.0.1", "-p", str(assistant.port)),
            ),
            address=f"127.0.0.1:{assistant.port}",
            env={**self._surroundings.env, **_ONE_THREAD},
            cwd=self._surroundings.cwd,
            probe=answers,
            one_life=candidate,
            in_background=candidate,
        )

    # ---------------------------------------------------------------------------------- the swap

    async def replace(
        self,
        model: Path,
        tries: Sequence[smoke.Try],
        *,
        step: Callable[[Step], Awaitable[None]],
        served: Callable[[], None],
    ) -> None:
        """Bring `model` into service, and return when the old assistant is gone.

        Args:
            step: told where we are.
            served: called right after the switch: writes down that this is the model to start with.

        Raises:
            PromotionFailed: the old one serves, and why.
            DeskhandError, OSError: likewise; from `served`, or from what was asked of the new one.
        """
        self._check_memory()
        (port,) = free_ports(1)
        new = Assistant(model, port)
        self._supervisor.start(self.child(CANDIDATE, new, candidate=True))
        try:
            await step(Step.LOADING)
            await self._while_it_lives(self._loaded())
            await step(Step.TRYING)
            token = self._surroundings.token
            await self._while_it_lives(smoke.try_out(port, token, CHANNEL, tries))
            pid = self._supervisor.pid(CANDIDATE)
            if pid is not None:
                machine.into_foreground(pid)
            await step(Step.SWITCHING)
            await self._switch(new, step, served)
        finally:
            await self._discard(CANDIDATE)

    def _check_memory(self) -> None:
        pid = self._supervisor.pid(SERVING)
        has = machine.memory_of(pid) if pid is not None else None
        needed = int((has or USUAL_BYTES) * MARGIN)
        available = machine.memory_available()
        if available is not None and available < needed:
            raise PromotionFailed(
                f"There is too little memory for a second assistant: it takes about "
                f"{needed // 1024**2} MB, and {available // 1024**2} MB are left.",
                hint="Free some and try again. Or stop Deskhand, promote, and start it again.",
            )

    async def _loaded(self) -> None:
        try:
            await asyncio.wait_for(self._supervisor.ready(CANDIDATE), LOADING_S)
        except asyncio.TimeoutError:
            raise PromotionFailed(
                f"The model was not loaded within {LOADING_S:g} s.",
                hint="var/log/candidate.log has what happened.",
            ) from None

    async def _while_it_lives(self, work: Coroutine[Any, Any, None]) -> None:
        """Raises: PromotionFailed when the candidate dies first, else whatever `work` raises."""
        working = asyncio.create_task(work)
        dying = asyncio.create_task(self._supervisor.death(CANDIDATE))
        try:
            await asyncio.wait({working, dying}, return_when=asyncio.FIRST_COMPLETED)
            if working.done() and isinstance(working.exception(), (OSError, ProcessFailed)):
                await asyncio.wait({dying}, timeout=1.0)  # perhaps that is what it stumbled over
            if dying.done():
                raise PromotionFailed(
                    f"The new assistant did not live: {dying.result()}.",
                    hint="var/log/candidate.log has what happened.",
                )
            await working
        finally:
            for task in (working, dying):
                task.cancel()
            await asyncio.gather(working, dying, return_exceptions=True)

    async def _switch(
        self, new: Assistant, step: Callable[[Step], Awaitable[None]], served: Callable[[], None]
    ) -> None:
        old = self._serving
        if old is None:
            raise PromotionFailed("There is no assistant to take the place of.")
        self._supervisor.succeed(SERVING, CANDIDATE, LEAVING)
        pid = self._supervisor.pid(SERVING)
        self._serving = new
        try:
            await self._moved(new.url)
            try:
                served()
                await step(Step.DRAINING)
                await self._drain(old, new, pid)
            except (OSError, ProcessFailed, NotReady) as why:
                words = why.message if isinstance(why, ProcessFailed) else str(why)
                raise PromotionFailed(await self._give_back(old, words)) from why
        finally:
            await self._discard(LEAVING)

    async def _drain(self, old: Assistant, new: Assistant, pid: int | None) -> None:
        """Wait until the old one has nothing left to do; see that the new one stays alive."""
        began = time.monotonic()
        while (took := time.monotonic() - began) < self._deadline + 1:
            if self._supervisor.pid(SERVING) != pid:
                raise ProcessFailed("The new assistant died as soon as it served")
            if took > SETTLING_S and not await self._is_busy(old):
                break
            await asyncio.sleep(0.1)
        probe = http_answers(new.port, CHANNEL, token=self._surroundings.token)
        try:
            await asyncio.wait_for(probe, 4.0)
        except asyncio.TimeoutError:
            raise ProcessFailed("The new assistant does not answer") from None

    async def _is_busy(self, old: Assistant) -> bool:
        try:
            asking = ask(old.port, CHANNEL, token=self._surroundings.token)
            answer = await asyncio.wait_for(asking, 2.0)
            return int(json.loads(answer.body)["turns"]) > 0
        except asyncio.TimeoutError:
            return True
        except (OSError, ValueError, KeyError, TypeError):
            return False  # it is gone already, or cannot say

    async def _give_back(self, old: Assistant, why: str) -> str:
        """Let the old one serve again, if it is there; says in words what came of it."""
        try:
            self._supervisor.succeed(SERVING, LEAVING, CANDIDATE)
        except ProcessFailed:
            return f"{why}, and the old assistant is gone as well; the new one is started again."
        self._serving = old
        await self._moved(old.url)
        return f"{why}. The old assistant serves again."

    async def _discard(self, name: str) -> None:
        await self._supervisor.retire(name)
        self._board.drop(name)


def rasa(python: str) -> tuple[str, ...]:
    """The command that is Rasa, with its token from the environment."""
    return (python, "-c", _RASA)
