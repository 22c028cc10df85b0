"""Rasa's graph component for the help pages: a thin shell around `bot.help`.

The assistant reads the pages, since it has the sentence encoder in memory and the message's
embedding at hand; the action server has neither. Nothing is trained. Rasa reads the annotations of
these methods at run time, so this file has no postponed annotations.
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.help.index import HelpIndex
from bot.nlu.components import SENTENCE_EMBEDDING, SentenceEncoder
from bot.nlu.encoder import shared_encoder

HELP = "help"
"""Key of the parse result: a list of {page, title, anchor, score, answer}, best first."""

LEAST_SCORE = 0.2
"""Pages less sure than this are not mentioned: every message's event carries the list."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=False)
class HelpPages(GraphComponent):
    """Adds the help pages that may answer the message to the parse result, as `help`.

    Config: `folder`, which DESKHAND_HELP overrides, and `cache`, a file for their embeddings.
    """

    def __init__(self, index: HelpIndex) -> None:
        """`index` is asked once for each message that somebody typed."""
        self._index = index

    @classmethod
    def required_components(cls) -> list[type]:
        """The message's embedding must be there."""
        return [SentenceEncoder]

    @staticmethod
    def required_packages() -> list[str]:
        """What has to be installed."""
        return ["markdown_it"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Relative to where the assistant runs: the project's directory."""
        return {"folder": "data/help", "cache": "models/help.npz"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "HelpPages":
        """Rasa's way of building it."""
        folder = Path(os.environ.get("DESKHAND_HELP") or config["folder"])
        encoder = shared_encoder()
        return cls(HelpIndex(folder, encoder.encode, encoder.knows, cache=Path(config["cache"])))

    def process(self, messages: list[Message]) -> list[Message]:
        """Asks the pages. The best one has its answer with it, the others only score and title."""
        for message in messages:
            text = message.get(TEXT) or ""
            typed = text and not text.startswith("/")
            found = self._index.ask(text, message.get(SENTENCE_EMBEDDING)) if typed else []
            pages = [asdict(each) for each in found if each.score >= LEAST_SCORE]
            for page in pages[1:]:
                del page["answer"]
            message.set(HELP, pages, add_to_output=True)
        return messages
