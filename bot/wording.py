"""An assessment → the words a person reads. Order and grammar only: every sentence comes from the knowledge files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.assessment import Assessment
from bot.case import Case
from bot.library import LEVELS, Condition, Exercise, Library, Sentence, Topic
from bot.questions import AT_MOST, RESULT_OFFERED_AFTER, Interview, Question, emergency_signs
from bot.ranking import Fit, Reason
from bot.reading import PAYLOAD
from bot.rule import ABSENT, PRESENT


@dataclass(frozen=True)
class Button:
    title: str
    payload: str


@dataclass(frozen=True)
class Message:
    """text is complete by itself. custom is the same for a page that can draw it. sources: ids of what was said."""

    text: str
    buttons: tuple[Button, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    general: int = 0  # sentences without a source of their own


@dataclass(frozen=True)
class Place:
    """The person's country, or the operator's: its emergency number and crisis line."""

    number: str
    crisis_line: str
    tel: str | None


def place_of(case: Case, library: Library, default: str | None = None) -> Place:
    country = library.countries.get(str(case.person.get("country") or default or ""))
    if country is None:
        return Place(library.unknown_country["number"], library.unknown_country["crisis_line"], None)
    return Place(country["number"], country["crisis_line"], country["number"].split(" ")[0])


def fill(text: str, place: Place) -> str:
    return text.replace("{number}", place.number).replace("{crisis_line}", place.crisis_line)


def _span(days: float) -> str:
    """In the largest unit that gives two or more, as people say it."""
    for unit, length in (("year", 365), ("month", 30), ("week", 7), ("day", 1)):
        count = round(days / length)
        if count >= 2 or unit == "day":
            return f"{count} {unit}" + ("" if count == 1 else "s")
    raise AssertionError("every number of days has a unit")


def listing(items: Sequence[str]) -> str:
    """'a, b and c'."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"• {line}" for line in lines)


class Writer:
    """Writes for one person: knows the library and where the person lives."""

    def __init__(self, library: Library, place: Place) -> None:
        self.library, self.place, self.words = library, place, library.words

    # --- small pieces ---------------------------------------------------------------------

    def say(self, sentences: Iterable[Sentence]) -> list[str]:
        return [fill(sentence.say, self.place) for sentence in sentences]

    def label(self, name: str, answer: str = PRESENT) -> str:
        finding = self.library.findings[name]
        if answer == ABSENT:
            return finding.label_denied or str(self.words["no_x"].format(label=finding.label))
        return finding.label

    def _message(self, lines: Iterable[str], sentences: Iterable[Sentence] = (), buttons: Iterable[Button] = (), **custom: Any) -> Message:
        used = list(sentences)
        sources = tuple(dict.fromkeys(source for sentence in used for source in sentence.sources))
        return Message("\n".join(line for line in lines if line), tuple(buttons), custom, sources, sum(not s.sources for s in used))

    # --- cards ------------------------------------------------------------------------------

    def card(self, assessment: Assessment) -> Message:
        """The care level as a card: one action, why, what to do. Complete alone."""
        level = self.library.care[assessment.care_level]
        flags = [self.library.red_flags[r.id] for r in assessment.urgency.raised if r.level == assessment.care_level][:3]
        goes = assessment.urgency.action == "emergency_department"
        own = next((flag.own_words for flag in flags if flag.own_words), None)
        heading = fill(own or (level.heading_go if goes else level.heading), self.place)
        points = level.points_go if goes else level.points
        if {flag.id for flag in flags} & {"X01", "X02", "RF82"}:
            return self.crisis("suicidal_thoughts" if any(f.id == "X01" for f in flags) else "harmed_by_someone", assessment)
        means = [flag.means for flag in flags]
        do = [*points, *(item for flag in flags for item in flag.do)]
        do = [s for i, s in enumerate(do) if s.say not in {other.say for other in do[:i]}]
        why = [self.words["may_mean"].format(means=fill(m.say, self.place)) for m in means]
        lines = [f"{level.name.upper()}: {heading}", *why, bullets(self.say(do))]
        return self._message(
            lines, [*means, *do],
            kind="card", level=level.id, level_name=level.name, heading=heading, why=self.say(means), points=self.say(do),
            tel=self.place.tel if assessment.care_level == "emergency_now" else None, red_flags=[flag.id for flag in flags],
        )  # fmt: skip

    def crisis(self, kind: str, assessment: Assessment | None = None) -> Message:
        sentences = self.library.crisis[kind]
        lines = self.say(sentences)
        return self._message(lines, sentences, kind="card", level=assessment.care_level if assessment else "emergency_now", level_name=self.library.care["emergency_now"].name, heading=lines[0], why=[], points=lines[1:], tel=self.place.tel, red_flags=[])

    # --- questions ------------------------------------------------------------------------------

    def question(self, question: Question, assessment: Assessment, interview: Interview) -> Message:
        words, first = self.words, question.about[0]
        why = self.why(question)
        if question.kind == "person":
            head, options, buttons = self._person_question(first, assessment.case)
        elif len(question.about) == 1:
            finding = self.library.findings[first]
            head = f"{words['again']} {finding.ask_again}" if question.kind == "again" else finding.ask
            options = [(first, finding.short)]
            buttons = [Button(words["yes"], f"{PAYLOAD}a:{first}:p"), Button(words["no"], f"{PAYLOAD}a:{first}:a"), Button(words["not_sure"], f"{PAYLOAD}a:{first}:u")]
        else:
            head = self._bundle_head(question, assessment)
            options = [(name, self.library.findings[name].short) for name in question.about]
            buttons = [*(Button(short, f"{PAYLOAD}a:{name}:p") for name, short in options), Button(words["none_of_these"], f"{PAYLOAD}n"), Button(words["not_sure"], f"{PAYLOAD}u")]
        lines = [head, bullets(short for _, short in options) if len(question.about) > 1 and question.kind != "person" else ""]
        extra = [Button(words["why_do_you_ask"], f"{PAYLOAD}c:why")]
        if interview.count >= RESULT_OFFERED_AFTER and assessment.urgency.level != "same_day":
            extra.append(Button(words["see_result"], f"{PAYLOAD}c:result"))
        return self._message(
            lines, (), [*buttons, *extra],
            kind="question", about=list(question.about), multiple=len(question.about) > 1, options=[{"id": i, "label": s} for i, s in options],
            why=why, progress=self.progress(interview), place=question.kind == "place",
        )  # fmt: skip

    def _person_question(self, key: str, case: Case) -> tuple[str, list[tuple[str, str]], list[Button]]:
        if key == "age":
            return self.words["ask_age_other" if case.person.get("for") in ("other", "child") else "ask_age"], [], []
        choices = self.words["days_choices"]
        return self.words["ask_days"], [], [Button(title, f"{PAYLOAD}d:{days}") for days, title in choices.items()]

    def _bundle_head(self, question: Question, assessment: Assessment) -> str:
        words = self.words
        if question.kind == "place":
            return str(words["pick_place"])
        if question.kind == "danger":
            if "chest_pain_or_breathless" in question.about:
                return str(words["opening"])
            return str(words["same_day_check"] if assessment.urgency.level == "same_day" else words["any_of_these"])
        return str(words["any_of_these"])

    def why(self, question: Question) -> list[str]:
        if question.kind == "person":
            return [self.words["why_age" if question.about[0] == "age" else "why_days"]]
        return [f"{self.library.findings[name].short}: {self.library.findings[name].why.say}" for name in question.about]

    def why_message(self, question: Question) -> Message:
        findings = [self.library.findings[name].why for name in question.about if name in self.library.findings]
        lines = self.why(question)
        text = self.words["because"].format(why=lines[0].split(": ", 1)[-1]) if len(lines) == 1 else bullets(lines)
        return self._message([text], findings, kind="why")

    def progress(self, interview: Interview) -> str:
        left = max(1, min(AT_MOST - interview.count, 8 - interview.count if interview.count < 6 else 3))
        return str(self.words["left_one"] if left == 1 else self.words["left_many"].format(count=left))

    def which(self, about: Sequence[str]) -> Message:
        options = [(name, self.library.findings[name].short) for name in about]
        buttons = [*(Button(short, f"{PAYLOAD}a:{name}:p") for name, short in options), Button(self.words["not_sure"], f"{PAYLOAD}u")]
        return self._message(
            [self.words["which"], bullets(short for _, short in options)], (), buttons,
            kind="question", about=list(about), multiple=True, options=[{"id": i, "label": s} for i, s in options], why=[], progress="", place=False,
        )  # fmt: skip

    # --- what was understood ------------------------------------------------------------------------

    def understood(self, case: Case, keys: Iterable[str] | None = None, changed: Iterable[str] = ()) -> Message | None:
        wanted = set(keys) if keys is not None else set(case.findings) | set(case.person)
        present = [n for n, a in case.findings.items() if n in wanted and a == PRESENT and n in self.library.findings]
        implied = {other for n in present for other in self.library.findings[n].implies}
        yes = [self.label(n) for n in present if n not in implied]
        denied = [n for n, a in case.findings.items() if n in wanted and a == ABSENT and n in self.library.findings]
        yes += [self.label(n, ABSENT) for n in denied if self.library.findings[n].label_denied]
        no = [self.label(n) for n in denied if not self.library.findings[n].label_denied]
        person = [self.told(key, value) for key, value in case.person.items() if key in wanted and not (key == "pregnant" and "pregnancy_or_recent_birth" in present)]
        lines = [self.words["understood"].format(list=listing([*yes, *person]))] if yes or person else []
        if no:
            lines.append(self.words["understood_not"].format(list=listing(no)))
        if not lines:
            return None
        if any(key in wanted for key in changed):
            names = [self.label(k, case.findings[k]) if k in case.findings else self.told(k, case.person.get(k)) for k in changed]
            fresh = [self.label(n) for n in present if n not in implied and n not in changed]
            lines = [self.words["understood"].format(list=listing(fresh))] if fresh and keys is not None else []
            lines.append(self.words["changed"].format(list=listing(names)))
        return self._message(lines, kind="understood", items=self.items(case))

    def items(self, case: Case) -> list[dict[str, str]]:
        """What was understood as editable items."""
        found = [{"id": n, "label": self.library.findings[n].label, "answer": a} for n, a in case.findings.items() if n in self.library.findings]
        return found + [{"id": key, "label": self.told(key, value), "answer": ""} for key, value in case.person.items()]

    def told(self, key: str, value: Any) -> str:
        """A fact on the person in plain words: 'since 3 weeks', 'about a child'."""
        if key == "days":
            return str(self.words["told_days_none"] if value < 1 else self.words["told_days"].format(span=_span(float(value))))
        return str(self.words.get(f"told_{key}_{value}".lower()) or self.words[f"told_{key}"].format(value=value))

    # --- the result -----------------------------------------------------------------------------------

    def result(self, assessment: Assessment) -> list[Message]:
        card = self.card(assessment)
        messages = [card, self.fits(assessment)]
        leading = self.library.conditions[assessment.shown[0].id] if assessment.shown else None
        if leading and assessment.care_level not in ("same_day", "emergency_now"):
            messages.append(self.self_care(leading))
        messages.append(self.watch(leading))
        messages.append(self.sources_note(messages))
        return messages

    def fits(self, assessment: Assessment) -> Message:
        words = self.words
        if not assessment.shown:
            return self._message([words["result_none"], words["uncertain"]], kind="fits", conditions=[], not_ruled_out=[])
        lines, rows = [f"{words['result_heading']}:"], []
        for fit in assessment.shown:
            condition = self.library.conditions[fit.id]
            reasons = self.reasons(fit, assessment)
            lines.append(f"• {words['line_fit'].format(name=condition.name, band=words[fit.band])}; {'; '.join(reasons)}")
            rows.append({"id": fit.id, "name": condition.name, "band": fit.band, "reasons": reasons})
        danger = self.not_ruled_out(assessment)
        if danger:
            lines.append(words["not_ruled_out"].format(list=listing([c.name for c in danger])))
        lines.append(words["uncertain"])
        buttons = [Button(self.library.conditions[fit.id].name, f"{PAYLOAD}t:{fit.id}:what_is") for fit in assessment.shown]
        return self._message(lines, (), buttons, kind="fits", conditions=rows, not_ruled_out=[c.name for c in danger])

    def reasons(self, fit: Fit, assessment: Assessment) -> list[str]:
        words = self.words
        out = []
        if fit.speaks_for:
            out.append(words["for_you"].format(list=listing([self._reason(r) for r in fit.speaks_for[:4]])))
        against = [r for r in fit.speaks_against if not (r.answer != PRESENT and set(r.findings) & emergency_signs(self.library))]  # their absence settles nothing
        if against:
            out.append(words["against_you"].format(list=listing([self._reason(r) for r in against[:3]])))
        settle = self.settles(self.library.conditions[fit.id], assessment)
        if settle:
            out.append(words["settle"].format(list=listing([self.label(name) for name in settle])))
        return out

    def _reason(self, reason: Reason) -> str:
        return " with ".join(self.label(name, reason.answer) for name in reason.findings)

    def settles(self, condition: Condition, assessment: Assessment) -> list[str]:
        """Findings that would speak most strongly for it and were not spoken of."""
        return [n for n, g in condition.grades.items() if g == "++" and n not in assessment.known.findings and not self.library.findings[n].is_derived][:2]

    def not_ruled_out(self, assessment: Assessment) -> list[Condition]:
        """Dangerous conditions that something speaks for and that are not among those shown."""
        seen = {fit.id for fit in assessment.shown}
        return [
            self.library.conditions[fit.id]
            for fit in assessment.fits[:12]
            if fit.id not in seen and self.library.conditions[fit.id].must_not_miss and any(r.answer == PRESENT for r in fit.speaks_for)
        ][:2]

    def self_care(self, condition: Condition) -> Message:
        sentences = condition.texts["self_care"]
        buttons = [Button(self.words["exercise_more"].format(name=self.library.exercises[e].name), f"{PAYLOAD}e:{e}") for e in condition.exercises[:3]]
        return self._message([f"{self.words['self_care_heading']} ({condition.name}):", bullets(self.say(sentences))], sentences, buttons, kind="self_care", heading=self.words["self_care_heading"], points=self.say(sentences), condition=condition.id)

    def watch(self, condition: Condition | None) -> Message:
        look = [*(condition.safety_net["look_for"] if condition else ()), *self.library.safety_net["same_day"], *self.library.safety_net["emergency_now"]]
        course = [*condition.safety_net["course"], *condition.safety_net["get_help"]] if condition else []
        lines = [f"{self.words['watch_heading']}:", bullets(self.say(look))]
        if course:
            lines += [f"{self.words['course_heading']}:", bullets(self.say(course))]
        return self._message(lines, [*look, *course], kind="watch", heading=self.words["watch_heading"], points=self.say(look), course=self.say(course))

    # --- where it comes from ----------------------------------------------------------------------------

    def sources_note(self, messages: Sequence[Message]) -> Message:
        ids = tuple(dict.fromkeys(source for message in messages for source in message.sources))
        return self.sources(ids, sum(message.general for message in messages))

    def sources(self, ids: Sequence[str], general: int, reviewed: Mapping[str, str | None] | None = None) -> Message:
        rows = [self.library.sources[name] for name in ids if name in self.library.sources]
        lines = [f"{self.words['sources_heading']}:"]
        lines += [f"• {self.words['sources_line'].format(title=s.title, publisher=s.publisher, year=f', {s.year}' if s.year else '', read=s.read)}" + (f" {s.url}" if s.url else "") for s in rows]
        if general:
            lines.append(self.words["general_knowledge_one"] if general == 1 else self.words["general_knowledge"].format(count=general))
        lines.append(self.review_note(reviewed or {}))
        if not rows and not general:
            lines = [self.words["no_sources_yet"]]
        details = [{"title": s.title, "publisher": s.publisher, "year": s.year, "url": s.url, "read": s.read} for s in rows]
        return Message("\n".join(lines), (), {"kind": "sources", "sources": details, "general": general}, tuple(ids), 0)

    def review_note(self, reviewed: Mapping[str, str | None]) -> str:
        notes = [reviewed] if reviewed else [c.reviewed for c in self.library.conditions.values()]
        first = min(notes, key=lambda r: (r["by"] is not None, r["again_by"] or ""))
        if first["by"] is None:
            return str(self.words["not_reviewed"].format(date=first["again_by"]))
        return str(self.words["reviewed"].format(name=first["by"], date=first["on"], date_again=first["again_by"]))

    # --- teaching -------------------------------------------------------------------------------------------

    def text(self, subject: Condition | Topic, aspect: str) -> Message:
        sentences = self.aspect(subject, aspect)
        buttons: list[Button] = []
        if aspect == "exercises":
            buttons = [Button(self.words["exercise_more"].format(name=self.library.exercises[e].name), f"{PAYLOAD}e:{e}") for e in subject.exercises[:5]]
        return self._message([f"{subject.name.rstrip('?')}:", *self.say(sentences)], sentences, buttons, kind="teaching", topic=subject.id, aspect=aspect)

    def aspect(self, subject: Condition | Topic, aspect: str) -> tuple[Sentence, ...]:
        if isinstance(subject, Topic):
            return subject.texts.get(aspect) or subject.texts["what_is"]
        extra = {"symptoms": ("where", "symptoms"), "causes": ("onset", "who", "causes"), "what_is": ("what_is", "how_common"), "compare": ("what_is",)}
        return tuple(s for part in extra.get(aspect, (aspect,)) for s in subject.texts[part])

    def exercise(self, exercise: Exercise) -> Message:
        steps = [f"{i}. {step}" for i, step in enumerate((exercise.start, *exercise.steps), 1)]
        sentences = [exercise.what_for, exercise.how_much, *exercise.stop_if]
        lines = [f"{exercise.name}:", exercise.what_for.say, *steps, exercise.how_much.say, self.words["exercise_stop"].format(stops=" ".join(self.say(exercise.stop_if)))]
        return self._message(lines, sentences, kind="exercise", id=exercise.id, name=exercise.name, steps=[exercise.start, *exercise.steps], stop=self.say(exercise.stop_if), drawing=exercise.drawing)

    def level_name(self, level: str) -> str:
        return self.library.care[level].name.lower()


def rising(left: str, right: str) -> bool:
    """Whether right is a higher care level than left."""
    return LEVELS.index(right) > LEVELS.index(left)
