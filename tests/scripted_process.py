"""A scripted assistant as a process of its own, in Rasa's place under `deskhand up`: it is started,
probed, switched to and killed as the real one, in a moment instead of half a minute.

Its model is a JSON file that says how it behaves (`Behaviour`). A gate is a file that the test
makes when it may go on; until then the process stands just there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import msgspec

from tests.scripted_assistant import Answer, ScriptedAssistant, hands_off, says

PERSON = "i want to talk to a human please"


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is in every answer. `loading`, `turns`: gates before it listens, and in each turn but
    the smoke conversations', which have `smoke`. `mute`: it never answers anything but silence."""

    name: str
    loading: str = ""
    smoke: str = ""
    turns: str = ""
    mute: bool = False
    broken: bool = False


def wait_for(gate: str) -> None:
    while gate and not Path(gate).exists():
        time.sleep(0.01)


class Scripted(ScriptedAssistant):
    def __init__(self, behaviour: Behaviour, port: int, token: str) -> None:
        super().__init__(port)
        self.token = token
        self._behaviour = behaviour

    def answer(self, body: Answer) -> Answer:
        smoke = body["conversation"].startswith("smoke-")
        with self._lock:
            self.waiting += 1
        try:
            wait_for(self._behaviour.smoke if smoke else self._behaviour.turns)
        finally:
            with self._lock:
                self.waiting -= 1
        if self._behaviour.mute:
            return says()
        if body["text"] == PERSON:
            return hands_off()
        return says(f"{self._behaviour.name}: {body['payload'] or body['text']}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    parser.add_argument("-p", type=int, dest="port")
    arguments, _ = parser.parse_known_args()
    behaviour = msgspec.json.decode(arguments.model.read_bytes(), type=Behaviour)
    if behaviour.broken:
        sys.exit("Error: the model cannot be read")
    wait_for(behaviour.loading)
    with Scripted(behaviour, arguments.port, os.environ["DESKHAND_ASSISTANT_TOKEN"]):
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
