"""Commands about models: train, compare, list, promote, roll back, and judge the examples.

Belongs here: their arguments, and what is done with them. Does not belong here: training itself
(`bot.learning.train`), and what comparing and listing print (`bot.learning.model_commands`).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from bot.command_line import ROOT, Commands, login
from bot.errors import DeskhandError
from bot.settings import Settings


def add(commands: Commands) -> None:
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

    judging = commands.add_parser(
        "lint-data",
        help="say what is odd about the examples that the assistant learns from",
        description="Read every example as if it were new, and name intents with too few or too "
        "uniform examples, intents that are confused, examples that look mislabelled, and what is "
        "never used. Takes up to a minute; nothing is changed.",
    )
    judging.add_argument("--json", action="store_true", help="for scripts: the findings as JSON")
    judging.set_defaults(command=_lint_data)


def _train(arguments: argparse.Namespace) -> None:
    from bot.learning.project import project_of
    from bot.learning.train import train
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
            settings, ROOT, board, by=login(), why=arguments.why, force=arguments.force
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

        training = asyncio.create_task(train(project, progress, by=login(), why=arguments.why))
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
        settings, ROOT, board, by=login(), model=arguments.model, against=arguments.against
    )
    if not asyncio.run(work):
        sys.exit(1)


def _models(arguments: argparse.Namespace) -> None:
    from bot.learning.model_commands import delete_model, list_models

    models = ROOT / Settings.from_environment(os.environ).models
    if arguments.delete:
        delete_model(models, arguments.delete, login(), print)
    else:
        list_models(models, print)


def _promote(arguments: argparse.Namespace) -> None:
    _put_into_service(arguments.model, arguments.because)


def _put_into_service(model: str | None, because: str, *, overriding: bool = True) -> None:
    from bot import promote
    from bot.learning.project import project_of

    settings = Settings.from_environment(os.environ)
    var = (ROOT / settings.var).resolve()
    project = project_of(settings, ROOT)
    wish = promote.Wanted(model, by=login(), because=because, overriding=overriding)
    asyncio.run(promote.run(project, var, wish, print))


def _lint_data(arguments: argparse.Namespace) -> None:
    import msgspec

    from bot.learning.lint_job import printed, report_of

    report = report_of(ROOT)
    print(msgspec.json.encode(report).decode() if arguments.json else printed(report))
