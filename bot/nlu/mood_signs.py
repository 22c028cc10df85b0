"""Signs of a mood that can be seen in the letters: words, capitals, repeated marks, sentiment.

A table of words (`SIGNS`) and some counts, as a row of numbers for the classifier in `mood`, and as
names for people, who want to know what was heard. No sign is worth anything by itself here; what it
weighs is learned. Sentiment is VADER's (Hutto and Gilbert 2014).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from math import log1p

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

READ_CHARACTERS = 2_000
"""Longer texts are judged by their beginning."""

READ_EMOJI = 60
"""Of so many, the sentiment is read. VADER writes each out in words and looks for every one of them
from the start of the text: with the square of their number, 2,000 keep a processor busy for
seconds, in which no other customer is answered."""

_STRAIGHT = str.maketrans("’‘“”", "''\"\"")


@dataclass(frozen=True)
class Signs:
    """`sentiment` from -1 to 1; `names` of the signs for people; `row` of SIGN_COUNT numbers,
    each about 0 to 2."""

    sentiment: float
    names: tuple[str, ...]
    row: tuple[float, ...]


@dataclass(frozen=True)
class Sign:
    """Words that often go with frustration."""

    name: str
    pattern: re.Pattern[str]


def _signs(table: str) -> tuple[Sign, ...]:
    """Signs out of a table: a line with the name, then indented patterns, one a line."""
    signs: list[tuple[str, list[str]]] = []
    for line in filter(str.strip, table.splitlines()):
        if line.startswith(" "):
            signs[-1][1].append(f"(?:{line.strip()})")
        else:
            signs.append((line.strip(), []))
    return tuple(Sign(name, _words("|".join(lines))) for name, lines in signs)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")


SIGNS = _signs(r"""
anger named
    furious|livid|outraged?|enraged|fuming|seething|pissed(?: off)?|infuriat\w+
    (?:so|very|really|extremely|absolutely|getting|bloody) (?:angry|mad)
    (?:i am|i'm|im|makes me|making me) (?:angry|mad)(?! about)
    lost (?:all|my) patience|losing (?:my )?patience|patience is (?:running|wearing)
    (?:at|of) my wits'? end|had it with|had enough|enough is enough|fed up|last straw
    sick (?:and tired )?of|sick to death
annoyance named
    annoy(?:ed|ing)|frustrat(?:ed|ing|ion)|irritat(?:ed|ing)|upset|unhappy|displeased|dissatisfied
    exasperat\w+|disgust\w+|appalled|shocked
    (?:deeply|extremely|very|really|so|beyond|bitterly) disappoint(?:ed|ing)
    (?:i'm|im|i am|quite|rather|a bit|pretty) disappointed
abuse
    f+[u*@#]+c?[k*]+ (?:you|u|off|this company|your)|(?:screw|sod) you|stfu
    (?:you|u)(?:'re| are|r)? (?:all )?(?:a |an |such )?(?:\w+ )?(?:idiots?|morons?|liars?|crooks?)
    (?:you|u)(?:'re| are|r)? (?:all )?(?:a |an |such )?(?:\w+ )?(?:thieves|thief|scammers?|clowns?)
    (?:you|u)(?:'re| are|r)? (?:all )?(?:a |an |such )?(?:\w+ )?(?:assholes?|arseholes?|bastards?)
profanity
    f+[u*@#]+c?[k*]+(?:ing?|in|ed|er|ers|s)?|wtf|ffs|bullshit|b\*+t|bs|bollocks|crap(?:py)?
    sh[i*]t+(?:ty|show)?|goddamn(?:ed)?|god damn|for (?:god|christ|fuck|heaven|pete)'?s? ?sake
    bloody (?:hell|joke)|piss(?:ed|es|ing)?|asshole|arse|damn it|dammit
insult
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
threat to leave
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
said before
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
waiting
    (?:wait(?:ed|ing)|been) (?:\w+ ){0,3}?(?:\d+|two|three|four|five|six|ten) (?:days|weeks|months)
    (?:wait(?:ed|ing)) (?:\w+ ){0,3}?(?:ages|forever|hours|days|weeks|months|so long|too long)
    (?:\d+|two|three|four|five|six|several) (?:weeks?|months?) (?:now|later|and|already|late)
    still (?:not|no|nothing|waiting|hasn't|haven't|isn't|havent|hasnt|don't|didn't|the same|nobody)
    how (?:much )?long(?:er)? (?:do|must|should|will|am) i|taking (?:so|too|way too|this) long
    when (?:on earth|the hell|will you finally|are you finally)|finally (?:get|answer|reply|send)
nobody cares
    (?:no ?body|no one|none of you|nobody there) (?:\w+ )?(?:answers?|replies|replied|reply|cares?)
    (?:no ?body|no one|none of you) (?:\w+ )?(?:helps?|responds?|knows?|reads?|listens?|answered)
    (?:you|u) (?:don't|dont|do not|clearly don't|never) (?:\w+ )?(?:care|listen|help)
    (?:you|u) (?:don't|dont|do not|never) (?:\w+ )?(?:answer|reply|understand|read)
    ignor(?:ed|ing) me|being ignored|what is wrong with you|get your act together|do your job
    are you (?:kidding|joking|serious|deaf|stupid|even (?:reading|listening))
    you(?:'ve| have) got to be (?:kidding|joking)|not (?:good enough|acceptable|helpful|helping)
    no help (?:at all|whatsoever)|waste of (?:time|money)|wasting my|wasted (?:my|an|two|hours)
    sort (?:it|this) out|seriously\?
demand
    (?:i )?(?:want|demand|give me) my (?:\w+ )?money(?: back)?(?: now)?|i demand|answer me
    stop (?:\w+ing|sending|giving)|cancel everything|stole(?:n)? my money|robbed|this instant
hurry
    right now|immediately|at once|asap
sarcasm
    (?:thanks|thank you) for nothing|thanks a lot for (?:not|the wait|nothing)
    well done,? (?:guys|you|team)?|wow,? just wow|slow clap|what a (?:surprise|shock|service)
    (?:great|nice|good|brilliant|fantastic|excellent) (?:job|work|service)[,.! ]+(?:really|guys|not)
    (?:great|nice|good|brilliant|fantastic|excellent) (?:job|work|service)[,.! ]+(?:again|as always)
    (?:oh |how |just |that's )(?:great|brilliant|fantastic|wonderful|lovely),? (?:another|so)
    (?:oh |how |just |that's )(?:great|brilliant|fantastic|wonderful|perfect),? (?:yet|again|thanks)
    i'm so glad i (?:\w+ ){0,3}(?:waited|paid)
anger drawn
    [😡🤬😠👿💢🖕]+
""")
"""Each sign counts up to twice."""

SIGN_COUNT = len(SIGNS) + 13

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


def _with_few_emoji(text: str) -> str:
    """The text without the emoji beyond the first `READ_EMOJI`."""
    emoji = _vader().emojis
    places = [place for place, sign in enumerate(text) if sign in emoji]
    dropped = set(places[READ_EMOJI:])
    return "".join(sign for place, sign in enumerate(text) if place not in dropped)


def read_signs(text: str) -> Signs:
    """The signs in one customer message; an empty text has none."""
    text = text[:READ_CHARACTERS].translate(_STRAIGHT)
    if not text.strip():
        return Signs(0.0, (), (0.0,) * SIGN_COUNT)
    lower = text.casefold()
    plain = " ".join(_NOT_ANGRY.sub(" ", lower).split())
    scores = _vader().polarity_scores(_with_few_emoji(text))
    sentiment = float(scores["compound"])
    counts = [len(sign.pattern.findall(plain)) for sign in SIGNS]
    words = re.findall(r"[^\W\d_]{2,}", text)
    shouted = sum(word.isupper() for word in words) / max(1, len(words))
    shouts = len(words) > 1 and shouted > 0.5
    marks = max((len(run) for run in re.findall(r"[!?]{2,}", text)), default=0)
    names = [sign.name for sign, count in zip(SIGNS, counts, strict=True) if count]
    names += ["capitals"] * shouts + ["repeated marks"] * bool(marks)
    if sentiment <= -0.3:
        names.append("negative words")
    row = (
        *(float(min(2, count)) for count in counts),
        sentiment,
        float(scores["neg"]),
        float(scores["pos"]),
        shouted if len(words) > 1 else 0.0,
        float(0 < shouted < 0.9),
        log1p(text.count("!")),
        log1p(text.count("?")),
        log1p(marks),
        float("..." in text or "…" in text),
        log1p(len(words)) / 4,
        float(bool(_LAUGHS.search(lower))),
        float(bool(_LOVES.search(plain))),
        float(bool(_NOT_ANGRY.search(lower))),
    )
    return Signs(sentiment, tuple(names), row)
