"""Spellings and turns of dialects and of chat, written as a letter would have them.

Belongs here: rules that hold whoever writes, whatever is said: dropped letters ("waitin", "'ave"),
d or f for th ("dat", "fink"), function words, particles at the end of a sentence, and how a
question is asked; and in which order everything is asked. The turns of single ways of writing are
in `dialect_turns`, words in `dialect_words`. Does not belong here: words for things, or anything
that says how somebody feels. Where a spelling is also a standard word, a rule asks for what stands
beside it, or leaves it alone: a word that is read as another costs every customer, a dialect word
that is not read only some.
"""

# ruff: noqa: E501  (one pattern a line is easier to read than broken ones)

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

from bot.dialect_turns import CLAUSE, OURS, POSSESSED, WAYS, rules
from bot.dialect_words import DROPS_NO_G, NOT_ALWAYS, STANDARD
from bot.language import ENGLISH, guess_language, leans_to
from bot.verb_forms import PARTICIPLE, VERB

_GIVING: Final = """
    send sends sent sending give gives gave giving refund refunded refunding transfer transferred pay
    paid tell show get got bring charge charged cost costs owe owes find offer offered mail email for
    told to of with from about at on by than and or let help call ask asked
"""
_NOT_GIVEN: Final = "".join(rf"(?<!\b{word} )" for word in _GIVING.split())
"""Where "me" is who gets something: "send me money"."""
_VERBS: Final = (
    r"(?:want|need|got|am|was|have|hae|huv|huvnae|havenae|can|cannae|canna|could|will|would|did|"
    r"didnae|do|dae|dinnae|don't|forgot|get|ordered|paid|peyed|bought|sent|asked|expectit|ken|think|"
    r"like|love|hate|hope|tried|waited|wrote|live|just|never|only|still|return|send|pay)\b"
)
_BE: Final = {"i": "am", "he": "is", "she": "is", "it": "is", "nobody": "is", "somebody": "is"}
_NO_GERUND: Final = (
    r"(?:bring|sing|ring|string|swing|cling|fling|spring|sting|king|thing|wing|nothing|anything|"
    r"something|everything|during|evening|morning|swing|wring|being)\b"
)
_FEELS: Final = (
    r"(?:(?:very|so|too|really|totally|completely|absolutely|all|still|not|a bit|a little|little|quite|just) )*"
    r"(?:annoying|disappointing|disappointed|annoyed|angry|happy|unhappy|pleased|tired|fed up|tiresome|"
    r"small|big|large|tight|loose|heavy|late|slow|wet|soaked|soft|warm|cold|broken|damaged|dirty|bad|useless|terrible|"
    r"ridiculous|ideal|wrong|expensive|confusing|locked)\b"
)
_THEN: Final = r"(?:\s*[.,!?]|$| and| already| again| now| for| with)"


def _inverted(found: re.Match[str]) -> str:
    who, verb = found[1] or found[3], found[2] or found[4]
    return f"{verb.lower()} {who if who == 'I' else who.lower()} "


def _was_done(found: re.Match[str]) -> str:
    return f"{found[1]} is {PARTICIPLE.get(found[2].casefold()) or found[2] + 'ed'}"


def _be(found: re.Match[str]) -> str:
    return f"{found[1]} {_BE.get(found[1].casefold(), 'are')} {found[2]}"


_TURNS: Final = rules(
    # What some dialects hang on to a sentence; it says nothing about the matter.
    (r" only(?=\s*[.!?]|$)", ""),
    (r"(?:,? (?:o|abi|sha|sef|yaar|eh)|, (?:like|love|pet|duck|hen|pal|bruv|innit|me|mate|mon|man|na|ji|boss|hey|ken|aye|no|is it|(?:is )?(?:that|this)|you know|so (?:it|they|i|he|she|we|ye|you) (?:is|are|am|do|does|did|can|will|have|has|was)))(?=\s*(?:[.?!]|$))", ""),
    (r"\b(today|night|day|month|week|time|yesterday) itself\b", r"\1"),
    (r" itself(?=\s*(?:[.?!]|$))", ""),
    (r",? innit(?=\s*(?:[.?!]|$))", ""),
    (r"\b(rain|broken|broke|cancelled|crashing|failed|failing|stopped|closing|lost|died|apart|down) on (?:me|us)(?=\s*(?:[.,?!]|$))", r"\1"),
    (r" at all(?=\?)|,? (?:or not|or no|or nah|or what)(?=\s*\?)|, (?:can|is it|do you know)(?=\s*\?)", ""),
    # A dropped h. A quotation has an end: its sign is not before a lone word.
    (r"(?<![\w'])'(ave|as|ad|ow|ere|im|is|er|ope|alf|ouse|ome|ole|oles|oliday|elp|and|ands|ead|eard|appen|appened|appy|urt|orrible|undred|our|ours|igh|old|e)(?![\w'])", r"h\1"),
    # "the", as the North of England writes it.
    (r"\bt'(?=[a-z]{3,})", "the "),
    (r"\b(which|that|there|need|still) in't\b", r"\1 isn't"),
    (r"\b(someone|somebody|one|\w{3,}s) what (?=(?:fell|works?|came|broke|knows?|can)\b)", r"\1 that "),
    (r"\bin't (?=[a-z])", "in the "),
    # Who is meant: "me" for "my", "Ah" for "I", "you lot" for "you".
    (rf"{_NOT_GIVEN}\bme\s(?={POSSESSED})", "my "),
    (r"(?<=\babout )me (?=(?:order|return|refund|parcel|tent|boots|account)\b)", "my "),
    (rf"\bma\s(?={POSSESSED})", "my "),
    (rf"(?-i:\bAh)\s(?={_VERBS})", "I "),
    (r"\b(gie|gi|give|gave|send|sent|tell|told|telt|ring|call|help|put|pass|show|charged|logged|check for|look for|lie to|lied to|lying to|wrote to|writes to) us\b(?! (?:all|both)\b)", r"\1 me"),
    (r"\bgi (?=mi|me|us|my|him|her|back)", "give "),
    (r"\b(you|u|ya|ye|yous|y'all|unu|una) (?:lot|people|guys|all|folk|folks)\b(?! of\b)", r"\1"),
    (rf"\b(?:y'all|yall|unu|una) (?={OURS})", "your "),
    (r"\btank (?:yuh|you|u)\b", "thank you"),
    # How verbs are formed.
    (r"\b(?:all )?y'?all's\b", "your"),
    (r"\by'all'll\b", "you'll"),
    (r"\bfixing? to\b|\bfixin' to\b", "going to"),
    (r"\bmight could\b", "could"),
    (r"\bthis here(?:'s| is)\b", "this is"),
    (r"\b(?:I'?ma|imma)\b", "I'm going to"),
    (r"\bdo be (?=\w+in)", "am always "),
    (rf"{CLAUSE}I be (?=\w+ing?\b)", "I am "),
    (rf"(?:{CLAUSE}|(?<=\btime ))(you|we|they|y'all) be (?=\w+ing?\b|open\b)", r"\1 are "),
    (r"\bI done with\b", "I am done with"),
    (rf"{CLAUSE}(I|you|we|they|y'all|nobody|somebody) been (?=\w+in|ask|told|wait)", r"\1 have been "),
    (rf"{CLAUSE}(he|she|it) been (?=\w+)", r"\1 has been "),
    (r"\bdone had\b", "had"),
    (r"(?<!'ve )(?<!have )(?<!has )(?<!had )(?<!well )(?<!get )(?<!be )(?<!is )(?<!are )(?<!was )\bdone (?=(?:took|broke|broken|gone|went|came|left|lost|told|sent|paid|\w{3,}ed)\b)", "have "),
    (rf"{CLAUSE}(?:ain't|aint) (?=(?:nobody|nothin|nothing|no one)\b)", ""),
    (r"\bi (?:ain't|aint) (?=(?:gonna|going|trying|tryna|\w+ing?)\b)", "I'm not "),
    (r"\b(?:ain't|aint) (?=(?:got|had|been|heard|seen|done|gotten|never (?:got|had|been|seen|heard|received)|received|\w+ved|\w+nded)\b)", "haven't "),
    (r"\b(?:ain't|aint) (?=(?:get|help|come|came|work|see|do|never|say|tell|call|answer)\b)", "didn't "),
    (rf"{CLAUSE}(this) (?=(?:the|a|my|an) )", r"\1 is "),
    (r"(?:waan|wan|wanna|wana) (?=(?:mi|my|me|ma|the|di|a|an|one|some|your|his|her|it|this|that|money|refund)\b)", "want "),
    (r"\b(?:waan|wan|wanna|wana) (?=[a-z])", "want to "),
    # Chat: numbers and letters for words.
    (r"\b2 (?=(?:me|u|you|him|her|us|them|get|be|b|buy|pay|send|return|change|cancel|speak|talk|order|know|do|see|have|my|the|a|an|ur|your|put|find|use|ask|give|give|swap|add|explain|somebody|someone|any1|some1|reach|nl)\b)", "to "),
    (r"\b2 (?=(?:late|much|many|slow|bad)\b|(?:big|small|long|short|expensive|heavy|tight|wide)\b(?! \w+ ?[\w-]*s\b| \w+s\b))", "too "),
    (rf"\b(had|like) 2 (?={VERB}|b\b|be\b)", r"\1 to "),
    (r"\b4 (?=(?:me|my|the|a|an|it|this|that|u|you|us|him|her|work|smth|something|nl|next|boots|ages|ever)\b)", "for "),
    (r"\bw/o\b", "without"),
    (r"\bw/? (?=(?:the|a|an|my|ur|your|this|that|me|u|you|it|no)\b)", "with "),
    (r"\bb (?=\w+(?:ed|d|in|ing)\b)", "be "),
    (r"\b(can't|cant|will|wont|won't|shud|cud|wud|to|could|would|should|please|pls|plz|really|dont|don't) b (?=[a-z])", r"\1 be "),
    (r"\b(can't|cant|dont|don't|didnt) c (?=[a-z])", r"\1 see "),
    (r"\bur (?=(?:useless|late|slow|liars?|thieves|(?!opening|shipping|pricing|packaging|tracking|marketing|training|booking|listing|existing|ending|returning)\w{3,}ing?)\b)", "you're "),
    (r"(?:(?<=^)|(?<=[.!?] ))(?:y) (?=\w{2,})", "why "),
    (r"\bim (?!my\b|the\b|i?dir)(?=\w)", "I'm "),
    (r"\bill (?=(?:tell|write|never|be|go|send|call|report|leave|buy|order|not|get|sue|wait)\b)", "I'll "),
    (r"\bid (?=(?:like|love|rather|prefer)\b)", "I'd "),
)  # fmt: skip
"""In this order, before words are spelt out."""

_ASKED: Final = r"(?=[^.!?]*\?)"
_SUBJECT: Final = r"(I|you|we|they|it|somebody|someone)"
_SPAN: Final = r"(?:a|one|two|three|four|five|six|\d+|many|several|so many) (?:\w+ )?(?:hour|day|week|month|fortnight|year)s?\b"
_START: Final = r"(?:(?<=^)|(?<=[.!?,] )|(?<=\bplease ))"

_STANDARD_TURNS: Final = rules(
    # The verb that some dialects leave out.
    (rf"{CLAUSE}(you|they|we) (?=(?:so |all |just |all just )?(?:liars?|thieves|thief|crooks|scammers|useless|pathetic|incompetent|ridiculous|idiots|clowns|rude|lazy|stupid)\b(?:\s*[.,!?]|$| and| n ))", r"\1 are "),
    (rf"{CLAUSE}(I|he|she|it|we|they|nobody|somebody) (?!{_NO_GERUND})(\w{{2,}}ing)(?!\w)", _be),
    (rf"(?<=\bnow )(you) (?!{_NO_GERUND})(\w{{3,}}ing)(?!\w)(?! (?:is|are|was|were)\b)", _be),
    (r"(?:(?<=^)|(?<=[.;!?] )|(?<=\band ))I (?=(?:(?:very|so|too|really|totally|completely|absolutely|still|not|a bit|quite|just) )*(?:annoyed|disappointed|angry|happy|unhappy|pleased|sick|fed up|tired|not at home)\b(?! to\b))", "I am "),
    (rf"(?:(?<=^)|(?<=[.;!?] )|(?<=\band ))(it|that|this|this one|everything) (?={_FEELS}{_THEN})", r"\1 is "),
    (rf"(?:(?<=^)|(?<=[.;!?] )|(?<=\band ))((?:the|my|your) \w*[a-rt-z]) (?={_FEELS}{_THEN})", r"\1 is "),
    (rf"(?:(?<=^)|(?<=[.;!?] ))((?:the|my|your) \w+[a-rt-z]s) (?={_FEELS}{_THEN})", r"\1 are "),
    (r"(?:(?<=^)|(?<=[.;!?] )|(?<=\band ))((?:the|my|your) \w*[a-rt-z]) (lock|block|cancel|damage|delay|break|lose|ruin|spoil|smash|tear|reject|soak)(?=\s*[.,!?]|$| and| already| again)", _was_done),
    # How a question is asked, and a wish.
    (rf"{_START}((?:(?:by )?(?:when|what time|which time)|where|how|why|what|how long|how many \w+|what \w+)) {_SUBJECT} (can|could|will|would|should|must|am|are) {_ASKED}", r"\1 \3 \2 "),
    (rf"{_START}(what time|which time|where|how|why) (I|you|we|they) (?={VERB})(?=[^.!?,]*\?)", r"\1 do \2 "),
    (rf"{_START}(what|what \w+|how|when|where|why) (you|we|they) (?=(?!{_NO_GERUND})\w{{3,}}ing\b){_ASKED}", r"\1 are \2 "),
    (r"\bhow you dare\b", "how dare you"),
    (rf"(?:(?<=^)|(?<=[.!?,] )|(?<=^please ))(?:(I|you|somebody|someone|anybody|anyone) (can)|(you) (will)) (?!not\b|see\b|understand\b|imagine\b|only\b){_ASKED}", _inverted),
    (r"\b(how|what|when|where|why) (you|we|they) going to\b", r"\1 are \2 going to"),
    (r"(?:(?<=^)|(?<=[.!?] ))(your (?:customer service|website|site|shop|service|company)) an? (?=(?:\w+ )?(?:joke|disgrace|scam|mess|shambles)\b)", r"\1 is a "),
    (rf"(?:(?<=^)|(?<=[.!?,] ))you (?=(?!{_NO_GERUND})\w{{3,}}ing\b){_ASKED}", "are you "),
    (rf"(?:{_START}|(?<=\band ))(how long|how much|how much time) (?:the )?(it|delivery|shipping|that|this)( usually)? (?:will )?(take|cost)\b", r"\1 does \2\3 \4"),
    (r"(?:(?<=^)|(?<=[.!?,] )|(?<=\bplease )|(?<=\byo ))where ((?:the|my|your)(?: (?!(?:is|are|was|were|do|does|did|can|will|has|I|you|it|hell|heck|fuck|at|there)\b)[\w-]+){1,4}?)(?: is| are)?(?: at| there| now)?(?=\s*[.?!]|$)", r"where is \1"),
    (r"(?:(?<=^)|(?<=[.!?,] )|(?<=please ))can (?=(?:help|send|tell|be|put|pass|check|sort|settle|note|explain|connect|transfer|give|show|call|please)\b)", "can you "),
    (rf"{_START}can (?=(?!order\b|return\b|email\b|refund\b|post\b|claim\b|charge\b|work\b|cost\b|fit\b|card\b|cover\b|mail\b){VERB})", "can I "),
    (r"\bplease do the needful (?:to|and)\b", "please"),
    (r"\bdo the needful\b", "sort it out"),
    (rf"(?<!\bi )(?<!\byou )(?<!\bwe )(?<!\bhave )\bkindly (?={VERB})", "please "),
    (r"\b(into|for|regarding|about) the same(?=\s*[.!?]|$)", r"\1 it"),
    # What lasts, and how often.
    (r"\bI(?: am|'m) (want|need|know|understand)ing\b", r"I \1"),
    (r"\bI(?: am|'m) having (?=(?:one|no|the)\b)", "I have "),
    (r"\bI(?: am|'m) not (want|understand|know)ing\b", r"I don't \1"),
    (rf"(?:(?<=^)|(?<=[.!?,] ))since ({_SPAN}) I am (\w+ing)", r"I have been \2 for \1"),
    (rf"\bI(?: am|'m) waiting (?:since |for |from )?(?={_SPAN})", "I have been waiting for "),
    (r"\btwo times\b", "twice"),
    # "no" for "any", and what is doubled by it.
    (r"(n't(?: \w+){0,3}) nothing\b", r"\1 anything"),
    (r"n't never\b", "n't ever"),
    (r"(n't(?: \w+){0,3}) no (?=(?:machine|bot|robot|email|mail|answer|refund|reply|confirmation|money|parcel|help|more|good|use)\b)", r"\1 any "),
)  # fmt: skip
"""In this order, after words are spelt out."""

_DROPPED_G: Final = re.compile(
    r"(?<![\w'’-])(\w*[aeiouy]\w*in)(?:'(?!\w)|(?![\w'’-]))", re.IGNORECASE
)

_SPELT: Final = re.compile(
    r"(?<![\w'-])(?:"
    + "|".join(
        re.escape(word)
        for word in sorted(STANDARD, key=len, reverse=True)
        if word not in NOT_ALWAYS
    )
    + r")(?![\w'-]|\.\w)",
    re.IGNORECASE,
)


_EVERYWHERE: Final = frozenset({"i", "me", "no", "so"})
"""Words that tell little between English and others."""

_TELLING: Final = frozenset(
    """
    nuh yuh unu wid dey wey waan cyaan haffi abeg wetin pon inna smaddy likkle
    nutten tek lah leh liao kena tae dinnae cannae didnae wisnae isnae disnae oot aboot
    naebody ain't innit y'all gonna wanna tryna plz thx 'tis 'twas
    """.split()  # noqa: SIM905
)
"""Words that only English has, be it in one way of writing."""


def evidently_english(text: str) -> bool:
    """Whether it may be respelt: "mi", "una" and "ma" are words of other languages, too.

    Common words of another language tell that it is not, unless those of English, or words that
    only a way of writing English has, are as many; where it has letters that English has not, one
    of these must be there.
    """
    words = [word.casefold().strip(".,!?;:()") for word in text.split()]
    telling = any(word in _TELLING for word in words)
    plain = " ".join(word for word in words if word not in STANDARD and word not in _EVERYWHERE)
    lean = leans_to(plain)
    if lean == ENGLISH or (telling and lean is None):
        return guess_language(plain) == ENGLISH
    foreign_letters = any(sign.isalpha() and not sign.isascii() for sign in text)
    return lean is None and not foreign_letters and guess_language(text) == ENGLISH


READ_TEXTS: Final = 64
"""So many of the latest texts are not read again: triage asks several times about each."""

_STRAIGHT: Final = str.maketrans("’‘", "''")


@functools.lru_cache(maxsize=READ_TEXTS)
def readings(text: str) -> tuple[str, ...]:
    """The text as it was written and, where that is different, in standard spelling.

    Who looks for certain words (a request, a topic) looks in both: either may have them.
    """
    plain = straightened(text)
    spelt = standard_spelling(plain) if evidently_english(plain) else plain
    return (text,) if spelt == plain else (text, spelt)


def straightened(text: str) -> str:
    """The text as the rules read it: NFC, with straight apostrophes."""
    return unicodedata.normalize("NFC", text).translate(_STRAIGHT)


def standard_spelling(text: str) -> str:
    """The English text with the usual spelling of what the rules know; straight apostrophes.

    A word that stands alone is left as it is: "ye" may be a yes.
    """
    if " " not in text.strip():
        return text
    for way in WAYS:
        text = way.written_out(text)
    for pattern, put in _TURNS:
        text = pattern.sub(put, text)
    text = _DROPPED_G.sub(_with_g, text)
    text = _SPELT.sub(_respell, text)
    for pattern, put in _STANDARD_TURNS:
        text = pattern.sub(put, text)
    return text


def _with_g(found: re.Match[str]) -> str:
    word, marked = found[1], found[0].endswith("'")
    if marked and len(word) > 3:
        return f"{word}g"
    right = len(word) < 4
    # With a capital it is a name or a place, unless a sentence begins with it.
    named = word[0].isupper() and found.string[: found.start()].rstrip()[-1:] not in {
        "",
        ".",
        "!",
        "?",
    }
    known = word.casefold() in DROPS_NO_G or word.casefold() in STANDARD
    return found[0] if right or named or known else f"{word}g"


def _respell(found: re.Match[str]) -> str:
    word = found[0]
    standard = STANDARD.get(word.casefold())
    if standard is None:  # to the pattern, a Turkish dotless "mı" looks like "MI"
        return word
    if word.isupper() and len(word) > 1:
        return standard.upper()
    return standard[:1].upper() + standard[1:] if word[0].isupper() else standard
