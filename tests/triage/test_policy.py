"""The owner's policy file: what it holds, and what an error in it says."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.triage import PolicyError, load_policy

TEXT = Path("data/triage.yml").read_text(encoding="utf-8")


def shipped() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(TEXT)
    return copy.deepcopy(loaded)


def test_the_shipped_policy_is_valid() -> None:
    policy = load_policy(TEXT)
    assert policy.human_intent == "talk_to_human"
    assert {topic.name for topic in policy.topics} >= {"legal", "injury", "privacy"}


def test_every_key_of_the_shipped_policy_has_a_comment() -> None:
    lines = TEXT.split("topics:")[0].splitlines()
    for number, line in enumerate(lines):
        if line.startswith("  ") and line.strip().endswith(tuple("0123456789:]")):
            if line.strip().startswith(("#", "vip", "human_skill")):
                continue
            assert lines[number - 1].strip().startswith("#"), line


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        (
            "confidence",
            "answer",
            1.5,
            r"confidence\.answer is 1\.5; it must be a number from 0 to 1",
        ),
        ("confidence", "answer", "high", r"confidence\.answer is 'high'; it must be a number"),
        ("confidence", "answer", True, r"confidence\.answer is True; it must be a number"),
        ("confidence", "sure", 0.1, r"confidence\.sure is 0\.1; it must be at least confidence"),
        ("mood", "anger", 0.2, r"mood\.anger is 0\.2; it must be at least mood\.annoyance"),
        ("mood", "anger_by_signal", {"vip": 7}, r"mood\.anger_by_signal\.vip is 7; it must be"),
        ("mood", "anger_by_signal", [1], r"mood\.anger_by_signal is \[1\]; it must be a mapping"),
        ("cues", "person", -0.1, r"cues\.person is -0\.1; it must be a number from 0 to 1"),
        ("strain", "limit", 0.05, r"strain\.limit is 0\.05; it must be a number from 0\.1 to 10"),
        ("strain", "limit", "much", r"strain\.limit is 'much'; it must be a number from 0\.1"),
        ("strain", "limit", 0.2, r"strain\.limit is 0\.2; it must be at least mood\.annoyance"),
        ("strain", "kept", 1.5, r"strain\.kept is 1\.5; it must be a number from 0 to 1"),
        ("limits", "clarifications", -1, r"limits\.clarifications is -1; it must be a whole"),
        ("limits", "repeated_messages", 2.5, r"limits\.repeated_messages is 2\.5; it must be a"),
        ("agents", "drafts", "yes", r"agents\.drafts is 'yes'; it must be true or false"),
        ("agents", "suggestion", 2, r"agents\.suggestion is 2; it must be a number from 0 to 1"),
        ("intents", "human", "", r"intents\.human is ''; it must be a text"),
        ("intents", "chat", "greet", r"intents\.chat is 'greet'; it must be a list of texts"),
        ("intents", "surprise", 1, r"intents\.surprise is not a key of the triage policy"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(
    section: str, key: str, value: object, message: str
) -> None:
    policy = shipped()
    policy[section][key] = value
    with pytest.raises(PolicyError, match=message):
        load_policy(policy)


@pytest.mark.parametrize(
    "key",
    ["confidence", "agents", "cues", "mood", "strain", "limits", "languages", "intents", "topics"],
)
def test_a_missing_key_is_named(key: str) -> None:
    policy = shipped()
    del policy[key]
    with pytest.raises(PolicyError, match=f"{key} is missing in the triage policy"):
        load_policy(policy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": "because"}, r"topics\[0\]\.reason is 'because'; it must be one of asked_for"),
        ({"cue_from": 3}, r"topics\[0\]\.cue_from is 3; it must be a number from 0 to 1"),
        ({"cue": 7}, r"topics\[0\]\.cue is 7; it must be a text or empty"),
        (
            {"phrases": [], "intents": [], "cue": None},
            r"topics\[0\]\.phrases is \[\]; it must be not empty",
        ),
        ({"phrases": [1]}, r"topics\[0\]\.phrases is \[1\]; it must be a list of texts"),
        ({"colour": "red"}, r"topics\[0\]\.colour is not a key of the triage policy"),
    ],
)
def test_a_wrong_topic_is_named_with_its_place(change: dict[str, object], message: str) -> None:
    policy = shipped()
    policy["topics"][0].update(change)
    with pytest.raises(PolicyError, match=message):
        load_policy(policy)


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "42"])
def test_a_text_that_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match="triage policy"):
        load_policy(text)


def test_no_language_at_all_is_refused() -> None:
    policy = shipped()
    policy["languages"] = []
    with pytest.raises(PolicyError, match="at least one language code"):
        load_policy(policy)
