"""Reads the knowledge folder once, checks it, and freezes it. The only module that opens its files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.rule import Rule, RuleError, closest, read_rule
from bot.table import read_table

FOLDER = Path(__file__).parent / "knowledge"
LEVELS = ("self_care", "see_clinician_weeks", "see_clinician_days", "same_day", "emergency_now")  # rising
ASPECTS = (
    "what_is", "symptoms", "causes", "treatment", "self_care", "exercises", "recovery",
    "prevention", "surgery", "tests", "when_to_see", "activity", "compare",
)  # fmt: skip
TABLES = ("findings", "red_flags", "care", "grades", "cues", "words", "sources", "topics", "exercises", "glossary", "article")


class KnowledgeError(Exception):
    """The knowledge cannot be used. `problems` are lines that say file, field, what was found, what would be right."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Sentence:
    """One sentence that a person reads. No sources means: from general knowledge."""

    say: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    id: str
    group: str
    tier: int
    label: str
    label_denied: str | None
    short: str
    ask: str
    ask_again: str
    why: Sentence
    also_said: tuple[str, ...]
    denied_by: tuple[str, ...] = ()
    not_said_by: tuple[str, ...] = ()
    said_with: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    age_under: float | None = None
    age_from: float | None = None
    screen: bool = False
    rare: bool = False

    @property
    def is_derived(self) -> bool:
        return self.age_under is not None or self.age_from is not None


@dataclass(frozen=True)
class RedFlag:
    id: str
    title: str
    level: str
    action: str | None
    ambulance_if: Rule | None
    when: Rule
    lowered: tuple[tuple[Rule, str], ...]
    clinician_seen_lowers: bool
    own_words: str | None
    means: Sentence
    do: tuple[Sentence, ...]
    points_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Together:
    all: tuple[str, ...]
    none: tuple[str, ...]
    grade: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Condition:
    id: str
    name: str
    clinical_name: str
    also_called: tuple[str, ...]
    misspellings: tuple[str, ...]
    reviewed: Mapping[str, str | None]
    tier: str
    care_level: str
    lowered: tuple[tuple[Rule, str], ...]
    group: str
    must_not_miss: bool
    provisional: bool
    age_from: int | None
    age_until: int | None
    age_unless: tuple[str, ...]
    grades: Mapping[str, str]
    grade_sources: Mapping[str, tuple[str, ...]]
    together: tuple[Together, ...]
    exercises: tuple[str, ...]
    texts: Mapping[str, tuple[Sentence, ...]]
    safety_net: Mapping[str, tuple[Sentence, ...]]
    tier_sources: tuple[str, ...] = ()

    @property
    def strength_sources(self) -> tuple[str, ...]:
        """The sources named for grades and for how common it is; everything else there is judgement."""
        graded = (source for names in (*self.grade_sources.values(), *(t.sources for t in self.together)) for source in names)
        return tuple(dict.fromkeys((*graded, *self.tier_sources)))


@dataclass(frozen=True)
class Topic:
    id: str
    name: str
    also_called: tuple[str, ...]
    reviewed: Mapping[str, str | None]
    texts: Mapping[str, tuple[Sentence, ...]]
    exercises: tuple[str, ...]


@dataclass(frozen=True)
class Exercise:
    id: str
    name: str
    what_for: Sentence
    start: str
    steps: tuple[str, ...]
    how_much: Sentence
    stop_if: tuple[Sentence, ...]
    drawing: str | None


@dataclass(frozen=True)
class Source:
    id: str
    title: str
    publisher: str
    year: str | None
    url: str | None
    read: str
    read_on: str | None


@dataclass(frozen=True)
class CareLevel:
    id: str
    name: str
    heading: str
    heading_go: str
    points: tuple[Sentence, ...]
    points_go: tuple[Sentence, ...]


@dataclass(frozen=True)
class Grades:
    findings: Mapping[str, float]
    denied: Mapping[str, float]
    tiers: Mapping[str, float]
    presence: Mapping[str, float]
    bands: Mapping[str, Mapping[str, float]]
    group_cap: float
    shown_at_most: int


@dataclass(frozen=True, eq=False)
class Library:
    """Everything that the bot knows, frozen. `version` is a short digest of the files it was read from."""

    findings: Mapping[str, Finding]
    red_flags: Mapping[str, RedFlag]
    conditions: Mapping[str, Condition]
    topics: Mapping[str, Topic]
    exercises: Mapping[str, Exercise]
    glossary: Mapping[str, Sentence]
    glossary_forms: Mapping[str, str]
    article: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, Source]
    care: Mapping[str, CareLevel]
    safety_net: Mapping[str, tuple[Sentence, ...]]
    crisis: Mapping[str, tuple[Sentence, ...]]
    countries: Mapping[str, Mapping[str, str]]
    unknown_country: Mapping[str, str]
    grades: Grades
    cues: Mapping[str, Mapping[str, Any]]
    words: Mapping[str, Any]
    version: str
    folder: Path

    def group(self, name: str) -> tuple[str, ...]:
        """The ids of the findings under one heading."""
        return tuple(f.id for f in self.findings.values() if f.group == name)


def higher(left: str, right: str) -> str:
    """The higher of two care levels."""
    return max(left, right, key=LEVELS.index)


@lru_cache(maxsize=4)
def load(folder: Path = FOLDER) -> Library:
    """Reads and checks the folder, once. Raises KnowledgeError with every problem found."""
    return read_library(folder)


def read_library(folder: Path) -> Library:
    """The same, read anew: for files that change while we look."""
    tables, conditions, problems = read_files(folder)
    if problems:
        raise KnowledgeError(problems)
    library = _freeze(folder, tables, conditions, problems)
    problems += _cross_problems(library)
    if problems:
        raise KnowledgeError(problems)
    return library


def read_files(folder: Path) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The raw tables, the raw conditions by id, and what the schema says against them."""
    read = {name: read_table(folder / f"{name}.yml", _schema(folder, name)) for name in TABLES}
    shape, paths = _schema(folder, "condition"), sorted((folder / "conditions").glob("*.yml"))
    conditions = {path.stem: read_table(path, shape, f"conditions/{path.name}") for path in paths}
    problems = [problem for _, found in (*read.values(), *conditions.values()) for problem in found]
    return {name: data for name, (data, _) in read.items()}, {name: data for name, (data, _) in conditions.items()}, problems


def _schema(folder: Path, name: str) -> str:
    return (folder / "schema" / f"{name}.json").read_text(encoding="utf-8")


def _sentence(raw: Mapping[str, Any]) -> Sentence:
    return Sentence(raw["say"], () if raw["from"] == "general_knowledge" else tuple(raw["from"]))


def _sentences(raw: list[Mapping[str, Any]] | None) -> tuple[Sentence, ...]:
    return tuple(_sentence(item) for item in raw or ())


def _freeze(folder: Path, tables: dict[str, Any], conditions: dict[str, Any], problems: list[str]) -> Library:
    findings = {key: _finding(key, raw) for key, raw in tables["findings"].items()}
    care = tables["care"]
    rule = _rules(tables["red_flags"]["terms"], findings, problems)
    glossary = {word: _sentence(raw["means"]) for word, raw in tables["glossary"].items()}
    forms = {form: word for word, raw in tables["glossary"].items() for form in (word, *raw.get("also", ()))}
    return Library(
        findings=MappingProxyType(findings),
        red_flags=MappingProxyType(_red_flags(tables["red_flags"]["rules"], rule)),
        conditions=MappingProxyType({key: _condition(key, raw, rule) for key, raw in conditions.items()}),
        topics=MappingProxyType({key: _topic(key, raw) for key, raw in tables["topics"].items()}),
        exercises=MappingProxyType({key: _exercise(key, raw) for key, raw in tables["exercises"].items()}),
        glossary=MappingProxyType(glossary),
        glossary_forms=MappingProxyType(forms),
        article=MappingProxyType(tables["article"]),
        sources=MappingProxyType({key: _source(key, raw) for key, raw in tables["sources"].items()}),
        care=MappingProxyType({key: _care_level(key, raw) for key, raw in care["levels"].items()}),
        safety_net=MappingProxyType({key: _sentences(raw) for key, raw in care["safety_net"].items()}),
        crisis=MappingProxyType({key: _sentences(raw) for key, raw in care["crisis"].items()}),
        countries=MappingProxyType(care["countries"]),
        unknown_country=MappingProxyType(care["unknown_country"]),
        grades=_grades(tables["grades"]),
        cues=MappingProxyType(tables["cues"]),
        words=MappingProxyType(tables["words"]),
        version=_version(folder),
        folder=folder,
    )


def _grades(raw: Mapping[str, Any]) -> Grades:
    tables = {name: MappingProxyType(raw[name]) for name in ("findings", "denied", "tiers", "presence", "bands")}
    return Grades(**tables, group_cap=raw["group_cap"], shown_at_most=raw["shown_at_most"])


def _finding(key: str, raw: Mapping[str, Any]) -> Finding:
    lists = {name: tuple(raw.get(name, ())) for name in ("also_said", "denied_by", "not_said_by", "said_with", "implies", "excludes", "needs")}
    derived = raw.get("derived", {})
    return Finding(
        id=key, group=raw["group"], tier=raw["tier"], label=raw["label"], label_denied=raw.get("label_denied"), short=raw["short"], ask=raw["ask"],
        ask_again=raw.get("ask_again", raw["ask"]), why=_sentence(raw["why"]), screen=raw.get("screen", False), rare=raw.get("rare", False),
        age_under=derived.get("age_under"), age_from=derived.get("age_from"), **lists,
    )  # fmt: skip


ReadRule = Callable[[str, str], Rule]  # where it stands, for the error, and its text


def _rules(terms: Mapping[str, str], findings: Mapping[str, Finding], problems: list[str]) -> ReadRule:
    """What is wrong with a rule goes to the problems."""
    groups: dict[str, tuple[str, ...]] = {}
    for finding in findings.values():
        groups[finding.group] = (*groups.get(finding.group, ()), finding.id)

    def read(where: str, text: str) -> Rule:
        try:
            return read_rule(text, findings, terms, groups)
        except RuleError as error:
            problems.append(f"{where}: {error}")
            return Rule(text, ())

    return read


def _lowered(where: str, raw: Mapping[str, Any], rule: ReadRule) -> tuple[tuple[Rule, str], ...]:
    return tuple((rule(f"{where} > lowered", low["when"]), low["level"]) for low in raw.get("lowered", ()))


def _red_flags(rules: Mapping[str, Any], rule: ReadRule) -> dict[str, RedFlag]:
    return {
        key: RedFlag(
            id=key, title=flag["title"], level=flag["level"], action=flag.get("action"),
            ambulance_if=rule(f"red_flags.yml: {key} > ambulance_if", flag["ambulance_if"]) if "ambulance_if" in flag else None,
            when=rule(f"red_flags.yml: {key} > when", flag["when"]), lowered=_lowered(f"red_flags.yml: {key}", flag, rule),
            clinician_seen_lowers=flag.get("clinician_seen_lowers", False), own_words=flag.get("own_words"),
            means=_sentence(flag["means"]), do=_sentences(flag["do"]), points_to=tuple(flag.get("points_to", ())),
        )
        for key, flag in rules.items()
    }  # fmt: skip


TEXT_FIELDS = (
    "what_is", "where", "who", "onset", "symptoms", "causes", "self_care", "treatment", "tests", "surgery",
    "recovery", "prevention", "activity", "when_to_see",
)  # fmt: skip


def _condition(key: str, raw: Mapping[str, Any], rule: ReadRule) -> Condition:
    age = raw.get("age", {})
    texts = {name: _sentences(raw[name]) for name in TEXT_FIELDS}
    texts["exercises"] = _sentences(raw["exercises"]["say"])
    texts["how_common"] = _sentences(raw["how_common"]["say"])
    return Condition(
        id=key, name=raw["name"], clinical_name=raw["clinical_name"], also_called=tuple(raw["also_called"]),
        misspellings=tuple(raw["misspellings"]), reviewed=MappingProxyType(raw["reviewed"]),
        tier=raw["how_common"]["tier"], care_level=raw["care_level"], lowered=_lowered(f"conditions/{key}.yml", raw, rule), group=raw["group"],
        must_not_miss=raw.get("must_not_miss", False), provisional=raw.get("provisional", False),
        age_from=age.get("from"), age_until=age.get("until"), age_unless=tuple(age.get("unless", ())),
        grades=MappingProxyType({name: cell["grade"] for name, cell in raw["findings"].items()}),
        grade_sources=MappingProxyType({name: _judged(cell) for name, cell in raw["findings"].items()}),
        together=tuple(Together(tuple(t["all"]), tuple(t.get("none", ())), t["grade"], _judged(t)) for t in raw.get("together", ())),
        tier_sources=_judged(raw["how_common"]),
        exercises=tuple(raw["exercises"]["ids"]), texts=MappingProxyType(texts),
        safety_net=MappingProxyType({part: _sentences(items) for part, items in raw["safety_net"].items()}),
    )  # fmt: skip


def _judged(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return () if raw["from"] == "judgement" else tuple(raw["from"])


def _topic(key: str, raw: Mapping[str, Any]) -> Topic:
    texts = MappingProxyType({aspect: _sentences(items) for aspect, items in raw["texts"].items()})
    return Topic(key, raw["name"], tuple(raw["also_called"]), MappingProxyType(raw["reviewed"]), texts, tuple(raw.get("exercises", ())))


def _exercise(key: str, raw: Mapping[str, Any]) -> Exercise:
    return Exercise(
        key, raw["name"], _sentence(raw["what_for"]), raw["start"], tuple(raw["steps"]),
        _sentence(raw["how_much"]), _sentences(raw["stop_if"]), raw.get("drawing"),
    )  # fmt: skip


def _source(key: str, raw: Mapping[str, Any]) -> Source:
    return Source(key, raw["title"], raw["publisher"], raw["year"], raw["url"], raw["read"], raw["read_on"])


def _care_level(key: str, raw: Mapping[str, Any]) -> CareLevel:
    points = _sentences(raw["points"])
    return CareLevel(
        key, raw["name"], raw["heading"], raw.get("heading_go", raw["heading"]), points, _sentences(raw.get("points_go")) or points
    )


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in (*(folder / f"{name}.yml" for name in sorted(TABLES)), *sorted((folder / "conditions").glob("*.yml"))):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _cross_problems(library: Library) -> Iterator[str]:
    """What a schema cannot say: every id that is named exists."""
    for condition in library.conditions.values():
        file = f"conditions/{condition.id}.yml"
        if not re.fullmatch("[a-z][a-z0-9_]*", condition.id):
            yield f"{file}: the file name is the id. It should be small letters, digits and _, such as meniscus_tear_acute.yml."
        for name in (*condition.grades, *condition.age_unless, *(f for t in condition.together for f in (*t.all, *t.none))):
            if name not in library.findings:
                yield f"{file}: findings: no such finding '{name}'{closest(name, library.findings)}"
        yield from _missing(file, "exercises", condition.exercises, library.exercises)
        yield from _missing(file, "from", condition.strength_sources, library.sources)
    for finding in library.findings.values():
        for name in (*finding.implies, *finding.excludes, *finding.needs):
            if name not in library.findings:
                yield f"findings.yml: {finding.id}: no such finding '{name}'{closest(name, library.findings)}"
    for flag in library.red_flags.values():
        yield from _missing("red_flags.yml", f"{flag.id} > points_to", flag.points_to, library.conditions)
    for topic in library.topics.values():
        yield from _missing("topics.yml", topic.id, topic.exercises, library.exercises)
    for claim, row in library.article.items():
        yield from _missing("article.yml", claim, row["where"], {**library.conditions, **library.topics})
    for where, sentence in sentences(library):
        yield from _missing(where, "from", sentence.sources, library.sources)


def _missing(file: str, field_name: str, names: Any, known: Mapping[str, Any]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{file}: {field_name}: no such id '{name}'{closest(name, known)}"


def sentences(library: Library) -> Iterator[tuple[str, Sentence]]:
    """Every medical sentence with the file and field in which it stands."""
    for condition in library.conditions.values():
        for part, items in (*condition.texts.items(), *condition.safety_net.items()):
            for item in items:
                yield f"conditions/{condition.id}.yml: {part}", item
    for finding in library.findings.values():
        yield f"findings.yml: {finding.id}", finding.why
    for flag in library.red_flags.values():
        for item in (flag.means, *flag.do):
            yield f"red_flags.yml: {flag.id}", item
    for level in library.care.values():
        for item in dict.fromkeys((*level.points, *level.points_go)):
            yield f"care.yml: {level.id}", item
    for name, items in (*library.safety_net.items(), *library.crisis.items()):
        for item in items:
            yield f"care.yml: {name}", item
    for topic in library.topics.values():
        for aspect, items in topic.texts.items():
            for item in items:
                yield f"topics.yml: {topic.id} > {aspect}", item
    for exercise in library.exercises.values():
        for item in (exercise.what_for, exercise.how_much, *exercise.stop_if):
            yield f"exercises.yml: {exercise.id}", item
    for word, item in library.glossary.items():
        yield f"glossary.yml: {word}", item
    for claim, row in library.article.items():
        yield f"article.yml: {claim}", _sentence(row["now"])
