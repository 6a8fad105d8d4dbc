"""People who chat through the website's door as the widget does: a cookie, an id for each message, sent again until it is answered."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

TALKS: tuple[tuple[str, ...], ...] = (
    ("my knee hurts when i go down stairs, {who}", "it began about two weeks ago", "no", "no", "what is runners knee", "no", "thanks"),
    ("{who} twisted my knee at football and it swelled up", "no", "not sure", "how long does a meniscus tear take to heal", "why do you ask", "no"),
    ("my mum is 71 and her knee is stiff in the morning, {who}", "no fever", "yes a bit", "is ice or heat better", "what could it be", "no"),
    ("dull ache behind the kneecap, worse after sitting at my desk {who}", "both", "no", "no", "no", "show me the result"),
)
DANGER = "my calf is swollen on one side and im short of breath, {who}"
RECAP = "what have you understood?"
PATIENCE = 90.0  # seconds that a message is sent again
ANSWER = 20.0  # seconds for one try


@dataclass
class Found:
    """What people saw. Each list holds sentences that say what was wrong, so empty lists are what is wanted."""

    turns: int = 0
    again: int = 0
    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    no_card: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return [*self.lost, *self.mixed, *self.silent, *self.no_card, *self.unanswered]


class Person:
    """One conversation. who: a word that only this person says, by which a mix-up shows."""

    def __init__(self, url: str, found: Found, hasty: float = 0.0) -> None:
        self.url, self.found, self.hasty = url, found, hasty
        self.who = f"Zq{uuid.uuid4().hex[:10]}"
        self.address = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        self.cookies: dict[str, str] = {}
        self.said: list[tuple[str, list[str]]] = []

    async def say(self, http: aiohttp.ClientSession, text: str) -> list[dict[str, Any]]:
        """The pieces of the answer; [] when none came in time. A hasty person breaks off some calls and sends the same again."""
        body, began = {"message": text.format(who=self.who), "id": uuid.uuid4().hex}, time.perf_counter()
        while time.perf_counter() - began < PATIENCE:
            pieces = await self._try(http, body)
            if pieces is not None:
                self._check(body["message"], pieces, time.perf_counter() - began)
                return pieces
            self.found.again += 1
            await asyncio.sleep(0.3)
        self.found.unanswered.append(f"{self.who}: no answer to {body['message']!r} in {PATIENCE:.0f} s")
        return []

    async def _try(self, http: aiohttp.ClientSession, body: dict[str, str]) -> list[dict[str, Any]] | None:
        patience = 0.02 if random.random() < self.hasty else ANSWER
        headers = {"X-Forwarded-For": self.address}
        try:
            async with http.post(f"{self.url}/api/message", json=body, headers=headers, cookies=self.cookies, timeout=aiohttp.ClientTimeout(patience)) as answer:
                if answer.status != 200:
                    return None
                self.cookies.update({name: morsel.value for name, morsel in answer.cookies.items()})
                return list((await answer.json())["messages"])
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
            return None

    def _check(self, text: str, pieces: list[dict[str, Any]], seconds: float) -> None:
        self.found.turns += 1
        self.found.seconds.append(seconds)
        shown = [str(piece.get("text") or "") for piece in pieces]
        self.said.append((text, shown))
        if not any(shown):
            self.found.silent.append(f"{self.who}: an answer without a sentence to {text!r}")
        self._own("an answer", " ".join(shown))

    def _own(self, what: str, words: str) -> None:
        strangers = {word.strip("”“.,’;:") for word in words.split() if word.strip("“").startswith("Zq")} - {self.who}
        if strangers:
            self.found.mixed.append(f"{self.who}: {what} that belongs to {', '.join(sorted(strangers))}")

    async def talk(self, http: aiohttp.ClientSession, texts: Sequence[str]) -> None:
        for text in texts:
            await self.say(http, text)

    async def in_danger(self, http: aiohttp.ClientSession) -> None:
        pieces = await self.say(http, DANGER)
        if not any((piece.get("custom") or {}).get("level") == "emergency_now" for piece in pieces):
            self.found.no_card.append(f"{self.who}: an emergency without its card")

    async def look_back(self, http: aiohttp.ClientSession) -> None:
        """Everything that was acknowledged must be in the history, in order, and the summary must be this person's own."""
        pieces = await self.say(http, RECAP)
        if pieces and self.who.lower() not in " ".join(str(p.get("text")) for p in pieces).lower():
            self.found.lost.append(f"{self.who}: the summary does not know the first message: {' '.join(str(p.get('text')) for p in pieces)[:300]!r}")
        stored = await self._history(http)
        place = 0
        for text, shown in self.said:
            wanted = [text, *(line for line in shown if line)]
            for line in wanted:
                try:
                    place = stored.index(line, place) + 1
                except ValueError:
                    self.found.lost.append(f"{self.who}: {line[:60]!r} is not in the history")
        self._own("a history", " ".join(stored))

    async def _history(self, http: aiohttp.ClientSession) -> list[str]:
        for _ in range(60):
            try:
                async with http.get(f"{self.url}/api/history", cookies=self.cookies, headers={"X-Forwarded-For": self.address}) as answer:
                    if answer.status == 200:
                        return [str(message.get("text") or "") for message in (await answer.json())["messages"]]
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.5)
        self.found.unanswered.append(f"{self.who}: no history")
        return []


async def crowd(url: str, at_once: int, going_on: Callable[[], bool], found: Found, hasty: float = 0.0, pause: float = 0.0) -> None:
    """So many people at once, one conversation after another, until `going_on` says no; then each looks back."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as http:

        async def lives(number: int) -> None:
            await asyncio.sleep(random.uniform(0, pause))
            while going_on():
                person = Person(url, found, hasty)
                for text in random.choice(TALKS):
                    await person.say(http, text)
                    await _reads(random.expovariate(1 / pause) if pause else 0.0, going_on)
                    if not going_on():
                        break
                await person.look_back(http)

        await asyncio.gather(*(lives(number) for number in range(at_once)))


async def _reads(seconds: float, going_on: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and going_on():
        await asyncio.sleep(min(0.25, seconds))


async def interleaved(url: str, people: int, at_once: int, found: Found) -> None:
    """So many conversations, their turns shuffled among each other: nobody says a second thing before somebody else spoke."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once), cookie_jar=aiohttp.DummyCookieJar()) as http:
        persons = [(Person(url, found), talk) for talk in (TALKS * (people // len(TALKS) + 1))[:people]]
        for turn in range(4):
            order = random.sample(persons, len(persons))
            queue = iter(order)

            async def work(rest: Any = queue, turn: int = turn) -> None:
                for person, talk in rest:
                    await person.say(http, talk[turn])

            await asyncio.gather(*(work() for _ in range(at_once)))
        for begin in range(0, len(persons), at_once):
            await asyncio.gather(*(person.look_back(http) for person, _ in persons[begin : begin + at_once]))
