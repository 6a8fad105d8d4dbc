"""Words → what they say: findings with their role, conditions, topics and aspects, facts on the person, an intent.

Three readers speak. The word lists of findings.yml with the cues of cues.yml; the trained network; patterns for facts on
the person. The word lists alone are enough for every emergency sign: the network adds, and decides between readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot import person
from bot.aspects import aspects_of
from bot.case import PERSON_KEYS
from bot.clauses import MENTIONED, Message, Splitter
from bot.library import Library
from bot.network import Heard, Impression, Network, network
from bot.phrases import Hit, Phrases
from bot.questions import alarms_alone, alarms_in_doubt, emergency_signs, soothers
from bot.rule import ABSENT, PRESENT, UNSURE
from bot.signs import Sign, Signs

QUESTIONS = ("ask_condition", "ask_topic", "compare", "ask_fit")
SURE = 0.6  # the network alone
CLEAR = 0.9  # a role of the network that no cue beside the words overrules
FAINT = 0.5  # the network alone, on an alarm: heard faintly, it is asked about
BELIEVED = 0.75  # the network alone, on a sign of an emergency
BARE = re.compile(r"\b(?:a|an|the|my|what|whats|what's|is|are|about|tell|me|more|on|info|information|please|pls|meaning|of)\b")
STATED = re.compile(r"\b(?:my|his|her|their|our)(?: \w+){0,2} (?:is|are|has|feels?|looks?|went|has gone|got|won'?t|can'?t|wont|cant)\b|\bi (?:have|can'?t|cant|cannot|am|fell)\b")
STRONGER = 0.9  # the network alone, on an alarm that is the stronger form of another finding
DEAF = 0.05  # below it the network hears nothing of a sign that scattered words make up: it is asked about
GUESSED = 0.3  # an intent below it is a mere guess
HINTED = 0.25  # the network beside a phrase of the word lists
PAYLOAD = "kg:"  # what our own buttons carry: typed by a person it says nothing
NOT_SPEECH = re.compile(r"\s*(?:kg:|/?\w+(?:@[\d.]+)?\s*\{.*\}\s*$)", re.DOTALL)  # machine words say nothing of a person
LONGEST = 4000  # characters that are read of one message


@dataclass(frozen=True)
class Said:
    """role: present, absent, unsure or mentioned. start, end: characters. by: words, network or both. confidence: 0 to 1."""

    id: str
    role: str
    start: int
    end: int
    by: str
    confidence: float


@dataclass(frozen=True)
class Named:
    """A condition or topic that the message names, and where."""

    id: str
    start: int
    end: int


@dataclass(frozen=True)
class Reading:
    """Everything one message says. intents: probability by name, empty when the network was not there."""

    text: str
    findings: tuple[Said, ...] = ()
    conditions: tuple[Named, ...] = ()
    topics: tuple[Named, ...] = ()
    aspects: tuple[str, ...] = ()
    facts: tuple[person.Fact, ...] = ()
    intents: tuple[tuple[str, float], ...] = ()

    def answers(self) -> dict[str, str]:
        """Finding → present, absent or unsure; what is only mentioned is left out."""
        return {said.id: said.role for said in self.findings if said.role != MENTIONED}

    def person(self) -> dict[str, object]:
        return {fact.key: fact.value for fact in self.facts}

    @property
    def clear_intent(self) -> str:
        """The intent, or nothing where none is clear; config.yml draws the same line for Rasa."""
        name, chance = self.intent
        return name if chance >= GUESSED else ""

    @property
    def intent(self) -> tuple[str, float]:
        return max(self.intents, key=lambda pair: pair[1], default=("describe", 0.0))


class Reader:
    """Reads messages against one library. Give no network to read by word lists alone."""

    def __init__(self, library: Library, net: Network | None) -> None:
        self.library, self.net = library, net
        self.splitter = Splitter(library.cues)
        told = [f for f in library.findings.values() if not f.is_derived]
        self.phrases = Phrases({f.id: f.also_said for f in told})
        self.denials = Phrases({f.id: f.denied_by for f in told})
        self.patterns = Signs({f.id: f.said_with for f in told})
        self.lookalikes = Phrases({f.id: f.not_said_by for f in told})
        self.conditions = Phrases({c.id: (c.name, c.clinical_name, *c.also_called, *c.misspellings) for c in library.conditions.values()})
        self.topics = Phrases({t.id: (t.name, *t.also_called) for t in library.topics.values()})
        self.signs, self.alone, self.soothers = emergency_signs(library), alarms_alone(library), soothers(library)
        self.in_doubt = alarms_in_doubt(library)
        self._kept = lru_cache(maxsize=64)(self._read)

    def read(self, text: str, asked: Iterable[str] = ()) -> Reading:
        """The same message is read once for all who ask. asked: what the last question was about, for bare answers."""
        return self._kept(text[:LONGEST], tuple(a for a in asked if a in PERSON_KEYS))

    def _read(self, text: str, asked: tuple[str, ...]) -> Reading:
        if NOT_SPEECH.match(text):
            return Reading(text)
        message = self.splitter.split(text)
        impression = self.net.read(text) if self.net else Impression((), {}, {}, {}, None)  # type: ignore[arg-type]
        named = _longest(self.conditions.find(text))
        intents = dict(impression.intents)
        if named and not asked and all(self._is_a_plain_name(n.id) for n in named) and BARE.sub("", _cut(text, named)).strip(" ?!.,'\"") == "":  # 'gout', 'what about a baker's cyst'
            intents = {"ask_condition": 1.0}
        intent = max(intents, key=lambda name: intents[name], default="")
        if intents == {"ask_condition": 1.0}:
            return Reading(text, (), named, (), aspects_of(text, impression.aspects, True), (), tuple(intents.items()))
        return Reading(
            text,
            tuple(self._findings(text, message, impression)),
            named,
            self._topics(text, named, impression) if intent in QUESTIONS else (),
            aspects_of(text, impression.aspects, intent in QUESTIONS),
            tuple(person.facts(text, asked)),
            tuple(intents.items()),
        )

    def _is_a_plain_name(self, name: str) -> bool:
        """Not a danger, an injury or a complaint in itself: 'broken knee' and 'leg cramps' are no requests for a lesson."""
        condition = self.library.conditions[name]
        return condition.group in ("joint", "overuse", "growth") and not condition.must_not_miss and name not in ("leg_cramps", "soft_tissue_inflammation")

    def _topics(self, text: str, named: tuple[Named, ...], impression: Impression) -> tuple[Named, ...]:
        """Topics that are named; where neither a condition nor a topic is, the one that the network hears."""
        found = tuple(hit for hit in _longest(self.topics.find(text)) if not any(_overlap(hit, other) for other in named))
        best = max(impression.topics, key=lambda name: impression.topics[name], default="")
        if not found and not named and best in self.library.topics and impression.topics[best] >= SURE:
            return (Named(best, 0, len(text)),)
        return found

    def _findings(self, text: str, message: Message, impression: Impression) -> Iterable[Said]:
        heard = {h.id: h for h in impression.heard if h.id in self.library.findings}
        out: dict[str, Said] = {}
        lookalike = self.lookalikes.find(text)
        for hit in sorted(self.phrases.find(text), key=lambda h: h.start):
            if any(hit.id == like.id and _overlap(hit, like) for like in lookalike):
                continue
            self._keep(out, self._by_words(hit, message, heard.get(hit.id)))
        for sign in self.patterns.find(message):
            if not any(sign.id == like.id and like.start < sign.end and sign.start < like.end for like in lookalike):
                self._keep(out, self._by_sign(sign, message, heard.get(sign.id)))
        for hit in self.denials.find(text):
            chance = heard[hit.id].said if hit.id in heard else 0.0
            stands = hit.id in out and (out[hit.id].role == PRESENT or (out[hit.id].role == UNSURE and hit.id in self.alone))
            if not stands and not (self.net and chance < HINTED):
                out[hit.id] = Said(hit.id, ABSENT, hit.start, hit.end, "words", 1.0)
        for name, h in heard.items():
            if name in self.in_doubt and h.said < BELIEVED:
                continue  # our doubt is not theirs: it is asked about in any case
            if name not in out and not any(like.id == name for like in lookalike) and (h.said >= (CLEAR if name in self.soothers else SURE) or (name in self.alone and h.said >= FAINT and self._heard_role(h) == PRESENT)):
                out[name] = self._by_network(h, message)
        self._settle(out)
        return sorted(out.values(), key=lambda s: (s.start, s.id))

    def _settle(self, out: dict[str, Said]) -> None:
        """Of two findings that cannot both be true, the surer one stays."""
        for name in [n for n, said in out.items() if said.role == PRESENT]:
            for other in self.library.findings[name].excludes:
                if name in out and other in out and out[other].role == PRESENT and out[other].confidence <= out[name].confidence:
                    del out[other]

    @staticmethod
    def _keep(out: dict[str, Said], said: Said | None) -> None:
        if said and (said.id not in out or _weight(said) > _weight(out[said.id])):
            out[said.id] = said

    def _is_too_faint(self, name: str, chance: float) -> bool:
        """Word lists alone are believed where the finding is an alarm by itself, or where there is no network to ask."""
        return self.net is not None and name not in self.alone and chance < HINTED

    def _by_sign(self, sign: Sign, message: Message, heard: Heard | None) -> Said | None:
        """Any part that is denied, doubted or only mentioned makes the whole so."""
        roles = {message.role(*piece)[0] for piece in sign.pieces}
        role = next((r for r in (MENTIONED, UNSURE, ABSENT) if r in roles), None)
        chance = heard.said if heard else 0.0
        if self._is_too_faint(sign.id, chance):
            return None
        role = self._weighed(role, heard, self._is_stated(sign.id, sign.start, sign.end, message.doc.text))
        if role == PRESENT and self.net and chance < DEAF:
            if sign.id in self.in_doubt:
                return None  # our doubt is not theirs: it is asked about in any case
            role = UNSURE
        return Said(sign.id, role, sign.start, sign.end, "both" if chance >= SURE else "words", max(chance, 0.8))

    @staticmethod
    def _heard_role(heard: Heard) -> str:
        """The network's role; a mere mention must be clear, or it is a statement."""
        if heard.role == MENTIONED and max(heard.roles) < 0.75:
            return PRESENT
        return heard.role

    def _checked_role(self, heard: Heard) -> str:
        """Beside a phrase of the word lists: an emergency sign that the network takes for denied or doubtful is asked about, unless it is very sure."""
        if heard.id in self.signs and max(heard.roles) < CLEAR:
            return PRESENT if heard.role in (PRESENT, MENTIONED) else UNSURE
        return self._heard_role(heard)

    def _is_stated(self, name: str, start: int, end: int, text: str) -> bool:
        """'My calf is swollen should i massage it': an alarm in a plain sentence, whatever is asked behind it."""
        return name in self.signs | self.alone and STATED.search(text[max(0, start - 25) : end + 3].lower()) is not None

    def _weighed(self, role: str | None, heard: Heard | None, stated: bool = False) -> str:
        """What the cues make of the words, and the network: where it hears the finding and is very sure, its role counts."""
        if heard is None or heard.said < SURE:
            return role or PRESENT
        if role is None:
            checked = self._checked_role(heard)
            return PRESENT if checked == MENTIONED and stated else checked
        return heard.role if max(heard.roles) >= CLEAR and heard.role in (PRESENT, UNSURE) else role

    def _by_words(self, hit: Hit, message: Message, heard: Heard | None) -> Said | None:
        role, _cue = message.role(hit.start, hit.end)
        chance = heard.said if heard else 0.0
        if self._is_too_faint(hit.id, chance):
            return None
        role = self._weighed(role, heard, self._is_stated(hit.id, hit.start, hit.end, message.doc.text))
        return Said(hit.id, role, hit.start, hit.end, "both" if chance >= SURE else "words", max(chance, 0.9 if hit.exact else 0.7))

    def _by_network(self, heard: Heard, message: Message) -> Said:
        """An emergency sign that only the network hears, and faintly, is asked about rather than believed."""
        role = self._heard_role(heard)
        by_cue = message.role(heard.start, heard.end)[0]
        if role == PRESENT and (by_cue == UNSURE or (by_cue == ABSENT and heard.roles[0] < CLEAR)):
            role = by_cue
        stronger = bool(self.library.findings[heard.id].implies)  # 'it locks' is not yet 'it is stuck right now'
        believed = STRONGER if stronger else BELIEVED if heard.id in self.signs else SURE
        if heard.id in self.signs | self.alone and heard.said < believed and role == PRESENT:
            role = UNSURE
        return Said(heard.id, role, heard.start, heard.end, "network", heard.said)


def _weight(said: Said) -> tuple[int, float]:
    """Of two readings of one finding in a message, a statement counts above a denial, and both above a mere mention."""
    return {PRESENT: 3, ABSENT: 2, UNSURE: 1}.get(said.role, 0), said.confidence


def _cut(text: str, named: tuple[Named, ...]) -> str:
    """What is left without the names."""
    for name in reversed(named):
        text = text[: name.start] + text[name.end :]
    return text.lower()


def _longest(hits: list[Hit]) -> tuple[Named, ...]:
    out: list[Named] = []
    for hit in hits:
        if not any(_overlap(hit, other) and (other.end - other.start) > (hit.end - hit.start) for other in out) and hit.id not in {n.id for n in out}:
            out.append(Named(hit.id, hit.start, hit.end))
    return tuple(sorted(out, key=lambda n: n.start))


def _overlap(left: Hit | Named, right: Hit | Named) -> bool:
    return left.start < right.end and right.start < left.end


@lru_cache(maxsize=2)
def reader(library: Library, with_network: bool = True) -> Reader:
    """The reader of a library, made once."""
    return Reader(library, network() if with_network else None)
