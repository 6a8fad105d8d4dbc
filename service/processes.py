"""Starts the action server and Rasa, waits until they answer, brings one back that dies, stops what it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from service.training import ROOT, environment

LOGS = ROOT / "run"


GRACE = 20  # seconds for a process to finish the turns it works on


@dataclass
class Child:
    """One process: its command, its log, and the address that answers once it is ready (http://… or tcp://host:port)."""

    name: str
    command: Sequence[str]
    ready: str
    log: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    feed: bytes = b""
    stops_by: int = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        LOGS.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self.clear()
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env={**environment(), **self.variables}, stdin=subprocess.PIPE if self.feed else subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True, user=self.user,
            )  # fmt: skip
        if self.feed and self.process.stdin:
            self.process.stdin.write(self.feed)
            self.process.stdin.close()

    def is_ready(self) -> bool:
        try:
            if self.ready.startswith("tcp://"):
                place = urllib.parse.urlsplit(self.ready)
                with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=2):
                    return True
            with urllib.request.urlopen(self.ready, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def is_dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Lets it finish; then nothing of it is left, whatever it had started itself."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stops_by)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE)
        self.clear()

    def clear(self) -> None:
        """Ends what is left of the family: a process whose parent was killed would keep the port."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def action_server(port: str | None = None, name: str = "action server") -> Child:
    port = port or environment()["ACTIONS_PORT"]
    command = [sys.executable, "-m", "service.part", "rasa_sdk", "--actions", "actions", "--port", port]
    return Child(name, command, f"http://127.0.0.1:{port}/health", LOGS / f"{_file(name, 'action server', 'actions')}.log")


def rasa_server(port: str | None = None, actions_port: str | None = None, name: str = "bot") -> Child:
    """The management API is off unless a token is set."""
    env = environment()
    port = port or env["BOT_PORT"]
    command = [sys.executable, "-m", "service.part", "rasa", "run", "--interface", "127.0.0.1", "--port", port, "--model", "models/knee-guide.tar.gz", "--response-timeout", "30"]
    if env.get("RASA_AUTH_TOKEN"):
        command += ["--enable-api", "--auth-token", env["RASA_AUTH_TOKEN"]]
    variables = {"ACTIONS_PORT": actions_port} if actions_port else {}
    return Child(name, command, f"http://127.0.0.1:{port}/", LOGS / f"{name.replace(' ', '-')}.log", variables)


def _file(name: str, long: str, short: str) -> str:
    return name.replace(long, short).replace(" ", "-")


def start_all(children: Sequence[Child]) -> None:
    """Starts them together and waits until all answer. Exits with a sentence when one cannot."""
    for child in children:
        if child.is_ready():
            sys.exit(f"Something already answers at {child.ready}. Stop it, or choose another port with BOT_PORT and ACTIONS_PORT.")
        child.log.unlink(missing_ok=True)
        child.start()
    for child in children:
        wait_for(child)


def wait_for(child: Child) -> None:
    while not child.is_ready():
        if child.is_dead():
            sys.exit(f"\nThe {child.name} did not start. The reason stands at the end of {child.log.relative_to(ROOT)}.")
        time.sleep(0.5)
        print(".", end="", flush=True)


def stop_on_signals() -> None:
    """Ctrl-C and SIGTERM both end the program by way of its clean-up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


class Watch:
    """Brings back what dies; gives up on one that dies five times in a minute. SIGHUP restarts the workers one after another."""

    def __init__(self, children: Sequence[Child], workers: Sequence[Child], check: Callable[[], None]) -> None:
        self.children, self.workers, self.check = children, workers, check
        self.again = False
        signal.signal(signal.SIGHUP, self._ask)

    def _ask(self, *_: object) -> None:
        self.again = True

    def forever(self) -> None:
        while True:
            time.sleep(0.5)
            self.look()
            if self.again:
                self.again = False
                self.restart()

    def look(self) -> None:
        for child in self.children:
            if child.is_dead():
                now = time.monotonic()
                child.deaths = [t for t in child.deaths if now - t < 60] + [now]
                if len(child.deaths) >= 5:
                    sys.exit(f"The {child.name} keeps stopping. The reason stands at the end of {child.log.relative_to(ROOT)}.")
                print(f"The {child.name} stopped; starting it again.", flush=True)
                child.start()

    def restart(self) -> None:
        """With the model and the knowledge as they lie there now. One at a time: with two workers nobody waits."""
        try:
            self.check()
        except SystemExit as error:
            print(f"Nothing was restarted. {error}", flush=True)
            return
        for worker in self.workers:
            print(f"Restarting the {worker.name} ", end="", flush=True)
            worker.stop()
            worker.start()
            wait_for(worker)
            print(flush=True)
        print("Every worker runs anew.", flush=True)
