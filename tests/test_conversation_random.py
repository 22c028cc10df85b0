"""The state machine under random commands: what must hold after any of them, in any order."""

from __future__ import annotations

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot import commands as do
from bot.agent_commands import HELD_AT_MOST
from bot.conversation import Conversation, State, decide, evolve, record
from bot.errors import IllegalMove
from bot.events import (
    Agent,
    AgentEdited,
    AgentRetracted,
    AgentSpoke,
    Assigned,
    BotAnswered,
    CustomerSpoke,
    Entry,
    Handoff,
    HeldDropped,
    NoticeShown,
    Reopened,
    ReplyHeld,
    ReturnedToBot,
    Utterance,
)

ANNA = Agent(login="anna", name="Anna")
BEN = Agent(login="ben", name="Ben")
WHY = Handoff(reason="asked_for_human", reasons=("asked for a person",))
HELLO = (Utterance(text="Hello"),)
SENSITIVE = Handoff(reason="sensitive", draft="We are sorry.")
ASK = do.AskForPerson(handoff=WHY)

ORDERS = ["return", "close", "snooze", "pass", "pass to", "note", "open"]

agents = st.sampled_from([ANNA, BEN])


class RandomCommands(RuleBasedStateMachine):
    """Any commands in any order, bot turns answered late or never: what must hold, holds."""

    @initialize()
    def start(self) -> None:
        self.now = 1_000
        self.c = Conversation(id="c")
        self.log: list[Entry] = []
        self.turns: list[tuple[int, int]] = []
        self.asked = 0
        self.send(do.Start(greeting="hi"))

    def send(self, command: do.Command, about: Entry | None = None) -> None:
        before = self.c
        try:
            events = decide(before, command, about)
        except IllegalMove:
            assert self.c == before
            return
        self.now += 1
        self.c, entries = record(before, events, at=self.now, key="")
        self.log += entries
        for entry in entries:
            if isinstance(entry.event, CustomerSpoke | ReturnedToBot):
                self.turns += [(seq, self.c.epoch) for seq in self.c.pending]

    @rule(text=st.sampled_from(["hi", "where is it", "human please"]))
    def customer_writes(self, text: str) -> None:
        self.asked += 1
        self.send(do.Say(text=text, client_id=f"c-{self.asked}"))

    @rule(data=st.data(), handoff=st.booleans())
    def some_turn_ends(self, data: st.DataObject, handoff: bool) -> None:
        if self.turns:
            seq, epoch = data.draw(st.sampled_from(self.turns))
            self.send(
                do.Answer(
                    in_reply_to=seq,
                    epoch=epoch,
                    messages=HELLO,
                    handoff=SENSITIVE if handoff else None,
                )
            )

    @rule(data=st.data())
    def the_assistant_is_loading(self, data: st.DataObject) -> None:
        if self.turns:
            seq, epoch = data.draw(st.sampled_from(self.turns))
            self.send(do.Tell(code="assistant_loading", in_reply_to=seq, epoch=epoch))

    @rule(data=st.data())
    def some_turn_fails(self, data: st.DataObject) -> None:
        if self.turns:
            seq, epoch = data.draw(st.sampled_from(self.turns))
            self.send(do.AskForPerson(handoff=WHY, in_reply_to=seq, epoch=epoch))

    @rule(agent=agents, take_over=st.booleans())
    def claim(self, agent: Agent, take_over: bool) -> None:
        self.send(do.Claim(agent=agent, take_over=take_over))

    @rule(agent=agents, note=st.sampled_from(["", "psst"]))
    def reply(self, agent: Agent, note: str) -> None:
        self.send(do.Reply(agent=agent, text="hello", note=note))

    @rule(agent=agents, data=st.data(), send=st.booleans())
    def decide_on_held(self, agent: Agent, data: st.DataObject, send: bool) -> None:
        held = data.draw(st.integers(1, max(1, self.c.seq)))
        if self.c.held:
            held = data.draw(st.sampled_from([one.seq for one in self.c.held]))
        self.send((do.SendHeld if send else do.DropHeld)(agent=agent, held=held))

    @rule(agent=agents, data=st.data(), what=st.sampled_from(["edit", "retract", "label"]))
    def speak_of_an_entry(self, agent: Agent, data: st.DataObject, what: str) -> None:
        of = data.draw(st.integers(1, self.c.seq))
        command: dict[str, do.Command] = {
            "edit": do.Edit(agent=agent, of=of, text="changed"),
            "retract": do.Retract(agent=agent, of=of),
            "label": do.Label(agent=agent, of=of, intent="order_status"),
        }
        self.send(command[what], self.log[of - 1])

    @rule(data=st.data(), agent=agents, what=st.sampled_from(["write", "send", "drop"]))
    def drafts(self, data: st.DataObject, agent: Agent, what: str) -> None:
        of = data.draw(st.sampled_from(self.c.unanswered or (1,)))
        draft = data.draw(st.sampled_from([d.seq for d in self.c.drafts] or [1]))
        command: dict[str, do.Command] = {
            "write": do.Suggest(text="try this", in_reply_to=of),
            "send": do.SendDraft(agent=agent, draft=draft),
            "drop": do.DropDraft(agent=agent, draft=draft),
        }
        self.send(command[what])

    @rule(late=st.booleans(), desk=st.sampled_from(["slack", "telegram"]), agent=agents)
    def somebody_is_asked(self, late: bool, desk: str, agent: Agent) -> None:
        assigned = Assigned(step=1, rung="first", desk=desk, agents=(agent,))
        self.send(do.Assign(assigned=assigned, epoch=self.c.epoch - late))

    @rule(late=st.booleans())
    def the_owner_vanishes(self, late: bool) -> None:
        self.send(do.Unclaim(because="vanished", epoch=self.c.epoch - late))

    @rule(
        command=st.sampled_from(
            [
                ASK,
                do.Stay(),
                do.Close(outcome="ended_by_customer"),
                do.Rate(stars=3),
                do.LeaveContact(email="jo@example.com"),
                do.NoteMail(up_to=3),
            ]
        )
    )
    def customer_or_system(self, command: do.Command) -> None:
        self.send(command)

    @rule(agent=agents, what=st.sampled_from(ORDERS), unseen=st.none() | st.integers(0, 3))
    def agent_acts(self, agent: Agent, what: str, unseen: int | None) -> None:
        seen = None if unseen is None else max(0, self.c.seq - unseen)
        command: dict[str, do.Command] = {
            "return": do.ReturnToBot(agent=agent, seen=seen),
            "close": do.Close(agent=agent, outcome="solved"),
            "snooze": do.Snooze(agent=agent, until=self.now + 50),
            "pass": do.Transfer(agent=agent, skill="sales"),
            "pass to": do.Transfer(agent=agent, to=BEN),
            "note": do.Note(agent=agent, text="n"),
            "open": do.Reopen(agent=agent),
        }
        self.send(command[what])

    @rule(ms=st.sampled_from([1, 60, 60_000, 400_000]))
    def time_passes(self, ms: int) -> None:
        self.now += ms
        self.send(do.LetTimePass(now=self.now))

    @invariant()
    def the_log_has_no_gap_and_adds_up_to_the_state(self) -> None:
        again = Conversation(id="c")
        for entry in self.log:
            again = evolve(again, entry)
        assert again == self.c
        assert [entry.seq for entry in self.log] == list(range(1, len(self.log) + 1))

    @invariant()
    def the_bot_is_silent_once_a_person_has_spoken(self) -> None:
        silent = False
        for entry in self.log:
            if isinstance(entry.event, AgentSpoke):
                silent = True
            elif isinstance(entry.event, ReturnedToBot | Reopened):
                silent = False
            bot = isinstance(entry.event, BotAnswered) or (
                isinstance(entry.event, NoticeShown) and "assistant" in entry.event.code
            )
            assert not (silent and bot), self.log

    @invariant()
    def no_message_is_answered_twice(self) -> None:
        answered = [
            e.event.in_reply_to
            for e in self.log
            if isinstance(e.event, BotAnswered) and e.event.in_reply_to
        ]
        assert len(answered) == len(set(answered))

    @invariant()
    def ownership_and_times_fit_the_state(self) -> None:
        c = self.c
        assert (c.owner is not None) == (c.state in (State.HUMAN, State.SNOOZED))
        assert (c.waiting_since is not None) == (c.state is State.WAITING)
        assert (c.snoozed_until is not None) == (c.state is State.SNOOZED)
        assert not c.pending or c.state is State.BOT
        assert set(c.pending) <= set(c.unanswered)
        assert (c.owned_since is not None) == (c.owner is not None)
        assert (c.unanswered_since is not None) == bool(c.unanswered)
        assert c.assigned is None or c.state is State.WAITING
        assert not c.drafts or c.state in (State.WAITING, State.HUMAN, State.SNOOZED)
        assert sum(draft.origin == "suggestion" for draft in c.drafts) <= 1
        assert len(c.held) <= HELD_AT_MOST

    @invariant()
    def what_is_held_was_held_once_and_is_not_settled(self) -> None:
        held = {e.seq for e in self.log if isinstance(e.event, ReplyHeld)}
        settled = [e.event.of for e in self.log if isinstance(e.event, HeldDropped)]
        assert len(settled) == len(set(settled))
        assert {one.seq for one in self.c.held} == held - set(settled)

    @invariant()
    def only_own_words_are_changed_and_none_after_they_were_taken_back(self) -> None:
        gone: set[int] = set()
        for entry in self.log:
            if isinstance(entry.event, AgentEdited | AgentRetracted):
                said = self.log[entry.event.of - 1].event
                assert isinstance(said, AgentSpoke)
                assert said.agent == entry.event.agent
                assert entry.event.of not in gone
            if isinstance(entry.event, AgentRetracted):
                gone.add(entry.event.of)
        assert set(self.c.retracted) == gone


TestRandomCommands = RandomCommands.TestCase
TestRandomCommands.settings = hypothesis_settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
