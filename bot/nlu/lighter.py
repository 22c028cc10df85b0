"""What stock Rasa does on every turn for nothing, and how we spare it.

Rasa 3.6 is the last of its line, so these places will not move. Each is one function with its
measured cost; nothing here may change what Rasa answers. Applied by `channel`, thus only in the
process that serves customers: training and a stock `rasa run` stay as they are.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event


def lighten() -> None:
    """Applies all of it; twice is once."""
    check_action_schema_once()
    remember_event_types()
    remember_whether_domains_are_empty()
    DaskGraphRunner.run = run_graph


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


def remember_whether_domains_are_empty() -> None:
    """Whether a domain is empty is found out once: nothing is added to one that serves.

    Rasa asks at every message, and to know, it builds an empty domain and writes both out as
    dictionaries: 0.5 ms.
    """
    if hasattr(Domain.is_empty, "__wrapped__"):
        return
    find_out = Domain.is_empty
    attribute = "_is_empty"

    @functools.wraps(find_out)
    def is_empty(self: Domain) -> bool:
        if not hasattr(self, attribute):
            setattr(self, attribute, find_out(self))
        return bool(getattr(self, attribute))

    Domain.is_empty = is_empty


def run_graph(
    self: DaskGraphRunner,
    inputs: dict[str, Any] | None = None,
    targets: Sequence[str] | None = None,
) -> dict[str, Any]:
    """In place of `DaskGraphRunner.run`: each node that the targets need is called once, after the
    nodes that it needs.

    That is what dask does here, too, but it plans the same dozen nodes anew each time and passes
    their results through futures and a queue: 1.5 ms a turn, which has three or four runs.

    Raises: whatever a node raises; a RuntimeError as GraphRunError, like Rasa.
    """
    schema = self._graph_schema
    results = {name: (name, value) for name, value in (inputs or {}).items()}

    def result(name: str) -> Any:
        if name not in results:
            if name not in schema.nodes:
                return name  # by a bare name, the node that needs it knows that there is nothing
            needs = [result(need) for need in schema.nodes[name].needs.values()]
            results[name] = self._instantiated_nodes[name](*needs)
        return results[name]

    try:
        return dict(result(name) for name in targets or schema.target_names)
    except RuntimeError as why:
        raise GraphRunError("Error running runner.") from why
