"""The trained reader's view of a whole message (384 numbers) as a dense sentence feature for intent classifiers."""

from __future__ import annotations

from typing import Any, Dict, List, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.network import network


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class KneeSentenceFeaturizer(DenseFeaturizer, GraphComponent):
    """One vector a message; the network's answer is kept for the extractor that reads the same message."""

    @classmethod
    def required_components(cls) -> List[type]:
        return [Tokenizer]

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Nothing can be set."""

    @classmethod
    def create(cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> KneeSentenceFeaturizer:
        return cls(execution_context.node_name, config)

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            self._feature(message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def _feature(self, message: Message) -> None:
        text = message.get(TEXT)
        if text:
            vector = network().read(text).vector[None, :]  # shape (1, 384): one sentence
            message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
