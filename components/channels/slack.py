"""Slack: direct messages with an app. Receives by the Events API, sends with slack_sdk.

SLACK_TOKEN is the bot's (xoxb-…), SLACK_SIGNING_SECRET is what Slack signs every request with."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.reading import PAYLOAD
from components.channels.closed import closed_without
from components.channels.limits import Busy, Limits, Turns, cap_bodies
from components.channels.rendering import (
    LIMITS,
    MORE,
    Piece,
    answers_once,
    buttons_of,
    data_of,
    groups,
    is_card,
    mrkdwn,
    mrkdwn_size,
    payload_of,
    shortened,
    split,
    text_of,
    typed,
    with_number,
)  # fmt: skip
from components.channels.session import Conversations, Inbox, Seen, offered, sender_of

logger = logging.getLogger(__name__)

API = "https://slack.com/api/"
LIMIT = LIMITS["slack"]
ANSWERED_WITHIN = 2.0  # seconds until a request is acknowledged before its answer was sent; Slack waits three
STOPPING = 10.0  # seconds that a stop waits for turns that are going on
TRIES = 3
RETRIES = (AsyncConnectionErrorRetryHandler, AsyncRateLimitErrorRetryHandler, AsyncServerErrorRetryHandler)

HELP = (
    "I explain what can cause knee pain, ask a few questions and say when to get help. I do not diagnose. "
    "Write in your own words, or use the buttons. Write “forget” to delete what you told me. In an emergency, call {number}."
)
IN_PRIVATE = "I only talk about health in private. Please send me a direct message."
EDITED = "You changed an earlier message. I do not go back to it: please send me the new version as a new message."
ONLY_WORDS = "I cannot look at files, pictures or recordings. Please tell me in words what is wrong with the knee. In an emergency, call {number}."
TOO_FAST = "That was faster than I can read. Please wait a moment and send it again. In an emergency, call {number}."
CUT = "That was long: I read only the first part of it. Please tell me the rest in a few sentences."
TOO_OLD = "That button is from an earlier conversation. Please write to me what you would like to say."
CHOSEN = "You chose: {title}"


class SlackInput(InputChannel):
    def __init__(self, token: str, signing_secret: str, api: str = API, limits: Limits | None = None) -> None:
        self.token, self.signing_secret, self.api, self.limits = token, signing_secret, api, limits or Limits()

    @classmethod
    def name(cls) -> str:
        return "slack"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        closed = closed_without(cls.name(), "SLACK_TOKEN", "SLACK_SIGNING_SECRET", page="docs/slack.md")
        if closed:
            return closed
        return cls(os.environ["SLACK_TOKEN"], os.environ["SLACK_SIGNING_SECRET"], os.environ.get("SLACK_API", API))

    def client(self) -> AsyncWebClient:
        """The library would log whole requests, with what was said."""
        logging.getLogger("slack_sdk").setLevel(logging.WARNING)
        handlers: list[AsyncRetryHandler] = [handler(max_retry_count=TRIES) for handler in RETRIES]
        return AsyncWebClient(self.token, base_url=self.api, timeout=10, retry_handlers=handlers)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        hook = Blueprint("knee_slack", "knee_slack")
        workspace = Workspace(self, Conversations(self.name(), on_new_message, self.limits))
        verifier = SignatureVerifier(self.signing_secret)

        async def receive(request: Request) -> HTTPResponse:
            """The signature is of the bytes as they came; it is refused after five minutes."""
            if not _signed(verifier, request):
                return response.text("", 403)
            return await workspace.receive(_content(request))

        async def start(app: Sanic, _: Any) -> None:
            workspace.conversations.app = app
            cap_bodies(app)

        async def stop(app: Sanic, _: Any) -> None:
            await workspace.inbox.finish(STOPPING)

        hook.add_route(receive, "/webhook", methods=["POST"])
        hook.listener("before_server_start")(start)
        hook.listener("before_server_stop")(stop)
        return hook


def _signed(verifier: SignatureVerifier, request: Request) -> bool:
    headers = {name: request.headers.get(name, "") for name in ("x-slack-signature", "x-slack-request-timestamp")}
    try:
        return verifier.is_valid_request(request.body, headers)
    except ValueError:  # a time stamp that is no number, a body that is no text
        return False


def _content(request: Request) -> dict[str, Any]:
    """Events come as JSON, taps as JSON within a form, slash commands as a form."""
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            content = json.loads(request.body)
        else:
            form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            content = json.loads(form["payload"]) if "payload" in form else {"type": "slash_command", **form}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


# --- sending ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where to answer: the direct message, and the thread in it if the person wrote in one."""

    channel: str
    thread: str | None
    sender: str


class Pen:
    """Writes to a direct message: as many messages as it takes."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.client = client

    async def write(self, place: Place, piece: Piece) -> None:
        for blocks in messages_of(piece):
            plain = " ".join(block["text"]["text"] for block in blocks if block["type"] == "section")
            await self._post(place, plain, blocks)

    async def say(self, place: Place, sentence: str) -> None:
        await self.write(place, {"text": with_number(sentence)})

    async def _post(self, place: Place, text: str, blocks: list[dict[str, Any]]) -> None:
        await self.client.chat_postMessage(
            channel=place.channel, text=text[: LIMIT.text] or MORE, blocks=blocks, thread_ts=place.thread, unfurl_links=False, unfurl_media=False
        )

    async def whisper(self, channel: str, user: str, sentence: str) -> None:
        """In a channel only the one who wrote sees it."""
        with suppress(SlackApiError):
            await self.client.chat_postEphemeral(channel=channel, user=user, text=sentence)

    async def use_up(self, channel: str, message: dict[str, Any], title: str) -> None:
        """The choice is written in the place of the buttons."""
        kept = [block for block in message.get("blocks", ()) if block.get("type") != "actions"]
        chosen = {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn(CHOSEN.format(title=title)), "verbatim": True}]}
        with suppress(SlackApiError):
            await self.client.chat_update(channel=channel, ts=message["ts"], text=str(message.get("text") or "")[: LIMIT.text], blocks=[*kept, chosen])


def messages_of(piece: Piece) -> list[list[dict[str, Any]]]:
    """Blocks, message by message: texts of at most 12,000 characters, then the buttons in groups of five."""
    texts = split(text_of(piece), LIMIT.text - len("**"), mrkdwn_size)
    sections = [_section(text, is_card(piece) and number == 0) for number, text in enumerate(texts)]
    rows = [_row(group, number * LIMIT.buttons) for number, group in enumerate(groups(buttons_of(piece), LIMIT.buttons))]
    written = groups(sections, LIMIT.message // LIMIT.text) or [[]]
    below = groups(rows, LIMIT.groups)
    if below:
        written[-1] += below[0]
    more = [[_section(MORE, False), *rows] for rows in below[1:]]
    if written[0] and written[0][0]["type"] == "actions":
        written[0].insert(0, _section(MORE, False))
    return [blocks for blocks in (*written, *more) if blocks]


def _section(text: str, heading: bool) -> dict[str, Any]:
    """Verbatim: Slack links nothing by itself and calls nobody's name."""
    first, line, rest = text.partition("\n")
    marked = f"*{mrkdwn(first.replace('*', '∗'))}*{line}{mrkdwn(rest)}" if heading else mrkdwn(text)
    return {"type": "section", "text": {"type": "mrkdwn", "text": marked, "verbatim": True}}


def _row(buttons: list[dict[str, str]], first: int) -> dict[str, Any]:
    return {"type": "actions", "elements": [_button(button, first + i) for i, button in enumerate(buttons)]}


def _button(button: dict[str, str], number: int) -> dict[str, Any]:
    title = {"type": "plain_text", "text": shortened(button["title"], LIMIT.title), "emoji": False}
    return {"type": "button", "text": title, "value": data_of(button["payload"], LIMIT.data), "action_id": f"answer_{number}"}


# --- receiving --------------------------------------------------------------------------------------------


class Workspace:
    """Understands what Slack delivers. One person has one conversation, whatever thread of the direct message it is in."""

    def __init__(self, channel: SlackInput, conversations: Conversations) -> None:
        self.conversations, self.limits, self.secret = conversations, channel.limits, channel.signing_secret
        self.pen = Pen(channel.client())
        self.inbox, self.once, self.order = Inbox(), Seen(), Turns(channel.limits.waiting)

    async def receive(self, content: dict[str, Any]) -> HTTPResponse:
        kind = content.get("type")
        if kind == "url_verification":
            return response.text(str(content.get("challenge", "")))
        if kind == "slash_command":
            return await self._command(content)
        if kind == "event_callback":
            delivery = str(content.get("event_id"))
            await self.inbox.take(delivery, lambda: self._event(content, delivery), ANSWERED_WITHIN)
        if kind == "block_actions":
            delivery = str(content.get("trigger_id"))
            await self.inbox.take(delivery, lambda: self._tapped(content, delivery), ANSWERED_WITHIN)
        return response.text("")

    async def _command(self, form: dict[str, Any]) -> HTTPResponse:
        """Only where the operator has made slash commands; what it says is seen by this person only."""
        sender = self._sender(form.get("team_id"), form.get("user_id"))
        word = str(form.get("command", "")).lstrip("/").lower()
        said = await self.conversations.forget(sender) if word == "forget" else with_number(HELP)
        return response.json({"response_type": "ephemeral", "text": mrkdwn(said)})

    async def _event(self, content: dict[str, Any], delivery: str) -> None:
        event = content.get("event") or {}
        user = event.get("user")
        if event.get("bot_id") or (event.get("app_id") and not user):
            return
        if event.get("type") == "app_mention" and event.get("channel_type") != "im":
            return await self._elsewhere(event.get("channel"), user)
        if event.get("type") != "message":
            return
        if event.get("channel_type") == "mpim":
            return await self._elsewhere(event.get("channel"), user)
        if event.get("channel_type") != "im":
            return
        if event.get("subtype") == "message_changed":
            return await self._edited(content, event)
        if user and event.get("subtype") in (None, "file_share", "thread_broadcast"):
            await self._told(self._place(content, event), event, delivery)

    def _place(self, content: dict[str, Any], event: dict[str, Any]) -> Place:
        return Place(event["channel"], event.get("thread_ts"), self._sender(content.get("team_id"), event.get("user")))

    async def _elsewhere(self, channel: str | None, user: str | None) -> None:
        """In a channel everybody would read it, and all would share one conversation. One sentence for each, once."""
        if channel and user and self.once.is_new(("elsewhere", channel, user)):
            await self.pen.whisper(channel, user, IN_PRIVATE)

    async def _edited(self, content: dict[str, Any], event: dict[str, Any]) -> None:
        """Slack also says so when we change our own messages, and when it adds a preview."""
        new, old = event.get("message") or {}, event.get("previous_message") or {}
        if new.get("user") and not new.get("bot_id") and new.get("text") != old.get("text"):
            await self.pen.say(self._place(content, {**new, "channel": event["channel"]}), EDITED)

    async def _told(self, place: Place, event: dict[str, Any], delivery: str) -> None:
        text = _unescaped(str(event.get("text") or ""))
        if not await self._may(place):
            return
        if event.get("files"):
            await self.pen.say(place, ONLY_WORDS)
        if text.strip():
            await self._read(place, text, delivery)

    async def _may(self, place: Place) -> bool:
        wait = self.limits.wait(place.sender, None)
        if wait and self.once.is_new(("fast", place.sender, asyncio.get_running_loop().time() // 30)):
            await self.pen.say(place, TOO_FAST)
        return not wait

    async def _read(self, place: Place, text: str, delivery: str) -> None:
        word = text.strip().lower()
        if word == "/help":
            return await self.pen.say(place, HELP)
        if word == "/forget":
            return await self.pen.write(place, {"text": await self.conversations.forget(place.sender)})
        if len(text) > self.limits.longest:
            await self.pen.say(place, CUT)
        await self._turn(place, "hello" if word == "/start" else typed(text[: self.limits.longest]), delivery)

    async def _tapped(self, content: dict[str, Any], delivery: str) -> None:
        message, actions = content.get("message") or {}, content.get("actions") or []
        channel, user = (content.get("channel") or {}).get("id"), (content.get("user") or {}).get("id")
        data = str(actions[0].get("value") or "") if actions else ""
        if not channel or not user or not message.get("ts") or not data:
            return
        team = (content.get("team") or {}).get("id")
        place = Place(channel, message.get("thread_ts"), self._sender(team, user))
        known = () if data.startswith(PAYLOAD) else await offered(self.conversations.agent(), place.sender)
        payload = payload_of(data, known, LIMIT.data)
        if payload is None:
            return await self.pen.say(place, TOO_OLD)
        tap = (channel, message["ts"], "" if answers_once(payload) else (payload, asyncio.get_running_loop().time() // 3))
        if not self.once.is_new(tap):
            return
        title = str((actions[0].get("text") or {}).get("text") or "")
        if not await self._may(place) or not await self._turn(place, payload, delivery, (message, title)):
            self.once.undo(tap)

    async def _turn(self, place: Place, text: str, delivery: str, tapped: tuple[dict[str, Any], str] | None = None) -> bool:
        """Whether it was answered. What one person said is answered in the order it came."""
        try:
            async with self.order.turn(place.sender):
                if tapped and answers_once(text):
                    await self.pen.use_up(place.channel, *tapped)
                for piece in await self.conversations.answer(text, place.sender, f"slack:{delivery}"):
                    await self.pen.write(place, piece)
            return True
        except Busy:
            await self.pen.say(place, TOO_FAST)
            return False

    def _sender(self, team: Any, user: Any) -> str:
        return sender_of("slack", self.secret, team, user)


def _unescaped(text: str) -> str:
    """What a person typed: Slack delivers three characters escaped."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
