"""Messages with what careful readers marked in them: the project's own, and outside files in another form."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein

HERE = Path(__file__).parent
SETS = ("red_flag", "harmless", "denial", "questions")
STATED = ("present", "absent", "unsure")
LONG = 60  # words


@dataclass(frozen=True)
class Marked:
    """kind: the set it stands in. findings: id → the roles that are right (two where it is stated twice). not_counted: ids that count neither way.

    care: the least and the highest level that are right, each None where it was not marked."""

    text: str
    kind: str
    intent: str | None
    findings: dict[str, frozenset[str]]
    not_counted: frozenset[str] = frozenset()
    conditions: tuple[str, ...] = ()
    topic: str | None = None
    aspects: tuple[str, ...] = ()
    person: dict[str, Any] = field(default_factory=dict)
    care: tuple[str | None, str | None] = (None, None)

    @property
    def stated(self) -> dict[str, frozenset[str]]:
        """Present, absent or unsure; a statement outranks a mere mention of the same finding."""
        return {name: roles & set(STATED) for name, roles in self.findings.items() if roles & set(STATED)}

    @property
    def mentioned(self) -> set[str]:
        return {name for name in self.findings if name not in self.stated}


def own(name: str, folder: Path = HERE / "messages") -> list[Marked]:
    return [_own(json.loads(line), name) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]


def _own(raw: dict[str, Any], name: str) -> Marked:
    roles: dict[str, set[str]] = {}
    for finding in raw["findings"]:
        roles.setdefault(finding["id"], set()).add(finding["role"])
    level = raw.get("care_level")
    return Marked(
        raw["text"], name, raw["intent"], {k: frozenset(v) for k, v in roles.items()}, frozenset(),
        tuple(raw["conditions"]), raw["topic"], tuple(raw["aspects"]), raw["person"], (level, level),
    )  # fmt: skip


def outside(path: Path) -> list[Marked]:
    """{"text", "act", "present", "absent", "optional", "not_counted", "conditions_named", "topic", "aspects", "care_min", "care_max"}."""
    return [_outside(json.loads(line), path.stem) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _outside(raw: dict[str, Any], name: str) -> Marked:
    roles = {i: frozenset({"present"}) for i in raw.get("present", ())}
    for i in raw.get("absent", ()):
        roles[i] = roles.get(i, frozenset()) | {"absent"}
    left_out = frozenset([*raw.get("optional", ()), *raw.get("not_counted", ())]) - set(roles)
    return Marked(
        raw["text"], name, raw.get("act"), roles, left_out, tuple(c for c in raw.get("conditions_named") or () if not c.startswith("other:")),
        raw.get("topic"), tuple(raw.get("aspects") or ()), {}, (raw.get("care_min"), raw.get("care_max")),
    )  # fmt: skip


def plain(text: str) -> str:
    """For comparing whole messages: small letters, no punctuation."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower().replace("’", "").replace("'", "")))


# --- groups ---------------------------------------------------------------------------------------

SLANG = re.compile(
    r"\b(?:gonna|wanna|gotta|kinda|sorta|tho|lol|lmao|omg|tbh|ngl|idk|imo|innit|ain'?t|aint|dodgy|gammy|gimpy|dicky|duff|knackered|buggered|"
    r"banjaxed|knacked|gubbed|wonky|manky|naff|bloody|proper|dead sore|well sore|reet|summat|owt|nowt|wee bit|wee|ye|yer|ya|y'?all|u|ur|r|"
    r"pls|plz|thx|cuz|coz|cos|bc|def|defo|prob|probs|prolly|deffo|massive|mega|hella|af|wtf|damn|crap|crappy|shit|shite|arse|bum|jacked|"
    r"busted|janky|wrecked|tweaked|blew|blown|gives me gyp|gyp|jip|giving me grief|doing my head in|killing me|peg leg|balloon\w*|"
    r"mate|bruv|bro|dude|fam|mum's|nan|grandad|kiddo|lad|lads|bairn|gippy|bust|trackies|footy|arvo|physio'?s|loo|telly|half|dunno|nope|yup|nah)\b",
    re.IGNORECASE,
)


LOST_APOSTROPHE = re.compile(r"\b(?:dont|cant|wont|isnt|doesnt|didnt|hasnt|havent|wasnt|arent|couldnt|wouldnt|ive|im|thats|whats|hes|shes|theres)\b", re.IGNORECASE)


def groups(message: Marked, slips: frozenset[str]) -> set[str]:
    """denial: the set of that name. slips: the misspelt words of all messages."""
    words = re.findall(r"[a-z']+", message.text.lower())
    tests = {
        "denial": message.kind == "denial",
        "typo or lost apostrophe": bool(slips & set(words)) or bool(LOST_APOSTROPHE.search(message.text)),
        "slang": bool(SLANG.search(message.text)),
        "long (over 60 words)": len(message.text.split()) > LONG,
        "past or mentioned": any("mentioned" in roles for roles in message.findings.values()),
        "other person": message.person.get("for") in ("other", "child"),
    }
    return {name for name, holds in tests.items() if holds}


def misspelt(texts: Iterable[str], known: frozenset[str] = frozenset()) -> frozenset[str]:
    """Rare words of five letters or more that are one slip from a word far more common. known: words that are spelt right."""
    counts = Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))
    rare = [w for w, count in counts.items() if count <= 3 and len(w) >= 5 and w not in known]
    common = [word for word, count in counts.items() if count >= 12 and len(word) >= 4]
    return frozenset(w for w in rare if any(counts[c] >= 12 * counts[w] and _is_slip(w, c) for c in common))


def spelt_right(folder: Path = HERE.parent / "bot" / "knowledge") -> frozenset[str]:
    """Every word of the teaching texts: written by careful hands."""
    files = [*sorted((folder / "conditions").glob("*.yml")), folder / "topics.yml", folder / "exercises.yml", folder / "article.yml"]
    kept = (line for f in files for line in f.read_text(encoding="utf-8").lower().splitlines() if not re.match(r"\s*(?:also_called|misspellings):", line))
    return frozenset(word for line in kept for word in re.findall(r"[a-z]+", line))


def slips_of_people(folder: Path = HERE.parent / "data" / "messages") -> frozenset[str]:
    """Misspelt words, judged by all messages that the project has."""
    trained = [json.loads(line)["text"] for f in sorted(folder.glob("*.jsonl")) for line in f.read_text(encoding="utf-8").splitlines() if line.strip()]
    return misspelt([*trained, *(m.text for name in SETS for m in own(name))], spelt_right())


def _is_slip(word: str, common: str) -> bool:
    """'swolen' for 'swollen', but not 'walks' for 'walk' nor 'seat' for 'heat'."""
    if word[0] != common[0] or word.startswith(common) or common.startswith(word) or word[:-1] == common[:-1]:
        return False
    return DamerauLevenshtein.distance(word, common, score_cutoff=1) == 1
