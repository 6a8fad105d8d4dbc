"""POST {"sender", "message"} → a list of {"text", "buttons", …}; never empty. The place of Rasa's own channel of that name."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, Optional, Text

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from components.channels.guard import Guard
from components.channels.session import forget_if_asked


class KneeRestInput(InputChannel):
    """The sender names the conversation and must be given: without one, strangers would share a case."""

    @classmethod
    def name(cls) -> Text:
        return "rest"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[Text, Any]]) -> InputChannel:
        return cls()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        hook = Blueprint("knee_rest", "knee_rest")

        @hook.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @hook.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            body = _body(request)
            sender = body.get("sender")
            if not isinstance(sender, str) or not sender.strip():
                return response.json({"error": "the field 'sender' is missing: give each conversation a name of its own"}, status=422)
            agent, name = getattr(request.app.ctx, "agent", None), sender.strip()[:200]
            pieces = await Guard(lambda: agent).answer(body.get("message"), name, on_new_message, self.name())
            await forget_if_asked(agent, name, pieces)
            return response.json(pieces)

        return hook


def _body(request: Request) -> Dict[Text, Any]:
    try:
        body = request.json
    except Exception:
        return {}
    return body if isinstance(body, dict) else {}
