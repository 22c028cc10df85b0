"""Words of dialects and of chat, spelt as in a letter; and words that only look like them.

Belongs here: tables of words. A word stands here when it is no other word in standard English, or
is listed under `NOT_ALWAYS`. What depends on the words beside it is in `dialect_turns`.
"""

# ruff: noqa: E501  (one entry a line is easier to read than broken ones)

from __future__ import annotations

from typing import Final

STANDARD: Final = {
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
        "no": "nae naw",
        "not": "no' nuh",
        "have": "hae hav",
        "because": "cos coz cuz 'cause bc",
        "isn't": "ain't aint int isnae isnt",
        "isn't it": "innit",
        "don't": "dinnae dinna doan dont",
        "don't know": "dunno",
        "can't": "cain't cannae canny canna cyaan cyaa cant",
        "didn't": "didnae didnt",
        "doesn't": "disnae doesnae doesnt dun't",
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
        "something": "summat sumthin someting sumting somefink supm smth",
        "thing": "ting fing",
        "things": "tings fings",
        "going to": "gonna gonnae finna gon",
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
        "about": "bout 'bout aboot abt",
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
        "thanks for": "fanks",
        "through": "thru tru",
        "three": "tree",
        "good": "guid gud gd",
        "great": "gr8",
        "late": "l8",
        "before": "b4 afore",
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
        "it is": "'tis",
        "it was": "'twas",
        "am not": "amn't",
        "our": "oor",
        "over": "ower",
        "off": "aff",
        "after": "efter",
        "head": "heid",
        "hold": "haud",
        "rather": "radda raither",
        "doing": "daeing",
        "without": "wi'oot widout",
        "jacket": "jaiket",
        "ones": "yins uns",
        "one": "yin",
        "would": "wuda wud wuld",
        "could": "cuda cud",
        "should": "shuda shud",
        "brother": "bredda",
        "sister": "sista",
        "out of": "outta",
        "tired": "tyad",
        "think": "fink tink reckon",
        "ought to": "oughta",
        "completely": "plumb",
        "just": "jus",
        "forget": "figet",
        "cover": "cova",
        "today": "2day",
        "tomorrow": "2moro 2morrow",
        "into": "in2",
        "night": "nite",
        "hours": "hrs",
        "password": "pw",
        "I don't know": "idk",
        "they're": "theyre",
        "there's": "theres",
        "kind of": "kinda",
        "sort of": "sorta",
        "asked": "speired",
        "angry": "vex",
        "manager": "oga gaffer",
        "tiresome": "sian",
        "": "bruv bruh lah leh lor abi yaar duck luv m8 tbh",
    }.items()
    for word in words.split()
}
"""Function words of some dialects and of chat, as they would be spelt in a letter."""

NOT_ALWAYS: Final = frozenset("an o y tree den dah seh wat ta eh im".split())  # noqa: SIM905
"""Those that are other words as well: the rules below say where they are meant."""

DROPS_NO_G: Final = frozenset(
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
