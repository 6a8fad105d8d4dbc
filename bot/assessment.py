"""Urgency, ranking and questions, put together. The same case gives the same result, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.case import Case
from bot.known import Known, known
from bot.library import LEVELS, Condition, Library, higher
from bot.questions import Interview, Question, next_question
from bot.ranking import Fit, rank, shown
from bot.rule import PRESENT, UNSURE
from bot.urgency import Urgency, judge

HIGHEST_BY_FIT = "see_clinician_days"
TOO_LONG_FOR_HOME = 84  # days: most new knee pain settles within 6 to 12 weeks; what has not is worth a routine visit


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


def assess(case: Case, library: Library, interview: Interview | None = None, ranked: bool = True) -> Assessment:
    """ranked: False leaves conditions out of it altogether: rules and danger questions only."""
    facts = known(case, library)
    urgency = judge(facts, library)
    fits = rank(facts, library) if ranked else ()
    chosen = _with_danger(shown(fits, library), fits, urgency, library)

    def level_after(days: float) -> str:
        then = Known(facts.findings, facts.age, days)
        return _care_level(case, then, judge(then, library), chosen, library)

    question = next_question(case, facts, urgency, fits, library, interview, lambda: level_after(14.0) != level_after(400.0))
    return Assessment(case, facts, _care_level(case, facts, urgency, chosen, library), urgency, fits, chosen, question, library.version)


def _with_danger(chosen: tuple[Fit, ...], fits: tuple[Fit, ...], urgency: Urgency, library: Library) -> tuple[Fit, ...]:
    """The condition that a raised rule is about stands in the list, last if need be, when anything speaks for it."""
    wanted = [name for raised in urgency.raised for name in library.red_flags[raised.id].points_to]
    if not wanted or any(fit.id in wanted for fit in chosen):
        return chosen
    danger = next((fit for fit in fits if fit.id in wanted and fit.speaks_for and fit.speaks_for[0].answer == PRESENT), None)
    return (*chosen[: library.grades.shown_at_most - 1], danger) if danger else chosen


def _care_level(case: Case, facts: Known, urgency: Urgency, chosen: tuple[Fit, ...], library: Library) -> str:
    """The highest of every rule that fired and of each condition that fits well, where a fit counts for days at most."""
    level = urgency.level or "self_care"
    for place, fit in enumerate(chosen):
        grave = place == 0 and fit.band == "fits_partly" and _not_for_home(library.conditions[fit.id], facts)
        if fit.band == "fits_well" or grave:
            level = higher(level, min(_own_level(library.conditions[fit.id], facts), HIGHEST_BY_FIT, key=LEVELS.index))
    if LEVELS.index(level) < LEVELS.index(HIGHEST_BY_FIT) and _may_be_urgent(case, facts, library):
        return HIGHEST_BY_FIT
    if level == "self_care" and facts.days is not None and facts.days > TOO_LONG_FOR_HOME and not facts.has("already_assessed"):
        return "see_clinician_weeks"
    return level


def _not_for_home(condition: Condition, facts: Known) -> bool:
    """What nobody is sent home with on top of the list, even where it fits only partly."""
    return condition.group == "serious" or (condition.group == "injury" and facts.has("giving_way"))


def _own_level(condition: Condition, facts: Known) -> str:
    """What the condition asks for when nothing alarming goes with it. Only what was said lowers it."""
    return min((condition.care_level, *(level for rule, level in condition.lowered if rule.holds(facts))), key=LEVELS.index)


def _may_be_urgent(case: Case, facts: Known, library: Library) -> bool:
    """Whether a sign that the person was not sure of would, if present, need care the same day or at once."""
    for name in (n for n, answer in facts.findings.items() if answer == UNSURE):
        if judge(known(case.tell(name, PRESENT), library), library).level in ("same_day", "emergency_now"):
            return True
    return False
