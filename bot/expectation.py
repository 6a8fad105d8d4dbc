"""A written case: what someone told, and what is expected of the bot. They stand in tests/cases/, one list per file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.assessment import Assessment, assess
from bot.case import Case, CaseError, from_slot
from bot.library import LEVELS, Library
from bot.rule import closest
from bot.table import read_table

FOLDER = Path(__file__).parent.parent / "tests" / "cases"


@dataclass(frozen=True, eq=False)
class Expectation:
    """sentence: what the case shows. flag and kind: the red flag it tests, and whether it raises it or is a near miss."""

    file: str
    sentence: str
    case: Case
    expect: Mapping[str, Any]
    flag: str | None = None
    kind: str | None = None

    @property
    def where(self) -> str:
        return f"tests/cases/{self.file}: '{self.sentence}'"


def read_cases(folder: Path = FOLDER) -> tuple[tuple[Expectation, ...], tuple[str, ...]]:
    """All written cases, and what is wrong with their files."""
    if not (folder / "schema.json").is_file():
        return (), (f"{folder}: there are no cases here (no schema.json)",)
    shape = (folder / "schema.json").read_text(encoding="utf-8")
    out: list[Expectation] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        rows, found = read_table(path, shape, f"tests/cases/{path.name}")
        problems += found
        for row in () if found else rows:
            try:
                out.append(_expectation(path.name, row))
            except CaseError as error:
                problems.append(f"tests/cases/{path.name}: '{row['case']}': {error}")
    twice = [where for where, count in Counter(case.where for case in out).items() if count > 1]
    problems += [f"{where}: two cases of this file have the same sentence. Say what sets them apart." for where in twice]
    return tuple(out), tuple(problems)


def _expectation(file: str, row: Mapping[str, Any]) -> Expectation:
    case = from_slot({"findings": row["told"], "person": row.get("person", {})})
    return Expectation(file, row["case"], case, row["expect"], row.get("flag"), row.get("kind"))


def unknown_ids(expectation: Expectation, library: Library) -> Iterator[str]:
    """Ids in the case that the knowledge does not hold."""
    expect = expectation.expect
    flags = [*expect.get("raised", ()), *expect.get("not_raised", ()), *([expectation.flag] if expectation.flag else ())]
    conditions = [*expect.get("among_shown", ()), *expect.get("not_shown", ()), *([expect["leads"]] if "leads" in expect else ())]
    findings = [*expectation.case.findings, *expect.get("asks", ()), *expect.get("does_not_ask", ())]
    for kind, names, known in (
        ("finding", findings, library.findings), ("condition", conditions, library.conditions), ("red flag", flags, library.red_flags),
    ):  # fmt: skip
        for name in names:
            if name not in known and not (kind == "finding" and name in ("age", "days")):
                yield f"{expectation.where}: no such {kind} '{name}'{closest(name, known)}"


def faults(expectation: Expectation, library: Library) -> list[str]:
    """Where the bot's answer is not what the case expects; nothing when all is well."""
    answer = assess(expectation.case, library)
    return [fault for key, wanted in expectation.expect.items() if (fault := _CHECKS[key](answer, wanted))]


def _level(word: str, holds: Callable[[int, int], bool]) -> Callable[[Assessment, str], str | None]:
    def check(answer: Assessment, wanted: str) -> str | None:
        if holds(LEVELS.index(answer.care_level), LEVELS.index(wanted)):
            return None
        raised = ", ".join(raised.id for raised in answer.urgency.raised) or "no red flag"
        return f"the care level is {answer.care_level} ({raised} raised), should be {word}{wanted}"

    return check


def _among(what: str, found: Callable[[Assessment], Collection[str]], inside: bool) -> Callable[[Assessment, list[str]], str | None]:
    def check(answer: Assessment, wanted: list[str]) -> str | None:
        names = found(answer)
        wrong = [name for name in wanted if (name in names) != inside]
        return f"{what}: {', '.join(names) or 'nothing'}; should {'' if inside else 'not '}hold {', '.join(wrong)}" if wrong else None

    return check


def _leads(answer: Assessment, wanted: str) -> str | None:
    first = leading(answer)
    return None if first == wanted else f"{first or 'no condition'} leads, should be {wanted}"


def leading(answer: Assessment) -> str | None:
    """The condition that a person is shown first."""
    return answer.shown[0].id if answer.shown else None


def _raised(answer: Assessment) -> list[str]:
    return [raised.id for raised in answer.urgency.raised]


def _shown(answer: Assessment) -> list[str]:
    return [fit.id for fit in answer.shown]


def _asked(answer: Assessment) -> Collection[str]:
    return answer.question.about if answer.question else ()


_CHECKS: dict[str, Callable[[Assessment, Any], str | None]] = {
    "care_level": _level("", lambda found, wanted: found == wanted),
    "care_level_at_most": _level("at most ", lambda found, wanted: found <= wanted),
    "care_level_at_least": _level("at least ", lambda found, wanted: found >= wanted),
    "raised": _among("raised", _raised, True),
    "not_raised": _among("raised", _raised, False),
    "leads": _leads,
    "among_shown": _among("shown", _shown, True),
    "not_shown": _among("shown", _shown, False),
    "asks": _among("asked next", _asked, True),
    "does_not_ask": _among("asked next", _asked, False),
}
