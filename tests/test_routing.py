"""Who is asked, where, when the next one is asked, and what the customer is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk_plan import Member, Plan, Rung, Step, load_plan
from bot.events import Agent, Assigned, Handoff, NoticeShown, Reading
from bot.opening_hours import Hours, Span
from bot.routing import Person, Situation, is_asked, next_turn, skill_of, somebody_now
from bot.state import Conversation, State

NOW = 1_764_000_000_000
OSLO = ZoneInfo("Europe/Oslo")
SHIPPED = load_plan(Path("data/desk.yml").read_text(encoding="utf-8"))
NINE_TO_FIVE = Hours(OSLO, ((Span(540, 1020),),) * 5 + ((), ()))

ANNA = Member(login="anna", name="Anna", skills=frozenset({"sales"}))
BEN = Member(login="ben", name="Ben", languages=frozenset({"en"}))
CLEO = Member(login="cleo", name="Cleo", languages=frozenset({"no", "en"}))
OLGA = Member(login="olga", name="Olga", is_owner=True)


def at(local: str) -> int:
    return int(datetime.fromisoformat(local).replace(tzinfo=OSLO).timestamp() * 1000)


def plan(**changes: Any) -> Plan:
    return replace(SHIPPED, **changes)


def waiting(
    *, skill: str | None = None, language: str = "en", assigned: Assigned | None = None, **more: Any
) -> Conversation:
    fields: dict[str, Any] = {
        "id": "c-1",
        "state": State.WAITING,
        "seq": 3,
        "epoch": 1,
        "waiting_since": NOW,
        "handoff": Handoff(reason="asked_for_human", skill=skill),
        "reading": Reading(language=language),
        "assigned": assigned,
        "desks": (assigned.desk,) if assigned else (),
        "escalated": True,
    }
    return Conversation(**{**fields, **more})


def asked(who: Member | None = ANNA, step: int = 0, rung: str = "first", **more: Any) -> Assigned:
    agents = (who.agent,) if who else ()
    return Assigned(step=step, rung=rung, desk=more.pop("desk", "slack"), agents=agents, **more)


def room(*people: Person | Member, **more: Any) -> Situation:
    there = tuple(one if isinstance(one, Person) else Person(one) for one in people)
    return Situation(people=there, desks=more.pop("desks", frozenset({"slack", "console"})), **more)


def who(c: Conversation, s: Situation, p: Plan = SHIPPED, now: int = NOW) -> list[str]:
    return [agent.login for agent in next_turn(c, p, s, now).assigned.agents]


# ------------------------------------------------------------------------------------ whom


@pytest.mark.parametrize(
    ("skill", "language", "people", "expected"),
    [
        ("sales", "en", [BEN, ANNA], ["anna"]),
        ("sales", "no", [CLEO, ANNA], ["anna"]),  # the skill goes before the language
        (None, "no", [BEN, CLEO], ["cleo"]),
        (None, "no", [BEN], ["ben"]),  # somebody is better than nobody
        ("gardening", "en", [ANNA, BEN], ["anna"]),  # nobody has it: everybody
        ("sales", "en", [Person(ANNA, away=True), BEN], []),  # comes with the next rungs
        ("sales", "en", [Person(ANNA, load=4), BEN], []),
        (None, "en", [Person(ANNA, away=True), Person(BEN, load=4), CLEO], ["cleo"]),
        (None, "en", [], []),
        (None, "en", [Person(BEN, served_at=9), Person(CLEO, served_at=5)], ["cleo"]),
        (None, "en", [Person(BEN, served_at=9), Person(CLEO)], ["cleo"]),  # never before
        (None, "en", [Person(BEN, served_at=9, seen_at=NOW - 1), CLEO], ["ben"]),  # seen lately
        (None, "en", [BEN, CLEO], ["ben"]),  # a tie is always broken the same way
    ],
)
def test_the_person_who_is_asked_first(
    skill: str | None, language: str, people: list[Person | Member], expected: list[str]
) -> None:
    assert who(waiting(skill=skill, language=language), room(*people)) == expected


def test_the_skill_is_that_of_the_handoff_else_of_what_was_spoken_of_last() -> None:
    intents = ("return_item", "order_status", "talk_to_human")
    assert skill_of(waiting(intents=intents), SHIPPED) == "orders"
    assert skill_of(waiting(intents=intents, skill="legal"), SHIPPED) == "legal"
    assert skill_of(waiting(intents=("greet",)), SHIPPED) is None
    assert skill_of(waiting(handoff=None), SHIPPED) is None


def test_a_colleague_to_whom_it_was_passed_is_asked_however_busy() -> None:
    c = waiting(skill="sales", passed_to=BEN.agent)
    assert who(c, room(ANNA, Person(BEN, load=9))) == ["ben"]
    assert who(c, room(ANNA, Person(BEN, away=True))) == ["anna"]


def test_room_is_left_for_those_who_wait_longer() -> None:
    two_places = room(Person(BEN, load=3), Person(CLEO, load=3), ahead=1)
    assert who(waiting(), two_places) == ["ben"]
    assert who(waiting(), replace(two_places, ahead=2)) == []


LOADS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(1, 5), st.booleans(), st.integers(0, 99)), max_size=8
)


@given(LOADS, st.integers(0, 4))
def test_nobody_is_asked_beyond_their_capacity_or_while_away(
    loads: list[tuple[int, int, bool, int]], ahead: int
) -> None:
    people = [
        Person(
            Member(login=f"a{n}", name="A", capacity=capacity),
            away=away,
            served_at=served,
            load=load,
        )
        for n, (load, capacity, away, served) in enumerate(loads)
    ]
    found = who(waiting(), room(*people, ahead=ahead))
    free = [one for one in people if one.load < one.member.capacity and not one.away]
    places = sum(one.member.capacity - one.load for one in free)
    assert bool(found) is (places > ahead)
    for login in found:
        (one,) = (one for one in free if one.member.login == login)
        assert one.served_at == min(other.served_at for other in free)


@given(st.integers(1, 6), st.integers(1, 60))
def test_work_is_shared_evenly_however_much_there_is(agents: int, handoffs: int) -> None:
    people = {f"a{n}": Person(Member(login=f"a{n}", name="A", capacity=100)) for n in range(agents)}
    for n in range(handoffs):
        (login,) = who(waiting(), room(*people.values()))
        before = people[login]
        people[login] = replace(before, served_at=n + 1, load=before.load + 1)
    loads = [one.load for one in people.values()]
    assert max(loads) - min(loads) <= 1


# ----------------------------------------------------------------------------------- where


@pytest.mark.parametrize(
    ("usable", "desk"),
    [
        ({"slack", "telegram", "console"}, "slack"),
        ({"telegram", "console"}, "telegram"),
        ({"console"}, "console"),
    ],
)
def test_the_preferred_desk_that_can_be_reached(usable: set[str], desk: str) -> None:
    turn = next_turn(waiting(), SHIPPED, room(BEN, desks=frozenset(usable)), NOW)
    assert turn.assigned.desk == desk


@pytest.mark.parametrize(
    ("accounts", "usable", "desk"),
    [
        ({"telegram": 41}, {"slack", "telegram", "console"}, "telegram"),
        ({"telegram": 41, "slack": "U1"}, {"slack", "telegram", "console"}, "slack"),
        ({"telegram": 41, "email": "b@shop.example"}, {"slack", "telegram", "console"}, "slack"),
        ({"telegram": 41}, {"slack", "console"}, "slack"),  # where else
        ({"slack": "U1"}, {"telegram", "console"}, "telegram"),
        ({}, {"slack", "telegram", "console"}, "slack"),  # nothing is known of them
    ],
)
def test_somebody_is_asked_where_they_have_an_account(
    accounts: dict[str, Any], usable: set[str], desk: str
) -> None:
    ben, s = replace(BEN, **accounts), frozenset(usable)
    passed_on = waiting(passed_to=ben.agent)
    assert next_turn(passed_on, SHIPPED, room(ANNA, ben, desks=s), NOW).assigned.desk == desk
    # The same when they are the next to be asked.
    usual = min(usable - {"console"})
    ladder = plan(ladder=(Step(Rung.NEXT_AGENT, 1_000),))
    c = waiting(assigned=asked(ANNA, desk=usual))
    turn = next_turn(c, ladder, room(ANNA, ben, desks=s), NOW)
    assert turn.assigned.agents == (ben.agent,)
    assert turn.assigned.desk == desk


# --------------------------------------------------------------------------------- the ladder


def climb(
    c: Conversation, p: Plan, s: Situation, now: int = NOW
) -> list[tuple[int, Assigned, tuple[NoticeShown, ...]]]:
    """The whole ladder, each step at its due time: (ms since the beginning, whom, notices)."""
    steps: list[tuple[int, Assigned, tuple[NoticeShown, ...]]] = []
    start = now
    while len(steps) < 12:
        turn = next_turn(c, p, s, now)
        steps.append((now - start, turn.assigned, turn.notices))
        desks = tuple(dict.fromkeys([*c.desks, turn.assigned.desk]))
        told = (*c.told, *(notice.code for notice in turn.notices))
        c = msgspec.structs.replace(c, assigned=turn.assigned, desks=desks, told=told)
        if turn.assigned.due is None:
            break
        now = turn.assigned.due
    return steps


def test_the_shipped_ladder_step_by_step() -> None:
    s = room(BEN, CLEO, OLGA, desks=frozenset({"slack", "telegram", "console"}), mail=True)
    steps = climb(waiting(), SHIPPED, s)
    assert [
        (
            after // 1000,
            one.step,
            one.rung,
            one.desk,
            [agent.login for agent in one.agents],
            [notice.code for notice in notices],
        )
        for after, one, notices in steps
    ] == [
        (0, 0, "first", "slack", ["ben"], []),
        (45, 1, "again", "slack", ["ben"], ["asked_again"]),
        (90, 2, "next_agent", "slack", ["cleo"], ["asked_next"]),
        (150, 3, "other_desk", "telegram", ["cleo"], ["asked_desk"]),
        (240, 4, "owner", "telegram", ["olga"], ["asked_owner"]),
        (360, 5, "email", "telegram", ["olga"], ["leave_email"]),
    ]
    assert steps[-1][1].due is None


def test_what_cannot_be_done_is_not_said() -> None:
    """One agent, one desk, no mail: there is nobody else and nowhere else."""
    steps = climb(waiting(), SHIPPED, room(BEN, desks=frozenset({"console"})))
    told = [notice for _, _, notices in steps for notice in notices]
    assert [notice.code for notice in told] == ["asked_again", "come_back"]
    assert not any("elsewhere" in one.text or "another" in one.text for one in told)
    assert {agent.login for _, one, _ in steps for agent in one.agents} == {"ben"}
    assert [one.rung for _, one, _ in steps][-1] == "email"


def test_the_next_agent_need_not_have_the_skill() -> None:
    c = waiting(skill="sales", assigned=asked(ANNA, step=1, rung="again"))
    assert who(c, room(ANNA, BEN)) == ["ben"]


def test_who_was_asked_and_went_away_is_not_asked_again() -> None:
    c = waiting(assigned=asked(ANNA))
    turn = next_turn(c, SHIPPED, room(Person(ANNA, away=True), BEN), NOW)
    assert [agent.login for agent in turn.assigned.agents] == ["ben"]
    assert [notice.code for notice in turn.notices] == ["asked_next"]


def test_owners_are_asked_even_when_all_of_them_are_away() -> None:
    other = replace(OLGA, login="omar")
    c = waiting(assigned=asked(BEN, step=3, rung="other_desk"))
    assert who(c, room(BEN, Person(OLGA, away=True), other)) == ["omar"]
    away = (Person(OLGA, away=True), Person(other, away=True))
    assert who(c, room(BEN, *away)) == ["olga", "omar"]


def test_a_desk_that_is_down_by_now_is_left() -> None:
    c = waiting(assigned=asked(BEN))
    turn = next_turn(c, SHIPPED, room(BEN, desks=frozenset({"telegram", "console"})), NOW)
    assert turn.assigned.desk == "telegram"


def test_without_rungs_somebody_is_asked_once() -> None:
    steps = climb(waiting(), plan(ladder=()), room(BEN))
    assert [(one.rung, one.due) for _, one, _ in steps] == [("first", None)]


# ------------------------------------------------------------------- when somebody gets free


def test_as_soon_as_somebody_has_room_they_are_asked_without_a_word() -> None:
    c = waiting(assigned=asked(None, due=NOW + 9))
    turn = somebody_now(c, SHIPPED, room(BEN), NOW)
    assert turn is not None
    assert turn.assigned == msgspec.structs.replace(asked(BEN), due=NOW + 9)
    assert turn.notices == ()


@pytest.mark.parametrize(
    ("assigned", "people"),
    [
        (None, [BEN]),  # the ladder has not begun
        (asked(BEN), [BEN, CLEO]),  # somebody is asked
        (asked(None), [Person(BEN, load=4)]),
        (asked(None), [Person(BEN, away=True)]),
        (asked(None, rung="closed"), [BEN]),
    ],
)
def test_otherwise_nothing_changes(
    assigned: Assigned | None, people: list[Person | Member]
) -> None:
    assert somebody_now(waiting(assigned=assigned), SHIPPED, room(*people), NOW) is None


def test_after_closing_time_nobody_is_searched_for() -> None:
    c = waiting(assigned=asked(None, rung="other_desk"))
    assert somebody_now(c, plan(hours=NINE_TO_FIVE), room(BEN), FRIDAY_NIGHT) is None


def test_when_the_one_who_was_asked_goes_away_somebody_else_is_asked() -> None:
    c, s = waiting(assigned=asked(BEN)), room(Person(BEN, away=True), CLEO)
    assert not is_asked(c, s)
    turn = somebody_now(c, SHIPPED, s, NOW)
    assert turn is not None
    assert turn.assigned.agents == (CLEO.agent,)


def test_people_without_the_skill_are_asked_only_after_the_rung_that_says_so() -> None:
    s = room(Person(ANNA, load=4), BEN)
    for step, expected in ((1, None), (2, (BEN.agent,))):
        c = waiting(skill="sales", assigned=asked(None, step=step, rung="again"))
        turn = somebody_now(c, SHIPPED, s, NOW)
        assert (turn and turn.assigned.agents) == expected


# ------------------------------------------------------------------------------ what is told


def told(c: Conversation, s: Situation, p: Plan = SHIPPED, now: int = NOW) -> list[str]:
    return [notice.text for notice in next_turn(c, p, s, now).notices]


WAITS = tuple(minutes * 60_000 for minutes in (2, 2, 3, 3, 4, 4, 5, 5))


def test_the_next_one_of_whom_nothing_is_known_is_told_nothing_new() -> None:
    assert told(waiting(), room(BEN, position=1)) == []


def test_place_and_wait_are_told_when_they_are_known() -> None:
    assert told(waiting(), room(BEN, position=3)) == ["You are number 3 in the queue."]
    assert told(waiting(), room(BEN, position=3, waits=WAITS)) == [
        (
            "You are number 3 in the queue. Judging by how long others waited lately, somebody "
            "may be here in 2 to 5 minutes."
        )
    ]


def test_the_wait_to_expect_is_that_which_is_left() -> None:
    c = waiting(assigned=asked(BEN), waiting_since=NOW - 90_000)
    (text,) = told(c, room(BEN, position=1, waits=WAITS))
    assert text == (
        "Nobody has come yet, so I have reminded my colleague. You are next. Judging by how long "
        "others waited lately, somebody may be here in up to 5 minutes."
    )
    late = waiting(assigned=asked(BEN), waiting_since=NOW - 600_000)
    assert "Judging" not in told(late, room(BEN, position=1, waits=WAITS))[0]


def test_that_all_are_busy_or_away_is_said_as_it_is() -> None:
    (busy,) = told(waiting(), room(Person(BEN, load=4), Person(CLEO, away=True)))
    assert busy.startswith("Everybody is busy with other customers")
    (empty,) = told(waiting(), room(Person(BEN, away=True), position=1, waits=WAITS))
    assert empty.startswith("None of my colleagues is at their desk")
    assert empty.endswith("when they are back.")  # and not that somebody may come so soon


@pytest.mark.parametrize(
    ("mail", "contact", "code", "ends"),
    [
        (True, None, "leave_email", "and the answer will be sent there."),
        (True, "mads@example.com", "mail_later", "will also be sent to mads@example.com."),
        (False, None, "come_back", "come back to the answer later."),
        (False, "mads@example.com", "come_back", "come back to the answer later."),
    ],
)
def test_in_the_end_the_customer_need_not_wait_here(
    mail: bool, contact: str | None, code: str, ends: str
) -> None:
    c = waiting(assigned=asked(BEN, step=4, rung="owner"), contact=contact)
    (notice,) = next_turn(c, SHIPPED, room(BEN, mail=mail), NOW).notices
    assert notice.code == code
    assert notice.text.startswith("It is taking longer than it should, sorry.")
    assert notice.text.endswith(ends)


def test_every_rung_of_the_plan_has_its_words_and_no_braces_are_left() -> None:
    for s in (room(BEN, CLEO, OLGA, position=2, waits=WAITS, mail=True), room(position=1)):
        for p in (SHIPPED, plan(hours=NINE_TO_FIVE)):
            for _, _, notices in climb(waiting(), p, s, at("2026-11-27T16:57")):
                assert all("{" not in notice.text and notice.text for notice in notices)


# ------------------------------------------------------------------------------ opening hours

FRIDAY_NIGHT = at("2026-11-27T22:00")
MONDAY = at("2026-11-30T09:00")


def test_outside_of_the_hours_nobody_is_asked_and_the_next_opening_is_told() -> None:
    p = plan(hours=NINE_TO_FIVE)
    turn = next_turn(waiting(), p, room(BEN), FRIDAY_NIGHT)
    assert (turn.assigned.rung, turn.assigned.agents) == (Rung.CLOSED, ())
    assert turn.assigned.due == MONDAY
    assert [notice.text for notice in turn.notices] == [
        (
            "We are closed now; we open again on Monday at 9:00 (Oslo time). Your messages stay "
            "here and a colleague will read them; you can close this page and come back to the "
            "answer later."
        )
    ]


def test_outside_of_the_hours_an_email_address_can_be_left() -> None:
    p = plan(hours=NINE_TO_FIVE)
    notices = next_turn(waiting(), p, room(BEN, mail=True), FRIDAY_NIGHT).notices
    assert [notice.code for notice in notices] == ["closed", "leave_email"]
    known = waiting(contact="mads@example.com")
    (notice,) = next_turn(known, p, room(BEN, mail=True), FRIDAY_NIGHT).notices
    assert notice.text.endswith("will also be sent to mads@example.com.")


def test_at_the_opening_the_ladder_begins_and_that_is_told() -> None:
    p = plan(hours=NINE_TO_FIVE)
    closed = next_turn(waiting(), p, room(BEN), FRIDAY_NIGHT).assigned
    turn = next_turn(waiting(assigned=closed), p, room(BEN), MONDAY)
    assert (turn.assigned.rung, turn.assigned.step) == (Rung.FIRST, 0)
    assert turn.assigned.due == MONDAY + SHIPPED.ladder[0].after
    assert [notice.code for notice in turn.notices] == ["open_again"]


def test_closing_time_ends_the_ladder_and_the_next_opening_begins_it_anew() -> None:
    p = plan(hours=NINE_TO_FIVE)
    evening = at("2026-11-26T16:58:00")
    steps = climb(waiting(), p, room(BEN), evening)
    rungs = [one.rung for _, one, _ in steps]
    assert rungs[:4] == ["first", "again", "next_agent", "closed"]
    assert rungs[4] == "first"
    assert evening + steps[4][0] == at("2026-11-27T09:00")


def test_after_the_last_rung_the_ladder_begins_anew_at_the_next_opening() -> None:
    p = plan(hours=NINE_TO_FIVE, ladder=(Step(Rung.AGAIN, 60_000),))
    morning = at("2026-11-26T09:30:00")
    steps = climb(waiting(), p, room(BEN), morning)
    assert [one.rung for _, one, _ in steps[:3]] == ["first", "again", "first"]
    assert morning + steps[2][0] == at("2026-11-27T09:00")


def test_who_never_opens_says_so_without_a_time() -> None:
    p = plan(hours=Hours(OSLO, ((),) * 7))
    turn = next_turn(waiting(), p, room(BEN), NOW)
    assert turn.assigned.due is None
    assert turn.notices[0].text.startswith("We are closed now. Your messages stay here")


def test_one_asked_by_name_is_an_agent_as_the_log_knows_them() -> None:
    assigned = next_turn(waiting(), SHIPPED, room(BEN), NOW).assigned
    assert assigned.agents == (Agent(login="ben", name="Ben"),)
