"""What triage is told: the signals of one customer message, and what it remembers of earlier ones.

Pure, like all of triage. `Turn` is made of a Rasa parse and of the `triage` slot; `Memory` travels
in that slot. Whether two messages say the same is told by `bot.said_again`; what follows from all
this is decided in `bot.triage`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.said_again import SHORT, remembered, says_the_same


@dataclass(frozen=True)
class Candidate:
    """One line of the intent ranking."""

    intent: str
    confidence: float


@dataclass(frozen=True)
class Memory:
    """What triage remembers of the conversation. It travels in the `triage` slot."""

    clarifications: int = 0
    """Clarifications asked in a row."""
    unplaced: tuple[float, ...] = ()
    """Confidences of the messages that could not be placed, in a row."""
    frustrations: tuple[float, ...] = ()
    """Frustration of the last customer messages, oldest first."""
    texts: tuple[str, ...] = ()
    """The last customer messages, normalised, oldest first."""
    fingerprints: tuple[str, ...] = ()
    """What they mean, roughly; "" where that is not known."""
    strain: float = 0.0
    """What has added up of frustration and of turns that led nowhere; fades from turn to turn."""
    helped: str | None = None
    """The help page that answered the last message; the customer was asked whether it helped."""
    unhelpful: tuple[str, ...] = ()
    """Help pages to which the customer said no; they are not shown again."""

    def as_json(self) -> dict[str, Any]:
        """The memory as plain JSON values."""
        return {
            "clarifications": self.clarifications,
            "unplaced": list(self.unplaced),
            "frustrations": list(self.frustrations),
            "texts": list(self.texts),
            "fingerprints": list(self.fingerprints),
            "strain": self.strain,
            "helped": self.helped,
            "unhelpful": list(self.unhelpful),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Memory:
        """The memory in a slot value; parts that are missing are taken as empty."""
        return cls(
            clarifications=int(value.get("clarifications") or 0),
            unplaced=tuple(float(x) for x in value.get("unplaced") or ()),
            frustrations=tuple(float(x) for x in value.get("frustrations") or ()),
            texts=tuple(str(x) for x in value.get("texts") or ()),
            fingerprints=tuple(str(x) for x in value.get("fingerprints") or ()),
            strain=float(value.get("strain") or 0.0),
            helped=value.get("helped"),
            unhelpful=tuple(str(x) for x in value.get("unhelpful") or ()),
        )


@dataclass(frozen=True)
class Turn:
    """The signals of one customer message.

    Scores: `confidence`, `out_of_scope`, `frustration` and `help` from 0 to 1, `sentiment` from -1
    to 1.
    Raises ValueError when a score is outside its range.
    """

    text: str
    intent: str | None = None
    confidence: float = 0.0
    ranking: tuple[Candidate, ...] = ()
    out_of_scope: float = 0.0
    sentiment: float = 0.0
    frustration: float = 0.0
    language: str = "en"
    help: float = 0.0
    """How sure it is that the best passage of the help pages answers the message."""
    help_page: str | None = None
    """The page of that passage."""
    form: str | None = None
    """Name of the active form."""
    requested_slot: str | None = None
    """What the form asked for."""
    fills_form: bool = False
    """Within a form: the message holds what was asked for, or little besides such details."""
    cues: Mapping[str, float] = field(default_factory=dict)
    """What the message gives away besides its intent, with probabilities; see `bot.nlu.cues`."""
    fingerprint: str = ""
    """What it means, roughly: hexadecimal digits, to be compared with `likeness`."""
    signals: frozenset[str] = frozenset()
    """Facts from outside the text, for example "vip"; the policy says what they change."""
    asked: bool | None = None
    """Whether the words ask for a person, where that was read before; None: it is to be read."""
    memory: Memory = Memory()

    def __post_init__(self) -> None:
        for name, low in (
            ("confidence", 0.0),
            ("out_of_scope", 0.0),
            ("frustration", 0.0),
            ("help", 0.0),
            ("sentiment", -1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= 1.0:
                raise ValueError(f"Turn.{name} is {value}; it must be from {low:g} to 1")

    def as_seen(self) -> dict[str, Any]:
        """As plain JSON: what is neither in the parse that the gateway gets nor in earlier turns,
        so that the log can keep it (`bot.events.Seen`)."""
        return {
            "help": self.help,
            "help_page": self.help_page,
            "form": self.form,
            "requested_slot": self.requested_slot,
            "fills_form": self.fills_form,
            "cues": dict(self.cues),
            "fingerprint": self.fingerprint,
            "signals": sorted(self.signals),
            "fresh": self.memory == Memory(),
            "payload": self.text if self.is_payload else None,
        }

    def cue(self, name: str | None) -> float:
        """The probability of a cue; 0 if it was not looked for."""
        return self.cues.get(name, 0.0) if name else 0.0

    @property
    def is_payload(self) -> bool:
        """The customer pressed a button; its payload is not text to be read."""
        return self.text.startswith("/")

    @classmethod
    def from_parse(
        cls,
        parse: Mapping[str, Any],
        *,
        previous: Mapping[str, Any] | None = None,
        form: str | None = None,
        requested_slot: str | None = None,
        signals: Sequence[str] = (),
    ) -> Turn:
        """The turn of a Rasa parse (`tracker.latest_message`).

        `previous` is the value of the `triage` slot before this turn (or None at the start),
        `form` the name of the active loop, `requested_slot` the slot that it asked for.
        """
        intent = parse.get("intent") or {}
        text = str(parse.get("text") or "")
        entities = list(parse.get("entities") or ())
        value = previous if isinstance(previous, Mapping) else {}
        memory = value.get("memory")
        pages: Sequence[Mapping[str, Any]] = parse.get("help") or ()
        best = pages[0] if pages else {}
        return cls(
            text=text,
            intent=intent.get("name"),
            confidence=_unit(intent.get("confidence")),
            ranking=tuple(
                Candidate(str(r.get("name")), _unit(r.get("confidence")))
                for r in parse.get("intent_ranking") or ()
            ),
            out_of_scope=_unit(parse.get("out_of_scope")),
            sentiment=max(-1.0, min(1.0, float(parse.get("sentiment") or 0.0))),
            frustration=_unit(parse.get("frustration")),
            language=str(parse.get("language") or "en"),
            help=_unit(best.get("score")),
            help_page=best.get("page"),
            form=form,
            requested_slot=requested_slot,
            fills_form=form is not None and _holds_details(text, entities, requested_slot),
            cues={str(name): _unit(p) for name, p in (parse.get("cues") or {}).items()},
            fingerprint=str(parse.get("fingerprint") or ""),
            signals=frozenset(signals),
            memory=Memory.from_json(memory if isinstance(memory, Mapping) else value),
        )


def _holds_details(
    text: str, entities: Sequence[Mapping[str, Any]], requested_slot: str | None
) -> bool:
    """The requested entity is there, or entities make up at least half of the text."""
    if any(e.get("entity") == requested_slot for e in entities):
        return True
    length = sum(int(e.get("end") or 0) - int(e.get("start") or 0) for e in entities)
    return 0 < len(text) <= 2 * length


def readable(text: str) -> str:
    """Typed text as Rasa may read it: a slash at its start must not make it a command."""
    while text[:1] == "/" or text[:1].isspace():  # all that Rasa would strip, and more
        text = text[1:]
    return text or "?"


def _unit(value: object) -> float:
    """A score that came over the wire, kept within 0 and 1 (floats overshoot by an ulp)."""
    return max(0.0, min(1.0, float(value))) if isinstance(value, int | float) else 0.0


def times_said(turn: Turn, from_likeness: float) -> int:
    """How many of the remembered messages say what this one says, in these or in other words.

    `from_likeness`: from which cosine of their embeddings on two messages mean the same.
    """
    text = remembered(turn.text)
    if len(text) < SHORT:
        return 0
    earlier = zip(turn.memory.texts, turn.memory.fingerprints, strict=True)
    return sum(
        says_the_same(text, turn.fingerprint, words, mark, from_likeness) for words, mark in earlier
    )
