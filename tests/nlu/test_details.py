"""The table of details.yml, with the shop's catalogue and the encoder's vocabulary, as in Rasa."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from actions.shop.seed import PRODUCTS
from bot.nlu.encoder import shared_encoder
from bot.nlu.entities import KINDS, DetailFinder

HERE = Path(__file__).parent
CATALOGUE = HERE.parents[1] / "data" / "nlu" / "catalogue.yml"


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def words(examples: str) -> list[str]:
    return [line.removeprefix("- ") for line in examples.splitlines()]


TABLE: dict[str, list[dict[str, Any]]] = {
    text: found for group in read(HERE / "details.yml").values() for text, found in group.items()
}
BLOCKS = read(CATALOGUE)["nlu"]
LISTED = [word for block in BLOCKS if "lookup" in block for word in words(block["examples"])]


@pytest.fixture(scope="module")
def finder() -> DetailFinder:
    return DetailFinder(LISTED, shared_encoder().knows)


@pytest.mark.parametrize("text", TABLE)
def test_what_a_message_holds(finder: DetailFinder, text: str) -> None:
    expected = [(kind, str(value)) for found in TABLE[text] for kind, value in found.items()]
    assert [(detail.kind, detail.value) for detail in finder.find(text)] == expected


def test_the_table_is_large_and_has_every_kind_and_many_false_friends() -> None:
    kinds = {kind for found in TABLE.values() for one in found for kind in one}
    assert len(TABLE) >= 150
    assert kinds == set(KINDS)
    assert sum(not found for found in TABLE.values()) >= 40


def test_every_article_of_the_demo_shop_is_in_the_catalogue(finder: DetailFinder) -> None:
    for product in PRODUCTS.values():
        found = [d for d in finder.find(f"i want the {product.name}") if d.kind == "product"]
        assert len(found) == 1, product.name
        assert found[0].end - found[0].start >= len(product.name.split(" -")[0]) * 0.6, product.name


def test_synonyms_are_words_of_the_catalogue() -> None:
    listed = set(LISTED)
    assert len(listed) == len(LISTED)
    for block in BLOCKS:
        if "synonym" in block:
            assert {block["synonym"], *words(block["examples"])} <= listed


def test_without_a_vocabulary_no_spelling_is_guessed() -> None:
    assert DetailFinder(["jacket"]).find("my jaket") == []
