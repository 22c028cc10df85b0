"""Does this text ask for a person?

The gateway asks before it bothers the assistant (and when the assistant is down), triage asks on
every turn, so this module needs no model and no library. It only reads words; how sure the intent
classifier is belongs to `bot.triage`. Missing a request is the worse mistake, but travel agents,
three-person tents and "are you human?" are no requests. Here belongs what is said in English;
`bot.requests_abroad` and `bot.requests_further_abroad` have the other languages.

A text that is written in dialect is read twice, also in standard spelling (`bot.dialects`).
The patterns see a text as `_plain` leaves it: lower case, straight quotes, one space between
words, stretched letters shortened, a lone full stop between sentences, shorthand and typing errors
in the words for people spelt out. A name in braces stands for one of the words of that class.
"""

# ruff: noqa: E501  (one pattern a line is easier to read than broken ones)

from __future__ import annotations

import functools
import re
import unicodedata

from bot.dialects import readings
from bot.hasty_words import spelt_out
from bot.request_words import pattern
from bot.requests_abroad import asks_abroad, declines_abroad
from bot.requests_further_abroad import asks_further_abroad, declines_further_abroad

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
    return any(map(_asks, readings(text[:READ_CHARACTERS])))


def _asks(text: str) -> bool:
    plain = _plain(text)
    said = normalise(text[:READ_CHARACTERS])
    if asks_abroad(said) or asks_further_abroad(said):
        return True
    if _ALONE.fullmatch(" ".join(_POLITE.sub(" ", _REFERENCE.sub(" ", plain)).split())):
        return True
    plain = _UNNEEDED.sub("_", _OTHER_PEOPLE.sub("_", _WHAT_ARE_YOU.sub("_", plain)))
    return bool(_NOT_A_BOT.search(plain)) or any(
        not _DECLINED.search(plain[: found.start()]) for found in _REQUEST.finditer(plain)
    )


@functools.lru_cache(maxsize=READ_TEXTS)
def declines_human(text: str) -> bool:
    """Whether the customer says, in so many words, that no person is wanted, or not yet."""
    return any(map(_declines, readings(text[:READ_CHARACTERS])))


def _declines(text: str) -> bool:
    plain = _OTHER_PEOPLE.sub("_", _WHAT_ARE_YOU.sub("_", _plain(text)))
    said = normalise(text[:READ_CHARACTERS])
    if _NEEDLESS.search(plain) or declines_abroad(said) or declines_further_abroad(said):
        return True
    found = [_DECLINED.search(plain[: each.start()]) for each in _REQUEST.finditer(plain)]
    return bool(found) and all(found)


@functools.lru_cache(maxsize=READ_TEXTS)
def speaks_of_other_people(text: str) -> bool:
    """Whether people are mentioned who are not asked for (the customer's own, the courier's, those
    of another day), or the bot is asked what it is."""
    return any(
        each.search(_plain(read))
        for read in readings(text[:READ_CHARACTERS])
        for each in (_OTHER_PEOPLE, _WHAT_ARE_YOU, _TOLD_OF_PEOPLE)
    )


@functools.lru_cache(maxsize=READ_TEXTS)
def _plain(text: str) -> str:
    plain = normalise(text[:READ_CHARACTERS])
    plain = re.sub(r"[.!?;:]+(?=\s|$)", " . ", plain)
    plain = re.sub(r"[^\w'.+-]+", " ", plain)
    return " ".join(map(spelt_out, plain.split()))


# --- patterns -------------------------------------------------------------------------------

_REQUEST = pattern(r"""
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
    (?:can|could|will|would)(?: \w+){0,1} {someone} (?:please |just |maybe |kindly )*(?:call|phone|ring|contact|email|e-mail|write to|get back to|get in touch with) (?:me|us)(?! (?:before|when|once|if|as soon|ahead))
    (?:can|could|will|would) (?:you|u|ya|{someone}|{one_of}|you guys) (?:please |just |maybe |kindly |pls )*(?:give|gimme) (?:me )?(?:a )?(?:quick )?(?:ring|call|bell|buzz|tinkle|shout|phone call|callback)
    (?:^|please |pls |just |kindly |then |so |and |or |\. )(?:give|gimme) (?:me )?a (?:quick )?(?:ring|call|bell|buzz|tinkle|callback|call back)
    (?:can|could|will|would) (?:you|u|you guys|yous) (?:please |just |maybe |kindly |pls )*(?:call|phone|ring) (?:me|us)(?! (?!back|asap|now|on|at|today|tomorrow|please|pls|plz|about|later|in|instead|this|when|if|again|up|to|sometime|tonight|first|urgently|directly|quickly|or|and|so|pronto|right|regarding|because|before)\w)
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
    # somebody should see to it
    (?:can't|cant|can not|cannot|can|could|couldn't|couldnt|will|would|won't|may|might) (?:not )?(?:(?:please|just|maybe|perhaps|possibly|kindly|at least|finally|ever|actually|really|even) )*(?:{someone}|{fill}{person})(?! (?:else|from the (?:parcel|post|courier|delivery|carrier)))(?: (?:there|here|with a brain|(?:from|at) (?:your|ur) \w+|at yours|of you|with \w+ \w+))? (?:(?:please|just|maybe|perhaps|kindly|finally|personally|actually|properly|simply|pls|at least|go and) )*(?:look|check|have a (?:quick |proper |closer )?(?:look|read|think)|take|deal|sort|fix|handle|investigate|call|phone|ring|reply|respond|step in|intervene|read (?:this|my|it|what)|get back|get in touch|reach out|contact me|contact us|explain (?:this|it|that) to me|see to)(?! (?:(?:me|us) )?(?:before|when|once|if|as soon|ahead|first|beforehand))
    surely (?:{someone}|one of you|{fill}{person})(?: \w+){0,4} can
    (?:glad|happy|grateful|thankful|nice|great|good|lovely|helpful|appreciate it|better|best|relieved|useful) (?:if|when) (?:{someone}|{one_of}|{fill}{person})(?: else)?(?: (?:from|at|in|of) \w+(?: \w+)?)? (?:could|can|would|will|were to|took|looked|called|had|got)
    (?:if|that|whether|so) (?:{someone}|{one_of}|{fill}{person}) (?:could|can|might|would|should) (?:(?:please|just|maybe|perhaps|finally|kindly) )*(?:call|phone|ring|contact|get back to|get in touch with|reach out to|write to|come back to) (?:me|us)
    (?:has|have|did|does|will|would|is|are|can|could|do) (?:{someone}|{fill}{person}) (?:(?:there|even|actually|really|ever|also|still|going to|at all) )*(?:read|reads|reading|look at|looking at|see|sees|seeing|listen|listening) (?:to )?(?:this|these|my|what|me|that|any of)
    (?:want|need|like|ask|expect|get|have|prefer|hope) (?:for )?{someone}(?: there| real| who works there)? to (?:actually |really |please |just |personally )*(?:read|look|see|check|review|answer|reply|deal|sort|handle|help|take|explain|listen|decide|fix)
    {someone} (?:at|on) the other (?:end|side)
    (?:is )?(?:{fill}{person}|{someone}) (?:sitting |working |typing )?(?:there )?(?:at|on) the other (?:end|side)
    (?:^|\. )(?:(?:hello|hi|hey|is|well|so) )*(?:everybody|everyone|{someone}) (?:asleep|sleeping|dead|gone|out to lunch|at lunch|awake|alive|on holiday)(?= (?:there|over|in|at|today)|$| ?\.)
    where (?:is|are|has|have|did) (?:(?:all|the|your|you|real|go) )*(?:everybody|everyone|humans|people|staff|humanity|all)(?= ?(?:$|\.|gone|at|in this|there|here|today|working|hiding))
    (?:^|\. )(?:some1|{someone}) (?:(?:please|pls|just|finally|there) )*(?:answer|reply|respond|pick up|talk to me|speak to me|help me here)(?: me)?(?= ?(?:$|\.|please|pls|plz|now))
    (?:do|does) (?:you|this \w+|your \w+|anyone)(?: (?:even|actually|really|guys|people|not))* (?:have|employ|got) (?:(?:any|real|actual|some|human|living) )*(?:humans|people|staff|employees|human beings|real people|anyone|anybody)(?= ?(?:$|\.|there|working|at all|that|who|i can|to talk))
    # the shop's people by their place
    {talk} {to} (?:the |your |ur )?(?:shop|store|company|warehouse|workshop|office|head office|headquarters|hq)(?: (?:directly|itself|staff|people|please|pls|now|in person))*(?= ?(?:$|\.|about))
    (?:talk|speak|spk) {to} your (?!courier|driver|delivery|website|site|dog|heart|phone|{bot})\w+
    (?:helped|assisted|served|contacted|looked after|advised|guided|answered) by {fill}(?:{person}|{someone})(?! (?:at|in|yesterday|last|already))
    (?:get|getting|got|come|put) (?:me )?(?:through|on|hold|a hold|ahold) (?:to|of) (?:{someone}|{fill}{person}|you (?:people|guys|lot|all)|the (?:shop|store))
    (?:job|question|case|matter|task|one|something|thing) for {fill}{person}
    (?:comfortable|happier|better|easier|safer|ease|appreciate|mind|rather|prefer)(?: \w+)? (?:talking|speaking|dealing|chatting|explaining|discussing|writing)(?: \w+){0,2} (?:to|with) (?:{fill}{person}|{someone})
    (?:proper|real|normal|human|decent|actual) (?:conversation|chat|talk|discussion) (?:with )?(?:{fill}{person}|{someone})
    (?:if|that|until|till|when|and|then) {one_of} (?:takes|took|steps|looks|calls|called|writes|helps|handles|reads|checks|could|can)
    (?:maybe|perhaps|could you|can you|please|pls|just) (?:ask )?(?:your|ur|a|another) (?:colleagues?|coworkers?|co-workers?|supervisor|manager|boss|team)(?= ?(?:$|\.|please|pls|knows?|can|could|would|about|then|instead|to|if))
    (?:ask|try|get|let|want|need|give me) {someone} else (?:there |here |do |look |help |please |answer |reply )*(?= ?(?:$|\.|please|pls|then|now))
    (?:^|\. ){someone} (?:else|{kind}) (?:please|pls|plz|now)
    {kind} {someone}|{someone} (?:real|human|competent|living)(?= ?(?:$|\.|please|pls|now|to|who|there|i can))
    {someone} (?:who|that) (?:can|could|knows?|understands?|speaks?|works?|decides?)(?: \w+){0,5}? (?:please|pls|plz)
    (?:want|need|like|have|get|see|make) (?:this|it|that|my \w+) (?:to be )?escalated
    (?:take|bring|refer|raise|put) (?:this|it|that|me|my \w+) (?:up )?(?:to|with) (?:your|the|an?) (?:\w+ )?{person}
    (?:would|do) you mind (?:calling|phoning|ringing|giving me a (?:call|ring))
    (?:expect|expecting|await|awaiting|wait for|waiting for|look forward to|looking forward to) (?:an?|your|the) (?:phone ?)?(?:call|call ?back|ring)(?! (?:from (?:the|my) (?:courier|driver|bank)))
    [\d+ -]{6,} (?:so |please |pls |plz |and |just )*(?:call|ring|phone) me
    (?:is|are|was|has|have) there (?:(?:really|actually|just|honestly|seriously|absolutely) )*(?:no one|nobody|noone|not anyone|not a single|no {kind}|no {person})
    (?:can|could|will|is|does|would) (?:no one|nobody|noone|none of you)(?: (?:there|here|at \w+|really|just|please|able to|willing to|of you))* (?:help|answer|look|read|call|reply|talk|speak|do|take|respond)
    (?:does|do) {someone}(?: (?:actually|even|really|still))* work (?:there|here|at|for|in)
    (?:is|are) there {fill}{person} (?:at (?:this|your|the)|working|in (?:this|your)|employed|behind)
    (?:is|are) there {someone} (?:out there|at all|alive|awake|in|here|there|home|listening)(?= ?(?:$|\.|who|that|please|to|i))
    (?:^|\. )(?:(?:hello|hi|hey|is|there|well|so|like) )*(?:{someone}|any humans?|any people)(?: (?:real|human|else|still|actually|alive))* (?:there|here|around|awake|listening|online|alive|available|about|free)(?= ?(?:$|\.|to|who|please|pls|now))
    (?:please|pls|plz|kindly|can you|could you|do|must) (?:please )?(?:contact|get in touch with|get back to) me (?:(?:personally|directly|asap|urgently|now|today|tomorrow|please|back) ?)*(?= ?(?:$|\.|on|at|by phone|by telephone|via phone))
    (?:rather|prefer to|only|better) (?:give|send|show|type|hand|tell|share|provide)(?: \w+){0,4} (?:to|with) {fill}(?:{person}|{someone})
    (?:real|human|personal|proper|non-automated) (?:answer|reply|response|help|support|service|assistance|contact|advice) (?:please|pls|plz|from {fill}{person})
    who(?:'s| is| are)(?: (?:the|your|actually|really))* (?:in charge|responsible|boss|manager|supervisor|owner|running this|superior)(?= ?(?:$|\.|here|there|please|get|put|i want|of (?:this|your|customer|the (?:shop|store))|at (?:your|this)))
    (?:already|still|just|have|times|keep|kept|twice|been|again)(?: \w+){0,5}? (?:asked|asking|ask|asks|requested|requesting|begged|begging) (?:you )?(?:\w+ )?(?:twice |again )?for {fill}(?:{person}|{someone})(?! (?:yesterday|last|and (?:got|spoke|they|she|he)))
    (?:reviewed|checked|examined|assessed|looked at|looked into|handled|dealt with|read|answered|sorted|done|decided|seen|verified|processed) by {fill}(?:{person}|{someone}|{one_of})(?! (?:yesterday|last|already|before))
    (?:see|contact|get|find|reach|need|want|feedback|hear|answer|reply|response|call|phone call|letter|mail|message|word|decision|reaction|statement|apology) from (?:{fill}|responsible )*(?:{person}|one of your \w+)(?! (?:yesterday|last|saying|who said|that said|about))
    (?:a|the|your) (?:phone|telephone|personal|face to face|one to one) (?:appointment|consultation|meeting)
    (?:book|make|arrange|schedule|set up|organise|organize) (?:(?:me|us|an?|your|the|some|quick|short) )*(?:call|phone call|appointment|meeting|callback|slot|consultation|consult)(?: (?:for|on|at|tomorrow|today|to|please|\w+day))*(?: (?:with|to (?:talk|speak|discuss))|$| \.| please)
    (?:can|could) (?:you|u|someone|somebody) (?:please )?(?:call|phone|ring) (?:my|our|his|her) (?:mum|mom|mother|dad|father|wife|husband|partner|son|daughter|parents|office|boss|assistant|colleague)
    (?:please|pls|plz) (?:call|phone|ring) (?:my|our|his|her) (?:mum|mom|mother|dad|father|wife|husband|partner|son|daughter|parents|office|boss|assistant|colleague)
    (?:^|\. )(?:(?:can|could|may) (?:we|i)(?: please| just| not)*|can't we(?: just| please)*) (?:talk|speak)(?: (?:please|in person|directly|live|today|now|tomorrow|to each other|somewhere))*(?= ?(?:$|\.))
    (?:hear|want|need|like|prefer) (?:(?:just|only|please|to|hear) )*(?:an?|your) (?:(?:{kind}|friendly|calm|kind|nice) )*voice
    (?:talk|walk|guide|take|lead) me through (?:it|this|that|the|everything) (?:\w+ ){0,4}?(?:on the phone|by phone|over the phone|in person)
    {someone} (?:please |just |to )?(?:talk|walk|guide) me through
    (?:past|around|skip|bypass|exit|quit|leave|stop|next|escape) (?:(?:this|the|your) )?{bot}(?= ?(?:$|\.|please|pls|and|i want|now|mode))
    (?:human|agent|person|operator|staff|support|live|manual) mode
    (?:turn on|switch on|activate|start|enable|open|unlock|summon) (?:the |a )?(?:human|agent|person|live chat|live agent|human mode|operator)
    (?:help|assistance|support|advice|input|guidance|opinion) (?:from|of|by|via) {fill}(?:{person}|{someone})(?! (?:yesterday|last))
    (?:human|personal|live|in-person) (?:assistance|help|support|advice|intervention|interaction|contact|service) (?:required|needed|requested|wanted|please|pls|necessary|with|regarding|for)
    (?:is|are) (?:this|the|your|that) (?:chat|line|desk|thing|service|site|helpdesk|live chat)(?: (?:still|even|actually|ever|really))* (?:manned|staffed|monitored|attended|read by|watched)
    (?:^|\. )(?:(?:hello|hi|hey|is|there|really|so) )*(?:nobody|noone|no one)(?: (?:is|at|from|in|here))* (?:there|here|around|home|available|listening|awake|in)(?= ?(?:$|\.|to|who|at))
    (?:^|\. )(?:hello|hi|hey|hallo)(?: hello| hi)*(?: is)?(?: there)? (?:{someone})(?= ?(?:$|\.))
    (?:correspond|communicate|interact|converse|write|email) with {fill}(?:{person}|{someone}|{one_of})
    (?:trouble|bother|ask|beg) you for {fill}(?:{person}|{someone}|{one_of})
    (?:by any chance|perhaps|maybe|possibly) {fill}(?:{person}|{someone}) (?:about|there|around|here|free|available)
    (?:take|bring|lead) me to your (?:leader|boss|chief|manager|human|people|maker|master)
    (?:pass|hand|forward|send|transfer|refer|escalate) (?:me|us|it|this|that|my \w+) (?:on|over|along|up)?(?: ?to (?:the |your |an? )?(?:right|responsible|relevant|appropriate|correct|competent|concerned|proper) (?:person|people|department|team|colleague|place|desk|one|office)| ?to your (?:team|colleagues|people|staff|boss|manager|superior))
    (?:responsible|relevant|concerned|appropriate|competent|right) (?:person|department|colleague|team|employee) (?:(?:please|to|should|must|can|could) )*(?:contact|call|get in touch|reply|answer|respond|look)
    (?:pass me on|pass it on to|hand me on|hand me over|pass me over)(?= |$)
    (?:^|\. )(?:(?:so|then|and|well|if you \w+(?: \w+){0,3}|you \w+(?: \w+){0,3}) )*who can(?: (?:help|then|actually|answer|tell))*(?: me| us)?(?: then| with this| here)?(?= ?(?:$|\.))
    (?:there must be|surely|there has to be|there's got to be|isn't there|is there not|is there no|is there any|must be) (?:{someone}|{fill}{person})(?: \w+){0,4} (?:knows?|know|can|could|who|that|able|to)
    {someone} (?:in|at|from|of) your (?:company|team|shop|store|office|firm|department|business|organisation|organization) (?:must|should|can|could|has to|needs to|might|will|may)
    (?:get|put|have) your (?:team|people|staff|guys|boss|colleague|colleagues|crew|manager) (?:on|onto|to|in)(?= |$)
    (?:message|question|query|note|issue) for (?:your|the) (?:team|staff|boss|owner|manager|workshop|office|people|support|repair|customer)
    (?:expect|want|demand|need|require|prefer|would like|like) (?:an?|your) (?:\w+ )?(?:personal|human|proper|non-automated|individual) (?:answer|reply|response|treatment|contact|feedback)
    (?:^|\. )(?:hewwo |hi |hey )?(?:can|could|may|cn) (?:i|we) (?:has|haz|hv|haves) {fill}(?:{person}|{someone})
    (?:gib|gief|gimmie|gimmeh|giv) (?:me )?{fill}(?:{person}|{someone})
    (?:give|look for|looking for|search|searching for|seek|seeking) (?:me )?{fill}(?:human|person|operator|agent|employee|representative|someone real|staff member)(?= ?(?:$|\.|please|pls|for|to|or|now|who|that)) ?(?!who (?:lost|ordered|stole|signed))
    (?:again|ffs|omg|jesus|god|christ|for the love of god|for god's sake|for gods sake|dammit|damn it|hell) {fill}(?:human|agent|person|operator|representative|supervisor|manager)(?= ?(?:$|\.|please|now))
    # by name, and the one of last time
    (?:re-?connect|reconnecting) (?:me|us)
    (?:connect|put|patch|get|hand|pass|transfer) (?:me|us) (?:back |again |through |over )?(?:with|to) (?:the (?:same )?(?:person|one|lady|guy|man|woman|colleague|agent|girl|gentleman)|her|him|them|those people)
    (?:the same|that) (?:{person}|lady|guy|gentleman) (?:again|as (?:last|yesterday|before|earlier))
    (?:can i|could i|may i|want to|like to|need to|let me|wanna|rather) (?:please |just )?(?:talk|speak|chat) (?:to|with) {name}(?= ?(?:$|\.|please|again|about|now|from (?:your|the) \w+|directly|instead))
    (?:^|\. )is (?!it|this|that|there|he|she|anything|everything|size|the)[a-z]{2,} (?:there|around|in today|on duty|working today)(?= ?(?:$|\.|he |she |today|please|again))
    # whom to call
    who(?:m)? (?:can|could|do|should|may|must) (?:i|we) (?:please |even |actually |just )?(?:call|phone|ring|turn to|complain to|escalate to|get hold of)
    (?:can|could|cn|may|might) i (?:please |pls |just )*(?:have|hav|hve|get|request|book|arrange|ask for) (?:an? )?(?:call|ring|buzz|bell)(?: back)?(?! (?:from|number))
    (?:video ?call|facetime|whatsapp|skype|zoom|teams call|video chat|video meeting) (?:with )?(?:me|us|{someone}|{one_of}|{fill}{person})
    (?:do|have|get|make|arrange|book|jump on|hop on|set up) (?:(?:an?|us|me|quick|short) )*(?:video ?(?:call|chat)|zoom|video meeting|facetime)
    (?:phone|telephone|voice|video) (?:call|conversation|chat|appointment|consultation) (?:please|pls|with|possible|would|instead|is better)
    # said at the end, or by itself within the message
    (?:i said|said|just|pls|please|now) (?:(?:an?|the) )?(?:{kind} )*(?:human|agent|person|representative|operator|supervisor|manager)(?= ?(?:$|{when}))
    (?:{kind} )?(?:human|agent|representative|operator|supervisor|medewerker|mitarbeiter) {when}(?<!\.)
    (?:real|live|actual) (?:human(?: being)?|person|agent|people)(?= ?(?:\.|$))
    (?:please|pls|want to|wanna|must|need to|can you|could you|just|i'll|would like to|like to) escalate(?! (?:my|our|the|in|on|for))
    escalate (?:this|it|me|to|(?:my|our|the) (?:\w+ )?(?:case|issue|problem|ticket|complaint|matter|order|request|query|concern|refund|claim|conversation|chat))
""")

_NOT_A_BOT = pattern(r"""
    (?:don't|do not|dont|won't|will not|can't) (?:do|like|trust|want|need|use|talk|chat) (?:(?:an?|the|to|with|these|those|your|any|more|this|{insult}) )*(?:{bot})(?! {thing})
    (?:skip|bypass|avoid|exit|leave|quit|past|around|out of) (?:(?:this|the|your|that|{insult}) )+{bot}(?! {thing})
    (?:want|get|let me|need to get|how do i get|skip|stop|turn) (?:me )?(?:to )?(?:get )?(?:out of|past|around|off|rid of|skip|stop) (?:(?:this|the|your|that|{insult}) )*(?:{bot})
    (?:rather than|instead of|not with|not to|not from|without|enough of|no more) (?:(?:an?|the|this|your|some|talk(?:ing)? to|these|more|{insult}) )*(?:{bot})
    (?:{someone}|{person}|human) (?:(?:who|that|which) (?:is|isn't) )?(?:not|other than|besides) you
    (?:don't|do not|dont|won't|will not|not going to|refuse to|never|no longer|hate|sick of|tired of|done|fed up (?:with|of))(?: really| even)?(?: want| wanna| like| wish| need)?(?: to)? (?:talk|speak|chat|deal|type|write)(?:ing)? (?:to|with) (?:(?:an?|the|this|some|you|your|{insult}) )*{bot}
    {person} (?:and )?(?:not|instead of|rather than) (?:(?:an?|the|this|some|your|{insult}) )*{bot}
    (?:not|no more|no) (?:(?:with|to) )?(?:(?:an?|the|this|more|{insult}) )*{bot} (?:please|pls|but|i want|i need)
    (?:anything|anyone|someone|somebody|something) (?:but|other than|who is not|who isn't|that is not|that isn't) (?:an? |this )?(?:{insult} )*{bot}
    # no bots; done with bots; I hate this bot
    (?:^|\. |please |and |but |so |pls |just )(?:no|no more|not|stop|stop with|enough|enough with|enough of|hate|i hate|i really hate|can't stand|i can't stand|i cannot stand|i despise|i detest|down with|kill|get rid of|turn off|switch off) (?:(?:these|those|the|this|that|your|any|all|an?|talking to|dealing with|chatting with|{insult}) )*(?:{bot})(?= ?(?:$|\.|please|pls|thanks|but|just|thing|i want|i need|get|give|human|person|can))
    (?:done|through|finished|had it|had enough|fed up|sick|tired|over|bored|frustrated) (?:(?:with|of|talking|speaking|chatting|dealing|arguing|typing|to|by|listening) )*(?:(?:these|those|the|this|that|your|an?|some|{insult}) )*(?:{bot})(?! {thing})
    (?:not|never|don't|dont|won't|wont|refuse to|rather not|not going to|will not)(?: going to| want to| wanna| like to)? (?:talking|speaking|chatting|dealing|telling|giving|discussing|explaining|sharing|writing|typing|arguing|tell|give|trust|explain|discuss|share|argue|deal|speak|talk)(?: (?!you\b)\w+){0,3}? (?:(?:to|with|by|from) )?(?:(?:an?|the|this|some|your|{insult}) )*(?:{bot})(?! {thing})
    (?:{bot}) (?:can't|cannot|can not|cant|won't|will not|wont|could never|can never|will never|isn't able to|is not able to) (?:\w+ )?(?:answer|solve|help|decide|understand|handle|fix|sort|judge|deal)
    (?:not|isn't|nothing|no job|no question|no case|no matter|too complicated|too complex|too important|too difficult|too delicate|too personal) (?:(?:something|anything|a (?:thing|case|job|question|matter|topic)) )?(?:for|that) (?:(?:an?|the|this|your|some|{insult}) )*(?:{bot})(?! {thing})
    (?:enough|no more|stop|tired|sick|fed up|done|don't want|dont want|hate|without|instead of|spare me|not another|no)(?: \w+){0,4}? (?:automated|automatic|canned|scripted|pre-?written|prewritten|generic|robotic|computerised|computerized|copy ?-?paste[d]?|copy and paste) (?:replies|reply|answers?|responses?|messages?|texts?|stuff|rubbish|nonsense|crap|emails?|talk)
""")
"""Whoever refuses the bot asks for a person."""

_ALONE = pattern(r"""
    (?:(?:{article}|{kind}|talk to|speak to|speak with|talk with) ){0,4}(?:(?:human|humans|human being|agent|agents|person|operator|representative|worker|clerk|staff|management|advisor|rep|someone|somebody|colleague|call back|callback|ring me|escalate|escalation|call me|phone me|supervisor|manager|people|employee|someone real|somebody real|customer (?:service|support|care)|live (?:chat|agent|support|person)|support agent|real (?:help|support)|human (?:help|support|assistance|service)|medewerker|mitarbeiter|mensch|menneske|kundeservice|kundenservice|klantenservice) ?){1,8}
""")
"""The whole message, politeness aside, names a person: "agent", "human human human"."""

_POLITE = re.compile(
    r"(?<![\w'])(?:please|pls|plz|now|asap|hi|hello|hey|hallo|ok|okay|yes|no|yeah|nope|just|"
    r"thanks|thank you|thx|immediately|at once|right|i said|sorry|ugh|omg|bitte|alstublieft|takk|"
    r"\.|_|-|')(?![\w'])"
)

_REFERENCE = re.compile(
    r"(?<![\w'])(?:(?:order|number|nr|no|ref|for|about) )*[a-z]{0,3}-?\d{4,}(?![\w'])"
)
"""A number of an order; "10482 agent" is a request, "2 person" none."""

_DECLINED = re.compile(
    r"(?<![\w'])(?:what|"
    # I don't need
    r"(?:do|does|did|would|need)(?:n't|nt| not)(?: (?:really|actually|even|necessarily|yet))*"
    r"(?: (?:want|need|wish|like|have|plan|intend|mean|ask))?|no need|rather not|without|"
    r"no longer (?:need|want)|(?:prefer|want|wish|like|hope|rather) not|(?:nice|lovely|good|great) to|"
    r"not (?:necessary|needed|asking|trying|ready|yet)|(?:i'm|am|are|were|we're|was) not|instead of|"
    # do I have to, am I
    r"(?<!how )(?<!who )(?<!what )(?<!where )(?:do|did|should|must|would|will|whether|if) (?:i|we|you)(?: (?:really|actually|even))?"
    r"(?: (?:need|have|got|must|should))?|am i|are we|was i|is this|is it|are you|isn't this|"
    # before I, I already
    r"before i|when i|after i|last time i|already|yesterday i|i had|i also had|let my|so i can"
    r")(?: (?:to|in|for|with|even|actually|also|just|have|having|need|an?|the|talking|speaking))"
    r"{0,3} $"
)
"""Right before a request: somebody does not want it, asks about it, or tells of another time."""

_NEEDLESS = pattern(r"""
    (?:no need|not necessary|unnecessary|needn't|need not|(?:don't|dont|do not|didn't|didnt|did not|doesn't|does not) (?:need|want|have|wish|bother|get|connect|transfer|put|call|involve)|without|rather not|hate|instead of|glad not|no) (?:(?:to|for|me|us|having|have|get|getting|bother|bothering|call|calling|phone|phoning|talk|talking|speak|speaking|involve|involving|with|be|transferred|connected|put|through|on|waste|a|single|any|this|it) ){0,6}(?:{fill}{person}|{someone})(?! (?:like|such|but|other than|apart))
    {person} (?:is|are|was)? ?(?:not|isn't|aren't) (?:needed|necessary|required)
    no {fill}{person} (?:needed|necessary|required|please|thanks)
    (?:don't|dont|do not|no need to|needn't) (?:please )?(?:connect|transfer|escalate|call|phone|ring|put me through|hand)
""")
"""No person, says the customer, in words that are no request either."""

_UNNEEDED = pattern(r"no {fill}{person} (?:needed|necessary|required|wanted)")
"""Looks like "agent needed" from the second word on."""

_TOLD_OF_PEOPLE = pattern(r"""
    (?:i|we|you|he|she|they|already|just|have|had|been|was) (?:(?:already|just|also|once|have|had|never|even) )*(?:talked|spoke|spoken|chatted|talking|met|phoned|called|written|wrote|emailed|asked) (?:\w+ )?(?:to|with|by)? ?(?:{fill}{person}|{someone}|(?:an?|the) (?:very |really |so )*\w+ {person})
    (?:the|that|this|your|a|some) {person} (?:has|had|took|signed|said|says|told|was|were|did|didn't|does|gave|sent|promised|needs?|who|at the|in the|from the|i (?:spoke|talked|chatted))
    (?:does|did|is|was|has|had|will) (?:the|that|this) {person}
    (?:thanks|thank you|thx|compliments|greetings|regards|kudos|praise|cheers|hugs?|love|hats off|tip|bravo|say thanks)(?: \w+){0,3} (?:to|for) {fill}{person}
    (?:your|the) {person} (?:is|are|was|were) (?:\w+ ){0,2}(?:great|nice|lovely|kind|helpful|friendly|brilliant|amazing|the best|wonderful|super)
""")
"""People of another day, or only mentioned."""

_OTHER_PEOPLE = pattern(r"""
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
    (?<!\d )(?<!key )(?<!button )(?<!ask )(?<!asked )(?<!asking )(?<!twice )(?<!again )(?<!job )(?<!case )(?<!looking )(?<!search )(?:gift )?for (?:an?|the|my) (?:man|woman|guy|person|boss|colleague)
""")
"""People who are not ours, and things with people in their names."""

_WHAT_ARE_YOU = pattern(r"""
    who(?:m)? (?:am i|are we) (?:talking|speaking|chatting|writing) (?:to|with)
    who(?:m)? (?:am i|are we) (?:talking|speaking|chatting|writing)
    (?:do|does|is|are|did) (?:there )?{fill}{person}(?: \w+){0,4} or (?:(?:is|it|just|only|all|an?|the|some|this) )*{bot}
    blink(?: \w+){0,4} (?:human|person|bot|robot)
    {asks} (?:(?:actually|really|even|just|like|with|to) )*{what}(?:(?: or|,)? {what})*
""")
"""A question about what the assistant is; answered, not handed over."""
