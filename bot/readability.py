"""How hard the texts are to read: long sentences, hard words, doses, and the US school grade by Flesch and Kincaid."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from bot.library import Condition, Library, sentences
from bot.table import read_table

LONG, TOO_LONG = 15, 18  # words in a sentence: what we aim at, and the most that is let through
GRADE, GRADE_AT_MOST = 6.0, 8.0
SHARE_EASY = 0.9  # of the conditions that keep to GRADE
WORST = 5  # sentences that are printed although they pass

_END = re.compile(r"(?<=[.!?])[\"”)]*\s+")
_UNIT = r"(?:mg|mcg|µg|ml|g|iu|grams?|milligrams?|micrograms?|millilit(?:er|re)s?|units?)"
_PIECE = r"(?:tablets?|pills?|capsules?|puffs?|drops?|spoonfuls?|teaspoons?|sachets?)"
_COUNT = r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|eight|half|a couple of)"
_DOSE = re.compile(
    rf"\b\d+(?:[.,]\d+)?\s?{_UNIT}\b|\b{_COUNT}(?: (?:or|to) {_COUNT})? {_PIECE}\b"
    rf"|\b{_PIECE} (?:a|per|each|every) (?:day|night|dose|week)\b|\bevery {_COUNT}(?: (?:or|to) {_COUNT})? hours\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=16384)
def split(text: str) -> tuple[str, ...]:
    """The sentences of a text."""
    return tuple(part for part in _END.split(text.strip()) if part)


@lru_cache(maxsize=16384)
def length(sentence: str) -> int:
    """Words; signs that stand alone do not count."""
    return sum(any(letter.isalnum() for letter in word) for word in sentence.split())


def grade(texts: Iterable[str]) -> float:
    """The US school grade of all texts read as one."""
    return _grade(" ".join(text if text[-1:] in ".!?" else f"{text}." for text in texts))


@lru_cache(maxsize=1024)
def _grade(text: str) -> float:
    import textstat  # only the checks need it

    return float(textstat.flesch_kincaid_grade(text))


@lru_cache(maxsize=16384)
def dose(text: str) -> str | None:
    """The first thing that reads like a dose of a medicine."""
    found = _DOSE.search(text)
    return found.group() if found else None


def hard_words(text: str, hard: Iterable[str]) -> list[str]:
    """Those of the hard words that stand in the text, singular or plural."""
    return sorted(_vocabulary(text).intersection(hard))


@lru_cache(maxsize=16384)
def _vocabulary(text: str) -> frozenset[str]:
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower()))
    return frozenset(words | {word.removesuffix("s") for word in words})


# --- over all of the knowledge ----------------------------------------------------------------------


def hard_text(library: Library, folder: Path) -> Iterator[str]:
    """Each text that is too hard, and what would be easier."""
    hard, problems = read_table(folder / "hard_words.yml", (folder / "schema" / "hard_words.json").read_text(encoding="utf-8"))
    yield from problems
    explained = {word for form in library.glossary_forms for word in hard_words(form, hard)}
    for where, text in texts(library):
        for sentence in split(text):
            words = length(sentence)
            if words > TOO_LONG:
                yield f"{where}: {words} words in one sentence, should be about {LONG} or fewer: '{sentence}'"
        if found := dose(text):
            yield f"{where}: '{found}' reads like a dose. No text gives a dose: say 'ask a pharmacist' or leave it out."
        for word in hard_words(text, hard):
            if word not in explained:
                yield f"{where}: the hard word '{word}' has no entry in glossary.yml. Say '{hard[word]}', or explain it there."
    yield from _hard_conditions(library)


def _hard_conditions(library: Library) -> Iterator[str]:
    try:
        grades = {condition.id: condition_grade(condition) for condition in library.conditions.values()}
    except ModuleNotFoundError:
        yield "The US school grade cannot be counted: textstat is not installed. Install the tools for developers: pip install '.[dev]'"
        return
    hard = [name for name in grades if grades[name] > GRADE]
    too_many = len(hard) > len(grades) * (1 - SHARE_EASY)
    for name in hard:
        if too_many or grades[name] > GRADE_AT_MOST:
            yield (
                f"conditions/{name}.yml: all texts together read at US school grade {grades[name]}, should be {GRADE:g} or lower "
                f"(one condition in ten may be up to {GRADE_AT_MOST:g}). Use shorter sentences and plainer words."
            )


def condition_grade(condition: Condition) -> float:
    """The US school grade of all its texts together."""
    return grade(sentence.say for part in (*condition.texts.values(), *condition.safety_net.values()) for sentence in part)


def texts(library: Library) -> Iterator[tuple[str, str]]:
    """Everything that a person reads from the knowledge, with the file and field in which it stands."""
    for where, sentence in sentences(library):
        yield where, sentence.say
    for finding in library.findings.values():
        for part in dict.fromkeys((finding.ask, finding.ask_again, finding.label, finding.short)):
            yield f"findings.yml: {finding.id}", part
    for exercise in library.exercises.values():
        for step in (exercise.start, *exercise.steps):
            yield f"exercises.yml: {exercise.id}", step
    for level in library.care.values():
        yield f"care.yml: {level.id}", level.heading
        yield f"care.yml: {level.id}", level.heading_go


def worst_sentences(library: Library) -> Iterator[str]:
    """The longest sentences that pass, for whoever wants to make the next one easier."""
    longest = Counter({(where, s): length(s) for where, text in texts(library) for s in split(text)})
    for (where, sentence), words in longest.most_common(WORST):
        yield f"note: {where}: {words} words: '{sentence}'"


