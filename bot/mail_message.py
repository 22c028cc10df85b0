"""The e-mail that brings an agent's answers to a customer who has left: its words and headers.

Pure: conversation and log in, message out. Sending it is `bot.mail`'s. The message is the same
whenever it is made (but for its link), so a repeated one is known by its Message-ID: conversation
and last answer. What people wrote is text: in the HTML part everything is escaped, and nothing is
fetched from anywhere.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from zoneinfo import ZoneInfo

from bot.errors import DeskhandError
from bot.events import AgentEdited, AgentRetracted, AgentSpoke, Entry

#: Longest address, of RFC 5321's path.
ADDRESS_AT_MOST = 254


class BadAddress(DeskhandError):
    code = "bad_address"


@dataclass(frozen=True, slots=True)
class Said:
    """One answer as it stands now. `files`: their names."""

    name: str
    at: int
    text: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """`name` and `address` of the From header; the address's domain also ends the Message-IDs."""

    name: str
    address: Address

    @staticmethod
    def parse(text: str) -> Sender:
        """From "Nordlys <help@nordlys.example>", or the address alone.

        Raises ValueError: no address."""
        name, address = parseaddr(text)
        try:
            clean = clean_address(address)
        except BadAddress as why:
            raise ValueError(f"is no e-mail address ({why.message})") from None
        return Sender(name, Address(display_name=name, addr_spec=clean))


def clean_address(text: str) -> str:
    """An address as it is stored and mailed to: its domain in ASCII.

    Raises: BadAddress."""
    text = text.strip()
    local, at, domain = text.rpartition("@")
    try:
        plain_local = local.isascii() and local.isprintable() and not set(local) & set(' "')
        if not at or not plain_local or len(text) > ADDRESS_AT_MOST:
            raise ValueError
        labels = domain.encode("idna").decode("ascii").lower().split(".")
        plain = all(label.replace("-", "").isalnum() for label in labels)
        wanted = f"{local}@{'.'.join(labels)}"
        address = Address(addr_spec=wanted).addr_spec
        if len(labels) < 2 or labels[-1].isdigit() or not plain or address != wanted:
            raise ValueError
    except (ValueError, IndexError, HeaderParseError):
        raise BadAddress(
            f"“{text[:80]}” is no e-mail address that we can write to.",
            hint="It looks like name@example.com.",
        ) from None
    return address


def answers(entries: Sequence[Entry], after: int, up_to: int) -> list[Said]:
    """What agents said after seq `after` up to seq `up_to`, as it stands in `entries`: changed
    texts in their latest form, without what was taken back."""
    said: dict[int, Said] = {}
    for entry in entries:
        match entry.event:
            case AgentSpoke(agent=agent, text=text, files=files) if after < entry.seq <= up_to:
                names = tuple(file.name for file in files)
                said[entry.seq] = Said(agent.name, entry.at, text, names)
            case AgentEdited(of=of, text=text) if of in said:
                was = said[of]
                said[of] = Said(was.name, was.at, text, was.files)
            case AgentRetracted(of=of):
                said.pop(of, None)
            case _:
                pass
    return list(said.values())


def compose(
    conversation: str,
    said: Sequence[Said],
    *,
    up_to: int,
    before: int,
    to: str,
    sender: Sender,
    link: str,
    expires: int,
    zone: ZoneInfo,
) -> EmailMessage:
    """The message with the answers `said`, the last of which is seq `up_to`.

    Args:
        before: up to which seq an earlier message went; 0 for none. It is what this one answers.
        link: opens the conversation until `expires` (ms).
        zone: of the times in it.

    Raises: BadAddress, if `to` is none."""
    message = EmailMessage(policy=SMTP)
    names = " and ".join(dict.fromkeys(_line(one.name) for one in said))
    message["Subject"] = f"{names} answered your question"
    message["From"] = sender.address
    message["To"] = Address(addr_spec=clean_address(to))
    message["Date"] = format_datetime(_local(said[-1].at, zone))
    message["Message-ID"] = message_id(conversation, up_to, sender)
    root = message_id(conversation, 0, sender)
    earlier = [root, *([message_id(conversation, before, sender)] if before else [])]
    message["In-Reply-To"] = earlier[-1]
    message["References"] = " ".join(earlier)
    message["Auto-Submitted"] = "auto-generated"  # no holiday notes in return, please
    until = _local(expires, zone)
    last_day = f"{until.day} {until:%B}"
    message.set_content(_plain(said, link, last_day, zone))
    message.add_alternative(_html(said, link, last_day, zone), subtype="html")
    return message


def message_id(conversation: str, seq: int, sender: Sender) -> str:
    """The same for the same conversation and answer; tells nobody the conversation's id. Seq 0 is
    the thread itself, a message that never was."""
    digest = hashlib.sha256(f"deskhand:{conversation}".encode()).hexdigest()[:32]
    return f"<{digest}.{seq}@{sender.address.domain}>"


_LEAD = "You asked us something in the chat and left before the answer came. Here it is."
_BACK = "To read everything or to write back, open the conversation:"
_CARE = (
    "The link works until {day} and opens this conversation for everybody who has it, so keep it "
    "to yourself. Please write back there: this e-mail was sent by a machine. You get it because "
    "this address was left in the chat."
)


def _plain(said: Sequence[Said], link: str, last_day: str, zone: ZoneInfo) -> str:
    parts = [_LEAD, ""]
    for one in said:
        parts += [f"{_line(one.name)}, {_when(one, zone)}:", ""]
        parts += [f"  {line}".rstrip() for line in _text(one).splitlines()]
        parts.append("")
    return "\n".join([*parts, _BACK, "", link, "", _CARE.format(day=last_day), ""])


def _html(said: Sequence[Said], link: str, last_day: str, zone: ZoneInfo) -> str:
    blocks = []
    for one in said:
        head = html.escape(f"{_line(one.name)}, {_when(one, zone)}:")
        text = html.escape(_text(one)).replace("\n", "<br>\n")
        blocks.append(
            f'<p style="margin:16px 0 4px"><b>{head}</b></p>\n'
            f'<p style="margin:0;padding:8px 12px;border-left:3px solid #1f5f4f">{text}</p>\n'
        )
    address = html.escape(link, quote=True)
    return (
        '<!doctype html>\n<html lang="en"><body style="font:15px/1.5 sans-serif;color:#1a2025">\n'
        f"<p>{_LEAD}</p>\n{''.join(blocks)}"
        f'<p style="margin:20px 0 4px">{_BACK}</p>\n<p><a href="{address}">{address}</a></p>\n'
        f'<p style="font-size:13px;color:#56626b">{_CARE.format(day=last_day)}</p>\n'
        "</body></html>\n"
    )


def _text(one: Said) -> str:
    files = [f"[file in the conversation: {_line(name)}]" for name in one.files]
    return "\n".join([*([one.text] if one.text else []), *files])


def _when(one: Said, zone: ZoneInfo) -> str:
    at = _local(one.at, zone)
    return f"{at.day} {at:%B} at {at:%H:%M}"


def _local(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at // 1000, zone)


def _line(text: str) -> str:
    """On one line, whatever it is: nothing in it can begin another header."""
    return " ".join(text.split())
