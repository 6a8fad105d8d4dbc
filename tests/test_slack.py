"""Slack, with its own client library against a stand-in of its API that refuses what the real one refuses."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlencode

import httpx
import pytest
from rasa.shared.exceptions import RasaException
from slack_sdk.signature import SignatureVerifier

from components.channels import slack as channel_of
from components.channels.closed import Closed
from components.channels.limits import Buckets, Limits
from components.channels.slack import EDITED, IN_PRIVATE, TOO_OLD, SlackInput, messages_of
from tests.channels.house import Bot, buttons, long_text, serving
from tests.channels.slack_api import TOKEN, SlackApi

pytestmark = pytest.mark.slow  # Rasa and a server on a port of its own

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
ANNA, BEN, TEAM = "U0ANNA", "U0BEN", "T0TEAM"
NUMBERS = itertools.count(1)
TEXT = "my knee locks"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Workspace:
    """What Slack would post to us, signed with its own library."""

    def __init__(self, http):
        self.http = http

    async def post(self, body, kind=JSON, age=0.0, secret=SECRET, headers=None):
        content = json.dumps(body) if kind == JSON else urlencode(body)
        then = str(int(time.time() - age))
        signed = {"X-Slack-Request-Timestamp": then, "X-Slack-Signature": SignatureVerifier(secret).generate_signature(timestamp=then, body=content)}
        return await self.http.post("/webhooks/slack/webhook", content=content, headers={"Content-Type": kind, **signed, **(headers or {})})

    async def say(self, text, who=ANNA, **more):
        return await self.post(told(text, who, **more))

    async def tap(self, key, message, who=ANNA, thread=None, trigger=None):
        return await self.post({"payload": json.dumps(tapped(key, message, who, thread, trigger))}, FORM)


def told(text=TEXT, who=ANNA, number=None, channel=None, channel_type="im", kind="message", **more):
    event = {"type": kind, "channel": channel or f"D{who}", "channel_type": channel_type, "user": who, "text": text, "ts": f"17.{next(NUMBERS)}", **more}
    if channel_type is None:
        del event["channel_type"]
    return {"type": "event_callback", "team_id": TEAM, "event_id": number or f"Ev{next(NUMBERS)}", "event": event}


def tapped(key, message, who=ANNA, thread=None, trigger=None):
    shown = {**message, "ts": message.get("ts", "1700.000001"), **({"thread_ts": thread} if thread else {})}
    return {
        "type": "block_actions", "team": {"id": TEAM}, "user": {"id": who}, "channel": {"id": f"D{who}"}, "message": shown,
        "trigger_id": trigger or f"trigger-{next(NUMBERS)}", "actions": [{"type": "button", **key}],
    }  # fmt: skip


@asynccontextmanager
async def talking(bot=None, limits=None):
    api = SlackApi()
    channel = SlackInput(TOKEN, SECRET, await api.start(), limits or Limits(sender=Buckets(1000, 1000)))
    try:
        async with serving(channel, bot if bot is not None else Bot()) as url, httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield Workspace(http), api
    finally:
        await api.stop()
    assert api.refused == []


# --- who may come in ------------------------------------------------------------------------------------


async def test_a_forged_request_is_refused():
    bot = Bot()
    async with talking(bot) as (slack, api):
        assert (await slack.post(told(), secret="another secret")).status_code == 403
        assert (await slack.post(told(), headers={"X-Slack-Signature": "v0=00"})).status_code == 403
        assert (await slack.http.post("/webhooks/slack/webhook", json=told())).status_code == 403
    assert not bot.heard and not api.calls


@pytest.mark.parametrize("age", [301, -301, 86400])
async def test_a_stale_request_is_refused(age):
    bot = Bot()
    async with talking(bot) as (slack, _):
        assert (await slack.post(told(), age=age)).status_code == 403
        assert (await slack.post(told(), headers={"X-Slack-Request-Timestamp": "soon"})).status_code == 403
    assert not bot.heard


@pytest.mark.parametrize(("token", "secret"), [(TOKEN, ""), ("", SECRET)])
def test_it_does_not_start_with_one_secret_alone_and_says_why(monkeypatch, token, secret):
    monkeypatch.setenv("SLACK_TOKEN", token)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", secret)
    with pytest.raises(RasaException, match="SLACK_SIGNING_SECRET" if not secret else "SLACK_TOKEN"):
        SlackInput.from_credentials(None)


def test_without_any_secret_it_stays_closed_and_the_rest_starts(monkeypatch):
    for name in ("SLACK_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(name, raising=False)
    closed = SlackInput.from_credentials(None)
    assert isinstance(closed, Closed) and closed.name() == "slack" and not closed.blueprint(None).routes


async def test_the_address_is_verified():
    async with talking() as (slack, _):
        assert (await slack.post({"type": "url_verification", "challenge": "3eZbrw1a"})).text == "3eZbrw1a"
        assert (await slack.post({"type": "url_verification", "challenge": "3eZbrw1a"}, secret="another secret")).status_code == 403


@pytest.mark.parametrize("body", [[], "x", {}, {"type": "event_callback"}, {"type": "event_callback", "event": {"type": "message", "channel_type": "im"}}, {"type": "block_actions"}])
async def test_what_makes_no_sense_is_acknowledged_and_ignored(body):
    bot = Bot()
    async with talking(bot) as (slack, api):
        assert (await slack.post(body)).status_code == 200
        assert (await slack.post({"payload": "{"}, FORM)).status_code == 200
    assert not bot.heard and not api.calls


# --- a conversation ---------------------------------------------------------------------------------------


async def test_a_direct_message_is_answered():
    bot = Bot()
    async with talking(bot) as (slack, api):
        assert (await slack.say("it is &lt;hot&gt; &amp; red")).status_code == 200
    assert bot.heard == ["it is <hot> & red"] and api.texts() == ["heard it is <hot> & red"]
    assert api.made("chat.postMessage")[0]["channel"] == f"D{ANNA}" and "thread_ts" not in api.made("chat.postMessage")[0]


async def test_a_slow_turn_is_acknowledged_within_three_seconds_and_answered_later(monkeypatch):
    monkeypatch.setattr(channel_of, "ANSWERED_WITHIN", 0.2)
    bot = Bot()
    bot.before = lambda: asyncio.sleep(0.8)
    async with talking(bot) as (slack, api):
        body = told()
        began = asyncio.get_running_loop().time()
        await slack.post(body)
        await slack.post(body, headers={"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"})
        assert asyncio.get_running_loop().time() - began < 0.7 and not api.texts()
        while not api.texts():
            await asyncio.sleep(0.05)
    assert bot.heard == [TEXT] and len(api.texts()) == 1
    assert channel_of.ANSWERED_WITHIN < 3


async def test_a_repeated_event_is_answered_once():
    bot = Bot()
    async with talking(bot) as (slack, api):
        body = told()
        for number in range(4):
            assert (await slack.post(body, headers={"X-Slack-Retry-Num": str(number)})).status_code == 200
    assert bot.heard == [TEXT] and len(api.texts()) == 1


async def test_an_event_that_was_answered_before_a_restart_is_not_heard_again(tmp_path):
    bot, body = Bot(database=tmp_path / "t.db"), told()
    for _ in range(2):
        async with talking(bot) as (slack, api):
            await slack.post(body)
            assert api.texts() == [f"heard {TEXT}"]
    assert bot.heard == [TEXT]


async def test_a_thread_is_answered_in_the_thread_and_is_the_same_conversation():
    bot = Bot()
    async with talking(bot) as (slack, api):
        await slack.say("one")
        await slack.say("two", thread_ts="17.5")
        await slack.say("three", BEN)
    assert [call.get("thread_ts") for call in api.made("chat.postMessage")] == [None, "17.5", None]
    assert bot.senders[0] == bot.senders[1] != bot.senders[2] and ANNA not in bot.senders[0]


async def test_a_long_reply_is_split_at_sentences():
    reply = long_text(9000)
    async with talking(Bot(lambda t: [{"text": reply}])) as (slack, api):
        await slack.say("tell me")
    assert len(api.texts()) >= 3 and " ".join(api.texts()) == reply
    assert all(text.endswith(".") for text in api.texts())


async def test_a_very_long_reply_becomes_several_messages():
    reply = long_text(60_000)
    async with talking(Bot(lambda t: [{"text": reply, "buttons": buttons(3)}])) as (slack, api):
        await slack.say("tell me")
    assert " ".join(api.texts()) == reply and len(api.made("chat.postMessage")) > 3 and len(api.buttons()) == 3


@pytest.mark.parametrize("count", [1, 5, 6, 12, 240])
async def test_all_buttons_are_shown_in_groups_of_five(count):
    async with talking(Bot(lambda t: [{"text": "Which?", "buttons": buttons(count)}])) as (slack, api):
        await slack.say("ask me")
    assert [key["value"] for key in api.buttons()] == [button["payload"] for button in buttons(count)]


def test_twelve_buttons_are_three_groups_in_one_message():
    [blocks] = messages_of({"text": "Which?", "buttons": buttons(12)})
    assert [block["type"] for block in blocks] == ["section", "actions", "actions", "actions"]
    assert [len(block["elements"]) for block in blocks[1:]] == [5, 5, 2]


def test_buttons_without_words_get_some():
    assert messages_of({"text": "", "buttons": buttons(1)})[0][0]["type"] == "section"


async def test_a_card_has_a_bold_line_hostile_marks_are_text_and_only_addresses_are_links():
    card = {"text": "EMERGENCY: <!channel> & *go*\nsee https://example.org/a?b=1&c=2.", "custom": {"kind": "card", "level": "emergency_now"}}
    async with talking(Bot(lambda t: [card])) as (slack, api):
        await slack.say("help")
    section = api.made("chat.postMessage")[0]["blocks"][0]["text"]
    assert section == {
        "type": "mrkdwn", "verbatim": True,
        "text": "*EMERGENCY: &lt;!channel&gt; &amp; ∗go∗*\nsee <https://example.org/a?b=1&amp;c=2>.",
    }  # fmt: skip


async def test_when_slack_is_busy_the_answer_still_comes():
    async with talking() as (slack, api):
        api.busy = 2
        await slack.say("one")
        while not api.texts():
            await asyncio.sleep(0.05)
    assert api.texts() == ["heard one"]


async def test_an_emergency_gets_its_card_when_rasa_is_not_there():
    bot = Bot()
    bot.tracker_store = None

    async def broken():
        raise RuntimeError

    bot.before = broken
    async with talking(bot) as (slack, api):
        await slack.say("my calf is swollen on one side and i am short of breath")
        while not api.texts():
            await asyncio.sleep(0.05)
    assert "EMERGENCY" in api.texts()[0].upper()


# --- buttons ------------------------------------------------------------------------------------------------


async def test_a_tap_is_answered_in_its_thread_and_the_buttons_are_replaced():
    bot = Bot(lambda t: [{"text": "Where?", "buttons": buttons(7)}])
    async with talking(bot) as (slack, api):
        await slack.say("hello")
        await slack.tap(api.buttons()[6], api.made("chat.postMessage")[0], thread="17.5")
    assert bot.heard == ["hello", "kg:a:finding_7:p"] and bot.senders[0] == bot.senders[1]
    changed = api.made("chat.update")[0]
    assert [block["type"] for block in changed["blocks"]] == ["section", "context"]
    assert changed["blocks"][1]["elements"][0]["text"] == "You chose: Answer 7"
    assert api.made("chat.postMessage")[1]["thread_ts"] == "17.5"


async def test_a_second_tap_on_the_same_question_does_nothing():
    bot = Bot(lambda t: [{"text": "Where?", "buttons": buttons(2)}])
    async with talking(bot) as (slack, api):
        await slack.say("hello")
        for key in api.buttons()[:2] * 2:
            await slack.tap(key, api.made("chat.postMessage")[0])
    assert bot.heard == ["hello", "kg:a:finding_1:p"]


async def test_a_button_that_opens_something_to_read_stays():
    bot = Bot(lambda t: [{"text": "It fits:", "buttons": buttons(2, "t")}])
    async with talking(bot) as (slack, api):
        await slack.say("hello")
        for key in api.buttons()[:2]:
            await slack.tap(key, api.made("chat.postMessage")[0])
    assert bot.heard[1:] == ["kg:t:finding_1:p", "kg:t:finding_2:p"] and not api.made("chat.update")


def test_no_button_carries_more_than_2000_characters():
    [[_, row]] = messages_of({"text": "Where?", "buttons": [{"title": "There " * 20, "payload": "kg:a:" + "x" * 2100}]})
    assert len(row["elements"][0]["value"]) < 2000 and len(row["elements"][0]["text"]["text"]) <= 75


async def test_a_short_id_is_understood_also_after_a_restart_and_by_nobody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(channel_of, "LIMIT", replace(channel_of.LIMIT, data=20))
    question = {"text": "Where?", "buttons": [{"title": "There", "payload": "kg:a:longer_than_twenty_bytes:p"}]}
    bot = Bot(lambda t: [question], tmp_path / "t.db")
    async with talking(bot) as (slack, api):
        await slack.say("hello")
        key, message = api.buttons()[0], api.made("chat.postMessage")[0]
        assert key["value"].startswith("#")
    async with talking(bot) as (slack, api):
        await slack.tap(key, message)
        await slack.tap(key, message, BEN)
        assert TOO_OLD in api.texts()
    assert bot.heard == ["hello", "kg:a:longer_than_twenty_bytes:p"]


@pytest.mark.parametrize("text", ["kg:a:finding_1:p", "/restart", "/ /restart", "EXTERNAL: x", '/inform{"finding": "fever"}'])
async def test_typed_text_in_the_form_of_a_payload_or_command_is_only_text(text):
    bot = Bot()
    async with talking(bot) as (slack, _):
        await slack.say(text)
    assert len(bot.heard) == 1 and not bot.heard[0].lower().startswith(("kg:", "/", "external:"))


# --- what is not a direct message of words --------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "channel_type"), [("app_mention", None), ("app_mention", "channel"), ("message", "mpim")])
async def test_in_a_channel_each_gets_one_sentence_that_only_they_see(kind, channel_type):
    bot = Bot()
    async with talking(bot) as (slack, api):
        for who in (ANNA, BEN, ANNA):
            await slack.say("<@U0BOT> my knee hurts", who, channel="C1", channel_type=channel_type, kind=kind)
    assert not bot.heard and not api.made("chat.postMessage")
    assert [(call["user"], call["text"]) for call in api.made("chat.postEphemeral")] == [(ANNA, IN_PRIVATE), (BEN, IN_PRIVATE)]


async def test_what_is_said_in_a_channel_is_none_of_our_business():
    bot = Bot()
    async with talking(bot) as (slack, api):
        await slack.say("lunch?", channel="C1", channel_type="channel")
        await slack.say("lunch?", channel="G1", channel_type="group")
    assert not bot.heard and not api.calls


async def test_a_file_is_answered_kindly_and_its_words_are_read():
    bot = Bot()
    async with talking(bot) as (slack, api):
        await slack.say("", subtype="file_share", files=[{"id": "F1"}])
        await slack.say("it is red", subtype="file_share", files=[{"id": "F1"}])
    assert bot.heard == ["it is red"] and len(api.texts()) == 3 and "cannot look" in api.texts()[0]


async def test_an_edited_message_is_not_taken_for_a_new_one():
    bot = Bot()
    async with talking(bot) as (slack, api):
        for new, old in (("no fever", "fever"), ("fever", "fever")):
            change = {"subtype": "message_changed", "message": {"user": ANNA, "text": new}, "previous_message": {"user": ANNA, "text": old}}
            await slack.say(None, **change)
        await slack.say(None, subtype="message_changed", message={"user": "U0BOT", "bot_id": "B1", "text": "a"}, previous_message={"text": "b"})
    assert not bot.heard and api.texts() == [EDITED]


async def test_our_own_messages_and_those_of_other_bots_are_not_answered():
    bot = Bot()
    async with talking(bot) as (slack, _):
        await slack.say("hello", bot_id="B1")
        await slack.say("hello", subtype="bot_message")
        await slack.say("hello", subtype="message_deleted")
        await slack.say("hello", subtype="channel_join")
    assert not bot.heard


# --- commands, limits, logs -------------------------------------------------------------------------------------


async def test_start_greets_and_help_explains():
    bot = Bot()
    async with talking(bot) as (slack, api):
        await slack.say("/start")
        await slack.say(" /help ")
    assert bot.heard == ["hello"] and "forget" in api.texts()[1]


@pytest.mark.parametrize("how", ["typed", "slash command"])
async def test_forget_deletes_what_was_said_from_the_database_file(tmp_path, how):
    database = tmp_path / "t.db"
    bot = Bot(database=database)
    async with talking(bot) as (slack, api):
        await slack.say("zanzibar-marker")
        await slack.say("ben stays", BEN)
        assert b"zanzibar" in database.read_bytes()
        if how == "typed":
            await slack.say("/forget")
            assert "deleted" in api.texts()[-1]
        else:
            form = {"command": "/forget", "team_id": TEAM, "user_id": ANNA, "channel_id": "C1", "text": ""}
            answer = (await slack.post(form, FORM)).json()
            assert answer["response_type"] == "ephemeral" and "deleted" in answer["text"]
        assert b"zanzibar" not in database.read_bytes() and b"ben stays" in database.read_bytes()


async def test_a_flood_is_answered_once_and_not_passed_on():
    bot = Bot()
    async with talking(bot, Limits(sender=Buckets(2, 1))) as (slack, api):
        for i in range(6):
            await slack.say(f"message {i}")
        await slack.say("ben", BEN)
    assert bot.heard == ["message 0", "message 1", "ben"] and sum("faster" in text for text in api.texts()) == 1


async def test_neither_the_token_nor_what_was_said_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    async with talking() as (slack, api):
        await slack.say("zanzibar-marker")
        api.busy = 9
        await slack.say("zanzibar-marker")
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith(("rasa", "tests")))
    assert TOKEN not in ours and "zanzibar" not in ours and ANNA not in ours
