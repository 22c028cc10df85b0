"""Rasa's own default pipeline, trained on given sentences: the peer of `benchmarks.nlu`.

A program of its own, so that TensorFlow's memory and threads end with it:
`python -m benchmarks.nlu_peer JOB.json` reads {"train": [[text, intent], ...], "test": [text, ...]}
and writes {"seconds": ..., "intents": [...], "confidences": [...]} beside it, as JOB.out.json. The
seconds are those of the training alone: importing Rasa is not counted.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

#: What `rasa init` writes, with 100 epochs; `rasa train` fills an empty pipeline with the same.
CONFIG = """\
recipe: default.v1
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: 100
    constrain_similarities: true
  - name: EntitySynonymMapper
  - name: ResponseSelector
    epochs: 100
    constrain_similarities: true
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
"""


async def parse(agent: Any, texts: list[str]) -> tuple[list[str], list[float]]:
    """The best intent of each text with its confidence, before the fallback steps in."""
    intents, confidences = [], []
    for text in texts:
        answer = await agent.parse_message(text)
        best = next(r for r in answer["intent_ranking"] if r["name"] != "nlu_fallback")
        intents.append(best["name"])
        confidences.append(best["confidence"])
    return intents, confidences


def main() -> None:
    job_file = Path(sys.argv[1]).resolve()
    job = json.loads(job_file.read_text(encoding="utf-8"))
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.chdir(job_file.parent)
    examples = [{"text": text, "intent": intent, "entities": []} for text, intent in job["train"]]
    Path("nlu.json").write_text(json.dumps({"rasa_nlu_data": {"common_examples": examples}}))
    Path("config.yml").write_text(CONFIG)
    # Imported here, because it takes 20 s and writes into the working directory.
    import rasa.model_training
    from rasa.core.agent import Agent

    logging.disable(logging.INFO)
    began = time.monotonic()
    made = rasa.model_training.train_nlu("config.yml", "nlu.json", "models", fixed_model_name="m")
    seconds = time.monotonic() - began
    if made is None:
        raise SystemExit("Rasa made no model")
    intents, confidences = asyncio.run(parse(Agent.load(made), job["test"]))
    result = {"seconds": seconds, "intents": intents, "confidences": confidences}
    job_file.with_suffix(".out.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
