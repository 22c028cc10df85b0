"""Reading one customer message against the question that a form asked.

Here belong pure functions over one parsed message: which details it holds, whether it says yes or
no, whether it leaves the question for another subject. No tracker, no shop, no words to customers.

A form asks "what is your order number?" and the customer may answer it, chat ("are you a bot?"),
stop, or ask something else altogether. The classifier alone cannot tell: "NL-10482" looks like many
intents and "Acme GmbH" like none. So details decide first, and the intent only about the rest.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Heard", "Turn", "matching_items", "yes_or_no"]

CHAT = frozenset({"greet", "thank", "small_talk", "bot_challenge"})
"""Answered in passing; the form's question stays open."""
LEAVING = frozenset({"stop", "goodbye"})
"""The customer gives the form up."""
DETAILS = frozenset({"inform", "affirm", "deny", "nlu_fallback"})
"""Never a subject of their own."""

SWITCH = 0.5
"""Confidence from which another intent is a new subject, when nothing in the message answers."""
LEAVE = 0.6
"""Confidence from which "stop" and "goodbye" close the form."""
SWITCH_DESPITE_DETAIL = 0.7
"""The same when the message holds a detail that the form wanted ("cancel NL-10482 instead")."""
SWITCH_FROM_FREE_TEXT = 0.7
"""The same while the form waits for any text; the message must look like a question too."""

FILLER = frozenset(
    re.split(
        r"\s+",
        "a again an and address at be but by e email e-mail from got here hi hello i i'm in is it "
        "it's its just mail mine my nl no nr num number oh ok okay one order ordernumber please "
        "sorry so sure thanks that that's the then there think this to used was well with yes you",
    )
)
"""Words that surround a detail without asking anything: "sorry, my order number is ..."."""

QUESTION = re.compile(
    r"\?\s*$|^(what|where|when|who|why|which|how|do|does|did|can|could|is|are|will|would|may)\b",
    re.IGNORECASE,
)
CANNOT = re.compile(
    r"\b(don'?t|do not|didn'?t|can'?t|cannot|no|lost|deleted|forgot)\b.*"
    r"\b(have|know|find|remember|number|e-?mail|mail|it)\b",
    re.IGNORECASE,
)
"""Somebody who cannot answer ("I don't have the number") wants help, not to stop."""
YES = re.compile(
    r"^\W*(y|ye|yes|yep|yup|yeah|yea|sure|ok|okay|correct|exactly|right|confirm|do it|go ahead|"
    r"please do|of course|absolutely|ja|oui|jep)\b",
    re.IGNORECASE,
)
NO = re.compile(
    r"^\W*(n|no|nope|nah|don'?t|do not|not|wait|nee|nei|nein|non|leave it|keep it|rather not)\b",
    re.IGNORECASE,
)
HESITATION = re.compile(r"\W*(?:(?:h+m+|u+[hm]+|e+[hr]+m*|well|dunno)\W*)+", re.IGNORECASE)
"""Neither yes nor no, whatever the classifier makes of it: something is about to be cancelled."""
BARE_NUMBER = re.compile(r"(?<![\w.@-])(?:nl[\s-]?|#)?(\d{5})(?![\w@-])", re.IGNORECASE)
SPELT_EMAILS = (
    re.compile(
        r"([\w.+-]{1,64})\s?(?:@|\(at\)|\[at\])\s?"
        r"([\w-]{1,63}(?:(?:\.|\s\.\s|\sdot\s)[\w-]{1,63}){1,4})",
        re.IGNORECASE,
    ),
    # With "at" as a word, "dot" must be one too: "look at nordlys.example" is no address.
    re.compile(r"([\w.+-]{1,64})\sat\s([\w-]{1,63}(?:\sdot\s[\w-]{1,63}){1,4})", re.IGNORECASE),
)
WORD = re.compile(r"[\w'-]+")
ALL = re.compile(r"\b(all|both|everything|every item|(whole|entire) order)\b", re.IGNORECASE)
PLACES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bfirst\b|\b1st\b|^\W*1\W*$",
        r"\bsecond\b|\b2nd\b|^\W*2\W*$",
        r"\bthird\b|\b3rd\b|^\W*3\W*$",
    )
)


class Turn(enum.Enum):
    """What a message does to the open question when it does not answer it."""

    UNCLEAR = "unclear"
    """Nothing that we can place: ask again."""
    CHAT = "chat"
    """Small talk: answer it, then ask again."""
    LEAVE = "leave"
    """Stop: drop the form."""
    NEW_SUBJECT = "new_subject"
    """Another question: drop the form and answer that."""


@dataclass(frozen=True)
class Heard:
    """One parsed customer message. `entities` maps each kind to its values in order."""

    text: str
    intent: str | None
    confidence: float
    entities: Mapping[str, tuple[str, ...]]
    rest: str
    """The text without the parts that are entities."""

    @classmethod
    def from_parse(cls, parse: Mapping[str, Any]) -> Heard:
        """The message in a Rasa parse (`tracker.latest_message`)."""
        text = str(parse.get("text") or "")
        intent = parse.get("intent") or {}
        found: dict[str, tuple[str, ...]] = {}
        rest = list(text)
        for entity in parse.get("entities") or ():
            kind = str(entity.get("entity"))
            found[kind] = (*found.get(kind, ()), str(entity.get("value")))
            start, end = entity.get("start"), entity.get("end")
            if isinstance(start, int) and isinstance(end, int):
                rest[start:end] = " " * len(rest[start:end])
        return cls(
            text=text,
            intent=intent.get("name"),
            confidence=float(intent.get("confidence") or 0.0),
            entities=found,
            rest="".join(rest),
        )

    @property
    def is_button(self) -> bool:
        """A button was pressed; the text is its payload."""
        return self.text.startswith("/")

    @property
    def plain(self) -> str:
        """The text in one line, at most 500 characters, fit to be repeated in a response."""
        # Braces would be taken for placeholders there.
        return " ".join(self.text.split()).translate(str.maketrans("{}[]", "()()"))[:500]

    def last(self, kind: str) -> str | None:
        """The last entity of this kind, because people correct themselves ("no, 10483")."""
        values = self.entities.get(kind)
        return values[-1] if values else None

    def order_number(self) -> str | None:
        """The order number in the message, as "NL-10482"; also five digits on their own."""
        value = self.last("order_number")
        if value:
            return value
        bare = [] if self.is_button else BARE_NUMBER.findall(self.rest)
        return f"NL-{bare[-1]}" if bare else None

    def email(self) -> str | None:
        """The e-mail address in the message, lower case; also spelt ("anna at mail dot com")."""
        value = self.last("email")
        if value:
            return value.strip().lower()
        for pattern in () if self.is_button else SPELT_EMAILS:
            spelt = pattern.search(self.text)
            if spelt:
                host = re.sub(r"\s?(?:\.|\bdot\b)\s?", ".", spelt[2], flags=re.IGNORECASE)
                return f"{spelt[1]}@{host}".lower()
        return None

    def says_more_than(self, *kinds: str) -> bool:
        """Besides entities of these kinds and filler, the message has words of its own."""
        if self.is_button:
            return False
        words = [word.lower().strip("'-") for word in WORD.findall(self.rest)]
        return bool(set(self.entities) - set(kinds)) or any(
            word and word not in FILLER and not word.isdigit() for word in words
        )

    def turn(self, own_intents: Sequence[str] | frozenset[str]) -> Turn:
        """What the message does to a question that it does not answer.

        `own_intents` start the very form that is open: they repeat it, they do not leave it.
        """
        if self.intent is None or self.intent in DETAILS or self.intent in own_intents:
            return Turn.UNCLEAR
        if self.confidence < SWITCH:
            return Turn.UNCLEAR
        if self.intent in CHAT:
            return Turn.CHAT
        if self.intent in LEAVING:
            unable = CANNOT.search(self.text) is not None
            return Turn.UNCLEAR if unable or self.confidence < LEAVE else Turn.LEAVE
        return Turn.NEW_SUBJECT

    def turns_despite_detail(self, own_intents: frozenset[str], *kinds: str) -> bool:
        """The message holds a wanted detail of these kinds, yet is about something else."""
        if not (set(kinds) & set(self.entities)):
            return False
        subject = self.turn(own_intents) in (Turn.NEW_SUBJECT, Turn.LEAVE)
        sure = self.confidence >= SWITCH_DESPITE_DETAIL
        return subject and sure and (self.is_button or self.says_more_than(*kinds))

    def free_text(self, own_intents: frozenset[str], *, digits: bool = False) -> str | None:
        """The message as an answer to "in your own words"; None when it is something else.

        With `digits` the answer must hold a digit and two words, as a postal address does.
        """
        if self.is_button:
            return None
        turn = self.turn(own_intents)
        words = WORD.findall(self.text)
        asks = QUESTION.search(self.text) is not None
        if turn is Turn.LEAVE and len(words) <= 8:
            return None
        if turn is not Turn.UNCLEAR and asks and self.confidence >= SWITCH_FROM_FREE_TEXT:
            return None
        if turn is Turn.CHAT and len(words) <= 3:
            return None
        if digits and not (len(words) > 1 and any(c.isdigit() for c in self.text)):
            return None
        return self.plain or None


def yes_or_no(heard: Heard) -> bool | None:
    """True for yes, False for no, None when the message is neither."""
    if HESITATION.fullmatch(heard.text):
        return None
    if heard.intent in ("affirm", "deny") and (heard.is_button or heard.confidence >= SWITCH):
        return heard.intent == "affirm"
    if heard.is_button or QUESTION.search(heard.text):
        return None
    if NO.search(heard.text):
        return False
    return True if YES.search(heard.text) else None


def matching_items(text: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The SKUs that a text means, among `names` (SKU to product name, in the order offered).

    Understood are "all", a place ("the first one") and words of the name. Empty when the text
    means none of them, or fits several equally well.
    """
    if ALL.search(text):
        return tuple(names)
    for place, sku in zip(PLACES, names, strict=False):
        if place.search(text):
            return (sku,)
    said = {_stem(word) for word in WORD.findall(text)} - {""}
    scores = {
        sku: len(said & {_stem(word) for word in WORD.findall(name)}) for sku, name in names.items()
    }
    best = max(scores.values(), default=0)
    winners = [sku for sku, score in scores.items() if score == best]
    return tuple(winners) if best and len(winners) == 1 else ()


def _stem(word: str) -> str:
    word = word.lower()
    if word in FILLER or len(word) < 3:
        return ""
    return word.removesuffix("s")
