import pytest

from bot.case import Case
from bot.driver import Conversation
from bot.turn import hear, plain_answer

INJURY = ("deformity", "knee_joint_went_out", "heavy_bleeding", "leg_tight_hard")
OPENING = ("chest_pain_or_breathless", "severely_unwell", "cold_pale_foot", "saddle_numbness_bladder_bowel")


@pytest.mark.parametrize("text", ["yes", "Yep it does", "yeah", "aye", "a bit", "I do", "it does", "sometimes", "yess", "y"])
def test_yes_in_many_words(text):
    assert plain_answer(text) == "present"


@pytest.mark.parametrize("text", ["no", "nope", "nah not really", "not at all", "none of these", "I don't", "noo", "dont think so", "never"])
def test_no_in_many_words(text):
    assert plain_answer(text) == "absent"


@pytest.mark.parametrize("text", ["not sure", "dunno", "I don't know", "no idea", "maybe", "hard to say", "?"])
def test_not_sure_in_many_words(text):
    assert plain_answer(text) == "unsure"


@pytest.mark.parametrize("text", ["my knee hurts", "what is a cyst", "only at night", "the left one"])
def test_other_messages_are_no_plain_answer(text):
    assert plain_answer(text) is None


def test_a_plain_yes_to_chest_pain_counts_as_the_sentence_would(library, read):
    asked = ("chest_pain_or_breathless",)
    assert hear(read.read("yes", asked), asked, Case(), library).case.findings == {"chest_pain_or_breathless": "present"}


def test_no_to_several_ticks_denies_each(library, read):
    heard = hear(read.read("none of them", OPENING), OPENING, Case(), library)
    assert dict(heard.case.findings) == dict.fromkeys(OPENING, "absent")


@pytest.mark.parametrize("text", ["no, but not sure about the colour of it all", "none of those but maybe the third, dunno"])
def test_a_no_with_a_doubt_that_is_not_understood_denies_nothing(library, read, text):
    heard = hear(read.read(text), OPENING, Case(), library)
    assert not set(heard.case.findings) & set(OPENING) and not heard.answered


def test_a_no_with_a_doubt_in_the_words_of_one_sign_denies_the_others(library, read):
    heard = hear(read.read("no, but not sure whether it's a funny shape"), INJURY, Case(), library)
    assert dict(heard.case.findings) == {**dict.fromkeys(INJURY, "absent"), "deformity": "unsure"}


@pytest.mark.parametrize("says", ["not sure", "kg:u"])
def test_one_not_sure_to_several_signs_raises_no_alarm_by_itself(library, read, says):
    talk = Conversation(library, read)
    for text in ("twisted my knee at football yesterday", "no", says):
        talk.answer(text)
    assert talk.memory.level != "emergency_now" and talk.asked == ("knee_joint_went_out",)
    talk.answer("not sure")
    assert talk.memory.level == "emergency_now"


def test_yes_to_several_ticks_must_say_which(library, read):
    heard = hear(read.read("yes", OPENING), OPENING, Case(), library)
    assert heard.which == OPENING and not heard.case.findings


@pytest.mark.parametrize(("text", "which"), [("the first one", 0), ("no, except the last one", 3), ("number 2", 1), ("only the third", 2)])
def test_an_answer_by_place_counts_for_that_sign(library, read, text, which):
    heard = hear(read.read(text, OPENING), OPENING, Case(), library)
    assert dict(heard.case.findings) == {name: "present" if name == OPENING[which] else "absent" for name in OPENING} and not heard.which


def test_a_child_stays_a_child_when_it_becomes_he(library, read):
    talk = Conversation(library, read)
    for text in ("my toddler is limping", "he is grumpy", "no", "no"):
        talk.answer(text)
    assert talk.case.person["for"] == "child" and talk.memory.level == "same_day"


def test_a_relative_mentioned_later_does_not_become_the_patient(library, read):
    talk = Conversation(library, read)
    for text in ("my knee hurts on the stairs", "my mum had gout"):
        talk.answer(text)
    assert "for" not in talk.case.person and "sex" not in talk.case.person


def test_the_other_knee_is_the_other_side(library, read):
    talk = Conversation(library, read)
    for text in ("my right knee hurts on stairs", "actually it is the other knee"):
        talk.answer(text)
    assert talk.case.person["side"] == "left"


def test_a_bare_complaint_begins_with_the_questions_on_danger(library, read):
    talk = Conversation(library, read)
    talk.answer("my knee hurts")
    assert talk.asked == OPENING


def test_the_result_waits_for_the_questions_on_danger(library, read):
    talk = Conversation(library, read)
    talk.answer("sore knee for two weeks, i'm 33")
    talk.answer("just tell me what it is")
    assert talk.asked == OPENING and talk.memory.level is None


def test_a_danger_told_within_a_question_gets_its_card_before_the_answer(library, read):
    talk = Conversation(library, read)
    reply = talk.answer("my calf is swollen should i massage it")
    assert reply.messages[1].custom["level"] == "same_day"


def test_answers_in_a_row_are_matched_one_by_one(library, read):
    asked = ("fever", "locking", "giving_way")
    heard = hear(read.read("no, no and yes", asked), asked, Case(), library)
    assert dict(heard.case.findings) == {"fever": "absent", "locking": "absent", "giving_way": "present"}


def test_a_denial_of_something_else_does_not_answer_the_question(library, read):
    asked = ("chest_pain_or_breathless",)
    heard = hear(read.read("no fever", asked), asked, Case(), library)
    assert "chest_pain_or_breathless" not in heard.case.findings
    assert heard.case.findings["fever"] == "absent"


def test_a_changed_answer_is_named_as_changed(library, read):
    case = Case({"swelling_whole_knee": "present"})
    heard = hear(read.read("actually my knee is not swollen"), (), case, library)
    assert heard.case.findings["swelling_whole_knee"] == "absent"
    assert heard.changed == ("swelling_whole_knee",)


def test_a_bare_number_answers_the_question_for_the_age(library, read):
    heard = hear(read.read("30", ("age",)), ("age",), Case(), library)
    assert heard.case.person == {"age": 30} and heard.answered


def test_a_question_whose_answer_is_not_understood_is_laid_aside_as_not_sure(library, read):
    talk = Conversation(library, read)
    talk.answer("my knee is swollen")
    asked = talk.asked
    replies = [talk.answer("hmm its one of those things isnt it").messages for _ in range(3)]
    assert talk.asked and talk.asked != asked
    assert {talk.case.findings[name] for name in asked} == {"unsure"}
    assert any(library.words["laid_aside"] == message.text for message in replies[-1])
