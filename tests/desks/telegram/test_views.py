"""What agents see: every state and every event fits Telegram, and says what it should."""

from __future__ import annotations

import re
import secrets
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import commands as do
from bot.conversation import Conversation, State
from bot.desk_plan import Canned, Member, Skill
from bot.desks import telegram_card as cards
from bot.desks import telegram_menus as menus
from bot.desks import telegram_views as views
from bot.desks.telegram_buttons import BUTTONS_AT_MOST, Keyboard, Press, Seal, Verb
from bot.desks.telegram_text import (
    SPANS_AT_MOST,
    TEXT_AT_MOST,
    joined,
    literal,
    mention,
    own,
    units,
    unliteral,
)
from bot.events import (
    Agent,
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    CustomerSpoke,
    DraftDropped,
    DraftWritten,
    Entry,
    Event,
    Handoff,
    HeldDropped,
    NoteWritten,
    Rated,
    Reading,
    ReplyHeld,
)
from bot.state import Draft, Held
from tests.every_state import ANNA, BEN, EXAMPLES, PHOTO, begun

OSLO = ZoneInfo("Europe/Oslo")
SEAL = Seal("key")
ID = secrets.token_urlsafe(16)
WHY = Handoff(
    reason="asked_for_human", reasons=("asked for a person",), summary="Parcel.\nIs late.\nMore."
)
WAITING = begun(do.Say(text="where is it", client_id="c"), do.AskForPerson(handoff=WHY))
LONG = st.text(st.characters(exclude_categories=["Cs"]), min_size=0, max_size=6_000)


def in_state(state: State, **more: Any) -> Conversation:
    return msgspec.structs.replace(WAITING, id=ID, state=state, **more)


def fits(keyboard: Keyboard) -> None:
    buttons = [button for row in keyboard for button in row]
    assert len(buttons) <= BUTTONS_AT_MOST
    assert all(len(row) <= 8 for row in keyboard)
    for button in buttons:
        assert button.label.strip()
        assert SEAL.read(SEAL.data(button.press)) == button.press


def verbs(keyboard: Keyboard) -> set[Verb]:
    return {button.press.verb for row in keyboard for button in row}


@pytest.mark.parametrize("state", State)
def test_the_card_of_every_state_has_an_icon_and_its_own_buttons(state: State) -> None:
    card = cards.card(in_state(state, owner=ANNA), zone=OSLO)
    assert card.sign == cards.ICONS[state]
    assert "asked for a person" in card.words.text
    fits(card.keyboard)
    assert (Verb.REOPEN in verbs(card.keyboard)) == (state is State.CLOSED)
    assert (Verb.TAKE_OVER in verbs(card.keyboard)) == (state in (State.HUMAN, State.SNOOZED))


def test_the_card_says_who_why_in_two_lines_and_since_when() -> None:
    reading = Reading(
        intent="parcel",
        confidence=0.41,
        out_of_scope=0.2,
        slots={"name": "Jo", "order_number": "NL-10482"},
        ranking=({"name": "parcel", "confidence": 0.41}, {"name": "refund", "confidence": 0.3}),
    )
    c = in_state(
        State.WAITING,
        reading=reading,
        waiting_since=1_700_000_000_000,
        assigned=Assigned(step=0, rung="first", desk="telegram", agents=(BEN,)),
        contact="jo@example.com",
    )
    text = cards.card(c, zone=OSLO, skill="orders and delivery").words.text
    for part in (
        "Jo: asked for a person",
        "Parcel.\nIs late.",
        "Asked: Ben, waiting since 23:13",
        "Needs: orders and delivery",
        "order number: NL-10482",
        "answers also to: jo@example.com",
        "confidence 0.41",
        "parcel 41%, refund 30%",
    ):
        assert part in text
    assert "More." not in text
    assert cards.topic_name(c) == "Jo · asked for a person"


def test_the_card_rings_who_is_asked_and_says_what_was_said_before() -> None:
    asked = Assigned(step=0, rung="first", desk="telegram", agents=(BEN, ANNA))
    c = in_state(State.WAITING, assigned=asked)
    log = [
        entry(CustomerSpoke(text="where is it @all", client_id="c"), 1),
        entry(NoteWritten(agent=ANNA, text="again"), 2),
        entry(asked, 3),
    ]
    before, complete = cards.said_before(log, c, {})
    card = cards.card(c, zone=OSLO, accounts={"ben": 4242}, before=before)
    assert complete
    assert [span.user for span in card.words.spans if span.kind == "text_mention"] == [4242]
    assert unliteral(before.text) == "👤 Customer: where is it @all\n📝 Anna (note): again"
    assert [span.kind for span in before.spans] == ["expandable_blockquote"]


@given(st.lists(LONG.filter(str.strip), min_size=1, max_size=40))
def test_what_was_said_before_fits_the_card_with_the_latest_at_the_end(texts: list[str]) -> None:
    log = [entry(CustomerSpoke(text=t, client_id="c"), n) for n, t in enumerate(texts, 1)]
    before, complete = cards.said_before(log, WAITING, {})
    assert before.length <= cards.BEFORE_AT_MOST
    assert before.text.startswith("👤 ") or not complete
    if sum(units(text) for text in texts) + 50 * len(texts) < cards.LINE_AT_MOST:
        assert complete


def test_a_closed_card_shows_outcome_and_rating() -> None:
    c = in_state(State.CLOSED, outcome="solved", rating=Rated(stars=4, comment="quick"))
    text = cards.card(c, zone=OSLO).words.text
    assert "Closed: Solved" in text
    assert "Rated ★★★★☆" in text
    assert "said when rating: quick" in text


@given(LONG, LONG)
def test_whatever_is_in_it_a_card_fits(text: str, name: str) -> None:
    c = in_state(
        State.WAITING,
        preview=text[:200],
        page=text,
        reading=Reading(slots={f"slot {n}": text for n in range(20)} | {"name": name}),
        handoff=Handoff(reason="r", reasons=(text, name), summary=text),
    )
    card = cards.card(c, zone=OSLO, skill=name)
    sent = views.marked(card, SEAL.mark(Press(Verb.SHOWN, ID), "c/1234567890/123456"))
    assert sent.length <= TEXT_AT_MOST
    assert len(sent.spans) <= SPANS_AT_MOST
    assert 1 <= len(cards.topic_name(c)) <= cards.NAME_AT_MOST


def entry(event: Event, seq: int = 7) -> Entry:
    return Entry(seq=seq, at=0, epoch=0, key="", event=event)


#: What shows nothing by itself: it changes the card or a post that is there.
SILENT = {AgentEdited, AgentRetracted, Assigned, DraftDropped, HeldDropped, DraftWritten, ReplyHeld}


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda e: type(e).__name__)
def test_every_event_is_shown_or_changes_what_is_shown(event: Event) -> None:
    post = views.spoken(entry(event), in_state(State.HUMAN, owner=ANNA), {})
    assert (post is None) == (type(event) in SILENT)
    if post is not None:
        assert post.words
        fits(post.keyboard)


@given(LONG.filter(str.strip))
def test_a_customers_words_are_shown_letter_by_letter(text: str) -> None:
    post = views.spoken(entry(CustomerSpoke(text=text, client_id="c")), WAITING, {})
    assert post is not None
    name, *spans = post.words.spans
    assert (name.kind, name.offset, spans) == ("bold", 0, [])
    assert post.words.text == f"A customer\n{literal(text).text}"


def test_no_name_of_a_customers_or_an_agents_rings_or_commands() -> None:
    name = "@all /close #vip"
    mallory = Agent(login="mallory", name=name)
    reading = Reading(slots={"name": name})
    held = Held(seq=8, agent=mallory, text="hi")
    c = in_state(State.HUMAN, owner=mallory, reading=reading)
    spoken: list[Event] = [
        CustomerSpoke(text="hi", client_id="c"),
        AgentSpoke(agent=mallory, text="hi"),
        NoteWritten(agent=mallory, text="hi"),
    ]
    asked = Assigned(step=0, rung="first", desk="telegram", agents=(mallory,))
    shown = [
        cards.card(c, zone=OSLO),
        cards.card(in_state(State.WAITING, assigned=asked, reading=reading), zone=OSLO),
        views.held_reply(c, held),
        views.ring(entry(asked), asked, {"mallory": 4242}),
        *(views.spoken(entry(event), c, {}) for event in spoken),
        *(views.spoken(entry(event), c, {7: None}) for event in spoken),
    ]
    words = [post.words.text for post in shown if post is not None]
    words += [menus.queue([c], {}).text, menus.mine([c], {ID: "https://t.me/c/1/2"}).text]
    assert sum(name in unliteral(text) for text in words) >= 8
    for text in words:
        assert not re.search(r"[@/#](?=all|close|vip)", text)


def test_a_file_is_named_and_goes_along() -> None:
    post = views.spoken(entry(CustomerSpoke(text="", client_id="c", files=(PHOTO,))), WAITING, {})
    assert post is not None
    assert post.files == (PHOTO,)
    assert "tent.jpg" in post.words.text


def test_an_agents_words_read_as_they_were_changed() -> None:
    said = entry(AgentSpoke(agent=ANNA, text="Hi"), 6)
    c = in_state(State.HUMAN, owner=ANNA)
    now = {
        how: views.spoken(said, c, changed)
        for how, changed in (("said", {}), ("changed", {6: "Hello"}), ("gone", {6: None}))
    }
    assert {how: post and post.words.text for how, post in now.items()} == {
        "said": "Anna, to the customer\nHi",
        "changed": "Anna, to the customer (edited)\nHello",
        "gone": "Anna took a message back",
    }
    assert now["said"] is not None
    assert verbs(now["said"].keyboard) == {Verb.CHANGE, Verb.RETRACT}
    assert now["gone"] is not None
    assert now["gone"].keyboard == ()


def test_drafts_and_held_replies_have_their_buttons_while_they_are_open() -> None:
    draft = Draft(seq=9, text="It comes today.", in_reply_to=3, origin="assistant")
    held = Held(seq=8, agent=BEN, text="Ben here")
    c = in_state(State.HUMAN, owner=ANNA, drafts=(draft,), held=(held,))
    shown = {
        seq: views.spoken(entry(EXAMPLES[kind], seq), c, {})
        for seq, kind in ((8, ReplyHeld), (9, DraftWritten))
    }
    assert shown[8] is not None
    assert "Ben, your message was not sent" in shown[8].words.text
    assert verbs(shown[8].keyboard) == {Verb.SEND_HELD, Verb.DROP_HELD}
    assert shown[9] is not None
    assert verbs(shown[9].keyboard) == {Verb.SEND_DRAFT, Verb.EDIT_DRAFT, Verb.DROP_DRAFT}
    assert {b.press.of for row in shown[9].keyboard for b in row} == {9}


@pytest.mark.parametrize(
    ("agents", "rung", "text"),
    [
        ((BEN,), "again", "Ben: the customer is still waiting. Can you take it?"),
        ((), "owner", "Everybody: nobody has taken this one. You are asked as an owner."),
        ((ANNA,), "again", None),  # has no account there
    ],
)
def test_who_is_asked_is_rung_by_name(
    agents: tuple[Agent, ...], rung: str, text: str | None
) -> None:
    assigned = Assigned(step=1, rung=rung, desk="telegram", agents=agents)
    post = views.ring(entry(assigned), assigned, {"ben": 4242})
    assert (post and post.words.text) == text
    if post and agents:
        assert [span.user for span in post.words.spans] == [4242]


@given(st.lists(LONG, max_size=12))
def test_posts_go_together_in_order_as_far_as_a_message_holds(texts: list[str]) -> None:
    posts = [views.Post(n, "👤", literal(text[:4_000])) for n, text in enumerate(texts)]
    groups = views.together(posts)
    assert [post for group in groups for post in group] == posts
    for group in groups:
        sent = joined((views.marked(post, "https://t.me/x") for post in group), "\n\n")
        assert sent.length <= TEXT_AT_MOST or len(group) == 1


def test_what_has_buttons_stands_alone() -> None:
    plain, button = views.Post(1, "👤", own("a")), cards.orders(WAITING)
    posts = [plain, plain, views.Post(2, "💬", own("b"), button), plain]
    assert [len(group) for group in views.together(posts)] == [2, 1, 1]


# -------------------------------------------------------------------------------------- menus

TEAM = tuple(Member(login=f"agent-{n}" + "x" * 20, name=f"Agent {n}") for n in range(60))
SKILLS = (Skill("orders", "orders and delivery", frozenset(), None, None),)


def test_every_choice_of_every_menu_fits_a_button() -> None:
    c = in_state(State.HUMAN, owner=TEAM[0].agent)
    replies = [Canned("a" * 32, "text")]
    for keyboard in (
        menus.transfer(c, SKILLS, TEAM),
        menus.snooze(c),
        menus.close(c),
        menus.canned(c, replies),
        menus.label(c, 123_456, [f"intent_{n}_" + "x" * 60 for n in range(60)]),
        menus.canned_post(c, replies[0], "text").keyboard,
    ):
        fits(keyboard)
    back = menus.close(c)[-1][0]
    assert (back.press.verb, back.press.arg) == (Verb.MENU, "")


def test_the_owner_is_not_among_those_to_pass_it_on_to() -> None:
    c = in_state(State.HUMAN, owner=TEAM[0].agent)
    labels = [button.label for row in menus.transfer(c, SKILLS, TEAM[:3]) for button in row]
    assert labels == ["🎓 orders and delivery", "👤 Agent 1", "👤 Agent 2", "« Back"]


def test_a_text_to_change_is_copied_by_a_tap() -> None:
    asked = menus.ask_for("What shall the customer read?", mention("Ben", 42), "Hi @jo")
    pre = next(span for span in asked.spans if span.kind == "pre")
    assert unliteral(asked.text[pre.offset :]) == "Hi @jo"


def test_lists_link_to_the_threads() -> None:
    waiting = [in_state(State.WAITING, preview=f"message {n} @all") for n in range(25)]
    words = menus.queue(waiting, {ID: "https://t.me/c/1/2"})
    assert words.text.startswith("Waiting (25)\n❗️ A customer: message 0")
    assert words.text.endswith("and 5 more")
    assert {span.url for span in words.spans if span.kind == "text_link"} == {"https://t.me/c/1/2"}
    assert menus.mine([], {}).text == "You have no conversation."
    assert "waits for an answer" in menus.mine([in_state(State.HUMAN, unanswered=(3,))], {}).text
