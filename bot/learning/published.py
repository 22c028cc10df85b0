"""What customers get now: the responses inside the model that serves.

Belongs here: reading them out of a model's archive, and which of the domain's they differ from.
Does not belong here: which model serves (`bot.learning.registry`), or bringing one into service.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.learning.responses import Response, response_of

#: In a model's archive: what it was made of. Rasa's own file, of some 100 kB.
METADATA: Final = "metadata.json"
METADATA_AT_MOST: Final = 20_000_000


def published(model: Path) -> Mapping[str, Response] | None:
    """The responses in a model's archive; None when they cannot be read (it is being replaced, or
    was made by other means)."""
    try:
        return _read(model, model.stat().st_mtime_ns)
    except (OSError, EOFError, tarfile.TarError, msgspec.DecodeError, ValueError):
        return None


@lru_cache(maxsize=2)
def _read(model: Path, _version: int) -> Mapping[str, Response]:
    with tarfile.open(model) as archive:
        for member in archive:
            if member.name.removeprefix("./") == METADATA:
                file = archive.extractfile(member)
                if file is None or member.size > METADATA_AT_MOST:
                    break
                found: Any = msgspec.json.decode(file.read())
                listed = found["domain"]["responses"] if isinstance(found, dict) else {}
                return {name: response_of(name, value) for name, value in listed.items()}
    raise ValueError(f"{model.name} has no {METADATA}")


def unpublished(written: Mapping[str, Response], served: Mapping[str, Response]) -> list[str]:
    """Responses that customers do not get yet as they are written."""
    return [
        name
        for name, response in written.items()
        if name not in served or served[name].version != response.version
    ]
