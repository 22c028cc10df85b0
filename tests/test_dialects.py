"""Dialects and chat in standard spelling, and what must stay as it was written."""

from __future__ import annotations

import pytest

from bot.dialects import evidently_english, standard_spelling
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
        ("The tent too small lah.", "The tent is too small."),
        ("I waiting very long leh", "I am waiting very long"),
        ("where is my parcel at all?", "where is my parcel?"),
        ("can pay by invoice or not?", "can I pay by invoice?"),
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
        ("I dey wait", "I am waiting"),
        ("the code no dey work", "the code don't work"),
        ("I no fit pay", "I can't pay"),
        ("I don forget it", "I have forgotten it"),
        ("nobody nah answer", "nobody answer"),
        ("voucher nah work", "voucher doesn't work"),
        ("the zip done broke", "the zip have broke"),
        ("ain't nobody there", "nobody there"),
        ("I'm after paying", "I have paid"),
        ("I been waitin", "I have been waiting"),
        ("this the third time", "this is the third time"),
        ("you liars", "you are liars"),
        ("y'all useless and late", "you are useless and late"),
        # whole ways of writing: Caribbean
        ("Mi a wait two week fi mi refund.", "I have been waiting for two weeks for my refund."),
        ("Yuh can tell mi weh mi order deh?", "can you tell me where my order is?"),
        (
            "Mi still nuh get it, an unu a ignore mi",
            "I still don't get it, and you are ignoring me",
        ),
        ("Dat a nuh use to mi.", "That is no use to me."),
        ("Dem nuh answer mi email dem", "they don't answer my emails"),
        ("How mi fi send it back?", "how do I send it back?"),
        ("Gi mi di money weh mi pay", "give me the money that I pay"),
        ("Mi account lock an unu nuh deliver", "my account is locked and you don't deliver"),
        ("Beg yuh check mi refund", "please check my refund"),
        # Nigerian
        ("Una don take my money, abeg return am.", "You have taken my money, please return it."),
        ("This one no dey work and e don tire me", "This one don't work and it has tired me"),
        ("Na una fault be this", "this is your fault"),
        ("Abeg make somebody call me", "Please can somebody call me"),
        ("The code wey una send no fit work", "The code that you send can't work"),
        # Singapore
        ("You all never answer my question lah", "You didn't answer my question"),
        ("Your website cannot use, nobody care one lor", "Your website cannot use, nobody care"),
        ("Can help me check or not?", "can you help me check?"),
        ("Got anyone I can talk to ah?", "is there anyone I can talk to?"),
        # Indian
        ("Kindly tell when I will get it.", "please tell when I will get it."),
        ("Where I can find the label?", "Where can I find the label?"),
        ("I am not understanding, I am wanting refund", "I don't understand, I want refund"),
        ("Since two weeks I am waiting", "I have been waiting for two weeks"),
        ("Please do the needful and refund", "please refund"),
        ("It broke on the first day itself only.", "It broke on the first day."),
        # Scots, Irish, Northern
        ("I've no had it, and I dinnae ken why", "I've not had it, and I don't know why"),
        ("I want it fixed the day. Ye're useless", "I want it fixed today. You're useless"),
        ("'Tis late, and I'm only after moving house", "it is late, and I have moved house"),
        ("She's after losing it, and ye know", "She has lost it, and you know"),
        (
            "It's in't box, t'wrong size. It's a joke, is that!",
            "It's in the box, the wrong size. It's a joke!",
        ),
        ("It's after breaking down on me", "It has broken down"),
        # African American
        ("Where my parcel at?", "where is my parcel?"),
        ("I ain't heard nothing from y'all driver", "I haven't heard anything from your driver"),
        ("What time y'all be open?", "What time are you open?"),
        # Southern US
        ("I'm fixin to call y'all's manager", "I'm going to call your manager"),
        (
            "This here's the wrong one and I cain't use it",
            "this is the wrong one and I can't use it",
        ),
        ("I might could wait, I reckon", "I could wait, I think"),
        # chat
        ("u r late", "you are late"),
        ("do i hav 2 pay 4 the return", "do i have to pay for the return"),
        ("its 2 late", "its too late"),
        ("im waiting, ill tell every1", "I'm waiting, I'll tell everybody"),
        ("LEAVE ME PLZ NOW", "LEAVE ME PLEASE NOW"),
        ("cant b home, ur ignoring me", "can't be home, you're ignoring me"),
        (
            "idk, cud sum1 call abt it w/o waiting",
            "I don't know, could somebody call about it without waiting",
        ),
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
        "I would like to know why, could you tell me?",
        "When I look at it, it says declined?",
        "can you tell me where my card is?",
        "where the hell is my order",
        "I want to know how long it will take.",
        "I'm having trouble with it",
        "thank you kindly",
        "yes, that one",
        "do they fit size 46",
        "I'm waiting for a transfer",
        "do as much as you can?",
        "it cost a lot, you get an SMS",
        "make sure that it fits",
        "the people at the shop were nice",
        "I will be going at ten",
        "will you be open?",
        "does it work or not",
        "send a message to us all",
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
    assert changed == {"doin", "goin", "nothin", "somethin", "yin"}


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
        ("Mi figet mi password an mi nuh get di reset email", True),
        ("Una site log me out again come empty my basket", True),
        ("una pregunta para mi pedido", False),
        ("mi serve una fattura", False),
        ("di chi è la colpa", False),
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
