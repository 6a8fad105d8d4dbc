"""A case → the conditions that fit, each with its arithmetic: prior, what speaks for it, what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bot.known import Known
from bot.library import Condition, Library, Together
from bot.rule import ABSENT, PRESENT

BANDS = ("fits_well", "fits_partly", "less_likely")


@dataclass(frozen=True)
class Reason:
    """One line of the sum: findings, whether they are present or absent, and what that adds (natural-log units)."""

    findings: tuple[str, ...]
    answer: str
    grade: str
    adds: float


@dataclass(frozen=True)
class Fit:
    """score = prior + the reasons, each group of findings capped. band is fits_well, fits_partly or less_likely."""

    id: str
    score: float
    band: str
    prior: float
    reasons: tuple[Reason, ...]

    @property
    def speaks_for(self) -> tuple[Reason, ...]:
        return tuple(sorted((r for r in self.reasons if r.adds > 0), key=lambda r: -r.adds))

    @property
    def speaks_against(self) -> tuple[Reason, ...]:
        return tuple(sorted((r for r in self.reasons if r.adds < 0), key=lambda r: r.adds))


def rank(known: Known, library: Library) -> tuple[Fit, ...]:
    """All conditions that the age allows, best first; equal scores by id. Nothing is said: the priors decide."""
    scored = [_score(condition, known, library) for condition in library.conditions.values() if age_allows(condition, known)]
    scored.sort(key=lambda row: (-row[1], row[0].provisional, row[0].id))
    scored = _provisional_last(scored)
    best = scored[0][1] if scored else 0.0
    return tuple(
        Fit(condition.id, round(score, 6), _band(score, best, reasons, library), library.grades.tiers[condition.tier], reasons)
        for condition, score, reasons in scored
    )


Scored = tuple[Condition, float, tuple[Reason, ...]]


def _provisional_last(scored: list[Scored]) -> list[Scored]:
    """A provisional label never stands above a more exact match with any reason of its own within reach."""
    for position, (condition, score, _) in enumerate(scored):
        if condition.provisional:
            later = [row for row in scored[position + 1 :] if row[1] >= score - 1.0 and any(r.adds > 0 for r in row[2])]
            if later:
                rest = [row for row in scored if row[0] is not condition]
                place = rest.index(later[-1]) + 1
                return [*rest[:place], (condition, later[-1][1], scored[position][2]), *rest[place:]]
    return scored


def age_allows(condition: Condition, known: Known) -> bool:
    if any(known.has(name) for name in condition.age_unless):
        return True
    age = known.age
    if age is None:
        return not (condition.age_until is not None and known.has("age_45_or_over"))
    return (condition.age_from is None or age >= condition.age_from) and (condition.age_until is None or age <= condition.age_until)


def _score(condition: Condition, known: Known, library: Library) -> Scored:
    reasons = [r for name, grade in condition.grades.items() if (r := _reason(name, grade, known, library))]
    reasons += [Reason(t.all, PRESENT, t.grade, library.grades.findings[t.grade] * 0.5) for t in condition.together if applies(t, known)]
    total = library.grades.tiers[condition.tier] + sum(_capped(reasons, library).values()) + sum(r.adds for r in reasons if len(r.findings) > 1)
    return condition, total, tuple(reasons)


def applies(together: Together, known: Known) -> bool:
    return all(known.has(name) for name in together.all) and not any(known.has(name) for name in together.none)


def _reason(name: str, grade: str, known: Known, library: Library) -> Reason | None:
    answer = known.findings.get(name)
    table = {PRESENT: library.grades.findings, ABSENT: library.grades.denied}.get(answer or "")
    adds = table[grade] if table else 0.0
    return Reason((name,), str(answer), grade, adds) if adds else None


def _capped(reasons: list[Reason], library: Library) -> Mapping[tuple[str, bool], float]:
    """The sum of each group of findings, for and against apart, no larger than the cap."""
    sums: dict[tuple[str, bool], float] = {}
    for reason in (r for r in reasons if len(r.findings) == 1):
        key = (library.findings[reason.findings[0]].group, reason.adds > 0)
        sums[key] = sums.get(key, 0.0) + reason.adds
    cap = library.grades.group_cap
    return {key: max(-cap, min(cap, value)) for key, value in sums.items()}


def _band(score: float, best: float, reasons: tuple[Reason, ...], library: Library) -> str:
    if not _is_spoken_for(reasons):
        return "less_likely"
    for name in BANDS[:2] if _has_a_sign(reasons, library) else BANDS[1:2]:
        limits = library.grades.bands[name]
        if score >= limits["at_least"] and score >= best - limits["within"]:
            return name
    return "less_likely"


def _has_a_sign(reasons: tuple[Reason, ...], library: Library) -> bool:
    """Age, history or load alone make nothing fit well: one telling sign does, or three ordinary ones."""
    signs = [r for r in reasons if r.adds > 0 and r.answer == PRESENT and any(_is_a_sign(name, library) for name in r.findings)]
    return len(signs) >= 3 or any(r.grade == "++" for r in signs)


def _is_a_sign(name: str, library: Library) -> bool:
    return library.findings[name].group != "about_you" and name not in ("training_increase", "injury_recent", "wound_near_knee")


def shown(fits: tuple[Fit, ...], library: Library) -> tuple[Fit, ...]:
    """What a person is shown: what something speaks for and fits about as well as the best, at most as many as grades.yml allows."""
    reach = library.grades.bands["fits_partly"]["within"]
    best = max((fit.score for fit in fits if _is_spoken_for(fit.reasons)), default=0.0)
    return tuple(fit for fit in fits if _is_spoken_for(fit.reasons) and fit.score >= best - reach)[: library.grades.shown_at_most]


def _is_spoken_for(reasons: tuple[Reason, ...]) -> bool:
    return any(r.adds > 0 and r.answer == PRESENT for r in reasons)


def likelihoods(fits: tuple[Fit, ...]) -> dict[str, float]:
    """Scores as shares that sum to one, to weigh questions by; never shown."""
    best = max((fit.score for fit in fits), default=0.0)
    weights = {fit.id: math.exp(fit.score - best) for fit in fits}
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items()}
