"""Messages that say just the same, word for word, count as one *wording*.

Pure. Belongs here: when two redacted texts are the same, and the key by which a wording is known
for ever (also to decisions, which hold no words). Does not belong here: what is alike in meaning.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.human_requests import normalise
from bot.learning.missed import Missed

KEY_LENGTH: Final = 20
"""Hex digits: no two of a billion texts have the same key."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A redacted text with the messages (at least one) that say it, the latest first."""

    key: str
    text: str
    messages: tuple[Missed, ...]

    def __post_init__(self) -> None:
        if not self.messages:
            raise ValueError("a wording that nobody used")


def key_of(text: str) -> str:
    """The same for texts that differ only in case, stretched letters, white space and punctuation.
    Of a text of signs alone it is that of the text itself."""
    plain = " ".join(re.sub(r"[^\w\[\]]+", " ", normalise(text)).split()) or text.strip()
    return hashlib.sha256(plain.encode()).hexdigest()[:KEY_LENGTH]


def together(messages: Iterable[Missed]) -> list[Wording]:
    """The wordings of redacted messages, each as it was written last."""
    found: dict[str, list[Missed]] = {}
    for message in messages:
        found.setdefault(key_of(message.text), []).append(message)
    wordings = []
    for key, group in found.items():
        group.sort(key=lambda one: (-one.at, one.conversation, one.seq))
        wordings.append(Wording(key, group[0].text, tuple(group)))
    return wordings
