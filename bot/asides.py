"""What people ask in between: teaching, reasons, sources, summary, going back, starting over. Then the interview goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.case import Case
from bot.consultation import ALARMING, Consultation, Memory, Reply
from bot.questions import Interview, Question
from bot.reading import PAYLOAD, Reading
from bot.summary import summary
from bot.teaching import Teacher
from bot.wording import Button, Message, fill

# What a person wants, by intent, and the method below that answers it.
WANTED = {
    "ask_condition": "teach", "ask_topic": "teach", "compare": "compare", "ask_fit": "fit", "ask_change": "change", "ask_why": "why",
    "ask_result": "result", "ask_summary": "summary", "ask_source": "sources", "go_back": "go_back",
    "start_over": "ask_start_over", "forget_me": "ask_forget", "crisis": "crisis",
}  # fmt: skip
BY_BUTTON = {
    "c:why": "why", "c:result": "result", "c:summary": "summary", "c:sources": "sources", "c:restart": "start_over",
    "c:forget": "forget", "c:again": "resume", "t": "teach", "e": "teach",
}  # fmt: skip


def wanted(intent: str, command: str | None) -> str | None:
    """The aside that a button or an intent asks for; None where the consultation simply goes on."""
    if command:
        return BY_BUTTON.get(command) or BY_BUTTON.get(command.partition(":")[0])
    return WANTED.get(intent)


class Asides:
    def __init__(self, consultation: Consultation) -> None:
        self.consultation, self.teacher = consultation, Teacher(consultation)
        self.words = consultation.library.words

    def answer(self, asks: str, reading: Reading, command: str = "") -> Reply:
        """asks is the name of a method below; command is what a button carried."""
        method: Callable[[Reading, str], Reply] = getattr(self, asks)
        return method(reading, command)

    def _then_back(self, reply: Reply) -> Reply:
        """The aside, then the open question once more."""
        after = Consultation(self.consultation.library, self.consultation.case, reply.memory, profile=self.consultation.profile)
        after.writer = self.consultation.writer
        back = after.ask_again()
        return Reply((*reply.messages, *back.messages), back.memory)

    def teach(self, reading: Reading, command: str) -> Reply:
        kind, _, rest = command.partition(":")
        library = self.consultation.library
        if kind == "e" and rest in library.exercises:
            reply = self.consultation.say([self.consultation.writer.exercise(library.exercises[rest])])
        elif kind == "t":
            name, _, aspect = rest.partition(":")
            subject = library.conditions.get(name) or library.topics.get(name)
            reply = self.teacher.teach(subject, aspect) if subject else self.teacher.answer(reading)
        else:
            reply = self.teacher.answer(reading)
        return self._then_back(self._alarm_stands(reply))

    def _alarm_stands(self, reply: Reply) -> Reply:
        """What is true of knees in general is no advice to somebody who should be seen today."""
        if self.consultation.assessment.care_level not in ALARMING:
            return reply
        stands = Message(self.words["alarm_stands"], custom={"kind": "say"})
        return Reply((*reply.messages, stands), reply.memory)

    def compare(self, reading: Reading, command: str) -> Reply:
        subjects = self.teacher.subjects(reading)
        current = self.teacher.current()
        if len(subjects) == 1 and current and current.id != subjects[0].id:
            subjects = [current, *subjects]
        if len(subjects) < 2:
            return self.teach(reading, command)
        return self._then_back(self.teacher.compare(subjects[0], subjects[1]))

    def fit(self, reading: Reading, command: str) -> Reply:
        return self._then_back(self.teacher.does_it_fit(reading))

    def change(self, reading: Reading, command: str) -> Reply:
        return self._then_back(self.teacher.what_would_change())

    def why(self, reading: Reading, command: str) -> Reply:
        return self.consultation.why()

    def result(self, reading: Reading, command: str) -> Reply:
        """'Just tell me': the result now, after the first questions on danger."""
        if not self.consultation.case.findings:
            return self.consultation.go_on()
        return self.consultation.danger_first() or self.consultation.show_result()

    def summary(self, reading: Reading, command: str) -> Reply:
        consultation = self.consultation
        return self._then_back(consultation.say([summary(consultation.assessment, consultation.memory, consultation.library)]))

    def sources(self, reading: Reading, command: str) -> Reply:
        memory, library = self.consultation.memory, self.consultation.library
        topic = library.conditions.get(memory.topic or "") or library.topics.get(memory.topic or "")
        message = self.consultation.writer.sources(memory.sources, memory.general, topic.reviewed if topic else None)
        return self._then_back(self.consultation.say([message], keep_sources=True))

    def resume(self, reading: Reading, command: str) -> Reply:
        return self.consultation.ask_again()

    def go_back(self, reading: Reading, command: str) -> Reply:
        """Takes back the answers to the question before the open one, and asks it again."""
        memory = self.consultation.memory
        if not memory.before:
            return self.consultation.ask_again() if memory.asked or memory.pending else self.consultation.nothing_to_come_back_to()
        case = self.consultation.case
        for name in memory.before:
            case = case.forget(name)
        interview = Interview(max(0, memory.interview.count - 1), memory.interview.done - set(memory.before) - set(memory.asked), memory.interview.again)
        after = Consultation(self.consultation.library, case, replace(memory, asked=(), before=(), interview=interview), profile=self.consultation.profile)
        after.writer = self.consultation.writer
        return replace(after.go_on(), case=case)

    def crisis(self, reading: Reading, command: str) -> Reply:
        """A cry for help that names no danger: a kind word, the numbers, and the one question that matters."""
        consultation = self.consultation
        question = Question(("suicidal_thoughts",), "danger")
        interview = replace(consultation.memory.interview, done=consultation.memory.interview.done | set(question.about))
        place = consultation.writer.place
        kind = Message(f"{fill(self.words['crisis_check'], place)} {place.crisis_line}", custom={"kind": "say"})
        asking = consultation.writer.question(question, consultation.assessment, interview)
        return consultation.say([kind, asking], asked=question.about, kind="danger", interview=interview)

    def ask_start_over(self, reading: Reading, command: str) -> Reply:
        return self._sure("ask_start_over", "yes_start_over", f"{PAYLOAD}c:restart")

    def ask_forget(self, reading: Reading, command: str) -> Reply:
        return self._sure("ask_forget", "yes_forget", f"{PAYLOAD}c:forget")

    def _sure(self, words: str, yes: str, payload: str) -> Reply:
        """Asked once more before anything is lost; an emergency card is repeated first."""
        consultation = self.consultation
        card = [consultation.writer.card(consultation.assessment)] if consultation.assessment.is_emergency else []
        buttons = (Button(self.words[yes], payload), Button(self.words["no_go_on"], f"{PAYLOAD}c:again"))
        sure = Message(self.words[words], buttons, {"kind": "say"})
        memory = consultation.memory
        return consultation.say([*card, sure], asked=(), pending=memory.asked or memory.pending)

    def start_over(self, reading: Reading, command: str) -> Reply:
        return Reply((Message(self.words["started_over"], custom={"kind": "restart"}),), Memory(), Case())

    def forget(self, reading: Reading, command: str) -> Reply:
        return Reply((Message(self.words["forgotten"], custom={"kind": "forgotten"}),), Memory(), Case())
