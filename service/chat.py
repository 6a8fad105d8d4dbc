"""python -m service.chat: a conversation in the terminal, through Rasa with its actions, behind the same guard as every channel."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
import uuid
import warnings
from typing import Any

from service.processes import LOGS, action_server, stop_on_signals
from service.training import MODEL, ROOT, check_model, environment

BYE = {"/quit", "/exit", "/stop", "quit", "exit"}


class Waiting:
    """Says that something goes on while the bot loads."""

    def __init__(self, words: str) -> None:
        self.words, self.done = words, threading.Event()

    def __enter__(self) -> Waiting:
        print(self.words, end=" ", flush=True)
        self.thread = threading.Thread(target=self._dots, daemon=True)
        self.thread.start()
        return self

    def _dots(self) -> None:
        while not self.done.wait(1.5):
            print(".", end="", flush=True)

    def __exit__(self, *_: Any) -> None:
        self.done.set()
        self.thread.join()
        print(flush=True)


def quiet() -> None:
    """Nothing of what people write is logged; Rasa's own chatter goes nowhere."""
    os.environ.update({k: v for k, v in environment().items() if k not in os.environ or k.startswith(("RASA", "TF"))})
    warnings.filterwarnings("ignore")
    warnings.showwarning = lambda *_, **__: None  # Rasa and what it imports switch some on again
    LOGS.mkdir(exist_ok=True)
    logging.basicConfig(filename=LOGS / "chat.log", level=logging.ERROR, force=True)


async def load() -> Any:
    from rasa.core.agent import load_agent
    from rasa.core.utils import AvailableEndpoints, read_endpoints_from_path
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.CRITICAL)
    endpoints: AvailableEndpoints = read_endpoints_from_path(str(ROOT / "endpoints.yml"))
    return await load_agent(model_path=str(MODEL), endpoints=endpoints)


def show(pieces: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Prints what the bot says; returns the buttons that may be chosen by number."""
    buttons: list[dict[str, str]] = []
    for piece in pieces:
        is_choice = piece.get("custom", {}).get("multiple")
        print("\n" + (piece["text"].split("\n")[0] if is_choice else piece["text"]))
        for button in piece.get("buttons", ()):
            buttons.append(button)
            print(f"  [{len(buttons)}] {button['title']}")
    return buttons


def chosen(text: str, buttons: list[dict[str, str]]) -> str:
    """A number stands for the button; everything else is what was typed. Numbers beyond the list are answers."""
    if text.isdigit() and 1 <= int(text) <= len(buttons):
        return buttons[int(text) - 1]["payload"]
    return text


async def talk(agent: Any) -> None:
    from components.channels.guard import Guard
    from components.channels.session import forget_if_asked

    guard, sender = Guard(lambda: agent), f"console-{uuid.uuid4().hex}"
    loop = asyncio.get_running_loop()
    buttons: list[dict[str, str]] = []
    print("Tell me what is wrong with your knee, in your own words. In an emergency, call your local emergency number.")
    print("Answer in words, or with the number of a choice. /quit ends.")
    while True:
        try:
            text = (await loop.run_in_executor(None, input, "\n> ")).strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if text.lower() in BYE:
            return
        pieces = await guard.answer(chosen(text, buttons), sender, agent.handle_message, "console")
        await forget_if_asked(agent, sender, pieces)
        buttons = show(pieces)


def main() -> None:
    check_model()
    quiet()
    stop_on_signals()
    actions = action_server()
    began = time.monotonic()
    try:
        if not actions.is_ready():
            actions.log.unlink(missing_ok=True)
            actions.start()
        with Waiting("Starting"):
            sys.path.insert(0, str(ROOT))
            agent = asyncio.run(load())
            while not actions.is_ready() and not actions.is_dead():
                time.sleep(0.2)
        print(f"Ready after {time.monotonic() - began:.0f} s.")
        asyncio.run(talk(agent))
    finally:
        actions.stop()


if __name__ == "__main__":
    main()
