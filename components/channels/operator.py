"""For the operator, on this machine only: GET /live, /ready and /metrics. The proxy lets none of them through."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Dict, Optional, Text

import aiohttp
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from components import action_results, faults, logs, metrics

PATIENCE = 4.0  # seconds for all parts together
A_MESSAGE = "my knee is swollen and it locks, no fever"


class OperatorInput(InputChannel):
    @classmethod
    def name(cls) -> Text:
        return "operator"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[Text, Any]]) -> InputChannel:
        return cls()

    def url_prefix(self) -> Text:
        return "/"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        hook = Blueprint("knee_operator", "knee_operator")

        @hook.route("/live", methods=["GET"])
        async def live(request: Request) -> HTTPResponse:
            return response.json({"live": True})

        @hook.route("/ready", methods=["GET"])
        async def ready(request: Request) -> HTTPResponse:
            parts = await parts_of(getattr(request.app.ctx, "agent", None))
            return response.json({"ready": parts["reading"], "parts": parts}, status=200 if parts["reading"] else 503)

        @hook.route("/metrics", methods=["GET"])
        async def numbers(request: Request) -> HTTPResponse:
            return response.raw(generate_latest(), content_type=CONTENT_TYPE_LATEST)

        async def start(app: Sanic, _: Any) -> None:
            action_results.install()
            logs.adopt("sanic.root", "sanic.error", "sanic.access")
            agent = getattr(app.ctx, "agent", None)
            if getattr(agent, "processor", None):
                agent.processor.parse_message = metrics.timing("reading", agent.processor.parse_message)
            if getattr(agent, "action_endpoint", None):
                agent.action_endpoint.request = faults.noting("action", metrics.timing("action", agent.action_endpoint.request))

        hook.listener("after_server_start")(start)
        return hook


async def parts_of(agent: Any) -> Dict[Text, bool]:
    """Which part works. Without the last three turns are still answered: by the guard, from memory, in this process's order."""
    names = ("reading", "database", "locks", "actions")
    if agent is None or agent.processor is None:
        return dict.fromkeys(names, False)
    tries = (_reads(agent), _asks(agent.tracker_store), _asks(agent.lock_store), _acts(agent.action_endpoint))
    return dict(zip(names, await asyncio.gather(*map(_works, tries))))


async def _works(part: Awaitable[bool]) -> bool:
    try:
        return await asyncio.wait_for(part, PATIENCE)
    except Exception:
        return False


async def _reads(agent: Any) -> bool:
    """The model reads a message as it should: one finding present, one absent."""
    read = await agent.parse_message(A_MESSAGE)
    return {entity.get("role") for entity in read.get("entities", ())} >= {"present", "absent"}


async def _asks(store: Any) -> bool:
    while hasattr(store, "_tracker_store"):
        store = store._tracker_store
    return bool(await asyncio.get_running_loop().run_in_executor(None, store.is_there)) if hasattr(store, "is_there") else True


async def _acts(endpoint: Any) -> bool:
    url = endpoint.url.rsplit("/", 1)[0] + "/health"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return bool(answer.status == 200)
