"""Words that together say a sign: 'calf|leg + swollen|puff*' is said by 'my left calf is all puffed up'.

A pattern is groups joined by +, alternatives by |; a star ends a word that may go on; what follows ' - ' must not stand
in the sentence. All groups must stand in one sentence within a few words of each other, in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from bot.clauses import Message

WINDOW = 9  # words from the first group to the last
Alternative = tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    id: str
    groups: tuple[tuple[Alternative, ...], ...]
    without: tuple[Alternative, ...]
    text: str


@dataclass(frozen=True)
class Sign:
    """One pattern found. pieces: the character span of each group."""

    id: str
    pattern: str
    pieces: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return min(start for start, _ in self.pieces)

    @property
    def end(self) -> int:
        return max(end for _, end in self.pieces)


def read_pattern(name: str, text: str) -> Pattern:
    """Raises ValueError on an empty group."""
    told, _, without = text.partition(" - ")
    groups = tuple(_alternatives(group) for group in told.split("+"))
    if not all(groups):
        raise ValueError(f"{name}: '{text}' has an empty group")
    return Pattern(name, groups, _alternatives(without), text)


def _alternatives(group: str) -> tuple[Alternative, ...]:
    return tuple(tuple(part.split()) for part in group.lower().replace("'", "").split("|") if part.strip())


class Signs:
    """All patterns of the findings, ready to be looked for.

    Each group of a pattern must be told. So each pattern is filed under the words that begin one of its groups, the one
    whose words are rarest among all patterns; only the patterns filed under a word of the sentence are tried.
    """

    def __init__(self, listed: Mapping[str, Iterable[str]]) -> None:
        self.patterns = [read_pattern(name, text) for name, texts in listed.items() for text in texts]
        used = {word for p in self.patterns for group in (*p.groups, p.without) for alternative in group for word in alternative}
        self.stems = _by_letter(word[:-1] for word in used if word.endswith("*"))
        self.words = frozenset(word for word in used if not word.endswith("*"))
        self._long = _by_letter(word for word in self.words if len(word) >= 5)
        self._filed = _file(self.patterns)
        self._spelt: dict[str, frozenset[str]] = {}

    def find(self, message: Message) -> list[Sign]:
        tokens = [(t.lower_.replace("'", ""), t.idx, t.idx + len(t.text)) for t in message.doc]
        out: list[Sign] = []
        for first, last in _sentences(message):
            places = self._places([word for word, _, _ in tokens[first:last]])
            told = tokens[first:last]
            out += [sign for p in self._candidates(places) if (sign := self._match(p, places, told))]
        return out

    def _candidates(self, places: Mapping[str, list[int]]) -> list[Pattern]:
        """The patterns that may stand in the sentence, in the order of the list."""
        numbers = {number for word in places for number in self._filed.get(word, ())}
        return [self.patterns[number] for number in sorted(numbers)]

    def _places(self, told: Sequence[str]) -> dict[str, list[int]]:
        """Listed word → where it stands in the sentence."""
        out: dict[str, list[int]] = {}
        for position, word in enumerate(told):
            for listed in self._readings(word):
                out.setdefault(listed, []).append(position)
        return out

    def _readings(self, word: str) -> frozenset[str]:
        if word not in self._spelt:
            if len(self._spelt) > 20_000:
                self._spelt.clear()
            self._spelt[word] = frozenset(self._near(word))
        return self._spelt[word]

    def _near(self, word: str) -> Iterator[str]:
        yield from (f"{stem}*" for stem in self.stems.get(word[:1], ()) if word.startswith(stem))
        if word in self.words:
            yield word
        elif len(word) >= 5:
            yield from (w for w in self._long.get(word[0], ()) if DamerauLevenshtein.distance(word, w, score_cutoff=1) <= 1)

    def _match(self, pattern: Pattern, places: Mapping[str, list[int]], tokens: Sequence[tuple[str, int, int]]) -> Sign | None:
        found: list[list[tuple[int, int]]] = []
        for group in pattern.groups:
            found.append([span for alternative in group if alternative[0] in places for span in _where(alternative, places)])
            if not found[-1]:
                return None
        if any(_where(alternative, places) for alternative in pattern.without):
            return None
        for span in found[0]:
            near = [min(others, key=lambda other: abs(other[0] - span[0])) for others in found[1:]]
            if all(abs(other[0] - span[0]) <= WINDOW for other in near):
                return Sign(pattern.id, pattern.text, tuple((tokens[a][1], tokens[b - 1][2]) for a, b in (span, *near)))
        return None


def _by_letter(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    out: dict[str, list[str]] = {}
    for word in words:
        out.setdefault(word[:1], []).append(word)
    return {letter: tuple(sorted(found)) for letter, found in out.items()}


def _file(patterns: Sequence[Pattern]) -> dict[str, list[int]]:
    """Word → the numbers of the patterns that are filed under it."""
    used = Counter(alternative[0] for p in patterns for group in p.groups for alternative in group)
    out: dict[str, list[int]] = {}
    for number, pattern in enumerate(patterns):
        rarest = min(pattern.groups, key=lambda group: sum(used[alternative[0]] for alternative in group))
        for word in {alternative[0] for alternative in rarest}:
            out.setdefault(word, []).append(number)
    return out


def _where(alternative: Alternative, places: Mapping[str, list[int]]) -> list[tuple[int, int]]:
    """First token and one past the last of every place at which the words stand in a row."""
    size = len(alternative)
    return [(i, i + size) for i in places.get(alternative[0], ()) if all(i + k in places.get(alternative[k], ()) for k in range(1, size))]


def _sentences(message: Message) -> Iterator[tuple[int, int]]:
    for sentence in message.doc.sents:
        yield sentence.start, sentence.end
