"""What our own buttons carry. A payload counts only when we offered it in this conversation; typed, it is text."""

from __future__ import annotations

from dataclasses import dataclass

from bot.case import Case, CaseError, check_person
from bot.consultation import Memory
from bot.library import Library
from bot.questions import doubted
from bot.reading import PAYLOAD
from bot.rule import ABSENT, PRESENT, UNSURE
from bot.turn import Heard

ANSWERS = {"p": PRESENT, "a": ABSENT, "u": UNSURE}


@dataclass(frozen=True)
class Pressed:
    """heard: answers that the button gave. command: c:why, c:result, t:<id>:<aspect>, e:<exercise> and the like."""

    heard: Heard
    command: str | None = None


def press(text: str, case: Case, memory: Memory, library: Library) -> Pressed | None:
    """None when the text is not a button of ours that may be pressed now."""
    payload = text.strip()
    if not payload.startswith(PAYLOAD) or not _offered(payload, memory):
        return None
    kind, _, rest = payload.removeprefix(PAYLOAD).partition(":")
    asked = memory.asked
    if kind == "a":
        name, _, answer = rest.partition(":")
        return Pressed(_answer(case, {name: ANSWERS[answer]}, asked))
    if kind == "m":
        ticked = rest.split(",")
        return Pressed(_answer(case, {name: PRESENT if name in ticked else ABSENT for name in asked}, asked))
    if kind in ("n", "u"):
        names = asked if kind == "n" else doubted(asked, library)
        return Pressed(_answer(case, {name: ABSENT if kind == "n" else UNSURE for name in names if name not in case.findings}, asked))
    if kind == "d":
        return Pressed(_person(case, "days", float(rest), asked))
    return Pressed(Heard(case), f"{kind}:{rest}")


def _offered(payload: str, memory: Memory) -> bool:
    """Ticked boxes carry a choice among the open question; everything else is as it was offered."""
    if payload.startswith(f"{PAYLOAD}m:"):
        names = payload.removeprefix(f"{PAYLOAD}m:").split(",")
        return len(memory.asked) > 1 and f"{PAYLOAD}n" in memory.offered and set(names) <= set(memory.asked)
    if payload.startswith((f"{PAYLOAD}n", f"{PAYLOAD}u")) and not memory.asked:
        return False
    return payload in memory.offered


def _answer(case: Case, answers: dict[str, str], asked: tuple[str, ...]) -> Heard:
    changed = tuple(name for name, answer in answers.items() if name in case.findings and case.findings[name] != answer)
    return Heard(case.tell_all(answers), changed, any(name in asked for name in answers), (), True)


def _person(case: Case, key: str, value: float, asked: tuple[str, ...]) -> Heard:
    try:
        check_person(key, value)
    except CaseError:
        return Heard(case)
    whole = int(value) if value == int(value) else value
    return Heard(case.tell_all({}, {key: whole}), (), key in asked, (), True)
