"""Rasa's graph components for mood and cues: thin shells around `mood`, `cues` and `language`.

Their own sentences are in data/frustration and data/cues, beside the shop's, and both stand after
`SentenceEncoder` in the pipeline. Rasa reads the annotations of these methods at run time, so this
file has no postponed annotations.
"""

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.language import guess_language
from bot.nlu.components import (
    EVEN_TEXT,
    MATTER_TEXT,
    MATTER_VIEWS,
    SENTENCE_EMBEDDING,
    SENTENCE_LAYERS,
    SENTENCE_TONE,
)
from bot.nlu.cues import CALM, Example, fingerprint, fit_cues, read_cues, read_without
from bot.nlu.encoder import shared_encoder, training_encoder, views_of
from bot.nlu.evenness import even_out, tone_rows
from bot.nlu.judgement import Judge, Rows
from bot.nlu.mood import MoodModel
from bot.nlu.scope import read_background

DATA = Path(__file__).resolve().parents[2] / "data"

MATTER_TONE = "matter_tone"
"""Key of the rows of what `MoodReader` takes for the matter, and of each of its sentences if it has
several (`Mood.tone`); not part of the parse result."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class MoodReader(GraphComponent):
    """Adds `sentiment` (-1 to 1), `frustration` (0 to 1), `mood_signs` and `language` to the parse.

    Config: `folder`, the sentences of the moods (data/frustration), and `calm`, that of the cues,
    whose messages without a cue are calm.
    """

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: MoodModel | None,
    ) -> None:
        """`model` is None before training."""
        self._folder, self._calm = Path(config["folder"]), Path(config["calm"])
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The folders that come with the project."""
        return {"folder": str(DATA / "frustration"), "calm": str(DATA / "cues")}

    @staticmethod
    def required_packages() -> list[str]:
        """What has to be installed."""
        return ["vaderSentiment", "sklearn"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "MoodReader":
        """Rasa's way of building it, untrained."""
        return cls(config, model_storage, resource, None)

    def train(self, training_data: TrainingData) -> Resource:
        """Trains on its own sentences; those of the intents have no mood."""
        calm = read_without(self._calm)
        self._model = MoodModel.train(self._folder, calm, training_encoder())
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
    ) -> "MoodReader":
        """Rasa's way of building it from a trained model."""
        with model_storage.read_from(resource) as directory:
            model = MoodModel.load(directory)
        return cls(config, model_storage, resource, model)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training messages need no mood."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Reads the mood of each message. A button that was pressed has none."""
        if self._model is None:
            raise RuntimeError("MoodReader has not been trained")
        for message in messages:
            text = message.get(TEXT) or ""
            said = "" if text.startswith("/") else message.get(EVEN_TEXT)
            layers = message.get(SENTENCE_LAYERS)
            if said:
                said, layers = self._model.matter(said, layers, shared_encoder())
            mood = self._model.read(said, layers, shared_encoder())
            message.set(MATTER_TONE, mood.tone, add_to_output=False)
            message.set(MATTER_TEXT, said, add_to_output=False)
            message.set(MATTER_VIEWS, views_of(layers[None])[0], add_to_output=False)
            message.set("sentiment", mood.sentiment, add_to_output=True)
            message.set("frustration", mood.frustration, add_to_output=True)
            message.set("mood_signs", list(mood.signs), add_to_output=True)
            # Of the evened text: a name tells where somebody comes from, not what they write.
            message.set("language", guess_language(said or text), add_to_output=True)
        return messages


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class CueReader(GraphComponent):
    """Adds `cues` (name to probability) and `fingerprint` to the parse. Stands after `MoodReader`.

    Config: `folder`, the sentences of the cues (data/cues).
    """

    def __init__(
        self, folder: Path, model_storage: ModelStorage, resource: Resource, judge: Judge | None
    ) -> None:
        """`judge` is None before training."""
        self._folder = folder
        self._model_storage = model_storage
        self._resource = resource
        self._judge = judge

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The folder that comes with the project."""
        return {"folder": str(DATA / "cues")}

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
    ) -> "CueReader":
        """Rasa's way of building it, untrained."""
        return cls(Path(config["folder"]), model_storage, resource, None)

    def train(self, training_data: TrainingData) -> Resource:
        """Trains on the cues' sentences; those without any, and the shop's, are further `no`."""
        cues = read_cues(self._folder)
        texts = [text for cue in cues for text in (*cue.yes, *cue.no)]
        even = [even_out(text) for text in texts]
        examples = [
            Example(str(e.get(TEXT)), str(e.get(INTENT)), e.get(SENTENCE_TONE))
            for e in training_data.intent_examples
            if e.get(TEXT)
        ]
        # Everyday sentences too: a small shop's own say little about what has no cue.
        everyday = [even_out(text) for text in read_background()]
        calm = [even_out(text) for text in read_without(self._folder)]
        rows = tone_rows(training_encoder().layers([*even, *everyday, *calm]))
        others = [*((text, "") for text in everyday), *((text, CALM) for text in calm)]
        examples += [
            Example(text, intent, row)
            for (text, intent), row in zip(others, rows[len(even) :], strict=True)
        ]
        self._judge = fit_cues(cues, rows[: len(even)], examples)
        with self._model_storage.write_to(self._resource) as directory:
            self._judge.save(directory, "cues")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "CueReader":
        """Rasa's way of building it from a trained model."""
        with model_storage.read_from(resource) as directory:
            judge = Judge.load(directory, "cues")
        return cls(Path(config["folder"]), model_storage, resource, judge)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training messages need no cues."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Reads the cues of each message. A button that was pressed has none."""
        judge = self._judge
        if judge is None:
            raise RuntimeError("CueReader has not been trained")
        for message in messages:
            text = message.get(TEXT) or ""
            said = bool(text.strip()) and not text.startswith("/")
            cues, mark = {}, ""
            if said:
                cues = hear(judge, message.get(MATTER_TONE))
                mark = fingerprint(message.get(SENTENCE_EMBEDDING))
            message.set("cues", cues, add_to_output=True)
            message.set("fingerprint", mark, add_to_output=True)
        return messages


def hear(judge: Judge, matter: Rows) -> dict[str, float]:
    """The cues of the matter (its row, and those of its sentences), whoever says it, and however
    politely: the courtesies of a letter sound like a wish for somebody.

    In a long message, most cues fade in what stands around them; so each counts as much as in the
    sentence that has it most.
    """
    heard = judge.ask(matter).max(axis=0)
    return {name: round(float(p), 4) for name, p in zip(judge.names, heard, strict=True)}
