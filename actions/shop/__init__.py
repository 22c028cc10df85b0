"""The shop behind the assistant.

`protocol.py` says what a shop can be asked, `sqlite.py` is the demo shop, `http.py` a real one.
Here belongs only the choice between them and the one way to call them: in a thread, with a
deadline. The choice is made at the first question, never at import.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from actions.shop.guesses import Guesses
from actions.shop.http import HttpShop
from actions.shop.protocol import ShopBackend, ShopUnavailable
from actions.shop.sqlite import FILE_NAME, SqliteShop

__all__ = ["DEADLINE_SECONDS", "ask_shop", "choose_shop", "shop"]

DEADLINE_SECONDS = 3.0
"""The longest that a customer waits for one answer of the shop."""

T = TypeVar("T")


def choose_shop(environ: Mapping[str, str]) -> ShopBackend:
    """The shop that the environment asks for.

    `SHOP_API_URL` and `SHOP_API_TOKEN`: a real shop. Neither: the demo shop, in the file
    `DESKHAND_SHOP_DB` (default: demo-shop.db in `DESKHAND_VAR`, or var/). Raises ValueError when
    one of the two is missing or wrong.
    """
    url = environ.get("SHOP_API_URL", "").strip()
    token = environ.get("SHOP_API_TOKEN", "").strip()
    if url:
        return HttpShop(url, token)
    if token:
        raise ValueError("SHOP_API_TOKEN is set but SHOP_API_URL is not; set both or none")
    default = Path(environ.get("DESKHAND_VAR") or "var") / FILE_NAME
    return SqliteShop(Path(environ.get("DESKHAND_SHOP_DB") or default))


@functools.lru_cache(maxsize=1)
def shop() -> ShopBackend:
    """The one shop of this process."""
    return choose_shop(os.environ)


@functools.lru_cache(maxsize=1)
def guesses() -> Guesses:
    """The failed proofs of this process."""
    return Guesses()


async def ask_shop(question: Callable[[ShopBackend], T]) -> T:
    """Puts a question to the shop, for example `ask_shop(lambda s: s.order(proof))`.

    Raises what the protocol raises; ShopUnavailable also when the deadline passes, or when the
    settings are wrong (the message says which). A call that is too late goes on in its thread;
    that is harmless, because every call may be repeated.
    """
    try:
        backend = shop()
    except ValueError as error:
        raise ShopUnavailable(str(error)) from error
    try:
        return await asyncio.wait_for(asyncio.to_thread(question, backend), DEADLINE_SECONDS)
    except asyncio.TimeoutError:
        raise ShopUnavailable(f"no answer within {DEADLINE_SECONDS:g} s") from None
