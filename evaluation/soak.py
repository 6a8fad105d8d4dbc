"""python -m evaluation.soak: the production profile on this machine with its real parts, people in it, and one part after another
killed. Prints what was lost, mixed up or left without an answer. What is wanted is nothing."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import psutil
import sqlalchemy as sa

from evaluation.bench_load import percentile
from evaluation.people import Found, Person, crowd, interleaved
from service.training import ROOT

PARTS = {"worker": "service.part rasa run", "action server": "service.part rasa_sdk", "Redis": "redis-server", "PostgreSQL": "bin/postgres", "balancer": "nginx"}
FULL = """CREATE OR REPLACE FUNCTION knee_full() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER knee_full BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION knee_full()"""


class Production:
    """`python -m service.serve --profile production` on ports of its own, with PostgreSQL and Redis of its own."""

    def __init__(self, workers: int = 2, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="knee-soak-"))
        self.port = _free_range(64)
        self.env = {
            **os.environ, "BOT_PORT": str(self.port), "ACTIONS_PORT": str(self.port + 36), "KNEE_GUIDE_SECRET": secrets.token_urlsafe(24),
            "KNEE_GUIDE_WORKERS": str(workers), "KNEE_GUIDE_PROXIES": "2", "KNEE_GUIDE_DATA": str(self.folder / "data"),
        }  # fmt: skip
        for name in ("KNEE_GUIDE_DATABASE", "KNEE_GUIDE_REDIS", "RASA_AUTH_TOKEN", "LOG_LEVEL"):
            self.env.pop(name, None)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "serve.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "service.serve", "--profile", "production"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        end, before = time.monotonic() + 180, self.log.read_text().count("is ready:")
        while self.log.read_text().count("is ready:") <= before:
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"it did not start: {self.log.read_text()[-1500:]}")
            time.sleep(0.3)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def __enter__(self) -> Production:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def processes(self, part: str) -> list[psutil.Process]:
        """The processes of a part, the first of a family each."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            try:
                if PARTS[part] in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def kill(self, part: str, which: int | None = None) -> None:
        chosen = self.processes(part)
        for process in chosen if which is None else chosen[which : which + 1]:
            process.kill()

    def database(self) -> str:
        password = (self.folder / "data" / "postgres.password").read_text()
        return f"postgresql://knee:{password}@127.0.0.1:{self.port + 33}/postgres"

    def sql(self, *statements: str) -> None:
        engine = sa.create_engine(self.database())
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))
        engine.dispose()

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in (ROOT / "run").glob("*.log") if path.stat().st_mtime > time.time() - 3600)

    def usage(self) -> tuple[float, float]:
        """CPU seconds so far and megabytes now, of everything that serves (without this program)."""
        cpu, memory = 0.0, 0.0
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                times = process.cpu_times()
                cpu += times.user + times.system
                memory += process.memory_full_info().pss / 1e6
            except psutil.Error:
                continue
        return cpu, memory


def _free_range(width: int) -> int:
    """A port with so many free ones after it."""
    for start in range(20000 + os.getpid() % 1000 * 10, 60000, width):
        try:
            for port in range(start, start + width):
                with socket.socket() as s:
                    s.bind(("127.0.0.1", port))
            return start
        except OSError:
            continue
    raise RuntimeError("no free ports")


# --- faults ---------------------------------------------------------------------------------------------

Fault = tuple[str, Callable[[Production], None], Callable[[Production], None]]


def _nothing(production: Production) -> None:
    return None


def _restart_all(production: Production) -> None:
    production.stop()
    production.start()


FAULTS: tuple[Fault, ...] = (
    ("a worker is killed", lambda p: p.kill("worker", 0), _nothing),
    ("both action servers are killed", lambda p: p.kill("action server"), _nothing),
    ("Redis is killed", lambda p: p.kill("Redis"), _nothing),
    ("PostgreSQL is killed", lambda p: p.kill("PostgreSQL"), _nothing),
    ("the disk of PostgreSQL is full (a trigger answers as a full disk does)", lambda p: p.sql(*FULL.split(";\nCREATE TRIGGER")[:1], "CREATE TRIGGER" + FULL.split(";\nCREATE TRIGGER")[1]), lambda p: p.sql("DROP TRIGGER knee_full ON events")),
    ("the balancer is killed", lambda p: p.kill("balancer"), _nothing),
    ("a new model is taken into use (SIGHUP)", lambda p: p.process.send_signal(signal.SIGHUP), _nothing),
    ("everything is stopped and started", _restart_all, _nothing),
)  # fmt: skip


async def soak(production: Production, people: int, seconds: float, faults: tuple[Fault, ...] = FAULTS, tell: Callable[[str], None] = print) -> Found:
    """People talk all the time; each fault has so many seconds to heal. During each, somebody new is in danger."""
    found, going_on = Found(), [True]
    everybody = asyncio.ensure_future(crowd(production.url, people, lambda: going_on[0], found, hasty=0.03, pause=0.4))
    await asyncio.sleep(seconds / 2)
    for name, harm, heal in faults:
        before = (found.turns, found.again, len(found.wrong))
        harming: Awaitable[None] = asyncio.get_running_loop().run_in_executor(None, harm, production)
        await _dangers(production.url, found, seconds)
        await harming
        heal(production)
        turns, again, wrong = found.turns - before[0], found.again - before[1], len(found.wrong) - before[2]
        tell(f"{name}: {turns} turns answered, {again} messages sent again, {wrong} wrong")
    going_on[0] = False
    await everybody
    return found


async def _dangers(url: str, found: Found, seconds: float) -> None:
    end = time.monotonic() + seconds
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        while time.monotonic() < end:
            await Person(url, found).in_danger(http)
            await asyncio.sleep(0.25)


def report(found: Found) -> str:
    middle, late = percentile(found.seconds, 0.5), percentile(found.seconds, 0.99)
    lines = [
        f"{found.turns} turns; {found.again} messages sent again; median {middle * 1000:.0f} ms, 99th percentile {late:.1f} s",
        f"acknowledged turns lost: {len(found.lost)}", f"conversations mixed up: {len(found.mixed)}", f"answers without a sentence: {len(found.silent)}",
        f"emergencies without their card: {len(found.no_card)}", f"messages never answered: {len(found.unanswered)}",
    ]  # fmt: skip
    return "\n".join([*lines, *found.wrong[:20]])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.soak", description=__doc__)
    parser.add_argument("--people", type=int, default=20, help="at once")
    parser.add_argument("--seconds", type=float, default=25.0, help="for each fault")
    parser.add_argument("--interleaved", type=int, default=1000, help="conversations whose turns are shuffled among each other")
    options = parser.parse_args(argv)
    with Production() as production:
        print(f"{options.people} people at once, two workers. {options.seconds:.0f} s for each fault.", flush=True)
        found = asyncio.run(soak(production, options.people, options.seconds, tell=lambda line: print(line, flush=True)))
        print(report(found), flush=True)
        shuffled = Found()
        asyncio.run(interleaved(production.url, options.interleaved, 32, shuffled))
        print(f"\n{options.interleaved} interleaved conversations:\n{report(shuffled)}")
    sys.exit(1 if found.wrong or shuffled.wrong else 0)


if __name__ == "__main__":
    main()
