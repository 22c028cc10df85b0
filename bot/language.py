"""Which language is a message in? A guess from common words, good enough to notice that a
customer does not write the language of the training data. No model, no Rasa.
"""

from __future__ import annotations

import re
import unicodedata

UNKNOWN_SCRIPT = "und"
"""ISO 639 code for a language that cannot be told."""

ENGLISH = "en"

# Words that are frequent in one language and rare in the others. A word may stand for several.
_COMMON = {
    "en": "the a an is are was were be been i my me you your we it this that of to in on for with "
    "and or not do does did have has can could will would what where when how why there please "
    "order hi hello thanks if but from at by any just want need get got i'm don't it's i've still "
    "size track cancel return refund delivery",
    "nl": "de het een ik mijn je jij jullie wij is zijn van voor met niet geen en maar dat dit wat "
    "waar wanneer hoe waarom heb hebben kan kunnen wil graag bestelling pakket nog steeds naar op "
    "bij aan dank bedankt hallo dag mag retour terug geld als ook er om te",
    "de": "der die das ein eine einen ich mein meine du sie ihr wir ist sind von für mit nicht "
    "kein keine und aber dass was wo wann wie warum habe haben kann können will möchte "
    "bitte bestellung paket "
    "noch immer nach auf bei an danke hallo guten tag zurück geld wenn auch es zu meiner",
    "no": "jeg min mitt mine du dere vi er av for med ikke ingen og men at det den hva hvor når "
    "hvordan hvorfor har kan vil gjerne bestilling pakke pakken fortsatt til på hos takk hei retur "
    "tilbake penger hvis også en et å meg deg",
    "fr": "le la les un une des je mon ma mes vous votre nous est sont de pour avec ne pas et mais "
    "que ce cette quoi où quand comment pourquoi ai avez peux puis voudrais commande colis encore "
    "toujours à sur chez merci bonjour retour argent si aussi il",
    "es": "el la los las un una yo mi mis usted su nosotros es son de para con no y pero que este "
    "esta qué dónde cuándo cómo por he tengo puedo quiero quisiera pedido paquete todavía a en "
    "gracias hola devolución dinero si también",
    "it": "il lo la i gli un una io mio mia lei suo noi è sono di per con non e ma che questo cosa "
    "dove quando come perché ho posso voglio vorrei ordine pacco ancora a su grazie ciao reso "
    "soldi se anche",
}
_LANGUAGES_OF = {
    word: [code for code, words in _COMMON.items() if word in words.split()]
    for words in _COMMON.values()
    for word in words.split()
}
_SCRIPTS = {"CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "HANGUL": "ko"}


def guess_language(text: str) -> str:
    """The two-letter code of the text's language.

    Short or undecided texts count as English ("en"): names, sizes and order numbers belong to no
    language. A text in a script that is not listed is "und".
    """
    letters = [c for c in text if c.isalpha()]
    foreign = [c for c in letters if ord(c) > 0x24F]
    if len(foreign) > len(letters) / 2:
        script = unicodedata.name(foreign[0], "").split(" ")[0]
        return _SCRIPTS.get(script, UNKNOWN_SCRIPT)
    scores = _scores(text)
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] >= 1.5 and scores[best] > 1.3 * scores[ENGLISH] else ENGLISH


def leans_to(text: str) -> str | None:
    """The language that most of its common words are of, be it one word; English before others,
    None if it has no common word."""
    scores = _scores(text)
    best = max(scores, key=lambda code: (scores[code], code == ENGLISH))
    return best if scores[best] else None


def _scores(text: str) -> dict[str, float]:
    scores: dict[str, float] = dict.fromkeys(_COMMON, 0.0)
    for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.casefold().replace("’", "'")):
        for code in _LANGUAGES_OF.get(word, ()):
            scores[code] += 1 / len(_LANGUAGES_OF[word])
    return scores
