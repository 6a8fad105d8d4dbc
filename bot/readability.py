"""How hard a text is to read: long sentences, hard words, doses, and the US school grade by Flesch and Kincaid."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONG, TOO_LONG = 15, 18  # words in a sentence: what we aim at, and the most that is let through
GRADE, GRADE_AT_MOST = 6.0, 8.0
SHARE_EASY = 0.9  # of the conditions that keep to GRADE

_END = re.compile(r"(?<=[.!?])[\"”)]*\s+")
_UNIT = r"(?:mg|mcg|µg|ml|g|iu|grams?|milligrams?|micrograms?|millilit(?:er|re)s?|units?)"
_PIECE = r"(?:tablets?|pills?|capsules?|puffs?|drops?|spoonfuls?|teaspoons?|sachets?)"
_COUNT = r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|eight|half|a couple of)"
_DOSE = re.compile(
    rf"\b\d+(?:[.,]\d+)?\s?{_UNIT}\b|\b{_COUNT}(?: (?:or|to) {_COUNT})? {_PIECE}\b"
    rf"|\b{_PIECE} (?:a|per|each|every) (?:day|night|dose|week)\b|\bevery {_COUNT}(?: (?:or|to) {_COUNT})? hours\b",
    re.IGNORECASE,
)


def split(text: str) -> list[str]:
    """The sentences of a text."""
    return [part for part in _END.split(text.strip()) if part]


def length(sentence: str) -> int:
    """Words; signs that stand alone do not count."""
    return sum(any(letter.isalnum() for letter in word) for word in sentence.split())


def grade(texts: Iterable[str]) -> float:
    """The US school grade of all texts read as one."""
    import textstat  # only the checks need it

    return float(textstat.flesch_kincaid_grade(" ".join(text if text[-1:] in ".!?" else f"{text}." for text in texts)))


def dose(text: str) -> str | None:
    """The first thing that reads like a dose of a medicine."""
    found = _DOSE.search(text)
    return found.group() if found else None


def hard_words(text: str, hard: Iterable[str]) -> list[str]:
    """Those of the hard words that stand in the text, singular or plural."""
    words = set(re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower()))
    words |= {word.removesuffix("s") for word in words}
    return sorted(words.intersection(hard))
