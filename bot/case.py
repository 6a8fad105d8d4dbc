"""What one person has told us so far, and nothing that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from bot.rule import ABSENT, PRESENT, UNSURE

ANSWERS = (PRESENT, ABSENT, UNSURE)
PERSON_KEYS = ("age", "sex", "pregnant", "side", "for", "days", "country")
_ALLOWED = {"sex": ("female", "male"), "side": ("left", "right", "both"), "for": ("self", "other", "child")}


class CaseError(ValueError):
    """The value is not a case. The message says which part and what would be right."""


@dataclass(frozen=True)
class Case:
    """findings: id → present, absent or unsure. person: age (years), days (since it began), sex, pregnant, side, for, country."""

    findings: Mapping[str, str] = field(default_factory=dict)
    person: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", MappingProxyType(dict(self.findings)))
        object.__setattr__(self, "person", MappingProxyType(dict(self.person)))

    def tell(self, finding: str, answer: str) -> Case:
        return replace(self, findings={**self.findings, finding: answer})

    def tell_all(self, findings: Mapping[str, str], person: Mapping[str, Any] | None = None) -> Case:
        return Case({**self.findings, **findings}, {**self.person, **(person or {})})

    def forget(self, key: str) -> Case:
        return Case({k: v for k, v in self.findings.items() if k != key}, {k: v for k, v in self.person.items() if k != key})

    def to_slot(self) -> dict[str, Any]:
        """The value of the slot `case`."""
        return {"findings": dict(sorted(self.findings.items())), "person": dict(sorted(self.person.items()))}


def from_slot(value: Any) -> Case:
    """Reads the slot `case`. Raises CaseError on anything else."""
    if value is None:
        return Case()
    if not isinstance(value, Mapping) or set(value) - {"findings", "person"}:
        raise CaseError("a case is an object with 'findings' and 'person'")
    findings, person = value.get("findings") or {}, value.get("person") or {}
    if not isinstance(findings, Mapping) or not isinstance(person, Mapping):
        raise CaseError("'findings' and 'person' are objects")
    for key, answer in findings.items():
        if answer not in ANSWERS:
            raise CaseError(f"findings > {key}: found {answer!r}, should be present, absent or unsure")
    for key, told in person.items():
        check_person(key, told)
    return Case(findings, person)


def check_person(key: str, told: Any) -> None:
    if key not in PERSON_KEYS:
        raise CaseError(f"person: no such key {key!r}. Allowed: {', '.join(PERSON_KEYS)}")
    number = isinstance(told, (int, float)) and not isinstance(told, bool) and told >= 0
    if key in ("age", "days") and not (number and told == told and told < 100_000):
        raise CaseError(f"person > {key}: found {told!r}, should be a number, 0 or more")
    if key == "pregnant" and not isinstance(told, bool):
        raise CaseError(f"person > pregnant: found {told!r}, should be true or false")
    if key in _ALLOWED and told not in _ALLOWED[key]:
        raise CaseError(f"person > {key}: found {told!r}, should be one of {', '.join(_ALLOWED[key])}")
    if key == "country" and not (isinstance(told, str) and len(told) == 2 and told.isalpha() and told.isupper()):
        raise CaseError(f"person > country: found {told!r}, should be two capital letters")
