from dataclasses import dataclass, field

import pytest

from bot.rule import RuleError, read_rule

FINDINGS = ("fever", "limp", "lump", "newly_worse")


@dataclass
class Told:
    findings: dict = field(default_factory=dict)
    days: float | None = None
    age: float | None = None


def rule(text, **terms):
    return read_rule(text, FINDINGS, terms, {"signs": ("limp", "lump")})


def test_not_holds_while_nothing_was_said():
    assert rule("not fever").holds(Told())
    assert not rule("not fever").holds(Told({"fever": "present"}))


def test_absent_needs_a_clear_no():
    assert not rule("absent(fever)").holds(Told())
    assert rule("absent(fever)").holds(Told({"fever": "absent"}))
    assert not rule("absent(fever)").holds(Told({"fever": "unsure"}))


def test_the_denial_of_absent_holds_for_silence():
    assert rule("not absent(fever)").holds(Told())
    assert not rule("not absent(fever)").holds(Told({"fever": "absent"}))


def test_recent_holds_when_nobody_said_how_long_and_when_it_is_newly_worse():
    assert rule("recent(14)").holds(Told())
    assert rule("recent(14)").holds(Told(days=14))
    assert not rule("recent(14)").holds(Told(days=15))
    assert rule("recent(14)").holds(Told({"newly_worse": "present"}, days=400))


def test_days_over_needs_a_known_number():
    assert not rule("days_over(7)").holds(Told())
    assert rule("days_over(7)").holds(Told(days=8))


def test_terms_and_groups_stand_for_what_they_name():
    assert rule("ill and any_of(signs)", ill="fever or lump").holds(Told({"fever": "present", "limp": "present"}))
    assert not rule("ill and any_of(signs)", ill="fever").holds(Told({"fever": "present"}))


def test_and_binds_tighter_than_or():
    assert rule("fever or limp and lump").holds(Told({"fever": "present"}))


@pytest.mark.parametrize("text,said", [("fevr", "did you mean 'fever'"), ("fever and", "cannot read"), ("fever + limp", "cannot read"), ("absent(x)", "no such finding 'x'")])
def test_a_broken_rule_says_what_is_wrong(text, said):
    with pytest.raises(RuleError, match=said.replace("'", ".")):
        rule(text)
