"""The command line: `deskhand ...`, or `python -m bot ...`.

Belongs here: arguments, and turning an error into one line and an exit code. Does not belong here:
what the commands do; each is imported only when it is called, so that `--help` is quick.

Exit codes: 0 done, 1 it did not work (the last line says why and what to do), 2 wrong arguments,
130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bot import __version__
from bot.errors import DeskhandError
from bot.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")

#: Of the project: config.yml, data/, actions/. Relative paths in the settings start here.
ROOT = Path(__file__).resolve().parent.parent

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

    training = commands.add_parser(
        "train",
        help="train the assistant",
        description="Make a model from config.yml, domain.yml and data/, if they have changed "
        "since the last one. `deskhand up` does it by itself. With --candidate the current model "
        "stays, and the exit code is 1 when the candidate is not good enough to replace it.",
    )
    training.add_argument("--force", action="store_true", help="even if nothing has changed")
    training.add_argument(
        "--candidate",
        action="store_true",
        help="beside the current model, which goes on serving; compare the two",
    )
    training.add_argument(
        "--promote",
        action="store_true",
        help="with --candidate: put it into service when it is good enough, as the studio's "
        "“Publish” does",
    )
    training.add_argument("--why", default="", help="a note for the registry of models")
    training.set_defaults(command=_train)

    comparing = commands.add_parser(
        "compare",
        help="compare two models",
        description="Let two models read the held-out sentences and the logged turns of the last "
        "days, and show what is different. Exit code 1 when the first is not good enough to "
        "replace the second.",
    )
    comparing.add_argument("model", help="file name in models/, or the beginning of one")
    comparing.add_argument(
        "against", nargs="?", default="current", help="likewise (default: the one that serves)"
    )
    comparing.set_defaults(command=_compare)

    listing = commands.add_parser(
        "models",
        help="list the models and what happened to them",
        description="List the models: who trained each, when and why, how it did in comparison, "
        "when it came into service.",
    )
    listing.add_argument(
        "--delete",
        metavar="MODEL",
        help="delete one, by its file name or the beginning of it; not the one that serves, nor "
        "the one that a rollback goes back to. What happened to it stays in the registry",
    )
    listing.set_defaults(command=_models)

    promotion = commands.add_parser(
        "promote",
        help="let another model serve",
        description="Let a model from models/ serve in place of the current one, without a lost or "
        "delayed message. A candidate that was not proven better needs a reason, which is kept.",
    )
    promotion.add_argument("model", help="its file name, or the beginning of it")
    promotion.add_argument("--because", default="", metavar="TEXT", help="the reason, in words")
    promotion.set_defaults(command=_promote)

    rollback = commands.add_parser(
        "rollback",
        help="let the model that served before serve again",
        description="Undo the latest promotion: the model before it serves again.",
    )
    rollback.add_argument("--because", default="", metavar="TEXT", help="the reason, in words")
    rollback.set_defaults(command=_promote, model=None)

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

    bringing = commands.add_parser(
        "import",
        help="bring in conversations that were held elsewhere",
        description="Bring in conversations from a file (JSON Lines as docs/importing.md has it, "
        "Chatwoot's conversations, Rasa's trackers) or from Rasa's tracker store "
        "(sqlite:///rasa.db, postgresql://..., redis://...), so that there is something to learn "
        "from on the first day. What is there already is left alone.",
    )
    bringing.add_argument("source", help="a file, or the address of a tracker store")
    bringing.add_argument("--name", default="", help="where it comes from, in a word")
    bringing.set_defaults(command=_import)

    trying = commands.add_parser(
        "whatif",
        help="try other thresholds of data/triage.yml on the last days",
        description="Decide the logged conversations of the last days again with other thresholds "
        "of data/triage.yml: who would have gone to a person, and which answers would not have "
        "been given. Nothing is changed without --save.",
    )
    trying.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=NUMBER",
        help="another threshold, such as confidence.answer=0.5; may be given several times. "
        "Without any, those in force are listed",
    )
    trying.add_argument("--days", type=int, default=28, help="how far back (default 28)")
    trying.add_argument("--save", action="store_true", help="write them to data/triage.yml, too")
    trying.set_defaults(command=_whatif)

    judging = commands.add_parser(
        "lint-data",
        help="say what is odd about the examples that the assistant learns from",
        description="Read every example as if it were new, and name intents with too few or too "
        "uniform examples, intents that are confused, examples that look mislabelled, and what is "
        "never used. Takes up to a minute; nothing is changed.",
    )
    judging.add_argument("--json", action="store_true", help="for scripts: the findings as JSON")
    judging.set_defaults(command=_lint_data)

    figures = commands.add_parser(
        "insights",
        help="how it goes: contained, handed over, waits, ratings, what was not answered",
        description="The figures of some days, beside those of as many days before; "
        "docs/insights.md says what each means.",
    )
    days = "a day like 2026-10-31 of the time zone in data/desk.yml"
    figures.add_argument("--from", dest="first", default="", help=f"{days} (default: 30 days)")
    figures.add_argument("--to", dest="last", default="", help="the last day (default: today)")
    figures.add_argument("--csv", action="store_true", help="all of it, for spreadsheets")
    figures.set_defaults(command=_insights)

    _add_agents(commands.add_parser("agents", help="who may log in to the console"))

    version = commands.add_parser("version", help="print the version")
    version.set_defaults(command=lambda _: print(f"deskhand {__version__}"))

    # Started by `up`. Without `help`, so that it is not offered.
    gateway = commands.add_parser("gateway", description="The gateway alone; `up` starts it.")
    gateway.add_argument("--fd", type=int, help="an open socket to listen on")
    gateway.set_defaults(command=_gateway)
    _add_review(
        commands.add_parser("review", help="what the assistant missed, and what to make of it")
    )

    labelling = commands.add_parser(
        "label",
        help="say what a logged message should have been understood as",
        description="Label a customer's message, as agents do at their desks. It comes first in "
        "the review inbox when that is prepared the next time.",
    )
    labelling.add_argument("conversation", help="the conversation's id")
    labelling.add_argument("seq", type=int, help="the number of the customer's message in its log")
    labelling.add_argument("intent", help="what it should have been understood as")
    labelling.add_argument("--new", action="store_true", help="the intent may be a new one")
    _add_who(labelling)
    labelling.set_defaults(command=_label)

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


def _add_who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default=getpass.getuser(), help="who decides (default: you)")
    parser.add_argument("--json", action="store_true", help="print lines of JSON, for scripts")


def _add_review(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "The review inbox: messages that the assistant missed, redacted, put together by meaning, "
        "first those that would help most customers. docs/review-inbox.md explains it."
    )
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def action(name: str, does: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
        made.set_defaults(review=name)
        _add_who(made)
        return made

    listing = action("list", "the clusters that wait, the most helpful first")
    listing.add_argument("--count", type=int, default=20, help="how many (default 20)")
    action("refresh", "prepare the inbox anew from the logged conversations")
    for name, does in (
        ("show", "one cluster with all its wordings"),
        ("accept", "its wordings become examples of an intent"),
        ("ignore", "nothing is to be learned from it"),
        ("split", "make some of its wordings a cluster of their own"),
        ("merge", "make it and other clusters one"),
    ):
        made = action(name, does)
        made.add_argument("cluster", help="its id, as `list` prints it")
        if name == "accept":
            made.add_argument("intent")
            made.add_argument("--answer", help="make the intent, with this as the answer to it")
        if name in ("accept", "ignore"):
            made.add_argument(
                "--only", nargs="+", metavar="WORDING", help="some of its wordings (`show`: ids)"
            )
        if name == "split":
            made.add_argument("wordings", nargs="+", metavar="WORDING", help="ids (`show`)")
        if name == "merge":
            made.add_argument("others", nargs="+", metavar="CLUSTER")
    action("decisions", "what was decided, newest first")
    undoing = action("undo", "take a decision back: your latest, or a numbered one")
    undoing.add_argument("decision", type=int, nargs="?", help="its number")
    parser.set_defaults(command=_review)


# ------------------------------------------------------------------------------------- commands


def _up(_: argparse.Namespace) -> None:
    from bot.up import Service

    settings = Settings.from_environment(os.environ)
    asyncio.run(Service(settings, ROOT, os.environ, sys.stdout).run())


def _train(arguments: argparse.Namespace) -> None:
    from bot.learning.train import project_of, train
    from bot.processes import State, Status
    from bot.status_board import StatusBoard
    from bot.up import wrong_help_pages

    if arguments.promote and not arguments.candidate:
        raise DeskhandError(
            "--promote is for candidates: without --candidate the new model takes the place of the "
            "current one anyway, at the next start.",
            hint="deskhand train --candidate --promote",
        )
    settings = Settings.from_environment(os.environ)
    for complaint in wrong_help_pages(settings, ROOT):
        print(complaint)
    if arguments.candidate:
        from bot.learning.model_commands import train_a_candidate

        board = StatusBoard(sys.stdout, os.environ)
        work = train_a_candidate(
            settings, ROOT, board, by=_login(), why=arguments.why, force=arguments.force
        )
        report = asyncio.run(work)
        if not report.verdict.passed:
            sys.exit(1)
        if arguments.promote:
            _put_into_service(report.model, arguments.why, overriding=False)
        return
    project = project_of(settings, ROOT)
    current = project.current()
    if current and current.fingerprint == project.fingerprint() and not arguments.force:
        print(f"Nothing has changed since {current.model} was trained.")
        return
    board = StatusBoard(sys.stdout, os.environ)

    async def show() -> None:
        def progress(what: str) -> None:
            board.report(Status("training", State.STARTING, detail=what))

        training = asyncio.create_task(train(project, progress, by=_login(), why=arguments.why))
        while not (await asyncio.wait({training}, timeout=0.25))[0]:
            board.redraw()
        model = training.result()
        took = f"{model.model} in {model.seconds:.0f} s"
        board.report(Status("training", State.READY, detail=took))

    asyncio.run(show())


def _compare(arguments: argparse.Namespace) -> None:
    from bot.learning.model_commands import compare_two
    from bot.status_board import StatusBoard

    settings = Settings.from_environment(os.environ)
    board = StatusBoard(sys.stdout, os.environ)
    work = compare_two(
        settings, ROOT, board, by=_login(), model=arguments.model, against=arguments.against
    )
    if not asyncio.run(work):
        sys.exit(1)


def _models(arguments: argparse.Namespace) -> None:
    from bot.learning.model_commands import delete_model, list_models

    models = ROOT / Settings.from_environment(os.environ).models
    if arguments.delete:
        delete_model(models, arguments.delete, _login(), print)
    else:
        list_models(models, print)


def _login() -> str:
    """Who sits at the terminal, for the registry of models."""
    import getpass

    try:
        return f"{getpass.getuser()} (terminal)"
    except (KeyError, OSError):  # a container's user may have no name
        return "terminal"


def _promote(arguments: argparse.Namespace) -> None:
    _put_into_service(arguments.model, arguments.because)


def _put_into_service(model: str | None, because: str, *, overriding: bool = True) -> None:
    from bot import promote
    from bot.learning.train import project_of

    settings = Settings.from_environment(os.environ)
    var = (ROOT / settings.var).resolve()
    project = project_of(settings, ROOT)
    wish = promote.Wanted(model, by=_login(), because=because, overriding=overriding)
    asyncio.run(promote.run(project, var, wish, print))


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


def _import(arguments: argparse.Namespace) -> None:
    from bot.learning.imports import bring_in
    from bot.store import Store

    async def progress(done: int) -> None:
        print(f"{done:,} conversations")

    tally = _on_redis(
        Settings.from_environment(os.environ),
        lambda redis: bring_in(
            Store(redis), arguments.source, name=arguments.name, progress=progress
        ),
    )
    for line in tally.left_out:
        print(f"! {line}")
    print(tally)
    if tally.left_out:
        sys.exit(1)


def _whatif(arguments: argparse.Namespace) -> None:
    from bot.learning import whatif_command
    from bot.triage_file import policy_path

    settings = Settings.from_environment(os.environ)
    policy = policy_path(ROOT, os.environ)
    for line in whatif_command.run(arguments, policy, ROOT / settings.var):
        print(line)


def _lint_data(arguments: argparse.Namespace) -> None:
    import msgspec

    from bot.learning.lint_job import printed, report_of

    report = report_of(ROOT)
    print(msgspec.json.encode(report).decode() if arguments.json else printed(report))


def _insights(arguments: argparse.Namespace) -> None:
    from bot.app import read_plan
    from bot.learning import insights_command

    settings = Settings.from_environment(os.environ)
    zone = read_plan(replace(settings, desk=ROOT / settings.desk)).hours.zone
    now = time.time_ns() // 1_000_000
    sys.stdout.write(insights_command.run(arguments, ROOT / settings.var, zone=zone, now=now))


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


def _review(arguments: argparse.Namespace) -> None:
    from bot.instance import running
    from bot.learning import review_command

    settings = Settings.from_environment(os.environ)
    learner = running(ROOT / settings.var) is not None
    _on_redis(
        settings,
        lambda redis: review_command.run(arguments, redis, ROOT, settings, learner=learner),
    )


def _label(arguments: argparse.Namespace) -> None:
    import json

    from bot.learning import review_command

    settings = Settings.from_environment(os.environ)
    words, told = _on_redis(
        settings, lambda redis: review_command.label(arguments, redis, ROOT, settings)
    )
    print(json.dumps(told) if arguments.json else words)


def _on_redis(settings: Settings, work: Callable[[Redis[bytes]], Coroutine[Any, Any, T]]) -> T:
    """Do `work` with the Redis in use, whether Deskhand runs or not."""
    from bot.app import connect
    from bot.instance import redis_in_use

    async def run(url: str) -> T:
        redis = connect(url)
        try:
            return await work(redis)
        finally:
            await redis.close(close_connection_pool=True)

    with redis_in_use(settings, ROOT / settings.var) as url:
        return asyncio.run(run(url))


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
