"""What stock Rasa does on every turn for nothing, and how we spare it.

Rasa 3.6 is the last of its line, so these places will not move. Each is one function with its
measured cost; nothing here may change what Rasa answers. Applied by `channel`, thus only in the
process that serves customers: training and a stock `rasa run` stay as they are.
"""

from __future__ import annotations

import functools
from typing import Any

from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event


def lighten() -> None:
    """Applies all of it; twice is once."""
    check_action_schema_once()
    remember_event_types()


def check_action_schema_once() -> None:
    """The JSON schema of action responses is checked once, not at every response.

    `jsonschema.validate` first validates the schema itself against the meta-schema: 20 to 40 ms
    for each call of the action server, more than the rest of the turn. The responses are
    validated as before.
    """
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema)

    def validate(self: RemoteAction, result: dict[str, Any]) -> bool:
        error = best_match(validator.iter_errors(result))
        if error is not None:
            error.message += ". The action server's response is not what Rasa expects."
            raise error
        return True

    RemoteAction._validate_action_result = validate


def remember_event_types() -> None:
    """The class of an event's type is looked up once, not by walking all subclasses each time.

    0.05 ms for each of the dozens of events that every turn loads.
    """
    if hasattr(Event.resolve_by_type, "cache_info"):
        return
    Event.resolve_by_type = staticmethod(functools.lru_cache(Event.resolve_by_type))
