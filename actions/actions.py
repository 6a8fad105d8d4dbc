"""One short class per action: read the slots, call the bot, speak, remember."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.slots import command_in, consultation_in, heard_in, remembered, text_in
from actions.speaking import never_silent, speak
from bot.asides import Asides
from bot.consultation import Consultation, Reply
from bot.reading import reader


class _Say:
    """What all actions share. `answer` says which reply of the bot it is."""

    def answer(self, consultation: Consultation, tracker: Tracker) -> Reply:
        raise NotImplementedError

    @never_silent
    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        reply = self.answer(consultation_in(tracker), tracker)
        speak(dispatcher, reply.messages)
        return remembered(reply.memory, reply.case)


class ActionConsult(_Say, Action):
    def name(self) -> str:
        return "action_consult"

    def answer(self, consultation: Consultation, tracker: Tracker) -> Reply:
        return consultation.go_on(heard_in(tracker, consultation.case))


class _Aside(_Say):
    """A question in between: answered, and the interview goes on where it was."""

    asks = ""

    def name(self) -> str:
        return f"action_{self.asks}"

    def answer(self, consultation: Consultation, tracker: Tracker) -> Reply:
        reading = reader(consultation.library).read(text_in(tracker))
        return Asides(consultation).answer(self.asks, reading, command_in(tracker))


class ActionTeach(_Aside, Action):
    asks = "teach"


class ActionCompare(_Aside, Action):
    asks = "compare"


class ActionFit(_Aside, Action):
    asks = "fit"


class ActionChange(_Aside, Action):
    asks = "change"


class ActionWhy(_Aside, Action):
    asks = "why"


class ActionResult(_Aside, Action):
    asks = "result"


class ActionSummary(_Aside, Action):
    asks = "summary"


class ActionSources(_Aside, Action):
    asks = "sources"


class ActionResume(_Aside, Action):
    asks = "resume"


class ActionGoBack(_Aside, Action):
    asks = "go_back"


class ActionAskStartOver(_Aside, Action):
    asks = "ask_start_over"


class ActionStartOver(_Aside, Action):
    asks = "start_over"


class ActionCrisis(_Aside, Action):
    asks = "crisis"


class ActionAskForget(_Aside, Action):
    asks = "ask_forget"


class ActionForget(_Aside, Action):
    asks = "forget"
