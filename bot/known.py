"""What is known once the plain consequences of a case are drawn: ages, both legs, one finding that implies another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.case import Case
from bot.library import Finding, Library
from bot.rule import ABSENT, PRESENT


@dataclass(frozen=True)
class Known:
    """findings: told and derived. age in years, days since it began; None where not told."""

    findings: Mapping[str, str]
    age: float | None
    days: float | None

    def has(self, finding: str) -> bool:
        return self.findings.get(finding) == PRESENT

    def denies(self, finding: str) -> bool:
        return self.findings.get(finding) == ABSENT


def known(case: Case, library: Library) -> Known:
    """The same case always gives the same result; ids that the library does not hold are left out."""
    told = {name: answer for name, answer in case.findings.items() if name in library.findings}
    age = case.person.get("age")
    findings = {name: a for name, a in told.items() if age is None or not library.findings[name].is_derived}
    findings.update(_of_person(case, library))
    _spread(findings, library)
    return Known(findings, age, case.person.get("days"))


def _of_person(case: Case, library: Library) -> dict[str, str]:
    out: dict[str, str] = {}
    age = case.person.get("age")
    if age is not None:
        out.update({f.id: PRESENT if _fits_age(f, age) else ABSENT for f in library.findings.values() if f.is_derived})
    if age is None and case.person.get("for") == "child":
        out["age_under_18"] = PRESENT
    if case.person.get("pregnant") is True:
        out["pregnancy_or_recent_birth"] = PRESENT
    if case.person.get("side") == "both" and "both_legs_affected" not in case.findings:
        out["both_legs_affected"] = PRESENT
    return out


def _fits_age(finding: Finding, age: float) -> bool:
    return (finding.age_under is None or age < finding.age_under) and (finding.age_from is None or age >= finding.age_from)


def _spread(findings: dict[str, str], library: Library) -> None:
    """Present findings bring what they imply; what is denied takes with it everything that would imply it."""
    todo = [name for name, answer in findings.items() if answer == PRESENT]
    while todo:
        for implied in library.findings[todo.pop()].implies:
            if findings.get(implied) != PRESENT:
                findings[implied] = PRESENT
                todo.append(implied)
    changed = True
    while changed:
        changed = False
        for finding in library.findings.values():
            if finding.id not in findings and any(findings.get(name) == ABSENT for name in finding.implies):
                findings[finding.id] = ABSENT
                changed = True
    for name in [n for n, answer in findings.items() if answer == PRESENT]:
        for other in library.findings[name].excludes:
            findings.setdefault(other, ABSENT)
