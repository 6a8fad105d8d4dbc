"""Counters and times for the operator: numbers and fixed labels, never a word of what somebody wrote, never a name."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)

TURNS = Counter("knee_guide_turns", "messages answered, by channel and by who answered", ["channel", "answered_by"])
TIMES = Histogram("knee_guide_seconds", "seconds of a part of a turn", ["part"], buckets=SECONDS)
CARDS = Counter("knee_guide_cards", "cards shown, by care level", ["level"])
NOT_READ = Counter("knee_guide_not_read", "messages in which neither a finding nor an intent was read")
FAILURES = Counter("knee_guide_failures", "what went wrong, by kind", ["kind"])
WAITING = Gauge("knee_guide_turns_not_written", "conversations that wait in memory for the database")
FORGOTTEN = Counter("knee_guide_conversations_forgotten", "conversations deleted, by reason", ["reason"])


@contextmanager
def timed(part: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        TIMES.labels(part).observe(time.perf_counter() - began)


def timing(part: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same call, with its time counted."""

    async def counted(*args: Any, **options: Any) -> Any:
        with timed(part):
            return await call(*args, **options)

    return counted


def shown(pieces: list[dict[str, Any]]) -> None:
    """Counts the cards among what is shown."""
    for piece in pieces:
        custom = piece.get("custom") or {}
        if custom.get("kind") == "card" and custom.get("level"):
            CARDS.labels(str(custom["level"])).inc()
