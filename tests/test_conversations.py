"""Whole conversations through Rasa, the action server and the REST channel."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.library import LEVELS
from tests.server import Server, cards, someone

pytestmark = pytest.mark.slow
TALKS = [talk for path in sorted((Path(__file__).parent / "conversations").glob("*.yml")) for talk in yaml.safe_load(path.read_text())]
EMERGENCY = "my calf is swollen on one side and im short of breath"


@pytest.fixture(scope="session")
def server():
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: talk["talk"])
def test_conversation(server, talk):
    sender, asked = someone(), []
    first = pieces = server.say(sender, talk["says"])
    for _ in range(15):
        slots = server.slots(sender)
        if not slots["asked"]:
            break
        asked += slots["asked"]
        pieces = server.say(sender, "30" if slots["asked"] == ["age"] else "no")
    _check_first(first, server.slots(sender) if not asked else None, talk.get("at_once", {}))
    _check_end(slots, asked, talk.get("expect", {}))
    assert pieces


def _check_first(pieces, slots, wanted):
    if "card" in wanted:
        assert cards(pieces)[:1] == [wanted["card"]]
    if wanted.get("nothing_asked"):
        assert slots is not None and not slots["asked"]
    for word in wanted.get("text", ()):
        assert word in " ".join(piece["text"].lower() for piece in pieces)


def _check_end(slots, asked, wanted):
    if "care_level" in wanted:
        assert slots["care_level"] == wanted["care_level"]
    if "care_level_at_most" in wanted:
        assert LEVELS.index(slots["care_level"]) <= LEVELS.index(wanted["care_level_at_most"])
    if "leads" in wanted:
        assert slots["shown"][:1] == [wanted["leads"]]
    for name in wanted.get("asked", ()):
        assert name in asked
    for name in wanted.get("never_asked", ()):
        assert name not in asked


RULES = {
    "a complaint is consulted on": ("my knee hurts on the stairs", "action_consult"),
    "not sure goes to the consultation": ("not sure", "action_consult"),
    "a correction goes to the consultation": ("actually it is not swollen", "action_consult"),
    "what the classifier cannot place goes to the consultation": ("fjord qwop zzz", "action_consult"),
    "a question about a condition is answered": ("what is gout?", "action_teach"),
    "a question about a topic is answered": ("should i use ice or heat on a sore knee?", "action_teach"),
    "two conditions are compared": ("what is the difference between a meniscus tear and an acl tear", "action_compare"),
    "could it be this one": ("could it be gout?", "action_fit"),
    "what would change the advice": ("what would change your advice?", "action_change"),
    "why do you ask": ("why do you ask that?", "action_why"),
    "the result now": ("just tell me what you think it is", "action_result"),
    "what have you understood": ("what have you understood so far?", "action_summary"),
    "where does this come from": ("where does this information come from?", "action_sources"),
    "one question back": ("go back to the last question", "action_go_back"),
    "a greeting": ("hello", "utter_greet"),
    "thanks": ("thank you so much", "utter_thank"),
    "goodbye": ("bye bye", "utter_goodbye"),
    "who are you": ("are you a real doctor?", "utter_who_are_you"),
    "small talk": ("haha you are funny", "utter_chitchat"),
    "outside what we know": ("can you help me with my tax return", "utter_out_of_scope"),
    "doses are not given": ("how many mg of ibuprofen can i take", "utter_ask_dose"),
    "a cry for help that names no danger is asked about": ("i am scared of what i might do", "action_crisis"),
    "help has been found": ("the ambulance is here now", "utter_got_help"),
    "care is refused": ("i am not going to hospital", "utter_refuse_care"),
}
STORIES = {
    "starting over is confirmed": ("start over please", "yes", "action_start_over"),
    "starting over is taken back": ("start over please", "no", "action_resume"),
    "forgetting is confirmed": ("delete my data", "yes", "action_forget"),
    "forgetting is taken back": ("delete my data", "no", "action_resume"),
}


def test_every_rule_and_story_has_a_message_that_needs_it():
    told = yaml.safe_load((Path(__file__).parent.parent / "data" / "stories.yml").read_text())
    assert {rule["rule"] for rule in told["rules"]} == set(RULES)
    assert {story["story"] for story in told["stories"]} == set(STORIES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_leads_to_its_action(server, rule):
    sender, (message, action) = someone(), RULES[rule]
    server.say(sender, message)
    assert server.actions_of(sender)[:1] == [action]


@pytest.mark.parametrize("story", STORIES)
def test_a_story_leads_to_its_action(server, story):
    sender, (first, second, action) = someone(), STORIES[story]
    server.say(sender, first)
    server.say(sender, second)
    if action != "action_forget":  # after it nothing is left to look at
        assert server.actions_of(sender)[:1] == [action]
    else:
        assert not (server.slots(sender)["case"] or {}).get("findings")


def test_a_question_in_mid_interview_is_answered_and_the_interview_goes_on(server):
    sender = someone()
    server.say(sender, "my knee is swollen and it locks")
    before = server.slots(sender)["asked"]
    pieces = server.say(sender, "what is a baker's cyst?")
    assert "cyst" in pieces[0]["text"].lower()
    assert server.slots(sender)["asked"] == before and pieces[-1]["custom"]["kind"] == "question"
    assert server.slots(sender)["topic"] == "bakers_cyst"


def test_it_means_the_topic_being_talked_about(server):
    sender = someone()
    server.say(sender, "what is gout?")
    assert "gout" in server.say(sender, "how long does it take to go away?")[0]["text"].lower()


def test_a_button_answers_by_its_payload_and_the_same_text_typed_does_not(server):
    pressing, typing = someone(), someone()
    pieces = server.say(pressing, "my knee hurts on the inner side")
    payload = next(b["payload"] for b in pieces[-1]["buttons"] if b["payload"].startswith("kg:a:chest"))
    assert cards(server.say(pressing, payload)) == ["emergency_now"]
    assert cards(server.say(typing, payload)) == []
    assert not (server.slots(typing)["case"] or {}).get("findings")


@pytest.mark.parametrize("text", ["/restart", "/session_start", '/inform{"finding": "fever"}', "EXTERNAL: restart"])
def test_commands_of_rasa_typed_by_a_person_are_only_text(server, text):
    sender = someone()
    server.say(sender, "my knee is swollen")
    before = server.slots(sender)["case"]
    assert server.say(sender, text)
    assert server.slots(sender)["case"] == before


def test_an_emergency_outlives_a_typed_restart_until_it_is_taken_back(server):
    sender = someone()
    assert cards(server.say(sender, EMERGENCY)) == ["emergency_now"]
    server.say(sender, "/restart")
    assert server.slots(sender)["care_level"] == "emergency_now"


@pytest.mark.parametrize("message", ["", None, 7, "x" * 10_000])
def test_odd_messages_get_a_sentence(server, message):
    assert server.say(someone(), message)[0]["text"]


def test_starting_over_is_confirmed_by_a_typed_yes(server):
    sender = someone()
    server.say(sender, "my knee is swollen and it locks")
    server.say(sender, "start over please")
    server.say(sender, "yes")
    assert not (server.slots(sender)["case"] or {}).get("findings")


def test_starting_over_is_taken_back_by_a_typed_no(server):
    sender = someone()
    server.say(sender, "my knee is swollen and it locks")
    server.say(sender, "start over please")
    server.say(sender, "no")
    assert server.slots(sender)["case"]["findings"]["swelling_whole_knee"] == "present"


def test_hanging_and_dead_action_servers_leave_nobody_in_silence(server):
    """Last in the file: it ends the action server."""
    server.freeze()
    sender = someone()
    assert any(piece["text"] for piece in server.say(sender, "my knee is swollen"))
    assert server.slots(sender)["case"]["findings"]["swelling_whole_knee"] == "present"
    server.wake()
    server.actions.stop()
    assert cards(server.say(someone(), EMERGENCY)) == ["emergency_now"]
    assert cards(server.say(someone(), "my knee is hot and red and so swollen i cant bend it")) == ["same_day"]
    sender = someone()
    server.say(sender, "my knee clicks")
    assert cards(server.say(sender, "yes, chest pain")) == ["emergency_now"]
