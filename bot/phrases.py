"""Word lists read with typos forgiven: phrases → where they stand in a message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?", re.IGNORECASE)
FILLERS = frozenset(["the", "a", "an", "my", "your", "his", "her", "their", "our", "this", "that", "is", "are", "was", "very", "really", "so", "quite", "bit", "little", "of", "just", "been", "its", "it's"])


@dataclass(frozen=True)
class Hit:
    """One phrase found. start, end: characters. exact: every word was spelt as listed."""

    id: str
    phrase: str
    start: int
    end: int
    exact: bool


@dataclass(frozen=True)
class Word:
    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    return [Word(m.group().lower().replace("’", "'").replace("'", ""), *m.span()) for m in _WORD.finditer(text)]


@lru_cache(maxsize=64)  # several lists look through the same message
def _told(text: str) -> tuple[Word, ...]:
    return tuple(word for word in words(text) if word.text not in FILLERS)


class Phrases:
    """Finds any of the phrases of a list. A word of six letters or more may hold one typing mistake."""

    def __init__(self, listed: Mapping[str, Iterable[str]]) -> None:
        self.by_first: dict[str, list[tuple[tuple[str, ...], str, str]]] = {}
        self.vocabulary: set[str] = set()
        for name, phrases in listed.items():
            for phrase in phrases:
                parts = tuple(word.text for word in words(phrase) if word.text not in FILLERS) or tuple(w.text for w in words(phrase))
                if parts:
                    self.by_first.setdefault(parts[0], []).append((parts, name, phrase))
                    self.vocabulary.update(parts)
        self._alike: dict[tuple[int, str], list[str]] = {}
        for word in self.vocabulary:
            self._alike.setdefault((len(word), word[:1]), []).append(word)
        self._spelt: dict[str, frozenset[str]] = {}

    def find(self, text: str) -> list[Hit]:
        """All hits, the longest first; shorter ones inside a longer hit of the same id are left out."""
        told = _told(text)
        readings = [self._readings(word.text) for word in told]
        hits = sorted(self._hits(told, readings), key=lambda hit: (hit.start - hit.end, hit.start))
        out: list[Hit] = []
        for hit in hits:
            if not any(hit.id == other.id and other.start <= hit.start and hit.end <= other.end for other in out):
                out.append(hit)
        return out

    def _hits(self, told: Sequence[Word], readings: list[frozenset[str]]) -> Iterator[Hit]:
        for i in range(len(told)):
            for first in readings[i]:
                for parts, name, phrase in self.by_first.get(first, ()):
                    if i + len(parts) <= len(told) and all(parts[k] in readings[i + k] for k in range(len(parts))):
                        end = told[i + len(parts) - 1].end
                        exact = all(parts[k] == told[i + k].text for k in range(len(parts)))
                        yield Hit(name, phrase, told[i].start, end, exact)

    def _readings(self, word: str) -> frozenset[str]:
        """The listed words that this word may be."""
        if word not in self._spelt:
            if len(self._spelt) > 20_000:
                self._spelt.clear()
            self._spelt[word] = frozenset(self._near(word))
        return self._spelt[word]

    def _near(self, word: str) -> Iterator[str]:
        if word in self.vocabulary:
            yield word
            return
        if len(word) < 6:
            return
        for length in range(len(word) - 1, len(word) + 2):  # a listed word has at least five letters here
            for listed in self._alike.get((length, word[0]), ()):
                if DamerauLevenshtein.distance(word, listed, score_cutoff=1) <= 1:
                    yield listed
