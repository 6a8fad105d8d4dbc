"""What people say and what is read: with the word lists alone for the danger signs, with the network for the rest."""

import pytest

from bot.library import load
from bot.reading import reader

WORDS = reader(load(), with_network=False)
BOTH = reader(load())

STATED = [
    ("my calf is swollen on one side and im short of breath", "chest_pain_or_breathless"),
    ("I've got chest pain since this morning", "chest_pain_or_breathless"),
    ("my left foot has gone cold and white", "cold_pale_foot"),
    ("i cant feel anything between my legs and wet myself", "saddle_numbness_bladder_bowel"),
    ("the cut is spurting and won't stop bleeding", "heavy_bleeding"),
    ("his face has dropped on one side and he slurs", "face_arm_speech"),
    ("i want to end my life", "suicidal_thoughts"),
]
DENIED = [
    ("no chest pain and not short of breath", "chest_pain_or_breathless"),
    ("my foot isn't cold", "cold_pale_foot"),
    ("no fever, and it isnt swollen", "fever"),
    ("fever? no", "fever"),
    ("no swelling, redness or fever", "fever"),
    ("my calf isnt swollen", "calf_swelling_one_sided"),
]


@pytest.mark.parametrize("text,sign", STATED)
def test_a_stated_danger_sign_is_read_without_any_trained_model(text, sign):
    assert WORDS.read(text).answers().get(sign) == "present"


@pytest.mark.parametrize("text,sign", DENIED)
@pytest.mark.parametrize("read", [WORDS, BOTH], ids=["words", "both"])
def test_a_denied_sign_is_never_read_as_present(read, text, sign):
    assert read.read(text).answers().get(sign) != "present"


@pytest.mark.parametrize("text", ["it happened again", "I have 45 minutes", "we ran a race", "my knees are killing me on the stairs"])
def test_letters_inside_other_words_mean_nothing(text):
    assert not set(BOTH.read(text).answers()) & {"previous_kneecap_dislocation", "known_arthritis", "suicidal_thoughts", "cannot_bend_90"}


@pytest.mark.parametrize("text", ["kg:a:fever:p", '/inform{"finding": "fever"}', 'restart{"a": "chest pain"}'])
def test_machine_words_say_nothing_of_a_person(text):
    assert not BOTH.read(text).findings


def test_several_findings_in_one_message_with_their_roles():
    told = BOTH.read("my knee is swollen and it gives way on the stairs, no fever").answers()
    assert told["swelling_whole_knee"] == "present" and told["giving_way"] == "present" and told["fever"] == "absent"


def test_facts_on_the_person_are_read():
    assert BOTH.read("im 41, left knee, for three weeks").person() == {"age": 41, "side": "left", "days": 21}
