"""What agents' commands leave behind: who has it, what is held, drafted, changed and taken back."""

from __future__ import annotations

import msgspec
import pytest

from bot import commands as do
from bot.agent_commands import HELD_AT_MOST
from bot.conversation import Conversation, State, decide, record
from bot.errors import IllegalMove, OwnedByOther
from bot.events import (
    Agent,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    Claimed,
    Closed,
    ContactLeft,
    Entry,
    Event,
    HeldDropped,
    Labelled,
    NoteWritten,
    ReplyHeld,
    Transferred,
)
from bot.state import Draft
from tests.every_state import ANNA, ASK, BEN, IN, PHOTO, SAY, WHY, after

HUMAN, WAITING = IN[State.HUMAN], IN[State.WAITING]


def at(seq: int, event: Event) -> Entry:
    return Entry(seq=seq, at=1, epoch=0, key="", event=event)


def sent(c: Conversation, command: do.Command) -> list[Event]:
    return [entry.event for entry in record(c, decide(c, command), at=2_000, key="")[1]]


def test_a_note_goes_with_its_reply_or_not_at_all() -> None:
    reply = do.Reply(agent=ANNA, text="Hello", note="he is angry")
    assert [type(e) for e in sent(WAITING, reply)] == [Claimed, NoteWritten, AgentSpoke]
    for state in (State.BOT, State.CLOSED):
        with pytest.raises(IllegalMove, match="not possible"):
            decide(IN[state], reply)


def test_a_reply_by_somebody_else_is_held_until_its_writer_takes_over() -> None:
    held = after(HUMAN, do.Reply(agent=BEN, text="Let me", files=(PHOTO,)))
    assert held.unanswered == HUMAN.unanswered, "the customer has no answer yet"
    (one,) = held.held
    _, said, settled = sent(held, do.SendHeld(agent=BEN, held=one.seq))
    assert said == AgentSpoke(agent=BEN, text="Let me", files=(PHOTO,), held=one.seq)
    assert settled == HeldDropped(agent=BEN, of=one.seq)
    taken = after(held, do.SendHeld(agent=BEN, held=one.seq))
    assert (taken.owner, taken.held, taken.unanswered) == (BEN, (), ())
    with pytest.raises(IllegalMove, match="no longer held"):
        decide(taken, do.SendHeld(agent=BEN, held=one.seq))


def test_a_held_reply_can_be_discarded_and_outlives_the_conversations_end() -> None:
    held = after(HUMAN, do.Reply(agent=BEN, text="Let me"))
    (one,) = held.held
    assert after(held, do.DropHeld(agent=BEN, held=one.seq)).held == ()
    closed = after(held, do.Close(agent=ANNA, outcome="solved"))
    assert closed.held == (one,)
    with pytest.raises(IllegalMove, match="closed"):
        decide(closed, do.SendHeld(agent=BEN, held=one.seq))
    assert after(closed, do.DropHeld(agent=BEN, held=one.seq)).held == ()


def test_who_has_taken_over_meanwhile_sends_what_was_held_without_a_second_claim() -> None:
    held = after(HUMAN, do.Reply(agent=BEN, text="Let me"), do.Claim(agent=BEN, take_over=True))
    command = do.SendHeld(agent=BEN, held=held.held[0].seq)
    assert [type(e) for e in sent(held, command)] == [AgentSpoke, HeldDropped]


def test_only_so_many_replies_are_held_at_once() -> None:
    held = after(HUMAN, *[do.Reply(agent=BEN, text=f"n{n}") for n in range(HELD_AT_MOST)])
    with pytest.raises(OwnedByOther, match="held here already"):
        decide(held, do.Reply(agent=BEN, text="one more"))


def test_what_was_taken_back_cannot_be_changed_and_is_taken_back_once() -> None:
    said = at(9, AgentSpoke(agent=ANNA, text="Hello"))
    gone = msgspec.structs.replace(HUMAN, retracted=(9,))
    assert decide(gone, do.Retract(agent=ANNA, of=9), said) == ()
    with pytest.raises(IllegalMove, match="taken back"):
        decide(gone, do.Edit(agent=ANNA, of=9, text="Hi"), said)
    _, (entry,) = record(HUMAN, decide(HUMAN, do.Retract(agent=ANNA, of=9), said), at=1, key="")
    assert entry.event == AgentRetracted(agent=ANNA, of=9)


def test_a_newer_suggestion_replaces_an_older_one_and_a_reply_ends_it() -> None:
    first = HUMAN.unanswered[-1]
    suggested = after(HUMAN, do.Suggest(text="one", in_reply_to=first))
    assert decide(suggested, do.Suggest(text="again", in_reply_to=first)) == ()
    wrote = after(suggested, do.Say(text="and now?", client_id="c-9"))
    newer = after(wrote, do.Suggest(text="two", in_reply_to=wrote.seq, intent="hours"))
    assert [draft.text for draft in newer.drafts] == ["two"]
    assert decide(newer, do.Suggest(text="late", in_reply_to=first)) == ()
    assert after(newer, do.Reply(agent=ANNA, text="from nine")).drafts == ()


def test_a_draft_on_a_sensitive_topic_stays_until_it_is_sent_or_discarded() -> None:
    sensitive = msgspec.structs.replace(WHY, draft="We are sorry.")
    asked = after(IN[State.BOT], SAY)
    waiting = after(
        asked,
        do.Answer(in_reply_to=asked.seq, epoch=asked.epoch, messages=(), handoff=sensitive),
    )
    (draft,) = waiting.drafts
    replied = after(waiting, do.Reply(agent=ANNA, text="One moment."))
    assert replied.drafts == (draft,)
    sent_as_is = sent(replied, do.SendDraft(agent=ANNA, draft=draft.seq))
    assert sent_as_is == [AgentSpoke(agent=ANNA, text="We are sorry.", draft=draft.seq)]
    changed = sent(replied, do.SendDraft(agent=ANNA, draft=draft.seq, text="We are very sorry."))
    assert changed == [AgentSpoke(agent=ANNA, text="We are very sorry.", draft=draft.seq)]
    assert after(replied, do.SendDraft(agent=ANNA, draft=draft.seq)).drafts == ()
    assert after(replied, do.DropDraft(agent=ANNA, draft=draft.seq)).drafts == ()
    assert after(replied, do.ReturnToBot(agent=ANNA)).drafts == ()


def test_a_transfer_keeps_why_the_customer_came_and_says_who_shall_come() -> None:
    passed = after(HUMAN, do.Transfer(agent=ANNA, skill="sales"), at=7)
    assert passed.handoff == msgspec.structs.replace(WHY, skill="sales")
    assert (passed.state, passed.owner, passed.waiting_since) == (State.WAITING, None, 7)
    to_ben = after(HUMAN, do.Transfer(agent=ANNA, to=BEN))
    assert (to_ben.handoff, to_ben.passed_to) == (WHY, BEN)
    assert after(to_ben, do.Claim(agent=ANNA)).passed_to is None
    for skill, to in ((None, None), ("sales", BEN)):
        with pytest.raises(ValueError, match="to a skill or to an agent"):
            Transferred(agent=ANNA, skill=skill, to=to)


def test_who_is_asked_is_known_while_the_customer_waits_and_the_desks_for_ever() -> None:
    slack = Assigned(step=1, rung="first", desk="slack", agents=(ANNA,))
    telegram = Assigned(step=2, rung="other_desk", desk="telegram")
    asked = after(WAITING, do.Assign(assigned=slack, epoch=WAITING.epoch))
    assert asked.assigned == slack
    assert decide(asked, do.Assign(assigned=slack, epoch=asked.epoch)) == ()
    both = after(asked, do.Assign(assigned=telegram, epoch=asked.epoch))
    claimed = after(both, do.Claim(agent=BEN))
    assert (claimed.assigned, claimed.desks) == (None, ("slack", "telegram"))
    assert decide(claimed, do.Assign(assigned=slack, epoch=asked.epoch)) == ()


def test_a_conversation_whose_owner_is_gone_waits_again_and_late_words_of_it_are_void() -> None:
    gone = after(HUMAN, do.Unclaim(because="vanished", epoch=HUMAN.epoch), at=9_000)
    assert (gone.state, gone.owner, gone.waiting_since) == (State.WAITING, None, 9_000)
    assert gone.epoch == HUMAN.epoch + 1
    assert gone.handoff == WHY
    taken = after(HUMAN, do.Claim(agent=BEN, take_over=True))
    assert decide(taken, do.Unclaim(because="vanished", epoch=HUMAN.epoch)) == ()


def test_who_stepped_in_by_themselves_and_vanished_leaves_a_reason_behind() -> None:
    stepped_in = after(IN[State.BOT], do.Claim(agent=ANNA))
    gone = after(stepped_in, do.Unclaim(because="away", epoch=stepped_in.epoch))
    assert gone.handoff is not None
    assert gone.handoff.reason == "unclaimed"


def test_how_long_nobody_has_answered_counts_from_the_first_word() -> None:
    wrote = after(IN[State.HUMAN], do.Reply(agent=ANNA, text="Hi"), at=5_000)
    assert wrote.unanswered_since is None
    wrote = after(wrote, SAY, at=6_000)
    wrote = after(wrote, do.Say(text="hello??", client_id="c-2"), at=7_000)
    assert (wrote.unanswered_since, wrote.owned_since) == (6_000, 1_000)
    assert after(wrote, do.Reply(agent=ANNA, text="Here"), at=8_000).unanswered_since is None


def test_an_address_is_kept_once_and_mail_is_counted_up() -> None:
    left = after(WAITING, do.LeaveContact(email="jo@example.com"))
    assert left.contact == "jo@example.com"
    assert decide(left, do.LeaveContact(email="jo@example.com")) == ()
    mailed = after(left, do.NoteMail(up_to=5))
    assert mailed.mailed == 5
    assert decide(mailed, do.NoteMail(up_to=4)) == ()


@pytest.mark.parametrize(
    "email", ["", "jo", "jo@", "@x.de", "jo@x", "a b@x.de", "a@x.de\nBcc: b@y.de", "a@x.de,b@y.de"]
)
def test_what_is_no_address_is_not_kept_as_one(email: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        ContactLeft(email=email)


def test_an_intent_has_a_name() -> None:
    for intent in (" ", "x" * 81):
        with pytest.raises(ValueError, match="1 to 80 characters"):
            Labelled(agent=ANNA, of=3, intent=intent)


def test_asking_for_a_person_again_keeps_what_is_held() -> None:
    held = after(HUMAN, do.Reply(agent=BEN, text="Let me"), do.ReturnToBot(agent=ANNA), ASK)
    assert [one.text for one in held.held] == ["Let me"]


# ── who it is ──


def test_an_agent_is_known_by_login_whatever_they_are_called() -> None:
    renamed = Agent(login="anna", name="A. Berg")
    assert (renamed == ANNA, renamed == BEN, len({renamed, ANNA})) == (True, False, 1)
    assert decide(HUMAN, do.Claim(agent=renamed)) == ()
    assert [type(e) for e in sent(HUMAN, do.Reply(agent=renamed, text="Hi"))] == [AgentSpoke]
    assert [type(e) for e in sent(HUMAN, do.Close(agent=renamed, outcome="solved"))] == [Closed]
    edit = do.Edit(agent=renamed, of=9, text="Hello")
    assert len(decide(HUMAN, edit, at(9, AgentSpoke(agent=ANNA, text="Helo")))) == 1


# ── held, then changed or sent ──


def test_a_draft_that_was_held_is_settled_when_it_is_sent() -> None:
    drafted = msgspec.structs.replace(
        HUMAN, drafts=(Draft(seq=4, text="Sorry!", in_reply_to=3, origin="assistant"),)
    )
    held = after(drafted, do.SendDraft(agent=BEN, draft=4))
    assert [draft.seq for draft in held.drafts] == [4], "not sent yet: the owner may still send it"
    (one,) = held.held
    taken = after(held, do.SendHeld(agent=BEN, held=one.seq))
    assert taken.drafts == ()
    with pytest.raises(IllegalMove, match="no longer open"):
        decide(taken, do.SendDraft(agent=BEN, draft=4))


def test_a_held_reply_that_is_taken_back_is_discarded_and_its_text_cannot_be_changed() -> None:
    held = after(HUMAN, do.Reply(agent=BEN, text="Let me"))
    (one,) = held.held
    waits = at(one.seq, ReplyHeld(agent=BEN, text="Let me"))
    dropped = decide(held, do.Retract(agent=BEN, of=one.seq), waits)
    assert dropped == (HeldDropped(agent=BEN, of=one.seq),)
    with pytest.raises(IllegalMove, match="has not been sent"):
        decide(held, do.Edit(agent=BEN, of=one.seq, text="Let us"), waits)
    with pytest.raises(IllegalMove, match="no message of yours"):
        decide(held, do.Retract(agent=ANNA, of=one.seq), waits)
