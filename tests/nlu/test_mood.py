"""Mood and language: angry, annoyed, calm, and what only sounds like it.

None of these sentences is in the training data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.language import guess_language
from bot.nlu.cues import read_without
from bot.nlu.encoder import Encoder, shared_encoder
from bot.nlu.evenness import even_out, read_shells
from bot.nlu.judgement import Judge
from bot.nlu.mood import CLASSES, Mood, MoodModel, read_examples, read_voices
from bot.nlu.mood_signs import SIGN_COUNT, SIGNS, read_signs

FOLDER = Path("data/frustration")
VOICES = Path(__file__).with_name("voices.yml")

Read = Callable[[str], Mood]


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return shared_encoder()


@pytest.fixture(scope="session")
def model(encoder: Encoder) -> MoodModel:
    return MoodModel.train(FOLDER, read_without(Path("data/cues")), encoder)


@pytest.fixture(scope="session")
def read(model: MoodModel, encoder: Encoder) -> Read:
    def mood(text: str) -> Mood:
        return model.read(*model.matter(text, encoder.layers([text])[0], encoder), encoder)

    return mood


@pytest.fixture(scope="session")
def sentences() -> dict[str, list[str]]:
    return dict(read_examples(FOLDER))


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
""".strip().splitlines()

CALM = """
where is my order
my jacket arrived damaged, i want to return it
i'd like to cancel the order from yesterday
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
I'm not angry, I only want to know when it comes
its crap weather here so i need a rain jacket
waiting for your reply
""".strip().splitlines()


@pytest.mark.parametrize("text", ANGRY)
def test_strong_anger_is_heard(read: Read, text: str) -> None:
    assert read(text).frustration >= 0.7


@pytest.mark.parametrize("text", ANNOYED)
def test_annoyance_is_heard_and_is_not_anger(read: Read, text: str) -> None:
    assert 0.3 <= read(text).frustration < 0.75


@pytest.mark.parametrize("text", CALM)
def test_calm_questions_are_calm_whatever_the_words(read: Read, text: str) -> None:
    assert read(text).frustration < 0.3


def test_the_training_data_does_not_hold_the_sentences_of_these_tests(
    sentences: dict[str, list[str]],
) -> None:
    known = {text.casefold() for of_class in sentences.values() for text in of_class}
    assert not [text for text in ANGRY + ANNOYED + CALM if text.casefold() in known]


def test_each_class_has_enough_sentences_and_none_stands_twice(
    sentences: dict[str, list[str]],
) -> None:
    assert all(len(sentences[name]) >= 400 for name in CLASSES)
    everything = [text.casefold() for name in CLASSES for text in sentences[name]]
    assert len(everything) == len(set(everything))


def test_sentiment_is_how_positive_the_words_are() -> None:
    assert read_signs("I love it, thank you!").sentiment > 0.5
    assert read_signs("terrible, awful, broken").sentiment < -0.5
    assert read_signs("").sentiment == 0.0


def test_the_signs_say_what_was_heard(read: Read) -> None:
    assert set(read("FOR THE THIRD TIME!!! where is my fucking parcel").signs) >= {
        "profanity",
        "said before",
        "repeated marks",
    }


def test_typographic_quotes_change_nothing(read: Read) -> None:
    assert read("I’ve had enough of it").frustration == pytest.approx(
        read("I've had enough of it").frustration, abs=1e-3
    )


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_silence_is_calm(read: Read, text: str) -> None:
    mood = read(text)
    assert (mood.sentiment, mood.frustration, mood.signs) == (0.0, 0.0, ())


@given(text=st.text(max_size=300))
def test_scores_stay_within_their_ranges(read: Read, text: str) -> None:
    mood = read(text)
    assert -1 <= mood.sentiment <= 1
    assert 0 <= mood.frustration <= 1


@given(st.text(max_size=300))
def test_every_text_has_a_row_of_signs(text: str) -> None:
    signs = read_signs(text)
    assert len(signs.row) == SIGN_COUNT
    assert np.isfinite(signs.row).all()


@pytest.mark.parametrize("unit", ["so ", "you ", "still ", "never order ", "!", "A", "fuu", "hi, "])
def test_a_huge_text_is_read_in_no_time(read: Read, unit: str) -> None:
    began = time.process_time()
    read(unit * 20_000)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("unit", ["😡", "😀", "not 😀 ", "👍🏽"])
def test_emoji_without_end_keep_nobody_waiting(unit: str) -> None:
    """2,000 of them took the assistant's only processor for two seconds, and all others waited."""
    read_signs("warm")
    began = time.process_time()
    read_signs(unit * 2_000)
    assert time.process_time() - began < 0.5


def test_the_emoji_of_a_person_count_all() -> None:
    one, three = read_signs("my order 😢"), read_signs("my order 😢😢😢")
    assert three.sentiment < one.sentiment < 0


def test_every_sign_has_a_name_of_its_own() -> None:
    assert len({sign.name for sign in SIGNS}) == len(SIGNS)


def test_a_model_is_the_same_after_it_was_stored(
    model: MoodModel, encoder: Encoder, tmp_path: Path
) -> None:
    model.save(tmp_path)
    again = MoodModel.load(tmp_path)
    assert again.score(ANGRY + CALM, encoder) == pytest.approx(model.score(ANGRY + CALM, encoder))


def test_anger_beside_a_calm_question_is_anger(read: Read) -> None:
    assert read("Which size is this? You are a bunch of crooks!").frustration >= 0.75


# --- evenness -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "matter"),
    [
        ("Hello, I am Nadia Petrov. Where is my order?", "Where is my order?"),
        ("I'm a Buddhist. Where is my order?", "Where is my order?"),
        ("Where is my order? Kind regards, Sven", "Where is my order?"),
        ("Speaking as a beekeeper, where is my order?", "where is my order?"),
        ("Where is my order? I should add that I'm a juggler.", "Where is my order?"),
        ("I am a juggler and have a question: Where is my order?", "Where is my order?"),
        (
            "Speaking as a disgusted customer, where is my order?",
            "Speaking as a disgusted customer, where is my order?",
        ),
        ("As I am hard of hearing, can you mail me the invoice", "can you mail me the invoice"),
        ("Where is my order? You are liars.", "Where is my order? You are liars."),
        ("hello", "hello"),
        ("hi, thanks", "hi, thanks"),
    ],
)
def test_what_says_nothing_about_the_matter_is_set_aside(
    model: MoodModel, encoder: Encoder, text: str, matter: str
) -> None:
    assert model.matter(text, encoder.layers([text])[0], encoder)[0] == matter


@pytest.mark.parametrize(
    ("spelt", "standard"),
    [
        ("I'm waitin for ma parcel cos it's late", "I'm waiting for my parcel because it's late"),
        ("u r late", "you are late"),
        ("u r there mı", "you are there mı"),
        ("My name is Wanjiru Otieno.", "My name is Alex."),
        ("I'm Ifeoma. Where is it?", "I'm Alex. Where is it?"),
        ("Þórdís Jónsdóttir speaking. Where is it?", "Alex speaking. Where is it?"),
        ("Where is it? Yours, Burcu Öztürk", "Where is it? Yours, Alex"),
        ("Where is it?\n\nLucía de la Cruz", "Where is it?\n\nAlex"),
        ("My name is 王小明. Where is it?", "My name is Alex. Where is it?"),
        ("प्रिया शर्मा here: where is it", "Alex here: where is it"),
        ("Good day, I'm محمد علي. Where is it?", "Good day, I'm Alex. Where is it?"),
        ("I spoke to Oluwaseun about it", "I spoke to Alex about it"),
        ("Will it come on Friday?", "Will it come on Friday?"),
        ("I'm Furious. I Am Leaving.", "I'm Furious. I Am Leaving."),
        ("Where is it? Thanks, Idiots!", "Where is it? Thanks, Idiots!"),
        ("Dear Sirs, where is it?", "Dear Sirs, where is it?"),
        ("Everything here is broken", "Everything here is broken"),
        ("أين طلبي\nشكرا", "أين طلبي\nشكرا"),
        ("mi pedido no ha llegado todavía", "mi pedido no ha llegado todavía"),
        ("the cabin is in Berlin again", "the cabin is in Berlin again"),
        ("I need 2 tents", "I need 2 tents"),
        ("Where's me parcel? I'm waitin' on it, like.", "Where's my parcel? I'm waiting on it."),
        ("Ah want tae return ma boots", "I want to return my boots"),
        ("Ah, I see. Call me", "Ah, I see. Call me"),
        ("call me bout mi order", "call me about my order"),
        ("The tent too small lah.", "The tent is too small."),
    ],
)
def test_dialect_and_names_are_evened_out(spelt: str, standard: str) -> None:
    assert even_out(spelt) == standard


def test_a_file_of_shells_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shells.yml"
    path.write_text("yes: [a]\n")
    with pytest.raises(ValueError, match="`no` must be a list of texts"):
        read_shells(path)


def test_a_file_of_sentences_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "angry.yml").write_text("examples: 7\n")
    with pytest.raises(ValueError, match=r"angry\.yml: `examples` must be a list of sentences"):
        read_examples(tmp_path)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("matters: 7\n", "`matters` must be a list"),
        ("matters:\n  - {mood: cross, standard: hello}\n", "matter 1 must be texts, and one of"),
        ("matters:\n  - {mood: angry, standard: 7}\n", "matter 1 must be texts, and one of"),
    ],
)
def test_a_file_of_voices_that_is_wrong_is_named(
    tmp_path: Path, written: str, complaint: str
) -> None:
    (tmp_path / "voices.yml").write_text(written)
    with pytest.raises(ValueError, match=complaint):
        read_voices(tmp_path / "voices.yml")


def test_every_way_of_writing_has_every_mood(sentences: dict[str, list[str]]) -> None:
    rows = read_voices(FOLDER / "voices.yml")
    assert {row["mood"] for row in rows} == set(CLASSES)
    assert all(row.keys() == rows[0].keys() for row in rows)
    assert rows[0]["Caribbean"] in sentences[rows[0]["mood"]]


def test_no_way_of_writing_sounds_much_angrier_than_another(
    model: MoodModel, encoder: Encoder
) -> None:
    rows = YAML(typ="safe", pure=True).load(VOICES.read_text(encoding="utf-8"))
    ways = [way for way in rows[0] if way != "mood"]
    scores = model.score([row[way] for row in rows for way in ways], encoder)
    means = dict(zip(ways, 100 * scores.reshape(len(rows), -1).mean(axis=0), strict=True))
    middle = sum(means.values()) / len(means)
    far = {way: round(mean - middle, 1) for way, mean in means.items() if abs(mean - middle) > 5}
    assert not far


def test_a_question_with_too_few_examples_is_refused() -> None:
    rows = np.eye(6, dtype=np.float32)
    with pytest.raises(ValueError, match="odd has 2 examples of yes and 4 of no"):
        Judge.fit(rows, {"odd": np.array([1, 1, 0, 0, 0, 0], dtype=np.int8)})


# --- language -------------------------------------------------------------------------------


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
