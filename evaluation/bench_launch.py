"""python -m evaluation.bench_launch [--parts FILE] [--profile FILE] [--knowledge FOLDER] -- rasa run …: a server with timers in it.

Runs the module as service.part would. Timers sit round the calls of Rasa that make up a turn; nothing of the bot is changed."""

from __future__ import annotations

import argparse
import asyncio
import atexit
import cProfile
import functools
import json
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.part import prepare

READING, POLICIES, ACTION, STORE, TURN = "reading", "policies", "action", "store", "turn"


class Clock:
    """Adds up milliseconds by part; a call within a call of the same part counts once. Each turn is written as one line."""

    def __init__(self, to: Path | None, profile: cProfile.Profile | None) -> None:
        self.to, self.profile = to, profile
        self.sums: dict[str, float] = {}
        self.inside: set[str] = set()

    def around(self, owner: type, name: str, part: str, ends: bool = False) -> None:
        """ends: this call is the whole of what is counted, and its end writes the line."""
        call = getattr(owner, name)
        setattr(owner, name, self._coroutine(call, part, ends) if asyncio.iscoroutinefunction(call) else self._plain(call, part))

    def _coroutine(self, call: Callable[..., Any], part: str, ends: bool) -> Callable[..., Any]:
        @functools.wraps(call)
        async def timed(*args: Any, **kwargs: Any) -> Any:
            if part in self.inside:
                return await call(*args, **kwargs)
            begin = self._begin(part, ends)
            try:
                return await call(*args, **kwargs)
            finally:
                self._end(part, begin, ends)

        return timed

    def _plain(self, call: Callable[..., Any], part: str) -> Callable[..., Any]:
        @functools.wraps(call)
        def timed(*args: Any, **kwargs: Any) -> Any:
            if part in self.inside:
                return call(*args, **kwargs)
            begin = self._begin(part, False)
            try:
                return call(*args, **kwargs)
            finally:
                self._end(part, begin, False)

        return timed

    def _begin(self, part: str, ends: bool) -> float:
        self.inside.add(part)
        if ends and self.profile:
            self.profile.enable()
        return time.perf_counter()

    def _end(self, part: str, begin: float, ends: bool) -> None:
        self.sums[part] = self.sums.get(part, 0.0) + (time.perf_counter() - begin) * 1000
        self.inside.discard(part)
        if ends:
            if self.profile:
                self.profile.disable()
            self._write()

    def _write(self) -> None:
        if self.to:
            with self.to.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self.sums) + "\n")
        self.sums = {}


def time_rasa(clock: Clock) -> None:
    from rasa.core.actions.action import RemoteAction
    from rasa.core.processor import MessageProcessor
    from rasa.core.tracker_store import TrackerStore

    clock.around(MessageProcessor, "parse_message", READING)
    clock.around(MessageProcessor, "predict_next_with_tracker_if_should", POLICIES)
    clock.around(RemoteAction, "run", ACTION)
    for store in _with_subclasses(TrackerStore):
        for name in {"save", "retrieve", "get_or_create_tracker", "retrieve_full_tracker"} & set(vars(store)):
            clock.around(store, name, STORE)
    clock.around(MessageProcessor, "handle_message", TURN, ends=True)


def _with_subclasses(owner: type) -> list[type]:
    return [owner, *(below for child in owner.__subclasses__() for below in _with_subclasses(child))]


def time_actions(clock: Clock) -> None:
    from rasa_sdk.executor import ActionExecutor

    clock.around(ActionExecutor, "run", ACTION, ends=True)


def use_knowledge(folder: Path) -> None:
    """Every place that loads the library without naming a folder gets this one."""
    from bot import library

    library.load.__wrapped__.__defaults__ = (folder,)  # type: ignore[attr-defined]


def main(argv: list[str] | None = None) -> None:
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--")
    parser = argparse.ArgumentParser()
    for name in ("--parts", "--profile", "--knowledge"):
        parser.add_argument(name, type=Path)
    options, command = parser.parse_args(argv[:cut]), argv[cut + 1 :]
    if options.knowledge:
        use_knowledge(options.knowledge)
    if options.parts or options.profile:
        profile = cProfile.Profile() if options.profile else None
        (time_rasa if command[0] == "rasa" else time_actions)(Clock(options.parts, profile))
        if profile:
            atexit.register(lambda: profile.dump_stats(options.profile))
    sys.argv = command
    prepare()
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
