"""How a case and a memory lie in Rasa's slots, there and back."""

from __future__ import annotations

import os
from dataclasses import replace

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from bot.case import Case, CaseError, from_slot
from bot.consultation import Consultation, Memory, memory_from
from bot.library import load
from bot.turn import Heard


def case_in(tracker: Tracker) -> Case:
    try:
        return from_slot(tracker.get_slot("case"))
    except CaseError:
        return Case()


def heard_in(tracker: Tracker, case: Case) -> Heard:
    """The safety policy has merged the message already; this is what it says of the turn."""
    turn = tracker.get_slot("turn") or {}
    return Heard(case, tuple(turn.get("changed", ())), bool(turn.get("answered")), tuple(turn.get("which", ())), bool(turn.get("told")))


def consultation_in(tracker: Tracker) -> Consultation:
    memory = memory_from(tracker.slots)
    complaint = (tracker.get_slot("turn") or {}).get("complaint", "")
    if complaint and not memory.complaint:
        memory = replace(memory, complaint=complaint)
    country, profile = os.environ.get("KNEE_GUIDE_COUNTRY") or None, os.environ.get("KNEE_GUIDE_PROFILE", "guided")
    return Consultation(load(), case_in(tracker), memory, country, profile)


def remembered(memory: Memory, case: Case | None = None) -> list[EventType]:
    events: list[EventType] = [SlotSet(name, value) for name, value in memory.slots().items()]
    return events if case is None else [SlotSet("case", case.to_slot()), *events]


def command_in(tracker: Tracker) -> str:
    return str((tracker.get_slot("turn") or {}).get("command") or "")


def text_in(tracker: Tracker) -> str:
    return str(tracker.latest_message.get("text") or "")


