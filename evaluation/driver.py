"""A conversation with bot/ as the Rasa server would lead it, without Rasa: press or read, hear, card or go on."""

from __future__ import annotations

from collections.abc import Sequence

from bot.asides import Asides
from bot.buttons import press
from bot.case import Case
from bot.consultation import Consultation, Memory, Reply, remember_complaint
from bot.library import Library
from bot.reading import Reader, Reading
from bot.turn import Heard, hear
from bot.wording import Message, rising

COMMANDS = {"c:why": "why", "c:result": "result", "c:summary": "summary", "c:sources": "sources", "c:restart": "start_over", "c:forget": "forget", "c:again": "resume"}
ASIDES = {
    "ask_condition": "teach", "ask_topic": "teach", "compare": "compare", "ask_fit": "fit", "ask_change": "change", "ask_why": "why",
    "ask_result": "result", "ask_summary": "summary", "ask_source": "sources", "go_back": "go_back", "start_over": "ask_start_over",
    "forget_me": "ask_forget", "greet": "resume", "thank": "resume", "who_are_you": "resume", "chitchat": "resume",
    "out_of_scope": "resume", "ask_dose": "resume",
}  # fmt: skip
SPEAK_ONLY = ("goodbye", "got_help", "refuse_care", "crisis")  # a sentence of the domain, and nothing of the bot
LEAST_CONFIDENCE = 0.3  # below it the message goes to the consultation


class Conversation:
    """case and memory after each message; `asked`, `care_level` and `shown` are those of the slots."""

    def __init__(self, library: Library, reader: Reader) -> None:
        self.library, self.reader = library, reader
        self.case, self.memory = Case(), Memory()

    @property
    def asked(self) -> Sequence[str]:
        return self.memory.asked

    def send(self, text: str) -> tuple[Message, ...]:
        """What the bot says to one message or pressed button."""
        pressed = press(text, self.case, self.memory)
        if pressed is not None:
            return self._turn(Reading(""), pressed.heard, pressed.command)
        reading = self.reader.read(text, self.memory.asked)
        return self._turn(reading, hear(reading, self.memory.asked, self.case, self.library), None)

    def _turn(self, reading: Reading, heard: Heard, command: str | None) -> tuple[Message, ...]:
        self.case, self.memory = heard.case, remember_complaint(self.memory, reading)
        card = self._card(heard)
        if card is not None:
            self.memory = card.memory
            if card.memory.level == "emergency_now":
                return card.messages
            return (*card.messages, *self._keep(self._consultation().go_on(heard)))
        return self._keep(self._answer(reading, heard, command))

    def _consultation(self) -> Consultation:
        return Consultation(self.library, self.case, self.memory)

    def _card(self, heard: Heard) -> Reply | None:
        """An emergency speaks once and whenever something new was told; a same-day card when the level rose to it."""
        consultation = self._consultation()
        level, shown = consultation.assessment.care_level, self.memory.level
        if consultation.assessment.is_emergency and (shown != "emergency_now" or heard.told):
            return consultation.say([consultation.writer.card(consultation.assessment)], asked=(), level="emergency_now")
        if level == "same_day" and (shown is None or rising(shown, "same_day")):
            return consultation.say([consultation.writer.card(consultation.assessment)], level="same_day")
        return None

    def _answer(self, reading: Reading, heard: Heard, command: str | None) -> Reply:
        consultation = self._consultation()
        if command:
            return Asides(consultation).answer(COMMANDS.get(command, "teach"), reading, command)
        intent, confidence = reading.intent
        if heard.answered or confidence < LEAST_CONFIDENCE:
            return consultation.go_on(heard)
        if intent in SPEAK_ONLY:
            return Reply((), self.memory)
        if intent in ASIDES:
            return Asides(consultation).answer(ASIDES[intent], reading)
        return consultation.go_on(heard)

    def _keep(self, reply: Reply) -> tuple[Message, ...]:
        self.memory = reply.memory
        self.case = self.case if reply.case is None else reply.case
        return reply.messages
