"""Rasa's graph components: thin shells around `encoder` and `intents`. Those around
mood and cues are in `mood_components`, those around details in `entity_components`.

Here belongs only what Rasa asks of a component (create, train, process, persist). Rasa reads the
annotations of these methods at run time, so this file has no postponed annotations.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.encoder import (
    Encoder,
    embeddings_of,
    shared_encoder,
    training_encoder,
    views_of,
)
from bot.nlu.evenness import even_out, tone_rows
from bot.nlu.intents import IntentModel, Reading, Sentences
from bot.nlu.scope import read_background

RANKING_LENGTH = 10
"""Intents kept in the ranking; every message's event carries them."""

SENTENCE_EMBEDDING = "sentence_embedding"
"""Key of a message's embedding (float32 [384], length 1), for the components after
`SentenceEncoder`; not part of the parse result."""

SENTENCE_LAYERS = "sentence_layers"
"""Key of what the embedding was made of, layer by layer (float32 [9, 384], see
`Encoder.layers`); not in training."""

SENTENCE_TONE = "sentence_tone"
"""Key of a training message's row (`bot.nlu.evenness.tone_rows`, float32 [1536]), for cues."""

SENTENCE_VIEWS = "sentence_views"
"""Key of a message's two views (float32 [2, 384], see `views_of`). Not part of the parse result
either."""

EVEN_TEXT = "even_text"
"""Key of a message's text in standard spelling and with one name for all (`bot.nlu.evenness`):
what embeddings are made of, and intents are read from. Details and requests are found in the text
as it was written. Not part of the parse result."""

MATTER_TEXT = "matter_text"
MATTER_VIEWS = "matter_views"
"""Keys of what `MoodReader` takes for the matter of a message, without courtesies and the like:
the text, and its views (float32 [2, 384]). Not part of the parse result either."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class SentenceEncoder(GraphComponent):
    """Reads each message with the sentence encoder, once for everybody who needs it.

    Names and dialect spellings are evened out first, in training as in use: whatever is concluded
    from the embedding cannot depend on them.
    """

    def __init__(self, encoder: Encoder) -> None:
        """`encoder` is shared by the whole process."""
        self._encoder = encoder

    @staticmethod
    def required_packages() -> list[str]:
        """What has to be installed."""
        return ["onnx", "onnxruntime", "tokenizers"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceEncoder":
        """Rasa's way of building it."""
        return cls(shared_encoder())

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the embedding to all training messages, in batches."""
        messages = training_data.training_examples
        layers = training_encoder().layers([_even(message) for message in messages])
        each = zip(
            messages, embeddings_of(layers), views_of(layers), tone_rows(layers), strict=True
        )
        for message, embedding, views, tone in each:
            message.set(SENTENCE_EMBEDDING, embedding, add_to_output=False)
            message.set(SENTENCE_VIEWS, views, add_to_output=False)
            message.set(SENTENCE_TONE, tone, add_to_output=False)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds embedding, views and layers to each message."""
        layers = self._encoder.layers([_even(message) for message in messages])
        each = zip(messages, embeddings_of(layers), views_of(layers), layers, strict=True)
        for message, embedding, views, inner in each:
            message.set(SENTENCE_EMBEDDING, embedding, add_to_output=False)
            message.set(SENTENCE_VIEWS, views, add_to_output=False)
            message.set(SENTENCE_LAYERS, inner, add_to_output=False)
        return messages


def _even(message: Message) -> str:
    """The evened text, which is noted. A button's payload is no text."""
    text = message.get(TEXT) or ""
    even = text if text.startswith("/") else even_out(text)
    message.set(EVEN_TEXT, even, add_to_output=False)
    return even


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class IntentReader(IntentClassifier, GraphComponent):
    """Adds intent, ranking and `out_of_scope` (0 to 1) to the parse result.

    Config: `only_of_matter`, intents that a message has by its matter or not at all. Those that
    hand over belong there: else who says who he is, or writes a formal letter, is handed over.
    """

    def __init__(
        self,
        model_storage: ModelStorage,
        resource: Resource,
        model: Any,
        only_of_matter: Sequence[str] = (),
    ) -> None:
        """`model` is an IntentModel, or None before training."""
        self._only_of_matter = frozenset(only_of_matter)
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def required_components(cls) -> list[type]:
        """It needs the sentence embeddings."""
        return [SentenceEncoder]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """All else is chosen from the training data."""
        return {"only_of_matter": []}

    @staticmethod
    def required_packages() -> list[str]:
        """What has to be installed."""
        return ["sklearn"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "IntentReader":
        """Rasa's way of building it, untrained."""
        return cls(model_storage, resource, None, config["only_of_matter"])

    def train(self, training_data: TrainingData) -> Resource:
        """Fits the classifier and keeps it."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        background = [even_out(text) for text in read_background()]
        self._model = IntentModel.fit(
            Sentences(
                [str(example.get(EVEN_TEXT)) for example in examples],
                np.array([example.get(SENTENCE_VIEWS) for example in examples]),
            ),
            [str(example.get(INTENT)) for example in examples],
            Sentences(background, training_encoder().views(background)),
        )
        with self._model_storage.write_to(self._resource) as directory:
            self._model.save(directory)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "IntentReader":
        """Rasa's way of building it from a trained model."""
        with model_storage.read_from(resource) as directory:
            model = IntentModel.load(directory)
        return cls(model_storage, resource, model, config["only_of_matter"])

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training messages need no predictions."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Classifies each message."""
        for message in messages:
            reading = self._read(message)
            ranking = [
                {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: confidence}
                for name, confidence in reading.ranking[:RANKING_LENGTH]
            ]
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            message.set("out_of_scope", reading.out_of_scope, add_to_output=True)
        return messages

    def _read(self, message: Message) -> Reading:
        """The surer of two readings, of the whole message and of its matter: courtesies make a
        formal letter sound like a complaint, but "hi, thanks" is made of nothing else."""
        whole, matter = message.get(EVEN_TEXT) or "", message.get(MATTER_TEXT)
        texts, views = [whole], [message.get(SENTENCE_VIEWS)]
        if matter and matter != whole:
            texts, views = [whole, matter], [*views, message.get(MATTER_VIEWS)]
        readings: list[Reading] = self._model.read_all(Sentences(texts, np.stack(views)))
        if readings[0].ranking[0][0] in self._only_of_matter:
            return readings[-1]
        return max(readings, key=lambda reading: reading.ranking[0][1])
