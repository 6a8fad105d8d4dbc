"""One conversation without Rasa: what is typed or pressed goes in, messages come out."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from bot.asides import Asides, wanted
from bot.buttons import press
from bot.case import Case
from bot.consultation import Consultation, Memory, Reply, remember_complaint
from bot.library import Library
from bot.reading import PAYLOAD, Reader, Reading
from bot.rule import PRESENT
from bot.turn import hear, plain_answer


@dataclass
class Conversation:
    """Holds the case and the memory of one person between turns."""

    library: Library
    reader: Reader
    case: Case = field(default_factory=Case)
    memory: Memory = field(default_factory=Memory)
    profile: str = "guided"

    @property
    def asked(self) -> tuple[str, ...]:
        """What the last question was about."""
        return self.memory.asked

    def answer(self, text: str) -> Reply:
        """One turn: read or pressed, red flags first, then what was wanted, then the consultation."""
        text = self._meant_by_yes(text)
        pressed = press(text, self.case, self.memory, self.library)
        reading = Reading("") if pressed else self.reader.read(text, self.memory.asked)
        heard = pressed.heard if pressed else hear(reading, self.memory.asked, self.case, self.library)
        command = pressed.command if pressed else None
        self.case, self.memory = heard.case, remember_complaint(self.memory, reading)
        consultation = Consultation(self.library, self.case, self.memory, os.environ.get("KNEE_GUIDE_COUNTRY"), self.profile)
        aside = None if heard.answered else wanted(reading.clear_intent, command)
        if aside and not (heard.told and (consultation.assessment.is_emergency or consultation.level_rose())):
            reply = Asides(consultation).answer(aside, reading, command or "")
        else:
            reply = consultation.go_on(heard)
        self.memory, self.case = reply.memory, reply.case or self.case
        return reply

    def _meant_by_yes(self, text: str) -> str:
        """After 'shall I delete everything?' a typed yes is the button that says so."""
        first = self.memory.offered[:1]
        sure = not self.memory.asked and first in ((f"{PAYLOAD}c:forget",), (f"{PAYLOAD}c:restart",))
        return first[0] if sure and plain_answer(text) == PRESENT else text
