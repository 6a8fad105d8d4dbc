"""A case → the care level that the red-flag rules give, with the rules that raised it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.known import Known
from bot.library import LEVELS, Library, RedFlag, higher


@dataclass(frozen=True)
class Raised:
    """One rule that fired, and the level that it gives for this person. action is ambulance, emergency_department or None."""

    id: str
    level: str
    action: str | None


@dataclass(frozen=True)
class Urgency:
    """The highest level of all rules that fired; level is None when none did."""

    level: str | None
    raised: tuple[Raised, ...]

    @property
    def is_emergency(self) -> bool:
        return self.level == "emergency_now"

    @property
    def action(self) -> str | None:
        """Ambulance wins over going there oneself."""
        actions = {raised.action for raised in self.raised if raised.level == "emergency_now"}
        return "ambulance" if "ambulance" in actions else next(iter(actions - {None}), None)


def judge(known: Known, library: Library) -> Urgency:
    """Every rule is read on every call; the result holds the rules that fired, the most urgent first."""
    raised = [_raised(flag, known) for flag in library.red_flags.values() if flag.when.holds(known)]
    raised.sort(key=lambda r: -LEVELS.index(r.level))
    level = raised[0].level if raised else None
    return Urgency(level, tuple(raised))


def _raised(flag: RedFlag, known: Known) -> Raised:
    level = level_of(flag, known)
    action = flag.action if level == "emergency_now" else None
    if action and flag.ambulance_if and flag.ambulance_if.holds(known):
        action = "ambulance"
    return Raised(flag.id, level, action)


def level_of(flag: RedFlag, known: Known) -> str:
    """The level that the rule gives this person. Only what was said lowers it, never silence."""
    lowered = [level for rule, level in flag.lowered if rule.holds(known)]
    level = min(lowered, key=LEVELS.index) if lowered else flag.level
    seen = known.has("already_assessed") and not known.has("newly_worse")
    if flag.clinician_seen_lowers and seen and level == higher(level, "see_clinician_days"):
        return "see_clinician_days"
    return level
