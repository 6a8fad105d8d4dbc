"""Starts the action server and Rasa, waits until they answer, brings one back that dies, stops what it started."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service.training import ROOT, environment

LOGS = ROOT / "run"


@dataclass
class Child:
    """One process: its command, its log, and the address that answers once it is ready."""

    name: str
    command: Sequence[str]
    ready: str
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        LOGS.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=ROOT, env=environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.ready, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def action_server() -> Child:
    port = environment()["ACTIONS_PORT"]
    command = [sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", port]
    return Child("action server", command, f"http://127.0.0.1:{port}/health", LOGS / "actions.log")


def rasa_server() -> Child:
    """The management API is off unless a token is set."""
    env = environment()
    command = [sys.executable, "-m", "rasa", "run", "--interface", "127.0.0.1", "--port", env["BOT_PORT"], "--model", "models/knee-guide.tar.gz", "--response-timeout", "30"]
    if env.get("RASA_AUTH_TOKEN"):
        command += ["--enable-api", "--auth-token", env["RASA_AUTH_TOKEN"]]
    return Child("bot", command, f"http://127.0.0.1:{env['BOT_PORT']}/", LOGS / "bot.log")


def stop_on_signals() -> None:
    """Ctrl-C and SIGTERM both end the program by way of its clean-up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def watch(children: Sequence[Child]) -> None:
    """Brings back what dies; gives up on one that dies five times in a minute."""
    while True:
        time.sleep(1)
        for child in children:
            if child.is_dead():
                now = time.monotonic()
                child.deaths = [t for t in child.deaths if now - t < 60] + [now]
                if len(child.deaths) >= 5:
                    sys.exit(f"The {child.name} keeps stopping. The reason stands at the end of {child.log.relative_to(ROOT)}.")
                print(f"The {child.name} stopped; starting it again.", flush=True)
                child.start()
