"""`deskhand chat` against a real gateway, with a scripted assistant behind it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.gateway import RunningGateway
from tests.scripted_assistant import ScriptedAssistant, hands_off, says

ROOT = Path(__file__).parents[2]


def chat(gateway: RunningGateway, typed: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "chat", "--url", gateway.url, *options],
        cwd=ROOT,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def events(told: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def log(told: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [event["data"] for event in events(told) if event["event"] == "log"]


def test_each_line_is_answered_before_the_next_is_said(
    gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    entries = log(chat(gateway, "first\n\nsecond, mit Ümlaut\n", "--json"))
    said = [
        entry.get("text") or entry["messages"][0]["text"]
        for entry in entries
        if entry["kind"] in {"customer_spoke", "bot_answered"}
    ]
    assert said[1:] == ["first", "echo: first", "second, mit Ümlaut", "echo: second, mit Ümlaut"]
    seqs = [entry["seq"] for entry in entries]
    assert seqs == sorted(set(seqs))


def test_a_hand_off_is_seen_to_its_end(
    gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    assistant.on("a person please", hands_off())
    told = chat(gateway, "a person please\n", "--json", "--wait", "0.5")
    assert "handoff_requested" in [entry["kind"] for entry in log(told)]
    states = [event["data"]["state"] for event in events(told) if event["event"] == "state"]
    assert states[-1] == "waiting"


class Terminal:
    """A person at a terminal: types, and waits until something is to be read."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.screen = ""

    def type(self, line: str) -> None:
        os.write(self._descriptor, f"{line}\n".encode())

    def expect(self, text: str, within: float = 15.0) -> None:
        """Wait for `text` after what was waited for before."""
        until = time.monotonic() + within
        while text not in self.screen:
            assert time.monotonic() < until, f"no {text!r} in {self.screen!r}"
            if select.select([self._descriptor], [], [], 0.1)[0]:
                self.screen += os.read(self._descriptor, 65536).decode()
        self.screen = self.screen.split(text, 1)[1]


@contextmanager
def at_a_terminal(url: str) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "chat", "--url", url],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            yield Terminal(ours), process
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def test_a_person_can_chat_press_buttons_and_ask_for_a_human(
    gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    assistant.on("cancel it", says("Really?", buttons=[("Yes", "/affirm"), ("No", "/deny")]))
    with at_a_terminal(gateway.url) as (terminal, process):
        terminal.expect("a bot")
        terminal.type("hello there")
        terminal.expect("Nordlys assistant: echo: hello there")
        terminal.type("cancel it")
        terminal.expect("Really?")
        terminal.expect("2) No")
        terminal.type("1")
        terminal.expect("echo: /affirm")
        assert assistant.turns[-1]["payload"] == "/affirm"
        terminal.type("/rate 9")
        terminal.expect("Give 1 to 5 stars")
        terminal.type("/person")
        terminal.expect("your place in the queue: 1")
        terminal.type("/end")
        terminal.expect("The chat has ended")
        terminal.type("/rate 5 very kind")
        terminal.expect("Thank you")
        terminal.type("/quit")
        assert process.wait(10) == 0


def test_the_chat_goes_on_when_the_gateway_was_away(
    gateway: RunningGateway, assistant: ScriptedAssistant
) -> None:
    with at_a_terminal(gateway.url) as (terminal, _):
        terminal.expect("a bot")
        gateway.stop()
        terminal.type("are you there?")
        gateway.start()
        terminal.expect("echo: are you there?")
    assert [turn["text"] for turn in assistant.turns] == ["are you there?"]
