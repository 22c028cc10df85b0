"""Common spellings and turns of dialects and of chat, written as a letter would have them.

Belongs here: rules that hold for a whole way of writing, whatever is said: dropped letters ("waitin",
"'ave"), d or f for th ("dat", "fink"), how function words are spelt, particles at the end of a
sentence, and how a verb is formed ("I dey wait", "he done left", "didnae"). Does not belong here:
words for things, or anything that says how somebody feels. Where a spelling is also a standard
word, a rule asks for what stands beside it, or leaves it alone: a word that is read as another
costs every customer, a dialect word that is not read only some.
"""

# ruff: noqa: E501  (one pattern a line is easier to read than broken ones)

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bot.nlu.language import ENGLISH, guess_language, leans_to

_STANDARD: Final = {
    word: standard
    for standard, words in {
        "this": "dis diss",
        "that": "dat dah seh",
        "them": "dem 'em",
        "the": "da di tha t'",
        "there": "dere",
        "these": "dese thae",
        "those": "dose",
        "then": "den",
        "with": "wid wiv wi wi' wif wth",
        "than": "dan",
        "me": "mi",
        "I'm": "ah'm im",
        "I've": "ah've ive",
        "I'd": "ah'd",
        "I'll": "ah'll",
        "you": "u ya ye yuh yous youse yez yiz y'all yall unu una",
        "your": "ur yer",
        "you're": "ye're youre",
        "you've": "ye've youve uve",
        "you'll": "ye'll youll",
        "are": "r",
        "is": "deh",
        "my": "ma",
        "to": "tae fi",
        "do": "dae",
        "from": "fae frae frm",
        "of": "o' o",
        "and": "an' n an",
        "no": "nae",
        "not": "no' nuh",
        "have": "hae hav",
        "because": "cos coz cuz 'cause bc",
        "isn't": "ain't aint int isnae isnt",
        "isn't it": "innit",
        "don't": "dinnae dinna doan dont",
        "don't know": "dunno",
        "can't": "cannae canny canna cyaan cyaa cant",
        "didn't": "didnae didnt",
        "doesn't": "disnae doesnae doesnt",
        "haven't": "huvnae hivnae havenae havent",
        "hasn't": "hisnae hasnae hasnt",
        "won't": "willnae winnae wont",
        "couldn't": "couldnae couldnt",
        "wouldn't": "wouldnae wouldnt",
        "wasn't": "wisnae wasnae wasnt",
        "aren't": "arenae urnae arent",
        "shouldn't": "shouldnae shouldnt",
        "that's": "thats dats",
        "what's": "whats wots",
        "where's": "wheres",
        "nothing": "nowt nuttin nuthin nutten nuffin nuffink nutn",
        "nobody": "naebody nubody nobuddy no1",
        "anything": "owt anyting anyfink",
        "everything": "everyting everyfink",
        "something": "summat sumthin someting sumting somefink",
        "thing": "ting fing",
        "things": "tings fings",
        "going to": "gonna gonnae finna",
        "trying to": "tryna",
        "want": "wanna wan waan wana",
        "have to": "gotta haffi",
        "give me": "gimme",
        "give": "gie giv",
        "let me": "lemme",
        "please": "plz pls abeg",
        "thanks": "thx tnx ta",
        "what": "wot wat whit wetin",
        "when": "whan wen",
        "which": "wich",
        "why": "y",
        "how": "hoo",
        "now": "noo",
        "where": "whaur weh",
        "about": "bout 'bout aboot",
        "out": "oot",
        "down": "doon",
        "round": "roon",
        "all": "aw",
        "already": "awready liao",
        "little": "wee likkle lil",
        "more": "mair",
        "enough": "enuff eneuch",
        "know": "kno",
        "told": "telt",
        "though": "tho",
        "think": "fink tink",
        "thanks for": "fanks",
        "through": "thru tru",
        "three": "tree",
        "good": "guid gud gd",
        "great": "gr8",
        "late": "l8",
        "before": "b4",
        "very": "awfy",
        "really": "rly rlly",
        "small": "sma",
        "long": "lang",
        "wrong": "wrang",
        "old": "auld",
        "another": "anither",
        "was": "wis",
        "came": "cam",
        "got": "kena",
        "on": "pon",
        "in": "inna",
        "make": "mek mak",
        "broke": "bruk",
        "left": "lef",
        "again": "agen",
        "number": "nummer",
        "everybody": "a'body every1",
        "anybody": "any1",
        "somebody": "some1 sum1 sumbody smaddy",
        "people": "ppl",
        "message": "msg",
        "weeks": "wks",
        "week": "wk",
        "two": "twa",
        "take": "tek",
        "thief": "tief",
        "until": "'til",
        "back": "bk",
        "": "bruv bruh lah leh lor abi yaar duck luv m8",
    }.items()
    for word in words.split()
}
"""Function words of some dialects and of chat, as they would be spelt in a letter."""

_NOT_ALWAYS: Final = frozenset("an o y tree den dah seh wat ta eh im".split())  # noqa: SIM905
"""Those that are other words as well: the rules below say where they are meant."""

_IN: Final = frozenset(
    """
    again akin aspirin assassin attain bargain basin begin chin coin lain spin twin bobbin brain bulletin buckskin cabin
    captain catkin certain chain chagrin chaplain chieftain coffin complain constrain contain cousin
    cumin curtain detain disdain dolphin domain drain dustbin entertain explain fountain gain
    gelatin germain gherkin goblin grain griffin grin groin heroin insulin javelin join kaolin
    lambskin latin login main maintain mandarin mandolin margin moccasin moleskin mountain muffin
    napkin obtain odin origin pain paraffin penguin penicillin pinyin plain plugin porcelain protein
    pumpkin raisin rain rein refrain regain rejoin remain resin restrain retain robin ruin satin
    sealskin sheepskin shin signin skin slain spain spin stain stein strain sustain terrain thin
    toxin train tarpaulin twin uncertain urchin vain vein villain violin virgin vitamin wherein
    within zeppelin chopin checkin bitcoin doeskin linkedin
    adrian agustin alain bain cain erin iain jain odin alvin amin austin bahrain baldwin benin benjamin berlin bernstein britain
    caitlin calvin chamberlain chaplin cochin colin collin constantin corbin dauphin darwin devin
    devlin dublin dunedin dustin edwin einstein elgin epstein erin erwin fein franklin frankenstein
    gavin gershwin goldstein goodwin hardin holstein hussain hussein irwin joaquin justin kaladin
    karin kelvin kevin klein konstantin kristin larkin lenin levin liechtenstein lublin marin martin
    marvin mccain mclaughlin melvin merlin montenegrin perrin putin quentin rankin ronin rubin
    stalin tianjin tobin turin twain valentin wisconsin
    allein besoin chemin demain dein eins fin jardin kein klein loin magasin matin mein moulin
    nein rein sein soin termin terrain verein voisin wein humain latin pain alpenverein main
    """.split()  # noqa: SIM905
)
"""Words of four letters or more that end in "in" and drop no g, some of other languages too."""

_POSSESSED: Final = (
    r"(?:own |new |old |last )?(?:orders?|parcels?|packages?|refund|money|account|card|"
    r"address|password|name|number|invoice|receipt|return|jacket|coat|boots?|shoes?|tent|bag|rucksack|"
    r"backpack|stove|socks|size|e?mails?|phone|wife|husband|mum|mam|brother|sister|son|"
    r"daughter|friend|neighbour|voucher|code|gift|basket|feet|foot|head|hand|sleep\w+|holiday)\b"
)
_GIVING: Final = """
    send sends sent sending give gives gave giving refund refunded refunding transfer transferred pay
    paid tell show get got bring charge charged cost costs owe owes find offer offered mail email for
    told to of with from about at on by than and or let help call ask asked
"""
_NOT_GIVEN: Final = "".join(rf"(?<!\b{word} )" for word in _GIVING.split())
"""Where "me" is who gets something: "send me money"."""
_CLAUSE: Final = (
    r"(?:(?<=^)|(?<=[.,;:!?] )|(?<=\band )|(?<=\bbut )|(?<=\bbecause )|(?<=\bstill )|(?<=\bnow ))"
)
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
_BASE_VERBS: Final = (
    r"(?:call|tell|report|write|buy|wait|come|take|leave|sue|send|pay|ask|give|do|get|never|make|"
    r"return|order|see|wash|use|cancel|change|reach|be)\b"
)


def _be(found: re.Match[str]) -> str:
    return f"{found[1]} {_BE.get(found[1].casefold(), 'are')} {found[2]}"


_Put = str | Callable[[re.Match[str]], str]


def _rules(*rules: tuple[str, _Put]) -> tuple[tuple[re.Pattern[str], _Put], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), put) for pattern, put in rules)


_TURNS: Final = _rules(
    # What some dialects hang on to a sentence; it says nothing about the matter.
    (r"(?:,? (?:lah|leh|lor|meh|sia|hor|ah|o|abi|sha|sef|yaar|eh)|, (?:like|love|pet|duck|hen|pal|bruv|innit|me|mate|mon|man|na|ji|boss|hey|ken|aye|is it|you know|so (?:it|they|i|he|she|we|ye|you) (?:is|are|am|do|does|did|can|will|have|has|was))| itself)(?=\s*(?:[.?!]|$))", ""),
    (r",? innit(?=\s*(?:[.?!]|$))", ""),
    (r" at all(?=\?)|,? (?:or not|or no|or nah)(?=\s*\?)|, (?:can|is it)(?=\s*\?)", ""),
    (r" only(?=\s*[.!?]|$)", ""),
    # A dropped h. A quotation has an end: its sign is not before a lone word.
    (r"(?<![\w'])'(ave|as|ad|ow|ere|im|is|er|ope|alf|ouse|ome|ole|oles|oliday|elp|and|ands|ead|eard|appen|appened|appy|urt|orrible|undred|our|ours|igh|old|e)(?![\w'])", r"h\1"),
    # Who is meant: "me" for "my", "Ah" and "mi" for "I", "you lot" for "you".
    (rf"{_NOT_GIVEN}\bme\s(?={_POSSESSED})", "my "),
    (rf"\b(?:mi|ma)\s(?={_POSSESSED})", "my "),
    (rf"(?:{_CLAUSE}|(?<=\bwhen )|(?<=\bwhat )|(?<=\bhow )|(?<=\bwhere )|(?<=\bweh )|(?<=\bthat )|(?<=\bseh )|(?<=\bif )|(?<=\bdan )|(?<=\bwah )|(?<=\bwhy ))mi\b", "I"),
    (rf"(?-i:\bAh)\s(?={_VERBS})", "I "),
    (r"\b(gie|gi|give|send|tell|telt|ring|call) us\b(?! (?:all|both)\b)", r"\1 me"),
    (r"\bgi (?=mi|me|us|my|him|her|back)", "give "),
    (r"\b(you|u|ya|ye|yous|y'all|unu|una) (?:lot|people|guys|all|folk|folks)\b(?! of\b)", r"\1"),
    (r"\bwah (?=(?:mi|me|fi|yuh|yu|unu|a|happen|gwaan)\b)", "what "),
    (r"\btank (?:yuh|you|u)\b", "thank you"),
    # How verbs are formed.
    (r"\bI'?ma\b", "I'm going to"),
    (r"\b(?:am|is|are|was|(?<=\w)'(?:m|s|re)) after (\w+in)(?:g|'|\b)", r" have been \1g"),
    (r"\bdo be (?=\w+in)", "am always "),
    (rf"{_CLAUSE}(I|you|we|they|y'all|nobody|somebody) been (?=\w+in|ask|told|wait)", r"\1 have been "),
    (rf"{_CLAUSE}(he|she|it) been (?=\w+)", r"\1 has been "),
    (r"(?<!'ve )(?<!have )(?<!has )(?<!had )(?<!well )(?<!get )(?<!be )(?<!is )(?<!are )(?<!was )\bdone (?=(?:took|broke|broken|gone|went|came|left|lost|told|sent|paid|\w{3,}ed)\b)", "have "),
    (rf"{_CLAUSE}(?:ain't|aint) (?=(?:nobody|nothin|nothing|no one)\b)", ""),
    (r"\b(?:ain't|aint) (?=(?:got|had|been)\b)", "haven't "),
    (r"\b(?:ain't|aint) (?=(?:get|help|come|came|work|see|do|never|say|tell|call|answer)\b)", "didn't "),
    (rf"{_CLAUSE}(this) (?=(?:the|a|my|an) )", r"\1 is "),
    (r"\bno (?:fit|gree)\b", "can't"),
    (r"\b(I|you|we|una|unu) (?:fit) (?!me|well|into|in|the|him|her|you|great|fine|and|but)(?=\w)", r"\1 can "),
    (r"\bno dey (?=[a-z])", "don't "),
    (r"\bno dey\b", "is not there"),
    (r"(?:(?<=^)|(?<=[.!?] ))dey\b", "they"),
    (r"\bI dey\b", "I am"),
    (r"\b(you|we|they|una|unu) dey\b", r"\1 are"),
    (r"\bdey\b", "is"),
    (r"\b(I|you|he|she|e|it|we|they|una|unu|people|everything|money) don (?!['’])(?=\w)", r"\1 have "),
    (r"(?:(?<=^)|(?<=[.!?,] ))na (?=(?:the|so|this|my|me|only|first|second|third|now|you|una|friday|monday|tuesday|wednesday|thursday|saturday|sunday)\b)", "it is "),
    (r"\b(this|that|this one|dis|dat) (?:na|a) (?=(?:the|di|wrong|big|my)\b)", r"\1 is "),
    (rf"\b(I|you|we|una|unu|dem|e|it) go (?={_BASE_VERBS})", r"\1 will "),
    (r"\b(I|you|we|una|unu|e) no (?=(?:get|see|know|care|do|want|come|help|buy|understand|like|receive|answer|reply|have|pay)\b)", r"\1 don't "),
    (rf"(?:{_CLAUSE}|(?<=\bwhen ))(I|mi|unu|wi|dem) a go (?=\w)", r"\1 will "),
    (rf"(?:{_CLAUSE}|(?<=\bwhen ))(I|mi|unu|wi|dem|im|nobody) a (?=\w)", r"\1 "),
    (r"\b(I|mi|unu|wi|dem|it|e|voucher|parcel|order|code|link|chat|site|page|refund|money) (?:nah|nuh) (?=\w)", r"\1 don't "),
    (r"\b(nobody|nothing) (?:nah|nuh) (?=\w)", r"\1 "),
    (r"(?<=\w )(?:wey|weh)\b", "that"),
    (r"(?:waan|wan|wanna|wana) (?=(?:mi|my|me|ma|the|di|a|an|one|some|your|his|her|it|this|that|money|refund)\b)", "want "),
    (r"\b(?:waan|wan|wanna|wana) (?=[a-z])", "want to "),
    # Chat: numbers and letters for words.
    (r"\b2 (?=(?:me|u|you|him|her|us|them|get|be|b|buy|pay|send|return|change|cancel|speak|talk|order|know|do|see|have|my|the|a|an|ur|your)\b)", "to "),
    (r"\b2 (?=(?:late|much|many|slow|bad)\b|(?:big|small|long|short|expensive|heavy|tight|wide)\b(?! \w+ ?[\w-]*s\b| \w+s\b))", "too "),
    (r"\b4 (?=(?:me|my|the|a|an|it|this|that|u|you|us|him|her)\b)", "for "),
    (r"\bw/? (?=(?:the|a|an|my|ur|your|this|that|me|u|you|it|no)\b)", "with "),
    (r"\bb (?=\w+(?:ed|d|in|ing)\b)", "be "),
    (r"(?:(?<=^)|(?<=[.!?] ))(?:y) (?=\w{2,})", "why "),
    (r"\bim (?!my\b|the\b|i?dir)(?=\w)", "I'm "),
    (r"\bill (?=(?:tell|write|never|be|go|send|call|report|leave|buy|order|not|get|sue|wait)\b)", "I'll "),
    (r"\bid (?=(?:like|love|rather|prefer)\b)", "I'd "),
)  # fmt: skip
"""In this order, before words are spelt out."""

_LEFT_OUT: Final = _rules(
    (rf"{_CLAUSE}(you|they|we) (?=(?:so |all |just |all just )?(?:liars?|thieves|thief|crooks|scammers|useless|pathetic|incompetent|ridiculous|idiots|clowns|rude|lazy|stupid)\b(?:\s*[.,!?]|$| and| n ))", r"\1 are "),
    (rf"{_CLAUSE}(I|he|she|it|we|they|nobody|somebody) (?!{_NO_GERUND})(\w{{2,}}ing)(?!\w)", _be),
)  # fmt: skip
"""The verb that some dialects leave out; after words are spelt out."""

_DROPPED_G: Final = re.compile(
    r"(?<![\w'’-])(\w*[aeiouy]\w*in)(?:'(?!\w)|(?![\w'’-]))", re.IGNORECASE
)

_SPELT: Final = re.compile(
    r"(?<![\w'-])(?:"
    + "|".join(
        re.escape(word)
        for word in sorted(_STANDARD, key=len, reverse=True)
        if word not in _NOT_ALWAYS
    )
    + r")(?![\w'-]|\.\w)",
    re.IGNORECASE,
)


_EVERYWHERE: Final = frozenset({"i", "me", "no", "so"})
"""Words that tell little between English and others."""


def evidently_english(text: str) -> bool:
    """Whether it may be respelt: "mi", "una" and "ma" are words of other languages, too.

    Common words of another language tell that it is not; where it has letters that English has
    not, a common English word must tell that it is.
    """
    words = (word.casefold().strip(".,!?") for word in text.split())
    plain = " ".join(word for word in words if word not in _STANDARD and word not in _EVERYWHERE)
    foreign_letters = any(sign.isalpha() and not sign.isascii() for sign in text)
    lean = leans_to(plain) or (None if foreign_letters else ENGLISH)
    return lean == ENGLISH and guess_language(text) == ENGLISH


def standard_spelling(text: str) -> str:
    """The English text with the usual spelling of what the rules know; straight apostrophes.

    A word that stands alone is left as it is: "ye" may be a yes.
    """
    if " " not in text.strip():
        return text
    for pattern, put in _TURNS:
        text = pattern.sub(put, text)
    text = _DROPPED_G.sub(_with_g, text)
    text = _SPELT.sub(_respell, text)
    for pattern, put in _LEFT_OUT:
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
    known = word.casefold() in _IN or word.casefold() in _STANDARD
    return found[0] if right or named or known else f"{word}g"


def _respell(found: re.Match[str]) -> str:
    word = found[0]
    standard = _STANDARD.get(word.casefold())
    if standard is None:  # to the pattern, a Turkish dotless "mı" looks like "MI"
        return word
    if word.isupper() and len(word) > 1:
        return standard.upper()
    return standard[:1].upper() + standard[1:] if word[0].isupper() else standard
