"""How the verbs that customers use are formed: "wait" gives "waiting" and "waited", "pay" "paid".

Belongs here: which words are verbs for `dialects`, and their regular and irregular forms. Does not
belong here: what is made of them. A word that is no verb here has no forms: what a rule does not
know it leaves alone.
"""

from __future__ import annotations

import re
from typing import Final

_REGULAR: Final = """
    accept add annoy answer apologise appear argue arrive ask bother call cancel care change
    charge chat check claim clean close collect complain confirm connect contact cost cover
    damage deal deduct delay deliver demand disappoint dispatch drop email empty exchange expect
    explain fail fit fix follow forward get guide handle happen help hope ignore issue join joke
    keep know land leak lie lock log look lose love mail manage miss move need note notice open
    order owe pack phone pick place post promise provide reach receive refund refuse reject
    repair repeat replace reply report request resolve respond return ruin schedule search
    settle ship shout show sign smash soak sort spoil start stop subscribe suffer switch take
    talk tear tire track transfer treat trick try turn unsubscribe update use visit wait walk
    want warn wash waste watch work worry
"""
_IRREGULAR: Final = """
    be been; begin begun; break broken; bring brought; buy bought; come come; cost cost; cut cut;
    deal dealt; do done; fall fallen; feel felt; find found; forget forgotten; get got; give given;
    go gone; have had; hear heard; hold held; keep kept; know known; leave left; let let; lose lost;
    make made; mean meant; meet met; pay paid; put put; read read; ring rung; run run; say said;
    see seen; sell sold; send sent; show shown; sit sat; speak spoken; spend spent; steal stolen;
    take taken; tear torn; tell told; think thought; throw thrown; try tried; understand understood;
    wear worn; write written; reply replied; carry carried; worry worried
"""
_DOUBLED: Final = frozenset(
    """
    cancel chat cut drop fit get let log put run ship sit stop
    """.split()  # noqa: SIM905
)
"""Those whose last letter is written twice before an ending."""

_PARTICIPLES: Final = dict(pair.split() for pair in _IRREGULAR.split(";"))

VERBS: Final = frozenset(_REGULAR.split()) | frozenset(_PARTICIPLES)


def _stem(verb: str) -> str:
    if verb in _DOUBLED:
        return verb + verb[-1]
    return verb[:-1] if verb.endswith("e") and verb not in {"be", "see"} else verb


def _ing(verb: str) -> str:
    return f"{verb[:-2]}ying" if verb.endswith("ie") else f"{_stem(verb)}ing"


def _ed(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeo":
        return f"{verb[:-1]}ied"
    return f"{_stem(verb)}ed"


ING: Final = {verb: _ing(verb) for verb in VERBS}
"""What somebody is doing: "wait" to "waiting"."""

PARTICIPLE: Final = {verb: _PARTICIPLES.get(verb) or _ed(verb) for verb in VERBS}
"""What somebody has done: "wait" to "waited"."""

DONE_OF_ING: Final = {ing: PARTICIPLE[verb] for verb, ing in ING.items()}
"""From "waiting" to "waited"."""

VERB: Final = "(?:" + "|".join(sorted(map(re.escape, VERBS), key=len, reverse=True)) + r")\b"
"""A pattern for one of them."""
