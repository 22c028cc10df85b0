"""Words for people and for talking, as hasty fingers type them: shorthand and typing errors.

Whoever asks for a person has often lost patience with typing. Here belong the words that such a
request is made of, and what becomes of them; how they make a request is in `bot.human_requests`.
Pure, and light enough for the gateway.
"""

from __future__ import annotations

from typing import Final

from bot.spelling import Spelling

SHORTEST_MISSPELT: Final = 5
"""Letters; shorter words have too many right neighbours and are listed in `_SHORTHAND`."""


def spelt_out(word: str) -> str:
    """The word that a hasty one stands for; itself, if none is near. Lower case, no blanks."""
    if word in _SHORTHAND:
        return _SHORTHAND[word]
    if len(word) < SHORTEST_MISSPELT or not word.isalpha():
        return word
    return _SPELLING.meant(word, _RIGHT.__contains__) or word


_SHORTHAND: Final = {
    short: word
    for word, shorts in {
        "speak": "spk spek speek spik",
        "talk": "tlk tlak takl tak tok",
        "talking": "tlking talkin tlkin",
        "speaking": "speakin spkin",
        "person": "prsn persn persan",
        "human": "hmn humn huma hooman humon hoomin humen",
        "humans": "hoomans humens humons humns",
        "agent": "agnt agnet",
        "people": "ppl",
        "someone": "sum1 sm1 some1 sme1 smone sumone",
        "somebody": "smbdy sbdy sumbody sb",
        "anyone": "any1",
        "want": "wnt wanto",
        "need": "nd ned",
        "can": "cn cna kan",
        "through": "thru",
        "from": "frm",
        "customer": "cust",
        "service": "svc srvc serv",
        "support": "supp",
        "manager": "mgr mngr",
        "representative": "csr",
        "real": "reel rael rel",
        "call": "cal cll kall caal",
        "back": "bk bak bck",
        "get": "gt git",
        "have": "hav hve",
        "could": "cud culd cld coud",
        "would": "wud wuld wld woud",
        "should": "shud shld",
        "phone": "fone",
        "with": "wth wiv wif",
        "let me": "lemme",
        "help": "hlp",
    }.items()
    for short in shorts.split()
}

_MEANT: Final = """
    human person people agent representative operator supervisor manager employee colleague advisor
    adviser associate executive assistant specialist customer service support somebody someone
    anyone anybody speak connect transfer escalate callback please living
"""
"""Words that are found in spite of typing errors."""

_SPELLING: Final = Spelling(dict.fromkeys(_MEANT.split(), 1))

_OTHERS: Final = """
    connects connected connector connecting operation operated operatic operates operators humane
    hunan humans humano serviced services supports supported supporter employers employed employer
    employees colleagues associated associates superior supervisory supervise supervised
    supervision supervisors steak spear speaks speaker speech sneak spoken advisory advisors
    advisers advises advised advise manages managed manage manager managers managing manger
    execution executing executed executives socialist specialised specials specialists transform
    transfers transferred transformer peoples representation represented representing
    representatives assistants assisting assistance customers customary customs custom costumes
    persona persons personal persoon personne pearson argent agents agente agenda escalated
    escalator pleased pleas pleases loving lining liking lying
"""
"""Right words that a typing error could make of those above; a test holds the list against the
sentence encoder's vocabulary."""

_RIGHT: Final = frozenset(_OTHERS.split())
