"""The intents that the assistant knows, for people who label what it should have answered.

Read from `domain.yml`, without Rasa, and read again when the file has changed: training adds some.
Does not belong here: which of them a message was taken for (that is in its reading).
"""

from __future__ import annotations

import logging
from pathlib import Path

import anyio.to_thread
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from bot.events import Reading

log = logging.getLogger(__name__)

#: Rasa's own, for "nothing fits": no message should have been understood as that.
FALLBACK = "nlu_fallback"


class KnownIntents:
    def __init__(self, domain: Path) -> None:
        self._domain = domain
        self._read: tuple[tuple[int, int], tuple[str, ...]] | None = None

    async def names(self) -> tuple[str, ...]:
        """In the file's order; none when it cannot be read (then a label names a new intent)."""
        try:
            return await anyio.to_thread.run_sync(self._names)
        except (OSError, YAMLError) as why:
            log.warning("%s cannot be read: %s", self._domain, why)
            return ()

    async def likeliest_first(self, reading: Reading | None) -> list[str]:
        """All of them: first those that a message was taken for, likeliest first."""
        ranking = reading.ranking if reading else ()
        likely = [str(one["name"]) for one in ranking if one["name"] != FALLBACK]
        return list(dict.fromkeys([*likely, *await self.names()]))

    def _names(self) -> tuple[str, ...]:
        status = self._domain.stat()
        version = (status.st_mtime_ns, status.st_size)
        if self._read is None or self._read[0] != version:
            self._read = version, intents_of(self._domain.read_text(encoding="utf-8"))
        return self._read[1]


def intents_of(domain: str) -> tuple[str, ...]:
    """The intents of a domain file. One may be a name, or a mapping from it to its settings.

    Raises: YAMLError."""
    content = YAML(typ="safe").load(domain)
    listed = content.get("intents") if isinstance(content, dict) else None
    names = [next(iter(one)) if isinstance(one, dict) and one else one for one in listed or ()]
    return tuple(dict.fromkeys(str(name) for name in names if name and name != FALLBACK))
