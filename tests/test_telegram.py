"""Telegram, with its own client library against a stand-in of its API that refuses what the real one refuses."""

from __future__ import annotations

import asyncio
import itertools
import logging
from contextlib import asynccontextmanager

import httpx
import pytest
from rasa.shared.exceptions import RasaException
from telegram import Chat, Message, PhotoSize, Sticker, Update, User, Voice

from components.channels import telegram as channel_of
from components.channels.closed import Closed
from components.channels.limits import Buckets, Limits
from components.channels.rendering import LIMITS, data_of
from components.channels.telegram import EDITED, GROUP, TAPPED, TOO_OLD, TelegramInput, main, set_webhook
from tests.channels.house import Bot, buttons, long_text, serving
from tests.channels.telegram_api import TOKEN, TelegramApi, read

pytestmark = pytest.mark.slow  # Rasa and a server on a port of its own

SECRET = "a-secret_for-tests-0123456789"
ANNA, BEN = 111, 222
NUMBERS = itertools.count(1)
TEXT = "my knee locks & <hurts>"


def generous():
    return Limits(sender=Buckets(1000, 1000))


class Phone:
    """What Telegram would post to us. Updates are made with the library's own classes."""

    def __init__(self, http, path, api):
        self.http, self.path, self.api = http, path, api

    async def post(self, update, secret=SECRET):
        raw = update if isinstance(update, dict) else update.to_dict()
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        return await self.http.post(f"/webhooks/telegram/{self.path}", json=raw, headers=headers)

    async def say(self, text, who=ANNA, **more):
        return await self.post(told(text, who, **more))

    async def tap(self, key, message_id=50, who=ANNA, rows=None):
        return await self.post(tapped(key, message_id, who, rows or [[key]]))


def told(text=None, who=ANNA, kind=Chat.PRIVATE, chat=None, edited=False, number=None, **more):
    message = Message(next(NUMBERS), 1, Chat(chat or who, kind), from_user=User(who, "A", False), text=text, **more)
    return Update(number or next(NUMBERS), **{"edited_message" if edited else "message": message})


def tapped(key, message_id, who, rows):
    message = {
        "message_id": message_id, "date": 1, "chat": {"id": who, "type": "private"}, "text": "Where does it hurt?",
        "from": {"id": 1, "is_bot": True, "first_name": "K"}, "reply_markup": {"inline_keyboard": rows},
    }  # fmt: skip
    query = {"id": str(next(NUMBERS)), "from": {"id": who, "is_bot": False, "first_name": "A"}, "chat_instance": "1", "data": key["callback_data"]}
    return {"update_id": next(NUMBERS), "callback_query": {**query, "message": message}}


@asynccontextmanager
async def talking(bot=None, limits=None, pauses=(0.0, 0.0)):
    api = TelegramApi()
    channel = TelegramInput(TOKEN, SECRET, await api.start(), limits or generous())
    before, channel_of.PAUSES = channel_of.PAUSES, pauses
    channel_of.Pen.__init__.__defaults__ = (pauses,)
    try:
        async with serving(channel, bot if bot is not None else Bot()) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Phone(http, channel.path(), api), api
    finally:
        channel_of.PAUSES = before
        channel_of.Pen.__init__.__defaults__ = (before,)
        await api.stop()
    assert api.refused == []


# --- who may come in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "é"])
async def test_a_forged_update_is_refused(secret):
    bot = Bot()
    async with talking(bot) as (phone, api):
        headers = [(b"X-Telegram-Bot-Api-Secret-Token", secret.encode())] if secret is not None else []
        answer = await phone.http.post(f"/webhooks/telegram/{phone.path}", json=told("hello").to_dict(), headers=headers)
        assert answer.status_code == 403
    assert not bot.heard and not api.calls


async def test_the_path_is_not_to_be_guessed():
    async with talking() as (phone, _):
        for path in ("", "webhook", "set_webhook", SECRET):
            assert (await phone.http.post(f"/webhooks/telegram/{path}", json={})).status_code in (404, 405)
    assert SECRET not in phone.path and len(phone.path) == 32


@pytest.mark.parametrize(("token", "secret"), [(TOKEN, ""), ("", SECRET)])
def test_it_does_not_start_with_one_secret_alone_and_says_why(monkeypatch, token, secret):
    monkeypatch.setenv("TELEGRAM_TOKEN", token)
    monkeypatch.setenv("TELEGRAM_SECRET", secret)
    with pytest.raises(RasaException, match="TELEGRAM_SECRET" if not secret else "TELEGRAM_TOKEN"):
        TelegramInput.from_credentials(None)


def test_without_any_secret_it_stays_closed_and_the_rest_starts(monkeypatch):
    for name in ("TELEGRAM_TOKEN", "TELEGRAM_SECRET"):
        monkeypatch.delenv(name, raising=False)
    closed = TelegramInput.from_credentials(None)
    assert isinstance(closed, Closed) and closed.name() == "telegram" and not closed.blueprint(None).routes


@pytest.mark.parametrize("secret", ["short", "has spaces in it, which is not allowed"])
def test_a_secret_that_telegram_would_not_take_is_refused(monkeypatch, secret):
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_SECRET", secret)
    with pytest.raises(RasaException, match="TELEGRAM_SECRET"):
        TelegramInput.from_credentials(None)


@pytest.mark.parametrize("raw", [{}, {"update_id": 1}, {"update_id": 1, "message": {"x": 1}}, {"update_id": 1, "poll": {}}, [1], "text"])
async def test_an_update_that_makes_no_sense_is_acknowledged_and_ignored(raw):
    bot = Bot()
    async with talking(bot) as (phone, api):
        answer = await phone.http.post(f"/webhooks/telegram/{phone.path}", json=raw, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})
        assert answer.status_code == 200
    assert not bot.heard and not api.calls


# --- a conversation ---------------------------------------------------------------------------------------


async def test_a_message_is_answered_with_typing_shown():
    bot = Bot()
    async with talking(bot) as (phone, api):
        assert (await phone.say(TEXT)).status_code == 200
    assert bot.heard == [TEXT]
    assert api.texts() == [f"heard {TEXT}"]
    assert [name for name, _ in api.calls] == ["sendChatAction", "sendMessage"]
    assert api.made("sendMessage")[0]["link_preview_options"] == {"is_disabled": True}


async def test_a_slow_turn_is_acknowledged_and_answered_later_and_repeats_wait_for_it(monkeypatch):
    monkeypatch.setattr(channel_of, "ANSWERED_WITHIN", 0.2)
    bot = Bot()
    bot.before = lambda: asyncio.sleep(0.8)
    async with talking(bot) as (phone, api):
        update = told(TEXT)
        began = asyncio.get_running_loop().time()
        assert (await phone.post(update)).status_code == (await phone.post(update)).status_code == 200
        assert asyncio.get_running_loop().time() - began < 0.7 and not api.texts()
    assert bot.heard == [TEXT] and len(api.texts()) == 1, "a stop waits for what is going on"


async def test_a_repeated_update_is_answered_once():
    bot = Bot()
    async with talking(bot) as (phone, api):
        update = told(TEXT)
        for _ in range(3):
            assert (await phone.post(update)).status_code == 200
    assert bot.heard == [TEXT] and len(api.texts()) == 1


async def test_an_update_that_was_answered_before_a_restart_is_not_heard_again(tmp_path):
    bot, update = Bot(database=tmp_path / "t.db"), told(TEXT)
    for _ in range(2):
        async with talking(bot) as (phone, api):
            await phone.post(update)
            assert api.texts() == [f"heard {TEXT}"]
    assert bot.heard == [TEXT]


async def test_two_people_have_two_conversations_with_names_nobody_can_guess():
    bot = Bot()
    async with talking(bot) as (phone, _):
        for who in (ANNA, BEN, ANNA):
            await phone.say(TEXT, who)
    assert bot.senders[0] == bot.senders[2] != bot.senders[1]
    assert str(ANNA) not in bot.senders[0] and len(bot.senders[0]) > 40


async def test_what_one_person_said_is_answered_in_the_order_it_came(monkeypatch):
    monkeypatch.setattr(channel_of, "ANSWERED_WITHIN", 0.01)
    bot = Bot()
    bot.before = lambda: asyncio.sleep(0.05)
    async with talking(bot) as (phone, api):
        for word in ("one", "two", "three"):
            await phone.say(word)
    assert [text for text in api.texts()] == ["heard one", "heard two", "heard three"]


async def test_the_first_line_of_a_card_is_bold_and_hostile_text_is_text():
    card = {"text": "EMERGENCY: <call> 999 & wait\n• point", "custom": {"kind": "card", "level": "emergency_now"}}
    async with talking(Bot(lambda t: [card])) as (phone, api):
        await phone.say("help")
    assert api.made("sendMessage")[0]["text"] == "<b>EMERGENCY: &lt;call&gt; 999 &amp; wait</b>\n• point"


async def test_a_long_reply_is_split_at_sentences():
    reply = long_text(9000)
    async with talking(Bot(lambda t: [{"text": reply, "buttons": buttons(2)}])) as (phone, api):
        await phone.say("tell me")
    texts = api.texts()
    assert len(texts) >= 3 and " ".join(texts) == reply
    assert all(text.endswith(".") for text in texts)
    assert "reply_markup" not in api.made("sendMessage")[0] and len(api.buttons()) == 2


async def test_emoji_count_as_telegram_counts_them():
    async with talking(Bot(lambda t: [{"text": "🦵" * 5000}])) as (phone, api):
        await phone.say("tell me")
    assert "".join(api.texts()) == "🦵" * 5000


@pytest.mark.parametrize("count", [1, 12, 75])
async def test_all_buttons_are_shown_one_in_a_row(count):
    async with talking(Bot(lambda t: [{"text": "Which?", "buttons": buttons(count)}])) as (phone, api):
        await phone.say("ask me")
    assert [key["callback_data"] for key in api.buttons()] == [button["payload"] for button in buttons(count)]
    assert all(len(row) == 1 for call in api.made("sendMessage") for row in call["reply_markup"]["inline_keyboard"])


async def test_when_telegram_is_busy_or_away_the_answer_still_comes():
    async with talking() as (phone, api):
        api.busy = 1
        await phone.say("one")
        api.broken = 2
        await phone.say("two")
    assert api.texts() == ["heard one", "heard two"]


async def test_a_person_who_blocked_the_bot_is_left_alone():
    async with talking() as (phone, api):
        api.blocked.add(ANNA)
        assert (await phone.say(TEXT)).status_code == 200
        assert not api.texts()
        gone = {"date": 1, "chat": {"id": ANNA, "type": "private"}, "from": {"id": ANNA, "is_bot": False, "first_name": "A"}}
        states = [{"user": {"id": 1, "is_bot": True, "first_name": "K"}, "status": s, "until_date": 0} for s in ("member", "kicked")]
        await phone.post({"update_id": next(NUMBERS), "my_chat_member": {**gone, "old_chat_member": states[0], "new_chat_member": states[1]}})
    assert not api.texts()


async def test_an_emergency_gets_its_card_when_rasa_is_not_there():
    bot = Bot()
    bot.tracker_store = None

    async def broken():
        raise RuntimeError

    bot.before = broken
    async with talking(bot) as (phone, api):
        await phone.say("my calf is swollen on one side and i am short of breath")
    assert "<b>EMERGENCY" in api.made("sendMessage")[0]["text"].upper().replace("<B>", "<b>")


# --- buttons ------------------------------------------------------------------------------------------------


async def test_a_tap_is_answered_and_the_buttons_go():
    bot = Bot(lambda t: [{"text": "Where?", "buttons": buttons(2)}])
    async with talking(bot) as (phone, api):
        await phone.say("hello")
        keys = api.buttons()
        await phone.tap(keys[1], rows=[[key] for key in keys])
    assert bot.heard == ["hello", "kg:a:finding_2:p"]
    assert len(api.made("answerCallbackQuery")) == 1
    changed = api.made("editMessageText")[0]
    assert read(changed["text"]) == "Where does it hurt?\n\n✓ Answer 2" and "reply_markup" not in changed


async def test_a_second_tap_on_the_same_question_is_said_to_be_answered():
    bot = Bot(lambda t: [{"text": "Where?", "buttons": buttons(2)}])
    async with talking(bot) as (phone, api):
        await phone.say("hello")
        for key in api.buttons()[:2] * 2:
            await phone.tap(key)
    assert bot.heard == ["hello", "kg:a:finding_1:p"]
    assert [call.get("text") for call in api.made("answerCallbackQuery")] == [None, TAPPED, TAPPED, TAPPED]


async def test_a_button_that_opens_something_to_read_stays():
    bot = Bot(lambda t: [{"text": "It fits:", "buttons": buttons(2, "t")}])
    async with talking(bot) as (phone, api):
        await phone.say("hello")
        for key in api.buttons()[:2]:
            await phone.tap(key)
    assert bot.heard[1:] == ["kg:t:finding_1:p", "kg:t:finding_2:p"] and not api.made("editMessageText")


async def test_a_payload_longer_than_64_bytes_travels_as_a_short_id_also_after_a_restart(tmp_path):
    long = "kg:a:" + "x" * 80 + ":p"
    bot = Bot(lambda t: [{"text": "Where?", "buttons": [{"title": "There", "payload": long}]}], tmp_path / "t.db")
    async with talking(bot) as (phone, api):
        await phone.say("hello")
        key = api.buttons()[0]
        assert key["callback_data"].startswith("#") and len(key["callback_data"]) <= 64
    async with talking(bot) as (phone, api):
        await phone.tap(key)
        await phone.tap(key, message_id=51, who=BEN)
        assert api.made("answerCallbackQuery")[-1]["text"] == TOO_OLD
    assert bot.heard == ["hello", long]


def test_short_ids_differ():
    limit = LIMITS["telegram"].data
    assert data_of("kg:" + "x" * 70, limit) != data_of("kg:" + "x" * 71, limit)


@pytest.mark.parametrize("text", ["kg:a:finding_1:p", "/kg:a:finding_1:p", "/restart", "/ /restart", 'EXTERNAL: x', '/inform{"finding": "fever"}'])
async def test_typed_text_in_the_form_of_a_payload_or_command_is_only_text(text):
    bot = Bot()
    async with talking(bot) as (phone, _):
        await phone.say(text)
    assert len(bot.heard) == 1 and not bot.heard[0].lower().startswith(("kg:", "/", "external:"))


# --- what is not words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "word"),
    [
        ({"photo": [PhotoSize("a", "b", 1, 1)]}, "pictures"), ({"voice": Voice("a", "b", 3)}, "voice"),
        ({"sticker": Sticker("a", "b", 1, 1, False, False, "regular")}, "only read words"),
    ],
)  # fmt: skip
async def test_images_voice_and_stickers_are_answered_kindly(what, word, monkeypatch):
    monkeypatch.setenv("KNEE_GUIDE_COUNTRY", "GB")
    bot = Bot()
    async with talking(bot) as (phone, api):
        await phone.say(None, **what)
    assert not bot.heard and word in api.texts()[0] and "999" in api.texts()[0]


async def test_the_words_under_a_picture_are_read():
    bot = Bot()
    async with talking(bot) as (phone, api):
        await phone.say(None, photo=[PhotoSize("a", "b", 1, 1)], caption="it is hot and red")
    assert bot.heard == ["it is hot and red"] and len(api.texts()) == 2


async def test_an_edited_message_is_not_taken_for_a_new_one():
    bot = Bot()
    async with talking(bot) as (phone, api):
        await phone.say("no fever", edited=True)
    assert not bot.heard and api.texts() == [EDITED]


async def test_a_note_of_telegram_itself_is_ignored():
    async with talking() as (phone, api):
        await phone.say(None, pinned_message=Message(1, 1, Chat(ANNA, "private")))
        assert not api.calls


@pytest.mark.parametrize("kind", [Chat.GROUP, Chat.SUPERGROUP])
async def test_a_group_gets_one_sentence_once(kind):
    bot = Bot()
    async with talking(bot) as (phone, api):
        for who in (ANNA, BEN, ANNA):
            await phone.say("my knee hurts", who, kind=kind, chat=-100)
        await phone.say("post", kind=Chat.CHANNEL, chat=-200)
        await phone.say("edited", kind=kind, chat=-100, edited=True)
    assert not bot.heard and api.texts() == [GROUP]


async def test_a_button_in_a_group_is_not_pressed():
    bot = Bot()
    async with talking(bot) as (phone, _):
        update = tapped({"text": "x", "callback_data": "kg:n"}, 5, ANNA, [])
        update["callback_query"]["message"]["chat"] = {"id": -100, "type": "group", "title": "g"}
        await phone.post(update)
    assert not bot.heard


async def test_another_bot_is_not_talked_to():
    bot = Bot()
    message = Message(1, 1, Chat(ANNA, "private"), from_user=User(5, "B", True), text="hello")
    async with talking(bot) as (phone, _):
        await phone.post(Update(next(NUMBERS), message=message))
    assert not bot.heard


# --- commands, limits, logs ---------------------------------------------------------------------------------------


async def test_start_greets_and_help_explains():
    bot = Bot()
    async with talking(bot) as (phone, api):
        await phone.say("/start from_poster")
        await phone.say("/help@KneeGuideBot")
    assert bot.heard == ["hello"] and "/forget" in api.texts()[1]


async def test_forget_deletes_what_was_said_from_the_database_file(tmp_path):
    database = tmp_path / "t.db"
    bot = Bot(database=database)
    async with talking(bot) as (phone, api):
        await phone.say("zanzibar-marker")
        await phone.say("ben stays", BEN)
        assert b"zanzibar" in database.read_bytes()
        await phone.say("/forget")
        assert b"zanzibar" not in database.read_bytes() and b"ben stays" in database.read_bytes()
    assert "deleted" in api.texts()[-1] and len(bot.heard) == 2


async def test_a_flood_is_answered_once_and_not_passed_on():
    bot = Bot()
    async with talking(bot, Limits(sender=Buckets(2, 1))) as (phone, api):
        for i in range(6):
            await phone.say(f"message {i}")
        await phone.say("ben", BEN)
    assert bot.heard == ["message 0", "message 1", "ben"] and sum("faster" in text for text in api.texts()) == 1


async def test_a_very_long_message_is_read_as_far_as_it_goes_and_that_is_said():
    bot = Bot()
    async with talking(bot) as (phone, api):
        await phone.say("a" * 4096)
    assert len(bot.heard[0]) == 2000 and "first part" in api.texts()[0]


async def test_neither_the_token_nor_what_was_said_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    async with talking() as (phone, api):
        await phone.say("zanzibar-marker")
        api.broken = 9
        await phone.say("zanzibar-marker")
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith(("rasa", "tests")))
    assert TOKEN not in ours and "zanzibar" not in ours and str(ANNA) not in ours


async def test_the_webhook_is_set_with_the_secret_and_only_the_updates_we_want():
    api = TelegramApi()
    channel = TelegramInput(TOKEN, SECRET, await api.start(), generous())
    await set_webhook(channel, "https://clinic.example/")
    await api.stop()
    call = api.made("setWebhook")[0]
    assert call["url"] == f"https://clinic.example/webhooks/telegram/{channel.path()}" and call["secret_token"] == SECRET
    assert call["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]
    assert [each["command"] for each in api.made("setMyCommands")[0]["commands"]] == ["start", "help", "forget"]
    assert not api.refused


def test_the_command_explains_itself(monkeypatch, capsys):
    assert main([]) == 2 and main(["set-webhook", "http://clinic.example"]) == 2
    monkeypatch.delenv("TELEGRAM_TOKEN", raising=False)
    assert main(["set-webhook", "https://clinic.example"]) == 1
    assert "TELEGRAM_TOKEN" in capsys.readouterr().err
