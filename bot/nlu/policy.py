"""The policy that carries out what triage decided: hand off, clarify, quote a help page, or let
others answer.

`action_triage` has put its decision into the slot `triage` before any policy is asked. This one
reads the slot and nothing else, so it has nothing to train. It stands above RulePolicy and speaks
as a "no user" prediction, because that is what RulePolicy calls an active form's claim on the turn:
otherwise a customer in the middle of a form could not be handed over.

Actions may ask for a hand-off too, by setting the slot during their turn. Rasa reads the
annotations of these methods at run time, so this file has no postponed annotations.
"""

from collections.abc import Mapping
from typing import Any

from rasa.core.constants import POLICY_PRIORITY, RULE_POLICY_PRIORITY
from rasa.core.policies.policy import Policy, PolicyPrediction, SupportedData
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

TRIAGE_SLOT = "triage"

ACTION_OF = {
    "handoff": "action_handoff",
    "clarify": "action_clarify",
    "help": "action_help",
}
"""Which action carries out an outcome; every other outcome is left to the other policies."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class TriagePolicy(Policy):
    """Predicts the action of the outcome in the slot `triage`, then listens."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """One priority above RulePolicy."""
        return {POLICY_PRIORITY: RULE_POLICY_PRIORITY + 1}

    @staticmethod
    def supported_data() -> SupportedData:
        """It learns from nothing, so it takes whatever there is."""
        return SupportedData.ML_AND_RULE_DATA

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        **kwargs: Any,
    ) -> Resource:
        """Nothing to learn."""
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TriagePolicy":
        """Nothing was stored."""
        return cls(config, model_storage, resource, execution_context)

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """The action of the outcome, `action_listen` after it, or nothing."""
        action = next_action(tracker)
        if action is None or action not in domain.action_names_or_texts:
            return self._prediction(self._default_predictions(domain))
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return self._prediction(
            probabilities,
            optional_events=closing_events(tracker, action),
            is_no_user_prediction=True,
        )


def next_action(tracker: DialogueStateTracker) -> str | None:
    """What triage wants next in this turn; None to leave the turn to the other policies.

    A decision counts from the moment at which the slot was set in this turn, and once: what
    happened after it is looked at, so that an action that failed is not run for ever.
    """
    executed: list[str] = []
    for event in reversed(tracker.events):
        if isinstance(event, SlotSet) and event.key == TRIAGE_SLOT:
            value = event.value
            outcome = value.get("outcome") if isinstance(value, Mapping) else None
            action = ACTION_OF.get(str(outcome))
            if action is None:
                return None
            return ACTION_LISTEN_NAME if action in executed else action
        if isinstance(event, ActionExecuted) and event.action_name:
            executed.append(event.action_name)
        if isinstance(event, UserUttered):
            # The slot is from an earlier turn: triage did not run in this one.
            return None
    return None


def closing_events(tracker: DialogueStateTracker, action: str) -> list[Event]:
    """After a hand-off no form stays open, whatever its action did: it must not ask again."""
    triage = tracker.get_slot(TRIAGE_SLOT)
    handed_off = isinstance(triage, Mapping) and triage.get("outcome") == "handoff"
    if action != ACTION_LISTEN_NAME or not handed_off or tracker.active_loop_name is None:
        return []
    return [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None)]
