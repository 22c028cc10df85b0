"""Details in a trained model: words from the training data, and synonyms by Rasa's own mapper."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nlu.quiet import quietly  # isort: skip  (first: it imports rasa)

from rasa.core.agent import Agent
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.entity_components import product_words


async def details(agent: Agent, text: str) -> list[dict[str, Any]]:
    parsed = await agent.parse_message(text)
    entities: list[dict[str, Any]] = parsed["entities"]
    return entities


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("where is my jacket", "jacket"),
        ("two sleeping bags", "sleeping bag"),
        ("my slepping bag is late", "sleeping bag"),
        ("the Rucksack please", "backpack"),
        ("is the rucksak there", "backpack"),
    ],
)
async def test_a_product_of_the_lookup_table_is_found_and_named(
    agent: Agent, text: str, value: str
) -> None:
    with quietly():
        (found,) = await details(agent, text)
    assert (found["entity"], found["value"]) == ("product", value)
    assert found["extractor"] == "ShopEntities"


async def test_a_synonym_keeps_its_place_in_the_text(agent: Agent) -> None:
    with quietly():
        (found,) = await details(agent, "is the rucksack there")
    assert (found["start"], found["end"]) == (7, 15)
    assert found["processors"] == ["EntitySynonymMapper"]


def test_products_come_from_lookup_tables_and_annotations() -> None:
    product = {"entity": "product", "start": 8, "end": 12, "value": "tarp"}
    annotated = Message.build("a green Tarp and one more", intent="inform", entities=[product])
    city = {"entity": "city", "start": 3, "end": 7, "value": "Oslo"}
    other = Message.build("in Oslo", intent="inform", entities=[city])
    tables = [
        {"name": "product", "elements": ["Jacket", "sleeping bag ", ""]},
        {"name": "city", "elements": ["Ghent"]},
    ]
    data = TrainingData([annotated, other], lookup_tables=tables)
    assert product_words(data) == ["jacket", "sleeping bag", "tarp"]
