"""Facts on the person, from sentences as people write them. None of these stands in the training or evaluation messages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.person import facts


def read(text: str, asked: tuple[str, ...] = ()) -> dict[str, Any]:
    return {fact.key: fact.value for fact in facts(text, asked)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I'm 44 and my left knee aches", {"age": 44, "side": "left"}),
        ("F31, sore since last night", {"age": 31, "sex": "female", "days": 1}),
        ("my mum is 72, her right knee went stiff three weeks ago", {"age": 72, "sex": "female", "for": "other", "side": "right", "days": 21}),
        ("our son, 9, limps since Sunday's match", {"age": 9, "sex": "male", "for": "child", "days": 4}),
        ("he's 8 months and won't kick with one leg", {"age": 0.67, "for": "child", "sex": "male"}),
        ("both knees, for years, I'm in my sixties", {"side": "both", "days": 730, "age": 65}),
        ("30 weeks pregnant and a cramp in the calf", {"pregnant": True, "sex": "female"}),
        ("writing from Lyon, kneecap sore for two months", {"country": "FR", "days": 60}),
        ("am I too old for a new knee at 83?", {"age": 83}),
        ("sorry, I meant the right one", {"side": "right"}),
        ("it swelled up this morning after I fell", {"days": 0}),
    ],
)
def test_facts_are_read(text: str, told: dict[str, Any]) -> None:
    assert {key: read(text).get(key) for key in told} == told


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("fever of 39 and the knee is hot", ("age",)),
        ("I run 10 miles, it hurts at 8", ("age",)),
        ("I tore it at 19 and it still clicks", ("age",)),
        ("my physio says she thinks it's the tendon, my knee is fine in bed", ("for", "sex")),
        ("my dad had a clot once, my knee only clicks", ("for", "sex")),
        ("is it jumper's knee?", ("for",)),
        ("I rested it for two weeks", ("days",)),
        ("I can't get an appointment for 3 weeks", ("days",)),
        ("my sister in Spain uses a brace", ("country",)),
        ("I'm not pregnant any more, I gave birth", ()),
    ],
)
def test_what_is_not_said_is_not_read(text: str, keys: tuple[str, ...]) -> None:
    found = read(text)
    assert not [key for key in keys if key in found], found


def test_a_birth_is_no_pregnancy() -> None:
    assert read("I gave birth two weeks ago")["pregnant"] is False


@pytest.mark.parametrize(
    ("text", "asked", "told"),
    [("44", "age", 44), ("about sixty", "age", 60), ("a fortnight", "days", 14), ("months", "days", 90), ("a couple of days", "days", 2), ("this morning", "days", 0), ("yesterday", "days", 1), ("18 months", "age", 1.5), ("f", "sex", "female")],
)
def test_a_bare_answer_counts_for_what_was_asked(text: str, asked: str, told: Any) -> None:
    assert read(text, (asked,)).get(asked) == told
