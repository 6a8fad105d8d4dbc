"""The trained bot and the real action server on free ports, for tests."""

from __future__ import annotations

import json
import os
import signal
import socket
import tempfile
import time
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from service.processes import Child, action_server, rasa_server
from service.training import ROOT, train

TOKEN = "test-token"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Server:
    """Start, talk, look into the tracker, stop, freeze or kill the action server."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = Path(self.folder.name) / "conversations.db"
        os.environ["KNEE_GUIDE_DATABASE"] = f"sqlite:///{self.database}"
        os.environ.update(BOT_PORT=str(free_port()), ACTIONS_PORT=str(free_port()), RASA_AUTH_TOKEN=TOKEN)
        self.url = f"http://127.0.0.1:{os.environ['BOT_PORT']}"
        self.actions, self.rasa = action_server(), rasa_server()

    def start(self) -> None:
        assert train() == 0
        for child in (self.actions, self.rasa):
            child.log = ROOT / "run" / f"test-{child.name.replace(' ', '-')}.log"
            child.start()
        for child in (self.actions, self.rasa):
            self.wait(child)

    @staticmethod
    def wait(child: Child, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not child.is_ready():
            assert not child.is_dead(), f"the {child.name} died: {child.log.read_text()[-2000:]}"
            assert time.monotonic() < end, f"the {child.name} is not ready"
            time.sleep(0.3)

    def stop(self) -> None:
        for child in (self.rasa, self.actions):
            self.wake()
            child.stop()
        self.folder.cleanup()

    def freeze(self) -> None:
        os.kill(self.actions.process.pid, signal.SIGSTOP)  # type: ignore[union-attr]

    def wake(self) -> None:
        if self.actions.process and self.actions.process.poll() is None:
            os.kill(self.actions.process.pid, signal.SIGCONT)

    def say(self, sender: str, message: Any) -> list[dict[str, Any]]:
        return self._post("/webhooks/rest/webhook", {"sender": sender, "message": message})  # type: ignore[no-any-return]

    def slots(self, sender: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/conversations/{urllib.parse.quote(sender)}/tracker?token={TOKEN}") as answer:
            return json.loads(answer.read())["slots"]  # type: ignore[no-any-return]

    def actions_of(self, sender: str) -> list[str]:
        """The actions that followed the last message, in order."""
        with urllib.request.urlopen(f"{self.url}/conversations/{urllib.parse.quote(sender)}/tracker?include_events=ALL&token={TOKEN}") as answer:
            events = json.loads(answer.read())["events"]
        last = max(i for i, event in enumerate(events) if event["event"] == "user")
        return [e["name"] for e in events[last:] if e["event"] == "action" and e["name"] != "action_listen"]

    def parse(self, text: str) -> dict[str, Any]:
        return self._post(f"/model/parse?token={TOKEN}", {"text": text})  # type: ignore[no-any-return]

    def _post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())


def someone() -> str:
    return f"test-{uuid.uuid4().hex}"


def cards(pieces: list[dict[str, Any]]) -> list[str]:
    return [piece["custom"]["level"] for piece in pieces if piece.get("custom", {}).get("kind") == "card"]
