"""Does this text ask for a person?

The gateway asks before it bothers the assistant (and when the assistant is down), triage asks on
every turn, so this module needs no model and no library. It only reads words; how sure the intent
classifier is belongs to `bot.triage`. Missing a request is the worse mistake, but travel agents,
three-person tents and "are you human?" are no requests. Here belongs what is said in English;
`bot.requests_abroad` has the other languages.

The patterns see the text as `_plain` leaves it: lower case, straight quotes, one space between
words, stretched letters shortened, a lone full stop between sentences, shorthand and typing errors
in the words for people spelt out. A name in braces stands for one of the words of that class.
"""

# ruff: noqa: E501  (one pattern a line is easier to read than broken ones)

from __future__ import annotations

import functools
import re
import unicodedata

from bot.hasty_words import spelt_out
from bot.requests_abroad import asks_abroad, declines_abroad

READ_CHARACTERS = 2_000
"""A request is found within this many characters; longer texts are pasted, not said."""

READ_TEXTS = 64
"""So many of the latest texts are not read again: triage asks several times about each, and a
replay once for every policy."""

_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"'})
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u2064\ufe0f\ufeff]")


@functools.lru_cache(maxsize=READ_TEXTS)
def normalise(text: str) -> str:
    """The text as patterns read it: NFKC, case folded, "pleeease" shortened to "please"."""
    text = unicodedata.normalize("NFKC", text).translate(_STRAIGHT).casefold()
    text = _INVISIBLE.sub("", text)
    text = re.sub(r"([^\W\d])\1{2,}", r"\1", text)
    return " ".join(text.split())


@functools.lru_cache(maxsize=READ_TEXTS)
def asks_for_human(text: str) -> bool:
    """Whether the customer asks, in so many words, to deal with a person."""
    plain = _plain(text)
    if asks_abroad(normalise(text[:READ_CHARACTERS])):
        return True
    if _ALONE.fullmatch(" ".join(_POLITE.sub(" ", plain).split())):
        return True
    plain = _OTHER_PEOPLE.sub("_", _WHAT_ARE_YOU.sub("_", plain))
    return bool(_NOT_A_BOT.search(plain)) or any(
        not _DECLINED.search(plain[: found.start()]) for found in _REQUEST.finditer(plain)
    )


@functools.lru_cache(maxsize=READ_TEXTS)
def declines_human(text: str) -> bool:
    """Whether the customer says, in so many words, that no person is wanted, or not yet."""
    plain = _OTHER_PEOPLE.sub("_", _WHAT_ARE_YOU.sub("_", _plain(text)))
    if _NEEDLESS.search(plain) or declines_abroad(normalise(text[:READ_CHARACTERS])):
        return True
    found = [_DECLINED.search(plain[: each.start()]) for each in _REQUEST.finditer(plain)]
    return bool(found) and all(found)


@functools.lru_cache(maxsize=READ_TEXTS)
def speaks_of_other_people(text: str) -> bool:
    """Whether people are mentioned who are not asked for (the customer's own, the courier's, those
    of another day), or the bot is asked what it is."""
    plain = _plain(text)
    return any(pattern.search(plain) for pattern in (_OTHER_PEOPLE, _WHAT_ARE_YOU, _TOLD_OF_PEOPLE))


@functools.lru_cache(maxsize=READ_TEXTS)
def _plain(text: str) -> str:
    plain = normalise(text[:READ_CHARACTERS])
    plain = re.sub(r"[.!?;:]+(?=\s|$)", " . ", plain)
    plain = re.sub(r"[^\w'.+-]+", " ", plain)
    return " ".join(map(spelt_out, plain.split()))


# --- classes of words -----------------------------------------------------------------------

# A class may name a later one.
_CLASSES = {
    # Some of the shop's people, whatever their trade.
    "one_of": (
        "one of (?:you(?: (?:guys|people|lot|all))?|(?:your|the|ur|those) (?:\\w+ ){0,2}?{crew})|"
        "(?:some|any)(?:one|body) (?:of you|(?:from|in|at|on|of) (?:your|the|ur) \\w+)|"
        "one of the (?:\\w+ )?{crew}|a (?:colleague|coworker|member|human) of yours|"
        "(?:a|your|the) (?:human|real) (?:colleague|team)"
    ),
    "crew": (
        "{person}|people|team|staff|guys|lads|girls|ladies|boys|lot|crew|folks?|fitters?|experts?|"
        "technicians?|bosses|superiors|clerks?|humans"
    ),
    "asks": (
        "are (?:you|u)|r u|is this|is it|am i (?:talking|speaking|chatting)|you|u|ur|your|"
        "you're|youre|you are|be|being|(?:act|think|sound|talk|look|type|write|behave|answer)s?(?:ing)? like"
    ),
    "what": (
        "(?:(?:an?|some|{kind}|automated|only|just|not|or|if) )*(?:human(?: being)?|person|bot|"
        "robot|chatbot|machine|ai|computer|guy|people|agent|assistant)"
    ),
    "kind": "real|actual|live|proper|human|living|breathing|genuine|normal|competent",
    "article": "an?|the|to|some|any|one|of|your|you|another|other|more|ur|1",
    # People whom one would ask for.
    "person": (
        "humans?|human beings?|members? of (?:the |your |ur )?(?:staff|team|crew)|people|persons?|peron|agents?|executives?|"
        "representatives?|reps?|operators?|supervisors?|managers?|"
        "manger|(?:living|human) assistants?|live assistants?|advis[eo]rs?|associates?|employees?|staff|staff members?|team ?members?|"
        "co-?workers?|colleagues?|specialists?|sales ?(?:people|person|man|reps?|team)|"
        "support (?:team|staff|agents?|person|rep)|customer ?(?:services?|support|care)|"
        "customer ?(?:service|support|care) (?:team|agents?|rep\\w*|person|staff)|"
        "live ?(?:chat|support|help)|tech(?:nical)? support|real (?:support|help)|boss|"
        "the owner|superiors?|management|man|woman|guy|bloke|chap|lady|gentleman|gaffer|chief|experts?|fitters?|"
        "technicians?|director|person in charge|(?:chef|boss|head) of you|helpdesk|help desk|"
        "medewerk(?:er|ster)|mitarbeiter(?:in)?|mensch(?:en)?|menneske|kundeservice|klantenservice|"
        "kundenservice|humano|persona real|operador|operatore|conseiller|"
        "(?:sales|billing|returns?|refunds?|complaints?|support|service|finance|warranty) "
        "(?:department|dept|team|desk|people)"
    ),
    "someone": "someone|somebody|some one|anyone|anybody|some body|any body",
    # What a person may not be followed by: "a person tent", "a manager position".
    "thing": (
        "'s|and (?:an?|my|one|two|our|his|her|his) (?:dog|cat|child|kid|baby|bag|bike|half|tent)|"
        "to fit|tents?|sleeping|bivy|hammock|stove|set|kit|cook|package|size|number|email|e-mail|"
        "mail|hours|policy|address|phone number|discount|position|job|role|vacanc\\w+|account|"
        "rights|resources|error|made|hair|tickets?|portal|app|code|id"
    ),
    "talk": (
        "talk|tlak|takl|speak|speek|spek|chat|connect|connect (?:me|us)|(?:put|patch) (?:me|us)|"
        "(?:put|patch) (?:me|us) through|transfer (?:me|us|this)|pass (?:me|us|this)|"
        "pass (?:me|us|this) (?:on|over)|hand (?:me|us|this|it) (?:over|off)|hand (?:me|us|this)|"
        "forward (?:me|us|this)|switch me|redirect me|(?:be|get) (?:connected|transferred)|"
        "(?:be|get) put through|get in (?:touch|contact)|get (?:a )?hold|get me|route me|"
        "direct me|send me|send this|transfer|switch|reroute|pass(?: me| this)? along|hook me up|"
        "(?:be )?put (?:me )?in (?:touch|contact)|discuss(?:ing)?(?: it| this| that)?|escalate|escalate (?:this|it|me)|deal|interact|communicate|"
        "converse"
    ),
    "to": "to|with|w|2|of|over to|through to|on to|back to",
    "want": (
        "want|wanna|need|needs|require|demand|prefer|like|love|insist on|asking for|asked for|"
        "ask for|request|requesting|gimme|(?:give|get|bring|fetch|send|find) (?:me|us)|bring in|"
        "let me have|(?:can|could|may) i (?:please )?(?:have|get)|(?:can|could) you get|"
        "(?:please|just) get"
    ),
    "bot": "software|automated \\w+|bots?|robots?|chat ?bots?|machines?|computers?|ai|a\\.i|algorithm|program",
    "insult": "stupid|dumb|useless|damn|bloody|silly|fucking|pointless",
    "there": (
        "here|there|i can|we can|to talk|to speak|available|around|online|free|on duty|who can|"
        "that can|awake|working|at all|please|\\."
    ),
    "act": (
        "help|call|contact|take|look|reply|answer|respond|chat|talk|speak|ring|phone|join|"
        "assist|check|email|handle|deal|step|write|sort|fix|read"
    ),
    "when": "please|pls|plz|now|asap|immediately|\\.",
}


def _pattern(lines: str) -> re.Pattern[str]:
    """One pattern out of lines of alternatives; `#` starts a comment line."""
    chosen = [line.strip() for line in lines.splitlines()]
    chosen = [line for line in chosen if line and not line.startswith("#")]
    text = "|".join(f"(?:{line})" for line in chosen)
    text = text.replace("{fill}", "(?:(?:{article}|{kind}|{insult}) ){0,5}")
    text = text.replace("{person}", r"{person}(?![\w-])(?! ?{thing}(?![\w-]))")
    for name, words in _CLASSES.items():
        # The lookahead is added once, around the class: not inside its own replacement.
        text = text.replace("{" + name + "}", f"(?:{words})")
    return re.compile(rf"(?<![\w'-])(?:{text})(?![\w-])")


# --- patterns -------------------------------------------------------------------------------

_REQUEST = _pattern(r"""
    # talk to a person
    {talk} {to} {fill}(?:(?:\w+ )?{person}|{someone})
    {talk} {fill}{person}
    (?:talk|speak|chat|deal|discuss|go|sort|explain|settle|clear) (?:(?:it|this|that|things|through|over|all|out) ){0,3}(?:to|with) (?:{one_of}|{someone})
    (?:talk|speak) (?:to|with) (?:whoever|who ?ever|the one who|those who|the people who|them|her|him)(?! (?:at|in) (?:the )?(?:dhl|ups|post|courier))
    (?:rather|prefer to|like to|want to|need to|wish to|wanna) (?:explain|tell|discuss|describe|show|ask) (?:(?:this|it|that|all|my \w+|about \w+) )*(?:(?:to|with) )?(?:{fill}{person}|{someone}|{one_of})
    an? (?:quick |short |little )?(?:word|chat|chinwag|talk|conversation) with (?:whoever|{one_of}|{someone}|{fill}{person})
    (?:word|chat|talk|speak) (?:with|to) (?:whoever|who)
    whoever (?:is|runs|owns|deals|handles|decides|manages)(?: \w+){0,5} (?:to|please|id|i'd|can|could|should|must)
    (?:talk|speak|discuss|explain|sort|settle|do|chat|solve|go through)(?: \w+){0,3} (?:on|over|by) (?:the )?(?:phone|telephone|voice)
    (?:put|patch) me through
    (?:prefer|like|mind|rather be|insist on|want to be|rather) (?:talking|speaking|chatting|dealing) {to} {fill}(?:{person}|{someone})
    (?:talk|speak|chat) (?:to|with) one(?! of (?:my|our))
    (?:chance|possibility|option|way) (?:of|to|for) (?:(?:a|the|me|get|to|be) )*(?:talk|speak|chat|reach|deal)(?:ing)? (?:(?:to|with) )?(?:{fill}{person}|{someone})
    who(?:m)? (?:can|could|may|should|do|is there) (?:(?:that|i|we|to) )*(?:talk|speak|chat)
    (?:transfer|connect|redirect|reroute|put through|escalate) (?:me|us)(?= ?(?:$|{when}))
    (?:put|get|bring|fetch|call|summon|see|send) (?:them|him|her|{someone}|{fill}{person}) (?:on|in|over|here|now|please|for me|to the (?:phone|chat))
    (?:get|summon|bring|fetch|see|send) {fill}{person}
    (?:pass|forward|hand|show|escalate|refer) (?:(?:this|it|that|my|message|case|me|matter|on|over|conversation|chat) )+to (?:{fill}{person}|{someone} (?:in|who|with|else|at)|{one_of})
    give (?:this|it|that|my \w+) to your {person}
    wait(?:ing)? for {fill}{person}
    (?:can|could|may) i (?:please |maybe |just )?(?:have|get|write (?:to|with)|speak (?:to|with)|talk (?:to|with)) (?:her|him|the same (?:{person}|one)) (?:again|back|please)
    # I want a person
    {want} {fill}{person}
    (?:want|need|require|like|prefer|get|fetch|send|give|find|bring|ask|grab|call)(?: me| in| over)? {one_of}
    (?:ask|hear from|help from|advice from|answer from|reply from|get|need|want|find|is there|are there|to|with) {someone} (?:there |here |else |please )?(?:who|that|with) (?:actually |really |can |could |does |has |is )*(?:can|could|knows?|understands?|speaks?|works?|decides?|authority|able|allowed|in charge|responsible|a clue|a brain|a pulse|a heartbeat|human|alive|real|power|experience|help)
    (?:rather|instead|please|pls|just|need|want|like|prefer)(?: \w+){0,2} (?:an?|some) (?:human|real|living|live|actual) (?:touch|being|soul|voice|contact|eyes?|brain|reply|response|answer|help|support|employee|colleague)
    (?:get|find|give|send|fetch|bring) (?:me|us) {someone}(?!')
    (?:want|need|require) {someone} (?:real|human|else|from|to (?:call|talk|speak|ring|phone|look|contact|reply|respond|take over))
    # is there a person
    (?:is there|are there|isn't there|got|do you have|have you got|any) {fill}{person} {there}
    (?:is|are) there {someone} (?:(?:actually|really|even|still) )?(?:real|human|behind|on the other|of flesh|made of|in there|at your end|i can (?:talk|speak|chat)|(?:to|who can) (?:talk|speak|chat))
    (?:is|are) {one_of}(?! (?:size|sizes))
    (?:is|are|might|would) there (?:be )?(?:{someone}|{fill}{person})(?: \w+){0,4} (?:i|we|one) (?:can|could|might|may) (?:please |just |maybe )?(?:talk|speak|chat|ask|write|bother|ring|call|reach|deal)
    (?:of |in )?(?:flesh and blood|with a pulse|with a heartbeat)
    (?:is|are) (?:{fill}{person}|{someone}|{one_of})(?: of yours| from \w+ \w+)? (?:around|available|online|awake|free|on duty|about|in today|on the line|there who|there that|there to|here who|here to)(?! (?:size|in|sizes|colour))
    {fill}{person} (?:needed|wanted|required|only)(?= ?(?:$|\.|please|now|here))
    only {fill}{person}(?= ?(?:$|\.|please|now))
    (?:an?|the|some|your|one of your) (?:{kind} )?{person} (?:should|must|has to|have to|needs to) (?:please |maybe |just |perhaps )*(?:{act}|get|have)
    (?:have|get|let) {someone} (?:please |just )?{act}
    (?:level|tier) (?:2|two) support|second level support
    (?:your |the )?(?:boss|colleague|employee|staff|manager|advis[eo]r|executive|owner|team) (?:please|pls)(?= ?(?:$|\.))
    (?:please|pls|can you|could you) (?:call|phone|ring)(?= ?(?:$|\.))
    (?:^|\. )(?:call|ring|phone) (?:me|us)(?= ?(?:$|\.|please|pls|now|asap|back|on|at|when|today|tomorrow|this|as))
    (?:be|is|are) (?:\w+ ){0,4}{person}(?: \w+){0,2} (?:i|we|one) (?:can|could|might|may) (?:please |just )?(?:talk|speak|chat|bother|ask)
    for {fill}(?:{person}|{someone}|{one_of}) to (?:please |just )?(?:{act}|get)
    (?:can|could|will|would) your (?!courier|driver|delivery|dhl|ups|dpd|gls|website|system)(?:\w+ )?\w+ (?:please |just )?(?:call|phone|ring|contact|email|e-mail) (?:me|us)
    # can a person do it
    (?:can|could|may|might|will|would|have|let|get) (?:your|the|an?) (?:\w+ )?{person} (?:please |just |kindly |to )?{act}
    (?:can|could|may|might|will|would) {fill}{person} from (?:the|your) \w+
    (?:{someone}|{one_of})(?: just| simply)? (?:calls|phones|rings|contacts|rang|called) me(?! (?:yesterday|today|last|every|all|from))
    (?:can|could|may|might|will|would|have|let|make|ask|maybe|perhaps|get) {one_of}
    (?:have|get|let|ask) {someone}(?: \w+)? (?:call|phone|ring|email|e-mail|mail|text|contact|write|reach|answer|reply|respond|look|speak|talk|come|deal|get back)
    (?:someone|somebody|some one) (?:should|must|needs? to|has to|ought to|please|just|kindly|better|had better)? ?(?:call|phone|ring|contact|get back to) me
    (?:can|could|will|would)(?: \w+){0,1} {someone} (?:please |just |maybe |kindly )*(?:call|phone|ring|contact|email|e-mail|write to|get back to|get in touch with) (?:me|us)
    (?:can|could|will|would) (?:you|u|ya|{someone}|{one_of}|you guys) (?:please |just |maybe |kindly |pls )*(?:give|gimme) (?:me )?(?:a )?(?:quick )?(?:ring|call|bell|buzz|tinkle|shout|phone call|callback)
    (?:^|please |pls |just |kindly |then |so |and |or |\. )(?:give|gimme) (?:me )?a (?:quick )?(?:ring|call|bell|buzz|tinkle|callback|call back)
    (?:can|could|will|would) (?:you|u|you guys|yous) (?:please |just |maybe |kindly |pls )*(?:call|phone|ring) (?:me|us)(?! (?!back|asap|now|on|at|today|tomorrow|please|about|later|in|instead|this|when|if|again|up|to)\w)
    (?:can|could|may|will|would|have|let|make|ask) {fill}(?:{person}|{someone} (?:real|human|else)|{someone} from (?:your|the) \w+) (?:please |just |kindly |now )?(?:to )?{act}
    (?:can|could|will|would|have|let|need) (?:you|{someone}|your (?!courier|driver|delivery|dhl|ups|dpd|gls)\w+) (?:please )?(?:to )?(?:call|phone|ring) me(?! (?!back|asap|now|on|at|today|tomorrow|please|about|later|in)\w)
    (?:please|pls|just) (?:call|phone|ring) me (?:back|asap|now|today|tomorrow|please|on|at)
    (?:call|phone|ring) me back
    (?:request|want|need|like|get|have|arrange|book|schedule|order|for|expect|do) (?:(?:me|an?|the|you) )*(?:call ?back|phone ?call|telephone call)(?! (?:number|from (?:the|my|your)? ?(?:courier|driver|dhl|bank)))
    (?:like|want|need|prefer|wish|rather|hope) (?:to )?(?:be|get) (?:called|phoned|rung|contacted|called back|rung up|phoned back)(?! (?:when|once|as soon|if it|before))
    call ?back (?:please|pls|requested|wanted)
    (?:press|dial|hit|push)(?: \w+){0,2} (?:for|to (?:get|reach|speak|talk)) (?:to )?{fill}(?:{person}|{someone})
    (?:reach|contact|find|get to|get hold of) {fill}(?:human|real person|person|human being|agent|representative|operator|someone real|live person|supervisor|manager|employee|colleague|staff member)(?! {thing})
    how (?:do|can|could|to)(?: \w+){0,2} (?:reach|contact|get|find|get hold of) (?:{someone}|{fill}{person})
    (?:where|who) (?:are|is) (?:the |all the |your )?(?:humans|real people|people i can|staff|human)
    # said at the end, or by itself within the message
    (?:i said|said|just|pls|please|now) (?:(?:an?|the) )?(?:{kind} )*(?:human|agent|person|representative|operator|supervisor|manager)(?= ?(?:$|{when}))
    (?:{kind} )?(?:human|agent|representative|operator|supervisor|medewerker|mitarbeiter) {when}(?<!\.)
    (?:real|live|actual) (?:human(?: being)?|person|agent|people)(?= ?(?:\.|$))
    (?:please|pls|want to|wanna|must|need to|can you|could you|just|i'll|would like to|like to) escalate
    escalate (?:this|it|my|me|to)
""")

_NOT_A_BOT = _pattern(r"""
    (?:don't|do not|dont|won't|will not|can't) (?:do|like|trust|want|need|use|talk|chat) (?:(?:an?|the|to|with|these|those|your|any|more|this|{insult}) )*(?:{bot})(?! {thing})
    (?:skip|bypass|avoid|exit|leave|quit|past|around|out of) (?:(?:this|the|your|that|{insult}) )+{bot}(?! {thing})
    (?:want|get|let me|need to get|how do i get|skip|stop|turn) (?:me )?(?:to )?(?:get )?(?:out of|past|around|off|rid of|skip|stop) (?:(?:this|the|your|that|{insult}) )*(?:{bot})
    (?:rather than|instead of|not with|not to|not from|without|enough of|no more) (?:(?:an?|the|this|your|some|talk(?:ing)? to|these|more|{insult}) )*(?:{bot})
    (?:{someone}|{person}|human) (?:(?:who|that|which) (?:is|isn't) )?(?:not|other than|besides) you
    (?:don't|do not|dont|won't|will not|not going to|refuse to|never|no longer|hate|sick of|tired of|done|fed up (?:with|of))(?: really| even)?(?: want| wanna| like| wish| need)?(?: to)? (?:talk|speak|chat|deal|type|write)(?:ing)? (?:to|with) (?:(?:an?|the|this|some|you|your|{insult}) )*{bot}
    {person} (?:and )?(?:not|instead of|rather than) (?:(?:an?|the|this|some|your|{insult}) )*{bot}
    (?:not|no more|no) (?:(?:with|to) )?(?:(?:an?|the|this|more|{insult}) )*{bot} (?:please|pls|but|i want|i need)
    (?:anything|anyone|someone|somebody|something) (?:but|other than|who is not|who isn't|that is not|that isn't) (?:an? |this )?(?:{insult} )*{bot}
""")
"""Whoever refuses the bot asks for a person."""

_ALONE = _pattern(r"""
    (?:(?:{article}|{kind}|talk to|speak to|speak with|talk with) ){0,4}(?:(?:human|humans|human being|agent|agents|person|operator|representative|rep|someone|somebody|colleague|call back|callback|ring me|escalate|escalation|call me|phone me|supervisor|manager|people|employee|someone real|somebody real|customer (?:service|support|care)|live (?:chat|agent|support|person)|support agent|real (?:help|support)|human (?:help|support|assistance|service)|medewerker|mitarbeiter|mensch|menneske|kundeservice|kundenservice|klantenservice) ?){1,8}
""")
"""The whole message, politeness aside, names a person: "agent", "human human human"."""

_POLITE = re.compile(
    r"(?<![\w'])(?:please|pls|plz|now|asap|hi|hello|hey|hallo|ok|okay|yes|no|yeah|nope|just|"
    r"thanks|thank you|thx|immediately|at once|right|i said|sorry|ugh|omg|bitte|alstublieft|takk|"
    r"\.|_|-|')(?![\w'])"
)

_DECLINED = re.compile(
    r"(?<![\w'])(?:what|"
    # I don't need
    r"(?:do|does|did|would|need)(?:n't|nt| not)(?: (?:really|actually|even|necessarily|yet))*"
    r"(?: (?:want|need|wish|like|have|plan|intend|mean|ask))?|no need|rather not|without|"
    r"no longer (?:need|want)|(?:prefer|want|wish|like|hope|rather) not|(?:nice|lovely|good|great) to|"
    r"not (?:necessary|needed|asking|trying|ready|yet)|instead of|"
    # do I have to, am I
    r"(?<!how )(?<!who )(?:do|did|should|must|would|will|whether|if) (?:i|we|you)(?: (?:really|actually|even))?"
    r"(?: (?:need|have|got|must|should))?|am i|are we|was i|is this|is it|are you|isn't this|"
    # before I, I already
    r"before i|when i|after i|last time i|already|yesterday i|i had|i also had|let my|so i can"
    r")(?: (?:to|in|for|with|even|actually|also|just|have|having|need|an?|the|talking|speaking))"
    r"{0,3} $"
)
"""Right before a request: somebody does not want it, asks about it, or tells of another time."""

_NEEDLESS = _pattern(r"""
    (?:no need|not necessary|unnecessary|needn't|need not|(?:don't|dont|do not|didn't|didnt|did not|doesn't|does not) (?:need|want|have|wish|bother|get|connect|transfer|put|call|involve)|without|rather not|hate|instead of|glad not|no) (?:(?:to|for|me|us|having|have|get|getting|bother|bothering|call|calling|phone|phoning|talk|talking|speak|speaking|involve|involving|with|be|transferred|connected|put|through|on|waste|a|single|any|this|it) ){0,6}(?:{fill}{person}|{someone})(?! (?:like|such|but|other than|apart))
    {person} (?:is|are|was)? ?(?:not|isn't|aren't) (?:needed|necessary|required)
    no {fill}{person} (?:needed|necessary|required|please|thanks)
    (?:don't|dont|do not|no need to|needn't) (?:please )?(?:connect|transfer|escalate|call|phone|ring|put me through|hand)
""")
"""No person, says the customer, in words that are no request either."""

_TOLD_OF_PEOPLE = _pattern(r"""
    (?:i|we|you|he|she|they|already|just|have|had|been|was) (?:(?:already|just|also|once|have|had|never|even) )*(?:talked|spoke|spoken|chatted|talking|met|phoned|called|written|wrote|emailed|asked) (?:\w+ )?(?:to|with|by)? ?(?:{fill}{person}|{someone}|(?:an?|the) (?:very |really |so )*\w+ {person})
    (?:the|that|this|your|a|some) {person} (?:has|had|took|signed|said|says|told|was|were|did|didn't|does|gave|sent|promised|needs?|who|at the|in the|from the|i (?:spoke|talked|chatted))
    (?:does|did|is|was|has|had|will) (?:the|that|this) {person}
    (?:thanks|thank you|thx|compliments|greetings|regards|kudos|praise|cheers|hugs?|love|hats off|tip|bravo|say thanks)(?: \w+){0,3} (?:to|for) {fill}{person}
    (?:your|the) {person} (?:is|are|was|were) (?:\w+ ){0,2}(?:great|nice|lovely|kind|helpful|friendly|brilliant|amazing|the best|wonderful|super)
""")
"""People of another day, or only mentioned."""

_OTHER_PEOPLE = _pattern(r"""
    # agents of another trade
    (?:travel|estate|letting|insurance|shipping|customs|cleaning|delivery|booking|secret|free|ticket|forwarding|tax|waterproofing|bleaching|drying|degreasing|sports|parcel|freight|import|export|user|foaming|antimicrobial|purchasing|post|mail|tour|mobile|network|phone|bus|ferry|crane|bank|hotel|airline|dhl|ups|postnl|gls|dpd|courier|project|product|line|hr|account|fund|event|office|gym|hostel|lodge|expedition) ?(?:agents?|operators?|managers?|persons?|people|reps?|representatives?|guys?|man|woman|employees?|staff|advis[eo]rs?|boss)
    # the customer's own people
    (?:my|our|his|her|their|a friend's) (?:\w+ )?(?:agents?|operators?|managers?|boss|supervisors?|colleagues?|co-?workers?|reps?|employees?|staff|team ?members?|team|people|guys?|advis[eo]rs?|assistants?|man|woman)
    # numbers of people, and how one does things
    (?:\d+|one|two|three|four|five|six|eight|single|couple of)[ -]?(?:persons?|people|man|men)
    in[ -]person|per person
    (?:first|third|another|other|wrong|same|old|tall|big|small|outdoorsy|contact|missing|different|busy|morning|young|disabled|happy|lucky|only) (?:person|people|man|woman|guy)
    (?:most|many|other|some|few|two|of|for|these|those) people|people (?:say|said|who|think|told)
    human (?:rights|resources|error|made|hair|friendly|nature)
    (?:oh|hey|wow|damn|my) man|man (?:this|that|i|it|what|you|oh)
    (?<!\d )(?<!key )(?<!button )(?:gift )?for (?:an?|the|my) (?:man|woman|guy|person|boss|colleague)
""")
"""People who are not ours, and things with people in their names."""

_WHAT_ARE_YOU = _pattern(r"""
    who(?:m)? (?:am i|are we) (?:talking|speaking|chatting|writing) (?:to|with)
    who(?:m)? (?:am i|are we) (?:talking|speaking|chatting|writing)
    blink(?: \w+){0,4} (?:human|person|bot|robot)
    {asks} (?:(?:actually|really|even|just|like|with|to) )*{what}(?:(?: or|,)? {what})*
""")
"""A question about what the assistant is; answered, not handed over."""
