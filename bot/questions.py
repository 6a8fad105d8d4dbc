"""What to ask next: what could still be an emergency first, then what tells most, grouped where people can answer together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.case import Case
from bot.known import Known
from bot.library import LEVELS, Condition, Library, RedFlag
from bot.ranking import Fit, likelihoods
from bot.rule import PRESENT, UNSURE, Atom, atom_holds, atom_is_lost
from bot.urgency import Urgency, judge, level_of

AT_MOST = 12
RESULT_OFFERED_AFTER = 4
BUNDLE = 4
WORTH_ASKING = 0.03  # expected gain in nats below which a question is not worth a person's time
SETTLED = 0.98  # share of the leading condition from which no more is asked to rank

OPENING = ("chest_pain_or_breathless", "severely_unwell", "cold_pale_foot", "saddle_numbness_bladder_bowel")
LOOK_AND_FEEL = ("hot_red_joint", "fever", "calf_swelling_one_sided", "cannot_walk_now")
INJURY = ("deformity", "knee_joint_went_out", "heavy_bleeding", "leg_tight_hard")
CHILD = ("limp", "pain_hip_or_groin", "fever", "cannot_walk_now")
HISTORY = ("immunosuppressed_or_diabetes", "knee_replacement", "recent_knee_procedure", "anticoagulants")
CLOT = ("recent_immobility_or_surgery", "previous_clot", "previous_clot_or_clot_risk", "pregnancy_or_recent_birth", "journey_recent", "leg_in_cast")
WHERE = ("pain_location_front", "pain_location_back", "pain_location_inner", "pain_location_outer", "pain_location_all_over")
START = ("injury_recent", "onset_sudden", "onset_gradual")


@dataclass(frozen=True)
class Interview:
    """How far the interview is: questions asked so far, what they were about, what was asked a second time."""

    count: int = 0
    done: frozenset[str] = field(default_factory=frozenset)
    again: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Question:
    """about: finding ids or one person key. kind: danger, again, person, place, gain. one_of: only one can be true."""

    about: tuple[str, ...]
    kind: str
    one_of: bool = False


def next_question(
    case: Case, known: Known, urgency: Urgency, fits: tuple[Fit, ...], library: Library, interview: Interview | None = None,
    days_matter: Callable[[], bool] = lambda: False,
) -> Question | None:  # fmt: skip
    """None when no open question could change the advice, or twelve were asked. days_matter: whether how long it has lasted
    changes the care level that the conditions give."""
    interview = interview or Interview()
    if urgency.is_emergency:
        return None
    if interview.count >= AT_MOST:
        return None
    question = _next(_Asker(case, known, urgency, fits, library, interview), urgency, days_matter)
    if question and interview.count == AT_MOST - 1 and not question.one_of:
        return Question(question.about[:1], question.kind)  # a yes to several would need one question more
    return question


def _next(ask: _Asker, urgency: Urgency, days_matter: Callable[[], bool]) -> Question | None:
    question = ask.in_danger() or ask.second_time() or ask.screen()
    if question:
        return question
    if urgency.level == "same_day":
        return ask.danger()
    return ask.person() or ask.danger() or ask.place() or ask.history() or ask.gain() or (ask.person("days") if days_matter() else None)


class _Asker:
    def __init__(self, case: Case, known: Known, urgency: Urgency, fits: tuple[Fit, ...], library: Library, interview: Interview) -> None:
        self.case, self.known, self.urgency = case, known, urgency
        self.fits, self.library, self.interview = fits, library, interview

    # --- what may be asked ------------------------------------------------------------------

    def open(self, name: str) -> bool:
        """Not yet told, not yet asked, not derived, and sensible for this person."""
        finding = self.library.findings[name]
        if finding.is_derived or name in self.known.findings or name in self.interview.done:
            return False
        if finding.needs and not any(self.known.has(need) for need in finding.needs):
            return False
        return self._suits(name)

    def _suits(self, name: str) -> bool:
        age, sex = self.known.age, self.case.person.get("sex")
        if name == "pregnancy_or_recent_birth":
            return sex != "male" and not (age is not None and (age < 12 or age > 55)) and self.case.person.get("pregnant") is None
        limits = {"growth_spurt_sporty": 18, "pale_bruising_child": 25, "baby_injury": 2, "bedtime_aches_gone_by_morning": 18}
        if name in limits:
            return age is not None and age < limits[name]
        return not (name in ("suicidal_thoughts", "harmed_by_someone", "overdose") or (name == "sti_risk" and age is not None and age < 16))

    # --- danger -------------------------------------------------------------------------------

    def in_danger(self) -> Question | None:
        """Who was hurt by someone is asked about danger now, before anything about the knee."""
        return Question(("in_danger_now",), "danger") if self.known.has("harmed_by_someone") and self.open("in_danger_now") else None

    def second_time(self) -> Question | None:
        """An emergency sign that a person was not sure of is asked once more, in other words."""
        for name, answer in sorted(self.known.findings.items()):
            if answer == UNSURE and self._is_emergency_sign(name) and name not in self.interview.again:
                return Question((name,), "again")
        return None

    def _is_emergency_sign(self, name: str) -> bool:
        return name in self.case.findings and name in emergency_signs(self.library)

    def screen(self) -> Question | None:
        """What nobody is reassured without."""
        for names in self._screens():
            rest = tuple(name for name in names if self.open(name))
            if rest:
                return Question(rest, "danger")
        return None

    def danger(self) -> Question | None:
        """What would by itself raise the care level, now that the rest of a rule is known."""
        wanted = self._one_answer_away(self.known)
        ranked = sorted((n for n in wanted if self.open(n)), key=lambda n: (-wanted[n], list(self.library.findings).index(n)))
        return Question(self._bundle(ranked), "danger") if ranked else None

    def _screens(self) -> list[tuple[str, ...]]:
        screens: list[tuple[str, ...]] = [OPENING]
        if self.known.has("injury_recent"):
            screens.append(INJURY)
        if self.urgency.level != "same_day":
            screens.append(CHILD if self.known.has("age_under_18") else LOOK_AND_FEEL)
        return screens

    def _one_answer_away(self, known: Known) -> dict[str, int]:
        """Finding → the highest care level that its presence would give by itself, above the present one."""
        floor = LEVELS.index("emergency_now") if self.urgency.level == "same_day" else LEVELS.index("see_clinician_days") + 1
        out: dict[str, int] = {}
        for flag in self.library.red_flags.values():
            level = LEVELS.index(flag.level)
            if level >= floor:
                for name in self._completing(flag, known):
                    if LEVELS.index(self._level_if(flag, name)) >= floor:
                        out[name] = max(out.get(name, 0), level)
        return out

    def _completing(self, flag: RedFlag, known: Known) -> Iterable[str]:
        for missing, conjunct in ((m, c) for c in flag.when.conjuncts for m in (_missing(c, known),) if m is not None):
            told = sum(atom.kind == PRESENT and self.known.has(atom.name) for atom in conjunct)
            finding = self.library.findings[missing]
            if told > finding.rare or (finding.needs and any(self.known.has(need) for need in finding.needs)):
                yield missing

    def _level_if(self, flag: RedFlag, name: str) -> str:
        return level_of(flag, Known({**self.known.findings, name: PRESENT}, self.known.age, self.known.days))

    def _bundle(self, ranked: list[str]) -> tuple[str, ...]:
        """The first, with others of its family that read well in one question."""
        for family in (HISTORY, CLOT):
            if ranked[0] in family:
                return tuple(name for name in family if name in ranked)
        first = self.library.findings[ranked[0]]
        same = [name for name in ranked[1:] if self.library.findings[name].group == first.group]
        others = [name for name in ranked[1:] if name not in same and name not in HISTORY and name not in CLOT]
        return (ranked[0], *same, *others)[:BUNDLE]

    # --- who, where, history ----------------------------------------------------------------------

    def person(self, needed: str = "age") -> Question | None:
        for key in ("age", "days"):
            if key not in self.case.person and key not in self.interview.done and (key == needed or key == "age" or self._days_matter()):
                return Question((key,), "person", one_of=True)
        return None

    def _days_matter(self) -> bool:
        """Whether knowing how long changes the level, or spares a question."""
        old, new = (Known(self.known.findings, self.known.age, days) for days in (400.0, 1.0))
        if judge(old, self.library).level != judge(new, self.library).level:
            return True
        return bool({n for n in self._one_answer_away(new) if self.open(n)} - set(self._one_answer_away(old)))

    def place(self) -> Question | None:
        group = self.library.group("where")
        if any(self.known.has(name) for name in group if name != "both_legs_affected") or any(n in self.interview.done for n in WHERE):
            return None
        names = tuple(name for name in (*WHERE, "pain_location_calf") if self.open(name))
        return Question(names, "place") if len(names) > 1 else None

    def history(self) -> Question | None:
        """Before anyone is told to look after it at home: only what could change that."""
        wanted = {name for flag in self.library.red_flags.values() for name in self._completing_any(flag)}
        names = tuple(name for name in HISTORY if name in wanted and self.open(name))
        return Question(names, "danger") if names else None

    def _completing_any(self, flag: RedFlag) -> Iterable[str]:
        now = LEVELS.index(self.urgency.level or "self_care")
        return self._completing(flag, self.known) if LEVELS.index(flag.level) > now else ()

    # --- gain ---------------------------------------------------------------------------------------

    def gain(self) -> Question | None:
        if not self.fits:
            return None
        leading = [self.library.conditions[fit.id] for fit in self.fits if fit.score >= self.fits[0].score - 4.0][:10]
        shares = likelihoods(tuple(fit for fit in self.fits if fit.id in {c.id for c in leading}))
        if shares and max(shares.values()) >= SETTLED:
            return None
        gains = {name: _gain(name, leading, shares, self.library) for name in self.library.findings if self.open(name)}
        best = max(gains, key=lambda name: (gains[name], name), default=None)
        if best is None or gains[best] < WORTH_ASKING:
            return None
        return self._grouped(best, gains)

    def _grouped(self, best: str, gains: Mapping[str, float]) -> Question:
        group = self.library.findings[best].group
        same = [n for n in sorted(gains, key=lambda n: -gains[n]) if self.library.findings[n].group == group and gains[n] >= min(gains[best], max(gains[best] / 4, 0.03))]
        names = tuple(same[:BUNDLE])
        return Question(names, "gain")


def _missing(conjunct: Iterable[Atom], known: Known) -> str | None:
    """The one finding whose presence would complete the conjunct, if there is just one and nothing speaks against it."""
    open_atoms = [atom for atom in conjunct if not atom_holds(atom, known)]
    if len(open_atoms) != 1 or atom_is_lost(open_atoms[0], known) or open_atoms[0].kind != PRESENT:
        return None
    return open_atoms[0].name


_SIGNS: dict[str, frozenset[str]] = {}


def emergency_signs(library: Library) -> frozenset[str]:
    """Findings whose presence helps to raise an emergency."""
    if library.version not in _SIGNS:
        flags = (flag for flag in library.red_flags.values() if flag.level == "emergency_now")
        _SIGNS[library.version] = frozenset(a.name for flag in flags for c in flag.when.conjuncts for a in c if a.kind == PRESENT)
    return _SIGNS[library.version]


def alarms_alone(library: Library) -> frozenset[str]:
    """Findings that by themselves give care the same day or at once."""
    out = set()
    for flag in (f for f in library.red_flags.values() if LEVELS.index(f.level) >= LEVELS.index("same_day")):
        for conjunct in flag.when.conjuncts:
            stated = [atom.name for atom in conjunct if atom.kind == PRESENT]
            if len(stated) == 1 and not any(atom.kind in ("absent", "unsure", "age_from", "days_over") for atom in conjunct):
                out.add(stated[0])
    return frozenset(out)


def soothers(library: Library) -> frozenset[str]:
    """Findings that do nothing but keep a rule of the same day or above from being raised."""
    flags = (flag for flag in library.red_flags.values() if LEVELS.index(flag.level) >= LEVELS.index("same_day"))
    atoms = [atom for flag in flags for conjunct in flag.when.conjuncts for atom in conjunct]
    used = {atom.name for atom in atoms if atom.kind == PRESENT} | {name for condition in library.conditions.values() for name in condition.grades}
    return frozenset(atom.name for atom in atoms if atom.kind == "not_present") - used


def doubted(names: Sequence[str], library: Library) -> list[str]:
    """What one 'not sure' to all of these counts for. A finding of which doubt alone raises an alarm is then asked about by itself."""
    alarms = alarms_in_doubt(library)
    return [name for name in names if len(names) == 1 or name not in alarms]


def alarms_in_doubt(library: Library) -> frozenset[str]:
    """Findings of which already 'not sure' helps to raise a red flag."""
    return frozenset(a.name for flag in library.red_flags.values() for c in flag.when.conjuncts for a in c if a.kind == UNSURE)


def _gain(name: str, leading: list[Condition], shares: Mapping[str, float], library: Library) -> float:
    """Expected fall of the entropy over the leading conditions (nats) when the finding is asked."""
    presence = {c.id: library.grades.presence[c.grades.get(name, "")] for c in leading}
    yes = sum(shares[c.id] * presence[c.id] for c in leading)
    before = _entropy(shares.values())
    after = 0.0
    for chance, weights in ((yes, {k: shares[k] * p for k, p in presence.items()}), (1 - yes, {k: shares[k] * (1 - p) for k, p in presence.items()})):
        if chance > 0:
            after += chance * _entropy(w / chance for w in weights.values())
    return before - after


def _entropy(shares: Iterable[float]) -> float:
    return -sum(s * math.log(s) for s in shares if s > 0)
