"""The safety net by hand: signs are heard, denials are denials and look-alikes are nothing, all without the network."""

from __future__ import annotations

import pytest

from bot.clauses import Splitter
from bot.library import load
from bot.reading import Reader
from bot.rule import ABSENT, PRESENT
from bot.signs import Signs, read_pattern

STATED = [
    ("cold_pale_foot", "ever since the crash my left foot is stone cold"),
    ("cold_pale_foot", "her toes have turned a bluish colour"),
    ("cold_pale_foot", "my foot has gone a waxy white"),
    ("chest_pain_or_breathless", "it stabs in my chest when I breathe in"),
    ("chest_pain_or_breathless", "i cant get enough air since this morning"),
    ("chest_pain_or_breathless", "I coughed up some blood last night"),
    ("severely_unwell", "he's drowsy and talking rubbish"),
    ("severely_unwell", "she passed out twice in the kitchen"),
    ("saddle_numbness_bladder_bowel", "I'm numb between my legs"),
    ("saddle_numbness_bladder_bowel", "since yesterday I cant pee and my back is killing me"),
    ("face_arm_speech", "his face has dropped on one side and his words come out wrong"),
    ("leg_weakness_new", "I can't move my leg at all, it won't do what I tell it"),
    ("heavy_bleeding", "the cut won't stop bleeding"),
    ("bone_or_joint_visible", "I can see the bone in there"),
    ("gut_bleed", "my poo is black like tar since the ibuprofen"),
    ("allergic_reaction", "my lips and tongue are swelling after the tablet"),
    ("aorta_signs", "a sudden ripping pain in my back"),
    ("overdose", "I took twelve paracetamol today"),
    ("suicidal_thoughts", "honestly I want to end my life"),
    ("suicidal_thoughts", "i dont want to be here any more"),
    ("harmed_by_someone", "my husband kicked me in the knee"),
    ("dirty_wound_lockjaw", "my jaw has gone stiff and I can't open my mouth"),
    ("calf_swelling_one_sided", "my left calf is all puffed up"),
    ("calf_swelling_one_sided", "one leg is much fatter than the other"),
    ("leg_tight_hard", "the calf is rock hard and shiny"),
    ("pain_moving_toes", "moving my toes makes me scream"),
    ("pain_out_of_proportion", "the pain keeps climbing, morphine doesn't touch it"),
    ("tight_cast", "the plaster is far too tight"),
    ("dark_urine", "my wee looks like cola"),
    ("knee_joint_went_out", "the whole knee came apart and went back"),
    ("kneecap_still_out", "the kneecap is still out to the side"),
    ("spreading_red_skin", "the redness is creeping up my leg"),
    ("rash_not_fading", "purple spots that stay under the glass"),
    ("lump_pulsating", "the lump behind my knee beats like a pulse"),
    ("deformity", "my leg is at a funny angle since the fall"),
    ("fever", "temp was 38.6 at teatime"),
    ("fever", "i was shivering all night"),
    ("hot_red_joint", "the knee is red and hot"),
    ("cannot_walk_now", "I cannot put any weight on it"),
    ("foot_drop", "my foot slaps the floor when I walk"),
    ("head_injury", "I banged my head too when I came off"),
    ("high_energy_trauma", "I was hit by a car this morning"),
]

DENIED = [
    ("calf_swelling_one_sided", "the calf isnt swollen"),
    ("calf_swelling_one_sided", "both calves are the same size"),
    ("chest_pain_or_breathless", "no chest pain"),
    ("chest_pain_or_breathless", "I'm not short of breath"),
    ("chest_pain_or_breathless", "breathing is fine"),
    ("cold_pale_foot", "my foot is not cold"),
    ("cold_pale_foot", "the foot is nice and warm"),
    ("fever", "no fever and no chills"),
    ("fever", "my temperature is normal"),
    ("cannot_walk_now", "I can walk fine"),
    ("limited_movement", "it moves freely"),
    ("saddle_numbness_bladder_bowel", "bladder and bowels fine, no numbness down below"),
    ("heavy_bleeding", "the bleeding has stopped"),
    ("suicidal_thoughts", "I'm not suicidal"),
    ("hot_red_joint", "it isn't hot or red"),
]

LOOKALIKE = [
    ("suicidal_thoughts", "these stairs are killing me"),
    ("chest_pain_or_breathless", "the price of the scan took my breath away"),
    ("heavy_bleeding", "I take a blood thinner every day"),
    ("severely_unwell", "I am confused about which exercise to do"),
    ("severely_unwell", "my knee collapsed on the stairs"),
    ("cold_pale_foot", "my knee aches in cold weather"),
    ("cold_pale_foot", "I put a cold pack on my ankle"),
    ("cold_pale_foot", "I had cold feet about the operation"),
    ("fever", "I have hay fever"),
    ("fever", "we did tempo runs on Tuesday"),
    ("allergic_reaction", "the knee swelled in front of my eyes"),
    ("harmed_by_someone", "he beat me at tennis"),
    ("head_injury", "you hit the nail on the head"),
    ("chest_pain_or_breathless", "lunges hurt, and so does planting my foot"),
]


@pytest.fixture(scope="module")
def answers():
    reader = Reader(load(), None)
    return lambda text: reader.read(text).answers()


@pytest.mark.parametrize(("sign", "text"), STATED)
def test_a_stated_sign_is_heard(answers, sign, text):
    assert answers(text).get(sign) == PRESENT


@pytest.mark.parametrize(("sign", "text"), DENIED)
def test_a_denied_sign_is_absent(answers, sign, text):
    assert answers(text).get(sign) == ABSENT


@pytest.mark.parametrize(("sign", "text"), LOOKALIKE)
def test_a_lookalike_is_no_sign(answers, sign, text):
    assert answers(text).get(sign) != PRESENT


def test_what_looks_back_does_not_deny_what_follows(answers):
    assert answers("the knee hurts. Swelling? No fever.").get("fever") == ABSENT
    assert answers("fever? no").get("fever") == ABSENT
    assert answers("my foot has gone cold and white").get("cold_pale_foot") == PRESENT


def found(pattern: str, text: str) -> bool:
    return bool(Signs({"it": (pattern,)}).find(Splitter(load().cues).split(text)))


@pytest.mark.parametrize(
    ("pattern", "text", "heard"),
    [
        ("calf|leg + swollen|puff*", "puffing up, that calf of mine", True),
        ("calf|leg + swollen|puff*", "The calf hurts. The knee is swollen", False),
        ("calf|leg + swollen|puff*", "the calf and a b c d e f g h i j swollen", False),
        ("calf + swollen - dog", "my dog says the calf is swollen", False),
        ("ca nt|can not + walk", "I can't walk", True),
        ("ca nt|can not + walk", "cant walk on it", True),
        ("ca nt|can not + walk", "I cannot walk", True),
        ("calf + swollen", "the calf is swolen", True),
        ("toe + blue", "the toes are blue", False),
    ],
)
def test_the_pattern_language(pattern, text, heard):
    assert found(pattern, text) is heard


def test_an_empty_group_is_an_error():
    with pytest.raises(ValueError, match="empty group"):
        read_pattern("it", "calf + | - dog")
