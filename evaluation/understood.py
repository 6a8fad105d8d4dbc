"""What the project makes of a message, through bot/ alone or through the trained Rasa model. One form for both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.assessment import assess
from bot.case import Case, CaseError, check_person
from bot.library import load
from bot.reading import Reading, reader
from bot.turn import hear

DOUBT = ("present", "absent", "unsure")
STRONGEST = ("present", "absent", "unsure", "mentioned")


@dataclass(frozen=True)
class Understood:
    """findings: id → role. level: of the message alone, told in a fresh case. answered: the aspect that an answer takes up."""

    intent: str
    confidence: float
    findings: Mapping[str, str]
    conditions: tuple[str, ...]
    topics: tuple[str, ...]
    aspects: tuple[str, ...]
    answered: str
    level: str
    milliseconds: float
    person: Mapping[str, Any] = field(default_factory=dict)


Understand = Callable[[str], Understood]


def by_bot(text: str) -> Understood:
    library = load()
    begin = time.perf_counter()
    reading = reader(library).read(text)
    took = (time.perf_counter() - begin) * 1000
    intent, confidence = reading.intent
    return Understood(
        intent, confidence, {said.id: said.role for said in reading.findings}, tuple(n.id for n in reading.conditions),
        tuple(n.id for n in reading.topics), reading.aspects, (*reading.aspects, "what_is")[0],
        level_of_reading(reading), took, reading.person(),
    )  # fmt: skip


def level_of_reading(reading: Reading) -> str:
    return assess(hear(reading, (), Case(), load()).case, load()).care_level


def level_of(findings: Mapping[str, str], person: Mapping[str, Any]) -> str:
    """The level that these findings give in a fresh case; what is only mentioned is left out."""
    sound = {key: value for key, value in person.items() if _is_sound(key, value)}
    return assess(Case({k: v for k, v in findings.items() if v in DOUBT}, sound), load()).care_level


def _is_sound(key: str, value: Any) -> bool:
    try:
        check_person(key, value)
    except CaseError:
        return False
    return True


def by_rasa(model: Path) -> Understand:
    """The pipeline of a trained model, loaded once."""
    parse = _agent(str(model))

    def understand(text: str) -> Understood:
        begin = time.perf_counter()
        parsed = parse(text)
        return from_parse(parsed, text, (time.perf_counter() - begin) * 1000)

    return understand


@lru_cache(maxsize=2)
def _agent(model: str) -> Callable[[str], dict[str, Any]]:
    from rasa.core.agent import Agent  # heavy: only for those who ask for it

    agent, loop = Agent.load(model), asyncio.new_event_loop()
    return lambda text: dict(loop.run_until_complete(agent.parse_message(text)))


def from_parse(parsed: Mapping[str, Any], text: str, took: float) -> Understood:
    """The answer of /model/parse. Of two roles of one finding the stronger counts; a fallback counts as the intent below it."""
    ranked = [i for i in parsed.get("intent_ranking") or [parsed["intent"]] if i["name"] != "nlu_fallback"] or [parsed["intent"]]
    entities = parsed.get("entities", [])
    findings: dict[str, str] = {}
    for entity in entities:
        if entity["entity"] == "finding":
            role = entity.get("role") or "present"
            findings[entity["value"]] = min(role, findings.get(entity["value"], role), key=STRONGEST.index)
    person = {e["entity"]: e["value"] for e in entities if e["entity"] in ("age", "sex", "pregnant", "side", "for", "days", "country")}
    values = {kind: tuple(e["value"] for e in entities if e["entity"] == kind) for kind in ("condition", "topic", "aspect")}
    answered = (*values["aspect"], "what_is")[0]
    return Understood(
        ranked[0]["name"], float(ranked[0]["confidence"]), findings, values["condition"], values["topic"], values["aspect"],
        answered, level_of(findings, person), took, person,
    )  # fmt: skip
