"""Who is asked to come to a customer who waits, and what the customer is told meanwhile.

Pure: from the conversation, the owner's plan and the situation at the desks (who is there, who has
how much to do, what can be reached) follows the next step of the ladder: whom to ask, where, when
to look again, and the words for the customer, which are true. Does not belong here: reading the
situation (`bot.people`), acting at the due time (`bot.clock`), showing anybody anything
(`bot.desks`).

**Who.** People with the skill, else (nobody has it) everybody; of these the ones who speak the
customer's language, if there are any; of these the ones who are not away and have room. Those who
gave a sign of life lately go first, then those who have been asked or have served longest ago. Who
waits longer goes before: while others wait for the same people, room is left for them.

**Where.** On the preferred desk that can be reached. **When nobody comes**: the rungs of the plan,
each counted from the one before. Outside of the opening hours nobody is asked; the ladder begins at
the next opening.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import msgspec

from bot import wording
from bot.desk_plan import CONSOLE, Member, Plan, Rung
from bot.events import Agent, Assigned, NoticeShown
from bot.state import Conversation
from bot.waits import expected_wait

#: Who gave a sign of life within this time is asked before others, in ms.
LATELY_MS = 30 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Person:
    """A member as they are now. `seen_at` and `served_at` in ms, 0 for never; `served_at` is when
    they were last asked or took a conversation. `load`: conversations they have or are asked for,
    the one in question not counted."""

    member: Member
    away: bool = False
    seen_at: int = 0
    served_at: int = 0
    load: int = 0

    @property
    def room(self) -> int:
        return 0 if self.away else max(0, self.member.capacity - self.load)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a step depends on beside plan and conversation.

    `desks`: those that are set up and can be reached. `waits`: how long (ms) customers with such a
    wish waited lately. `position`: place in the queue, 1 for the next. `ahead`: how many wait
    longer, with nobody asked yet, for whom somebody has room. `mail`: whether e-mail can be sent.
    """

    people: tuple[Person, ...] = ()
    desks: frozenset[str] = frozenset({"console"})
    waits: tuple[int, ...] = ()
    position: int | None = None
    ahead: int = 0
    mail: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What happens now: who is asked, and what the customer is told (perhaps nothing)."""

    assigned: Assigned
    notices: tuple[NoticeShown, ...] = ()


def next_turn(c: Conversation, plan: Plan, s: Situation, now: int) -> Turn:
    """The next step for a waiting conversation whose time has come."""
    before = c.assigned
    if not plan.hours.is_open(now):
        return _closed(c, plan, s, now)
    begins = before is None or before.rung == Rung.CLOSED or before.step >= len(plan.ladder)
    if before is None or begins:
        return _first(c, plan, s, now)
    rung = plan.ladder[before.step].rung
    agents, desk, code = _CLIMB[rung](c, plan, s, now)
    return Turn(
        Assigned(
            step=before.step + 1,
            rung=rung.value,
            desk=desk,
            agents=agents,
            skill=skill_of(c, plan),
            due=_due(plan, before.step + 1, now),
        ),
        _told(c, s, now, code),
    )


def somebody_now(c: Conversation, plan: Plan, s: Situation, now: int) -> Turn | None:
    """The step as it is with somebody to ask, if nobody could be asked so far (or those asked have
    gone away) and now somebody can. The customer waits for just that, and is not told again."""
    before = c.assigned
    closed = before is None or before.rung == Rung.CLOSED or not plan.hours.is_open(now)
    if before is None or closed or is_asked(c, s):
        return None
    widen = any(step.rung in _WIDENED for step in plan.ladder[: before.step])
    found = _pick(c, plan, s, now, widen=widen)
    return Turn(msgspec.structs.replace(before, agents=found)) if found else None


def is_asked(c: Conversation, s: Situation) -> bool:
    """Whether somebody who is there has been asked by name."""
    away = {person.member.login for person in s.people if person.away}
    return any(agent.login not in away for agent in (c.assigned.agents if c.assigned else ()))


def skill_of(c: Conversation, plan: Plan) -> str | None:
    """The skill that the conversation needs: what its hand-off says, else what the customer spoke
    of last that needs one."""
    asked = c.handoff.skill if c.handoff else None
    of_intents = (plan.skill_for(None, intent) for intent in reversed(c.intents))
    return asked or next((skill for skill in of_intents if skill), None)


def able(s: Situation, skill: str | None) -> list[Person]:
    """Those with the skill; everybody, if nobody has it or none is needed."""
    return [one for one in s.people if skill in one.member.skills] or list(s.people)


def desk_now(plan: Plan, s: Situation, others_than: Collection[str] = ()) -> str | None:
    """The first desk of the plan that can be reached, less `others_than`."""
    usable = (desk for desk in plan.desks if desk in s.desks and desk not in others_than)
    return next(usable, None)


def desk_for(agents: Sequence[Agent], plan: Plan, s: Situation, usual: str) -> str:
    """Where these are to be asked: at the `usual` desk, unless they have an account only at others;
    then at the first of those that can be reached."""
    logins = {agent.login for agent in agents}
    members = [one.member for one in s.people if one.member.login in logins]
    known = {desk for member in members for desk in _desks_of(member)}
    if not known or usual in known:
        return usual
    return next((desk for desk in plan.desks if desk in known & s.desks), usual)


def _desks_of(member: Member) -> list[str]:
    """The outside desks at which they have an account, as far as the plan says."""
    accounts = {"slack": member.slack or member.email, "telegram": member.telegram}
    return [desk for desk, account in accounts.items() if account]


# ------------------------------------------------------------------------------------ whom


def _pick(
    c: Conversation,
    plan: Plan,
    s: Situation,
    now: int,
    *,
    widen: bool = False,
    without: Collection[str] = (),
) -> tuple[Agent, ...]:
    """One person to ask; empty when nobody has room. `widen`: also people without the skill.
    `without`: logins of those not to be asked."""
    pool = list(s.people) if widen else able(s, skill_of(c, plan))
    free = [one for one in pool if one.room]
    if sum(one.room for one in free) <= s.ahead:
        return ()
    free = [one for one in free if one.member.login not in without]
    language = c.reading.language if c.reading else None
    speak = [one for one in free if not one.member.languages or language in one.member.languages]
    if not (speak or free):
        return ()
    return (min(speak or free, key=lambda one: _order(one, now)).member.agent,)


def _order(one: Person, now: int) -> tuple[bool, int, str]:
    return now - one.seen_at > LATELY_MS, one.served_at, one.member.login


def _asked(c: Conversation) -> tuple[Agent, ...]:
    return c.assigned.agents if c.assigned else ()


def _desk(c: Conversation, plan: Plan, s: Situation) -> str:
    """Where it is asked now; another desk if that cannot be reached."""
    if c.assigned and c.assigned.desk in s.desks:
        return c.assigned.desk
    return desk_now(plan, s) or CONSOLE


# ----------------------------------------------------------------------------------- the rungs

#: What a rung does: (whom, at which desk, the code of what the customer is told).
Climbed = tuple[tuple[Agent, ...], str, str]


def _again(c: Conversation, plan: Plan, s: Situation, now: int) -> Climbed:
    if is_asked(c, s):
        return _asked(c), _desk(c, plan, s), "asked_again"
    found = _pick(c, plan, s, now)
    return found, _desk(c, plan, s), "asked_next" if found else _why_nobody(s)


def _next_agent(c: Conversation, plan: Plan, s: Situation, now: int) -> Climbed:
    without = {agent.login for agent in _asked(c)}
    found = _pick(c, plan, s, now, widen=True, without=without)
    if not found:
        return _again(c, plan, s, now)
    return found, desk_for(found, plan, s, _desk(c, plan, s)), "asked_next"


def _other_desk(c: Conversation, plan: Plan, s: Situation, now: int) -> Climbed:
    desk = desk_now(plan, s, others_than=c.desks)
    if desk is None or desk == CONSOLE:  # the console has had it all the time
        return _again(c, plan, s, now)
    found = _asked(c) if is_asked(c, s) else _pick(c, plan, s, now, widen=True)
    return found, desk, "asked_desk"


def _owner(c: Conversation, plan: Plan, s: Situation, now: int) -> Climbed:
    """All owners: those who are there, or all of them if none is."""
    owners = [one for one in s.people if one.member.is_owner]
    there = [one for one in owners if not one.away] or owners
    if not there:
        return _again(c, plan, s, now)
    return tuple(one.member.agent for one in there), _desk(c, plan, s), "asked_owner"


def _email(c: Conversation, plan: Plan, s: Situation, now: int) -> Climbed:
    return _asked(c), _desk(c, plan, s), "leave_email"


_CLIMB: dict[Rung, Callable[[Conversation, Plan, Situation, int], Climbed]] = {
    Rung.AGAIN: _again,
    Rung.NEXT_AGENT: _next_agent,
    Rung.OTHER_DESK: _other_desk,
    Rung.OWNER: _owner,
    Rung.EMAIL: _email,
}
#: From these rungs on, people without the skill are asked as well.
_WIDENED = (Rung.NEXT_AGENT,)


def _first(c: Conversation, plan: Plan, s: Situation, now: int) -> Turn:
    away = {one.member.login for one in s.people if one.away}
    if c.passed_to and c.passed_to.login not in away:
        agents: tuple[Agent, ...] = (c.passed_to,)
    else:
        agents = _pick(c, plan, s, now)
    assigned = Assigned(
        step=0,
        rung=Rung.FIRST.value,
        desk=desk_for(agents, plan, s, desk_now(plan, s) or CONSOLE),
        agents=agents,
        skill=skill_of(c, plan),
        due=_due(plan, 0, now),
    )
    code = "queue" if agents else _why_nobody(s)
    if agents and c.assigned is not None:
        code = "open_again"
    return Turn(assigned, _told(c, s, now, code))


def _closed(c: Conversation, plan: Plan, s: Situation, now: int) -> Turn:
    opening = plan.hours.next_opening(now)
    assigned = Assigned(
        step=0,
        rung=Rung.CLOSED.value,
        desk=desk_now(plan, s) or CONSOLE,
        skill=skill_of(c, plan),
        due=opening,
    )
    if opening is None:
        closed = wording.NOTICES["closed"]
    else:
        when = plan.hours.words(opening, now)
        closed = wording.NOTICES["closed_until"].format(opening=when)
    later = _later(c, s)
    if later.code == "leave_email":
        return Turn(assigned, (NoticeShown(code="closed", text=closed), later))
    return Turn(assigned, (NoticeShown(code="closed", text=f"{closed} {later.text}"),))


def _due(plan: Plan, step: int, now: int) -> int | None:
    """When the rung after `step` is due. After the last one, the ladder begins anew when it opens
    the next time; where it never closes, all has been done."""
    if step >= len(plan.ladder):
        return plan.hours.next_opening(now)
    before = plan.ladder[step - 1].after if step else 0
    return now + plan.ladder[step].after - before


# -------------------------------------------------------------------------- what is told


def _told(c: Conversation, s: Situation, now: int, code: str) -> tuple[NoticeShown, ...]:
    """The notice of that code with the place in the queue and the wait to expect; none when there
    is nothing to add to what was said before."""
    if code == "leave_email":
        later = _later(c, s)
        return (NoticeShown(code=later.code, text=f"{wording.NOTICES['sorry']} {later.text}"),)
    words = [] if code == "queue" or code in c.told else [wording.NOTICES[code]]
    if code != "nobody_there":
        if s.position and (words or s.position > 1):
            words.append(wording.place(s.position))
        expected = expected_wait(s.waits, now - (c.waiting_since or now))
        words += [wording.NOTICES["expected"].format(wait=expected.words())] if expected else []
    return (NoticeShown(code=code, text=" ".join(words)),) if words else ()


def _later(c: Conversation, s: Situation) -> NoticeShown:
    """How the customer gets the answer without waiting for it here."""
    if c.contact and s.mail:
        text = wording.NOTICES["mail_later"].format(email=c.contact)
        return NoticeShown(code="mail_later", text=text)
    code = "leave_email" if s.mail else "come_back"
    return NoticeShown(code=code, text=wording.NOTICES[code])


def _why_nobody(s: Situation) -> str:
    return "all_busy" if any(not one.away for one in s.people) else "nobody_there"
