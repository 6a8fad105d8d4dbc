"""Our side: a channel on a real port of this machine, before a bot that says what a test gives it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage, register
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import FailSafeTrackerStore, InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from sanic import Sanic, response

from components.storage.trackers import KneeTrackerStore

DOMAIN = Domain.load(str(Path(__file__).parents[2] / "domain.yml"))
NUMBERS = itertools.count()
Sanic.test_mode = True  # several applications in one process


class Bot:
    """Hears, answers and remembers in a real tracker store, as an agent does. `says` maps what it hears to messages."""

    def __init__(self, says: Callable[[str], list[dict[str, Any]]] | None = None, database: Path | None = None) -> None:
        self.says = says or (lambda text: [{"text": f"heard {text}"}])
        store = KneeTrackerStore(DOMAIN, host=f"sqlite:///{database}") if database else InMemoryTrackerStore(DOMAIN)
        self.tracker_store, self.lock_store, self.domain = FailSafeTrackerStore(store), InMemoryLockStore(), DOMAIN
        self.heard: list[str] = []
        self.senders: list[str] = []
        self.before: Callable[[], Any] | None = None

    async def handle_message(self, message: UserMessage) -> None:
        async with self.lock_store.lock(message.sender_id):
            if self.before:
                await self.before()
            self.heard.append(message.text or "")
            self.senders.append(message.sender_id)
            messages = self.says(message.text or "")
            tracker = await self.tracker_store.get_or_create_tracker(message.sender_id)
            tracker.update(UserUttered(message.text, {"name": "describe"}, [], input_channel=message.input_channel, message_id=message.message_id))
            for each in messages:
                tracker.update(BotUttered(each["text"], {"buttons": each.get("buttons"), "custom": each.get("custom")}))
            offered = [button["payload"] for each in messages for button in each.get("buttons", ())]
            tracker.update(SlotSet("interview", {"offered": offered}))
            await self.tracker_store.save(tracker)
        for each in messages:
            await message.output_channel.send_response(message.sender_id, dict(each))


async def _hello(request: Any) -> Any:
    return response.text("Hello from Rasa")


@asynccontextmanager
async def serving(channel: InputChannel, bot: Bot | None) -> AsyncIterator[str]:
    """The channel as Rasa mounts it, on a free port."""
    app = Sanic(f"knee_test_{next(NUMBERS)}", configure_logging=False)
    app.add_route(_hello, "/", methods=["GET"])  # as Rasa does before it mounts channels
    register([channel], app, "/webhooks/")
    app.ctx.agent = bot
    server = await app.create_server(host="127.0.0.1", port=0, return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.before_start()
    await server.after_start()
    try:
        yield f"http://127.0.0.1:{server.server.sockets[0].getsockname()[1]}"
    finally:
        await server.before_stop()
        await server.close()
        await server.after_stop()


def buttons(count: int, kind: str = "a") -> list[dict[str, str]]:
    return [{"title": f"Answer {i}", "payload": f"kg:{kind}:finding_{i}:p"} for i in range(1, count + 1)]


def long_text(characters: int) -> str:
    """Sentences, each with its number, of this many characters together."""
    sentences, length = [], 0
    for number in itertools.count(1):
        sentence = f"This is sentence number {number} & it is <about> a knee."
        if length + len(sentence) + 1 > characters:
            return " ".join(sentences)
        sentences.append(sentence)
        length += len(sentence) + 1
    raise AssertionError
