"""Domain files for the tests of what changes them: the shipped one, and one with everything that
makes them hard to change by lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.learning.domain_edits import NewIntent
from bot.learning.responses import Variation, responses_of

SHIPPED = (Path(__file__).parents[2] / "domain.yml").read_text(encoding="utf-8")
SHIPPED_RULES = (Path(__file__).parents[2] / "data/rules/orders.yml").read_text(encoding="utf-8")
REPAIR = NewIntent(
    name="repair_service", answer='We mend: zips, "seams" & more. #1 in Oslo\nReally.'
)

DOMAIN = """\
version: "3.1"
intents:
- greet
- affirm
- deny
- order_status:
    use_entities: []

responses:
  # talk
  utter_greet:
    # the first
    - text: "Hello!"
      buttons: &start
        - title: Where is it?
          payload: /order_status
    - text: Hi there   # short
      buttons: *start
  utter_bye:
    - text: |
        Bye!
        # no comment
      buttons: *start

    - text: "See you"
  utter_more:
    - text: "Anything else?"
      buttons:
        - title: "Yes"
          payload: /affirm
    # shown at random
    - text: "More?"
      buttons: *start
  utter_picture:
    - image: x.png
"""


def variations(name: str, text: str = DOMAIN) -> tuple[Variation, ...]:
    return responses_of(text)[name].variations


def loaded(text: str) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load(text)
    return content
