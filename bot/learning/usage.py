"""Where the responses and intents of the domain are used: rules, stories, forms, actions.

Pure: file contents in, uses out; `Project.read` at the end collects the files. It reads Python as
text (`ast`) and runs nothing. A response that is said under a name which is put together, such as
f"utter_order_{state}", counts as used when it fits the pattern, so this errs on the side of "used".
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from bot.events import Record
from bot.known_intents import FALLBACK, intents_of
from bot.learning.responses import DOMAIN, read_domain, responses_of
from bot.learning.yaml_lines import loaded, read_text

#: Said by Rasa itself when nothing else is.
BUILT_IN: Final = {"utter_default": "said when the assistant has lost the thread"}
_NAME: Final = re.compile(r"utter_\w+")
_PREFIX: Final = "utter_"


class Use(Record, frozen=True):
    """`words`: what it is used for. `intent`: the one that it answers, if it answers one."""

    words: str
    where: str
    intent: str = ""


@dataclass(frozen=True)
class Project:
    """Contents by path, relative to the project: the domain, rules and stories, our actions."""

    domain: str
    rules: Mapping[Path, str]
    actions: Mapping[Path, str]

    @classmethod
    def read(cls, root: Path) -> Project:
        """The project in `root`.

        Raises: BrokenFile."""
        return cls(
            read_domain(root),
            _texts(root, ("data/rules", "data/stories"), {".yml", ".yaml"}),
            _texts(root, ("actions", "bot/nlu"), {".py"}),
        )


def _texts(root: Path, folders: Sequence[str], endings: AbstractSet[str]) -> dict[Path, str]:
    return {
        path.relative_to(root): read_text(path, path.relative_to(root))
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in endings and path.is_file()
    }


def uses(project: Project) -> dict[str, list[Use]]:
    """Each response of the domain, and all its uses; no uses for one that is never said.

    Raises: BrokenFile."""
    found: dict[str, list[Use]] = {name: [] for name in responses_of(project.domain)}
    for name, words in BUILT_IN.items():
        if name in found:
            found[name].append(Use(words=words, where="Rasa"))
    for name, use in _by_rules(project):
        if name in found and use not in found[name]:
            found[name].append(use)
    for name, use in _by_forms(loaded(DOMAIN, project.domain)):
        if name in found:
            found[name].append(use)
    for path, names in _said_by(tuple(project.actions.items()), tuple(found)).items():
        for name in names:
            found[name].append(Use(words="said by an action", where=str(path)))
    return found


def unused_responses(project: Project) -> list[str]:
    """Responses that nothing says, in the domain's order."""
    return [name for name, known in uses(project).items() if not known]


def unused_intents(project: Project, examples: Iterable[str]) -> dict[str, str]:
    """Intents that are of no use, and why: without a single example (`examples` has the intent of
    each), or without a rule or story."""
    taught = set(examples)
    answered = {
        step["intent"]
        for _, steps in _stories(project)
        for step in _all_steps(steps)
        if isinstance(step.get("intent"), str)
    }
    found = {}
    for intent in intents_of(project.domain):
        if intent not in taught:
            found[intent] = "has no example, so it is never understood"
        elif intent not in answered:
            found[intent] = "is in no rule or story, so nothing is said to it"
    return {intent: why for intent, why in found.items() if intent != FALLBACK}


def _stories(project: Project) -> Iterator[tuple[Path, list[Any]]]:
    for path, text in project.rules.items():
        content = loaded(path, text)
        for kind in ("rules", "stories"):
            for one in content.get(kind) or ():
                if isinstance(one, dict) and isinstance(one.get("steps"), list):
                    yield path, one["steps"]


def _all_steps(steps: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for step in steps:
        if isinstance(step, dict):
            yield step
            for other in step.get("or") or ():
                if isinstance(other, dict):
                    yield other


def _by_rules(project: Project) -> Iterator[tuple[str, Use]]:
    for path, steps in _stories(project):
        intent = ""
        for step in _all_steps(steps):
            if isinstance(step.get("intent"), str):
                intent = step["intent"]
            elif isinstance(name := step.get("action"), str) and name.startswith(_PREFIX):
                words = f"answers {intent}" if intent else "said in a rule"
                yield name, Use(words=words, where=str(path), intent=intent)


def _by_forms(domain: Mapping[str, Any]) -> Iterator[tuple[str, Use]]:
    """What Rasa says by itself to ask for a slot of a form."""
    for form, about in (domain.get("forms") or {}).items():
        for slot in (about or {}).get("required_slots") or ():
            use = Use(words=f"asks for {slot}", where=f"{DOMAIN}, {form}")
            yield f"utter_ask_{form}_{slot}", use
            yield f"utter_ask_{slot}", use


# -------------------------------------------------------------------------------------- actions


def said_by(actions: Mapping[Path, str], responses: Iterable[str]) -> dict[Path, list[str]]:
    """Which of the responses each module may say."""
    trees = {path: ast.parse(text) for path, text in actions.items()}
    words = {text for tree in trees.values() for text in _constants(tree) if text.isidentifier()}
    written = "|".join(sorted(words))
    known = list(responses)
    found: defaultdict[Path, list[str]] = defaultdict(list)
    for path, tree in trees.items():
        named = {text for text in _constants(tree) if _NAME.fullmatch(text)}
        patterns = list(_patterns(tree, written))
        for name in known:
            if name in named or any(one.fullmatch(name) for one in patterns):
                found[path].append(name)
    return dict(found)


@lru_cache(maxsize=2)
def _said_by(
    actions: tuple[tuple[Path, str], ...], responses: tuple[str, ...]
) -> Mapping[Path, list[str]]:
    """The same, remembered: parsing all actions takes a second."""
    return said_by(dict(actions), responses)


def _constants(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr.casefold()  # a member of an enumeration: its value, as a rule


def _patterns(tree: ast.AST, written: str) -> Iterator[re.Pattern[str]]:
    """Names that are put together: f"utter_order_{state}". What stands for a variable right behind
    "utter_" must be one of the words `written` somewhere (as alternatives): without that,
    f"utter_{kind}" would fit everything."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and len(node.values) > 1:
            first = node.values[0]
            if isinstance(first, ast.Constant) and str(first.value).startswith(_PREFIX):
                any_word = written if first.value == _PREFIX else r"\w+"
                yield re.compile(
                    "".join(
                        re.escape(str(part.value))
                        if isinstance(part, ast.Constant)
                        else f"(?:{any_word})"
                        for part in node.values
                    )
                )
