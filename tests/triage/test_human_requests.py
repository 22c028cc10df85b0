"""Requests for a person: the obvious, the misspelt, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.human_requests import asks_for_human, normalise, speaks_of_other_people

REQUESTS = """
agent
AGENT!!!
human
human please
Human. Human. Human.
agent agent agent
representative
operator
real person please
a real human pls
customer service
live chat
talk to a human
speak to an agent now
hi, agent please
can i talk to a person
can I talk to a real person please?
can i speak with someone
can I speak to somebody about my refund
i want to talk to a human
I want to speak to your manager
i wanna talk 2 a human
i need to talk to someone
let me talk to a person
let me speak with a supervisor!
please connect me to an agent
connect me with customer support
put me through to someone
Could you put me through please
transfer me to a live agent
pls transfer me to a human asap
hand me over to a colleague
forward me to the sales team
switch me to a real person
i want a human
I need a human being, not a script
i'd like a real person
give me a human
give me a real agent
get me your manager
get me someone who knows what they're doing
can i have a real person
could i get a representative
may I please have an agent
I demand a supervisor
i would prefer a human
i'd prefer talking to a person
i'd rather speak with a human
is there a human i can talk to
is there anyone i can speak to
is there a real person there?
are there any humans here
any humans around?
any real people available
is there someone human there
do you have a human agent available
can a human help me
can someone from your team call me
could a person look at this please
would a colleague reply to this?
can a real person take over
can you have someone call me
please call me back
can you call me
call me back please
i don't want to talk to a bot
I do not want to talk to a robot
i dont wanna talk to a stupid bot
I refuse to speak to a machine
sick of talking to a bot
not a bot please
a person not a bot
I want to talk to a human, not a bot
can I speak to anyone other than this bot
escalate this please
please escalate
I'd like to escalate my case to a manager
escalate to a supervisor
i said human
just give me a person
i want to talk to an acutal human
i want to speek to a person
i want to tlak to someone
talk to human
speak to human
speak with a representative
chat with an agent
get in touch with a colleague
I want to get in contact with a member of staff or an agent
i need help from a real person.
this is going nowhere. agent please.
My order is late and nobody answers mails, can I please talk to somebody?
order NL-10482 still not here, i want to speak to a human being
Where is it??? Let me talk to a human.
why can't i speak to a human
why can't I talk to someone
it's been an hour, transfer me to a person
ok this doesn't help me. human please
pleeeease let me talk to a huuuuman
no. i want a person
i don't want to wait any longer, let me talk to a human
i can't find it, can I talk to one of your colleagues
are you a bot? let me speak to a human
you are a bot, i need a human
am i talking to a bot? i want a person
Ich möchte mit einem Menschen sprechen
kann ich mit einem Mitarbeiter sprechen?
Ik wil een medewerker spreken
kan ik met iemand praten
kan ik een mens spreken
Kan jeg få snakke med et menneske
jeg vil snakke med noen
je veux parler à un humain
quiero hablar con una persona
can i get a person on the line
can i talk with the store manager
I'd like to speak to the manager of the Oslo store
connect me to support team
speak to a live person
can you get me an agent
wanna spk 2 a reel persn
represenative pls
humnan pelase
conect me to custmer servise
cn sum1 frm ur team cal me
tlk to ur mngr now
can somebody just call me? 0171 555 0111
I wrote with Marit on monday, could I have her again
could one of you give me a ring when it's quiet
have one of your repair people email me
maybe one of your fitters could have a word with me
nah get one of your lot on here
is one of the ladies about?
it would be easier if someone phones me
whoever is in charge, I'd like a word
who deals with refunds, put me through to them
I'd like to ask someone who actually knows tents
I would rather explain this to someone by voice
before I fill in any forms I'd prefer to go through it with one of you
can we do this over the phone
I'd like to be called back
I need a callback today
how do I press 0 for a person
is there anyone actually behind this chat
might there be a lady I could speak with
would it be possible for a member of your staff to help me
an actual bloke please, get me one of the humans
skip the bot
how do i get past this bot
I don't do robots
someone with a pulse please, someone who can decide
get us the gaffer
only humans please
human needed
transfer me
your boss please
pass this on to your manager
is a colleague available
could your wholesale manager call me
a supervisor should look at this
is it possible to talk to an expert
who can I talk to about this
NL-10482 agent
order 10482 human
im not talking to a robot
no bots
I'm done with this chatbot
a machine can't answer this
enough automated replies
I'm not going to tell a robot my address
has anybody actually read my message
I'd like my case reviewed by a person
can't somebody just look at it
could somebody with a brain look at my order
I would be very glad if somebody could call me before friday
a colleague of yours should have a look? can a colleague have a look
hello is there a person at the other end
any1 real there???
where is everybody
is this chat manned?
noone there?
can you reconnect me with the person I chatted with before
is Tom there? he helped me last week
may I speak to Jana again
what does it cost, how long does it take and who can I call?
can i hav a cal back
culd u ring me
can we do a video call with someone
please ring my husband back on 07700 900123
how many times do i have to ask for a human
i already asked twice for a person
I expect an answer from a human being
hand it over to the relevant department
let the responsible department contact me
who can help me then
is there nobody who can help
there must be somebody who knows
turn on the human
bring me to your leader
my number is 0612345678 call me
""".strip().splitlines()

NO_REQUESTS = """
are you human?
are you a human
are you a bot
are you a real person
r u a bot or a person
am i talking to a human?
am i speaking with a real person
is this a bot or a person
hello
where is my order
my travel agent booked the trip for us
i have to talk to my travel agent first
can i talk to my travel agent before i decide
my estate agent needs the invoice
the delivery agent was rude
the customs agent wants an invoice
do you sell cleaning agent for tents
i need a waterproofing agent for my jacket
is there a bleaching agent in this
a tent for one person
i need a two person tent
i want a 3 person tent
4-person tent in stock?
do you have a one person tent
i need a person tent
2 people tent
can i pay in person
can i pick it up in person
delivery cost per person
I want to return it in person
i spoke to someone yesterday and they said it would come
I talked to an agent last week
i already spoke to a human about this
I was talking to your agent yesterday when the line dropped
i don't need a human
i don't want to talk to a human
no need to speak to anyone
I'd rather not talk to a person
do i have to talk to someone to change my address
do i need to speak to a person for a return
can i cancel without talking to anyone
is it possible to return without speaking to an agent
my manager wants the invoice
i have to ask my manager first
i need to speak to my manager first
our team needs 20 jackets
i want to give it to another person
it's a gift for a man
i need a jacket for my boss
the person at the door did not take it
another person signed for my parcel
are you looking for a store manager position
are you hiring sales people
do you have a human resources department
human rights policy
your customer service is great
what are your customer service hours
customer service email address
what's the customer service phone number
you can call me Anna
my friends call me later for the trip
please call me Anna
oh man this is great
man i love this jacket
many people told me your tents are good
how many people fit in the tent
i work for a travel agency
mobile operator blocked your text
tour operator discount
the dhl guy left it in the rain
NL-10482
anna@mail.com
yes
no
thanks
can you talk
let's talk about the jacket
does the jacket speak for itself
what's your return policy
someone stole my parcel
someone else ordered this
can someone tell me the price
somebody signed for it
anyone can wear this?
the user agent of my browser is blocked
I love talking to you
I like your bot
secret agent jacket
can i change the name of the person who picks it up
give me the name of the delivery person
i want to message the seller of the tent
does your support include repairs
i need support insoles
great, no need to get a person involved
done without talking to a single human, love it
please don't connect me to an agent, just a question
I talked to a very nice person in your store yesterday
pass my thanks to the team
yes the agent has it, sorted
I need a person and a dog to fit in it
does that person need an ID
they send me someone's used socks
I prefer not to talk to people
it was so nice to talk to somebody who listens
it talks like a human being
dark green, mens
will the delivery person call before coming
can your courier call me
do people work in the warehouse on sundays
you told me a technician would call
can I get the customer service email
wool for men
call it off
a ring for my tent peg
no agent needed, thanks
chat is fine, no person needed
will the parcel service call first
do real people read this or just an algorithm
is there a human behind this or is it all software
I'm not asking for a manager
I want to escalate my training
do you hand my data to anybody else
I have a meeting with my manager tomorrow
in this photo, where are the people hiking
can I speak to my wife first
is this there as well
is it around
can someone in my family sign for it
thanks, no more boots please
""".strip().splitlines()


@pytest.mark.parametrize("text", REQUESTS)
def test_a_request_for_a_person_is_seen(text: str) -> None:
    assert asks_for_human(text)


@pytest.mark.parametrize("text", NO_REQUESTS)
def test_what_only_looks_like_a_request_is_not_one(text: str) -> None:
    assert not asks_for_human(text)


@given(
    st.sampled_from(REQUESTS), st.sampled_from(["", " ", "!!", "...", " ?", "\n", " 😡", "\u200b"])
)
def test_case_signs_and_spaces_change_nothing(text: str, end: str) -> None:
    assert asks_for_human(text.upper() + end)
    assert asks_for_human("  " + text.replace(" ", "   ") + end)


@given(st.sampled_from(REQUESTS), st.sampled_from(["I ordered a tent. ", "Hi there! ", "ok. "]))
def test_a_request_is_seen_behind_another_sentence(text: str, before: str) -> None:
    # A bare noun is a request only when it is the whole message.
    if len(text.split()) > 3:
        assert asks_for_human(before + text)


@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    assert asks_for_human(text) in {True, False}
    assert speaks_of_other_people(text) in {True, False}
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize("unit", ["talk to ", "a ", "human real ", "don't ", "person ", "(", "é"])
def test_a_huge_text_is_read_in_no_time(unit: str) -> None:
    # The 180 s limit of the suite would catch a pattern that backtracks without end.
    asks_for_human(unit * 20_000)


@pytest.mark.parametrize(
    "text", ["are you a real person?", "my travel agent told me", "a two person tent", "u a bot"]
)
def test_other_people_and_questions_about_the_bot_are_noticed(text: str) -> None:
    assert speaks_of_other_people(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "human support agent " * 30 + "x",
        "are you " + "actual living " * 25 + "x",
        "just " + "actual living " * 25 + "x",
        "real help human help live support " * 40 + "!",
        "talk to speak to " * 60 + "x",
        "a " * 2_000,
        "not " * 1_000 + "human",
        "please " * 500 + "agent" * 300,
    ],
)
def test_hostile_text_is_read_at_once(text: str) -> None:
    """A pattern that tries every way of reading a text would stop the gateway for minutes."""
    asks_for_human(text)
    speaks_of_other_people(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mi waan talk to a real smaddy",
        "Smaddy can call mi?",
        "I wan talk to una manager abeg",
        "Ah want tae speak tae a human",
        "Pit me through tae somebody that works there",
        "Lemme talk to somebody real, y'all",
        "Can get me your staff or not?",
    ],
)
def test_a_request_is_read_in_any_way_of_writing_english(text: str) -> None:
    assert asks_for_human(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mi nuh waan talk to nobody",
        "Ah dinnae need tae speak tae a human",
        "mi travel agent call mi",
    ],
)
def test_and_so_is_who_wants_none(text: str) -> None:
    assert not asks_for_human(text)
