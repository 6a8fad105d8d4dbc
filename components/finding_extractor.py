"""bot/reading.py as an entity extractor: findings with their role, conditions, topics, aspects, facts on the person."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.network import FOLDER
from bot.reading import Reading
from components import metrics
from components.reader import shared_library, shared_reader


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class KneeFindingExtractor(GraphComponent, EntityExtractorMixin):
    """Adds one entity for each finding that was said, named condition, topic, aspect and fact on the person."""

    @classmethod
    def create(cls, config: Dict[Text, Any], model_storage: ModelStorage, resource: Resource, execution_context: ExecutionContext) -> KneeFindingExtractor:
        shared_reader().read("my knee hurts")  # everything is loaded before the first message
        return cls()

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """The knowledge and the network are read from files of their own: their digests are part of what was trained."""
        networks = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.onnx")))
        return f"{shared_library().version} {hashlib.sha256(networks).hexdigest()}"

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            reading = shared_reader().read(str(message.get(TEXT) or ""))
            if not (reading.findings or reading.clear_intent):
                metrics.NOT_READ.inc()
            message.set(ENTITIES, [*message.get(ENTITIES, []), *entities(reading)], add_to_output=True)
        return messages


def entities(reading: Reading) -> List[Dict[Text, Any]]:
    """The reading in the form of /model/parse."""
    out: List[Dict[Text, Any]] = [
        {
            "entity": "finding", "value": said.id, "role": said.role, "start": said.start, "end": said.end,
            "confidence_entity": round(said.confidence, 4), "by": said.by, "extractor": "KneeFindingExtractor",
        }
        for said in reading.findings
    ]  # fmt: skip
    for kind, named in (("condition", reading.conditions), ("topic", reading.topics)):
        out += [{"entity": kind, "value": n.id, "start": n.start, "end": n.end, "extractor": "KneeFindingExtractor"} for n in named]
    out += [{"entity": "aspect", "value": a, "start": 0, "end": len(reading.text), "extractor": "KneeFindingExtractor"} for a in reading.aspects]
    out += [{"entity": f.key, "value": f.value, "start": f.start, "end": f.end, "extractor": "KneeFindingExtractor"} for f in reading.facts]
    return out
