"""A stand-in for slack.com/api that refuses what the real one refuses (docs.slack.dev/reference)."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from aiohttp import web

TOKEN = "xoxb-test-token"


class Refusal(Exception):
    pass


class SlackApi:
    """Remembers every call; `refused` must be empty at the end of a test. `busy`: how many calls to answer with 429 first."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []
        self.busy = 0
        self._ids = itertools.count(1)

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/api/{method}", self._call)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/api/"

    async def stop(self) -> None:
        await self.runner.cleanup()

    def made(self, method: str) -> list[dict[str, Any]]:
        return [call for name, call in self.calls if name == method]

    def texts(self) -> list[str]:
        sections = [block["text"]["text"] for call in self.made("chat.postMessage") for block in call["blocks"] if block["type"] == "section"]
        return [_unescaped(text) for text in sections]

    def buttons(self) -> list[dict[str, Any]]:
        """All buttons that were sent, in order."""
        blocks = [block for call in self.made("chat.postMessage") for block in call["blocks"] if block["type"] == "actions"]
        return [key for block in blocks for key in block["elements"]]

    async def _call(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        if self.busy:
            self.busy -= 1
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "0"})
        method = request.match_info["method"]
        given = await self._given(request)
        try:
            self._check(method, given)
        except Refusal as refusal:
            self.refused.append(f"{method}: {refusal}")
            return web.json_response({"ok": False, "error": str(refusal)})
        self.calls.append((method, given))
        return web.json_response({"ok": True, "channel": given["channel"], "ts": f"1700000000.{next(self._ids):06}"})

    @staticmethod
    async def _given(request: web.Request) -> dict[str, Any]:
        if request.content_type == "application/json":
            return dict(await request.json())
        form = dict(await request.post())
        return {key: json.loads(str(value)) if key == "blocks" else value for key, value in form.items()}

    def _check(self, method: str, given: dict[str, Any]) -> None:
        if method not in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
            raise Refusal("unknown_method")
        if not given.get("channel"):
            raise Refusal("channel_not_found")
        if not given.get("text") and not given.get("blocks"):
            raise Refusal("no_text")
        if len(given.get("text", "")) > 40_000:
            raise Refusal("msg_too_long")
        if method == "chat.update" and not re.fullmatch(r"\d+\.\d+", str(given.get("ts"))):
            raise Refusal("message_not_found")
        if method == "chat.postEphemeral" and not given.get("user"):
            raise Refusal("user_not_in_channel")
        self._check_blocks(given.get("blocks") or [])

    def _check_blocks(self, blocks: list[dict[str, Any]]) -> None:
        if len(blocks) > 50:
            raise Refusal("invalid_blocks: more than 50")
        if len(json.dumps(blocks)) > 40_000 or sum(len(b["text"]["text"]) for b in blocks if b["type"] == "section") > 13_000:
            raise Refusal("msg_blocks_too_long")
        actions: set[str] = set()
        for block in blocks:
            if block["type"] == "section":
                _check_text(block["text"], 3000)
            elif block["type"] == "context":
                if not 1 <= len(block["elements"]) <= 10:
                    raise Refusal("invalid_blocks: context")
                for element in block["elements"]:
                    _check_text(element, 2000)
            elif block["type"] == "actions":
                self._check_actions(block, actions)
            else:
                raise Refusal(f"invalid_blocks: {block['type']}")

    @staticmethod
    def _check_actions(block: dict[str, Any], actions: set[str]) -> None:
        """Slack allows 25 in a block; five are what is shown well, and what we promise."""
        if not 1 <= len(block["elements"]) <= 5:
            raise Refusal("invalid_blocks: actions")
        for key in block["elements"]:
            if key["type"] != "button" or key["text"]["type"] != "plain_text":
                raise Refusal("invalid_blocks: button")
            _check_text(key["text"], 75)
            if not 1 <= len(key["value"]) <= 2000:
                raise Refusal("invalid_blocks: value")
            if not 1 <= len(key["action_id"]) <= 255 or key["action_id"] in actions:
                raise Refusal("invalid_blocks: action_id")
            actions.add(key["action_id"])


def _check_text(text: dict[str, Any], most: int) -> None:
    if not 1 <= len(text["text"]) <= most:
        raise Refusal(f"invalid_blocks: a text of {len(text['text'])} characters")
    if text["type"] == "mrkdwn":
        rest = re.sub(r"<https?://[^<>|]+(\|[^<>]*)?>|&(amp|lt|gt);", "", text["text"])
        if re.search(r"[<>&]", rest):
            raise Refusal(f"not escaped: {rest}")


def _unescaped(text: str) -> str:
    return re.sub(r"<(https?://[^<>]+)>", r"\1", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
