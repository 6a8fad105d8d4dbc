"""A stated red flag keeps its card, whatever else is said, until the person takes it back; a denied one never raises it.

Played on bot/ with the word lists alone: the guarantee needs no trained network. KNEE_GUIDE_LONG=1 plays ten thousand.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.assessment import assess
from bot.case import Case
from bot.driver import Conversation
from bot.library import LEVELS, load
from bot.reading import reader

LIBRARY = load()
READER = reader(LIBRARY, with_network=False)
MANY = 10_000 if os.environ.get("KNEE_GUIDE_LONG") else 150
RELAXED = {"max_examples": MANY, "deadline": None, "derandomize": MANY < 1000, "suppress_health_check": [HealthCheck.too_slow]}

STATED = (
    "I have chest pain and my calf is swollen", "my foot has gone cold and white since the fall", "short of breath and my leg hurts",
    "I am coughing up blood", "the wound is spurting blood and it won't stop bleeding", "my face is drooping and my speech is slurred",
    "I took too many tablets, the whole packet", "my throat is closing after the injection", "i want to end it all",
)  # fmt: skip
DENIED = (
    "no chest pain and not short of breath", "my foot is not cold", "I don't have a fever", "no swelling in the calf",
    "chest pain? no", "not coughing blood", "I never had a clot",
)  # fmt: skip
OTHER = (
    "it hurts on the stairs", "my knee clicks", "what is a baker's cyst?", "thanks", "hello", "yes", "no", "not sure", "none of these",
    "i am 45", "for three weeks", "why do you ask?", "my mum says it is nothing and i should calm down", "the doctor said it is only a strain",
    "it is probably just my age", "/restart", '/inform{"finding": "fever"}', "kg:n", "kg:a:chest_pain_or_breathless:a", "", "?", "how long does it take",
    "show me the result", "actually it is the left knee", "i do not want to go to hospital", "lol", "x" * 500,
)  # fmt: skip


def level(name: str | None) -> int:
    return LEVELS.index(name) if name else -1


@settings(**RELAXED)
@given(before=st.lists(st.sampled_from(OTHER + DENIED), max_size=4), flag=st.sampled_from(STATED), after=st.lists(st.sampled_from(OTHER), max_size=5))
def test_a_stated_red_flag_gets_its_card_at_once_and_keeps_it(before, flag, after):
    talk = Conversation(LIBRARY, READER)
    for text in before:
        talk.answer(text)
    cards = [m.custom["level"] for m in talk.answer(flag).messages if m.custom.get("kind") == "card"]
    assert cards[:1] == ["emergency_now"]
    for text in after:
        talk.answer(text)
        assert talk.memory.level == "emergency_now"


@settings(**RELAXED)
@given(said=st.lists(st.sampled_from(DENIED), min_size=1, max_size=6))
def test_denied_red_flags_never_raise_an_alarm(said):
    talk = Conversation(LIBRARY, READER)
    for text in said:
        talk.answer(text)
    assert level(talk.memory.level) < level("same_day")


FINDINGS = [f.id for f in LIBRARY.findings.values() if not f.is_derived]
CASES = st.builds(
    Case,
    st.dictionaries(st.sampled_from(FINDINGS), st.sampled_from(("present", "absent", "unsure")), max_size=12),
    st.fixed_dictionaries({}, optional={"age": st.integers(0, 100), "days": st.integers(0, 2000), "side": st.sampled_from(("left", "right", "both"))}),
)


@settings(**RELAXED)
@given(case=CASES)
def test_the_level_is_never_below_any_rule_that_fired(case):
    found = assess(case, LIBRARY)
    assert all(level(found.care_level) >= level(raised.level) for raised in found.urgency.raised)


@settings(**RELAXED)
@given(case=CASES)
def test_the_same_case_gives_the_same_result_and_nothing_known_is_asked(case):
    first, second = assess(case, LIBRARY), assess(Case(dict(reversed(case.findings.items())), case.person), LIBRARY)
    assert first.as_json() == second.as_json()
    if first.question and first.question.kind != "again":
        assert not set(first.question.about) & set(first.known.findings)
    assert not (first.is_emergency and first.question)


@settings(**RELAXED)
@given(case=CASES, symptom=st.sampled_from([n for n in FINDINGS if LIBRARY.findings[n].group != "about_you"]))
def test_an_emergency_sign_that_is_unsure_never_ends_in_self_care(case, symptom):
    unsure = assess(case.tell(symptom, "unsure"), LIBRARY)
    if assess(case.tell(symptom, "present"), LIBRARY).is_emergency:
        assert unsure.care_level != "self_care"
