"""The arrows between the rooms: who may import whom. Imports point one way."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Lower rooms know nothing of higher ones. A module may import from rooms of a smaller number.
FLOORS: list[set[str]] = [
    {
        "bot",
        "bot.errors",
        "bot.settings",
        "bot.wording",
        "bot.policy_file",
        "bot.opening_hours",
        "bot.spelling",
        "bot.personal_names",
        "bot.language",
        "bot.verb_forms",
        "bot.dialect_words",
        "bot.dialect_turns",
        "bot.dialects",
    },
    {
        "bot.events",
        "bot.commands",
        "bot.hasty_words",
        "bot.request_words",
        "bot.requests_abroad",
        "bot.requests_further_abroad",
        "bot.human_requests",
        "bot.said_again",
        "bot.file_kinds",
    },
    {"bot.state", "bot.desk_plan", "bot.help"},
    {
        "bot.agent_commands",
        "bot.chat_commands",
        "bot.conversation",
        "bot.triage",
        "bot.triage_file",
        "bot.triage_policy",
        "bot.triage_signs",
        "bot.triage_turn",
        "bot.suggestions",
        "bot.transcript",
        "bot.transcript_text",
        "bot.learning.facts",
        "bot.learning.archive_extent",
        "bot.learning.archive_schema",
        "bot.learning.explain",
        "bot.learning.filters",
        "bot.learning.insights",
        "bot.learning.insights_shapes",
        "bot.learning.insights_table",
        "bot.learning.logged",
        "bot.learning.periods",
        "bot.learning.safe_writes",
        "bot.learning.triage_edit",
        "bot.learning.turn_results",
        "bot.learning.whatif",
        "bot.learning.whatif_today",
    },
    {
        "bot.store",
        "bot.wakes",
        "bot.waits",
        "bot.learning.archive",
        "bot.learning.measuring",
        "bot.learning.search",
        "bot.learning.whatif_history",
        "bot.learning.whatif_run",
        "bot.learning.whatif_tries",
    },
    {
        "bot.attention",
        "bot.desk_health",
        "bot.learning.jobs",
        "bot.mail_message",
        "bot.routing",
        "bot.whereabouts",
    },
    {"bot.threads"},
    {"bot.router", "bot.following", "bot.files", "bot.known_intents", "bot.people"},
    {
        "bot.learning.data_checks",
        "bot.learning.decision_log",
        "bot.learning.decisions",
        "bot.learning.domain_edits",
        "bot.learning.examples",
        "bot.learning.inbox",
        "bot.learning.inbox_store",
        "bot.learning.inbox_tables",
        "bot.learning.help_edits",
        "bot.learning.learned_file",
        "bot.learning.lint",
        "bot.learning.missed",
        "bot.learning.nlu_files",
        "bot.learning.published",
        "bot.learning.responses",
        "bot.learning.review_shapes",
        "bot.learning.teaching",
        "bot.learning.usage",
        "bot.learning.yaml_lines",
        "bot.learning.wordings",
    },
    {
        "bot.archiving",
        "bot.assistant",
        "bot.clock",
        "bot.desks",
        "bot.mail",
        "bot.presence",
        "bot.reviewing",
        "bot.suggesting",
    },
    {"bot.delivery"},
    {"bot.web"},
    {"bot.app"},
]

#: Only these rooms may import these packages.
ONLY = {
    "rasa": ["bot/nlu"],
    "rasa_sdk": ["actions"],
    "tensorflow": [],
    "slack_bolt": ["bot/desks/slack.py"],
    "telegram": ["bot/desks/telegram"],
    "starlette": ["bot/web", "bot/desks", "bot/app.py"],
    "markdown_it": ["bot/help/pages.py", "bot/web/studio/figures.py"],
}


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor_of(module: str) -> int | None:
    for number, floor in enumerate(FLOORS):
        if module in floor or any(module.startswith(f"{room}.") for room in floor - {"bot"}):
            return number
    return None


@pytest.mark.parametrize("path", sources("bot"), ids=module_of)
def test_a_module_imports_only_from_the_floors_below(path: Path) -> None:
    own = floor_of(module_of(path))
    if own is None:
        return  # the CLI's rooms, held by the tests below
    for name in imports(path):
        floor = floor_of(name)
        assert floor is None or floor <= own, f"{module_of(path)} imports {name}"


@pytest.mark.parametrize("package", ONLY)
def test_a_package_is_imported_only_where_it_belongs(package: str) -> None:
    for path in sources("bot", "actions"):
        where = str(path.relative_to(ROOT))
        if not any(where.startswith(room) for room in ONLY[package]):
            used = [n for n in imports(path) if n == package or n.startswith(f"{package}.")]
            assert not used, f"{where} imports {used[0]}"


def test_bot_never_imports_the_actions_and_they_import_only_its_pure_modules() -> None:
    for path in sources("bot"):
        assert not [n for n in imports(path) if n.split(".")[0] == "actions"], path
    allowed = {"bot.triage", "bot.conversation", "bot.human_requests", "bot.suggestions"}
    allowed.add("bot.triage_file")  # the one that is not pure: it reads the owner's policy
    for path in sources("actions"):
        for name in imports(path):
            if name.startswith("bot."):
                assert ".".join(name.split(".")[:2]) in allowed, f"{path} imports {name}"


def test_the_gateway_starts_without_rasa_and_tensorflow() -> None:
    heavy = ("rasa", "tensorflow", "sklearn", "spacy", "onnxruntime")
    program = f"import sys, bot.app; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
