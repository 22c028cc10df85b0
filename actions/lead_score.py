"""How promising a business enquiry is: simple rules, from 0 to 100.

Here belongs the table of rules and nothing else: no slots, no shop, no words to customers. Owners
change the numbers; every rule explains itself in the lead's summary.

    pieces or people    1-4: 0   5-19: 10   20-49: 25   50-99: 35   100 and more: 45
    comes again         "every year", "regularly", "framework", ...               15
    our work on it      logo, embroidery, print, ...                              10
    a date              "by May", "before the season", "urgent", ...              10
    business e-mail     an address that is not at a free mail provider            15
    a phone number                                                                 5

    60 and more is hot, 30 and more is warm, below is cool.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Lead", "Score", "pieces", "score"]

HOT, WARM = 60, 30

SIZE_POINTS = ((100, 45), (50, 35), (20, 25), (5, 10))

NEED_POINTS: tuple[tuple[str, int, re.Pattern[str]], ...] = (
    (
        "comes again",
        15,
        re.compile(
            r"\b(every (year|season|month|spring|autumn)|yearly|annual\w*|monthly|regular\w*|"
            r"recurring|ongoing|framework|contract|long[- ]term|resell\w*|wholesale)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "with our work on it",
        10,
        re.compile(
            r"\b(logos?|embroider\w*|print\w*|brand\w*|custom\w*|personali[sz]\w*)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "has a date",
        10,
        re.compile(
            r"\b(urgent\w*|asap|deadline|next (week|month)|(by|before|until|in|end of) (the )?"
            r"(season|summer|autumn|winter|spring|christmas|easter|event|january|february|march|"
            r"april|may|june|july|august|september|october|november|december))\b",
            re.IGNORECASE,
        ),
    ),
)

FREE_MAIL = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "hotmail.com",
        "outlook.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "proton.me",
        "online.no",
        "telenet.be",
        "ziggo.nl",
        "hotmail.nl",
    }
)

WORD_NUMBERS = {"dozen": 12, "fifty": 50, "hundred": 100, "thousand": 1000}


@dataclass(frozen=True)
class Lead:
    """A business enquiry as the customer worded it. `contact` is an e-mail or a phone number."""

    company: str
    need: str
    size: str
    contact: str

    def __post_init__(self) -> None:
        for name in ("company", "need", "size", "contact"):
            if not getattr(self, name).strip():
                raise ValueError(f"a lead needs its {name}")


@dataclass(frozen=True)
class Score:
    """Points from 0 to 100, the rules that gave them, and the grade: hot, warm or cool."""

    points: int
    because: tuple[str, ...]

    @property
    def grade(self) -> str:
        """hot, warm or cool."""
        return "hot" if self.points >= HOT else "warm" if self.points >= WARM else "cool"

    def __str__(self) -> str:
        return f"{self.grade} lead, {self.points} of 100" + (
            f" ({', '.join(self.because)})" if self.because else ""
        )


def pieces(size: str) -> int | None:
    """How many, read from an answer such as "about 60"; None when it holds no number.

    Of a range ("20 to 100") the lower end counts, of several numbers the biggest, and "under 20"
    is 19.
    """
    text = re.sub(r"(?<=\d)[.,](?=\d{3}\b)", "", size.lower())
    under = re.search(r"\b(?:under|below|less than|fewer than)\s+(\d+)", text)
    if under:
        return max(int(under[1]) - 1, 0)
    text = re.sub(r"(\d+)\s*(?:-|–|to|and|or)\s*\d+", r"\1", text)
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    numbers += [count for word, count in WORD_NUMBERS.items() if re.search(rf"\b{word}", text)]
    return max(numbers, default=None)


def score(lead: Lead) -> Score:
    """Adds up the rules of the table in this module's first paragraph."""
    points, because = 0, []
    count = pieces(lead.size) or 0
    for least, value in SIZE_POINTS:
        if count >= least:
            points += value
            because.append(f"{count} pieces or people")
            break
    for words, value, pattern in NEED_POINTS:
        if pattern.search(lead.need):
            points += value
            because.append(words)
    if "@" in lead.contact:
        if lead.contact.rsplit("@", 1)[1].lower() not in FREE_MAIL:
            points += 15
            because.append("business e-mail")
    else:
        points += 5
        because.append("phone number")
    return Score(min(points, 100), tuple(because))
