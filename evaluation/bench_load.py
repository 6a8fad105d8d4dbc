"""Sends conversations to a REST webhook, a given number at once, and takes the time of every answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import aiohttp

Talk = Sequence[str]
TALKS: tuple[Talk, ...] = (
    ("my knee hurts when i go down stairs", "it began about two weeks ago", "no", "no", "what is runners knee", "thanks"),
    ("twisted my knee at football and it swelled up", "no", "not sure", "how long does a meniscus tear take to heal", "why do you ask", "no"),
    ("my mum is 71 and her knee is stiff in the morning", "no fever", "yes a bit", "is ice or heat better", "what could it be", "bye"),
    ("dull ache behind the kneecap, worse after sitting at my desk", "both", "no", "no", "no", "show me the result"),
    ("calf is swollen on one side and im short of breath", "ok", "since this morning", "no", "what have you understood", "thanks"),
)
PATIENCE = 60.0  # seconds for one answer


@dataclass
class Load:
    """milliseconds: of each answered message. silent: answers without a text. failed: no answer, or not a good one."""

    at_once: int
    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    silent: int = 0
    failed: int = 0

    @property
    def per_second(self) -> float:
        return len(self.milliseconds) / self.seconds if self.seconds else 0.0

    def at(self, part: float) -> float:
        """The time within which this part of all answers came."""
        return percentile(self.milliseconds, part)


def percentile(numbers: Sequence[float], part: float) -> float:
    """The smallest number that this part of all is not above."""
    ordered = sorted(numbers)
    return ordered[max(0, -(-len(ordered) * round(part * 1000) // 1000) - 1)] if ordered else float("nan")


def load(url: str, messages: int, at_once: int, talks: Sequence[Talk] = TALKS) -> Load:
    """No more than `messages` are sent; each of `at_once` people leads one conversation after another."""
    return asyncio.run(_load(url, messages, at_once, talks))


async def _load(url: str, messages: int, at_once: int, talks: Sequence[Talk]) -> Load:
    out, budget, turns = Load(at_once), iter(range(messages)), itertools.cycle(talks)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE), connector=aiohttp.TCPConnector(limit=at_once)) as session:
        begin = time.perf_counter()
        await asyncio.gather(*(_person(session, url, out, budget, turns) for _ in range(at_once)))
        out.seconds = time.perf_counter() - begin
    return out


async def _person(session: aiohttp.ClientSession, url: str, out: Load, budget: Iterator[int], talks: Iterator[Talk]) -> None:
    for talk in talks:
        sender = f"bench-{uuid.uuid4().hex}"
        for text in talk:
            if next(budget, None) is None:
                return
            await _say(session, url, sender, text, out)


async def _say(session: aiohttp.ClientSession, url: str, sender: str, text: str, out: Load) -> None:
    begin = time.perf_counter()
    try:
        async with session.post(url, json={"sender": sender, "message": text}) as answer:
            pieces = json.loads(await answer.read()) if answer.status == 200 else None
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
        pieces = None
    if not isinstance(pieces, list):
        out.failed += 1
        return
    out.milliseconds.append((time.perf_counter() - begin) * 1000)
    out.silent += not any(piece.get("text") for piece in pieces)


def one_conversation(url: str, texts: Iterable[str]) -> Load:
    """The times of one conversation, in order."""
    return asyncio.run(_one_conversation(url, texts))


async def _one_conversation(url: str, texts: Iterable[str]) -> Load:
    out, sender, begin = Load(1), f"bench-{uuid.uuid4().hex}", time.perf_counter()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE)) as session:
        for text in texts:
            await _say(session, url, sender, text, out)
    out.seconds = time.perf_counter() - begin
    return out
