"""Whatever breaks behind a channel, the person gets a sentence, and an emergency its card."""

import asyncio
from contextlib import suppress

import pytest
from rasa.core.channels.channel import UserMessage

from components import faults
from components.channels.guard import EMPTY, Guard, plain

EMERGENCY = "my calf is swollen on one side and i am short of breath"


def ask(text, handler, patience=0.3):
    return asyncio.run(Guard(lambda: None, patience).answer(text, "someone", handler, "test"))


async def raises(message: UserMessage):
    raise RuntimeError("a component broke")


async def says_nothing(message: UserMessage):
    return None


async def hangs(message: UserMessage):
    await asyncio.sleep(30)


async def says_something(message: UserMessage):
    await message.output_channel.send_response(message.sender_id, {"text": f"heard {message.text}", "buttons": []})


BROKEN = [raises, says_nothing, hangs]


@pytest.mark.parametrize("handler", BROKEN)
def test_an_emergency_gets_its_card_whatever_is_broken(handler):
    pieces = ask(EMERGENCY, handler)
    assert pieces[0]["custom"]["level"] == "emergency_now"


@pytest.mark.parametrize("handler", BROKEN)
def test_a_complaint_gets_the_next_question_whatever_is_broken(handler):
    assert any(piece.get("custom", {}).get("kind") == "question" for piece in ask("my knee is swollen", handler))


@pytest.mark.parametrize("handler", BROKEN)
def test_a_question_is_answered_whatever_is_broken(handler):
    assert any("yst" in piece["text"] for piece in ask("what is a baker's cyst?", handler))


def test_a_command_of_rasa_typed_in_an_emergency_is_text():
    assert ask("/restart my calf is swollen on one side and i cannot breathe", raises)[0]["custom"]["level"] == "emergency_now"
    assert plain("/restart") == "restart"
    assert plain('  /inform{"finding": "fever"}') == 'inform{"finding": "fever"}'
    assert plain("EXTERNAL: session") == "session"


@pytest.mark.parametrize("text", ["", "   ", None, 7, ["yes"], {"text": "yes"}])
def test_no_words_get_a_kind_sentence(text):
    assert ask(text, says_something)[0]["text"] == EMPTY


def test_when_all_is_well_the_guard_stays_out_of_the_way():
    assert [piece["text"] for piece in ask("hello", says_something)] == ["heard hello"]


def test_a_very_long_message_is_read_and_answered():
    assert ask("my knee hurts " * 20_000, says_nothing)


def test_half_an_answer_after_a_failed_action_is_made_whole():
    async def half(message: UserMessage):
        """As Rasa does it: the first action fails, the next one speaks."""
        with suppress(RuntimeError):
            await faults.noting("action", raises)(message)
        await message.output_channel.send_response(message.sender_id, {"text": "Back to my question."})

    pieces = ask("what is a baker's cyst", half)
    assert "pouch" in pieces[0]["text"] and all(piece["text"] != "Back to my question." for piece in pieces[:1])
