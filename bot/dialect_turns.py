"""Turns of single ways of writing English: how each forms verbs, asks, and points at things.

Belongs here: rules that hold for one way of writing (Caribbean, Nigerian, Singapore, ...), asked
only of a message that shows a sign of that way: "a" before a verb means something else to most.
Does not belong here: what all ways share, and in which order things are asked (`dialects`), single
words (`dialect_words`), or anything that says how somebody feels.
"""

# ruff: noqa: E501  (one pattern a line is easier to read than broken ones)

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.verb_forms import DONE_OF_ING, ING, PARTICIPLE, VERB

Put = str | Callable[[re.Match[str]], str]
Rules = tuple[tuple[re.Pattern[str], Put], ...]


def rules(*pairs: tuple[str, Put]) -> Rules:
    """Patterns with what is put in their place; capitals do not matter."""
    return tuple((re.compile(pattern, re.IGNORECASE), put) for pattern, put in pairs)


@dataclass(frozen=True)
class Way:
    """A way of writing: the sign of it in a message, and its turns, applied in this order."""

    sign: re.Pattern[str]
    turns: Rules

    def written_out(self, text: str) -> str:
        """The text with its turns as others have them; the same text without a sign."""
        if self.sign.search(text) is None:
            return text
        for pattern, put in self.turns:
            text = pattern.sub(put, text)
        return text


def _way(sign: str, *pairs: tuple[str, Put]) -> Way:
    return Way(re.compile(rf"(?<![\w'])(?:{sign})(?![\w'])", re.IGNORECASE), rules(*pairs))


CLAUSE: Final = (
    r"(?:(?<=^)|(?<=[.,;:!?] )|(?<=\band )|(?<=\bbut )|(?<=\bbecause )|(?<=\bstill )|(?<=\bnow ))"
)
"""Where a clause may begin."""

POSSESSED: Final = (
    r"(?:own |new |old |last )?(?:(?:order|phone|account|tracking) numbers?|orders?|parcels?|packages?|refund|money|account|card|"
    r"address|password|name|number|invoice|receipt|return|jacket|coat|boots?|shoes?|tent|bag|rucksack|"
    r"backpack|stove|socks|size|e?mails?|phone|wife|husband|mum|mam|brother|sister|son|bredda|camping|sleeping|hiking|walking|"
    r"daughter|friend|neighbour|voucher|code|gift|basket|feet|foot|head|hand|sleep\w+|holiday|question|job|work|bank|"
    r"confirmation|delivery|complaint|options|problem|messages?|time|patience|mattress|lantern)\b"
)
"""What customers call theirs."""

OURS: Final = (
    r"(?:(?:online |whole |web)?(?:site|shop|store)|website|company|courier|driver|customer (?:service|care)|"
    r"delivery (?:man|guy|people|driver)|team|staff|manager|boss|oga|gaffer|fault|excuses?|policy|system|warehouse|"
    r"phone line|so-called|own)\b"
)
"""What a shop has, in the mouth of a customer."""

_NOUNS: Final = r"(?:order|return|refund|email|mail|phone|claim|address|message|exchange|charge|card|post|cost|work|look|care|lock|note|delay|damage|wash|issue|report|request|reply|answer|account|contact|reach)\b"
_NUMBER: Final = r"(?:two|three|four|five|six|seven|eight|nine|ten|\d+)"
_PLURAL: Final = {"i": "am", "you": "are", "we": "are", "they": "are", "una": "are", "unu": "are", "yuh": "are", "wi": "are", "dem": "are", "mi": "am", "people": "are"}  # fmt: skip
_WHO: Final = r"(I|mi|you|yuh|yu|una|unu|we|wi|they|dem|im|he|she|it|e|nobody|everybody|people)"


def _be(word: str) -> str:
    return _PLURAL.get(word.casefold(), "is")


def _have(word: str) -> str:
    return "have" if word.casefold() in _PLURAL else "has"


def _is_doing(found: re.Match[str]) -> str:
    return f"{found[1]} {_be(found[1])} {ING[found[2].casefold()]}"


def _has_done(found: re.Match[str]) -> str:
    return f"{found[1]} {_have(found[1])} {PARTICIPLE[found[2].casefold()]}"


def _has_been_doing(found: re.Match[str]) -> str:
    return f"{found[1]} {_have(found[1])} been {ING[found[2].casefold()]}"


def _does_not(found: re.Match[str]) -> str:
    how = found[2] if found.re.groups > 1 else ""
    return f"{found[1]}{how} {'don' if found[1].casefold() in _PLURAL else 'doesn'}'t "


def _after_doing(found: re.Match[str]) -> str:
    done = DONE_OF_ING.get(f"{found[2]}g".casefold())
    has = "has" if found[0].lstrip(" '").startswith("s ") or " is " in found[0] else "have"
    return f" {has} {done}" if done else f" {has} been {found[2]}g"


CARIBBEAN: Final = _way(
    r"mi|unu|yuh|dem|dat|dis|di|fi|nuh|nah|cyaan|waan|weh|seh|inna|pon|haffi|smaddy|wid|nutten|deh|bredda|likkle",
    (r"\bcyan (?=(?:yuh|mi|wi|unu|you)\b)", "can "),
    (r"\ban (?=(?:how|when|who|it|a|i|unu|im|all|us|now|at|empty|everything)\b|(?!sms|mp3|html|hour)[bcdfgjklmnpqrstvwyz]\w)", "and "),
    (rf"\bunu (?={OURS})", "your "),
    (rf"\bfi unu (?={OURS}|order)", "your "),
    (rf"(?:{CLAUSE}|(?<=\ba ))fi wi (?=\w)", "our "),
    (rf"\bwi (?=(?:fi|a|nuh|nah|can|cyaan|did|haffi|waan|still|never|just|all)\b|{VERB})", "we "),
    (r"\b(two|three|four|five|six|seven|ten|\d+|many|much) (day|week|month|hour|minute|time|email|year)\b(?! (?:slot|delivery|old|trial|return|tent))", r"\1 \2s"),
    (r"\bmuch (?=(?:days|weeks|months|hours|minutes)\b)", "many "),
    (rf"\b(di|the|mi|my|unu|your|a) (?!(?!{_NOUNS}){VERB})((?:[\w-]+ )?[\w-]*[a-rt-z])(s?) dem\b(?! a\b)", r"\1 \2s"),
    (rf"(?:{CLAUSE}|(?<=\bwhat ))dem (?=(?:a|are|did|nuh|nah|will|can|have|are|too|so|likkle|late|still|never)\b|{VERB})", "they "),
    (rf"\bbeg (?:yuh|yu|unu) (?={VERB})", "please "),
    # a: is, of, at, or a verb that goes on.
    (r"\b(deliver|delivery|ship|send|go|come) a (?=(?:mi|my|di|the)\b)", r"\1 to "),
    (rf"\b{_WHO} a go (?=\w)", r"\1 will "),
    (rf"\b{_WHO} (?:still |just |only )?a ({VERB})", _is_doing),
    (rf"\bkeep a ({VERB})", lambda found: f"keep {ING[found[1].casefold()]}"),
    (rf"{CLAUSE}(dis|dat|it|this|that) a nuh (?=(?:use|help|good)\b)", r"\1 is no "),
    (rf"{CLAUSE}(dis|dat|it|this|that|(?:unu|your|di|the) [\w ]{{3,20}}?) a (?=(?:di|the|wrong|big|my|mi|one|joke|scam|disgrace|tief|theft|robbery|out\w+|lie|shame)\b)", r"\1 is "),
    (r"\b(slot|price|total) a (?=\d)", r"\1 is "),
    (rf"(?:{CLAUSE}|(?<=\bwhen ))a (?=(?:di|the|fi|bout|about|bot|so|dat|dis|mi|my|{_NUMBER}|nl-\d+)\b)", "it is "),
    (r"\b(one|two|three|four|some|all|none|part|instead|cause|because|sick|tyad|tired|weeks?|days?|months?|end|out|bit|back) a (?=(?:di|the|mi|my|unu|your|dem|delivery|yuh|it|this|dis)\b)", r"\1 of "),
    (r"\ba (?=(?:di|the|unu|your)\b)", "at "),
    # mi: I, me or my.
    (r"\bmi order (?=(?:di|a|the|it|dis|dat|two|three|an|and|from)\b)", "I order "),
    (r"\bwhen mi order\b", "when I order"),
    (rf"\b(?:mi|ma)\s(?={POSSESSED}(?! (?:di|the|it|dis|dat|two|three)\b))", "my "),
    (r"\bmi am\b", "I am"),
    (rf"(?:{CLAUSE}|(?<=\bwhen )|(?<=\bwhat )|(?<=\bhow )|(?<=\bwhere )|(?<=\bweh )|(?<=\bthat )|(?<=\bseh )|(?<=\bif )|(?<=\bdan )|(?<=\bthan )|(?<=\bwah )|(?<=\bwhy )|(?<=\bor )|(?<=\bdem )|(?<=\bones ))mi\b", "I"),
    (rf"(?<!\bhelp )(?<!\blet )(?<!\bmake )\bmi (?=(?!{_NOUNS}){VERB})", "I "),
    (r"\bmi (?=(?:nuh|nah|can|cyaan|could|cuda|would|wuda|did|haffi|waan|never|still|just|jus|really|already|sick|vex|fed|tired|tyad|sorry|happy|need|know|want)\b)", "I "),
    (r"\b(answer|reply|inna|in|pon|on|of|from|wid|with|into|bout|about|check|charge|empty|ignore|keep|lose|lost|tek|take|took|track|find|open|cancel|change|update) mi (?=(?!wid|with|from|for|fi|again|and|one|twice|two|a|di|the|now|please|already|back|because|or|to|in|inna|bout|pon|on)\w)", r"\1 my "),
    # fi: to, for, or what should be.
    (rf"\bhow (I|mi|we) fi (?={VERB})", r"how do \1 "),
    (rf"\b(I|we|you|they) fi (?={VERB})", r"\1 should "),
    (r"\bfi (?=(?:work|order|return|refund|cost)\b(?! (?:di|it|dis|dat|the|my|mi|a|some)\b))", "for "),
    (rf"\bfi (?={VERB}|be\b)", "to "),
    (r"\bfi\b", "for"),
    # weh: where, what or that.
    (r"\b(understand|know|clue|see|and|tell mi|hear) weh (?=(?:yuh|unu|mi|I|dem|they|wi|we) (?:mean|need|want|say|seh|a do|are doing|do)\b)", r"\1 what "),
    (r"\b(know|tell mi|tell me|see|show mi|show me|ask|find out|idea) weh\b", r"\1 where"),
    (r"\b(where) ((?:mi|my|di|the) [\w-]+(?: [\w-]+){0,2}?) deh\b", r"\1 \2 is"),
    (r"\bnuh deh (?:deh|there)\b", "isn't there"),
    (r"\bdeh deh\b", "is there"),
    (r"(?<=\w )weh\b", "that"),
    (r"\bwhat dem\b", "what they"),
    (r"\bwah\b", "what"),
    (r"\bdeh\b(?=\s*[.?!,]|$)", "there"),
    # nuh, nah: not.
    (r"\b(it|that|this|dat|dis|he|she) (?:nuh|nah) (?=(?:good|right|fair|ideal|true|enough|ready)\b)", r"\1 is not "),
    (r"\bnah go deh (?=home\b)", "won't be at "),
    (r"\bnah (?=go\b)", "won't "),
    (r"\b(nobody|nothing) (?:nah|nuh) (?=\w)", r"\1 "),
    (rf"\b(?!still\b|really\b|even\b)(\w+)((?: still| really| even)?) (?:nuh|nah) (?={VERB}|waan\b|wan\b)", _does_not),
    (r"\b(to|no|want|have|get) nuh (?=\w)", r"\1 no "),
    (r"\b(tell|told|think|know|promise|sure)( me| mi| us)? seh\b", r"\1\2 that"),
    (r"\bseh\b", "says"),
    (r"(?:(?<=^)|(?<=[.!?] ))tanks(?=,)", "thanks"),
    (r"\bmash up\b", "ruined"),
)  # fmt: skip

NIGERIAN: Final = _way(
    r"dey|wey|una|abeg|wetin|abi|oga|sef|wahala|na|no be|make I|(?:how|where|when) I go|(?:need|see|sort|use|put|try|check|send|into|of|for) am|make (?:somebody|someone)|"
    rf"\w+ don {VERB}|"
    r"(?:I|we|e|dem|you) (?:fit|no|don) [a-z]+",
    (r"\bnow now\b", "right now"),
    (rf"(?<!to )(?:\babeg )?\bmake una dey (?!{VERB})", "please be "),
    (r"(?<!to )(?:\babeg )?\bmake una (?:dey )?", "please "),
    (r"(?<!to )\bmake (somebody|someone|person) (?=\w)", r"can \1 "),
    (r"\bmake i (?=\w)", "let me "),
    (rf"\buna (?={OURS})", "your "),
    (r"\b(show|talk|tell me|say|think|know) say\b", r"\1 that"),
    (r"\bhow much e be\b", "how much is it"),
    (r"\be small (?:me )?(?:small)?(?=\s*[.!?]|$)", "it is too small"),
    (rf"\be (?=(?:dey|don|be|no|go|fit|never|show|late|really|suppose|still|too)\b|{VERB})", "it "),
    (rf"\bdem (?=(?:dey|don|no|go|never|still|just)\b|{VERB})", "they "),
    (r"(?<!\bI )(?<!\bwhat )(?<!\bwhere )(?<!\bwho )(?<!\bhow )\bam(?=\s*[.,!?]|$|\s(?:down|for|before|into|inside|please|to|since|with|now|at|on|again|abeg|today|back|out|by)\b)", "it"),
    (r"\bi don (?:tire|taya) (?:for|of)\b", "I am tired of"),
    (rf"\b(\w+) don dey ({VERB})", _has_been_doing),
    (rf"\b(\w+) don ({VERB})", _has_done),
    (r"\b(\w+) don (?!['’])(?=\w)", lambda found: f"{found[1]} {_have(found[1])} "),
    (r"\bno (?:fit|gree)\b", "can't"),
    (r"\bno go dey (?:house|home)\b", "won't be at home"),
    (r"\bno go dey\b", "won't be at"),
    (rf"\bno go (?={VERB})", "won't "),
    (rf"\bno dey (?={VERB})", "don't "),
    (r"\bno dey\b", "is not"),
    (r"\bno be\b", "is not"),
    (r"\bno wan\b", "don't want to"),
    (r"\b(it|that|this) no (?=(?:really|good|correct|right|well|enough|fair)\b)", r"\1 is not "),
    (r"\b(it|that|this|one) no (?=(?:useful|helpful|clear|ready|true|correct)\b)", r"\1 is not "),
    (rf"\b(?!say\b|with\b|for\b|is\b|are\b|there\b|have\b|has\b|get\b|and\b|but\b|or\b)(\w+) no (?={VERB}(?! (?:number|code|label|form)))", _does_not),
    (rf"\b{_WHO} (?:still )?dey ({VERB})", _is_doing),
    (rf"\bdoes ((?:\w+ ){{1,4}})dey (?={VERB})", r"does \1"),
    (rf"\b(\w+) dey (?:usually )?({VERB})", _is_doing),
    (r"(?:(?<=^)|(?<=[.!?] ))dey\b", "they"),
    (r"\bi dey\b", "I am"),
    (r"\b(you|we|they|una|unu) dey\b", r"\1 are"),
    (r"\bdey\b", "is"),
    (rf"\b(?!to\b|and\b|can\b|please\b|will\b|must\b|should\b|could\b|would\b|let\b|not\b|don't\b|ll\b)(\w+) go (?={VERB}|be\b)", r"\1 will "),
    (r"\bplease fit\b", "can you"),
    (r"\b(I|you|we|una|unu|e|it|they|dem|who|somebody) (?:fit) (?!me|well|into|in|the|him|her|you|great|fine|and|but)(?=\w)", r"\1 can "),
    (r"(?:(?<=^)|(?<=[.!?] ))(any\w+(?: other thing| thing)?) dey\b", r"is there \1"),
    (r"\bbe this (?:wey|that) (?=\w)", "that "),
    (rf"{CLAUSE}na (\w+(?: \w+)?) be (this|that)\b", r"\2 is \1"),
    (r"\b(una|you|we|dem|they) na (?=\w)", r"\1 are "),
    (r"(?<=\w) come (?=(?:empty|spoil|break|cancel|keep|ignore|charge)\b)", " and "),
    (rf"(?:{CLAUSE}|(?<=\bwhen ))na (?=\w)", "it is "),
    (r"\bna (?=\w)", "is "),
    (r"(?<=\w )wey\b", "that"),
    (r"\b(it|I|you|una|this|that) suppose (?!to|that|so|you|it)(?=\w)", r"\1 should be "),
    (rf"\bnever ({VERB})(?![^.!?]*\bagain\b)", r"didn't \1"),
    (r"\bwhich kind (?:of )?(?=\w)", "what kind of "),
    (r"\bfor inside\b", "in"),
    (r"\babi (?=\w)", "or "),
    (r"\bsabi (?=\w)", "knows "),
)  # fmt: skip

SINGAPORE: Final = _way(
    r"lah|leh|lor|meh|sia|liao|kena|hor|anot|you all|(?:ah|can|or not|is it|already|one)(?=\s*[.?!]|$)|also never",
    (r",? (?:lah|leh|lor|meh|sia|hor|ah)(?=\s*(?:[.?!]|$))", ""),
    (rf"\byou all (?={OURS})", "your "),
    (r"\byour? (?:all )?side(?:'s)? fault\b", "your fault"),
    (r",? (?:or not|anot)(?=\s*\?)", ""),
    (r"(?<!\bI)(?<!\byou)(?<!\bwe)(?<!\bthey)(?<!\bit)(?<!\bas)(?<!\bhow)(?<!\bwho)(?<!\bwhat)(?<=\w) can(?=\s*\?)", ""),
    (r"(\w(?:ing|ess|age|oke)) is it(?=\s*\?)", r"\1"),
    (r"(care|work|help|know|doing|proof|like that) one(?=\s*[.!?,]|$)", r"\1"),
    (rf"(?<!ever )(?<!\bthey )(?<!\byou )\bnever (?:even )?({VERB})(?![^.!?]*\bagain\b)", r"didn't \1"),
    (r"\bi damn (?=(?:angry|sick|tired|happy|disappointed|annoyed|fed)\b)", "I am very "),
    (r"(?:(?<=^)|(?<=[.!?] ))this one (?=(?:is )?(?:a |the )?(?:bot|first|second|third|fourth|scam|real)\b)", "this is "),
    (r"(?<!\bwe )(?<!\bi )(?<!\bi've )\bgot (?=(?:anyone|anybody|anything)\b)", "is there "),
)  # fmt: skip

SCOTS: Final = _way(
    r"ye|ye're|ye've|ma|tae|wi|\w{2,}nae|ken|wis|aye|wee|yous|oor|naw|fae|oot|aboot|ah|hae|ah've|efter|aff|heid|o|i(?:'ve|'ll) no|still no|that's no",
    (r"(?:,? )?\b(?:d'ye|do ye) ken(?=\s*[?.!]|$)", ""),
    (r"\b(dinnae|dinna|don't|didnae|didn't|cannae) ken\b", r"\1 know"),
    (r"\b(i|ah|ye|you|d'ye) ken (?=\w)", r"\1 know "),
    (r"\ban (?=(?:ah|ma|ye|the|it|a|i|we|naebody|aw)\b|(?!sms|mp3|html|hour)[bcdfgjklmnpqrstvwyz]\w+ (?:ma|ye|tae|o|it|the)\b)", "and "),
    (r"\bcause o (?=\w)", "because of "),
    (r"\bo (?=(?:the|ma|my|it|yer|your|oor|our|time|them|that|staff|yous|this|us|me|excuses|a)\b)", "of "),
    (r"((?:\bi|\byou|\bthey|\bye)'(?:ve|ll)|\b(?:he|it|that)'s|\bstill|\bhave|\bwill) no (?=(?:had|been|be|got|heard|seen|come|received|able|happy|even|answered)\b|(?!need|speed|thing)\w+(?:ing|ed)\b)", r"\1 not "),
    (r"(?<=, )no (?=(?:the|ma|my)\b)", "not "),
    (r"\bthe day(?=\s*[.!?]|$)", "today"),
    (r"\bthe now\b", "now"),
    (r"\bpit (?=(?:us|me|it)\b)", "put "),
    (r"\bhee haw\b", "nothing"),
    (r"\bgies a (?=(?:bell|ring|call|refund|hand)\b)", "give me a "),
)  # fmt: skip

IRISH: Final = _way(
    r"ye|yer|yiz|'tis|'twas|amn't|after \w+in['g]?|sooner",
    (r"\b(?:amn't|'m not|am not) after (\w+in)(?:g|')", lambda found: f" haven't {DONE_OF_ING.get(f'{found[1]}g'.casefold(), found[1] + 'g')}"),
    (r"(?:\s(?:am|is|are|was)|(?<=\w)'(?:m|s|re))( only| just)? after (\w+in)(?:g|'|\b)", _after_doing),
    (r"\b(?<=and )i after (\w+in)(?:g|'|\b)", lambda found: f"I have {DONE_OF_ING.get(f'{found[1]}g'.casefold(), found[1] + 'g')}"),
    (r"\bwould (?:you|ye) ever (?=\w)", "could you "),
    (r"\bnot a (?:soul|sinner)\b", "nobody"),
)  # fmt: skip

WAYS: Final = (SCOTS, IRISH, CARIBBEAN, NIGERIAN, SINGAPORE)
"""Each is asked; a message may show signs of several."""
