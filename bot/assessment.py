"""Urgency, ranking and questions, put together. The same case gives the same result, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.case import Case
from bot.known import Known, known
from bot.library import LEVELS, Library, higher
from bot.questions import Interview, Question, emergency_signs, next_question
from bot.ranking import Fit, rank, shown
from bot.rule import UNSURE
from bot.urgency import Urgency, judge

HIGHEST_BY_FIT = "see_clinician_days"


@dataclass(frozen=True)
class Assessment:
    """care_level is one of library.LEVELS. shown: the fits that a person reads. question: None when nothing is left to ask."""

    case: Case
    known: Known
    care_level: str
    urgency: Urgency
    fits: tuple[Fit, ...]
    shown: tuple[Fit, ...]
    question: Question | None
    version: str

    @property
    def is_emergency(self) -> bool:
        return self.urgency.is_emergency

    def as_json(self) -> dict[str, Any]:
        """What `python -m bot assess` prints."""
        return {
            "care_level": self.care_level,
            "red_flags": [raised.id for raised in self.urgency.raised],
            "conditions": [
                {
                    "id": fit.id,
                    "fit": fit.band,
                    "for": [name for reason in fit.speaks_for for name in reason.findings],
                    "against": [name for reason in fit.speaks_against for name in reason.findings],
                }
                for fit in self.shown
            ],
            "next_question": list(self.question.about) if self.question else None,
            "knowledge_version": self.version,
        }


def assess(case: Case, library: Library, interview: Interview | None = None) -> Assessment:
    facts = known(case, library)
    urgency = judge(facts, library)
    fits = rank(facts, library)
    chosen = shown(fits, library)
    question = next_question(case, facts, urgency, fits, library, interview)
    return Assessment(case, facts, _care_level(facts, urgency, chosen, library), urgency, fits, chosen, question, library.version)


def _care_level(facts: Known, urgency: Urgency, chosen: tuple[Fit, ...], library: Library) -> str:
    """The highest of every rule that fired and of each condition that fits well, where a fit counts for days at most."""
    level = urgency.level or "self_care"
    for fit in chosen:
        if fit.band == "fits_well":
            own = min(library.conditions[fit.id].care_level, HIGHEST_BY_FIT, key=LEVELS.index)
            level = higher(level, own)
    if level == "self_care" and any(a == UNSURE for n, a in facts.findings.items() if n in emergency_signs(library)):
        return "see_clinician_days"
    return level
