"""spaCy at work: tokens, sentences and clauses of a message, and what the words around a piece of it do to it.

A piece is denied, doubted, past, only asked about, somebody else's or supposed when a cue of cues.yml stands in its
clause on the right side and nothing between them ends the cue's reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import spacy
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

MENTIONED = "mentioned"
BEFORE, AFTER = "before", "after"
LONGEST = 1000  # tokens that are read of one message


@dataclass(frozen=True)
class Cue:
    """role: what it makes of a piece. direction: the side of the cue on which the piece stands. reach: in tokens."""

    role: str
    direction: str
    reach: int
    start: int
    end: int
    words: str


@dataclass(frozen=True)
class Message:
    """A message cut up: the spaCy document, the clause of each token, and the cues found. Offsets are characters."""

    doc: Doc
    clause: tuple[int, ...]
    cues: tuple[Cue, ...]

    def tokens(self, start: int, end: int) -> tuple[int, int]:
        """First token and one past the last of a piece given in characters."""
        inside = [t.i for t in self.doc if t.idx < end and t.idx + len(t.text) > start]
        return (inside[0], inside[-1] + 1) if inside else (0, 0)

    def role(self, start: int, end: int) -> tuple[str | None, Cue | None]:
        """What the words around a piece make of it, and the cue that does; None when nothing does."""
        first, last = self.tokens(start, end)
        acting = [cue for cue in self.cues if self._reaches(cue, first, last)]
        if not acting:
            return None, None
        for role in (MENTIONED, "unsure"):
            found = [cue for cue in acting if cue.role == role]
            if found:
                return role, found[0]
        nearest = min(acting, key=lambda cue: first - cue.end if cue.end <= first else cue.start - last)
        return ("present" if self._denied_itself(nearest, acting) else "absent"), nearest

    def _denied_itself(self, cue: Cue, acting: list[Cue]) -> bool:
        """'Not that it isn't swollen': a denial just before the denial, with nothing listed between them."""
        return any(
            other is not cue and 0 <= cue.start - other.end <= 3 and self._nothing_listed(other.end, cue.start)
            for other in acting
            if other.words.lower().startswith(("not", "can", "do"))
        )

    def _nothing_listed(self, first: int, last: int) -> bool:
        return all(token.is_alpha and token.lower_ not in {"or", "and"} for token in self.doc[first:last])

    def _reaches(self, cue: Cue, first: int, last: int) -> bool:
        if last <= first or (cue.start < last and first < cue.end and cue.start >= first and cue.end <= last):
            return False
        if cue.direction == BEFORE:
            gap = range(cue.end, first)
            near = cue.end <= first <= cue.end + cue.reach
        else:
            gap = range(last, cue.start)
            near = last <= cue.start <= last + cue.reach
        return near and self.clause[cue.start] == self.clause[first] and not any(self.doc[i].lower_ in ENDERS or (self.doc[i].lower_ == "well" and i and self.doc[i - 1].text == ",") for i in gap)


ENDERS = frozenset({"but", "however", "though", "although", "except", "just", "yet", "still", "only", "because", ";", "."})
JOINERS = frozenset({"but", "however", "although", "though", "whereas", "while", "because", "since", "so", "then", "except"})


class Splitter:
    """Cuts messages into clauses and finds the cues of cues.yml in them."""

    def __init__(self, cues: Mapping[str, Mapping[str, Any]]) -> None:
        self.language = blank()
        self.rules: dict[str, Mapping[str, Any]] = {}
        self.matcher = PhraseMatcher(self.language.vocab, attr="LOWER")
        for name, rule in cues.items():
            self.rules[name] = rule
            self.matcher.add(name, [self.language.make_doc(words) for words in rule["words"]])

    def split(self, text: str) -> Message:
        doc = self.language(text.replace("’", "'").replace("`", "'"))
        if len(doc) > LONGEST:
            doc = doc[:LONGEST].as_doc()
        return Message(doc, tuple(_clauses(doc)), tuple(self._cues(doc)))

    def _cues(self, doc: Doc) -> Iterable[Cue]:
        found = sorted(((start, end, doc.vocab.strings[key]) for key, start, end in self.matcher(doc)), key=lambda m: (m[0] - m[1], m[0]))
        taken: set[int] = set()
        for start, end, name in found:
            if taken.isdisjoint(range(start, end)):
                if self.rules[name]["direction"] == AFTER and not _closes(doc, start, end):
                    continue
                taken.update(range(start, end))
                rule = self.rules[name]
                if rule["role"] == "unsure" and _ends_here(doc, start, end):
                    yield Cue("unsure", AFTER, 1, start, end, doc[start:end].text)
                elif rule["role"] != "none":
                    yield Cue(rule["role"], rule["direction"], rule.get("reach", 8), start, end, doc[start:end].text)


CLOSERS = frozenset(["i", "it", "its", "he", "she", "they", "not", "never", "none", "nothing", "really", "definitely", "thanks", "mate", "doctor", "just", "now", "down", "away", "completely", "again", "today", "all", "since", "by", "after", "and", "or", "at", "so", "but", "in"])


def _ends_here(doc: Doc, start: int, end: int) -> bool:
    """'Squatting not sure, stairs yes': the doubt is about what stands before it."""
    alone = start == 0 or not (doc[start - 1].is_alpha or doc[start - 1].text == "?")
    return not alone and (end >= len(doc) or doc[end].text in {",", ".", ";", "!", "?"}) and doc[start - 1].lower_ not in JOINERS | {"i", "am", "'m", "im"}


def _closes(doc: Doc, start: int, end: int) -> bool:
    """'Fever? No.' and 'the swelling has gone now' look back; '? No fever' and 'the foot has gone white' look forward."""
    if doc[end - 1].lower_ not in {"no", "nope", "nah", "none", "never", "not", "gone", "absent"} or end >= len(doc):
        return True
    if doc[start].text != "?" and doc[end - 1].lower_ != "gone":
        return True
    return not doc[end].is_alpha or doc[end].lower_ in CLOSERS


@lru_cache(maxsize=1)
def blank() -> Language:
    """English tokens and sentence ends; no statistical model."""
    language = spacy.blank("en")
    language.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", "…", "\n", "\n\n"]})
    return language


def _clauses(doc: Doc) -> Iterable[int]:
    """A number for each token: a new one at a sentence, a semicolon, 'but' and the like, and 'and' before a new subject."""
    number = 0
    for token in doc:
        previous = doc[token.i - 1] if token.i else None
        if previous is not None and (token.is_sent_start or _opens(doc, token.i)):
            number += 1
        yield number


SUBJECTS = frozenset(["i", "it", "its", "it's", "he", "she", "they", "we", "my", "the", "his", "her", "their", "there", "this", "that", "knee", "calf", "leg", "foot"])
VERBS = frozenset(
    ["is", "are", "was", "were", "has", "have", "had", "can", "cannot", "ca", "does", "do", "did", "gets", "got", "feels", "felt", "hurts", "locks", "swells", "keeps", "goes", "went", "came", "looks", "seems", "started", "began", "gives", "makes", "am", "'s", "'ve", "'m"]
)


def _opens(doc: Doc, i: int) -> bool:
    token, previous = doc[i], doc[i - 1]
    if previous.text == ":" and any(doc[j].lower_ in {"sure", "certain", "unsure"} for j in range(max(0, i - 6), i)):
        return False  # 'not sure about this one: it locks'
    if previous.text in {";", ":", "\n", "-", "–", "—"} or previous.text.strip() == "":
        return True
    if token.lower_ in JOINERS:
        return True
    if previous.lower_ in {"and", ",", "or"}:
        return _new_subject(doc, i)
    return False


def _new_subject(doc: Doc, i: int) -> bool:
    """'and it locks', ', i can walk': a subject with a verb within three words."""
    if doc[i].lower_ not in SUBJECTS:
        return False
    return any(doc[j].lower_ in VERBS or doc[j].lower_.endswith("n't") for j in range(i + 1, min(i + 5, len(doc))))
