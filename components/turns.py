"""One message within a conversation: what was pressed or said, and how the case changes. Read once for all policies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Optional, Text

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.trackers import DialogueStateTracker

from bot.buttons import Pressed, press
from bot.case import Case, CaseError, from_slot
from bot.consultation import Memory, memory_from
from bot.reading import Reading
from bot.turn import Heard, hear
from components.reader import shared_library, shared_reader


@dataclass(frozen=True)
class Turn:
    """command: what a button asked for, or None. heard: how the case changed."""

    case: Case
    memory: Memory
    reading: Reading
    heard: Heard
    command: Optional[Text]


def case_of(value: Any) -> Case:
    """A slot that is not a case counts as an empty one: an old conversation must not crash a new release."""
    try:
        return from_slot(value)
    except CaseError:
        return Case()


def slots_of(tracker: DialogueStateTracker) -> dict[str, Any]:
    return {name: tracker.get_slot(name) for name in ("case", "asked", "care_level", "shown", "topic", "interview") if name in tracker.slots}


def turn_of(tracker: DialogueStateTracker) -> Optional[Turn]:
    """The turn that begins with the latest message; None while the bot is still answering it."""
    if tracker.latest_action_name != ACTION_LISTEN_NAME or tracker.latest_message is None:
        return None
    return read_turn(str(tracker.latest_message.text or ""), slots_of(tracker))


def read_turn(text: Text, slots: dict[str, Any]) -> Turn:
    return _read_turn(text, json.dumps(slots, sort_keys=True, default=str))


@lru_cache(maxsize=64)
def _read_turn(text: Text, raw: Text) -> Turn:
    slots = json.loads(raw)
    case, memory = case_of(slots.get("case")), memory_from(slots)
    pressed: Optional[Pressed] = press(text, case, memory, shared_library())
    if pressed is not None:
        return Turn(case, memory, Reading(""), pressed.heard, pressed.command)
    reading = shared_reader().read(text, memory.asked)
    return Turn(case, memory, reading, hear(reading, memory.asked, case, shared_library()), None)
