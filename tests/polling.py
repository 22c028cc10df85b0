"""Waiting in asynchronous tests: poll with a deadline, never sleep and hope."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable

import anyio

#: For what takes a moment: so long that a busy machine fails no test.
PATIENCE_S = 30.0


async def soon(
    check: Callable[[], object | Awaitable[object]], *, within: float = PATIENCE_S, what: str = "it"
) -> None:
    """Return when what `check` gives, or what it gives to wait for, is true; fail with `what` after
    `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = check()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {within:g} s")
        await anyio.sleep(0.01)
