"""Do two messages of a customer say the same, in these or in other words?

Here belong the comparison of letters, of numbers, of words that carry the matter, and of
fingerprints (`bot.nlu.cues`). How often something may be said is decided in `bot.triage`. Pure.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from typing import Final

from bot.human_requests import normalise

REMEMBERED_CHARACTERS = 200
"""A remembered text is cut here; repetition shows in the first words already."""

SAME_TEXT = 0.87
"""Similarity of letters (0 to 1) from which two messages count as the same one said again."""

SHORT = 4
"""A text of fewer characters says nothing that could be said again."""

COMPARED = 256
"""So many of the latest comparisons of two texts are remembered: triage asks for each several
times, and a replay once for every policy."""

SHARED_MATTER = 0.1
"""By so much less alike in meaning need two messages be that share a word of their matter. On the
tuning conversations, pairs with such a word and a likeness from 0.5 on were four times as often
repetitions as new questions; without one, likeness alone tells them apart from 0.6 on."""

STEM = 5
"""Letters by which words are compared: "deliver", "delivery", "delivered"."""


def says_the_same(text: str, mark: str, other: str, other_mark: str, from_likeness: float) -> bool:
    """Whether two remembered texts, with their fingerprints, say the same.

    `from_likeness`: from which cosine of their embeddings on two messages mean the same.
    """
    if _same_words(text, other):
        return True
    if _other_numbers(text, other):
        return False
    asked = from_likeness - (SHARED_MATTER if matter(text) & matter(other) else 0.0)
    return likeness(mark, other_mark) >= asked


def remembered(text: str) -> str:
    """A message as it is kept for comparison."""
    return normalise(text)[:REMEMBERED_CHARACTERS]


def likeness(one: str, other: str) -> float:
    """The cosine of the embeddings behind two fingerprints, to within 0.1; 0 if one is missing.

    The share of bits that differ is the angle between the embeddings over pi (Charikar 2002).
    """
    if not one or len(one) != len(other):
        return 0.0
    differing = (int(one, 16) ^ int(other, 16)).bit_count()
    return math.cos(math.pi * differing / (4 * len(one)))


@functools.lru_cache(maxsize=COMPARED)
def matter(text: str) -> frozenset[str]:
    """The stems of the words of a text that are about something: no pronouns, no courtesies, no
    words of asking."""
    words = re.findall(r"[^\W\d_']{3,}", text.casefold())
    return frozenset(word[:STEM] for word in words if word not in _EMPTY)


@functools.lru_cache(maxsize=COMPARED)
def _same_words(a: str, b: str) -> bool:
    if a == b:
        return True
    if 2 * min(len(a), len(b)) < SAME_TEXT * (len(a) + len(b)) or _numbers(a) != _numbers(b):
        return False
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return matcher.quick_ratio() >= SAME_TEXT and matcher.ratio() >= SAME_TEXT


@functools.lru_cache(maxsize=COMPARED)
def _other_numbers(a: str, b: str) -> bool:
    """Different numbers are different questions, however alike the words are; a number that is left
    out, or put to one that stays, makes no other."""
    one, other = set(_numbers(a)), set(_numbers(b))
    return bool(one and other) and not one & other


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


_WORDS: Final = """
    the and but for you your yours our ours his her its their them they this that these those
    there here what which who whom whose when where why how not yes okay please pls plz thanks
    thank hello hey hallo just really very too also only still now again about any some all more
    most much many one two get got gets getting going went gone want wants wanted need needs
    like know think said say says tell told mean means meant was were are been being can could
    cant cannot will would wont shall should may might must have has had having does did done
    dont doesnt didnt isnt wasnt arent into from with without than then out over under off down
    onto upon well let lets see look make made take takes give gives put come comes way thing
    things something anything nothing everything long ask asked asking question answer help
    helps sorry maybe good great nice sure right wrong time times today tomorrow yesterday day
    days week weeks first last next other another same every ever never always because while
    until before after since even already yet soon back
"""
_EMPTY: Final = frozenset(_WORDS.split())
"""Words that two messages may share without being about the same."""
