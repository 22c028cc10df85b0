"""Mood and language: angry, annoyed, calm, and what only sounds like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.language import guess_language
from bot.nlu.mood import SIGNS, read_mood

ANGRY = """
THIS IS THE THIRD TIME I ASK!!! WHERE IS MY FUCKING PARCEL
you are useless, i want my money back now or I'll leave a bad review
this is absolutely ridiculous. I have been waiting three weeks and nobody answers my emails!!
I am furious about how I've been treated
what a joke of a company. never ordering from you again
Fuck you
I've had enough. Either you sort this out today or I'll post it all over social media
I must say I am extremely disappointed. This is the fourth time I write and nobody has replied.
thanks for nothing. worst service ever
I'm sick and tired of your excuses
Unacceptable. I want my money back immediately
this bot is so stupid omg i already told you my order number
With all due respect, your service is a disgrace and I shall never shop here again.
""".strip().splitlines()

ANNOYED = """
still waiting for my parcel, it's a bit annoying
this is quite frustrating, the link doesn't work
I'm a bit disappointed with the jacket
seriously? again?
are you kidding me
""".strip().splitlines()

CALM = """
where is my order
my jacket arrived damaged, i want to return it
i want to cancel my order
there is a problem with my payment
my parcel is missing
WHERE IS MY ORDER
hi!!! do you have this in XL??
i love this jacket, damn good quality lol
no hurry, just wondering
I'm mad about hiking
do you sell rubbish bags
can i exchange it for a second time
i ordered three times the same jacket by mistake
HELLO I AM VERY HAPPY WITH MY TENT!!!
my dog destroyed my boots haha
I'm not angry, just want to know
its crap weather here so i need a rain jacket
waiting for your reply
""".strip().splitlines()


@pytest.mark.parametrize("text", ANGRY)
def test_strong_anger_is_heard(text: str) -> None:
    assert read_mood(text).frustration >= 0.75


@pytest.mark.parametrize("text", ANNOYED)
def test_annoyance_is_heard_and_is_not_anger(text: str) -> None:
    assert 0.4 <= read_mood(text).frustration < 0.75


@pytest.mark.parametrize("text", CALM)
def test_calm_questions_are_calm_whatever_the_words(text: str) -> None:
    assert read_mood(text).frustration < 0.4


def test_sentiment_is_how_positive_the_words_are() -> None:
    assert read_mood("I love it, thank you!").sentiment > 0.5
    assert read_mood("terrible, awful, broken").sentiment < -0.5
    assert read_mood("").sentiment == 0.0


def test_the_signs_say_what_was_heard() -> None:
    assert set(read_mood("FOR THE THIRD TIME!!! where is my fucking parcel").signs) >= {
        "profanity",
        "said before",
        "repeated marks",
    }


def test_typographic_quotes_change_nothing() -> None:
    assert read_mood("I’ve had enough").frustration == read_mood("I've had enough").frustration


@given(st.text(max_size=300))
def test_scores_stay_within_their_ranges(text: str) -> None:
    mood = read_mood(text)
    assert -1 <= mood.sentiment <= 1
    assert 0 <= mood.frustration <= 1
    assert 0 <= mood.frustration <= 1


@pytest.mark.parametrize("unit", ["so ", "you ", "still ", "never order ", "!", "A", "fuu"])
def test_a_huge_text_is_read_in_no_time(unit: str) -> None:
    read_mood(unit * 20_000)


def test_every_sign_has_a_weight_that_is_a_share() -> None:
    assert all(0 < sign.weight < 1 for sign in SIGNS)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my parcel", "en"),
        ("waar blijft mijn bestelling", "nl"),
        ("ik wil een medewerker spreken", "nl"),
        ("wo ist mein Paket?", "de"),
        ("hvor er pakken min", "no"),
        ("où est ma commande", "fr"),
        ("dónde está mi pedido", "es"),
        ("dov'è il mio pacco", "it"),
        ("где мой заказ", "ru"),
        ("注文はどこですか", "und"),
        ("M", "en"),
        ("NL-10482", "en"),
        ("Oslo", "en"),
        ("", "en"),
        ("👍", "en"),
        ("do you ship to Den Haag", "en"),
    ],
)
def test_the_language_is_guessed_and_english_in_doubt(text: str, language: str) -> None:
    assert guess_language(text) == language
