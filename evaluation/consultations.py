"""Cases, each played by a simulated person → ranking, care levels and questions, with what was asked and told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.assessment import assess
from bot.case import Case
from bot.driver import Conversation
from bot.library import LEVELS, Library, load
from bot.reading import reader
from evaluation.person import Button, Person
from evaluation.rates import Figure, confusion, middle, share

HERE = Path(__file__).parent
TURNS = 40  # an interview asks twelve questions at most; more is a fault of the bot
ATTEMPTS = 3  # how often a person says the complaint again when nothing was understood
URGENT = "same_day"


@dataclass(frozen=True)
class Played:
    """One case after its conversation. shown: condition ids as the person saw them. ranked: as the final case ranks them.

    told: the facts as the bot keeps them. talk: who said what, for reading. whole_level, whole_ranked: what the
    assessment gives when every fact of the case is known, so that wrong rules and wrong hearing can be told apart."""

    case: Mapping[str, Any]
    level: str | None
    shown: tuple[str, ...]
    ranked: tuple[str, ...]
    questions: int
    told: Mapping[str, str]
    talk: tuple[str, ...]
    whole_level: str = "self_care"
    whole_ranked: tuple[str, ...] = ()

    @property
    def right(self) -> set[str]:
        return {self.case["condition"], *(self.case.get("accept") or ())} - {None}

    @property
    def care(self) -> str:
        return str(self.case["care_level"])

    def place(self, conditions: Sequence[str]) -> int:
        """1 for the first; 99 where the right one is not there."""
        return next((i for i, name in enumerate(conditions, 1) if name in self.right), 99)

    @property
    def off(self) -> int:
        """Levels too high (above 0) or too low (below 0). No card at all counts as self_care."""
        return LEVELS.index(self.level or "self_care") - LEVELS.index(self.care)

    @property
    def misheard(self) -> list[str]:
        """Findings that the bot keeps otherwise than the case has them."""
        facts, unsure = self.case["facts"], set(self.case.get("unsure") or ())
        truth = {name: "unsure" if name in unsure else facts.get(name, "absent") for name in self.told}
        return sorted(f"{name}: {truth[name]} kept as {answer}" for name, answer in self.told.items() if answer != truth[name])


def cases(name: str, folder: Path = HERE / "cases") -> list[dict[str, Any]]:
    return list(yaml.load((folder / f"{name}.yml").read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def play_all(these: Sequence[Mapping[str, Any]], seed: int, tell: Callable[[str], None] = lambda words: None) -> list[Played]:
    out = []
    for number, case in enumerate(these, 1):
        out.append(play(case, load(), seed))
        if number % 20 == 0:
            tell(f"{number} of {len(these)} cases")
    return out


def play(case: Mapping[str, Any], library: Library, seed: int) -> Played:
    conversation, person = Conversation(library, reader(library)), Person(case, seed)
    message, questions, attempts, talk = person.opens(), 0, 0, []
    for _ in range(TURNS):
        replies = conversation.answer(message).messages
        talk += [f"person: {message}", *(f"bot: {reply.text}" for reply in replies if reply.text)]
        asked = tuple(conversation.asked)
        if asked:
            questions += 1
            buttons = [Button(b.title, b.payload) for reply in replies for b in reply.buttons]
            message = person.answers(asked, [reply.text for reply in replies], buttons)
            talk.append(f"  ({', '.join(asked)})")
        elif conversation.memory.level is None and attempts < ATTEMPTS:
            attempts += 1
            message = person.says_again()
        else:
            break
    memory = conversation.memory
    ranked = tuple(fit.id for fit in assess(conversation.case, library).shown)
    whole = assess(whole_case(case), library)
    return Played(
        case, memory.level, tuple(memory.conditions), ranked, questions, dict(conversation.case.findings), tuple(talk),
        whole.care_level, tuple(fit.id for fit in whole.shown),
    )  # fmt: skip


def whole_case(case: Mapping[str, Any]) -> Case:
    """Every fact of the case as told, without a conversation."""
    facts = {name: answer for name, answer in case["facts"].items() if answer in ("present", "absent", "unsure")}
    return Case({**facts, **dict.fromkeys(case.get("unsure") or (), "unsure")}, case["person"])


# --- figures ------------------------------------------------------------------------------------------


def measure(played: Sequence[Played]) -> list[tuple[str, Figure | str]]:
    return [*ranking_figures(played), *care_figures(played), *question_figures(played)]


def ranking_figures(played: Sequence[Played]) -> list[tuple[str, Figure | str]]:
    """Cases without a condition are left out. An emergency card ends the talk without a list: it counts as not listed."""
    known = [p for p in played if p.right]
    listed = [p for p in known if p.shown]
    rows: list[tuple[str, Figure | str]] = []
    for name, places in (
        ("shown to the person", [p.place(p.shown) for p in known]),
        ("shown, of those who got a list", [p.place(p.shown) for p in listed]),
        ("as the final case ranks", [p.place(p.ranked) for p in known]),
        ("with every fact known", [p.place(p.whole_ranked) for p in known]),
    ):
        for words, within in (("first", 1), ("among the first three", 3), ("within the list", 98)):
            rows.append((f"right condition {words}: {name}", share(place <= within for place in places)))
    return rows


def care_figures(played: Sequence[Played]) -> list[tuple[str, Figure | str]]:
    emergencies = [p for p in played if p.care == "emergency_now"]
    cards = [p for p in played if p.level == "emergency_now"]
    homely = [p for p in played if p.care == "self_care"]
    return [
        ("care level exactly right", share(p.off == 0 for p in played)),
        ("care level not below the right one", share(p.off >= 0 for p in played)),
        ("emergencies that get emergency_now", share(p.level == "emergency_now" for p in emergencies)),
        ("emergencies that get at least same_day", share(_at_least(p.level, URGENT) for p in emergencies)),
        ("emergency_now cards that are right", share(p.care == "emergency_now" for p in cards)),
        ("self_care cases sent higher", share(p.off > 0 for p in homely)),
        ("care level exactly right with every fact known", share(p.whole_level == p.care for p in played)),
        ("care level not below the right one with every fact known", share(_at_least(p.whole_level, p.care) for p in played)),
        ("self_care cases sent higher with every fact known", share(p.whole_level != "self_care" for p in homely)),
        ("cases that ended without any card", share(p.level is None for p in played)),
        ("cases in which something was kept wrongly", share(bool(p.misheard) for p in played)),
    ]


def _at_least(level: str | None, least: str) -> bool:
    return level is not None and LEVELS.index(level) >= LEVELS.index(least)


def question_figures(played: Sequence[Played]) -> list[tuple[str, Figure | str]]:
    """Every time that a question stood open counts, a repeated one too."""
    asked = [p.questions for p in played]
    calm = [p.questions for p in played if p.level != "emergency_now"]
    return [
        ("questions, median", f"{middle(asked):.1f}"),
        ("questions, most", str(max(asked, default=0))),
        ("questions where no emergency ended them, median", f"{middle(calm):.1f}"),
    ]


def by_condition(played: Sequence[Played]) -> list[tuple[str, ...]]:
    """condition, cases, first, among three, within the list, care right, care too low, questions (median)."""
    out = []
    for name in sorted({str(p.case["condition"]) for p in played}):
        these = [p for p in played if str(p.case["condition"]) == name]
        places = [p.place(p.ranked) for p in these]
        counts = [sum(place <= within for place in places) for within in (1, 3, 98)]
        right, low = sum(p.off == 0 for p in these), sum(p.off < 0 for p in these)
        out.append((name, *map(str, (len(these), *counts, right, low)), f"{middle([p.questions for p in these]):.0f}"))
    return out


def care_confusion(played: Sequence[Played]) -> dict[tuple[str, str], int]:
    return confusion((p.care, p.level or "no card") for p in played)


def condition_confusion(played: Sequence[Played]) -> dict[tuple[str, str], int]:
    return confusion((p.case["condition"], next(iter(p.ranked), "none")) for p in played if p.right)


def failing(played: Sequence[Played]) -> list[Played]:
    """The worst first: too low, then too high, then the right condition missed."""
    wrong = [p for p in played if p.off != 0 or (p.right and p.place(p.ranked) > 3)]
    return sorted(wrong, key=lambda p: (min(p.off, 0), -max(p.off, 0), -p.place(p.ranked) if p.right else 0))


def summary(played: Played) -> str:
    """One case in two lines: for those who mend it. Never for the untouched half."""
    place = played.place(played.ranked) if played.right else None
    head = f"{played.case['id']} {played.case['condition']} {played.care}: given {played.level}, place {place}, listed {list(played.ranked)}, {played.questions} questions; every fact known: {played.whole_level}, first {next(iter(played.whole_ranked), None)}"
    return f"{head}\n    kept wrongly: {'; '.join(played.misheard) or 'nothing'}"
