"""What agents see, made of conversations that took any turn, with whatever customers may write:
every block is valid by slack_sdk's models and Slack's limits, and nothing of it is interpreted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import commands as do
from bot.conversation import Conversation, State, decide, record
from bot.desks import slack_blocks, slack_thread, slack_views
from bot.desks.slack_text import plain
from bot.errors import IllegalMove
from bot.events import (
    Agent,
    Assigned,
    Button,
    CustomerSpoke,
    Entry,
    File,
    Handoff,
    Reading,
    Utterance,
)
from bot.transcript import wordings
from tests.desks.slack.people import escaped, labels_of, words_of
from tests.desks.slack.slack_checks import check_blocks, check_view

Json = dict[str, Any]

ANNA, BEN = Agent(login="anna", name="Anna Berg"), Agent(login="ben", name="Ben <b>Otieno</b> *x*")

NASTY = [
    "<!channel> look",
    "@here <!here|x> <@U024BE7LH>",
    "*bold* _it_ ~gone~ `code` :tada:",
    "<https://evil.example|your bank>",
    "a & b < c > d &lt;!channel&gt;",
    "x" * 4_000,
    "line\nline\n\n> quote\n- item",
    "🏕️ teltta vuotaa 😡",
    "\u202eevil\u202c",
]
texts = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1)
)
agents = st.sampled_from([ANNA, BEN])
files = st.lists(
    st.builds(
        File,
        id=st.just("f1"),
        name=texts.map(lambda text: text[:300]),
        type=st.just("image/png"),
        size=st.integers(0, 10**9),
    ),
    max_size=3,
).map(tuple)
readings = st.builds(
    Reading,
    intent=st.none() | texts.map(lambda text: text[:80]),
    confidence=st.floats(0, 1),
    ranking=st.lists(
        st.fixed_dictionaries({"name": texts.map(lambda t: t[:80]), "confidence": st.floats(0, 1)}),
        max_size=5,
    ).map(tuple),
    sentiment=st.floats(-1, 1),
    slots=st.dictionaries(
        st.sampled_from(["name", "email", "order_number", "city", "size", *map(str, range(20))]),
        texts | st.none() | st.integers(),
    ),
)
handoffs = st.builds(
    Handoff,
    reason=st.sampled_from(["asked_for_human", "frustrated", "odd"]),
    reasons=st.lists(texts, max_size=4).map(tuple),
    summary=texts,
    draft=st.just("") | texts,
)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Conversation, list[Entry]]:
    """A conversation that was handed over, and then took some turns; with its log."""
    c, log = Conversation(id="c-" + "x" * 20), list[Entry]()

    def send(command: Any) -> None:
        nonlocal c
        about = log[command.of - 1] if isinstance(command, do.ABOUT_AN_ENTRY) else None
        try:
            events = decide(c, command, about)
        except IllegalMove:
            return
        c, entries = record(c, events, at=1_700_000_000_000 + len(log), key="k")
        log.extend(entries)

    send(do.Start(greeting="Hi, I am a bot.", page=draw(st.just("") | texts)))
    send(do.Say(text=draw(texts), client_id="m-1", files=draw(files)))
    buttons = (Button(title="Yes", payload="/affirm"),)
    said = (Utterance(text=draw(texts), buttons=buttons),)
    turn = do.Answer(in_reply_to=c.pending[0], epoch=c.epoch, messages=said)
    reading, handoff = draw(readings), draw(handoffs)
    send(do.Answer(**{**_fields(turn), "reading": reading, "handoff": handoff}))
    for _ in range(draw(st.integers(0, 8))):
        who, text, seq = draw(agents), draw(texts), draw(st.integers(1, c.seq))
        drafts = [one.seq for one in c.drafts] or [seq]
        send(
            draw(
                st.sampled_from(
                    [
                        do.Say(text=text, client_id="m", files=draw(files)),
                        do.Claim(agent=who),
                        do.Reply(agent=who, text=text[:4_000], files=draw(files)),
                        do.Note(agent=who, text=text),
                        do.Edit(agent=who, of=seq, text=text),
                        do.Retract(agent=who, of=seq),
                        do.Suggest(text=text, in_reply_to=(c.unanswered or (seq,))[-1]),
                        do.SendDraft(agent=who, draft=drafts[0]),
                        do.DropDraft(agent=who, draft=drafts[0]),
                        do.Label(agent=who, of=seq, intent=text[:80].strip() or "x"),
                        do.Transfer(agent=who, skill="orders"),
                        do.Transfer(agent=who, to=BEN),
                        do.Assign(
                            assigned=Assigned(step=1, rung="again", desk="slack", agents=(who,)),
                            epoch=c.epoch,
                        ),
                        do.Snooze(agent=who, until=1_800_000_000_000),
                        do.ReturnToBot(agent=who),
                        do.Close(agent=who, outcome="solved"),
                        do.Rate(stars=draw(st.integers(1, 5)), comment=text),
                        do.Reopen(agent=who),
                        do.LeaveContact(email="jo@shop.example"),
                    ]
                )
            )
        )
    return c, log


def _fields(command: do.Answer) -> Json:
    return {name: getattr(command, name) for name in command.__struct_fields__}


thorough = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(message: slack_blocks.Message) -> None:
    check_blocks(list(message.blocks), 50)
    assert 0 < len(message.text) <= 2_000
    assert "<" not in message.text
    assert ">" not in message.text
    check_unread(message.blocks)


def check_unread(blocks: Any) -> None:
    """What Slack interprets holds no control sequence but our own dates and links."""
    for part in objects(blocks):
        if part.get("type") == "mrkdwn":
            for inside in re.findall(r"<([^>]*)>", part["text"]):
                assert inside.startswith(("!date^", "https://nordlys.slack.com/archives/")), inside
        if part.get("type") == "plain_text":
            assert part["emoji"] is False


def objects(thing: Any) -> Iterator[Json]:
    if isinstance(thing, dict):
        yield thing
        for value in thing.values():
            yield from objects(value)
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from objects(one)


@given(conversations(), st.lists(st.just("hello"), max_size=1))
@thorough
def test_every_card_is_valid_and_interprets_nothing(
    made: tuple[Conversation, list[Entry]], canned: list[str]
) -> None:
    c, _ = made
    check(slack_blocks.card(c, canned=canned, skill="orders & delivery"))
    check(slack_blocks.moved(c, "https://nordlys.slack.com/archives/C1/p1"))


@given(conversations())
@thorough
def test_every_message_of_a_thread_is_valid_and_interprets_nothing(
    made: tuple[Conversation, list[Entry]],
) -> None:
    c, log = made
    changed = wordings(log)
    shown = [slack_thread.spoken(entry, c, changed) for entry in log]
    spoken = [one for one in shown if one is not None]
    for one in spoken:
        check(one)
    for entry, message in zip(log, shown, strict=True):
        if message is not None:
            check(slack_thread.own(c, entry, message))
    together = slack_thread.joined(spoken)
    for one in together:
        check(one)
    assert [b for m in together for b in m.blocks] == [b for m in spoken for b in m.blocks]
    for draft in c.drafts:
        check(slack_thread.draft(c, draft))
        check(slack_thread.settled_draft(draft))
    for held in c.held:
        check(slack_thread.held(c, held))
    if c.assigned is not None and (ring := slack_thread.ring(c.assigned, {"anna": "U0ANNA"})):
        check(ring)


@given(conversations(), texts)
@thorough
def test_every_modal_and_every_home_is_valid(
    made: tuple[Conversation, list[Entry]], text: str
) -> None:
    c, log = made
    value = slack_blocks.value_of(c, 7)
    said = [(e.seq, e.event.text) for e in log if isinstance(e.event, CustomerSpoke)]
    views = [
        slack_views.text_modal("draft_edit", "Edit the answer", "Send", value, text * 2),
        slack_views.transfer_modal(c, [("orders", "orders & delivery")], [ANNA, BEN]),
        slack_views.transfer_modal(c, [], [BEN]),
        slack_views.label_modal(c, said, ["order_status"] * 1),
        slack_views.label_modal(c, said, []),
        slack_views.snooze_modal(c, 1_800_000_000_000),
        slack_views.home(
            ANNA,
            [c] * 60,
            slack_views.Figures.of([c], 0),
            away=False,
            links={c.id: "https://nordlys.slack.com/archives/C1/p1"},
        ),
    ]
    for view in views:
        check_view(view)
        check_unread(view["blocks"])


@given(texts)
def test_what_an_agent_types_in_slack_reaches_the_customer_as_it_was_typed(text: str) -> None:
    typed = re.sub(r":[a-z0-9_+-]+:", "", text)
    assert plain(escaped(typed)) == typed


@pytest.mark.parametrize(
    ("typed", "reads"),
    [
        ("<https://a.example/x?a=1&amp;b=2>", "https://a.example/x?a=1&b=2"),
        ("<https://a.example|here>", "here (https://a.example)"),
        ("<http://shop.example|shop.example>", "http://shop.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("ask <@U024BE7LH>, not <@U7>", "ask @Ben, not @colleague"),
        ("<#C024BE7LH|orders> <!here> <!subteam^S1|@crew>", "#orders @here @crew"),
        ("thanks :+1: :wave::skin-tone-3: :made_up:", "thanks 👍 👋 :made_up:"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
    ],
)
def test_slacks_markup_reads_as_words(typed: str, reads: str) -> None:
    assert plain(typed, {"U024BE7LH": "Ben"}) == reads


@given(st.lists(texts, max_size=4).map("".join))
def test_a_text_that_was_spread_over_several_fields_comes_back_whole(text: str) -> None:
    view = slack_views.text_modal("draft_edit", "Edit", "Send", "c 1", text)
    state = {
        block["block_id"]: {
            block["element"]["action_id"]: {"value": block["element"].get("initial_value")}
        }
        for block in view["blocks"]
    }
    values = slack_views.filled({"state": {"values": state}})
    assert slack_views.text_of(values) == text


def test_the_card_says_who_why_and_what_can_be_done() -> None:
    c = Conversation(
        id="c1",
        state=State.WAITING,
        seq=5,
        escalated=True,
        waiting_since=1_700_000_000_000,
        preview="Where is it?",
        handoff=Handoff(
            reason="frustrated",
            reasons=("is angry", "third time"),
            summary="Asked three times about NL-10482.\nPostNord says it is late.",
        ),
        reading=Reading(
            intent="order_status",
            confidence=0.81,
            ranking=({"name": "order_status", "confidence": 0.81},),
            frustration=0.9,
            slots={"name": "Mia Lund", "order_number": "NL-10482"},
        ),
        page="https://shop.example/tents",
    )
    card = slack_blocks.card(c, canned=["hello"], skill="orders and delivery")
    words = words_of(list(card.blocks))
    for said in (
        "🔔 Mia Lund: is angry; third time",
        "Asked three times about NL-10482.\nPostNord says it is late.",
        "order number: ",
        "NL-10482",
        "orders and delivery",
        "frustration 0.90",
        "order_status 81%",
        "since {time}",
    ):
        assert said in words
    assert labels_of(list(card.blocks)) == [
        "Claim",
        "Send a canned reply…",
        "Transfer…",
        "Close as…",
        "Back to the bot",
        "Label…",
        "Transcript",
    ]
    assert card.text == "🔔 Mia Lund: is angry; third time"


def test_only_who_is_asked_by_name_is_rung_and_at_first_nobody_else() -> None:
    def rung(rung: str, *asked: Agent) -> str | None:
        assigned = Assigned(step=1, rung=rung, desk="slack", agents=asked)
        message = slack_thread.ring(assigned, {"anna": "U0ANNA"})
        if message is None:
            return None
        found = [p for p in objects(message.blocks) if p.get("type") in {"user", "broadcast"}]
        return " ".join(str(one.get("user_id") or one["range"]) for one in found)

    assert rung("first", ANNA) == "U0ANNA"
    assert rung("first") is None
    assert rung("again", ANNA, BEN) == "U0ANNA"
    assert rung("again", BEN) is None
    assert rung("owner") == "here"
