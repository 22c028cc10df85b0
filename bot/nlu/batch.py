"""Reading texts with a model that does not serve: `python -m bot.nlu.batch MODEL`.

Belongs here: JSON Lines in (`{"text": "..."}`), what the model reads in each out (the parse, as
Rasa has it, less what nobody needs), in the same order, a line as soon as it is known. Does not
belong here: what is made of it (`bot.learning.evaluate`), or starting this process
(`bot.learning.reading`).

A process of its own: it loads Rasa and the whole model, may be killed at any moment, and leaves the
assistant that serves alone. Nothing is remembered from text to text, and no action runs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final, TextIO

from rasa.core.agent import Agent

from bot.triage_turn import readable

#: What of a parse is told: all that triage looks at (`Turn.from_parse`).
TOLD: Final = (
    "text",
    "intent",
    "intent_ranking",
    "entities",
    "sentiment",
    "frustration",
    "language",
    "out_of_scope",
    "help",
    "cues",
    "fingerprint",
)
#: Of an entity.
ENTITY: Final = ("entity", "value", "start", "end")


class BadLine(ValueError):
    """A line of the input is not `{"text": "..."}`; the message names it."""


async def read(agent: Agent, lines: TextIO, out: TextIO) -> None:
    """Read each line's text, until there are no more.

    Raises: BadLine."""
    for number, line in enumerate(lines, 1):
        out.write(json.dumps(told(await agent.parse_message(readable(_text(number, line))))) + "\n")
        out.flush()


def told(parse: dict[str, Any]) -> dict[str, Any]:
    """The part of a parse that is told, as plain JSON."""
    kept = {name: parse[name] for name in TOLD if parse.get(name) is not None}
    kept["entities"] = [{n: e.get(n) for n in ENTITY} for e in parse.get("entities") or ()]
    return kept


def _text(number: int, line: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError):
        raise BadLine(f'line {number} is not {{"text": "..."}}: {line[:80]!r}') from None
    if not isinstance(text, str):
        raise BadLine(f"line {number}: text is no string: {line[:80]!r}")
    return text


def main(model: Path) -> None:
    # Rasa's own output must not come between ours.
    out, sys.stdout = sys.stdout, sys.stderr
    asyncio.run(read(Agent.load(str(model)), sys.stdin, out))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
