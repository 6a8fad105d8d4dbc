"""What is wrong with the knowledge beyond what keeps it from loading: `python -m bot check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

from bot import expectation
from bot.changes import read_changes
from bot.expectation import Expectation, read_cases, unknown_ids
from bot.known import known
from bot.library import FOLDER, Condition, KnowledgeError, Library, RedFlag, Topic, read_library, sentences
from bot.readability import hard_text, worst_sentences
from bot.urgency import judge, level_of


@dataclass(frozen=True)
class Report:
    """problems: lines that say file, field, what was found, what would be right. notes: worth a look, and no fault."""

    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def check(folder: Path = FOLDER, cases: Path = expectation.FOLDER, today: date | None = None) -> int:
    """Prints the report. 0: nothing is wrong."""
    found = report(folder, cases, today)
    print("\n".join([*found.notes, *found.problems]))
    count = len(found.problems)
    print("The knowledge is sound." if not count else f"{count} {'thing needs' if count == 1 else 'things need'} mending.")
    return int(bool(count))


def report(folder: Path = FOLDER, cases: Path = expectation.FOLDER, today: date | None = None) -> Report:
    try:
        library = read_library(folder)
    except KnowledgeError as error:
        return Report(tuple(error.problems))
    written, problems = read_cases(cases)
    on = today or date.today()
    found = [
        *problems, *(p for case in written for p in unknown_ids(case, library)), *read_changes(folder)[1],
        *unused_sources(library), *reviews(library, on), *findings_nobody_asks(library),
        *flags_without_cases(library, written), *conditions_without_case(library, written),
        *same_conditions(library), *shared_names(library), *hard_text(library, folder),
    ]  # fmt: skip
    return Report(tuple(found), tuple(worst_sentences(library)))


# --- sources, reviews, findings --------------------------------------------------------------------


def unused_sources(library: Library) -> Iterator[str]:
    """A source that nothing rests on looks like evidence and is none."""
    used = {source for _, sentence in sentences(library) for source in sentence.sources}
    used |= {source for condition in library.conditions.values() for source in condition.strength_sources}
    for name in library.sources:
        if name not in used:
            yield f"sources.yml: {name}: no sentence and no grade names this source. Name it where it is used, or take it out."


def reviews(library: Library, today: date) -> Iterator[str]:
    """Review dates that have passed, and signatures that are only half there."""
    for condition in library.conditions.values():
        yield from _review(f"conditions/{condition.id}.yml", condition, today)
    for topic in library.topics.values():
        yield from _review(f"topics.yml: {topic.id}", topic, today)


def _review(where: str, subject: Condition | Topic, today: date) -> Iterator[str]:
    reviewed = subject.reviewed
    for key in ("on", "again_by"):
        if reviewed[key] and not _is_day(str(reviewed[key])):
            yield f"{where}: reviewed > {key}: {reviewed[key]} is no day of the calendar."
            return
    if (reviewed["by"] is None) != (reviewed["on"] is None):
        yield f"{where}: reviewed: by and on belong together. Give both the clinician's name and the day, or null for both."
    if reviewed["on"] and date.fromisoformat(reviewed["on"]) > today:
        yield f"{where}: reviewed > on: {reviewed['on']} is still to come. Give the day on which it was checked."
    if date.fromisoformat(str(reviewed["again_by"])) < today:
        yield f"{where}: reviewed > again_by: {reviewed['again_by']} has passed. A clinician needs to check it and set the next date."


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def findings_nobody_asks(library: Library) -> Iterator[str]:
    """A finding that no rule, no condition and no screen looks at is never asked, and changes nothing when told."""
    used = {name for condition in library.conditions.values() for name in _findings_of(condition)}
    for flag in library.red_flags.values():
        used |= _findings_of_flag(flag)
    for finding in library.findings.values():
        if finding.id not in used and not finding.screen and not finding.is_derived:
            yield (
                f"findings.yml: {finding.id}: no condition grades it and no red flag uses it, so nobody is asked about it. "
                "Grade it in a condition, use it in a red flag, or take it out if it was never in use."
            )


def _findings_of(condition: Condition) -> set[str]:
    together = {name for t in condition.together for name in (*t.all, *t.none)}
    return {*condition.grades, *condition.age_unless, *together}


def _findings_of_flag(flag: RedFlag) -> set[str]:
    rules = [flag.when, *(rule for rule, _ in flag.lowered), *([flag.ambulance_if] if flag.ambulance_if else [])]
    seen = {"already_assessed", "newly_worse"} if flag.clinician_seen_lowers else set()
    return seen | {name for rule in rules for name in rule.names()}


# --- cases ---------------------------------------------------------------------------------------------


def flags_without_cases(library: Library, cases: Iterable[Expectation]) -> Iterator[str]:
    """Every rule has a case that raises it and one that looks like it and does not; both are tried here."""
    tested = [case for case in cases if case.flag in library.red_flags]
    for name, flag in library.red_flags.items():
        of_flag = [case for case in tested if case.flag == name]
        for kind, say in (("raises", "no case raises it"), ("near_miss", "no near miss leaves it unraised")):
            if not any(case.kind == kind for case in of_flag):
                yield f"red_flags.yml: {name} ({flag.title}): {say}. Write one in tests/cases/red_flags.yml: flag: {name}, kind: {kind}."
        near = [case for case in of_flag if case.kind == "near_miss"]
        if near and not any(_findings_of_flag(flag).intersection(known(case.case, library).findings) for case in near):
            yield f"{near[0].where}: is not near {name} ({flag.title}): should tell at least one finding that the rule looks at."
        for case in of_flag:
            yield from _tried(case, flag, library)


def _tried(case: Expectation, flag: RedFlag, library: Library) -> Iterator[str]:
    """A near miss may raise the rule at a lower level: that is what `lowered` is for."""
    facts = known(case.case, library)
    fires = flag.when.holds(facts)
    if case.kind == "raises" and not fires:
        raised = ", ".join(raised.id for raised in judge(facts, library).raised)
        yield f"{case.where}: should raise {flag.id} ({flag.title}), raises {raised or 'nothing'}."
    if case.kind == "near_miss" and fires and level_of(flag, facts) == flag.level:
        yield f"{case.where}: is a near miss and should not raise {flag.id} ({flag.title}), but raises it."


def conditions_without_case(library: Library, cases: Iterable[Expectation]) -> Iterator[str]:
    expected = {name for case in cases for name in (case.expect.get("leads"), *case.expect.get("among_shown", ()))}
    for condition in library.conditions.values():
        if condition.id not in expected:
            yield (
                f"conditions/{condition.id}.yml: no case expects {condition.name}. "
                f"Write tests/cases/{condition.id}.yml with a case that expects leads: {condition.id}."
            )


# --- conditions side by side -----------------------------------------------------------------------------


def same_conditions(library: Library) -> Iterator[str]:
    """Two conditions with the same grades and the same ages can never be told apart, whatever a person answers."""
    for left, right in combinations(library.conditions.values(), 2):
        if _signature(left) == _signature(right):
            yield (
                f"conditions/{right.id}.yml: findings: has the same grades as conditions/{left.id}.yml, so no answer can tell "
                f"{right.name} from {left.name}. Grade a finding that differs."
            )


def _signature(condition: Condition) -> tuple[object, ...]:
    together = frozenset((frozenset(t.all), frozenset(t.none), t.grade) for t in condition.together)
    ages = (condition.age_from, condition.age_until, frozenset(condition.age_unless))
    return dict(condition.grades), together, ages


def shared_names(library: Library) -> Iterator[str]:
    """A name that belongs to two conditions or topics leads to the wrong one half of the time."""
    owner: dict[str, str] = {}
    for condition in library.conditions.values():
        for name in (condition.name, condition.clinical_name, *condition.also_called, *condition.misspellings):
            yield from _claim(owner, name, f"conditions/{condition.id}.yml")
    for topic in library.topics.values():
        for name in (topic.name, *topic.also_called):
            yield from _claim(owner, name, f"topics.yml: {topic.id}")


def _claim(owner: dict[str, str], name: str, where: str) -> Iterator[str]:
    first = owner.setdefault(name.casefold(), where)
    if first != where:
        yield f"{where}: the name '{name}' also stands in {first}. Each name should stand in one place."
