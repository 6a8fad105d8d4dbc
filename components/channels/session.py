"""Who is talking, and what was said: names nobody can guess, one answer to one message, the history, and forgetting."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.exceptions import RasaException
from sanic import Sanic

from bot.consultation import memory_from
from bot.reading import PAYLOAD
from components.channels.guard import Guard, Handler, unpacked
from components.channels.limits import Busy, Limits, Turns
from components.reader import shared_library
from components.storage.trackers import KneeTrackerStore
from components.turns import slots_of

logger = logging.getLogger(__name__)

Piece = dict[str, Any]
SHORTEST_SECRET = 16  # characters
KEPT_FOR = 600.0  # seconds that an answer can be had again without the store
KEPT = 5000  # answers
RECENT = 80  # stored events among which a repeated message is looked for
PATIENCE = 10.0  # seconds that forgetting waits for a turn that is still going on
A_CHOICE = "(a choice)"


# --- names ------------------------------------------------------------------------------------------


def secret_from(name: str) -> str:
    """A secret of the environment; random for this start when there is none."""
    value = os.environ.get(name, "")
    if value and len(value) < SHORTEST_SECRET:
        raise RasaException(f"{name} is too short to be a secret: it has {len(value)} characters, give it {SHORTEST_SECRET} or more.")
    return value or secrets.token_urlsafe(32)


def sender_of(channel: str, secret: str, *who: object) -> str:
    """A chat number can be guessed, and other channels take any sender: so the conversation has a name that cannot."""
    return f"{channel}-{_sign(secret, channel, *who)}"


def _sign(secret: str, *parts: object) -> str:
    return hmac.new(secret.encode(), "\n".join(map(str, parts)).encode(), hashlib.sha256).hexdigest()[:40]


class Cookies:
    """A cookie is a random name and our signature on it."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def new(self) -> str:
        name = secrets.token_urlsafe(24)
        return f"{name}.{_sign(self.secret, 'cookie', name)}"

    def sender(self, cookie: str | None) -> str | None:
        name, _, signature = (cookie or "").partition(".")
        if not name or not hmac.compare_digest(signature.encode(), _sign(self.secret, "cookie", name).encode()):
            return None
        return f"web-{name}"


# --- one answer to one message ------------------------------------------------------------------------


class Answers:
    """Answers that were given or are being worked out, by sender and message id, for some minutes."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[tuple[str, str], tuple[float, asyncio.Task[list[Piece]]]] = OrderedDict()

    def get(self, sender: str, message_id: str) -> asyncio.Task[list[Piece]] | None:
        self._tidy()
        return self._tasks.get((sender, message_id), (0.0, None))[1]

    def keep(self, sender: str, message_id: str, task: asyncio.Task[list[Piece]]) -> None:
        self._tasks[sender, message_id] = (time.monotonic(), task)

    def drop(self, sender: str, but: str = "") -> None:
        for key in [key for key in self._tasks if key[0] == sender and key[1] != but]:
            del self._tasks[key]

    def drop_one(self, sender: str, message_id: str) -> None:
        self._tasks.pop((sender, message_id), None)

    def _tidy(self) -> None:
        while self._tasks:
            key, (since, _) = next(iter(self._tasks.items()))
            if len(self._tasks) <= KEPT and time.monotonic() - since < KEPT_FOR:
                return
            del self._tasks[key]


class Seen:
    """The latest things that happened, each said to be new only once."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def is_new(self, thing: Hashable) -> bool:
        new = thing not in self._seen
        self._seen[thing] = None
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        return new

    def undo(self, thing: Hashable) -> None:
        self._seen.pop(thing, None)


class Inbox:
    """What a messenger delivers, by its id: worked on once, in the background when it takes long."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[Hashable, asyncio.Task[None]] = OrderedDict()

    async def take(self, delivery: Hashable, work: Callable[[], Coroutine[Any, Any, None]], patience: float) -> None:
        """Returns when it is done, or after `patience`: acknowledged then, a messenger that hears nothing from us sends it again."""
        task = self._tasks.get(delivery)
        if task is None:
            task = self._tasks[delivery] = asyncio.ensure_future(_quietly(work))
            while len(self._tasks) > KEPT and next(iter(self._tasks.values())).done():
                self._tasks.popitem(last=False)
        await asyncio.wait({task}, timeout=patience)

    async def finish(self, patience: float) -> None:
        going_on = [task for task in self._tasks.values() if not task.done()]
        if going_on:
            await asyncio.wait(going_on, timeout=patience)


async def _quietly(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """The text of an error may hold a token, or what was said: only its kind is logged."""
    try:
        await work()
    except Exception as error:
        logger.error("a delivery failed: %s", type(error).__name__)


class Conversations:
    """What the channels share. `app` is set when the server starts: it holds the agent."""

    def __init__(self, channel: str, handler: Handler, limits: Limits | None = None) -> None:
        self.channel, self.handler = channel, handler
        self.limits = limits or Limits()
        self.app: Sanic | None = None
        self.turns, self.answers = Turns(self.limits.waiting), Answers()

    def agent(self) -> Any:
        return getattr(self.app.ctx, "agent", None) if self.app else None

    def knows(self, sender: str, message_id: str) -> bool:
        return self.answers.get(sender, message_id) is not None

    async def answer(self, text: str, sender: str, message_id: str) -> list[Piece]:
        """The pieces to show. The same message again gets the same answer, also while the first is being worked out."""
        task = self.answers.get(sender, message_id)
        if task is None:
            task = asyncio.ensure_future(self._turn(text, sender, message_id))
            self.answers.keep(sender, message_id, task)
        try:
            return await asyncio.shield(task)
        except Busy:
            self.answers.drop_one(sender, message_id)  # it was not heard; sent again, it may be
            raise

    async def _turn(self, text: str, sender: str, message_id: str) -> list[Piece]:
        async with self.turns.turn(sender):
            before = await answered(self.agent(), sender, message_id)
            if before:
                return before
            pieces = await Guard(self.agent).answer(text, sender, self._named(message_id), self.channel)
            if any((piece.get("custom") or {}).get("kind") == "forgotten" for piece in pieces):
                await self._forget(sender, message_id)
            return pieces

    def _named(self, message_id: str) -> Handler:
        """The id goes into the stored conversation, so that a repeated message is known after a restart and on any worker."""

        async def handle(message: UserMessage) -> Any:
            message.message_id = message_id
            return await self.handler(message)

        return handle

    async def forget(self, sender: str) -> str:
        """Deletes what is stored and says so, or says that it could not."""
        try:
            async with self.turns.turn(sender):
                await self._forget(sender)
            return str(shared_library().words["forgotten"])
        except Exception as error:
            logger.error("a conversation could not be deleted: %s", type(error).__name__)
            return NOT_FORGOTTEN

    async def _forget(self, sender: str, but: str = "") -> None:
        """`but`: the message that asked for it; what was answered to that one says nothing about the person."""
        self.answers.drop(sender, but)
        await forget(self.agent(), sender)


NOT_FORGOTTEN = "Sorry, I could not delete it just now. Please try again in a moment. If you leave it, it is deleted by itself later."


# --- the store ------------------------------------------------------------------------------------------


class CannotForget(Exception):
    """No agent yet, or a kind of tracker store we do not know how to delete from."""


async def forget(agent: Any, sender: str) -> None:
    """Deletes the conversation from the tracker store, and from the one in memory that stands in when that one fails."""
    if agent is None or agent.tracker_store is None:
        raise CannotForget("there is no tracker store yet")
    async with _no_turn_going_on(agent, sender):
        for store in _stores(agent.tracker_store):
            await _delete(store, sender)


@asynccontextmanager
async def _no_turn_going_on(agent: Any, sender: str) -> AsyncIterator[None]:
    """A turn that ends later would save everything again. A broken lock store does not keep anybody from being forgotten."""
    async with AsyncExitStack() as stack:
        try:
            await asyncio.wait_for(stack.enter_async_context(agent.lock_store.lock(sender, wait_time_in_seconds=0.1)), PATIENCE)
        except Exception as error:
            logger.warning("deleted without the lock: %s", type(error).__name__)
        yield


def _stores(store: Any) -> Iterator[Any]:
    """Rasa wraps stores in others; `_fallback_tracker_store` is where it saves when the first one fails."""
    inner = getattr(store, "_tracker_store", None)
    if inner is None:
        yield store
        return
    yield from _stores(inner)
    if getattr(store, "_fallback_tracker_store", None) is not None:
        yield from _stores(store._fallback_tracker_store)


async def _delete(store: Any, sender: str) -> None:
    if isinstance(store, KneeTrackerStore):
        await store.delete(sender)
    elif isinstance(store, InMemoryTrackerStore):
        store.store.pop(sender, None)
    else:
        raise CannotForget(f"cannot delete from a {type(store).__name__}")


async def answered(agent: Any, sender: str, message_id: str) -> list[Piece] | None:
    """What was answered to this message, when the store has it."""
    try:
        events = await _recent(agent, sender)
    except Exception as error:
        logger.error("the store could not be asked: %s", type(error).__name__)
        return None
    ids = [event.get("message_id") if event["event"] == "user" else None for event in events]
    if message_id not in ids:
        return None
    pieces = []
    for event in events[ids.index(message_id) + 1 :]:
        if event["event"] == "user":
            break
        pieces.append(_piece(event))
    return pieces or None


async def _recent(agent: Any, sender: str) -> list[dict[str, Any]]:
    """The latest messages, oldest first: a long conversation must not make every turn slower."""
    return await _said(agent, sender, RECENT)


async def _said(agent: Any, sender: str, latest: int | None = None) -> list[dict[str, Any]]:
    if agent is None or agent.tracker_store is None:
        return []
    store = next(_stores(agent.tracker_store))
    if isinstance(store, KneeTrackerStore):
        return await asyncio.get_running_loop().run_in_executor(None, store.said, sender, latest)
    tracker = await agent.tracker_store.retrieve(sender)
    said = [event.as_dict() for event in tracker.events if event.type_name in ("user", "bot")] if tracker else []
    return said[-latest:] if latest else said


async def offered(agent: Any, sender: str) -> tuple[str, ...]:
    """Payloads of our own buttons that may still be pressed in this conversation."""
    try:
        tracker = await agent.tracker_store.retrieve(sender) if agent and agent.tracker_store else None
    except Exception as error:
        logger.error("the store could not be asked: %s", type(error).__name__)
        return ()
    return memory_from(slots_of(tracker)).offered if tracker else ()


def _piece(event: dict[str, Any]) -> Piece:
    data = event.get("data") or {}
    piece: Piece = {"text": event.get("text") or ""}
    if data.get("buttons"):
        piece["buttons"] = [{"title": b["title"], "payload": b["payload"]} for b in data["buttons"]]
    if data.get("custom"):
        piece["custom"] = unpacked(data["custom"])
    return piece


# --- the history ------------------------------------------------------------------------------------------


async def history(agent: Any, sender: str) -> dict[str, Any]:
    """Both sides of this session as they were shown, and the emergency card if one still stands."""
    messages: list[Piece] = []
    for event in await _said(agent, sender):
        if event["event"] == "bot":
            messages.append({"from": "bot", **_piece(event)})
        else:
            messages.append({"from": "person", "text": _shown(event.get("text") or "", messages)})
    return {"messages": messages, "emergency": _standing(messages)}


def _shown(text: str, before: list[Piece]) -> str:
    """A button is shown by what was written on it."""
    if not text.startswith(PAYLOAD):
        return text
    for message in reversed(before):
        for button in message.get("buttons", ()):
            if button["payload"] == text:
                return str(button["title"])
        ticked = _ticked(text, (message.get("custom") or {}).get("options") or ())
        if ticked:
            return ticked
    return A_CHOICE


def _ticked(text: str, options: Any) -> str:
    names = text.removeprefix(f"{PAYLOAD}m:").split(",") if text.startswith(f"{PAYLOAD}m:") else []
    labels = {option["id"]: str(option["label"]) for option in options}
    return "; ".join(labels[name] for name in names) if names and set(names) <= set(labels) else ""


def _standing(messages: list[Piece]) -> Piece | None:
    cards = [message for message in messages if (message.get("custom") or {}).get("kind") == "card"]
    return cards[-1] if cards and cards[-1]["custom"].get("level") == "emergency_now" else None


async def forget_if_asked(agent: Any, sender: str, pieces: list[Piece]) -> None:
    """After the person said so and was asked once more: what is stored goes too. A failure is said in place of 'deleted'."""
    for piece in pieces:
        if piece.get("custom", {}).get("kind") == "forgotten":
            try:
                await forget(agent, sender)
            except Exception as error:
                logger.error("a conversation could not be deleted: %s", type(error).__name__)
                piece["text"] = NOT_FORGOTTEN
