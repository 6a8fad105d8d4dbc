"""One condition, finding, red flag or topic as a page: `python -m bot explain <id>`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from bot.library import Condition, Finding, Library, RedFlag, Sentence, Topic, load
from bot.readability import condition_grade
from bot.rule import Rule, closest

NEIGHBOURS = 3
APART = 5  # findings named on each side

HEADINGS = {
    "what_is": "What it is", "how_common": "How common", "where": "Where it hurts", "who": "Who gets it", "onset": "How it starts",
    "symptoms": "Signs", "causes": "Causes", "self_care": "Self-care", "exercises": "Exercises", "treatment": "What professionals do",
    "tests": "Tests", "surgery": "Surgery", "recovery": "Recovery", "prevention": "Prevention", "activity": "Activity",
    "when_to_see": "When to seek care", "compare": "How it differs", "uncertain": "What is uncertain", "look_for": "What to look for",
    "get_help": "Where and how to get help", "course": "What course to expect",
}  # fmt: skip


def explain(id: str) -> int:
    """Prints the page. 1: there is nothing of that id."""
    library = load()
    lines = page(id, library)
    if lines is None:
        known = (*library.conditions, *library.findings, *library.red_flags, *library.topics)
        print(f"There is no condition, finding, red flag or topic '{id}'{closest(id, known) or '.'}")
        return 1
    print("\n".join(lines))
    return 0


def page(id: str, library: Library) -> list[str] | None:
    if id in library.conditions:
        return list(_condition(library.conditions[id], library))
    if id in library.findings:
        return list(_finding(library.findings[id], library))
    if id in library.red_flags:
        return list(_red_flag(library.red_flags[id], library))
    return list(_topic(library.topics[id], library)) if id in library.topics else None


# --- a condition -------------------------------------------------------------------------------------


def _condition(condition: Condition, library: Library) -> Iterator[str]:
    yield from _title(f"{condition.name} ({condition.clinical_name})", condition.id)
    yield f"Also called: {', '.join(condition.also_called)}"
    yield f"How common: {condition.tier}. Care level when it fits well: {library.care[condition.care_level].name}.{_ages(condition)}"
    yield from _lowered(condition.lowered, library)
    yield review_state(condition.reviewed)
    yield from _graded("What fits", condition, library, ("++", "+"))
    yield from _graded("What speaks against", condition, library, ("--", "-"))
    yield from _together(condition, library)
    yield from _heading("How it is told from its nearest neighbours")
    for other in neighbours(condition, library):
        yield from _told_from(condition, other, library)
    yield from _texts({**condition.texts, **condition.safety_net})
    if condition.exercises:
        yield f"  Shown as steps: {', '.join(library.exercises[name].name for name in condition.exercises)}"
    yield from _heading("Reading")
    yield f"  {_reading(condition)}"
    said = [s for part in (*condition.texts.values(), *condition.safety_net.values()) for s in part]
    yield from _sources(said, library, condition.strength_sources)


def _reading(condition: Condition) -> str:
    try:
        return f"US school grade {condition_grade(condition):g} over all texts together"
    except ModuleNotFoundError:  # textstat comes with the tools for developers
        return "US school grade not counted: textstat is not installed"


def _ages(condition: Condition) -> str:
    if condition.age_from is None and condition.age_until is None:
        return ""
    low, high = condition.age_from, condition.age_until
    span = f"from {low} to {high}" if low is not None and high is not None else f"from {low}" if low is not None else f"up to {high}"
    return f" Considered at ages {span}{', or with ' + ', '.join(condition.age_unless) if condition.age_unless else ''}."


def review_state(reviewed: Mapping[str, str | None]) -> str:
    if reviewed["by"] is None:
        return f"Not yet reviewed by a clinician. To be checked by {reviewed['again_by']}."
    return f"Reviewed by {reviewed['by']} on {reviewed['on']}. To be checked again by {reviewed['again_by']}."


def _graded(title: str, condition: Condition, library: Library, grades: tuple[str, str]) -> Iterator[str]:
    yield from _heading(title)
    rows = [(grade, name) for grade in grades for name, given in condition.grades.items() if given == grade]
    for grade, name in rows:
        origin = ", ".join(condition.grade_sources[name]) or "judgement"
        yield f"  {grade:<3}{library.findings[name].label}  ({name}; {origin})"
    if not rows:
        yield "  nothing is graded"


def _together(condition: Condition, library: Library) -> Iterator[str]:
    for together in condition.together:
        names = " and ".join(library.findings[name].label for name in together.all)
        without = f", without {' or '.join(library.findings[name].label for name in together.none)}" if together.none else ""
        yield f"  {together.grade:<3}together: {names}{without}  ({', '.join(together.sources) or 'judgement'})"


def neighbours(condition: Condition, library: Library) -> list[Condition]:
    """The conditions whose grades are most like these."""
    others = [other for other in library.conditions.values() if other.id != condition.id]
    return sorted(others, key=lambda other: (-_likeness(condition, other, library), other.id))[:NEIGHBOURS]


def _likeness(left: Condition, right: Condition, library: Library) -> float:
    """The cosine between the two rows of grades."""
    steps = library.grades.findings
    shared = sum(steps[grade] * steps[right.grades[name]] for name, grade in left.grades.items() if name in right.grades)
    return shared / (_size(left, steps) * _size(right, steps))


def _size(condition: Condition, steps: Mapping[str, float]) -> float:
    return math.sqrt(sum(steps[grade] ** 2 for grade in condition.grades.values()))


def _told_from(condition: Condition, other: Condition, library: Library) -> Iterator[str]:
    yield f"  {other.name} ({other.id})"
    for name, gaps in ((condition.name, apart(condition, other, library)), (other.name, apart(other, condition, library))):
        yield f"    rather {name}: {', '.join(library.findings[n].label for n in gaps) or 'nothing graded'}"
    if _ages(condition) != _ages(other):
        yield f"    ages: {_ages(condition).strip() or 'any'} {other.name}: {_ages(other).strip() or 'any age.'}"


def apart(condition: Condition, other: Condition, library: Library) -> list[str]:
    """The findings that speak for this condition and less so, or not, for the other; the strongest difference first."""
    steps = library.grades.findings
    gaps = {name: steps[grade] - steps.get(other.grades.get(name, ""), 0.0) for name, grade in condition.grades.items() if steps[grade] > 0}
    return sorted((name for name in gaps if gaps[name] > 0), key=lambda name: (-gaps[name], name))[:APART]


# --- a finding, a red flag, a topic --------------------------------------------------------------------


def _finding(finding: Finding, library: Library) -> Iterator[str]:
    yield from _title(finding.label, finding.id)
    yield "Follows from the age and is never asked." if finding.is_derived else f"Asked as: {finding.ask}"
    if finding.ask_again != finding.ask:
        yield f"Asked again as: {finding.ask_again}"
    yield f"Why we ask: {_sentence(finding.why)}"
    yield f"Also said: {', '.join(finding.also_said) or 'nothing listed'}"
    for words, names in (("Brings with it", finding.implies), ("Answers with no", finding.excludes), ("Asked only after", finding.needs)):
        if names:
            yield f"{words}: {', '.join(names)}"
    yield from _heading("Speaks for or against")
    rows = [(c.grades[finding.id], c) for c in library.conditions.values() if finding.id in c.grades]
    for grade, condition in sorted(rows, key=lambda row: (-library.grades.findings[row[0]], row[1].name)):
        yield f"  {grade:<3}{condition.name}  ({condition.id})"
    yield from _heading("Looked at by these red flags")
    yield from (f"  {flag.id}  {flag.title} ({library.care[flag.level].name})" for flag in library.red_flags.values() if finding.id in flag.when.names())
    yield from _sources([finding.why], library)


def _lowered(lowered: tuple[tuple[Rule, str], ...], library: Library) -> Iterator[str]:
    yield from (f"Lowered to {library.care[level].name} when: {rule.text}" for rule, level in lowered)


def _red_flag(flag: RedFlag, library: Library) -> Iterator[str]:
    yield from _title(flag.title, flag.id)
    yield f"Care level: {library.care[flag.level].name}{f' ({flag.action})' if flag.action else ''}"
    yield f"Raised when: {flag.when.text}"
    if flag.ambulance_if:
        yield f"By ambulance if: {flag.ambulance_if.text}"
    yield from _lowered(flag.lowered, library)
    if flag.clinician_seen_lowers:
        yield "Lowered when a clinician has looked at this episode and it is no worse."
    yield from _heading("Findings")
    yield from (f"  {name}: {library.findings[name].label}" for name in sorted(flag.when.names()))
    yield from _heading("What the person reads")
    yield from (f"  {_sentence(sentence)}" for sentence in (flag.means, *flag.do))
    yield from _sources([flag.means, *flag.do], library)


def _topic(topic: Topic, library: Library) -> Iterator[str]:
    yield from _title(topic.name, topic.id)
    yield f"Also called: {', '.join(topic.also_called)}"
    yield review_state(topic.reviewed)
    yield from _texts(topic.texts)
    yield from _sources([s for part in topic.texts.values() for s in part], library)


# --- pieces ------------------------------------------------------------------------------------------------


def _title(name: str, id: str) -> Iterator[str]:
    yield f"{name}  [{id}]"
    yield "=" * len(f"{name}  [{id}]")


def _heading(text: str) -> Iterator[str]:
    yield from ("", text, "-" * len(text))


def _texts(texts: Mapping[str, Iterable[Sentence]]) -> Iterator[str]:
    for part in sorted(texts, key=list(HEADINGS).index):
        yield from _heading(HEADINGS[part])
        yield from (f"  {_sentence(sentence)}" for sentence in texts[part])


def _sentence(sentence: Sentence) -> str:
    return f"{sentence.say}  [{', '.join(sentence.sources) or 'general knowledge'}]"


def _sources(said: list[Sentence], library: Library, more: Iterable[str] = ()) -> Iterator[str]:
    yield from _heading("Sources")
    for name in dict.fromkeys((*(source for sentence in said for source in sentence.sources), *more)):
        source = library.sources[name]
        year = f", {source.year}" if source.year else ""
        yield f"  {name}: {source.title} ({source.publisher}{year}); read: {source.read}. {source.url or 'no link'}"
    sourced = sum(bool(sentence.sources) for sentence in said)
    yield f"  {len(said)} sentences: {sourced} sourced, {len(said) - sourced} general knowledge"
