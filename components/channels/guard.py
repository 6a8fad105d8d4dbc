"""What stands between every channel and Rasa: whatever breaks, the person gets a sentence, and an emergency its card."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from contextlib import AsyncExitStack
from typing import Any, Awaitable, Callable, Dict, List, Text

from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered

from bot.asides import Asides, wanted
from bot.case import Case
from bot.consultation import Consultation, Reply, memory_from, remember_complaint
from bot.wording import Message
from components import faults, metrics
from components.logs import talking
from components.notice import card_reply
from components.reader import shared_library
from components.settings import country, profile
from components.turns import read_turn, slots_of

logger = logging.getLogger(__name__)

PATIENCE = 8.0  # seconds until the guard answers in Rasa's place
LONGEST = 2000  # characters of one message
Handler = Callable[[UserMessage], Awaitable[Any]]

TOO_LONG = "That is more than I can read at once. Please tell me the main points in a few sentences."
EMPTY = "I did not get any words. Please tell me what is wrong with the knee. In an emergency, call your local emergency number."
BROKEN = (
    "Sorry, something on my side is not working. What you told me is kept. In an emergency, call your local emergency "
    "number (for example 999, 112, 911 or 000). Otherwise please try again in a moment."
)


class Collector(CollectingOutputChannel):
    """Collects each message as one piece: text, buttons and what a page can draw."""

    async def send_response(self, recipient_id: Text, message: Dict[Text, Any]) -> None:
        piece = {"recipient_id": recipient_id, "text": message.get("text") or ""}
        if message.get("buttons"):
            piece["buttons"] = [{"title": b["title"], "payload": b["payload"]} for b in message["buttons"]]
        if message.get("custom"):
            piece["custom"] = unpacked(message["custom"])
        if piece["text"] or piece.get("custom"):
            self.messages.append(piece)


def unpacked(custom: Dict[Text, Any]) -> Dict[Text, Any]:
    """A card that a policy spoke travels as text in a slot."""
    packed = custom.get("card")
    try:
        return dict(json.loads(packed)) if isinstance(packed, str) and packed.startswith("{") else custom
    except ValueError:
        return custom


def plain(text: Text) -> Text:
    """Typed text that looks like one of Rasa's own commands is only text."""
    return re.sub(r"^(?:[\s/]|EXTERNAL:)+", "", text, flags=re.IGNORECASE).strip() or "?"


class Guard:
    """Passes messages on and answers in Rasa's place when it fails, says nothing, or takes too long."""

    def __init__(self, agent: Callable[[], Any], patience: float = PATIENCE) -> None:
        self.agent, self.patience = agent, patience

    async def answer(self, text: Any, sender: Text, handler: Handler, channel: Text) -> List[Dict[Text, Any]]:
        """The pieces to show, never none."""
        if not isinstance(text, str) or not text.strip():
            return [{"recipient_id": sender, "text": EMPTY}]
        text = plain(text[:LONGEST])
        talking(sender, text)
        with metrics.timed("turn"):
            failed = faults.watch()
            pieces = await self._by_rasa(text, sender, handler, channel)
            if failed:  # half an answer, perhaps the wrong half; a card stays
                pieces = [piece for piece in pieces if piece.get("custom", {}).get("kind") == "card"]
            by = "rasa" if not failed and any(_goes_on(piece) for piece in pieces) else "guard"
            if by == "guard":
                pieces = await self._in_its_place(text, sender, channel, pieces)
        metrics.TURNS.labels(channel, by).inc()
        metrics.shown(pieces)
        return pieces

    async def _by_rasa(self, text: Text, sender: Text, handler: Handler, channel: Text) -> List[Dict[Text, Any]]:
        """What Rasa says in time; nothing, or half a turn, when it fails."""
        collector = Collector()
        try:
            await asyncio.wait_for(handler(UserMessage(text, collector, sender, input_channel=channel)), self.patience)
        except asyncio.TimeoutError:
            _failed("slow", "a turn took longer than %s s", self.patience)
        except Exception as error:  # whatever breaks, the person gets a sentence
            _failed("error", "a turn failed: %s", type(error).__name__)
        return collector.messages

    async def _in_its_place(self, text: Text, sender: Text, channel: Text, spoken: List[Dict[Text, Any]]) -> List[Dict[Text, Any]]:
        try:
            reply, case = await self._consult(text, sender)
            pieces = [_piece(sender, message) for message in reply.messages]
            await self._try_to_keep(text, sender, channel, case, reply)
            return spoken + pieces if pieces else [*spoken, {"recipient_id": sender, "text": BROKEN}]
        except Exception as error:
            _failed("guard", "the guard could not consult: %s", type(error).__name__)
            return [*spoken, self._last_resort(text, sender)]

    async def _tracker(self, sender: Text) -> Any:
        agent = self.agent()
        return await agent.tracker_store.retrieve(sender) if agent and agent.tracker_store else None

    async def _consult(self, text: Text, sender: Text) -> tuple[Reply, Case]:
        """The consultation without Rasa: the same words, from bot/ alone."""
        tracker = await self._tracker(sender)
        slots = slots_of(tracker) if tracker else {}
        turn = read_turn(text, slots)
        consultation = Consultation(shared_library(), turn.heard.case, remember_complaint(turn.memory, turn.reading), country(), profile())
        aside = None if turn.heard.answered else wanted(turn.reading.clear_intent, turn.command)
        reply = card_reply(consultation, turn)
        if reply is None and aside:
            reply = Asides(consultation).answer(aside, turn.reading, turn.command or "")
            return reply, reply.case or turn.heard.case
        reply = reply or consultation.go_on(turn.heard)
        case = reply.case or turn.heard.case
        if reply.memory.level == "same_day" and not reply.memory.asked:
            after = Consultation(shared_library(), case, reply.memory, country(), profile()).go_on(turn.heard)
            case = after.case or case
            reply = Reply((*reply.messages, *after.messages), after.memory)
        return reply, case

    async def _try_to_keep(self, text: Text, sender: Text, channel: Text, case: Case, reply: Reply) -> None:
        """A store that fails or a lock that a dead worker holds must not cost the person the answer."""
        try:
            await asyncio.wait_for(self._keep(text, sender, channel, case, reply), 2.5)
        except Exception as error:
            _failed("not_kept", "a turn could not be kept: %s", type(error).__name__)

    async def _keep(self, text: Text, sender: Text, channel: Text, case: Case, reply: Reply) -> None:
        """What was said and shown goes into the tracker, so that nothing is asked twice."""
        agent = self.agent()
        if not agent or not agent.tracker_store:
            return
        async with AsyncExitStack() as stack:
            try:
                await asyncio.wait_for(stack.enter_async_context(agent.lock_store.lock(sender, wait_time_in_seconds=0.1)), 1.0)
            except Exception as error:  # its holder may be dead: what was said counts more than the order
                logger.error("a turn is kept without the lock: %s", type(error).__name__)
            await self._save(agent, text, sender, channel, case, reply)

    async def _save(self, agent: Any, text: Text, sender: Text, channel: Text, case: Case, reply: Reply) -> None:
        tracker = await agent.tracker_store.get_or_create_tracker(sender)
        events: List[Event] = []
        if tracker.latest_message is None or tracker.latest_message.text != text:
            events.append(UserUttered(text, {"name": "describe", "confidence": 1.0}, [], input_channel=channel))
        events += [SlotSet("case", case.to_slot()), *(SlotSet(k, v) for k, v in reply.memory.slots().items())]
        events += [BotUttered(m.text, _drawn(m)) for m in reply.messages]
        events.append(ActionExecuted("action_listen"))
        domain = agent.domain
        for event in events:
            tracker.update(event, domain)
        await agent.tracker_store.save(tracker)

    def _last_resort(self, text: Text, sender: Text) -> Dict[Text, Any]:
        """Even without a tracker: the message by itself is read by word lists."""
        try:
            turn = read_turn(text, {})
            consultation = Consultation(shared_library(), turn.heard.case, memory_from({}), country(), profile())
            if consultation.assessment.care_level in ("emergency_now", "same_day"):
                return _piece(sender, consultation.writer.card(consultation.assessment))
        except Exception as error:
            _failed("last_resort", "the last resort failed too: %s", type(error).__name__)
        return {"recipient_id": sender, "text": BROKEN}


def _failed(kind: Text, words: Text, *what: Any) -> None:
    metrics.FAILURES.labels(kind).inc()
    logger.error(words, *what)


def _goes_on(piece: Dict[Text, Any]) -> bool:
    """A same-day card alone is half a turn: the question or the result that follows it is missing."""
    return bool(piece.get("text")) and piece.get("custom", {}).get("level") != "same_day"


def _drawn(message: Message) -> Dict[Text, Any]:
    """What a page shows again after a reload."""
    buttons = [{"title": b.title, "payload": b.payload} for b in message.buttons]
    return {"buttons": buttons or None, "custom": dict(message.custom) or None}


def _piece(sender: Text, message: Message) -> Dict[Text, Any]:
    piece: Dict[Text, Any] = {"recipient_id": sender, "text": message.text}
    if message.buttons:
        piece["buttons"] = [{"title": b.title, "payload": b.payload} for b in message.buttons]
    if message.custom:
        piece["custom"] = dict(message.custom)
    return piece

