"""A stand-in for api.telegram.org that refuses what the real one refuses (core.telegram.org/bots/api)."""

from __future__ import annotations

import asyncio
import itertools
import json
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

TOKEN = "123456:AAHtest-token_of-35-characters-abcdef"
ALLOWED = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote"}
METHODS = {
    "sendMessage", "sendChatAction", "answerCallbackQuery", "editMessageText", "editMessageReplyMarkup", "setWebhook", "setMyCommands",
}  # fmt: skip


class Refusal(Exception):
    pass


class _Marks(HTMLParser):
    """What remains when the marks are read; refuses marks that Telegram does not know or that are not closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.text, self.open = "", []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ALLOWED:
            raise Refusal(f"can't parse entities: unsupported start tag {tag}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Refusal("can't parse entities: unexpected end tag")

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise Refusal("can't parse entities: a bare <")
        self.text += data

    def handle_entityref(self, name: str) -> None:
        if name not in ("lt", "gt", "amp", "quot"):
            raise Refusal(f"can't parse entities: &{name};")
        self.text += {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}[name]

    def handle_charref(self, name: str) -> None:
        self.text += chr(int(name))


def read(marked: str) -> str:
    marks = _Marks()
    marks.feed(marked)
    marks.close()
    if marks.open:
        raise Refusal("can't parse entities: a tag is not closed")
    return marks.text


class TelegramApi:
    """Remembers every call; `refused` must be empty at the end of a test. `busy`, `broken`: how many calls to answer so first."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.busy = self.broken = 0
        self.blocked: set[int] = set()
        self.pause = 0.0
        self._ids = itertools.count(1000)

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._call)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        await self.runner.cleanup()

    def made(self, method: str) -> list[dict[str, Any]]:
        return [call for name, call in self.calls if name == method]

    def texts(self) -> list[str]:
        return [read(call["text"]) for call in self.made("sendMessage")]

    def buttons(self) -> list[dict[str, Any]]:
        """All buttons that were sent, in order."""
        return [key for call in self.made("sendMessage") for row in call.get("reply_markup", {}).get("inline_keyboard", ()) for key in row]

    async def _call(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != TOKEN:
            return self._no(401, "Unauthorized")
        method = request.match_info["method"]
        given = {key: _value(value) for key, value in (await request.post()).items()}
        if self.pause:
            await asyncio.sleep(self.pause)
        if self.broken:
            self.broken -= 1
            return web.Response(status=502, text="bad gateway")
        if self.busy:
            self.busy -= 1
            return self._no(429, "Too Many Requests: retry after 0", {"retry_after": 0})
        if given.get("chat_id") in self.blocked:
            return self._no(403, "Forbidden: bot was blocked by the user")
        try:
            result = self._checked(method, given)
        except Refusal as refusal:
            self.refused.append(f"{method}: {refusal}")
            return self._no(400, f"Bad Request: {refusal}")
        self.calls.append((method, given))
        return web.json_response({"ok": True, "result": result})

    def _no(self, code: int, why: str, parameters: dict[str, Any] | None = None) -> web.Response:
        return web.json_response({"ok": False, "error_code": code, "description": why, "parameters": parameters or {}}, status=code)

    def _checked(self, method: str, given: dict[str, Any]) -> Any:
        if method not in METHODS:
            raise Refusal("no such method here")
        if method in ("sendMessage", "editMessageText"):
            _check_text(given)
        if "reply_markup" in given:
            _check_keyboard(given["reply_markup"])
        if method == "sendMessage":
            return {"message_id": next(self._ids), "date": 1, "chat": {"id": given["chat_id"], "type": "private"}, "text": given["text"]}
        if method.startswith("editMessage"):
            if not isinstance(given.get("message_id"), int):
                raise Refusal("message identifier is not specified")
            return {"message_id": given["message_id"], "date": 1, "chat": {"id": given["chat_id"], "type": "private"}, "text": "…"}
        if method == "answerCallbackQuery" and len(given.get("text", "")) > 200:
            raise Refusal("text is longer than 200 characters")
        if method == "sendChatAction" and given.get("action") != "typing":
            raise Refusal("wrong parameter action in request")
        if method == "setWebhook":
            _check_webhook(given)
        return True


def _value(text: Any) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _check_text(given: dict[str, Any]) -> None:
    if not isinstance(given.get("chat_id"), int):
        raise Refusal("chat_id is empty")
    text = str(given.get("text", ""))
    shown = read(text) if given.get("parse_mode") == "HTML" else text
    if not shown.strip():
        raise Refusal("message text is empty")
    if len(shown.encode("utf-16-le")) // 2 > 4096:
        raise Refusal("message is too long")


def _check_keyboard(markup: dict[str, Any]) -> None:
    rows = markup["inline_keyboard"]
    if sum(map(len, rows)) > 100:
        raise Refusal("reply markup is too long")
    for key in (key for row in rows for key in row):
        if not key.get("text", "").strip():
            raise Refusal("inline keyboard button text is empty")
        if not 1 <= len(key.get("callback_data", "").encode()) <= 64:
            raise Refusal("BUTTON_DATA_INVALID")
    if any(len(row) > 8 for row in rows):
        raise Refusal("too many buttons in a row")


def _check_webhook(given: dict[str, Any]) -> None:
    if not str(given.get("url")).startswith("https://"):
        raise Refusal("bad webhook: An HTTPS URL must be provided for webhook")
    secret = str(given.get("secret_token", ""))
    if not (1 <= len(secret) <= 256 and all(c.isascii() and (c.isalnum() or c in "_-") for c in secret)):
        raise Refusal("secret token contains unallowed characters")
