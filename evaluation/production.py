"""The production profile as `make serve PROFILE=production` runs it, on ports and in a folder of its own, to be loaded and harmed."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import sqlalchemy as sa

from service.training import ROOT

PARTS = {"worker": "service.part rasa run", "action server": "service.part rasa_sdk", "Redis": "redis-server", "PostgreSQL": "bin/postgres", "balancer": "nginx"}


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

    @contextmanager
    def connected(self) -> Iterator[sa.engine.Connection]:
        """To its PostgreSQL, in one transaction."""
        engine = sa.create_engine(self.database())
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def sql(self, *statements: str) -> None:
        with self.connected() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

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
