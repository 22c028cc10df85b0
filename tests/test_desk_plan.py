"""The owner's desk plan: what it holds, and what an error in it says."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.desk_plan import Canned, Member, PolicyError, Rung, load_plan
from bot.events import Agent
from bot.opening_hours import ALL_DAY, Span

TEXT = Path("data/desk.yml").read_text(encoding="utf-8")
ANNA = {"login": "anna"}


def shipped() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(TEXT)
    return copy.deepcopy(loaded)


def test_the_shipped_plan_is_valid_and_asks_everybody_who_can_log_in() -> None:
    plan = load_plan(TEXT)
    assert plan.members == ()
    team = plan.team([("owner", "Olga", True), ("anna", "Anna Berg", False)])
    assert team == (
        Member(login="owner", name="Olga", is_owner=True),
        Member(login="anna", name="Anna Berg"),
    )
    assert plan.hours.is_open(0)
    assert [step.rung for step in plan.ladder][-1] is Rung.EMAIL
    assert plan.desks == ("slack", "telegram", "console")


def test_the_shipped_skills_name_intents_of_the_domain() -> None:
    intents = YAML(typ="safe").load(Path("domain.yml").read_text())["intents"]
    named = {intent for skill in load_plan(TEXT).skills for intent in skill.intents}
    assert named <= set(intents)


def test_an_example_in_the_comments_is_valid_once_it_is_uncommented() -> None:
    lines = TEXT.splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("#   - login: anna "))
    example = [line[1:] for line in lines[first : lines.index("agents: []")]]
    text = TEXT.replace("agents: []", "\n".join(["agents:", *example]))
    week = lines.index("  # weekly:")
    text = text.replace(
        "  weekly: always", "\n".join("  " + line[4:] for line in lines[week : week + 8])
    )
    days = [line for line in lines if line.startswith("  #   - {day")]
    text = text.replace("  holidays: []", "\n".join(["  holidays:", *(d[3:] for d in days)]))
    plan = load_plan(text)
    assert plan.members == (
        Member(
            login="anna",
            name="Anna Berg",
            email="anna@shop.example",
            slack="U024BE7LH",
            telegram=123456789,
            skills=frozenset({"orders", "sales"}),
            languages=frozenset({"en", "no"}),
            capacity=3,
            is_owner=True,
        ),
    )
    assert plan.hours.weekly[0] == (Span(540, 720), Span(780, 1080))
    assert plan.hours.holidays[date(2027, 3, 26)] == ()
    assert plan.hours.holidays[12, 24] == (Span(540, 720),)


def with_agents(*agents: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**shipped(), "agents": list(agents), **more}


def test_a_person_needs_a_login_only() -> None:
    plan = load_plan(with_agents(ANNA, capacity=2))
    assert plan.members == (Member(login="anna", name="anna", capacity=2),)
    assert plan.team([("other", "Other", True)]) == plan.members
    assert plan.members[0].agent == Agent(login="anna", name="anna")


def test_people_are_found_by_what_their_desk_knows_of_them() -> None:
    plan = load_plan(
        with_agents(
            {"login": "anna", "email": "Anna@shop.example"},
            {"login": "ben", "slack": "U024BE7LH", "telegram": 4711},
        )
    )
    anna, ben = plan.members
    assert plan.by_slack("U999999", "anna@SHOP.example") is anna
    assert plan.by_slack("U024BE7LH", "somebody@else.example") is ben
    assert plan.by_slack("U999999") is plan.by_slack("U999999", "") is None
    assert plan.by_telegram(4711) is ben
    assert plan.by_telegram(4712) is None


def test_a_skill_is_the_one_of_the_handoff_else_that_of_the_intent() -> None:
    plan = load_plan(TEXT)
    assert plan.skill_for(None, "order_status") == "orders"
    assert plan.skill_for("legal", "order_status") == "legal"
    assert plan.skill_for(None, "greet") is plan.skill_for(None, None) is None


def test_a_skills_channel_goes_before_the_general_one() -> None:
    plan = shipped()
    plan["skills"][3] |= {"slack": "#sales", "telegram": -1001234567890}
    loaded = load_plan(plan)
    assert loaded.slack_channel_of("sales") == "#sales"
    assert loaded.telegram_group_of("sales") == -1001234567890
    for skill in ("orders", "unheard of", None):
        assert loaded.slack_channel_of(skill) == "#support"
        assert loaded.telegram_group_of(skill) is None


def test_a_canned_text_gets_its_names_and_no_hole_where_one_is_unknown() -> None:
    canned = Canned("hello", "Hi {customer}, this is {agent}.")
    assert canned.filled(customer="Mads", agent="Anna") == "Hi Mads, this is Anna."
    assert canned.filled(customer="", agent="Anna") == "Hi, this is Anna."
    assert canned.filled(customer="{agent}", agent="Anna") == "Hi {agent}, this is Anna."


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("capacity", 0, r"^capacity is 0; it must be a whole number from 1 to 100"),
        ("agents", {}, r"^agents is \{\}; it must be a list"),
        ("vanish_after", "5 min", r"^vanish_after is '5 min'; it must be a number of seconds"),
        ("vanish_after", True, r"^vanish_after is True; it must be a number of seconds"),
        ("surprise", 1, r"^surprise is not a key of the desk plan"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(key: str, value: object, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        load_plan({**shipped(), key: value})


@pytest.mark.parametrize(
    ("agents", "message"),
    [
        ([{}], r"agents\[0\]\.login is missing in the desk plan"),
        ([{"login": "Anna Berg"}], r"agents\[0\]\.login is 'Anna Berg'; it must be a login"),
        ([ANNA, ANNA], r"agents has 'anna' twice"),
        ([{**ANNA, "skills": ["order"]}], r"skills is \['order'\]; .*'order' is not: orders, pay"),
        ([{**ANNA, "languages": ["english"]}], r"languages is \['english'\]; .*two-letter"),
        ([{**ANNA, "slack": "@anna"}], r"slack is '@anna'; it must be a member id"),
        ([{**ANNA, "telegram": "@anna"}], r"telegram is '@anna'; it must be a numeric"),
        ([{**ANNA, "email": "anna"}], r"email is 'anna'; it must be an e-mail address"),
        ([{**ANNA, "capacity": -1}], r"agents\[0\]\.capacity is -1"),
        ([{**ANNA, "role": "boss"}], r"role is 'boss'; it must be agent or owner"),
        ([{**ANNA, "colour": "red"}], r"agents\[0\]\.colour is not a key of the desk plan"),
        ([{**ANNA, "slack": "U024BE7LH"}, {"login": "b", "slack": "U024BE7LH"}], r"LH' twice"),
    ],
)
def test_a_wrong_person_is_named_with_their_place(
    agents: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        load_plan(with_agents(*agents))


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("desks", "order", [], r"desks\.order is \[\]; it must be a list of desks"),
        ("desks", "order", ["slack", "slack"], r"each once"),
        ("desks", "order", ["fax"], r"slack, telegram, console"),
        ("desks", "slack", "support", r"desks\.slack is 'support'; it must be a channel"),
        ("hours", "timezone", "Oslo", r"hours\.timezone is 'Oslo'; it must be a place"),
        ("hours", "timezone", "Europe/Olso", r"'Europe/Olso'; it must be a place"),
        ("hours", "timezone", "../../etc/passwd", r"it must be a place"),
        ("hours", "timezone", "Etc/GMT+1", r"it must be a place"),
        ("hours", "weekly", "never", r"hours\.weekly is 'never'; it must be `always`"),
        ("hours", "weekly", {"monday": []}, r"hours\.weekly\.tuesday is missing"),
        ("hours", "holidays", [{"day": "25.12.", "hours": []}], r"holidays\[0\]\.day is '25\.12"),
        ("hours", "holidays", [{"day": "02-30", "hours": []}], r"'02-30'; it must be a date"),
        ("hours", "holidays", [{"day": date(2027, 1, 1), "hours": ["x"]}], r"hours is \['x'\]"),
        ("hours", "holidays", [{"day": "12-25", "hours": []}] * 2, r"there only once"),
    ],
)
def test_a_wrong_section_is_named(section: str, key: str, value: object, message: str) -> None:
    plan = shipped()
    plan[section][key] = value
    with pytest.raises(PolicyError, match=message):
        load_plan(plan)


@pytest.mark.parametrize(
    "spans",
    [["9-17"], ["17:00-09:00"], ["09:00-09:00"], ["09:00-12:00", "11:00-17:00"], ["22:00-25:00"]],
)
def test_hours_that_are_none_are_refused(spans: list[str]) -> None:
    plan = shipped()
    plan["hours"]["holidays"] = [{"day": "12-24", "hours": spans}]
    with pytest.raises(PolicyError, match="a list of spans like 09:00-17:00"):
        load_plan(plan)


def test_a_day_may_last_until_midnight() -> None:
    plan = shipped()
    plan["hours"]["holidays"] = [{"day": "12-24", "hours": ["00:00 - 24:00"]}]
    assert load_plan(plan).hours.holidays[12, 24] == ALL_DAY


@pytest.mark.parametrize(
    ("ladder", "message"),
    [
        ([("first", 1)], r"ladder\[0\]\.rung is 'first'; it must be one of again"),
        ([("again", 0)], r"ladder\[0\]\.after is 0; it must be a number of seconds"),
        ([("again", 9), ("owner", 9)], r"ladder\[1\]\.after is 9; it must be later"),
        ([("email", 9), ("owner", 10)], r"ladder\[1\]\.rung is 'owner'; it must be before `email`"),
    ],
)
def test_a_wrong_ladder_is_named(ladder: list[tuple[str, float]], message: str) -> None:
    plan = {**shipped(), "ladder": [{"rung": rung, "after": after} for rung, after in ladder]}
    with pytest.raises(PolicyError, match=message):
        load_plan(plan)


@pytest.mark.parametrize(
    ("skill", "message"),
    [
        ({"name": "orders"}, r"skills has 'orders' twice"),
        ({"intents": ["order_status"]}, r"without 'order_status', which 'orders' has already"),
        ({"name": "Big sales"}, r"skills\[3\]\.name is 'Big sales'"),
        ({"slack": "sales"}, r"skills\[3\]\.slack is 'sales'; it must be a channel"),
        ({"telegram": 5}, r"skills\[3\]\.telegram is 5; it must be a group's id"),
    ],
)
def test_a_wrong_skill_is_named(skill: dict[str, Any], message: str) -> None:
    plan = shipped()
    plan["skills"][3].update(skill)
    with pytest.raises(PolicyError, match=message):
        load_plan(plan)


@pytest.mark.parametrize(
    ("canned", "message"),
    [
        ({"name": "a", "text": "Hi {name}"}, r"canned\[0\]\.text .*without \{name\}"),
        ({"name": "a", "text": ""}, r"canned\[0\]\.text is ''"),
        ({"name": "a", "text": "x" * 4001}, r"at most 4000 characters"),
        ({"name": "Hello there", "text": "x"}, r"canned\[0\]\.name is 'Hello there'"),
    ],
)
def test_a_wrong_canned_text_is_named(canned: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        load_plan({**shipped(), "canned": [canned]})


@pytest.mark.parametrize("key", sorted(shipped()))
def test_a_missing_key_is_named(key: str) -> None:
    plan = shipped()
    del plan[key]
    with pytest.raises(PolicyError, match=f"{key} is missing in the desk plan"):
        load_plan(plan)


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "42"])
def test_a_text_that_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="the desk plan"):
        load_plan(text)


def test_the_console_is_there_even_when_it_is_not_named() -> None:
    plan = shipped()
    plan["desks"]["order"] = ["telegram"]
    assert load_plan(plan).desks == ("telegram", "console")
