"""The really trained assistant with its action server, for the dialogues.

Overrides the scripted `assistant` of tests/conftest.py.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from benchmarks.stack import Stack


class RealAssistant:
    """The stack's assistant, asked as the gateway asks it."""

    def __init__(self, stack: Stack) -> None:
        self._url = f"{stack.running.assistant_url}/webhooks/deskhand/turn"
        self._headers = {"Authorization": f"Bearer {stack.running.assistant_token}"}

    async def turn(
        self, conversation: str, seq: int, text: str, payload: str | None = None
    ) -> dict[str, Any]:
        """One turn; raises httpx.HTTPStatusError when the assistant has no answer."""
        body = {"conversation": conversation, "seq": seq, "epoch": 0, "text": text}
        # A client for each turn: every test has an event loop of its own.
        async with httpx.AsyncClient(timeout=30.0, trust_env=False) as client:
            response = await client.post(
                self._url, json={**body, "payload": payload}, headers=self._headers
            )
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture
def assistant(stack: Stack) -> RealAssistant:
    return RealAssistant(stack)
