"""Rasa, imported and built without its warnings: they are about its neighbours, not about us."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Around rasa's own code: warnings in it are swallowed. Ours are errors as everywhere."""
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        yield


os.environ["RASA_TELEMETRY_ENABLED"] = "false"

with quietly():
    # TensorFlow, SQLAlchemy, matplotlib and others warn while they are imported.
    for name in ("spacy", "rasa.core.run", "rasa.engine.caching", "rasa.model_training"):
        importlib.import_module(name)
