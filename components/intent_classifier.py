"""What a person wants, by the trained reader's own view of the message. docs/intents.md says why this one decides."""

from __future__ import annotations

from typing import Any, Dict, List, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from components.reader import shared_reader


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class KneeIntentClassifier(GraphComponent, IntentClassifier):
    """The intent of the reading that the finding extractor uses too; nothing is trained here."""

    @classmethod
    def create(cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> KneeIntentClassifier:
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            intents = sorted(shared_reader().read(str(message.get(TEXT) or "")).intents, key=lambda pair: -pair[1])
            ranking = [{"name": name, "confidence": float(chance)} for name, chance in intents]
            message.set(INTENT, ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set("intent_ranking", ranking[:10], add_to_output=True)
        return messages
