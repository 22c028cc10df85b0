"""Dialects and chat in standard spelling, and what must stay as it was written."""

from __future__ import annotations

import pytest

from bot.nlu.dialects import evidently_english, standard_spelling
from bot.nlu.encoder import shared_encoder


@pytest.mark.parametrize(
    ("spelt", "standard"),
    [
        # a dropped g
        ("I'm waitin for it", "I'm waiting for it"),
        ("Waitin' since Monday", "Waiting since Monday"),
        ("nothin is workin", "nothing is working"),
        ("stop ignorin me", "stop ignoring me"),
        # a dropped h
        ("I 'ave an 'ole in my tent", "I have an hole in my tent"),
        ("'ow long is it", "how long is it"),
        # d, t and f for th
        ("dat is da one wid dem poles", "that is the one with them poles"),
        ("I fink everyfink is there", "I think everything is there"),
        ("everyting reach, tank yuh", "everything reach, thank you"),
        # particles
        ("The tent too small lah.", "The tent too small."),
        ("I waiting very long leh", "I am waiting very long"),
        ("where is my parcel at all?", "where is my parcel?"),
        ("can pay by invoice or not?", "can pay by invoice?"),
        ("it is late, so it is", "it is late"),
        ("I wrote to you, innit", "I wrote to you"),
        ("it came today, mon", "it came today"),
        ("it is Friday only.", "it is Friday."),
        # who
        ("where's me parcel", "where's my parcel"),
        ("send mi refund", "send my refund"),
        ("Ah want tae return it", "I want to return it"),
        ("y'all lost it", "you lost it"),
        ("you lot lost it", "you lost it"),
        ("gie us the refund", "give me the refund"),
        # verbs
        ("I'm tryna pay, gonna try again", "I'm trying to pay, going to try again"),
        ("I wanna wait", "I want to wait"),
        ("Mi waan di refund", "I want the refund"),
        ("it didnae come and Ah cannae wait", "it didn't come and I can't wait"),
        ("I dey wait", "I am wait"),
        ("the code no dey work", "the code don't work"),
        ("I no fit pay", "I can't pay"),
        ("I don forget it", "I have forget it"),
        ("nobody nah answer", "nobody answer"),
        ("voucher nah work", "voucher don't work"),
        ("the zip done broke", "the zip have broke"),
        ("ain't nobody there", "nobody there"),
        ("I'm after paying", "I have been paying"),
        ("I been waitin", "I have been waiting"),
        ("this the third time", "this is the third time"),
        ("you liars", "you are liars"),
        ("y'all useless and late", "you are useless and late"),
        # chat
        ("u r late", "you are late"),
        ("do i hav 2 pay 4 the return", "do i have to pay for the return"),
        ("its 2 late", "its too late"),
        ("im waiting, ill tell every1", "I'm waiting, I'll tell everybody"),
        ("LEAVE ME PLZ NOW", "LEAVE ME PLEASE NOW"),
    ],
)
def test_common_spellings_are_written_out(spelt: str, standard: str) -> None:
    assert standard_spelling(spelt) == standard


@pytest.mark.parametrize(
    "text",
    [
        "we were singing in the rain",
        "sing me a song, bring the thing",
        "the cabin is in Berlin again",
        "my cousin Martin sat on a mountain, certain of rain",
        "satin, porcelain, javelin, muffin, bitcoin",
        "Will it rain in May?",
        "send me money",
        "can somebody send me the invoice",
        "he told me orders are late",
        "is it late? is this a bot? am I talking to a robot?",
        "how is it going",
        "why is it taking so long",
        "I have 2 tents and 4 poles",
        "Ah, I see. Call me",
        "the U.S. size",
        "I fell ill on Friday",
        "that fits me well, they fit",
        "well done",
        "it was done yesterday",
        "we ran, like deer",
        "I was told 'all is well' by him",
        "give all of you a day off",
        "the tree by the den",
        "an odd one",
        "no dogs",
        "where to go now",
        "ye",
        "n",
        "",
    ],
)
def test_the_rest_stays_as_it_is(text: str) -> None:
    assert standard_spelling(text) == text


def test_no_right_word_is_taken_for_one_with_a_dropped_g() -> None:
    words = [w for w in shared_encoder().vocabulary() if w.isalpha() and w.endswith("in")]
    changed = {w for w in words if standard_spelling(f"a {w} b") != f"a {w} b"}
    assert changed == {"doin", "goin", "nothin", "somethin"}


def test_spelling_out_twice_changes_nothing_more() -> None:
    once = standard_spelling(
        "mi a wait fi di parcel, u lot nah answer, im goin 2 report y'all innit"
    )
    assert standard_spelling(once) == once


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("where's me parcel", True),
        ("Mi a wait pon di parcel", True),
        ("ma card's no workin", True),
        ("una don lie", True),
        ("u r there mı", True),
        ("wheres my order for Özgür", True),
        ("mi pedido no ha llegado todavía", False),
        ("dove è il mio pacco", False),
        ("je veux ma commande", False),
        ("parlare con una persona", False),
        ("où est ma tente", False),
        ("мой заказ", False),
    ],
)
def test_other_languages_are_not_respelt(text: str, english: bool) -> None:
    assert evidently_english(text) is english
