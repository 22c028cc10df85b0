"""Classes of words that requests for a person are made of, and how lines of alternatives become a
pattern.

Here belong the words: people, ways of talking, ways of wanting. What is said with them is in
`bot.human_requests`. Pure, nothing but `re`.
"""

# ruff: noqa: E501  (a class of words is easier to read in long lines)

from __future__ import annotations

import re

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
        "technicians?|workers?|clerks?|shop assistants?|director|person in charge|(?:chef|boss|head) of you|helpdesk|help desk|"
        "medewerk(?:er|ster)|mitarbeiter(?:in)?|mensch(?:en)?|menneske|kundeservice|klantenservice|"
        "kundenservice|humano|persona real|operador|operatore|conseiller|"
        "(?:sales|billing|returns?|refunds?|complaints?|support|service|finance|warranty|legal|accounts|"
        "repairs?|technical|it|shipping|dispatch|logistics|warehouse|press|marketing|wholesale|customer) "
        "(?:department|dept|team|desk|people|guys|lot)|team ?lead(?:er)?|shift lead(?:er)?|head of \\w+|"
        "ceo|person on duty"
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
    "to": "to|too|with|w|2|of|over to|through to|on to|back to",
    "want": (
        "want|wanna|need|needs|require|demand|prefer|like|love|insist on|asking for|asked for|"
        "ask for|request|requesting|gimme|(?:give|get|bring|fetch|send|find) (?:me|us)|bring in|"
        "let me have|(?:can|could|may) i (?:please )?(?:have|get)|(?:can|could) you get|"
        "(?:please|just) get"
    ),
    "bot": "software|automated \\w+|bots?|robots?|chat ?bots?|machines?|computers?|ai|a\\.i|algorithm|program",
    # A first name, as far as one can tell by what it is not.
    "name": (
        "(?!(?:the|an?|your?|my|our|his|her|him|their|them|this|that|it|you|u|me|us|myself|someone|"
        "any\\w*|some\\w*|no\\w*|every\\w*|dhl|ups|dpd|gls|postnl|posten|hermes|fedex|customs|"
        "couriers?|drivers?|alexa|siri|google|paypal|klarna|more|one|two|in|on|about|for|like|"
        "each|other|bots?|robots?|chatgpt)(?![\\w-]))[a-z]{2,}"
    ),
    "insult": "stupid|dumb|useless|damn|bloody|silly|fucking|pointless",
    "there": (
        "here|there|i can|we can|to talk|to speak|available|around|online|free|on duty|who can|"
        "that can|awake|working|at all|please|\\."
    ),
    "act": (
        "help|call|contact|take|look|reply|answer|respond|chat|talk|speak|ring|phone|join|"
        "assist|check|email|handle|deal|step|write|sort|fix|read|be so kind|be kind enough|give me|"
        "give us|get in touch|get back|have a look|come"
    ),
    "when": "please|pls|plz|now|asap|immediately|\\.",
}


def pattern(lines: str) -> re.Pattern[str]:
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
