"""The consultation: after each turn, what the bot says and what it remembers. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.assessment import assess
from bot.case import PERSON_KEYS, Case
from bot.library import LEVELS, Library
from bot.questions import AT_MOST, Interview, Question
from bot.reading import PAYLOAD, Reading
from bot.rule import UNSURE
from bot.turn import Heard
from bot.wording import Message, Writer, place_of, rising

OFFERED = 240  # payloads that stay good, the newest first
PATIENCE = 2  # times that one question is asked again because its answer was not understood
ALARMING = ("same_day", "emergency_now")
SCREENS = 3  # questions on danger that come before any result


@dataclass(frozen=True)
class Memory:
    """What has been shown and asked. Plain data, kept beside the case.

    asked: what the last question was about. level, conditions: as last shown. sources, general: of what was last said.
    misses: turns in a row that were not understood. offered: payloads of our own buttons that may still be pressed.
    pending: a question laid aside while something else is confirmed. before: what the question before the open one was about."""

    interview: Interview = field(default_factory=Interview)
    kind: str = ""
    asked: tuple[str, ...] = ()
    level: str | None = None
    conditions: tuple[str, ...] = ()
    topic: str | None = None
    sources: tuple[str, ...] = ()
    general: int = 0
    misses: int = 0
    result_shown: bool = False
    offered: tuple[str, ...] = ()
    complaint: str = ""
    pending: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    def slots(self) -> dict[str, Any]:
        """asked, care_level, shown and topic as outside tools read them; the rest in `interview`."""
        return {
            "asked": list(self.asked), "care_level": self.level, "shown": list(self.conditions), "topic": self.topic,
            "interview": self._rest(),
        }  # fmt: skip

    def _rest(self) -> dict[str, Any]:
        return {
            "count": self.interview.count, "done": sorted(self.interview.done), "again": sorted(self.interview.again),
            "kind": self.kind, "sources": list(self.sources), "general": self.general, "misses": self.misses,
            "result_shown": self.result_shown, "offered": list(self.offered), "complaint": self.complaint,
            "pending": list(self.pending), "before": list(self.before),
        }  # fmt: skip


def memory_from(slots: Mapping[str, Any]) -> Memory:
    """Reads the slots interview, asked, care_level, shown and topic; anything missing or odd counts as nothing."""
    raw = slots.get("interview")
    raw = raw if isinstance(raw, Mapping) else {}
    interview = Interview(int(raw.get("count", 0)), frozenset(raw.get("done", ())), frozenset(raw.get("again", ())))
    level = slots.get("care_level")
    return Memory(
        interview=interview, kind=raw.get("kind", ""), asked=tuple(slots.get("asked") or ()), level=level if level in LEVELS else None,
        conditions=tuple(slots.get("shown") or ()), topic=slots.get("topic"), sources=tuple(raw.get("sources", ())),
        general=int(raw.get("general", 0)), misses=int(raw.get("misses", 0)), result_shown=bool(raw.get("result_shown", False)),
        offered=tuple(raw.get("offered", ())), complaint=raw.get("complaint", ""),
        pending=tuple(raw.get("pending", ())), before=tuple(raw.get("before", ())),
    )  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """case is given only when the reply itself changed it."""

    messages: tuple[Message, ...]
    memory: Memory
    case: Case | None = None


class Consultation:
    """Answers one person. country: the operator's, used where the person named none."""

    def __init__(self, library: Library, case: Case, memory: Memory, country: str | None = None, profile: str = "guided") -> None:
        self.library, self.case, self.memory, self.country, self.profile = library, case, memory, country, profile
        self.writer = Writer(library, place_of(case, library, country))
        self.assessment = assess(case, library, memory.interview, ranked=profile == "guided")

    def open_question(self) -> Question | None:
        return Question(self.memory.asked, self.memory.kind or "danger") if self.memory.asked else None

    # --- after the person spoke ------------------------------------------------------------------

    def go_on(self, heard: Heard | None = None) -> Reply:
        """Red flags first, then the next question, or the result."""
        if heard and heard.which:
            interview = replace(self.memory.interview, count=self.memory.interview.count + 1)
            return self._say([self.writer.which(heard.which)], asked=heard.which, kind="danger", interview=interview)
        if self.assessment.is_emergency:
            return self._say([self.writer.card(self.assessment)], asked=(), level="emergency_now")
        lead = self._acknowledge(heard)
        if self.level_rose():
            lead.append(self.writer.card(self.assessment))
        if self.memory.pending and not (heard and heard.told):
            return self.ask_again()
        if self.memory.result_shown and not self.memory.asked and heard is not None and not heard.told and not heard.answered:
            return self._say([*lead, Message(self.library.words["nothing_open"], custom={"kind": "say"})], keep_sources=True)
        nothing = not self.case.findings and not self.memory.asked
        if nothing and not (heard and heard.told):
            return self._not_heard(lead)
        if heard is not None and not heard.told and not heard.answered and self.memory.asked:
            return self._missed(lead)
        return self._ask_or_tell(lead)

    def _acknowledge(self, heard: Heard | None) -> list[Message]:
        if not heard or not heard.told:
            return []
        first = not self.memory.interview.done
        new = [k for k in (*self.case.findings, *self.case.person) if k in heard.changed or k in heard.new or (first and k not in self.memory.asked)]
        if not new:
            return []
        message = self.writer.understood(self.case, new, heard.changed)
        return [message] if message else []

    def level_rose(self) -> bool:
        """Whether an alarm is raised that was not shown yet."""
        level = self.assessment.care_level
        return level in ALARMING and (self.memory.level is None or rising(self.memory.level, level))

    def _not_heard(self, lead: list[Message]) -> Reply:
        return self._say([*lead, Message(self.library.words["nothing_heard"], custom={"kind": "say"})], asked=(), misses=self.memory.misses + 1)

    def _missed(self, lead: list[Message]) -> Reply:
        """The answer was not understood: the same question again; then with a hint to the buttons; then it counts as not sure."""
        misses, before = self.memory.misses + 1, self.memory.interview
        if misses > PATIENCE or before.count >= AT_MOST:
            return self._laid_aside(lead)
        words = self.library.words["misheard_again" if misses > 1 else "misheard"]
        return self._say([*lead, Message(words, custom={"kind": "say"}), self._asking(self.open_question())], misses=misses, interview=replace(before, count=before.count + 1))

    def _laid_aside(self, lead: list[Message]) -> Reply:
        """Nobody is asked the same for ever. An emergency sign that is not sure is asked about once more, in other words."""
        left = {name: UNSURE for name in self.memory.asked if name in self.library.findings and name not in self.case.findings}
        memory, case = replace(self.memory, asked=(), misses=0), self.case.tell_all(left)
        words = Message(self.library.words["laid_aside"], custom={"kind": "say"})
        reply = Consultation(self.library, case, memory, self.country, self.profile)._ask_or_tell([*lead, words])
        return replace(reply, case=case)

    def _ask_or_tell(self, lead: list[Message]) -> Reply:
        question = self._left_open() or self.assessment.question
        if self.profile == "education" and question and question.kind not in ("danger", "again", "person"):
            question = None
        level = self.assessment.care_level if self.level_rose() else self.memory.level
        if question is None:
            return self.show_result(lead)
        before = self.memory.interview
        again = before.again | set(question.about) if question.kind == "again" or set(question.about) <= before.done else before.again
        interview = Interview(before.count + 1, before.done | set(question.about), again)
        shown = self.writer.question(question, self.assessment, interview)
        return self._say([*lead, shown], asked=question.about, before=self.memory.asked, kind=question.kind, interview=interview, level=level, misses=0)

    def _left_open(self) -> Question | None:
        """Danger signs that were asked about and got no answer, because something else was told: asked once more."""
        if self.memory.kind not in ("danger", "again") or self.memory.interview.count >= AT_MOST:
            return None
        names = tuple(n for n in self.memory.asked if n in self.library.findings and n not in self.assessment.known.findings)
        return Question(names, "danger") if names and not set(names) & self.memory.interview.again else None

    def _asking(self, question: Question | None) -> Message:
        assert question is not None
        return self.writer.question(question, self.assessment, self.memory.interview)

    def ask_again(self) -> Reply:
        """After an aside: the open question once more."""
        if self.memory.pending:
            self.memory = replace(self.memory, asked=self.memory.pending, pending=())
        question = self.open_question()
        if question is None:
            return self._nothing_open()
        back = Message(self.library.words["back_to"], custom={"kind": "say"})
        return self._say([back, self._asking(question)], keep_sources=True)

    def nothing_to_come_back_to(self) -> Reply:
        """Somebody means a question that is not there: the emergency card stands, otherwise they are told so."""
        if self.assessment.is_emergency:
            return self._say([self.writer.card(self.assessment)], asked=(), level="emergency_now")
        return self._say([Message(self.library.words["nothing_open"], custom={"kind": "say"})], keep_sources=True)

    def _nothing_open(self) -> Reply:
        """An aside before the interview, or after its result: nothing to come back to but the advice that stands."""
        return Reply((), self.memory)

    def show_result(self, lead: Sequence[Message] = ()) -> Reply:
        assessment = self.assessment
        messages = [*lead, *self.writer.result(assessment)]
        repeated = [m for m in messages if m.custom.get("kind") == "card"]
        if len(repeated) > 1:
            messages.remove(repeated[0])
        shown = tuple(fit.id for fit in assessment.shown)
        return self._say(messages, asked=(), level=assessment.care_level, conditions=shown, topic=shown[0] if shown else None, result_shown=True)

    def danger_first(self) -> Reply | None:
        """Somebody wants the result while the first questions on danger are open: they come first. None where there are none."""
        question = self.open_question() or self.assessment.question
        if question is None or question.kind not in ("danger", "again") or self.memory.interview.count > SCREENS or self.assessment.care_level in ALARMING:
            return None
        if self.memory.misses >= PATIENCE:
            return self._laid_aside([])
        if not self.memory.asked:
            return self._ask_or_tell([Message(self.library.words["danger_first"], custom={"kind": "say"})])
        before = self.memory.interview
        words = Message(self.library.words["danger_first"], custom={"kind": "say"})
        return self._say([words, self._asking(question)], misses=self.memory.misses + 1, interview=replace(before, count=before.count + 1))

    def why(self) -> Reply:
        question = self.open_question()
        if question is None:
            return self.ask_again() if self.memory.pending else self.nothing_to_come_back_to()
        return self._say([self.writer.why_message(question), self._asking(question)])

    # --- saying it --------------------------------------------------------------------------------------

    def say(self, messages: Sequence[Message], **changes: Any) -> Reply:
        return self._say(messages, **changes)

    def _say(self, messages: Sequence[Message], **changes: Any) -> Reply:
        """Puts the messages out and remembers what follows from them."""
        interview = changes.pop("interview", self.memory.interview)
        level = changes.pop("level", self.memory.level)
        if any(m.custom.get("kind") == "card" for m in messages) and changes.get("result_shown") is None:
            level = self.assessment.care_level
        keep = changes.pop("keep_sources", False) or not any(m.sources or m.general for m in messages)
        sources = self.memory.sources if keep else tuple(dict.fromkeys(s for m in messages for s in m.sources))
        general = self.memory.general if keep else sum(m.general for m in messages)
        offered = tuple(dict.fromkeys(p for m in messages for p in (*(b.payload for b in m.buttons), *_chips(m))))
        memory = replace(self.memory, interview=interview, level=level, sources=sources, general=general, offered=(*offered, *self.memory.offered)[:OFFERED], **changes)
        return Reply(tuple(messages), memory)


def _chips(message: Message) -> Iterator[str]:
    """What was understood, and what is asked about, can be set to yes, no or not sure each by itself."""
    items = (*message.custom.get("items", ()), *message.custom.get("options", ()))
    yield from (f"{PAYLOAD}a:{item['id']}:{answer}" for item in items if item["id"] not in PERSON_KEYS for answer in "pau")


def remember_complaint(memory: Memory, reading: Reading) -> Memory:
    """Keeps the first thing that a person said of the knee, in their own words, for the summary."""
    if memory.complaint or not reading.findings:
        return memory
    return replace(memory, complaint=reading.text[:500])
