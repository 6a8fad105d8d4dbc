"""Above every other policy: keeps `case` current and speaks the card of a raised red flag, without the action server."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.features import Features  # noqa: F401  (the graph resolves annotations here)

from bot.consultation import Consultation, Reply
from components.notice import card_reply, notice_slots
from components.reader import shared_library
from components.settings import country, profile
from components.turns import Turn, turn_of

NOTICE = "utter_notice"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False)
class KneeSafetyPolicy(Policy):
    """Merges each message into the case; wins when a card must be spoken now."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {"priority": 100}

    @classmethod
    def create(cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext, **kwargs: Any) -> KneeSafetyPolicy:
        return cls(config, model_storage, resource, execution_context)

    def train(self, training_trackers: List[TrackerWithCachedStates], domain: Domain, **kwargs: Any) -> Resource:
        return self._resource

    def predict_action_probabilities(
        self, tracker: DialogueStateTracker, domain: Domain, rule_only_data: Optional[Dict[Text, Any]] = None, **kwargs: Any
    ) -> PolicyPrediction:
        nothing = self._default_predictions(domain)
        turn = turn_of(tracker)
        if turn is None:
            return self._after_a_card(tracker, domain, nothing)
        consultation = Consultation(shared_library(), turn.heard.case, turn.memory, country(), profile())
        reply = card_reply(consultation, turn)
        told: List[Event] = [SlotSet("case", turn.heard.case.to_slot()), SlotSet("turn", turn_slot(turn))]
        if reply is None:
            return self._prediction(nothing, events=told)
        return self._prediction(_certain(nothing, NOTICE, domain), events=told, optional_events=_slot_events(reply))

    def _after_a_card(self, tracker: DialogueStateTracker, domain: Domain, nothing: List[float]) -> PolicyPrediction:
        """An emergency ends the turn; after a same-day card the consultation goes on."""
        if tracker.latest_action_name != NOTICE:
            return self._prediction(nothing)
        ends = tracker.get_slot("care_level") == "emergency_now"
        return self._prediction(_certain(nothing, ACTION_LISTEN_NAME if ends else "action_consult", domain))


def turn_slot(turn: Turn) -> Dict[Text, Any]:
    """What the action needs to know of the turn besides the case."""
    heard = turn.heard
    return {
        "changed": list(heard.changed), "answered": heard.answered, "which": list(heard.which), "told": heard.told,
        "command": turn.command, "complaint": turn.reading.text[:500] if turn.reading.findings else "",
    }  # fmt: skip


def _slot_events(reply: Reply) -> List[Event]:
    return [SlotSet(name, value) for name, value in notice_slots(reply).items()]


def _certain(nothing: List[float], action: Text, domain: Domain) -> List[float]:
    sure = list(nothing)
    sure[domain.index_for_action(action)] = 1.0
    return sure
