"""Scripted conversations for triage: reading them, playing them, and scoring what came of it.

A script says what a customer writes, at which message a good support lead would hand over (or
never), and which messages ask for a person. Played means: through the real channel of a really
trained assistant with its actions, so that forms and help pages play their part, until the
assistant hands over. `benchmarks.triage` and `tests/triage` share this.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from benchmarks.stack import Stack

KEYS = {"conversation", "customer", "hand_over_at", "asks_at", "kind"}


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation; places are counted from 1."""

    name: str
    customer: tuple[str, ...]
    hand_over_at: int | None
    asks_at: tuple[int, ...]
    kind: str

    def __post_init__(self) -> None:
        places = [*self.asks_at, *([self.hand_over_at] if self.hand_over_at is not None else [])]
        if not self.customer or any(not 1 <= place <= len(self.customer) for place in places):
            raise ValueError(f"{self.name!r} names a message that it does not have")
        if self.asks_at and (self.hand_over_at is None or self.hand_over_at > min(self.asks_at)):
            raise ValueError(f"{self.name!r} asks for a person and is not handed over then")


def read_scripts(folder: Path) -> list[Script]:
    """All scripts of a folder's YAML files.

    Raises ValueError naming file and conversation when one is not as it should be, and when there
    are none.
    """
    yaml = YAML(typ="safe", pure=True)
    scripts = []
    for path in sorted(folder.glob("*.yml")):
        for entry in yaml.load(path.read_text(encoding="utf-8")) or ():
            if not isinstance(entry, Mapping) or set(entry) != KEYS:
                raise ValueError(f"{path.name}: {entry!r} does not have the keys {sorted(KEYS)}")
            scripts.append(
                Script(
                    str(entry["conversation"]),
                    tuple(str(text) for text in entry["customer"]),
                    entry["hand_over_at"],
                    tuple(entry["asks_at"] or ()),
                    str(entry["kind"]),
                )
            )
    if not scripts:
        raise ValueError(f"there are no scripts in {folder}")
    return scripts


@dataclass(frozen=True, slots=True)
class Played:
    """`handed_over_at`: at which message, None for never; `turns`: the assistant's answers;
    `conversation`: its name there."""

    script: Script
    handed_over_at: int | None
    turns: tuple[Mapping[str, Any], ...] = ()
    conversation: str = ""

    @property
    def late_by(self) -> int | None:
        """Messages after the right one (negative: before); None when either never came."""
        if self.handed_over_at is None or self.script.hand_over_at is None:
            return None
        return self.handed_over_at - self.script.hand_over_at

    @property
    def missed_requests(self) -> int:
        """Requests for a person that were read and not granted."""
        last = self.handed_over_at or len(self.script.customer)
        return sum(place <= last and place != self.handed_over_at for place in self.script.asks_at)


class Assistant:
    """The stack's assistant, asked as the gateway asks it."""

    def __init__(self, stack: Stack) -> None:
        self._url = f"{stack.running.assistant_url}/webhooks/deskhand/turn"
        headers = {"Authorization": f"Bearer {stack.running.assistant_token}"}
        self._http = httpx.Client(headers=headers, timeout=60, trust_env=False)

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def turn(self, conversation: str, seq: int, text: str) -> dict[str, Any]:
        """One turn; raises httpx.HTTPStatusError when the assistant has no answer."""
        body = {"conversation": conversation, "seq": seq, "epoch": 0, "text": text}
        response = self._http.post(self._url, json=body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def alone(self, text: str) -> dict[str, Any]:
        """The answer to a message that begins a conversation."""
        return self.turn(uuid.uuid4().hex, 1, text)

    def start(self, text: str) -> str:
        """The name of a conversation that begins with this message."""
        conversation = uuid.uuid4().hex
        self.turn(conversation, 1, text)
        return conversation

    def play(self, script: Script) -> Played:
        """The conversation until the assistant hands over."""
        conversation = uuid.uuid4().hex
        turns = []
        for seq, text in enumerate(script.customer, start=1):
            turns.append(self.turn(conversation, seq, text))
            if turns[-1]["handoff"] is not None:
                return Played(script, seq, tuple(turns), conversation)
        return Played(script, None, tuple(turns), conversation)


@dataclass(frozen=True, slots=True)
class Score:
    """What `score` counts; each share is from 0 to 1."""

    precision: float
    """Of the conversations handed over: those that a lead would have handed over, then or later."""
    recall: float
    """Of the conversations that a lead would hand over: those handed over before they ended."""
    on_time: float
    """Of the same: those handed over at most one message before or after the right one."""
    requests_missed: int


def score(played: Iterable[Played]) -> Score:
    """How well conversations were handed over. Raises ValueError when none should have been."""
    played = list(played)
    wanted = [p for p in played if p.script.hand_over_at is not None]
    handed = [p for p in played if p.handed_over_at is not None]
    if not wanted:
        raise ValueError("no script is handed over, so there is nothing to find")
    found = [p for p in wanted if p.handed_over_at is not None]
    on_time = [p for p in found if p.late_by is not None and abs(p.late_by) <= 1]
    return Score(
        precision=len(found) / len(handed) if handed else 0.0,
        recall=len(found) / len(wanted),
        on_time=len(on_time) / len(wanted),
        requests_missed=sum(p.missed_requests for p in played),
    )


def by_kind(played: Sequence[Played]) -> dict[str, tuple[int, int, int]]:
    """For each kind: conversations, wrongly handed over, wrongly kept."""
    table: dict[str, tuple[int, int, int]] = {}
    for p in played:
        total, eager, late = table.get(p.script.kind, (0, 0, 0))
        wanted, handed = p.script.hand_over_at is not None, p.handed_over_at is not None
        table[p.script.kind] = (
            total + 1,
            eager + (handed and not wanted),
            late + (wanted and not handed),
        )
    return table
