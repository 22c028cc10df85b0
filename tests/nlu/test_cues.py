"""Cues: what the classifiers of data/cues hear in sentences that they have not learned from."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from bot.nlu.cues import CALM, Example, fingerprint, fit_cues, read_cues, read_without
from bot.nlu.encoder import Encoder, shared_encoder
from bot.nlu.evenness import tone_rows
from bot.nlu.judgement import Judge
from bot.nlu.scope import read_background
from bot.said_again import likeness
from bot.triage import Reason, Turn, decide, load_policy

FOLDER = Path("data/cues")
POLICY = load_policy(Path("data/triage.yml").read_text(encoding="utf-8"))

Hear = Callable[[str], dict[str, float]]


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return shared_encoder()


@pytest.fixture(scope="session")
def hear(encoder: Encoder) -> Hear:
    cues = read_cues(FOLDER)
    rows = tone_rows(encoder.layers([text for cue in cues for text in (*cue.yes, *cue.no)]))
    others = shop_examples() + [(text, "") for text in read_background()]
    others += [(text, CALM) for text in read_without(FOLDER)]
    tone = tone_rows(encoder.layers([text for text, _ in others]))
    examples = [
        Example(text, intent, row) for (text, intent), row in zip(others, tone, strict=True)
    ]
    judge: Judge = fit_cues(cues, rows, examples)

    def probabilities(text: str) -> dict[str, float]:
        found = judge.ask(tone_rows(encoder.layers([text])))[0]
        return dict(zip(judge.names, map(float, found), strict=True))

    return probabilities


def shop_examples() -> list[tuple[str, str]]:
    """Every other sentence of the shop's training data, with its intent."""
    yaml = YAML(typ="safe", pure=True)
    blocks = [
        block for path in sorted(Path("data/nlu").glob("*.yml")) for block in yaml.load(path)["nlu"]
    ]
    pairs = [
        (line.strip()[2:].strip(), str(block["intent"]))
        for block in blocks
        if "intent" in block
        for line in block["examples"].splitlines()
    ]
    return pairs[::2]


def asked(text: str, hear: Hear) -> bool:
    """Whether triage takes the message for a request, without help of the intent."""
    return decide(Turn(text, "nlu_fallback", 0.3, cues=hear(text)), POLICY).reason is (
        Reason.ASKED_FOR_HUMAN
    )


OPENINGS = ["", "hi, ", "ok but ", "this is useless, ", "please "]
WAYS = [
    "put me in touch with {who}",
    "let me speak to {who}",
    "i want {who}",
    "can {who} take over",
    "is there {who} i could talk to",
    "i would rather deal with {who}",
    "get {who} to look at this",
    "connect me with {who} now",
]
PEOPLE = ["a human being", "somebody real", "one of your colleagues", "your supervisor", "an agent"]
GENERATED = [o + w.format(who=p) for o, w, p in product(OPENINGS, WAYS, PEOPLE)]

WRITTEN = """
i'd like a real conversation with a staff member
any chance a human reads this?
kindly arrange for a representative to contact me
no offence but I'd prefer someone made of flesh
could we continue this with an actual employee
who can I talk to about this, in person or on the phone
please let someone from the store ring me back
I want to be put through
forward this to your support people
enough, hand me to a colleague
can i spek to a reprezentative
need a humam
tlak to agent pls
wanna chat wit a real prson
get me sum1 real
my english no good, give person please
i talk only with human, no robot
une vraie personne, vite
puis-je parler à un conseiller
quiero hablar con una persona de verdad
necesito un humano
ich hätte gern einen Mitarbeiter
kann ich einen Menschen sprechen
mag ik een medewerker spreken
ik wil met iemand praten
jeg vil prate med et menneske
voglio parlare con un operatore
quero falar com um humano
""".strip().splitlines()

OTHERS = """
my travel agent sent me the wrong list
the parcel agent closed early
are you a human or a program?
a person of 1.75 m, is that size M
which tent for five persons
I called your shop last week about it
no need to call me
I'd rather not speak with anybody
my manager wants two jackets
is customer service open on sunday
where is my parcel
how do I return the boots
can you change my address
the jacket is too big
does the stove work with butane
what is your phone number for the invoice
anybody can use the code?
somebody at home will take it
my brother picks it up
thank you, that is all
Lindenallee 7, Bergen
about thirty jackets
anna@example.com
""".strip().splitlines()


@pytest.mark.parametrize("text", GENERATED + WRITTEN)
def test_a_request_for_a_person_is_never_missed(hear: Hear, text: str) -> None:
    assert asked(text, hear), f"{text!r} has {hear(text)['person']:.2f}"


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_request_is_not_taken_for_one(hear: Hear, text: str) -> None:
    assert not asked(text, hear), f"{text!r} has {hear(text)['person']:.2f}"


@pytest.mark.parametrize(
    ("cue", "text"),
    [
        ("legal", "my lawyers will hear of this"),
        ("legal", "see you before the magistrate then"),
        ("injury", "the pole snapped and I cut my face open"),
        ("injury", "my son was burned by your stove"),
        ("safety", "I can't take it any more, I want to end my life"),
        ("privacy", "a stranger got an email with my address and order in it"),
        ("fraud", "somebody used my card at your shop, it wasn't me"),
        ("grief", "my wife died on Monday, please cancel her order"),
        ("unhelped", "no, that's still not what I wanted to know"),
    ],
)
def test_a_sensitive_matter_is_heard(hear: Hear, cue: str, text: str) -> None:
    wanted = POLICY.unhelped_cue
    for topic in POLICY.topics:
        wanted = topic.cue_from if topic.cue == cue else wanted
    assert hear(text)[cue] >= wanted


@pytest.mark.parametrize(
    "text",
    [
        "I'm visually impaired, can you describe the jacket?",
        "I am deaf, please write",
        "I use crutches, is there a lift in the shop",
        "I'm a Muslim woman and look for long shirts",
        "we are two dads with a daughter, which tent",
        "I have asthma, is the spray strong",
        "I'm from Nigeria, do you ship there",
        "as a pensioner, do I get a discount",
        "I am a solicitor and need a black coat",
        "deliver it to the hospital reception please",
        "where is my order",
        "this deadline is killing me",
    ],
)
def test_who_the_customer_is_makes_no_matter_sensitive(hear: Hear, text: str) -> None:
    heard = hear(text)
    found = [t.name for t in POLICY.topics if t.cue and heard[t.cue] >= t.cue_from]
    assert not found


def test_every_cue_that_the_policy_names_is_a_file() -> None:
    names = {cue.name for cue in read_cues(FOLDER)}
    assert {topic.cue for topic in POLICY.topics if topic.cue} | {"person", "unhelped"} <= names


def test_no_sentence_of_these_tests_is_learned_from() -> None:
    known = {text.casefold() for cue in read_cues(FOLDER) for text in (*cue.yes, *cue.no)}
    assert not [text for text in (*WRITTEN, *GENERATED) if text.casefold() in known]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("yes: [a]\nno: [b]\n", "a cue has the keys like, yes and no"),
        ("like: []\nyes: [a]\nno: 3\n", "`no` must be a list of texts"),
        ("like: []\nyes: [a]\nno: [a]\n", "'a' is listed under yes and no"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "odd.yml").write_text(content)
    with pytest.raises(ValueError, match=message):
        read_cues(tmp_path)


def test_fingerprints_tell_how_alike_two_embeddings_are(encoder: Encoder) -> None:
    texts = ["where is my parcel", "where's my parcel?", "how do I wash a wool jumper"]
    rows = encoder.encode(texts)
    marks = [fingerprint(row) for row in rows]
    assert all(len(mark) == 64 for mark in marks)
    for one, other in product(range(3), repeat=2):
        cosine = float(np.dot(rows[one], rows[other]))
        assert likeness(marks[one], marks[other]) == pytest.approx(cosine, abs=0.25)
