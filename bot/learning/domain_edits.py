"""A new intent in the project's files: its name and its answer in `domain.yml`, and the rule that
joins them in `data/rules/learned.yml`.

The first half is pure (a file's text in, its new text out); `add_intent` and `remove_intent` at the
end read and write. All lines that were there stay as they are. Does not belong here: sentences
(`bot.learning.examples`), or other texts for an answer (`bot.learning.responses`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from bot.errors import DeskhandError
from bot.events import Record
from bot.known_intents import intents_of
from bot.learning.nlu_files import composed, member
from bot.learning.responses import (
    DOMAIN,
    Variation,
    answer_to,
    check_variations,
    read_domain,
    text_lines,
)
from bot.learning.safe_writes import write_all, writing
from bot.learning.yaml_lines import Lines, checked, loaded, read_text

RULES: Final = Path("data/rules/learned.yml")
#: Of a new intent: as Rasa and file names take it.
INTENT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,59}")
#: Names with which Rasa does something of its own (it forgets the conversation, or takes the last
#: step back), and words that are no names in YAML.
RESERVED: Final = frozenset(
    {"restart", "back", "session_start", "out_of_scope", "nlu_fallback", "null", "true", "false"}
)
RULES_HEADER: Final = """\
# Which answer follows which question that was added in the studio. You may edit this file.
version: "3.1"
"""
_EMPTY_RULES: Final = "rules: []"
_LEARNED: Final = "  # from the studio"


class BadIntentName(DeskhandError):
    code = "bad_intent_name"


class IntentExists(DeskhandError):
    code = "intent_exists"


class UnknownIntent(DeskhandError):
    """The intent is not in the domain: never made, or deleted meanwhile."""

    code = "unknown_intent"


class NewIntent(Record, frozen=True):
    """An intent that is to be made, and what the assistant says to it."""

    name: str
    answer: str


def with_intent(text: str, new: NewIntent, path: Path = DOMAIN) -> str:
    """The domain with one more intent and its answer.

    Raises: BadIntentName, IntentExists, BadAnswer, BrokenFile."""
    name = new.name
    if not INTENT_NAME.fullmatch(name):
        raise BadIntentName(
            f"“{name[:80]}” is no name for an intent.",
            hint="Small letters, digits and underscores, such as repair_service; 2 to 60 of them.",
        )
    before = loaded(path, text)
    if name in RESERVED:
        raise BadIntentName(
            f"“{name}” is no name for an intent: it means something of its own to the assistant.",
            hint="Say more, such as take_back for back.",
        )
    if name in intents_of(text):
        raise IntentExists(
            f"There is an intent {name} already.", hint="Choose it, or another name."
        )
    if answer_to(name) in (before.get("responses") or {}):
        raise IntentExists(
            f"There is a response {answer_to(name)} already.", hint="Choose another name."
        )
    answer = Variation(text=new.answer)
    check_variations([answer], answer_to(name))
    page = Lines(path, text)
    page.insert(
        page.end_of("responses"),
        [
            f"{page.indent('responses')}{answer_to(name)}:{_LEARNED}",
            *text_lines(page.indent("responses") + "  ", answer),
        ],
    )
    page.insert(page.end_of("intents"), [f"{page.indent('intents')}- {name}{_LEARNED}"])
    wanted = {
        **before,
        "intents": [*before["intents"], name],
        "responses": {**before["responses"], answer_to(name): [{"text": new.answer}]},
    }
    return checked(path, page.text(), wanted)


def without_intent(text: str, name: str, path: Path = DOMAIN) -> str:
    """The domain without an intent that `with_intent` added, and without its answer.

    Raises: UnknownIntent, BrokenFile."""
    before = loaded(path, text)
    page = Lines(path, text)
    line = re.compile(rf"\s*- {re.escape(name)}{re.escape(_LEARNED)}\s*")
    found = [number for number, one in enumerate(page.lines) if line.fullmatch(one)]
    if not found or name not in intents_of(text):
        raise UnknownIntent(
            f"There is no intent {name} that was made in the studio.",
            hint="Others are removed by hand, in domain.yml.",
        )
    dropped = set(found)
    if answer_to(name) in (before.get("responses") or {}):
        dropped |= set(page.block("responses", answer_to(name)))
    page.lines = [one for number, one in enumerate(page.lines) if number not in dropped]
    wanted = {
        **before,
        "intents": [one for one in before["intents"] if one != name],
        "responses": {k: v for k, v in before["responses"].items() if k != answer_to(name)},
    }
    return checked(path, page.text(), wanted)


def with_rule(text: str | None, intent: str, path: Path = RULES) -> str:
    """The file of learned rules (None: there is none yet) with the one that answers `intent`.

    Raises: BrokenFile."""
    text = f"{RULES_HEADER}\n{_EMPTY_RULES}\n" if text is None else text
    before = loaded(path, text)
    rules = before.get("rules") or []
    rule = _rule(intent)
    page = Lines(path, text)
    if not rules:
        page.lines = [one for one in page.lines if one.strip() not in {_EMPTY_RULES, "rules:"}]
        page.insert(len(page.lines), ["rules:"])
        at, indent = len(page.lines), "  "
    else:
        at, indent = page.end_of("rules"), page.indent("rules")
        page.insert(at, [""])
        at += 1
    page.insert(
        at,
        [
            f"{indent}- rule: {rule['rule']}",
            f"{indent}  steps:",
            f"{indent}    - intent: {intent}",
            f"{indent}    - action: {answer_to(intent)}",
        ],
    )
    return checked(path, page.text(), {**before, "rules": [*rules, rule]})


def without_rule(text: str, intent: str, path: Path = RULES) -> str | None:
    """The file without the rule that `with_rule` added; None when nothing but our header is left.

    Raises: BrokenFile."""
    before = loaded(path, text)
    rules = before.get("rules") or []
    if _rule(intent) not in rules:
        return text
    if len(rules) == 1 and text == with_rule(None, intent, path):
        return None
    place = rules.index(_rule(intent))
    page = Lines(path, text)
    starts = [item.start_mark.line for item in member(composed(path, text), "rules").value]
    first = starts[place]
    last = starts[place + 1] if place + 1 < len(starts) else page.end_of("rules")
    if place + 1 == len(starts) and place and not page.lines[first - 1].strip():
        first -= 1
    page.lines[first:last] = []
    left = [rule for rule in rules if rule != _rule(intent)]
    if not left:
        page.lines = [_EMPTY_RULES if one.strip() == "rules:" else one for one in page.lines]
    return checked(path, page.text(), {**before, "rules": left})


def _rule(intent: str) -> dict[str, Any]:
    return {
        "rule": f"{intent} is answered",
        "steps": [{"intent": intent}, {"action": answer_to(intent)}],
    }


# ------------------------------------------------------------------------------------- the files


def changes_for_intent(root: Path, new: NewIntent) -> dict[Path, str | None]:
    """What is to be written for a new intent: its name, its answer, and the rule between them.

    Raises: BadIntentName, IntentExists, BadAnswer, BrokenFile."""
    rules = root / RULES
    text = read_text(rules, RULES) if rules.is_file() else None
    return {
        root / DOMAIN: with_intent(read_domain(root), new),
        rules: with_rule(text, new.name),
    }


def add_intent(root: Path, name: str, answer: str) -> None:
    """Make an intent with its answer. It understands nothing before it has examples, so use
    `LearnedExamples.add(..., new=...)` where there are some.

    Raises: BadIntentName, IntentExists, BadAnswer, BrokenFile, FilesBusy, NotWritten."""
    with writing(root):
        write_all(root, changes_for_intent(root, NewIntent(name=name, answer=answer)))


def changes_without_intent(root: Path, name: str) -> dict[Path, str | None]:
    """What is to be written to take back `add_intent`.

    Raises: UnknownIntent, BrokenFile."""
    rules = root / RULES
    changes: dict[Path, str | None] = {root / DOMAIN: without_intent(read_domain(root), name)}
    if rules.is_file():
        changes[rules] = without_rule(read_text(rules, RULES), name)
    return changes


def remove_intent(root: Path, name: str) -> None:
    """Take back `add_intent`.

    Raises: UnknownIntent, BrokenFile, FilesBusy, NotWritten."""
    with writing(root):
        write_all(root, changes_without_intent(root, name))
