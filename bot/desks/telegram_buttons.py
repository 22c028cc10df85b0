"""What a button of ours in Telegram means, in the 64 bytes that a button carries, and sealed.

Pure. A modified client can send any data for a message that has buttons, so what comes back is
believed only with our seal on it. The same sealed data stands in the link under the sign before
each of our posts (`Seal.mark`): it tells which entries a post shows when an agent replies to it, or
when a gateway that died before it could note the post's id comes back (`bot.desks.telegram`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import unquote

#: A button carries so many bytes, and a keyboard so many buttons.
DATA_AT_MOST: Final = 64
BUTTONS_AT_MOST: Final = 100

_SEAL_BYTES: Final = 6
_SEAL: Final = 8
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_BODY: Final = re.compile(r"([a-z]{2})([A-Za-z0-9_-]+):([0-9a-z]+):([A-Za-z0-9_-]*)")
_MARK: Final = re.compile(r"https://t\.me/\S*\?deskhand=(\S+)")


class Verb(str, Enum):
    """What pressing means; the values are short because room is."""

    CLAIM = "cl"
    TAKE_OVER = "to"
    REOPEN = "ro"
    RETURN = "rt"
    MENU = "mn"  #: show the choices of `arg`, a `Menu`; without one, the card's own buttons
    CLOSE = "cs"  #: as `arg`, an outcome
    SNOOZE = "sn"  #: until `arg`, one of `orders.SNOOZES`
    TO_SKILL = "ts"  #: `arg`: abbreviated name of a skill
    TO_AGENT = "ta"  #: `arg`: abbreviated login
    CANNED = "ca"  #: show the canned reply `arg` (abbreviated) before it is sent
    SEND_CANNED = "sc"
    LABEL = "lb"  #: message `of` should have been answered as `arg` (abbreviated)
    NEW_INTENT = "ni"  #: ask for the name of a new intent for message `of`
    TRANSCRIPT = "tr"
    SEND_DRAFT = "sd"  #: `of`: seq of the draft
    EDIT_DRAFT = "ed"
    DROP_DRAFT = "dd"
    SEND_HELD = "sh"  #: `of`: seq of the held reply
    DROP_HELD = "dh"
    CHANGE = "ch"  #: `of`: seq of the agent's message
    RETRACT = "re"
    EDIT_CANNED = "ec"
    SHOWN = "pt"  #: no button: a post that shows entry `of`, its part `arg`


class Menu(str, Enum):
    """Which choices a keyboard offers."""

    CARD = ""
    CLOSE = "close"
    SNOOZE = "snooze"
    TRANSFER = "transfer"
    CANNED = "canned"
    LABEL = "label"


class Forged(ValueError):
    """Data without our seal: an old button, or not ours."""


@dataclass(frozen=True, slots=True)
class Press:
    """What a button stands for: `of` is the seq that it speaks of, 0 for none."""

    verb: Verb
    conversation: str
    of: int = 0
    arg: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    press: Press


Keyboard = tuple[tuple[Button, ...], ...]


def abbreviated(name: str) -> str:
    """Eight letters for a name of any length. Who reads it compares with those of all names."""
    digest = hashlib.blake2s(name.encode(), digest_size=5).digest()
    return base64.b32encode(digest).decode().lower()


class Seal:
    """Makes and reads a button's data. All gateways have the same `key`."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def data(self, press: Press) -> str:
        """Raises ValueError when it does not fit: the names in it are longer than we make them."""
        body = f"{press.verb.value}{press.conversation}:{_short(press.of)}:{press.arg}"
        data = self._sealed(body) + body
        if len(data.encode()) > DATA_AT_MOST or not _BODY.fullmatch(body):
            raise ValueError(f"no button can carry {body!r}")
        return data

    def read(self, data: str) -> Press:
        """Raises: Forged."""
        seal, body = data[:_SEAL], data[_SEAL:]
        found = _BODY.fullmatch(body)
        if not found or not hmac.compare_digest(seal.encode(), self._sealed(body).encode()):
            raise Forged("This button is not one of ours, or from another time.")
        verb, conversation, of, arg = found.groups()
        if verb not in {one.value for one in Verb}:
            raise Forged("This button is from another version.")
        return Press(Verb(verb), conversation, int(of, 36), arg)

    def mark(self, press: Press, place: str) -> str:
        """The address under a post's first sign. Who follows it gets to `place`, a path on t.me."""
        return f"https://t.me/{place}?deskhand={self.data(press)}"

    def read_mark(self, url: str) -> Press | None:
        """What a mark says; None for any other address, and for a forged one."""
        found = _MARK.fullmatch(url)
        if not found:
            return None
        try:
            return self.read(unquote(found[1]))
        except Forged:
            return None

    def _sealed(self, body: str) -> str:
        digest = hmac.new(self._key, body.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_SEAL_BYTES]).decode()


def _short(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
        if not number:
            return digits
