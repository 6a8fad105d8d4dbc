"""A simulated person: knows the facts of one case and nothing of the bot but what is on the screen.

It gets texts, buttons and the ids of the open question, as any outside tool may. It shares no code or wording with the bot.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.lay_words import LAY, WHO

YES = ("yes", "yeah", "yep", "y", "yes it does", "yes, that's right", "it is, yes", "yes unfortunately", "Yes.", "definitely", "yes a bit", "aye", "ye")
NO = ("no", "nope", "nah", "n", "No.", "no, not that", "not at all", "no it doesn't", "don't think so", "no nothing like that", "not really", "never")
DOUBT = ("not sure", "i'm not sure", "dunno", "hard to say", "maybe?", "no idea", "i don't know", "can't tell really", "idk")
NONE = ("none of them", "none", "no, none of those", "no to all of that", "nope none of these apply", "no", "none of the above", "nothing like that", "no, nothing")
LEAD = ("", "yes, ", "yeah ", "well ", "yes: ", "the ")
REST = ("", "", ", nothing else", ". rest no", ", not the others", " but not the rest")
NOT_HEARD = ("sorry, i mean ", "what i mean is ", "ok so ", "")
PERSON_KEYS = ("age", "sex", "pregnant", "side", "for", "days", "country")
BY_BUTTON = 0.2  # how often a button is pressed where there is a fitting one
WITH_WORDS = 0.35  # how often a yes is followed by what is meant


@dataclass(frozen=True)
class Button:
    title: str
    payload: str


class Person:
    """One case, played. The same seed gives the same answers to the same questions."""

    def __init__(self, case: Mapping[str, Any], seed: int) -> None:
        self.facts: Mapping[str, str] = case["facts"]
        self.unsure = set(case.get("unsure") or ())
        self.who: Mapping[str, Any] = case["person"]
        self.opening: str = case["opening"]
        self.chance = random.Random(f"{seed} {case['id']}")
        self.before: tuple[str, ...] = ()

    def opens(self) -> str:
        return self.opening

    def says_again(self) -> str:
        """Nothing was understood: the complaint in other words."""
        true = [name for name, answer in self.facts.items() if answer == "present"]
        return self.chance.choice(NOT_HEARD) + " and ".join(self.lay(name) for name in true[:3])

    def answers(self, asked: Sequence[str], texts: Sequence[str], buttons: Sequence[Button]) -> str:
        """A message, or the payload of a button. Asked the same again, the person reaches for the buttons."""
        again, self.before = tuple(asked) == self.before, tuple(asked)
        press = again or self.chance.random() < BY_BUTTON
        if asked[0] in PERSON_KEYS:
            return self._on_oneself(asked[0], buttons, press)
        if len(asked) == 1:
            return self._single(asked[0], buttons, press)
        return self._several(asked, buttons, press)

    # --- what is true -----------------------------------------------------------------------------

    def answer_to(self, name: str) -> str:
        """present, absent or unsure. What the case does not tell is not there."""
        if name in self.unsure:
            return "unsure"
        return self.facts.get(name, "absent")

    def lay(self, name: str) -> str:
        """The finding in this person's words."""
        words = LAY.get(name, (name.replace("_", " "),))
        other = self.who.get("for") in ("child", "other")
        return self.chance.choice(words).format(**WHO[self.who.get("sex", "male") if other else "self"])

    # --- one thing ----------------------------------------------------------------------------------

    def _single(self, name: str, buttons: Sequence[Button], press: bool) -> str:
        answer = self.answer_to(name)
        payload = _titled(buttons, {"present": r"^yes", "absent": r"^no$", "unsure": r"sure"}[answer]) if press else None
        if payload:
            return payload
        if answer == "unsure":
            return self.chance.choice(DOUBT)
        if answer == "absent":
            return self.chance.choice(NO)
        yes, more = self.chance.choice(YES), self.chance.random() < WITH_WORDS
        return f"{yes.rstrip('.')}, {self.lay(name)}" if more else yes

    # --- several together ----------------------------------------------------------------------------

    def _several(self, asked: Sequence[str], buttons: Sequence[Button], press: bool) -> str:
        true = [name for name in asked if self.answer_to(name) == "present"]
        doubtful = [name for name in asked if self.answer_to(name) == "unsure"]
        if press and not (true and doubtful):
            payload = self._pressed(true, doubtful, asked, buttons)
            if payload:
                return payload
        if true:
            said = self.chance.choice(LEAD[:5]) + " and ".join(self.lay(name) for name in true) + self.chance.choice(REST)
            return said + (f", not sure about this one: {self.lay(doubtful[0])}" if doubtful else "")
        if len(doubtful) == len(asked):
            return self.chance.choice(DOUBT)
        if doubtful:
            return f"no, but not sure whether {self.lay(doubtful[0])}"
        return self.chance.choice(NONE)

    def _pressed(self, true: Sequence[str], doubtful: Sequence[str], asked: Sequence[str], buttons: Sequence[Button]) -> str | None:
        """The button of the one that is true, the ticked boxes of several, or the button for none or for not sure."""
        if not true:
            return _titled(buttons, r"sure") if len(doubtful) == len(asked) else None if doubtful else _titled(buttons, r"^none")
        shown = [b.payload for b in buttons if any(re.search(rf"\b{name}\b", b.payload) for name in true)]
        if len(shown) != len(true):
            return None
        return shown[0] if len(true) == 1 else f"{shown[0].partition(':')[0]}:m:{','.join(true)}"

    # --- on oneself -----------------------------------------------------------------------------------

    def _on_oneself(self, key: str, buttons: Sequence[Button], press: bool) -> str:
        value = self.who.get(key)
        if value is None:
            return self.chance.choice(DOUBT)
        if key == "days":
            payload = _nearest(buttons, float(value)) if press else None
            return payload or self.chance.choice(duration(float(value)))
        if key == "age":
            return self.chance.choice(age(float(value), self.who.get("for", "self") != "self"))
        if isinstance(value, bool):
            return self.chance.choice(YES if value else NO)
        return str(value)


def age(years: float, of_other: bool) -> tuple[str, ...]:
    if years < 2:
        months = max(1, round(years * 12))
        return (f"{months} months old", f"{months} months")
    n = int(years)
    subject = "they're" if of_other else "i'm"
    return (str(n), f"{n} years old", f"{subject} {n}", f"{n}.", f"{n} yrs", f"{subject} {n} now")


def duration(days: float) -> tuple[str, ...]:
    """How people put it: in the unit that gives a small number."""
    if days < 1:
        return ("today", "this morning", "just now, today", "started today", "a few hours ago")
    if days < 2:
        return ("yesterday", "since yesterday", "1 day", "a day ago")
    for unit, length in (("year", 365), ("month", 30), ("week", 7), ("day", 1)):
        count = round(days / length)
        if days >= length * (1 if unit == "year" else 2) or unit == "day":
            ending = unit if count == 1 else f"{unit}s"
            return (f"{count} {ending}", f"about {count} {ending}", f"{count} {ending} ago", f"for {count} {ending} now", f"roughly {count} {ending} i think")
    raise AssertionError("every number of days has a unit")


def _titled(buttons: Sequence[Button], pattern: str) -> str | None:
    return next((b.payload for b in buttons if re.search(pattern, b.title.strip(), re.IGNORECASE)), None)


def _nearest(buttons: Sequence[Button], days: float) -> str | None:
    """The button whose number of days lies nearest, where buttons carry numbers."""
    numbered = [(abs(float(m.group(1)) - days), b.payload) for b in buttons if (m := re.search(r":(\d+(?:\.\d+)?)$", b.payload))]
    return min(numbered)[1] if numbered else None
