"""Every written case of tests/cases/, each under its own sentence."""

from __future__ import annotations

import pytest

from bot.case import Case
from bot.expectation import Expectation, faults, read_cases
from bot.library import load

CASES, PROBLEMS = read_cases()


def test_every_file_of_cases_can_be_read() -> None:
    assert PROBLEMS == ()
    assert CASES


@pytest.mark.parametrize("expectation", [pytest.param(case, id=case.sentence) for case in CASES])
def test_case(expectation: Expectation) -> None:
    found = faults(expectation, load())
    assert not found, f"{expectation.where}: {'; '.join(found)}"


HOT = Case({"hot_red_joint": "present", "fever": "absent"}, {"age": 30})


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ({"care_level": "emergency_now"}, "should be emergency_now"),
        ({"care_level_at_least": "emergency_now"}, "should be at least emergency_now"),
        ({"care_level_at_most": "self_care"}, "should be at most self_care"),
        ({"raised": ["RF01"]}, "should hold RF01"),
        ({"leads": "calf_strain"}, "should be calf_strain"),
        ({"among_shown": ["calf_strain"]}, "should hold calf_strain"),
        ({"asks": ["pain_stairs"]}, "should hold pain_stairs"),
        ({"does_not_ask": ["chest_pain_or_breathless"]}, "should not hold chest_pain_or_breathless"),
    ],
)
def test_an_expectation_that_is_not_met_is_told_in_words(expect: dict[str, object], words: str) -> None:
    library = load()
    expectation = Expectation("made_up.yml", "a hot knee", HOT, expect)
    assert any(words in fault for fault in faults(expectation, library))


def test_what_must_not_be_raised_or_shown_is_told_when_it_is() -> None:
    library = load()
    told = Case({"chest_pain_or_breathless": "present", "previous_gout_attacks": "present", "hot_red_joint": "present"})
    expectation = Expectation("made_up.yml", "a short breath", told, {"not_raised": ["RF01"], "not_shown": ["gout"]})
    assert len(faults(expectation, library)) == 2
