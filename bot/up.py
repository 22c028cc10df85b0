"""`deskhand up`: the five processes of Deskhand, in the order in which they make sense.

Belongs here: which processes there are, what each is told, and what is said to the person who
started them. Does not belong here: how a process is kept
alive (`bot.processes`) or how a line looks (`bot.status_board`).

Redis first, because everything stands on it; then the gateway, which answers customers within
seconds while the slow one (the assistant) is trained and loaded.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bot import starting_model, whereabouts
from bot.assistants import SERVING, Assistants, Surroundings, rasa
from bot.children import Child
from bot.desk_plan import load_plan
from bot.desks import settings as desk_settings
from bot.errors import DeskhandError, ProcessFailed, StoreUnavailable
from bot.help.pages import read_pages
from bot.instance import Running, announce, left_behind, only_one
from bot.learning.project import project_of
from bot.learning.registry import Model
from bot.model_swap import ModelSwap
from bot.processes import State, Status, Supervisor, free_ports, http_answers
from bot.redis_child import RedisChild
from bot.settings import Settings
from bot.status_board import StatusBoard
from bot.triage import load_policy
from bot.triage_file import policy_path

if TYPE_CHECKING:
    from redis.asyncio import Redis

#: How long customers are told "still starting" when a model has to be trained first, in seconds.
TRAINING_GRACE_S = 900

PROCESSES = ("redis", "gateway", "actions", "assistant", "learner")


def listen(host: str, port: int) -> socket.socket:
    """The public socket. We hold it and the gateway inherits it, so that a restart of the gateway
    makes customers wait a moment instead of refusing them, and nobody can take the port meanwhile.

    Raises:
        ProcessFailed: naming the variable to change.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address, family=family, backlog=1024)
    except OSError as why:
        if why.errno == errno.EADDRINUSE:
            raise ProcessFailed(
                f"Port {port} is in use.",
                hint=f"Choose another one, for example: DESKHAND_PORT={port + 1} make up",
            ) from None
        if why.errno == errno.EACCES:
            raise ProcessFailed(
                f"Port {port} needs more rights than this user has.",
                hint="Choose one above 1023 with DESKHAND_PORT.",
            ) from None
        raise ProcessFailed(
            f"DESKHAND_HOST={host} is no address of this machine ({why.strerror}).",
            hint="Use 127.0.0.1 (this machine only) or 0.0.0.0 (everybody who can reach it).",
        ) from None


class Service:
    """One run of Deskhand, from the first process to the last.

    Args:
        root: of the project: config.yml, domain.yml, data/, actions/.
        environ: as the settings were read from.
        assistant: the command that is Rasa, with its token from the environment.
    """

    def __init__(
        self,
        settings: Settings,
        root: Path,
        environ: Mapping[str, str],
        out: TextIO,
        *,
        assistant: tuple[str, ...] = rasa(sys.executable),
    ) -> None:
        self._settings = settings
        self._root = root
        self._environ = environ
        self._var = (root / settings.var).resolve()
        self._board = StatusBoard(out, environ)
        self._project = project_of(settings, root)
        self._supervisor = Supervisor(
            logs=self._var / "log", report=self._board.report, notice=self._board.say
        )
        self._token = secrets.token_urlsafe(32)
        redis_port, self._actions_port, self._assistant_port = free_ports(3)
        self._redis_child = RedisChild(
            settings, self._var, redis_port, self._supervisor, self._board
        )
        self._actions_url = f"http://127.0.0.1:{self._actions_port}/webhook"
        self._assistant_command = assistant
        #: Of this run: by it the gateway knows whose word on the assistant's address counts.
        self._run_id = secrets.token_urlsafe(12)
        #: Read anew at each start of the gateway.
        self._gateway_env: dict[str, str] = {}
        host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host  # noqa: S104
        self._host = host
        self._url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        self._began = time.monotonic()
        self._redis: Redis[bytes]
        self._assistants: Assistants

    async def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP; leaves no process behind.

        Raises:
            DeskhandError: it could not start; everything that did is stopped again.
        """
        os.umask(0o077)  # conversations and the shop's orders are nobody else's business
        with ExitStack() as held:
            held.enter_context(only_one(self._var))
            killed = left_behind(self._var)
            self._killed_run = killed.run if killed else ""
            desk_settings.check(self._settings)
            self._check_policies()
            for complaint in wrong_help_pages(self._settings, self._root):
                self._board.say(complaint)
            listener = held.enter_context(listen(self._settings.host, self._settings.port))
            model = starting_model.usable(self._project, self._board.say)
            stop = asyncio.Event()
            self._on_signals(stop)
            work = asyncio.create_task(self._bring_up(listener, model))
            stopping = asyncio.create_task(stop.wait())
            ticker = asyncio.create_task(self._tick())
            try:
                await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    await work
                await stopping
                self._board.say("Stopping ...")
            finally:
                for task in (work, stopping, ticker):
                    task.cancel()
                await asyncio.gather(work, stopping, ticker, return_exceptions=True)
                await self._supervisor.stop()
                for name in PROCESSES:  # those that were never started, too
                    self._board.report(Status(name, State.STOPPED))

    def _on_signals(self, stop: asyncio.Event) -> None:
        def asked() -> None:
            if stop.is_set():
                self._supervisor.kill()  # the second time, somebody means now
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, asked)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.25)
            self._board.redraw()

    # ------------------------------------------------------------------------------- in this order

    def _check_policies(self) -> None:
        """The action server would find a mistake at the first message, and every customer would
        go to a person; the gateway would not start.

        Raises:
            DeskhandError: data/triage.yml or data/desk.yml is missing or wrong; names the key and
                the value.
        """
        triage = policy_path(self._root, self._environ)
        for path, load in ((triage, load_policy), (self._root / self._settings.desk, load_plan)):
            try:
                load(path.read_text(encoding="utf-8"))
            except OSError as why:
                raise ProcessFailed(f"{path} cannot be read: {why.strerror}.") from None

    async def _bring_up(self, listener: socket.socket, model: Model | None) -> None:
        for name in PROCESSES:
            self._board.report(Status(name, State.WAITING))
        self._redis = redis = await self._redis_child.start()
        self._assistants = self._make_assistants()
        self._announce()
        self._supervisor.start(self._gateway(listener, training=model is None))
        self._supervisor.start(self._actions())
        self._supervisor.start(self._learner())
        assistant = asyncio.create_task(self._start_assistant(model))
        # At once, so that a model which does not even start can be replaced.
        swap = ModelSwap(redis, self._run_id, self._assistants, self._project, self._board.say)
        swapping = asyncio.create_task(swap.run(after=self._killed_run))
        try:
            owner = await self._ensure_owner(redis)
            await self._supervisor.ready("gateway")
            self._welcome(owner)
            await assistant
            results = await asyncio.gather(
                self._supervisor.ready("actions"),
                self._supervisor.ready("assistant"),
                return_exceptions=True,  # the board shows it, and it is tried again
            )
            seconds = time.monotonic() - self._began
            if not any(results):
                self._board.say(f"Everything is ready after {seconds:.0f} s. Ctrl-C stops it.")
            for why in results:
                if isinstance(why, ProcessFailed):
                    self._board.say(f"! {why.message} It is tried again. {why.hint}")
            await asyncio.gather(swapping, self._redis_child.watch())
        finally:
            for task in (assistant, swapping):
                task.cancel()
                with suppress(asyncio.CancelledError, DeskhandError):
                    await task
            await redis.close()

    async def _start_assistant(self, model: Model | None) -> None:
        address = self._assistants.url.removeprefix("http://")

        def progress(what: str) -> None:
            self._board.report(Status(SERVING, State.STARTING, address, f"model: {what}"))

        if model is None:
            model = await starting_model.make(self._project, progress, self._board.say)
        self._assistants.start(self._project.models / model.model)
        self._announce()

    async def _moved(self, url: str) -> None:
        """The assistant is elsewhere: tell the gateway that runs, and the next one if that dies."""
        self._gateway_env["DESKHAND_ASSISTANT_URL"] = url
        self._announce()
        while True:
            try:
                return await whereabouts.tell(self._redis, self._run_id, url)
            except StoreUnavailable:  # then nobody is answered anyway; both assistants wait
                await asyncio.sleep(0.2)

    def _announce(self) -> None:
        announce(
            self._var,
            Running(
                pid=os.getpid(),
                url=self._url,
                redis_url=self._redis_child.url.reveal(),
                actions_url=self._actions_url,
                assistant_url=self._assistants.url,
                assistant_token=self._token,
                run=self._run_id,
                model=self._assistants.model or "",
            ),
        )

    async def _ensure_owner(self, redis: Redis[bytes]) -> str | None:
        from bot.web.accounts import ensure_owner

        return await ensure_owner(redis)

    # ------------------------------------------------------------------------------- what is said

    def _welcome(self, owner_password: str | None) -> None:
        say = self._board.say
        say()
        say(f"  Demo shop  {self._url}/")
        say(f"  Console    {self._url}/console")
        if self._settings.studio:
            say(f"  Studio     {self._url}/studio")
        if owner_password:
            say(f"  Log in     owner, with the password {owner_password}")
            say("             It is shown only this once. To change it:")
            say("             .venv/bin/deskhand agents passwd owner")
        say()

    # ------------------------------------------------------------------------- who is told what

    def _gateway(self, listener: socket.socket, *, training: bool) -> Child:
        async def answers() -> None:
            await http_answers(self._settings.port, "/healthz", host=self._host)

        self._gateway_env |= {
            **self._common_env(),
            "REDIS_URL": self._redis_child.url.reveal(),
            "DESKHAND_ASSISTANT_URL": self._assistants.url,
            "DESKHAND_ASSISTANT_TOKEN": self._token,
            "DESKHAND_RUN": self._run_id,
        }
        if training and not self._environ.get("DESKHAND_ASSISTANT_START_GRACE"):
            self._gateway_env["DESKHAND_ASSISTANT_START_GRACE"] = str(TRAINING_GRACE_S)
        return Child(
            name="gateway",
            argv=(sys.executable, "-m", "bot", "gateway", "--fd", str(listener.fileno())),
            address=self._url,
            env=self._gateway_env,
            cwd=self._root,
            probe=answers,
            pass_fds=(listener.fileno(),),
        )

    def _actions(self) -> Child:
        async def answers() -> None:
            await http_answers(self._actions_port, "/health")

        return Child(
            name="actions",
            argv=(
                *(sys.executable, "-m", "rasa_sdk", "--actions", "actions"),
                *("--port", str(self._actions_port)),
            ),
            address=f"127.0.0.1:{self._actions_port}",
            # rasa_sdk would listen on every interface, and it believes whoever calls it.
            env={**self._common_env(), "SANIC_HOST": "127.0.0.1"},
            cwd=self._root,
            probe=answers,
        )

    def _learner(self) -> Child:
        # It has no address: it is asked through Redis.
        return Child(
            name="learner",
            argv=(sys.executable, "-m", "bot", "learner"),
            env={**self._common_env(), "REDIS_URL": self._redis_child.url.reveal()},
            cwd=self._root,
        )

    def _make_assistants(self) -> Assistants:
        env = {
            **self._common_env(),
            "REDIS_URL": self._redis_child.url.reveal(),
            "DESKHAND_ASSISTANT_TOKEN": self._token,
            "DESKHAND_ACTIONS_URL": self._actions_url,
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        return Assistants(
            self._supervisor,
            self._board,
            Surroundings(
                cwd=self._root, token=self._token, env=env, command=self._assistant_command
            ),
            port=self._assistant_port,
            moved=self._moved,
            deadline=self._settings.turn_deadline,
        )

    def _common_env(self) -> dict[str, str]:
        return {
            "PYTHONUNBUFFERED": "1",
            "DESKHAND_DESK": str((self._root / self._settings.desk).resolve()),
            "DESKHAND_HELP": str((self._root / self._settings.help).resolve()),
            "RASA_TELEMETRY_ENABLED": "false",
            "DESKHAND_VAR": str(self._var),
            "DESKHAND_MODELS": str(self._project.models.resolve()),
        }


def wrong_help_pages(settings: Settings, root: Path) -> list[str]:
    """What is wrong with help pages, a line for each; they are left out, and the others answer."""
    errors = read_pages((root / settings.help).resolve()).errors
    lines = (f"! {error.message} The page is left out. {error.hint}".rstrip() for error in errors)
    return [line.replace(f"{root.resolve()}/", "") for line in lines]
