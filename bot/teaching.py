"""Questions about conditions and topics: which one is meant, which aspect, and the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.assessment import Assessment, assess
from bot.case import Case
from bot.consultation import Consultation, Reply
from bot.library import ASPECTS, LEVELS, Condition, Library, Topic
from bot.reading import PAYLOAD, Reading
from bot.rule import PRESENT
from bot.wording import Button, Message, Writer, listing

ASPECT_OF = {"surgery": "surgery", "exercise": "exercises", "prevention": "prevention", "imaging": "tests", "return_to_sport": "activity"}
FOLLOWS = re.compile(r"\b(?:it|this|that|them)\b|^(?:and|what about|how about|ok and|so)\b")


def _goes_on(text: str) -> bool:
    """'And surgery?', 'exercises for it': about what is being talked about already."""
    return bool(FOLLOWS.search(text.lower())) or len(text.split()) <= 2


class Teacher:
    """Answers questions within one consultation."""

    def __init__(self, consultation: Consultation) -> None:
        self.consultation = consultation
        self.library: Library = consultation.library
        self.writer: Writer = consultation.writer

    def subjects(self, reading: Reading) -> list[Condition | Topic]:
        """What is named; else what the network hears; else what is being talked about."""
        named: list[Condition | Topic] = [self.library.conditions[n.id] for n in reading.conditions]
        if named:
            return named
        topics: list[Condition | Topic] = [self.library.topics[n.id] for n in reading.topics]
        if topics:
            return topics
        return []

    def current(self) -> Condition | Topic | None:
        topic = self.consultation.memory.topic
        return self.library.conditions.get(topic or "") or self.library.topics.get(topic or "")

    def answer(self, reading: Reading) -> Reply:
        """A question about a condition or topic with its aspect; 'it' means what is being talked about."""
        subjects, aspect = self.subjects(reading), (*reading.aspects, "what_is")[0]
        glossed = self._glossed(reading)
        if glossed and (not subjects or len(glossed) > 1):
            return self.consultation.say(glossed, topic=self.consultation.memory.topic)
        if len(subjects) > 1 and aspect == "compare":
            return self.compare(subjects[0], subjects[1])
        subject, current = subjects[0] if subjects else None, self.current()
        if isinstance(subject, Topic) and isinstance(current, Condition) and _goes_on(reading.text):
            own = ASPECT_OF.get(subject.id)
            if own:
                return self.teach(current, own)
            return self.consultation.say([self.writer.text(subject, aspect if aspect in ASPECTS else "what_is")], topic=current.id)
        subject = subject or current or self.library.topics.get("knee_pain")
        if subject is None:
            return self.consultation.say([Message(self.library.words["unknown_topic"], custom={"kind": "say"})])
        return self.teach(subject, aspect)

    def teach(self, subject: Condition | Topic, aspect: str) -> Reply:
        return self.consultation.say([self.writer.text(subject, aspect if aspect in ASPECTS else "what_is")], topic=subject.id)

    def _glossed(self, reading: Reading) -> list[Message]:
        """'What is the difference between a tendon and a ligament': the glossary answers."""
        lower = reading.text.lower()
        if reading.conditions or not re.search(r"\b(?:what|whats|difference|mean\w*|explain|define|vs|versus)\b", lower):
            return []
        found = [w for form, w in self.library.glossary_forms.items() if re.search(rf"\b{re.escape(form)}s?\b", lower)]
        words = [w for w in dict.fromkeys(found) if not any(w != other and w in other for other in found)]
        out = []
        for word in words[:3]:
            sentence = self.library.glossary[word]
            out.append(Message(f"{word.capitalize()}: {sentence.say}", custom={"kind": "teaching", "topic": word, "aspect": "what_is"}, sources=sentence.sources, general=int(not sentence.sources)))
        return out

    # --- comparing and doubting ---------------------------------------------------------------------

    def compare(self, left: Condition | Topic, right: Condition | Topic) -> Reply:
        words = self.library.words
        if not isinstance(left, Condition) or not isinstance(right, Condition):
            return self.consultation.say([self.writer.text(left, "what_is"), self.writer.text(right, "what_is")], topic=left.id)
        for_left, for_right = self._sets_apart(left, right), self._sets_apart(right, left)
        first = [self.writer.aspect(c, "what_is")[0] for c in (left, right)]
        lines = [words["compare_heading"].format(left=left.name, right=right.name), *(f"{c.name}: {s.say}" for c, s in zip((left, right), first))]
        if for_left:
            lines.append(words["compare_for_left"].format(left=left.name, list=listing([self.writer.label(n) for n in for_left])))
        if for_right:
            lines.append(words["compare_for_right"].format(right=right.name, list=listing([self.writer.label(n) for n in for_right])))
        if self.consultation.case.findings and self.consultation.profile == "guided":
            lines.append(self._yours(left, right))
        sources = tuple(dict.fromkeys(source for s in first for source in s.sources))
        message = Message("\n".join(lines), custom={"kind": "teaching", "topic": left.id, "aspect": "compare"}, sources=sources, general=sum(not s.sources for s in first))
        return self.consultation.say([message], topic=left.id)

    def _sets_apart(self, condition: Condition, other: Condition) -> list[str]:
        steps = self.library.grades.findings
        apart = {n: steps[g] - steps.get(other.grades.get(n, ""), 0.0) for n, g in condition.grades.items() if g in ("++", "+")}
        return [n for n in sorted(apart, key=lambda n: (-apart[n], n)) if apart[n] > 0.5][:4]

    def _yours(self, left: Condition, right: Condition) -> str:
        has = self.consultation.assessment.known.has
        mine = {c.id: [n for n in self._sets_apart(c, o) if has(n)] for c, o in ((left, right), (right, left))}
        best = max((left, right), key=lambda c: len(mine[c.id]))
        if len(mine[left.id]) == len(mine[right.id]):
            return str(self.library.words["compare_even"])
        return str(self.library.words["compare_yours"].format(list=listing([self.writer.label(n) for n in mine[best.id]]), name=best.name))

    def does_it_fit(self, reading: Reading) -> Reply:
        """'Could it be gout?', 'why not a meniscus tear?': the same sum, for the one they fear."""
        subjects = [s for s in self.subjects(reading) if isinstance(s, Condition)] or [s for s in [self.current()] if isinstance(s, Condition)]
        if not subjects or not self.consultation.case.findings or self.consultation.profile == "education":
            return self.answer(reading)
        words, assessment = self.library.words, self.consultation.assessment
        lines = []
        for subject in subjects[:2]:
            fit = next((f for f in assessment.fits if f.id == subject.id), None)
            band = words[fit.band] if fit else words["less_likely"]
            lines.append(words["why_not_not_fit"].format(name=subject.name, band=band))
            if fit:
                lines += [f"• {reason}" for reason in self.writer.reasons(fit, assessment)]
        lines.append(words["uncertain"])
        return self.consultation.say([Message("\n".join(lines), custom={"kind": "teaching", "topic": subjects[0].id, "aspect": "symptoms"})], topic=subjects[0].id)

    def what_would_change(self) -> Reply:
        """Findings that, by the rules of today, would lead to another care level."""
        words, assessment = self.library.words, self.consultation.assessment
        changes = list(level_changes(self.consultation.case, assessment, self.library))[:6]
        lines = [f"{words['change_heading']}:"]
        lines += [f"• {words['change_line'].format(finding=self.writer.label(name), level=self.writer.level_name(level))}" for name, level in changes]
        if not changes:
            lines = [words["change_none"]]
        return self.consultation.say([Message("\n".join(lines), custom={"kind": "say"})])


def level_changes(case: Case, assessment: Assessment, library: Library) -> list[tuple[str, str]]:
    """Each open finding that would by itself give another level if it were present, the highest level first."""
    out = []
    for name, finding in library.findings.items():
        if finding.is_derived or assessment.known.has(name) or (finding.group == "general_health" and name in ("suicidal_thoughts",)):
            continue
        if finding.needs and not any(assessment.known.has(need) for need in finding.needs):
            continue
        level = assess(case.tell(name, PRESENT), library).care_level
        if level != assessment.care_level:
            out.append((name, level))
    return sorted(out, key=lambda pair: (-LEVELS.index(pair[1]), library.findings[pair[0]].tier, list(library.findings).index(pair[0])))


def menu(library: Library, ids: Sequence[str]) -> tuple[Button, ...]:
    """A button for each condition or topic."""
    return tuple(Button((library.conditions.get(i) or library.topics[i]).name, f"{PAYLOAD}t:{i}:what_is") for i in ids)
