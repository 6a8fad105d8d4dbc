"""The website: the pages of web/ and the four calls they make. Same origin, one signed cookie, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import logging
import math
import mimetypes
import os
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.case import Case
from bot.reading import PAYLOAD
from bot.wording import place_of
from components.channels import session
from components.channels.limits import Busy, Limits, address_of, cap_bodies
from components.channels.rendering import typed, with_number
from components.channels.session import Conversations, Cookies, secret_from
from components.reader import shared_library
from components.settings import country

logger = logging.getLogger(__name__)

WEB = Path(__file__).resolve().parents[2] / "web"
PAGES = {"/": "index.html", "/chat": "chat.html", "/widget.js": "widget.js"}
SERVED = {".css", ".html", ".ico", ".js", ".json", ".mjs", ".png", ".svg", ".webp", ".woff2"}
NOT_SERVED = {"node_modules", "tests"}  # folders of web/ that are for its developers
COOKIE = "knee_guide"
IDS = re.compile(r"[\w.:-]{1,100}")

CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

TOO_LONG = "That is more than {longest} characters. Please tell me the main points in a few sentences."
TOO_FAST = "That was faster than I can read. Please wait a moment and send it again. In an emergency, call {number}."
NO_WORDS = "I did not get any words. Please tell me what is wrong with the knee. In an emergency, call {number}."
NOT_FROM_HERE = "This page may not talk to Knee Guide. Its address has to be allowed by the people who run the server."


class Refused(Exception):
    def __init__(self, status: int, sentence: str, wait: float = 0.0) -> None:
        self.status, self.sentence, self.wait = status, sentence, wait


class WebsiteInput(InputChannel):
    """Mounted at the root, because a page asks for /api, /assets and /widget.js."""

    def __init__(self, web: Path = WEB, limits: Limits | None = None) -> None:
        self.web, self.limits = web, limits or Limits()
        self.cookies, self.origins = Cookies(secret_from("KNEE_GUIDE_SECRET")), origins()

    @classmethod
    def name(cls) -> str:
        return "website"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        return cls()

    def url_prefix(self) -> str:
        """Rasa joins this to /webhooks/; a leading stroke makes it the root."""
        return "/"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        hook = Blueprint("knee_website", "knee_website")
        desk = Desk(self, Conversations(self.name(), on_new_message, self.limits))
        shelf = Shelf(self.web)
        _open(hook, "message", desk.message, "/api/message", "POST")
        _open(hook, "history", desk.history, "/api/history", "GET")
        _open(hook, "forget", desk.forget, "/api/forget", "POST")
        _open(hook, "settings", desk.settings, "/api/settings", "GET")
        for call in ("message", "history", "forget", "settings"):
            _open(hook, f"allow_{call}", desk.allow, f"/api/{call}", "OPTIONS")
        _open(hook, "chat", shelf.page, "/chat", "GET", "HEAD")
        _open(hook, "widget", shelf.page, "/widget.js", "GET", "HEAD")
        _open(hook, "asset", shelf.asset, "/assets/<path:path>", "GET", "HEAD")

        async def start(app: Sanic, _: Any) -> None:
            desk.conversations.app = app
            cap_bodies(app)
            app.register_middleware(shelf.front, "request")

        hook.listener("before_server_start")(start)
        return hook


def _open(hook: Blueprint, name: str, answer: Callable[..., Awaitable[HTTPResponse]], path: str, *methods: str) -> None:
    """Sanic writes on the function that it is given, and a method cannot be written on."""

    async def route(request: Request, **parts: str) -> HTTPResponse:
        return await answer(request, **parts)

    hook.add_route(route, path, methods=list(methods), name=name)


def origins() -> frozenset[str]:
    """KNEE_GUIDE_ORIGINS: websites that embed the chat from another address, as https://www.clinic.example, with spaces between."""
    given = os.environ.get("KNEE_GUIDE_ORIGINS", "").split()
    for origin in given:
        parts = urlsplit(origin)
        if parts.scheme not in ("https", "http") or not parts.netloc or f"{parts.scheme}://{parts.netloc}" != origin:
            raise RasaException(f"KNEE_GUIDE_ORIGINS has {origin!r}; each must look like https://www.clinic.example, without a path.")
    return frozenset(given)


# --- the four calls -----------------------------------------------------------------------------------------


class Desk:
    """Takes the calls of a page."""

    def __init__(self, website: WebsiteInput, conversations: Conversations) -> None:
        self.cookies, self.origins, self.limits = website.cookies, website.origins, website.limits
        self.conversations = conversations

    async def message(self, request: Request) -> HTTPResponse:
        return await self._answered(request, self._message)

    async def history(self, request: Request) -> HTTPResponse:
        return await self._answered(request, self._history)

    async def forget(self, request: Request) -> HTTPResponse:
        return await self._answered(request, self._forget)

    async def settings(self, request: Request) -> HTTPResponse:
        return await self._answered(request, self._settings)

    async def allow(self, request: Request) -> HTTPResponse:
        """A browser asks this before a page of another address may call."""
        reply = response.empty()
        reply.headers.update(self._sharing(request))
        return reply

    async def _answered(self, request: Request, call: Callable[[Request, HTTPResponse], Awaitable[None]]) -> HTTPResponse:
        reply = response.json({})
        try:
            self._check_origin(request)
            await call(request, reply)
        except Refused as refused:
            reply = response.json({"error": refused.sentence}, status=refused.status)
            if refused.wait:
                reply.headers["Retry-After"] = str(math.ceil(refused.wait))
        reply.headers.update({**HEADERS, "Cache-Control": "no-store", "Content-Security-Policy": CONTENT, **self._sharing(request)})
        return reply

    async def _message(self, request: Request, reply: HTTPResponse) -> None:
        text, message_id = self._text(request), self._id(request)
        sender = self._sender(request, reply)
        if not self.conversations.knows(sender, message_id):
            self._check_rate(request, sender)
        try:
            pieces = await self.conversations.answer(text, sender, message_id)
        except Busy:
            raise Refused(429, with_number(TOO_FAST), 2) from None
        messages = [{key: piece[key] for key in ("text", "buttons", "custom") if piece.get(key)} for piece in pieces]
        _fill(reply, {"messages": messages, "id": message_id})

    async def _history(self, request: Request, reply: HTTPResponse) -> None:
        self._check_rate(request)
        _fill(reply, await session.history(self.conversations.agent(), self._sender(request, reply)))

    async def _forget(self, request: Request, reply: HTTPResponse) -> None:
        self._check_rate(request)
        sender = self.cookies.sender(request.cookies.get(COOKIE))
        said = await self.conversations.forget(sender) if sender else str(shared_library().words["forgotten"])
        if said == session.NOT_FORGOTTEN:
            raise Refused(503, said)
        reply.headers.add("Set-Cookie", self._cookie(request, "", "; Max-Age=0"))
        _fill(reply, {"forgotten": True, "text": said})

    async def _settings(self, request: Request, reply: HTTPResponse) -> None:
        self._check_rate(request)
        wanted = str(request.args.get("country") or "").upper()
        where = wanted if wanted in shared_library().countries else country()
        place = place_of(Case(), shared_library(), where)
        _fill(reply, {"number": place.number, "tel": place.tel, "country": where})

    # --- what is asked and by whom ----------------------------------------------------------------------------

    def _text(self, request: Request) -> str:
        """What was typed, or the payload of a button. Typed text never counts as a button."""
        body = _body(request)
        payload, message = body.get("payload"), body.get("message")
        pressed = isinstance(payload, str) and payload.startswith(PAYLOAD)
        given = payload if pressed else message if payload is None else None
        if not isinstance(given, str) or not given.strip():
            raise Refused(422, with_number(NO_WORDS))
        if len(given) > self.limits.longest:
            raise Refused(413, TOO_LONG.format(longest=self.limits.longest))
        return given if pressed else typed(given)

    def _id(self, request: Request) -> str:
        """Made by the page, so that a message that is sent again is known. Without one there is no knowing."""
        given = _body(request).get("id")
        if given is None:
            return secrets.token_urlsafe(12)
        if not isinstance(given, str) or not IDS.fullmatch(given):
            raise Refused(422, "The field 'id' must be up to 100 letters, digits, dots, colons, strokes or underscores.")
        return given

    def _sender(self, request: Request, reply: HTTPResponse) -> str:
        cookie = request.cookies.get(COOKIE)
        sender = self.cookies.sender(cookie)
        if sender is None:
            cookie = self.cookies.new()
            sender = self.cookies.sender(cookie)
            reply.headers.add("Set-Cookie", self._cookie(request, cookie))
        return str(sender)

    def _cookie(self, request: Request, value: str, more: str = "") -> str:
        """For this session only. A page of another site that was allowed gets one of its own, which no third site sees."""
        secure = "; Secure" if request.headers.get("x-forwarded-proto", request.scheme) == "https" else ""
        strict = "; SameSite=None; Secure; Partitioned" if _from_elsewhere(request) else f"; SameSite=Strict{secure}"
        return f"{COOKIE}={value}; Path=/; HttpOnly{strict}{more}"

    def _check_origin(self, request: Request) -> None:
        origin = request.headers.get("origin")
        if _from_elsewhere(request) and origin not in self.origins:
            raise Refused(403, NOT_FROM_HERE)

    def _check_rate(self, request: Request, sender: str | None = None) -> None:
        wait = self.limits.wait(sender, address_of(request))
        if wait:
            raise Refused(429, with_number(TOO_FAST), wait)

    def _sharing(self, request: Request) -> dict[str, str]:
        origin = request.headers.get("origin")
        if origin not in self.origins:
            return {"Vary": "Origin"} if self.origins else {}
        return {
            "Access-Control-Allow-Origin": str(origin), "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
            "Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type", "Access-Control-Max-Age": "600",
        }  # fmt: skip


def _from_elsewhere(request: Request) -> bool:
    """Browsers say it themselves, and a page cannot change it."""
    return bool(request.headers.get("sec-fetch-site") == "cross-site")


def _body(request: Request) -> dict[str, Any]:
    try:
        body = request.json
    except Exception:
        return {}
    return body if isinstance(body, dict) else {}


def _fill(reply: HTTPResponse, body: dict[str, Any]) -> None:
    reply.body = response.json(body).body


# --- the files ------------------------------------------------------------------------------------------------


class Shelf:
    """The files of web/, and nothing else."""

    def __init__(self, web: Path) -> None:
        self.web = web.resolve()

    async def front(self, request: Request) -> HTTPResponse | None:
        """Rasa has a greeting of its own at "/" that cannot be unregistered; this one comes before it."""
        if request.path != "/" or request.method not in ("GET", "HEAD"):
            return None
        return await self.page(request)

    async def page(self, request: Request) -> HTTPResponse:
        return self._file(request, self.web / PAGES[request.path])

    async def asset(self, request: Request, path: str) -> HTTPResponse:
        parts = path.split("/")
        hidden = any(not part or part.startswith(".") or "\\" in part or "\0" in part for part in parts)
        if hidden or len(parts) < 2 or parts[0] in NOT_SERVED:
            return _missing()
        return self._file(request, self.web.joinpath(*parts))

    def _file(self, request: Request, path: Path) -> HTTPResponse:
        """A file is asked for again each time, so that a new release is whole at once; unchanged, only its mark travels."""
        path = path.resolve()
        if not path.is_relative_to(self.web) or path.suffix not in SERVED or not path.is_file():
            return _missing()
        content = path.read_bytes()
        mark = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        shared = path.suffix != ".html"
        headers = {
            **HEADERS, "Content-Security-Policy": CONTENT, "Cache-Control": "no-cache", "ETag": mark,
            "Cross-Origin-Resource-Policy": "cross-origin" if shared else "same-origin",
            **({"Access-Control-Allow-Origin": "*"} if shared else {}),
        }  # fmt: skip
        if request.headers.get("if-none-match") == mark:
            return response.empty(304, headers)
        kind = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2"}.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        text = kind is not None and (kind.startswith("text/") or kind in ("application/json", "image/svg+xml"))
        return response.raw(content, 200, headers, f"{kind}; charset=utf-8" if text else str(kind))


def _missing() -> HTTPResponse:
    return response.text("Not found", 404, {**HEADERS, "Content-Security-Policy": CONTENT, "Cache-Control": "no-store"})
