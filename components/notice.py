"""The card that must be spoken now, and the slots that carry it."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

from bot.consultation import Consultation, Reply
from bot.wording import rising
from components.turns import Turn


def card_reply(consultation: Consultation, turn: Turn) -> Optional[Reply]:
    """An emergency always speaks when something new was told, and once; a same-day card when the level rose to it."""
    assessment = consultation.assessment
    shown = consultation.memory.level
    if assessment.is_emergency:
        fresh = shown != "emergency_now" or turn.heard.told
        return consultation.say([consultation.writer.card(assessment)], asked=(), level="emergency_now") if fresh else None
    if assessment.care_level == "same_day" and (shown is None or rising(shown, "same_day")):
        return consultation.say([consultation.writer.card(assessment)], level="same_day")
    return None


def notice_slots(reply: Reply) -> Dict[str, Any]:
    return {**reply.memory.slots(), "notice": reply.messages[0].text, "notice_card": json.dumps(dict(reply.messages[0].custom))}
