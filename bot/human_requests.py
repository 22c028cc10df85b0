"""Does this text ask for a person?

The gateway asks before it bothers the assistant (and when the assistant is down), triage asks on
every turn, so this module needs nothing but `re` and `unicodedata`. It only reads words; how
sure the intent classifier is belongs to `bot.triage`. Missing a request is the worse mistake, but
travel agents, three-person tents and "are you human?" are no requests.

The patterns see the text as `_plain` leaves it: lower case, straight quotes, one space between
words, stretched letters shortened, a lone full stop between sentences. A name in braces stands
for one of the words of that class.
"""

from __future__ import annotations

import functools
import re
import unicodedata

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
    found = [_DECLINED.search(plain[: each.start()]) for each in _REQUEST.finditer(plain)]
    return bool(found) and all(found)


@functools.lru_cache(maxsize=READ_TEXTS)
def speaks_of_other_people(text: str) -> bool:
    """Whether people are mentioned who are not the shop's, or the bot is asked what it is."""
    plain = _plain(text)
    return bool(_OTHER_PEOPLE.search(plain) or _WHAT_ARE_YOU.search(plain))


@functools.lru_cache(maxsize=READ_TEXTS)
def _plain(text: str) -> str:
    plain = normalise(text[:READ_CHARACTERS])
    plain = re.sub(r"[.!?;:]+(?=\s|$)", " . ", plain)
    plain = re.sub(r"[^\w'.+-]+", " ", plain)
    return " ".join(plain.split())


# --- classes of words -----------------------------------------------------------------------

# A class may name a later one.
_CLASSES = {
    "asks": (
        "are (?:you|u)|r u|is this|is it|am i (?:talking|speaking|chatting)|you|u|ur|your|"
        "you're|youre|you are|be|being|(?:act|think|sound|talk|look) like"
    ),
    "what": (
        "(?:(?:an?|some|{kind}|automated|only|just|not|or|if) )*(?:human(?: being)?|person|bot|"
        "robot|chatbot|machine|ai|computer|guy|people|agent|assistant)"
    ),
    "kind": "real|actual|live|proper|human|living|breathing|genuine|normal|competent",
    "article": "an?|the|to|some|any|one|of|your|you|another|other|more|ur|1",
    # People whom one would ask for.
    "person": (
        "humans?|human beings?|members? of staff|humna|huamn|hooman|people|persons?|persn|peron|"
        "agents?|agnet|executives?|"
        "representatives?|representitives?|reps?|operators?|operater|supervisors?|managers?|"
        "manger|advis[eo]rs?|associates?|employees?|staff|staff members?|team ?members?|"
        "co-?workers?|colleagues?|specialists?|sales ?(?:people|person|man|reps?|team)|"
        "support (?:team|staff|agents?|person|rep)|customer ?(?:services?|support|care)|"
        "customer ?(?:service|support|care) (?:team|agents?|rep\\w*|person|staff)|"
        "live ?(?:chat|support|help)|tech(?:nical)? support|real (?:support|help)|boss|"
        "the owner|man|woman|guy|helpdesk|help desk|"
        "(?:sales|billing|returns?|refunds?|complaints?|support|service|finance|warranty) "
        "(?:department|dept|team|desk|people)"
    ),
    "someone": "someone|somebody|sombody|some one|anyone|anybody|some1|any1",
    # What a person may not be followed by: "a person tent", "a manager position".
    "thing": (
        "'s|tents?|sleeping|bivy|hammock|stove|set|kit|cook|package|size|number|email|e-mail|"
        "mail|hours|policy|address|phone number|discount|position|job|role|vacanc\\w+|account|"
        "rights|resources|error|made|hair|tickets?|portal|app|code|id"
    ),
    "talk": (
        "talk|tlak|takl|speak|speek|spek|chat|connect|connect (?:me|us)|(?:put|patch) (?:me|us)|"
        "(?:put|patch) (?:me|us) through|transfer (?:me|us|this)|pass (?:me|us|this)|"
        "pass (?:me|us|this) (?:on|over)|hand (?:me|us|this|it) (?:over|off)|hand (?:me|us|this)|"
        "forward (?:me|us|this)|switch me|redirect me|(?:be|get) (?:connected|transferred)|"
        "(?:be|get) put through|get in (?:touch|contact)|get (?:a )?hold|get me|route me|"
        "direct me|send me|send this|escalate|escalate (?:this|it|me)|deal|interact|communicate|"
        "converse"
    ),
    "to": "to|with|w|2|of|over to|through to|on to|back to",
    "want": (
        "want|wanna|need|needs|require|demand|prefer|like|love|insist on|asking for|asked for|"
        "ask for|request|requesting|gimme|(?:give|get|bring|fetch|send|find) me|bring in|"
        "let me have|(?:can|could|may) i (?:please )?(?:have|get)|(?:can|could) you get|"
        "(?:please|just) get"
    ),
    "bot": "bots?|robots?|chat ?bots?|machines?|computers?|ai|a\\.i|algorithm|program",
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
    (?:put|patch) me through
    (?:prefer|like|mind|rather be|insist on|want to be|rather) (?:talking|speaking|chatting|dealing) {to} {fill}(?:{person}|{someone})
    (?:talk|speak|chat) (?:to|with) one(?! of (?:my|our))
    # I want a person
    {want} {fill}{person}
    (?:get|find|give|send) me {someone}
    (?:want|need|require) {someone} (?:real|human|else|from|to (?:call|talk|speak|ring|phone|look|contact|reply|respond|take over))
    # is there a person
    (?:is there|are there|isn't there|got|do you have|have you got|any) {fill}{person} {there}
    (?:is|are) there {someone} (?:real|human|i can (?:talk|speak|chat)|(?:to|who can) (?:talk|speak|chat))
    # can a person do it
    (?:can|could|may|will|would|have|let|make|ask) {fill}(?:{person}|{someone} (?:real|human|else)|{someone} from (?:your|the) \w+) (?:please |just |kindly |now )?(?:to )?{act}
    (?:can|could|will|would|have|let|need) (?:you|{someone}|your \w+) (?:please )?(?:to )?(?:call|phone|ring) me(?! (?!back|asap|now|on|at|today|tomorrow|please|about|later|in)\w)
    (?:please|pls|just) (?:call|phone|ring) me (?:back|asap|now|today|tomorrow|please|on|at)
    (?:call|phone|ring) me back
    request (?:a )?call ?back
    # said at the end, or by itself within the message
    (?:i said|said|just|pls|please|now) (?:(?:an?|the) )?(?:{kind} )*(?:human|agent|person|representative|operator|supervisor|manager)(?= ?(?:$|{when}))
    (?:{kind} )?(?:human|agent|representative|operator|supervisor) {when}(?<!\.)
    (?:real|live|actual) (?:human(?: being)?|person|agent|people)(?= ?(?:\.|$))
    (?:please|pls|want to|wanna|must|need to|can you|could you|just|i'll|would like to|like to) escalate
    escalate (?:this|it|my|me|to)
    # the neighbours' languages
    (?:mit|an) (?:(?:einem|einen|einer|echten|richtigen|ihrem) )*(?:mensch(?:en)?|mitarbeiter(?:in)?|berater(?:in)?|kundenservice|kundendienst|support|jemand(?:em|en)?) (?:\w+ )?(?:sprechen|reden|schreiben|chatten|verbinden|verbunden)
    (?:echten?|echter|richtigen?|richtiger) (?:menschen?|person|mitarbeiter(?:in)?)
    (?:echte?|levende?) (?:mens|persoon|medewerker)
    (?:medewerker|mens|persoon|iemand|klantenservice) (?:\w+ )?(?:spreken|praten|chatten)
    (?:spreken|praten|chatten|contact) met (?:(?:een|de|echte) )*(?:medewerker|mens|persoon|iemand|klantenservice)
    (?:snakke|prate|chatte|tale) med (?:(?:en|et|ekte|virkelig) )*(?:noen|nogen|menneske|person|kundeservice|kundebehandler|ansatt|medarbe[ij]der)
    parler (?:à|a|avec) (?:(?:une?|vraie?|votre|le) )*(?:quelqu'un|humain|conseill\w+|personne|agent|service client)
    hablar con (?:(?:una?|el) )*(?:persona|agente|humano|alguien|asesor)
    parlare con (?:(?:una?|vero) )*(?:persona|operatore|umano|qualcuno)
""")  # noqa: E501  (one pattern a line is easier to read than broken ones)

_NOT_A_BOT = _pattern(r"""
    (?:don't|do not|dont|won't|will not|not going to|refuse to|never|no longer|hate|sick of|tired of|done|fed up (?:with|of))(?: really| even)?(?: want| wanna| like| wish| need)?(?: to)? (?:talk|speak|chat|deal|type|write)(?:ing)? (?:to|with) (?:(?:an?|the|this|some|you|your|{insult}) )*{bot}
    {person} (?:and )?(?:not|instead of|rather than) (?:(?:an?|the|this|some|your|{insult}) )*{bot}
    (?:not|no more|no) (?:(?:with|to) )?(?:(?:an?|the|this|more|{insult}) )*{bot} (?:please|pls|but|i want|i need)
    (?:anything|anyone|someone|somebody|something) (?:but|other than|who is not|who isn't|that is not|that isn't) (?:an? |this )?(?:{insult} )*{bot}
""")  # noqa: E501
"""Whoever refuses the bot asks for a person."""

_ALONE = _pattern(r"""
    (?:(?:{article}|{kind}|talk to|speak to|speak with|talk with) ){0,4}(?:(?:human|humans|human being|humna|agent|agents|person|operator|representative|rep|call me|phone me|supervisor|manager|people|employee|someone real|somebody real|customer (?:service|support|care)|live (?:chat|agent|support|person)|support agent|real (?:help|support)|human (?:help|support|assistance|service)|medewerker|mitarbeiter|mensch|menneske|kundeservice|kundenservice|klantenservice) ?){1,8}
""")  # noqa: E501
"""The whole message, politeness aside, names a person: "agent", "human human human"."""

_POLITE = re.compile(
    r"(?<![\w'])(?:please|pls|plz|now|asap|hi|hello|hey|hallo|ok|okay|yes|no|yeah|nope|just|"
    r"thanks|thank you|thx|immediately|at once|right|i said|sorry|ugh|omg|bitte|alstublieft|takk|"
    r"\.|_|-|')(?![\w'])"
)

_DECLINED = re.compile(
    r"(?<![\w'])(?:what|how(?: else)?|"
    # I don't need
    r"(?:do|does|did|would|need)(?:n't|nt| not)(?: (?:really|actually|even|necessarily|yet))*"
    r"(?: (?:want|need|wish|like|have|plan|intend|mean|ask))?|no need|rather not|without|"
    r"no longer (?:need|want)|not (?:necessary|needed|asking|trying|ready|yet)|instead of|"
    # do I have to, am I
    r"(?:do|did|should|must|would|will|whether|if) (?:i|we|you)(?: (?:really|actually|even))?"
    r"(?: (?:need|have|got|must|should))?|am i|are we|was i|is this|is it|are you|isn't this|"
    # before I, I already
    r"before i|when i|after i|last time i|already|yesterday i|i had|i also had|let my|so i can"
    r")(?: (?:to|in|for|with|even|actually|also|just|have|having|need|an?|the|talking|speaking))"
    r"{0,3} $"
)
"""Right before a request: somebody does not want it, asks about it, or tells of another time."""

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
    (?:gift )?for (?:an?|the|my) (?:man|woman|guy|person|boss|colleague)
""")  # noqa: E501
"""People who are not ours, and things with people in their names."""

_WHAT_ARE_YOU = _pattern(r"""
    {asks} (?:(?:actually|really|even|just|like|with|to) )*{what}(?:(?: or|,)? {what})*
""")
"""A question about what the assistant is; answered, not handed over."""
