"""A conversation in the terminal without Rasa."""

from __future__ import annotations

import os

from bot.driver import Conversation
from bot.library import load
from bot.reading import reader


def talk() -> int:
    library = load()
    conversation = Conversation(library, reader(library), profile=os.environ.get("KNEE_GUIDE_PROFILE", "guided"))
    print("Tell me what is wrong with your knee. An empty line ends.")
    buttons: list[str] = []
    while True:
        try:
            text = input("\n> ").strip()
        except (EOFError, KeyboardInterrupt):
            text = ""
        if not text:
            return 0
        if text.isdigit() and 1 <= int(text) <= len(buttons):
            text = buttons[int(text) - 1]
        buttons = []
        for message in conversation.answer(text).messages:
            is_choice = message.custom.get("multiple") and message.buttons
            print("\n" + (message.text.split("\n")[0] if is_choice else message.text))
            for button in message.buttons:
                buttons.append(button.payload)
                print(f"  [{len(buttons)}] {button.title}")
