"""One reply → what a channel can carry. Texts are split at sentences, buttons into several groups; nothing is dropped."""

from __future__ import annotations

import hashlib
import html
import logging
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.case import Case
from bot.reading import PAYLOAD
from bot.wording import place_of
from components.reader import shared_library
from components.settings import country

logger = logging.getLogger(__name__)

Piece = dict[str, Any]
Button = dict[str, str]
MORE = "More answers:"
URL = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]]")


@dataclass(frozen=True)
class Limit:
    """text: of one text, as the channel counts it. buttons: in one group. groups: in one message. title: characters on a
    button. data: bytes that a button carries. message: of all texts of one message together."""

    text: int
    buttons: int
    groups: int
    title: int
    data: int
    message: int


# As published: core.telegram.org/bots/api, docs.slack.dev/reference/block-kit. Groups and titles of Telegram and the
# message of Slack have no published limit; these are ours, from what is shown well and what others saw refused.
LIMITS = {
    "telegram": Limit(text=4096, buttons=1, groups=30, title=64, data=64, message=4096),
    "slack": Limit(text=3000, buttons=5, groups=20, title=75, data=2000, message=12000),
}


# --- our own sentences ------------------------------------------------------------------------------------


def with_number(sentence: str) -> str:
    """The operator's country decides the number. A sentence is said even when the knowledge cannot be read."""
    try:
        number = place_of(Case(), shared_library(), country()).number
    except Exception as error:
        logger.error("the emergency number could not be read: %s", type(error).__name__)
        number = "your local emergency number"
    return sentence.format(number=number)


# --- what people type -----------------------------------------------------------------------------------


def typed(text: str) -> str:
    """Typed text in the form of a payload or of one of Rasa's commands is only text. Only a button presses a button."""
    text = re.sub(r"^(?:[\s/]|EXTERNAL:)+", "", text, flags=re.IGNORECASE).strip()
    return text.replace(":", " ", 1) if text.startswith(PAYLOAD) else text or "?"


# --- texts ----------------------------------------------------------------------------------------------


def text_of(piece: Piece) -> str:
    """The text is complete by itself; a piece that came without one is told from what a page would draw."""
    custom = piece.get("custom") or {}
    told = [custom.get("heading"), *(f"• {point}" for point in custom.get("points") or ())]
    return str(piece.get("text") or "").strip() or "\n".join(str(line) for line in told if line)


def is_card(piece: Piece) -> bool:
    return (piece.get("custom") or {}).get("kind") == "card"


def split(text: str, longest: int, size: Callable[[str], int] = len) -> list[str]:
    """Parts of at most `longest`, ended at a line or a sentence; at a word or a character only where one is longer."""
    parts: list[str] = []
    current = ""
    for unit in _units(text.strip(), longest, size):
        if current and size((current + unit).strip()) > longest:
            parts.append(current.strip())
            current = ""
        current += unit
    return [part for part in (*parts, current.strip()) if part]


def _units(text: str, longest: int, size: Callable[[str], int]) -> Iterable[str]:
    for sentence in re.split(r"(?<=[.!?…])(?=\s)|(?<=\n)", text):
        if size(sentence.strip()) <= longest:
            yield sentence
            continue
        for word in re.split(r"(?<=\s)(?=\S)", sentence):
            yield from [word] if size(word.strip()) <= longest else _cut(word, longest, size)


def _cut(word: str, longest: int, size: Callable[[str], int]) -> Iterable[str]:
    current = ""
    for character in word:
        if current and size(current + character) > longest:
            yield current
            current = ""
        current += character
    yield current


def telegram_html(text: str) -> str:
    return html.escape(text, quote=False)


def telegram_size(text: str) -> int:
    """Telegram counts in halves of UTF-16, after its marks are read; before is never less."""
    return len(telegram_html(text).encode("utf-16-le")) // 2


def mrkdwn(text: str) -> str:
    """Slack's own marks: only these three characters are escaped. Addresses are linked by us, because nothing else is."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return URL.sub(lambda found: f"<{found.group()}>", escaped)


def mrkdwn_size(text: str) -> int:
    return len(mrkdwn(text))


# --- buttons ----------------------------------------------------------------------------------------------


def groups(items: Sequence[Any], most: int) -> list[list[Any]]:
    return [list(items[i : i + most]) for i in range(0, len(items), most)]


def buttons_of(piece: Piece) -> list[Button]:
    return [button for button in piece.get("buttons") or () if button.get("title") and button.get("payload")]


def shortened(title: str, most: int) -> str:
    return title if len(title) <= most else f"{title[: most - 1].rstrip()}…"


def data_of(payload: str, most: int) -> str:
    """What a button carries: the payload, or where that is too long a short id of it."""
    if len(payload.encode()) <= most and payload.startswith(PAYLOAD):
        return payload
    return "#" + urlsafe_b64encode(hashlib.sha256(payload.encode()).digest()[:18]).decode()


def payload_of(data: str, offered: Iterable[str], most: int) -> str | None:
    """The payload that a button carried; None when it was not offered in this conversation."""
    if data.startswith(PAYLOAD):
        return data
    return next((payload for payload in offered if data_of(payload, most) == data), None)


def answers_once(payload: str) -> bool:
    """A button that answers a question is used up by a tap; one that opens something to read may be tapped again."""
    return payload.removeprefix(PAYLOAD).split(":")[0] in ("a", "n", "u", "d", "m") or payload in (f"{PAYLOAD}c:{c}" for c in ("forget", "restart", "again"))
