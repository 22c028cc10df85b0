"""How does a message sound? Sentiment and frustration of one text, with the signs that were seen.

Two scores on purpose. `sentiment` (-1 to 1) is how positive the words are, from VADER.
`frustration` (0 to 1) is whether this customer is losing patience with us: "my parcel is damaged"
is negative and calm, "thanks for nothing" is the other way round. It adds up surface signs
(capitals, repeated marks) and words (insults, threats to leave, the third time, days of waiting),
each with a weight, as independent evidence: 1 - (1 - a)(1 - b)... Here belong only texts and
scores; what a score leads to is decided in `bot.triage`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

READ_CHARACTERS = 2_000
"""Longer texts are judged by their beginning."""


@dataclass(frozen=True)
class Mood:
    """`sentiment` from -1 to 1, `frustration` from 0 to 1, and the names of the signs."""

    sentiment: float
    frustration: float
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Sign:
    """Words that speak for frustration; `weight` is how much one occurrence does (0 to 1)."""

    name: str
    weight: float
    pattern: re.Pattern[str]


def _signs(table: str) -> tuple[Sign, ...]:
    """Signs out of a table: a line with name and weight, then indented patterns, one a line."""
    signs: list[tuple[str, float, list[str]]] = []
    for line in filter(str.strip, table.splitlines()):
        if line.startswith(" "):
            signs[-1][2].append(f"(?:{line.strip()})")
        else:
            name, weight = line.rsplit(" ", 1)
            signs.append((name, float(weight), []))
    return tuple(Sign(name, weight, _words("|".join(lines))) for name, weight, lines in signs)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")


SIGNS = _signs(r"""
anger named 0.72
    furious|livid|outraged?|enraged|fuming|seething|pissed(?: off)?|infuriat\w+
    (?:so|very|really|extremely|absolutely|getting|bloody) (?:angry|mad)
    (?:i am|i'm|im|makes me|making me) (?:angry|mad)(?! about)
    lost (?:all|my) patience|losing (?:my )?patience|patience is (?:running|wearing)
    (?:at|of) my wits'? end|had it with|had enough|enough is enough|fed up|last straw
    sick (?:and tired )?of|sick to death
annoyance named 0.48
    annoy(?:ed|ing)|frustrat(?:ed|ing|ion)|irritat(?:ed|ing)|upset|unhappy|displeased|dissatisfied
    exasperat\w+|disgust\w+|appalled|shocked
    (?:deeply|extremely|very|really|so|beyond|bitterly) disappoint(?:ed|ing)
    (?:i'm|im|i am|quite|rather|a bit|pretty) disappointed
abuse 0.85
    f+[u*@#]+c?[k*]+ (?:you|u|off|this company|your)|(?:screw|sod) you|stfu
    (?:you|u)(?:'re| are|r)? (?:all )?(?:a |an |such )?(?:\w+ )?(?:idiots?|morons?|liars?|crooks?)
    (?:you|u)(?:'re| are|r)? (?:all )?(?:a |an |such )?(?:\w+ )?(?:thieves|thief|scammers?|clowns?)
    (?:you|u)(?:'re| are|r)? (?:all )?(?:a |an |such )?(?:\w+ )?(?:assholes?|arseholes?|bastards?)
profanity 0.5
    f+[u*@#]+c?[k*]+(?:ing?|in|ed|er|ers|s)?|wtf|ffs|bullshit|b\*+t|bs|bollocks|crap(?:py)?
    sh[i*]t+(?:ty|show)?|goddamn(?:ed)?|god damn|for (?:god|christ|fuck|heaven|pete)'?s? ?sake
    bloody (?:hell|joke)|piss(?:ed|es|ing)?|asshole|arse|damn it|dammit
insult 0.54
    ridiculous|pathetic|useless|incompetent|unacceptable|outrageous|disgrace(?:ful)?|appalling
    atrocious|abysmal|shameful|shambles|joke of a|laughable|garbage|rubbish|trash|unprofessional
    unbelievable|absurd|diabolical|inexcusable|a farce|insulting|dreadful|idiots?|morons?
    (?:is|are|what) an? (?:\w+ )?joke|you call (?:this|that)
    (?:stupid|dumb) (?:bot|robot|company|thing|shop|system|answer|machine)
    (?:bot|robot|service|company|shop|system|machine|chat) (?:is|are) (?:\w+ )?(?:stupid|dumb|crap)
    worst (?:\w+ )?(?:service|company|shop|store|experience|support|ever|website)
    (?:terrible|horrible|awful|lousy|shocking|zero|non-?existent) (?:\w+ )?(?:service|company|shop)
    (?:terrible|horrible|awful|lousy|shocking|zero) (?:\w+ )?(?:support|experience|communication)
    liars?|crooks?|thieves|scam(?:mers?)?|rip ?off|con artists?|fraudsters?
threat to leave 0.52
    never (?:\w+ )?(?:order|buy|shop|use|come|return)(?:ing)? (?:\w+ ){0,2}(?:again|anymore)
    never (?:\w+ )?purchas(?:e|ing) (?:\w+ ){0,2}(?:again|anymore)
    never (?:\w+ )?(?:order|buy|shop|purchase)(?:ing)? (?:\w+ ){0,2}(?:ever|here|from you|with you)
    (?:last|final) time (?:i|we|i'll|i will) (?:ever )?(?:order|buy|shop)
    lost (?:a|me as a|this) customer|losing (?:a|me as a) customer|done with (?:you|this|your)
    take my (?:business|money) elsewhere|shop(?:ping)? elsewhere
    go(?:ing)? to (?:a|the|your) competitors?
    (?:bad|negative|one ?-?star|1 ?-?star|horrible|terrible|honest) review
    trust ?pilot|google review
    (?:post|put|share|going) (?:this |it )?(?:all over|on) (?:social|twitter|facebook|instagram)
    tell (?:all my|every(?:one|body))|warn (?:others|people|every)|name and shame
    report(?:ing)? (?:you|your|this company)
said before 0.4
    (?:third|fourth|fifth|sixth|tenth|3rd|4th|5th|hundredth|100th|umpteenth|nth) (?:\w+ )?time
    (?:second|third|fourth|fifth|2nd|3rd|4th|5th) (?:\w+ )?(?:message|mail|email|e-mail|complaint)
    (?:second|2nd) time (?:i|i'm|im|now|this|already|that)|week running
    how many (?:more )?times|for the last time|over and over|time and again|time after time
    yet again
    once again,? (?:i|no|nothing|you)|again and again (?:and|i|you|no)
    (?:already|just|keep|kept) (?:told|asked|explained|asking|telling|explaining|repeating|emailed)
    as i (?:already )?said|i said|repeat myself|going (?:round )?in circles|you keep
    same (?:answer|thing|reply|question|nonsense) (?:again|over|every)
    (?:told|asked|called|emailed|written|wrote|contacted|complained|said) (?:\w+ ){0,4}?\w+ times
waiting 0.27
    (?:wait(?:ed|ing)|been) (?:\w+ ){0,3}?(?:\d+|two|three|four|five|six|ten) (?:days|weeks|months)
    (?:wait(?:ed|ing)) (?:\w+ ){0,3}?(?:ages|forever|hours|days|weeks|months|so long|too long)
    (?:\d+|two|three|four|five|six|several) (?:weeks?|months?) (?:now|later|and|already|late)
    still (?:not|no|nothing|waiting|hasn't|haven't|isn't|havent|hasnt|don't|didn't|the same|nobody)
    how (?:much )?long(?:er)? (?:do|must|should|will|am) i|taking (?:so|too|way too|this) long
    when (?:on earth|the hell|will you finally|are you finally)|finally (?:get|answer|reply|send)
nobody cares 0.42
    (?:no ?body|no one|none of you|nobody there) (?:\w+ )?(?:answers?|replies|replied|reply|cares?)
    (?:no ?body|no one|none of you) (?:\w+ )?(?:helps?|responds?|knows?|reads?|listens?|answered)
    (?:you|u) (?:don't|dont|do not|clearly don't|never) (?:\w+ )?(?:care|listen|help)
    (?:you|u) (?:don't|dont|do not|never) (?:\w+ )?(?:answer|reply|understand|read)
    ignor(?:ed|ing) me|being ignored|what is wrong with you|get your act together|do your job
    are you (?:kidding|joking|serious|deaf|stupid|even (?:reading|listening))
    you(?:'ve| have) got to be (?:kidding|joking)|not (?:good enough|acceptable|helpful|helping)
    no help (?:at all|whatsoever)|waste of (?:time|money)|wasting my|wasted (?:my|an|two|hours)
    sort (?:it|this) out|seriously\?
demand 0.38
    (?:i )?(?:want|demand|give me) my (?:\w+ )?money(?: back)?(?: now)?|i demand|answer me
    stop (?:\w+ing|sending|giving)|cancel everything|stole(?:n)? my money|robbed|this instant
hurry 0.25
    right now|immediately|at once|asap
sarcasm 0.55
    (?:thanks|thank you) for nothing|thanks a lot for (?:not|the wait|nothing)
    well done,? (?:guys|you|team)?|wow,? just wow|slow clap|what a (?:surprise|shock|service)
    (?:great|nice|good|brilliant|fantastic|excellent) (?:job|work|service)[,.! ]+(?:really|guys|not)
    (?:great|nice|good|brilliant|fantastic|excellent) (?:job|work|service)[,.! ]+(?:again|as always)
    (?:oh |how |just |that's )(?:great|brilliant|fantastic|wonderful|lovely),? (?:another|so)
    (?:oh |how |just |that's )(?:great|brilliant|fantastic|wonderful|perfect),? (?:yet|again|thanks)
    i'm so glad i (?:\w+ ){0,3}(?:waited|paid)
anger drawn 0.4
    [😡🤬😠👿💢🖕]+
""")
"""Each sign counts once, or a little more when several of its words occur."""

# What makes the same words milder: joking, thanking, speaking of somebody or something else.
_LAUGHS = re.compile(
    r"[😂🤣😄😅😊😁🙂😍❤🎉🥳👍]|\b(?:lol|haha+|hehe|lmao|rofl|xd|jk|just kidding)\b"
)
_NOT_ANGRY = _words(
    "|".join(
        line.strip()
        for line in r"""
    (?:not|isn't|wasn't|never|no longer|aren't|am not) (?:\w+ ){0,2}(?:angry|mad|annoyed|upset)
    (?:not|isn't|wasn't|never|aren't) (?:\w+ ){0,2}(?:frustrated|useless|ridiculous|unhappy|a joke)
    (?:not|isn't|wasn't|never|aren't) (?:\w+ ){0,2}(?:disappointed|terrible|bad|rubbish|fed up)
    no (?:stress|hurry|rush|worries|problem|complaints)
    (?:annoyed|angry|mad|frustrated|disappointed|furious) (?:with|at) myself|mad about
    (?:rubbish|trash|garbage) (?:bags?|bins?|can)|crap(?:py)? (?:weather|day|winter|summer|phone)
    unbelievably (?:good|fast|nice|warm|light|quick|comfortable)
    (?:damn|bloody|fucking|freaking|ridiculously|insanely) (?:good|great|nice|awesome|amazing|love)
    (?:damn|bloody|fucking|freaking|ridiculously|insanely) (?:comfy|comfortable|fast|warm|brilliant)
    (?:damn|bloody|fucking|freaking|ridiculously|insanely) (?:beautiful|cold|perfect|cheap|light)
    (?:fuck|hell|damn) (?:yes|yeah)|holy (?:shit|crap|moly)
    """.strip().splitlines()
    )
)
_LOVES = _words(
    r"love|adore|amazing|awesome|brilliant|fantastic|perfect|best|(?:super|so|very|really) happy|"
    r"impressed|thank(?:s| you) so much|legends?|lifesavers?"
)


@functools.lru_cache(maxsize=1)
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def read_mood(text: str) -> Mood:
    """The mood of one customer message; an empty text is calm."""
    text = text[:READ_CHARACTERS].translate(str.maketrans("’‘“”", "''\"\""))
    if not text.strip():
        return Mood(0.0, 0.0, ())
    sentiment = float(_vader().polarity_scores(text)["compound"])
    plain = " ".join(_NOT_ANGRY.sub(" ", text.casefold()).split())
    found = [(sign, len(sign.pattern.findall(plain))) for sign in SIGNS]
    evidence = [(sign.name, min(0.95, sign.weight + 0.08 * (n - 1))) for sign, n in found if n]
    worded = bool(evidence)
    evidence += _surface(text, worded)
    if sentiment < 0:
        # Negative words alone ("damaged", "problem", "cancel") are what a shop is asked about.
        evidence.append(("negative words", (0.35 if worded else 0.22) * -sentiment))
    calm = 1.0
    for _, weight in evidence:
        calm *= 1 - weight
    frustration = 1 - calm
    if _LAUGHS.search(text.casefold()):
        frustration *= 0.5
    if sentiment > 0.4 and _LOVES.search(plain) and not _mocks(evidence):
        frustration *= 0.45
    signs = tuple(name for name, weight in evidence if weight >= 0.1)
    return Mood(sentiment, round(min(1.0, max(0.0, frustration)), 4), signs)


def _mocks(evidence: list[tuple[str, float]]) -> bool:
    return any(
        name in {"sarcasm", "abuse", "threat to leave", "anger named"} for name, _ in evidence
    )


def _surface(text: str, worded: bool) -> list[tuple[str, float]]:
    """Capitals and repeated marks: strong beside angry words, weak alone."""
    signs = []
    words = re.findall(r"[^\W\d_]{3,}", text)
    shouted = [w for w in words if w.isupper()]
    if len(shouted) >= 2 and len(shouted) >= 0.6 * len(words):
        signs.append(("capitals", 0.42 if worded else 0.3))
    elif len(shouted) >= 2 and worded:
        signs.append(("capitals", 0.2))
    marks = max((len(run) for run in re.findall(r"[!?]{2,}", text)), default=0)
    if marks:
        signs.append(("repeated marks", min(0.3, 0.06 * marks + (0.06 if worded else 0.0))))
    return signs
