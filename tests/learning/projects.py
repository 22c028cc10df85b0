"""A small project whose Rasa is a script: what a test of training needs, in no time."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.learning.project import Project
from bot.learning.train import train

CONFIG = """\
recipe: default.v1
pipeline:
  - name: WhitespaceTokenizer
  - name: bot.nlu.reader.Reader
policies:
  - name: RulePolicy
"""

#: A Rasa that writes what the real one writes, and an archive.
GOOD = """
import pathlib, sys
arguments = sys.argv[1:]
print("INFO  rasa.engine.training.hooks  - Starting to train component 'Reader'.", flush=True)
out = pathlib.Path(arguments[arguments.index("--out") + 1])
(out / (arguments[arguments.index("--fixed-model-name") + 1] + ".tar.gz")).write_text("model")
"""


def small_project(root: Path, rasa: str = GOOD) -> Project:
    """Written below `root`."""
    for path, text in {
        "config.yml": CONFIG,
        "domain.yml": "version: '3.1'\nintents:\n  - greet\n",
        "data/nlu/talk.yml": (
            "version: '3.1'\nnlu:\n  - intent: greet\n    examples: |\n      - hello\n"
        ),
        "bot/nlu/reader.py": "WORDS = 3\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return with_rasa(root, rasa)


def with_rasa(root: Path, script: str) -> Project:
    return Project(
        root=root,
        models=root / "models",
        logs=root / "var/log",
        cache=root / "var/rasa-cache",
        rasa=(sys.executable, "-c", script),
    )


def teach(project: Project, sentence: str) -> None:
    """As somebody does it in an editor."""
    with (project.root / "data/nlu/talk.yml").open("a") as file:
        file.write(f"      - {sentence}\n")


def quiet(_: str) -> None:
    """For a training that tells nobody how far it is."""


async def serving_project(root: Path) -> Project:
    """Written below `root`, with a model that serves."""
    project = small_project(root)
    await train(project, quiet)
    return project
