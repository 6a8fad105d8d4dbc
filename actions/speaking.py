"""An answer → Rasa's messages and buttons; and a sentence when an action breaks."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable
from typing import Any

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from bot.wording import Message

logger = logging.getLogger(__name__)


def speak(dispatcher: CollectingDispatcher, messages: Iterable[Message]) -> None:
    for message in messages:
        buttons = [{"title": b.title, "payload": b.payload} for b in message.buttons]
        dispatcher.utter_message(text=message.text, buttons=buttons, json_message=dict(message.custom))


def never_silent(run: Callable[..., list[EventType]]) -> Callable[..., list[EventType]]:
    """Rasa says nothing when an action fails. This one does, and the guard of the channel then consults in its place."""

    @functools.wraps(run)
    def guarded(self: Any, dispatcher: CollectingDispatcher, tracker: Any, domain: Any) -> list[EventType]:
        try:
            return run(self, dispatcher, tracker, domain)
        except Exception as error:
            logger.error("%s failed: %s", self.name(), type(error).__name__)
            dispatcher.messages.clear()
            return []

    return guarded
