"""What is spared must not change what comes out. Rasa's own ways are put back after each test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, UserUttered

from bot.nlu.lighter import lighten

calls: list[str] = []


class Add(GraphComponent):
    """Adds what it is given to its own number, and notes that it was called."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(cls, config: dict[str, Any], *_: Any, **__: Any) -> Add:
        return cls(config)

    def add(self, **numbers: int) -> int:
        calls.append(self._config["name"])
        if self._config.get("fails"):
            raise self._config["fails"]
        return int(sum(numbers.values()) + self._config["number"])


def node(name: str, number: int, *needs: str, target: bool = False, **more: Any) -> SchemaNode:
    return SchemaNode(
        needs={need: need for need in needs},
        uses=Add,
        constructor_name="create",
        fn="add",
        config={"name": name, "number": number, **more},
        eager=True,
        is_target=target,
    )


DIAMOND = {
    "top": node("top", 1, "given"),
    "left": node("left", 10, "top"),
    "right": node("right", 100, "top"),
    "bottom": node("bottom", 1000, "left", "right", target=True),
    "aside": node("aside", 5, "given"),
}


@pytest.fixture(params=["stock", "lighter"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Rasa as it is, and lightened: both must pass the same tests."""
    for kind, name in (
        (DaskGraphRunner, "run"),
        (Domain, "is_empty"),
        (RemoteAction, "_validate_action_result"),
        (Event, "resolve_by_type"),
    ):
        monkeypatch.setattr(kind, name, kind.__dict__[name])
    if request.param == "lighter":
        lighten()
    calls.clear()
    return str(request.param)


def runner(nodes: dict[str, SchemaNode], folder: Path) -> DaskGraphRunner:
    schema = GraphSchema(nodes)
    return DaskGraphRunner(schema, LocalModelStorage(folder), ExecutionContext(schema))


def test_each_node_is_called_once_and_after_what_it_needs(either_way: str, tmp_path: Path) -> None:
    found = runner(DIAMOND, tmp_path).run({"given": 3})
    assert found == {"bottom": 1118}
    assert sorted(calls) == ["bottom", "left", "right", "top"]
    assert calls[0] == "top"
    assert calls[-1] == "bottom"


def test_only_the_targets_and_what_they_need_are_run(either_way: str, tmp_path: Path) -> None:
    graph = runner(DIAMOND, tmp_path)
    assert graph.run({"given": 3}, targets=["left", "aside"]) == {"left": 14, "aside": 8}
    assert sorted(calls) == ["aside", "left", "top"]
    assert graph.run({"given": 4}, targets=["left"]) == {"left": 15}  # nothing is kept


def test_a_given_value_takes_the_place_of_a_node(either_way: str, tmp_path: Path) -> None:
    assert runner(DIAMOND, tmp_path).run({"top": 0, "given": 3}) == {"bottom": 1110}
    assert "top" not in calls


def test_what_a_node_raises_comes_out(either_way: str, tmp_path: Path) -> None:
    broken = {**DIAMOND, "left": node("left", 10, "top", fails=ValueError("no"))}
    with pytest.raises(GraphComponentException) as failed:
        runner(broken, tmp_path).run({"given": 3})
    assert isinstance(failed.value.__cause__, ValueError)
    assert "bottom" not in calls


def test_a_node_without_what_it_needs_says_so(either_way: str, tmp_path: Path) -> None:
    with pytest.raises(GraphRunError, match="Missing input to run node 'top'"):
        runner(DIAMOND, tmp_path).run({})


def test_whether_a_domain_is_empty(either_way: str) -> None:
    full = Domain.from_dict({"intents": ["greet"]})
    for _ in range(2):
        assert Domain.empty().is_empty()
        assert not full.is_empty()


def test_events_are_known_by_their_type(either_way: str) -> None:
    for _ in range(2):
        assert Event.resolve_by_type("user") is UserUttered
