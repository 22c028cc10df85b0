"""Slack's ways with text: how what an agent typed there reads elsewhere, and how others' words are
shown there without being interpreted.

Pure. Belongs here: single texts and pieces of text. What a message consists of is in
`bot.desks.slack_blocks`.

Customers' words are never given to Slack as mrkdwn: they stand in `rich_text` elements, which show
them letter by letter, so that no `<!channel>` rings anybody, no address becomes a link under
another name, and no asterisk makes them bold. Where Slack takes only mrkdwn (the short text of a
notification), they are escaped and Slack is told not to parse them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any, Final

Json = dict[str, Any]

#: Longest text of one element or text object, in characters.
TEXT_AT_MOST: Final = 3_000

_MARKUP: Final = re.compile(r"<([^<>]*)>")
_EMOJI: Final = re.compile(r":([a-z0-9_+-]+):(?::skin-tone-[2-6]:)?")
#: Slack's names for the emoji that people use in support; a name that is not here stays as it is.
_NAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "+1": "👍",
        "-1": "👎",
        "blush": "😊",
        "clap": "👏",
        "confused": "😕",
        "cry": "😢",
        "disappointed": "😞",
        "eyes": "👀",
        "grin": "😁",
        "grinning": "😀",
        "hand": "✋",
        "heart": "❤️",
        "heavy_check_mark": "✔️",
        "hourglass_flowing_sand": "⏳",
        "hugging_face": "🤗",
        "joy": "😂",
        "laughing": "😆",
        "muscle": "💪",
        "ok_hand": "👌",
        "package": "📦",
        "point_right": "👉",
        "pray": "🙏",
        "raised_hands": "🙌",
        "relaxed": "☺️",
        "rocket": "🚀",
        "simple_smile": "🙂",
        "slightly_frowning_face": "🙁",
        "slightly_smiling_face": "🙂",
        "smile": "😄",
        "smiley": "😃",
        "sparkles": "✨",
        "star": "⭐",
        "sunny": "☀️",
        "sweat_smile": "😅",
        "tada": "🎉",
        "thinking_face": "🤔",
        "thumbsdown": "👎",
        "thumbsup": "👍",
        "truck": "🚚",
        "warning": "⚠️",
        "wave": "👋",
        "white_check_mark": "✅",
        "wink": "😉",
        "x": "❌",
    }
)


def escape(text: str) -> str:
    """The text as mrkdwn takes it literally, as far as Slack's three control characters go."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(text: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """What somebody typed in Slack, as it reads outside of it: links, mentions and emoji in words.

    Args:
        text: as events carry it: `&`, `<` and `>` escaped, links and mentions in `<>`.
        names: of members, by id.
    """
    text = _MARKUP.sub(lambda found: _written(found[1], names), text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return _EMOJI.sub(lambda found: _NAMED.get(found[1], found[0]), text)


def _written(inside: str, names: Mapping[str, str]) -> str:
    target, _, label = inside.partition("|")
    kind, rest = target[:1], target[1:]
    if kind == "@":
        return f"@{names.get(rest) or label or 'colleague'}"
    if kind == "#":
        return f"#{label or 'channel'}"
    if kind == "!":
        return label or f"@{rest.partition('^')[0]}"
    address = re.sub(r"^(mailto:|tel:)", "", target)
    if not label or label in address:
        return address
    return f"{label} ({address})"


def mentioned(text: str) -> set[str]:
    """Ids of the members that a message speaks of."""
    return set(re.findall(r"<@([UW][A-Z0-9]+)", text))


def clip(text: str, at_most: int) -> str:
    """The text, cut to `at_most` characters with a sign that it was."""
    return text if len(text) <= at_most else text[: at_most - 1].rstrip() + "…"


def one_line(text: str, at_most: int) -> str:
    return clip(" ".join(text.split()), at_most)


# -------------------------------------------------------------------------------- rich text


def literal(text: str, **style: bool) -> list[Json]:
    """Elements that show `text` letter by letter; none for no text. `style`: bold, italic, ..."""
    pieces = [text[at : at + TEXT_AT_MOST] for at in range(0, len(text), TEXT_AT_MOST)]
    look = {"style": style} if style else {}
    return [{"type": "text", "text": piece, **look} for piece in pieces]


def mention(user: str) -> Json:
    """Rings that member."""
    return {"type": "user", "user_id": user}


#: Rings everybody in the channel who is there.
HERE: Final[Json] = {"type": "broadcast", "range": "here"}


def paragraph(*parts: list[Json]) -> Json:
    """A section of rich text; sections stand below each other."""
    return {"type": "rich_text_section", "elements": [one for part in parts for one in part]}


def quote(text: str) -> Json:
    return {"type": "rich_text_quote", "elements": literal(text)}


def rich_text(*sections: Json) -> Json:
    """A block of `paragraph`s and `quote`s."""
    return {"type": "rich_text", "elements": list(sections)}


def plain_text(text: str, at_most: int = TEXT_AT_MOST) -> Json:
    """A text object for labels: nothing in it is interpreted, emoji by name neither."""
    return {"type": "plain_text", "text": clip(text, at_most), "emoji": False}


def mrkdwn(text: str) -> Json:
    """A text object of our own words; parts that are others' must have been `escape`d."""
    return {"type": "mrkdwn", "text": clip(text, TEXT_AT_MOST), "verbatim": True}


def date(ms: int, pattern: str = "{date_short_pretty} {time}") -> str:
    """A moment in mrkdwn, in the reader's own time zone. `{ago}` in the pattern keeps itself up to
    date."""
    fallback = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return f"<!date^{ms // 1000}^{pattern}|{fallback:%Y-%m-%d %H:%M} UTC>"
