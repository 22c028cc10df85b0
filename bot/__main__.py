"""The command line: `deskhand ...`, or `python -m bot ...`.

Belongs here: the service's commands (start, talk to, check it, let people in), and turning an error
into one line and an exit code. Does not belong here: the commands of other subjects
(`bot.command_line`), and what commands do; each is imported only when it is called, so that
`--help` is quick.

Exit codes: 0 done, 1 it did not work (the last line says why and what to do), 2 wrong arguments,
130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence

from bot import __version__
from bot.command_line import ROOT, models, past
from bot.errors import DeskhandError
from bot.settings import Settings

_ABOUT = """\
Deskhand answers your customers' routine questions and hands the rest to your people.

To see it at work:

  deskhand up       start everything; it prints the address of the demo shop and of the console
  deskhand chat     in a second terminal: talk to it as a customer would
"""

_MORE = """\
Settings come from the environment; the most useful ones:

  DESKHAND_PORT     where customers and agents find it (default 8080)
  DESKHAND_HOST     0.0.0.0 lets other machines in (default 127.0.0.1: only this one)
  DESKHAND_ORIGINS  web sites that may show the widget, like https://shop.example
  REDIS_URL         a Redis of yours (default: an own one, started and stopped with Deskhand)

docs/running.md has the others. Logs are in var/log/.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    # What is written is the shop's and its customers' business, whoever has begun the command. A
    # file that is there keeps its mode.
    os.umask(0o077)
    parser = _parser()
    arguments = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a sign shows a "?"
            stream.reconfigure(errors="replace")
    command: Callable[[argparse.Namespace], None] = arguments.command
    try:
        command(arguments)
    except DeskhandError as why:
        print(f"deskhand: {why.message}", file=sys.stderr)
        if why.hint:
            print(f"          {why.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deskhand",
        description=_ABOUT,
        epilog=_MORE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    up = commands.add_parser(
        "up",
        help="start everything and keep it running",
        description="Start Redis, the gateway, the action server and the assistant, train the "
        "assistant first if its data has changed, and keep all of it running. Ctrl-C stops it.",
    )
    up.set_defaults(command=_up)

    chat = commands.add_parser(
        "chat",
        help="talk to a running Deskhand as a customer",
        description="A customer in the terminal. Type a message and press Return; /help lists "
        "what else you can do. Needs a running `deskhand up`.",
    )
    chat.add_argument("--url", help="address of the gateway (default: the one that runs here)")
    chat.add_argument(
        "--json",
        action="store_true",
        help="for scripts: read one message per line, print each event as a line of JSON",
    )
    chat.add_argument(
        "--wait",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="with --json: how long an answer may take before the next line is sent (default 30)",
    )
    chat.set_defaults(command=_chat)

    doctor = commands.add_parser(
        "doctor",
        help="check that everything is set up, with a test conversation",
        description="Check files, Redis, the gateway, e-mail and each desk that is set up, and "
        "send a test conversation through all of it. It asks nobody to come and counts nowhere; at "
        "the desks it says that it is a test. Exit code 1 when something is to be put right.",
    )
    doctor.add_argument("--url", help="address of the gateway (default: the one that runs here)")
    doctor.set_defaults(command=_doctor)

    models.add(commands)
    past.add(commands)
    _add_agents(commands.add_parser("agents", help="who may log in to the console"))

    version = commands.add_parser("version", help="print the version")
    version.set_defaults(command=lambda _: print(f"deskhand {__version__}"))

    # Started by `up`. Without `help`, so that it is not offered.
    gateway = commands.add_parser("gateway", description="The gateway alone; `up` starts it.")
    gateway.add_argument("--fd", type=int, help="an open socket to listen on")
    gateway.set_defaults(command=_gateway)
    learner = commands.add_parser("learner", description="Does the studio's work; `up` starts it.")
    learner.set_defaults(command=_learner)
    return parser


def _add_agents(parser: argparse.ArgumentParser) -> None:
    parser.description = "List, add and remove the people who answer in the console."
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    actions.add_parser("list", help="who there is").set_defaults(agents="list")
    for name, does in (
        ("add", "let somebody in; prints a new password"),
        ("passwd", "give somebody a new password, which logs them out everywhere"),
        ("remove", "let somebody in no longer"),
    ):
        action = actions.add_parser(name, help=does)
        action.add_argument("login", help="what they log in with, e.g. anna")
        action.set_defaults(agents=name)
        if name == "add":
            action.add_argument("--name", help="what customers see (default: the login)")
            action.add_argument(
                "--role",
                choices=("agent", "owner"),
                default="agent",
                help="owners may also teach the assistant (default: agent)",
            )
        if name != "remove":
            action.add_argument(
                "--ask",
                action="store_true",
                help="ask for the password (or read it from a pipe) instead of making one up",
            )
    parser.set_defaults(command=_agents)


# ------------------------------------------------------------------------------------- commands


def _up(_: argparse.Namespace) -> None:
    from bot.up import Service

    settings = Settings.from_environment(os.environ)
    asyncio.run(Service(settings, ROOT, os.environ, sys.stdout).run())


def _chat(arguments: argparse.Namespace) -> None:
    from bot import chat
    from bot.instance import running

    url = arguments.url
    if not url:
        settings = Settings.from_environment(os.environ)
        here = running(ROOT / settings.var)
        url = here.url if here else f"http://127.0.0.1:{settings.port}"
    if arguments.json:
        asyncio.run(chat.as_json(url, wait=arguments.wait))
    else:
        asyncio.run(chat.in_terminal(url))


def _doctor(arguments: argparse.Namespace) -> None:
    from bot import doctor

    settings = Settings.from_environment(os.environ)
    if not asyncio.run(doctor.run(settings, ROOT, sys.stdout, arguments.url)):
        sys.exit(1)


def _agents(arguments: argparse.Namespace) -> None:
    from bot import agents

    settings = Settings.from_environment(os.environ)
    asyncio.run(agents.run(arguments, settings, ROOT / settings.var))


def _gateway(arguments: argparse.Namespace) -> None:
    import socket

    from bot.app import build
    from bot.web.server import GatewayServer

    settings = Settings.from_environment(os.environ)
    server = GatewayServer(build(settings), settings)
    listener = [socket.socket(fileno=arguments.fd)] if arguments.fd is not None else None
    server.run(sockets=listener)
    if not server.started:
        sys.exit(3)


def _learner(_: argparse.Namespace) -> None:
    import logging
    import signal
    from contextlib import suppress

    from bot.app import connect
    from bot.learning.jobs import Jobs
    from bot.learning.learner import Learner

    settings = Settings.from_environment(os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")

    async def run() -> None:
        redis = connect(settings.redis_url.reveal())
        learner = Learner(Jobs(redis), ROOT, ROOT / settings.var / "log")
        work = asyncio.create_task(learner.run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
        try:
            with suppress(asyncio.CancelledError):
                await work
        finally:
            await redis.close(close_connection_pool=True)

    asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
