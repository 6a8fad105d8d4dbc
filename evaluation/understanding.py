"""Messages → how well they are understood: intents, findings with their role, red flags, questions, typos, time."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.library import LEVELS, load
from evaluation.marked import Marked, groups, slips_of_people
from evaluation.rates import Figure, bootstrap, calibration, confusion, f1, middle, ratio, share
from evaluation.typos import one_typo, typo_in_every_long_word
from evaluation.understood import Understand, Understood, level_of

OUT = ("out_of_scope", "ask_dose", "chitchat")
ABOUT_CONDITIONS = ("ask_condition", "compare", "ask_fit")
STATED = ("present", "absent", "unsure")
SEED = 7


@dataclass(frozen=True)
class Read:
    """A marked message and what was made of it."""

    marked: Marked
    understood: Understood

    @property
    def said(self) -> dict[str, str]:
        """Ids that were read as stated, without those that count neither way."""
        left_out = self.marked.not_counted
        return {i: r for i, r in self.understood.findings.items() if r in STATED and i not in left_out}

    @property
    def found(self) -> set[str]:
        return set(self.said) & set(self.marked.stated)

    @property
    def intent_right(self) -> bool:
        return self.understood.intent == self.marked.intent

    @property
    def turned(self) -> set[str]:
        """Found, in the wrong role."""
        return {i for i in self.found if self.said[i] not in self.marked.stated[i]}

    @property
    def denied_taken_as_present(self) -> list[bool]:
        denied = [i for i, roles in self.marked.stated.items() if roles == {"absent"}]
        return [self.said.get(i) == "present" for i in denied]

    def row(self) -> tuple[int, int, int, int]:
        """found, marked, right, right in the right role: the sums that precision, recall and F1 are made of."""
        right = len(self.found)
        return len(self.said), len(self.marked.stated), right, right - len(self.turned)


@dataclass
class Tables:
    """figures: table name → rows of name and figure. pictures: what is drawn of them."""

    figures: dict[str, list[tuple[str, Figure | str]]] = field(default_factory=dict)
    confusion: dict[tuple[str, str], int] = field(default_factory=dict)
    confidences: list[tuple[float, bool]] = field(default_factory=list)
    curve: list[tuple[float, float, int]] = field(default_factory=list)


def read_all(messages: Sequence[Marked], understand: Understand, tell: Callable[[str], None] = lambda words: None) -> list[Read]:
    out = []
    for number, message in enumerate(messages, 1):
        out.append(Read(message, understand(message.text)))
        if number % 200 == 0:
            tell(f"{number} of {len(messages)} messages")
    return out


def measure(reads: Sequence[Read]) -> Tables:
    """Every table for the project's own messages, but for the one with typos."""
    tables = Tables()
    tables.figures["Findings"] = finding_figures(reads)
    tables.figures["Findings by group: F1"] = group_figures(reads)
    tables.figures["Warning signs"] = warning_figures(reads)
    tables.figures["Intents"] = intent_figures(reads)
    tables.figures["Questions"] = question_figures(reads)
    tables.figures["Facts on the person"] = person_figures(reads)
    tables.figures["Time"] = time_figures(reads)
    judged = [r for r in reads if r.marked.intent]
    tables.confusion = confusion((str(r.marked.intent), r.understood.intent) for r in judged)
    tables.confidences = [(r.understood.confidence, r.intent_right) for r in judged]
    tables.curve, _ = calibration([c for c, _ in tables.confidences], [m for _, m in tables.confidences])
    return tables


# --- findings -------------------------------------------------------------------------------------


def finding_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    rows = [r.row() for r in reads]
    return [
        ("precision", bootstrap(rows, lambda s: ratio(s[2], s[0]))),
        ("recall", bootstrap(rows, lambda s: ratio(s[2], s[1]))),
        ("F1", bootstrap(rows, lambda s: f1(s[0], s[1], s[2]))),
        ("F1 where the role must be right too", bootstrap(rows, lambda s: f1(s[0], s[1], s[3]))),
        ("role right among those found", share(i not in r.turned for r in reads for i in r.found)),
        ("denied taken as present", share(mark for r in reads for mark in r.denied_taken_as_present)),
        ("only mentioned, taken as present", share(r.said.get(i) == "present" for r in reads for i in r.marked.mentioned - r.marked.not_counted)),
    ]


def score(reads: Sequence[Read]) -> float:
    found, said, right, _ = (sum(column) for column in zip(*(r.row() for r in reads))) if reads else (0, 0, 0, 0)
    return f1(found, said, right)


def group_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    slips = slips_of_people()
    placed: dict[str, list[Read]] = {}
    for read in reads:
        for group in (*sorted(groups(read.marked, slips)), f"set: {read.marked.kind}"):
            placed.setdefault(group, []).append(read)
    rows = []
    for name, members in sorted(placed.items()):
        figure = bootstrap([r.row() for r in members], lambda s: f1(s[0], s[1], s[2]))
        role = share(i not in r.turned for r in members for i in r.found)
        rows.append((name, f"{figure}  of {len(members)} messages; role right {role}"))
    return rows  # type: ignore[return-value]


# --- warning signs --------------------------------------------------------------------------------


def at_least(level: str, least: str) -> bool:
    return LEVELS.index(level) >= LEVELS.index(least)


def alarms(level: str) -> bool:
    return at_least(level, "same_day")


def gold_level(message: Marked) -> str:
    """What the marked findings give by the rules of today."""
    strongest = {i: min(roles, key=STATED.index) for i, roles in message.stated.items()}
    return level_of(strongest, message.person)


def warning_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    flags = [r for r in reads if r.marked.kind == "red_flag" and r.marked.care[0]]
    by_rule = [r for r in flags if at_least(gold_level(r.marked), str(r.marked.care[0]))]
    harmless = [r for r in reads if r.marked.kind == "harmless"]
    others = [r for r in reads if r.marked.kind in ("denial", "questions") and not alarms(gold_level(r.marked))]
    return [
        ("red-flag messages: at least same_day", share(alarms(r.understood.level) for r in flags)),
        ("red-flag messages: at least their level", share(_reached(r) for r in flags)),
        ("the same, where the marked findings give that level", share(_reached(r) for r in by_rule)),
        ("false alarms on harmless messages", share(alarms(r.understood.level) for r in harmless)),
        ("false alarms on denials and questions whose marked findings raise none", share(alarms(r.understood.level) for r in others)),
        ("marked findings give the marked level", share(at_least(gold_level(r.marked), str(r.marked.care[0])) for r in flags)),
        ("harmless messages whose marked findings alarm", share(alarms(gold_level(r.marked)) for r in harmless)),
    ]


def _reached(read: Read) -> bool:
    return at_least(read.understood.level, str(read.marked.care[0]))


# --- intents and questions ------------------------------------------------------------------------


def intent_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    judged = [r for r in reads if r.marked.intent]
    _, error = calibration([r.understood.confidence for r in judged], [r.intent_right for r in judged])
    outside = [r for r in judged if r.marked.intent in OUT]
    inside = [r for r in judged if r.marked.intent not in OUT]
    names = sorted({str(r.marked.intent) for r in judged})
    by_name = [share(r.intent_right for r in judged if r.marked.intent == name).value for name in names]
    return [
        ("accuracy", share(r.intent_right for r in judged)),
        ("accuracy on questions and out of scope alone", share(r.intent_right for r in judged if r.marked.kind == "questions")),
        ("mean accuracy of the intents, each counted once", f"{statistics.fmean(by_name):.3f}  of {len(names)} intents" if names else "nothing to count"),
        ("out of scope taken as in scope", share(r.understood.intent not in (*OUT, "crisis") for r in outside)),
        ("in scope taken as out of scope", share(r.understood.intent in OUT for r in inside)),
        ("expected calibration error of the confidence", f"{error:.3f}"),
    ]


def question_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    conditions = [r for r in reads if r.marked.conditions and r.marked.intent in ABOUT_CONDITIONS]
    topics = [r for r in reads if r.marked.topic]
    aspects = [r for r in reads if r.marked.aspects and (r.marked.conditions or r.marked.topic)]
    return [
        ("condition right", share(condition_right(r) for r in conditions)),
        ("topic right", share(r.marked.topic in r.understood.topics for r in topics)),
        ("aspect right, as the answer takes it up", share(r.understood.answered in r.marked.aspects for r in aspects)),
        ("aspect right, as read", share(bool(set(r.understood.aspects) & set(r.marked.aspects)) for r in aspects)),
        ("condition and aspect right", share(condition_right(r) and r.understood.answered in r.marked.aspects for r in aspects if r.marked.conditions)),
    ]


def condition_right(read: Read) -> bool:
    return set(read.understood.conditions) == set(read.marked.conditions)


def person_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    """Only what is marked: not every fact of every message is, so facts that were read beside it are not judged."""
    told = [(key, value, r.understood.person.get(key)) for r in reads for key, value in r.marked.person.items()]
    rows: list[tuple[str, Figure | str]] = [("all: read right", share(same_fact(*fact) for fact in told))]
    for key in sorted({key for key, _, _ in told}):
        these = [fact for fact in told if fact[0] == key]
        wrong = share(given is not None and not same_fact(key, value, given) for _, value, given in these)
        rows += [(f"{key}: read right", share(same_fact(*fact) for fact in these)), (f"{key}: read otherwise", wrong)]
    return rows


def same_fact(key: str, marked: object, given: object) -> bool:
    """Days may differ by one day or a quarter: 'a few weeks' has no one number."""
    if key == "days" and isinstance(marked, (int, float)) and isinstance(given, (int, float)):
        return abs(marked - given) <= max(1.0, 0.25 * marked)
    return marked == given


def time_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    times = sorted(r.understood.milliseconds for r in reads)
    if not times:
        return []
    return [("milliseconds a message, median", f"{middle(times):.1f}"), ("milliseconds a message, 95th of 100", f"{times[int(0.95 * (len(times) - 1))]:.1f}")]


# --- typos ----------------------------------------------------------------------------------------


def typo_figures(reads: Sequence[Read], understand: Understand) -> list[tuple[str, Figure | str]]:
    """The same messages with slips; each row gives the value and what was lost."""
    rows: list[tuple[str, Figure | str]] = []
    before = _typo_row(reads)
    for name, spoil in (("one typo a message", one_typo), ("a typo in every long word", typo_in_every_long_word)):
        spoilt = [Read(r.marked, understand(spoil(r.marked.text, SEED))) for r in reads]
        for what, value in _typo_row(spoilt).items():
            rows.append((f"{name}: {what}", f"{value:.3f} ({value - before[what]:+.3f})"))
    return rows


def _typo_row(reads: Sequence[Read]) -> dict[str, float]:
    flags = [r for r in reads if r.marked.kind == "red_flag"]
    return {
        "findings F1": score(reads),
        "intent accuracy": share(r.intent_right for r in reads if r.marked.intent).value,
        "red flags at least same_day": share(alarms(r.understood.level) for r in flags).value,
        "false alarms": share(alarms(r.understood.level) for r in reads if r.marked.kind == "harmless").value,
        "denied taken as present": share(mark for r in reads for mark in r.denied_taken_as_present).value,
    }


# --- outside messages -------------------------------------------------------------------------------


def outside_figures(reads: Sequence[Read]) -> list[tuple[str, Figure | str]]:
    """Messages of a file given by path: care between its least and its highest level, where they are marked."""
    judged = [r for r in reads if r.marked.intent]
    named, topics = [r for r in reads if r.marked.conditions], load().topics
    least = [r for r in reads if r.marked.care[0]]
    highest = [r for r in reads if r.marked.care[1]]
    urgent = [r for r in least if alarms(str(r.marked.care[0]))]
    asked = [r for r in reads if r.marked.aspects]
    return [
        *finding_figures(reads)[:6],
        ("intent right", share(r.intent_right for r in judged)),
        ("named conditions right", share(condition_right(r) for r in named)),
        ("topic right, where it is one of ours", share(r.marked.topic in r.understood.topics for r in reads if r.marked.topic in topics)),
        ("aspect right", share(r.understood.answered in r.marked.aspects for r in asked)),
        ("care level not below the least", share(at_least(r.understood.level, str(r.marked.care[0])) for r in least)),
        ("care level not above the highest", share(at_least(str(r.marked.care[1]), r.understood.level) for r in highest)),
        ("urgent ones recognised (least level same_day or more)", share(at_least(r.understood.level, str(r.marked.care[0])) for r in urgent)),
    ]


# --- misses -----------------------------------------------------------------------------------------


def misses(reads: Sequence[Read], at_most: int) -> dict[str, list[str]]:
    """The worst messages of each kind, told so that they can be mended."""
    flags = [r for r in reads if r.marked.kind == "red_flag" and r.marked.care[0] and not _reached(r)]
    flags.sort(key=lambda r: LEVELS.index(r.understood.level) - LEVELS.index(str(r.marked.care[0])))
    alarmed = [r for r in reads if r.marked.kind == "harmless" and alarms(r.understood.level)]
    wrong = sorted(reads, key=lambda r: -len(_wrong(r)))
    lists: Mapping[str, Iterable[str]] = {
        "red flags below their level": (f"{r.marked.care[0]} read as {r.understood.level} (marked findings give {gold_level(r.marked)}): {_told(r)}" for r in flags),
        "false alarms": (f"{r.understood.level}: {_told(r)}" for r in alarmed),
        "denied taken as present": (_told(r) for r in reads if any(r.denied_taken_as_present)),
        "findings": (_told(r) for r in wrong if _wrong(r)),
        "intents": (f"{r.marked.intent} taken as {r.understood.intent} {r.understood.confidence:.2f}: {r.marked.text!r}" for r in reads if r.marked.intent and not r.intent_right),
        "facts on the person": (
            f"{key} {value} read as {r.understood.person.get(key)}: {r.marked.text!r}" for r in reads for key, value in r.marked.person.items() if not same_fact(key, value, r.understood.person.get(key))
        ),
        "conditions and aspects": (
            f"{list(r.marked.conditions)} {list(r.marked.aspects)} taken as {list(r.understood.conditions)} {r.understood.answered}: {r.marked.text!r}"
            for r in reads
            if r.marked.intent in ABOUT_CONDITIONS and r.marked.conditions and not (condition_right(r) and (not r.marked.aspects or r.understood.answered in r.marked.aspects))
        ),
    }
    return {name: list(lines)[:at_most] for name, lines in lists.items()}


def _wrong(read: Read) -> list[str]:
    missed = sorted(set(read.marked.stated) - set(read.said))
    extra = sorted(set(read.said) - set(read.marked.stated))
    return [*(f"missed {i}" for i in missed), *(f"added {i} {read.said[i]}" for i in extra), *(f"turned {i} to {read.said[i]}" for i in sorted(read.turned))]


def _told(read: Read) -> str:
    return f"{read.marked.text!r} | {', '.join(_wrong(read)) or 'findings right'}"


def most_often_wrong(reads: Sequence[Read], at_most: int) -> list[str]:
    """Findings by how often they were missed, added or turned."""
    counts: dict[str, list[int]] = {}
    for read in reads:
        for column, ids in enumerate((set(read.marked.stated) - set(read.said), set(read.said) - set(read.marked.stated), read.turned)):
            for name in ids:
                counts.setdefault(name, [0, 0, 0])[column] += 1
    worst = sorted(counts.items(), key=lambda pair: (-sum(pair[1]), pair[0]))[:at_most]
    return [f"{name}: missed {a}, added {b}, turned {c}" for name, (a, b, c) in worst]
