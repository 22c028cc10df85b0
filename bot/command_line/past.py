"""Commands about conversations that were logged: bring them in, count them, decide them again, and
make something of what was missed.

Belongs here: their arguments, and what is done with them. Does not belong here: how they come about
and read (`bot.learning.imports`, `insights_command`, `whatif_command`, `review_command`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from bot.command_line import ROOT, Commands, user
from bot.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")


def add(commands: Commands) -> None:
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


def _add_who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default=user() or "terminal", help="who decides (default: you)")
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


def _insights(arguments: argparse.Namespace) -> None:
    from bot.app import read_plan
    from bot.learning import insights_command

    settings = Settings.from_environment(os.environ)
    zone = read_plan(replace(settings, desk=ROOT / settings.desk)).hours.zone
    now = time.time_ns() // 1_000_000
    sys.stdout.write(insights_command.run(arguments, ROOT / settings.var, zone=zone, now=now))


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
