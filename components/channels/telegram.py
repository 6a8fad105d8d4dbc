"""Telegram: private chats with a bot. Receives by webhook, sends with python-telegram-bot.

TELEGRAM_TOKEN is the bot's, TELEGRAM_SECRET is ours: Telegram shows it with every update, and the address is made from it."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import re
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from telegram import Bot, BotCommand, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, Message, Update
from telegram.constants import ChatAction, ChatType, ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

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
    payload_of,
    shortened,
    split,
    telegram_html,
    telegram_size,
    text_of,
    typed,
    with_number,
)  # fmt: skip
from components.channels.session import Conversations, Inbox, Seen, offered, secret_from, sender_of

logger = logging.getLogger(__name__)

API = "https://api.telegram.org"
LIMIT = LIMITS["telegram"]
WANTED = ("message", "edited_message", "callback_query", "my_chat_member")
ANSWERED_WITHIN = 10.0  # seconds until an update is acknowledged before its answer was sent; Telegram sends it again if we stop earlier
STOPPING = 10.0  # seconds that a stop waits for turns that are going on
TYPING = 4.0  # Telegram shows it for five seconds
PAUSES = (1.0, 3.0, 8.0)  # seconds between tries to send

HELP = (
    "I explain what can cause knee pain, ask a few questions and say when to get help. I do not diagnose. "
    "Write in your own words, or use the buttons.\n/start begins, /forget deletes what you told me.\nIn an emergency, call {number}."
)
GROUP = "I only talk about health in private. Please open a chat with me alone: tap my name and send a message there."
EDITED = "You changed an earlier message. I do not go back to it: please send me the new version as a new message."
NO_PICTURES = "I cannot look at pictures. Please tell me in words what one can see. In an emergency, call {number}."
NO_VOICE = "I cannot listen to voice messages. Please write it down. In an emergency, call {number}."
ONLY_WORDS = "I can only read words. Please tell me what is wrong with the knee. In an emergency, call {number}."
TOO_FAST = "That was faster than I can read. Please wait a moment and send it again. In an emergency, call {number}."
CUT = "That was long: I read only the first part of it. Please tell me the rest in a few sentences."
TOO_OLD = "That button is from an earlier conversation. Please write to me what you would like to say."
TAPPED = "You have answered this already."
COMMANDS = (("start", "Begin"), ("help", "What I can do"), ("forget", "Delete what I told you"))


class TelegramInput(InputChannel):
    def __init__(self, token: str, secret: str, api: str = API, limits: Limits | None = None) -> None:
        self.token, self.secret, self.api, self.limits = token, secret, api, limits or Limits()

    @classmethod
    def name(cls) -> str:
        return "telegram"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        closed = closed_without(cls.name(), "TELEGRAM_TOKEN", "TELEGRAM_SECRET", page="docs/telegram.md")
        if closed:
            return closed
        secret = secret_from("TELEGRAM_SECRET")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise RasaException("TELEGRAM_SECRET may only have letters, digits, underscores and strokes, at most 256: Telegram allows no others.")
        return cls(os.environ["TELEGRAM_TOKEN"], secret, os.environ.get("TELEGRAM_API", API))

    def path(self) -> str:
        """Unguessable, so that strangers do not even find the door."""
        return hmac.new(self.secret.encode(), b"path", "sha256").hexdigest()[:32]

    def bot(self) -> Bot:
        """The library would log the address of each call, and the token is in it; and what came back."""
        for name in ("httpx", "httpcore", "telegram"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        calls, unused = HTTPXRequest(read_timeout=10, connect_timeout=10), HTTPXRequest(connection_pool_size=1)
        return Bot(self.token, base_url=f"{self.api}/bot", request=calls, get_updates_request=unused)

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        hook = Blueprint("knee_telegram", "knee_telegram")
        chats = Chats(self, Conversations(self.name(), on_new_message, self.limits))

        async def receive(request: Request) -> HTTPResponse:
            shown = request.headers.get("x-telegram-bot-api-secret-token", "")
            if not hmac.compare_digest(shown.encode(), self.secret.encode()):
                return response.text("", 403)
            await chats.receive(request.json if isinstance(request.json, dict) else {})
            return response.text("")

        async def start(app: Sanic, _: Any) -> None:
            chats.conversations.app = app
            cap_bodies(app)

        async def stop(app: Sanic, _: Any) -> None:
            await chats.finish()

        hook.add_route(receive, f"/{self.path()}", methods=["POST"])
        hook.listener("before_server_start")(start)
        hook.listener("before_server_stop")(stop)
        return hook


# --- sending ----------------------------------------------------------------------------------------------


class Pen:
    """Writes to a chat: as many messages as it takes, tried again when Telegram is busy or away."""

    def __init__(self, bot: Bot, pauses: tuple[float, ...] = PAUSES) -> None:
        self.bot, self.pauses = bot, pauses

    async def write(self, chat: int, piece: Piece) -> None:
        texts = split(text_of(piece), LIMIT.text - len("<b></b>"), telegram_size)
        keyboards = [_keyboard(group) for group in groups(buttons_of(piece), LIMIT.groups)]
        if keyboards and not texts:
            texts = [MORE]
        for number, text in enumerate(texts):
            last = number == len(texts) - 1
            await self._send(chat, _marked(text, is_card(piece) and number == 0), keyboards[0] if last and keyboards else None)
        for keyboard in keyboards[1:]:
            await self._send(chat, MORE, keyboard)

    async def say(self, chat: int, sentence: str) -> None:
        await self._send(chat, telegram_html(with_number(sentence)), None)

    async def _send(self, chat: int, text: str, keyboard: InlineKeyboardMarkup | None) -> None:
        await self._patiently(
            lambda: self.bot.send_message(
                chat, text, parse_mode=ParseMode.HTML, reply_markup=keyboard, link_preview_options=LinkPreviewOptions(is_disabled=True)
            )
        )

    async def acknowledge(self, query: CallbackQuery, sentence: str | None = None) -> None:
        """Otherwise the button spins. Too late to matter when it fails."""
        with suppress(TelegramError):
            await self.bot.answer_callback_query(query.id, text=sentence)

    async def use_up(self, message: Message, title: str) -> None:
        """The choice is written under the question and its buttons go."""
        try:
            text = f"{message.text_html}\n\n✓ <i>{telegram_html(title)}</i>"
            await self.bot.edit_message_text(text, message.chat.id, message.message_id, parse_mode=ParseMode.HTML, link_preview_options=LinkPreviewOptions(is_disabled=True))
        except TelegramError:
            with suppress(TelegramError):
                await self.bot.edit_message_reply_markup(message.chat.id, message.message_id, reply_markup=None)

    @asynccontextmanager
    async def typing(self, chat: int) -> AsyncIterator[None]:
        """A call that is cut off would spoil the connection for the answer; so it is left to end, but not waited for long."""
        done = asyncio.Event()
        task = asyncio.ensure_future(self._type(chat, done))
        try:
            yield
        finally:
            done.set()
            await asyncio.wait({task}, timeout=1.0)

    async def _type(self, chat: int, done: asyncio.Event) -> None:
        with suppress(TelegramError):
            while not done.is_set():
                await self.bot.send_chat_action(chat, ChatAction.TYPING)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(done.wait(), TYPING)

    async def _patiently(self, call: Callable[[], Awaitable[Any]]) -> None:
        for pause in (*self.pauses, None):
            try:
                await call()
                return
            except (BadRequest, Forbidden):
                raise
            except RetryAfter as busy:
                if pause is None:
                    raise
                await asyncio.sleep(min(_seconds(busy), 60.0))
            except NetworkError:
                if pause is None:
                    raise
                await asyncio.sleep(pause)

    async def put_down(self) -> None:
        for request in self.bot._request:
            await request.shutdown()


def _seconds(busy: RetryAfter) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = busy.retry_after
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def _keyboard(buttons: list[dict[str, str]]) -> InlineKeyboardMarkup:
    """One button in a row, so that its words can be read on a phone."""
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(shortened(b["title"], LIMIT.title), callback_data=data_of(b["payload"], LIMIT.data))] for b in buttons]
    )


def _marked(text: str, heading: bool) -> str:
    first, line, rest = text.partition("\n")
    return f"<b>{telegram_html(first)}</b>{line}{telegram_html(rest)}" if heading else telegram_html(text)


# --- receiving --------------------------------------------------------------------------------------------


class Chats:
    """Understands updates. Each is worked on in the background, those of one person one after the other."""

    def __init__(self, channel: TelegramInput, conversations: Conversations) -> None:
        self.conversations, self.limits, self.secret = conversations, channel.limits, channel.secret
        self.pen = Pen(channel.bot())
        self.inbox, self.once, self.order = Inbox(), Seen(), Turns(channel.limits.waiting)

    async def receive(self, raw: dict[str, Any]) -> None:
        """Returns when the update was answered, or after a while; the same update again waits for the same work."""
        try:
            update = Update.de_json(raw, self.pen.bot)
        except Exception as error:
            logger.warning("an update could not be read: %s", type(error).__name__)
            return
        await self.inbox.take(update.update_id, lambda: self._take(update), ANSWERED_WITHIN)

    async def finish(self) -> None:
        await self.inbox.finish(STOPPING)
        await self.pen.put_down()

    async def _take(self, update: Update) -> None:
        try:
            if update.callback_query:
                await self._pressed(update.callback_query, update.update_id)
            elif update.message:
                await self._told(update.message, update.update_id)
            elif update.edited_message:
                await self._edited(update.edited_message)
            elif update.my_chat_member:
                await self._joined(update)
        except Forbidden:
            logger.info("a chat is closed to us")

    async def _joined(self, update: Update) -> None:
        change = update.my_chat_member
        if change and change.chat.type in (ChatType.GROUP, ChatType.SUPERGROUP) and change.new_chat_member.status in ("member", "administrator"):
            await self._group(change.chat.id)

    async def _group(self, chat: int) -> None:
        """A group would share one conversation. It gets one sentence, once."""
        if self.once.is_new(("group", chat)):
            await self.pen.say(chat, GROUP)

    async def _edited(self, message: Message) -> None:
        if message.chat.type == ChatType.PRIVATE and (message.text or message.caption):
            await self.pen.say(message.chat.id, EDITED)

    async def _told(self, message: Message, update_id: int) -> None:
        chat = message.chat.id
        if message.chat.type != ChatType.PRIVATE:
            if message.chat.type != ChatType.CHANNEL:
                await self._group(chat)
            return
        if message.from_user and message.from_user.is_bot:
            return
        text = message.text or message.caption
        kind = _kind(message)
        if text is None and kind is None:
            return
        if not await self._may(chat):
            return
        if kind:
            await self.pen.say(chat, kind)
        if text:
            await self._read(chat, text, update_id)

    async def _may(self, chat: int) -> bool:
        wait = self.limits.wait(self._sender(chat), None)
        if wait and self.once.is_new(("fast", chat, asyncio.get_running_loop().time() // 30)):
            await self.pen.say(chat, TOO_FAST)
        return not wait

    async def _read(self, chat: int, text: str, update_id: int) -> None:
        command = re.match(r"/(start|help|forget)(?:@\w+)?(?:\s|$)", text, re.IGNORECASE)
        word = command.group(1).lower() if command else ""
        if word == "help":
            return await self.pen.say(chat, HELP)
        if word == "forget":
            return await self.pen.write(chat, {"text": await self.conversations.forget(self._sender(chat))})
        if len(text) > self.limits.longest:
            await self.pen.say(chat, CUT)
        await self._turn(chat, "hello" if word == "start" else typed(text[: self.limits.longest]), update_id)

    async def _pressed(self, query: CallbackQuery, update_id: int) -> None:
        message = query.message
        if message is None or message.chat.type != ChatType.PRIVATE or not query.data:
            return await self.pen.acknowledge(query)
        chat = message.chat.id
        known = () if query.data.startswith(PAYLOAD) else await offered(self.conversations.agent(), self._sender(chat))
        payload = payload_of(query.data, known, LIMIT.data)
        if payload is None:
            return await self.pen.acknowledge(query, TOO_OLD)
        tap = (message.message_id, "" if answers_once(payload) else (payload, asyncio.get_running_loop().time() // 3))
        if not self.once.is_new((chat, tap)):
            return await self.pen.acknowledge(query, TAPPED)
        await self.pen.acknowledge(query)
        if not await self._may(chat) or not await self._turn(chat, payload, update_id, message):
            self.once.undo((chat, tap))

    async def _turn(self, chat: int, text: str, update_id: int, tapped: Any = None) -> bool:
        """Whether it was answered. What one person said is answered in the order it came."""
        try:
            async with self.order.turn(str(chat)):
                if isinstance(tapped, Message) and answers_once(text):
                    await self.pen.use_up(tapped, _title(tapped, text))
                async with self.pen.typing(chat):
                    pieces = await self.conversations.answer(text, self._sender(chat), f"telegram:{update_id}")
                for piece in pieces:
                    await self.pen.write(chat, piece)
            return True
        except Busy:
            await self.pen.say(chat, TOO_FAST)
            return False

    def _sender(self, chat: int) -> str:
        return sender_of("telegram", self.secret, chat)


def _kind(message: Message) -> str | None:
    """What we cannot read, kindly; None for words, and for the notes that Telegram itself leaves in a chat."""
    if message.photo or message.video or message.video_note or message.animation:
        return NO_PICTURES
    if message.voice or message.audio:
        return NO_VOICE
    other = (message.sticker, message.document, message.location, message.contact, message.poll, message.venue, message.dice, message.story)
    return ONLY_WORDS if any(other) else None


def _title(message: Message, payload: str) -> str:
    data = data_of(payload, LIMIT.data)
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return next((str(button.text) for row in rows for button in row if button.callback_data == data), "")


# --- the commands of the operator ---------------------------------------------------------------------------


async def set_webhook(channel: TelegramInput, url: str) -> None:
    bot = channel.bot()
    try:
        address = f"{url.rstrip('/')}/webhooks/telegram/{channel.path()}"
        await bot.set_webhook(address, secret_token=channel.secret, allowed_updates=WANTED, max_connections=40)
        await bot.set_my_commands([BotCommand(name, words) for name, words in COMMANDS])
    finally:
        await Pen(bot).put_down()


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] != "set-webhook" or not arguments[1].startswith("https://"):
        print("Usage: python -m components.channels.telegram set-webhook https://your-server.example", file=sys.stderr)
        return 2
    try:
        channel = TelegramInput.from_credentials(None)
        if not isinstance(channel, TelegramInput):
            print("TELEGRAM_TOKEN and TELEGRAM_SECRET are not set. See docs/telegram.md.", file=sys.stderr)
            return 1
        asyncio.run(set_webhook(channel, arguments[1]))
    except RasaException as error:
        print(error, file=sys.stderr)
        return 1
    except TelegramError as error:
        print(f"Telegram refused: {type(error).__name__}. Check TELEGRAM_TOKEN, and that this machine reaches {channel.api}.", file=sys.stderr)
        return 1
    print(f"Telegram now sends what people write to {arguments[1].rstrip('/')}/webhooks/telegram/… (the rest is secret).")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
