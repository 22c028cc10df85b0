"""Rasa's graph component for details: a thin shell around `entities`.

What the shop sells is read from the training data: lookup tables and annotations of `product`. Rasa
reads the annotations of these methods at run time, so this file has no postponed annotations.
"""

import json
from collections.abc import Sequence
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, ENTITY_ATTRIBUTE_TYPE, ENTITY_ATTRIBUTE_VALUE, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.encoder import shared_encoder
from bot.nlu.entities import DetailFinder, as_rasa

PRODUCT = "product"
STORED = "products.json"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class ShopEntities(GraphComponent, EntityExtractorMixin):
    """Adds the details of each message to its entities."""

    def __init__(
        self, model_storage: ModelStorage, resource: Resource, products: Sequence[str]
    ) -> None:
        """Builds the pipeline (a few milliseconds). Without `products` only shapes are found."""
        self._model_storage = model_storage
        self._resource = resource
        self._finder = DetailFinder(products, shared_encoder().knows)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to configure."""
        return {}

    @staticmethod
    def required_packages() -> list[str]:
        """What has to be installed."""
        return ["spacy"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ShopEntities":
        """Rasa's way of building it, untrained."""
        return cls(model_storage, resource, ())

    def train(self, training_data: TrainingData) -> Resource:
        """Keeps the shop's words for its products."""
        products = product_words(training_data)
        with self._model_storage.write_to(self._resource) as directory:
            text = json.dumps(products, ensure_ascii=False)
            (directory / STORED).write_text(text, encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "ShopEntities":
        """Rasa's way of building it from a trained model."""
        with model_storage.read_from(resource) as directory:
            products = json.loads((directory / STORED).read_text(encoding="utf-8"))
        return cls(model_storage, resource, products)

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities to each message."""
        for message in messages:
            found = self._finder.find(message.get(TEXT) or "")
            entities = self.add_extractor_name([dict(entity) for entity in as_rasa(found)])
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
        return messages


def product_words(training_data: TrainingData) -> list[str]:
    """The elements of the lookup tables `product`, and what is annotated as one in sentences."""
    words = [
        word
        for table in training_data.lookup_tables
        if table["name"] == PRODUCT
        for word in table["elements"]
    ]
    for message in training_data.entity_examples:
        text = str(message.get(TEXT))
        words += [
            text[entity["start"] : entity["end"]]
            for entity in message.get(ENTITIES)
            if entity[ENTITY_ATTRIBUTE_TYPE] == PRODUCT and entity.get(ENTITY_ATTRIBUTE_VALUE)
        ]
    return sorted({word.casefold().strip() for word in words} - {""})
