"""A promotion with the real assistant: two Rasa processes, one of which takes the other's place,
while customers write and one of them fills in a form."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from contextlib import closing

import httpx
import pytest
import redis as sync_redis

from benchmarks.stack import ROOT, Stack
from bot.learning.registry import Registry
from bot.smoke import ID, TRACKER
from tests.customer import Customer, Log, answered
from tests.scripted_assistant import until

pytestmark = pytest.mark.timeout(900)

COPY = "deskhand-copy.tar.gz"
QUESTIONS = ("what are your opening hours?", "which payment methods do you take?", "thanks")


class Writing(threading.Thread):
    """One customer after another, until told to stop; each says all there is to say, and waits for
    each answer. Who says the same thing twice would be handed over."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._stack = stack
        self._over = threading.Event()
        self.logs: list[Log] = []

    def run(self) -> None:
        while not self._over.is_set():
            with closing((customer := Customer(self._stack)).http):
                customer.http.timeout = httpx.Timeout(120)
                for number, question in enumerate(QUESTIONS, 1):
                    customer.say(question)
                    customer.log(answered(number))
                    # Faster than that, one address would open more streams than it may.
                    self._over.wait(0.5)
                self.logs.append(customer.log(answered(len(QUESTIONS))))

    def finish(self) -> None:
        """After one more, stop. Every message was answered, once, by the bot."""
        count = len(self.logs)
        until(lambda: len(self.logs) > count + 1, within=180, what="the next answers")
        self._over.set()
        self.join(180)
        assert not self.is_alive(), "an answer is missing"
        for log in self.logs:
            assert {e["kind"] for e in log} <= {"started", "bot_answered", "customer_spoke"}
            asked = [e["seq"] for e in log if e["kind"] == "customer_spoke"]
            answers = [e["in_reply_to"] for e in log if e["kind"] == "bot_answered"]
            assert answers[1:] == asked
            assert len(asked) == len(QUESTIONS)


def serving(stack: Stack) -> str:
    """What the assistant itself says."""
    here = stack.running
    answer = httpx.get(
        f"{here.assistant_url}/webhooks/deskhand/",
        headers={"Authorization": f"Bearer {here.assistant_token}"},
        trust_env=False,
        timeout=60,
    )
    return str(answer.raise_for_status().json()["model"])


def test_a_real_model_takes_over_in_the_middle_of_conversations(stack: Stack) -> None:
    stack.wait_until_ready()
    current = Registry(stack.models).current()
    assert current is not None
    shutil.copyfile(stack.models / current.model, stack.models / COPY)
    writers = [Writing(stack), Writing(stack)]
    with closing((shopper := Customer(stack)).http):
        shopper.http.timeout = httpx.Timeout(120)
        shopper.say("where is my order?")
        log = shopper.log(answered(1))
        assert "order number" in log[-1]["messages"][-1]["text"]
        for writer in writers:
            writer.start()
        done = subprocess.run(
            [sys.executable, "-m", "bot", "promote", COPY],
            env=dict(stack.environment),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert serving(stack) == COPY.removesuffix(".tar.gz")
        # The form goes on where it was, in another process.
        shopper.say("NL-10482")
        log = shopper.log(answered(2))
        assert "e-mail" in log[-1]["messages"][-1]["text"]
    for writer in writers:
        writer.finish()
    after = Registry(stack.models).current()
    assert after is not None
    assert after.model == COPY
    with sync_redis.Redis.from_url(stack.running.redis_url) as redis:
        assert not redis.exists(*(key.format(ID.format(n)) for n in range(3) for key in TRACKER))
