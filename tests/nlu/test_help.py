"""The help pages in Rasa's graph, with the real encoder and the shipped pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.nlu.quiet import quietly  # isort: skip  (first: it imports rasa)

from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.components import SentenceEncoder
from bot.nlu.help import LEAST_SCORE, HelpPages

ROOT = Path(__file__).parents[2]
CONTEXT = ExecutionContext(GraphSchema({}), "tests")


@pytest.fixture(scope="module")
def read() -> Any:
    """Reads a message as the pipeline does."""
    with quietly():
        encoder = SentenceEncoder.create({}, None, Resource("e"), CONTEXT)
        config = {**HelpPages.get_default_config(), "folder": str(ROOT / "data" / "help")}
        config["cache"] = str(ROOT / "models" / "help.npz")
        pages = HelpPages.create(config, None, Resource("h"), CONTEXT)

    def reading(text: str) -> Message:
        message = Message.build(text)
        encoder.process([message])
        pages.process([message])
        return message

    return reading


def test_the_parse_has_the_best_page_with_its_answer(read: Any) -> None:
    message = read("what temperature do i wash my down jacket at")
    best = message.get("help")[0]
    assert best["page"] == "washing-a-down-jacket"
    assert "30 °C" in best["answer"]
    assert best["score"] > 0.8
    assert message.as_dict(only_output_properties=True)["help"] == message.get("help")


def test_only_the_best_page_carries_text(read: Any) -> None:
    for text in ("my boots are wet", "wash", "rent a tent", "gift card code"):
        assert all("answer" not in page for page in read(text).get("help")[1:])


@pytest.mark.parametrize("text", ["/affirm", "", "hello", "lol", "who won the match yesterday"])
def test_buttons_and_chat_get_no_pages(read: Any, text: str) -> None:
    assert all(page["score"] < 0.5 for page in read(text).get("help"))
    if not text or text.startswith("/"):
        assert read(text).get("help") == []


def test_pages_that_are_hardly_likely_are_not_mentioned(read: Any) -> None:
    assert all(page["score"] >= LEAST_SCORE for page in read("my boots").get("help"))


def test_the_folder_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "only.md").write_text("# Only\n\nThe only page.\n")
    monkeypatch.setitem(os.environ, "DESKHAND_HELP", str(tmp_path))
    config = {**HelpPages.get_default_config(), "cache": str(tmp_path / "cache.npz")}
    component = HelpPages.create(config, None, Resource("h"), CONTEXT)
    encoder = SentenceEncoder.create({}, None, Resource("e"), CONTEXT)
    message = Message.build("the only page")
    encoder.process([message])
    component.process([message])
    assert [page["page"] for page in message.get("help")] == ["only"]


def test_it_needs_the_sentence_encoder() -> None:
    assert HelpPages.required_components() == [SentenceEncoder]
