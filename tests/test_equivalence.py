"""The same words give the same care cards on every channel: REST, website, Telegram, Slack and the terminal, each through the trained bot."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from components.channels.telegram import TelegramInput
from service.training import ROOT, environment
from tests import test_slack as slack
from tests import test_telegram as telegram
from tests.channels.slack_api import TOKEN as SLACK_TOKEN
from tests.channels.slack_api import SlackApi
from tests.channels.telegram_api import TOKEN as TELEGRAM_TOKEN
from tests.channels.telegram_api import TelegramApi
from tests.server import Server, someone

pytestmark = pytest.mark.slow
TALKS = yaml.safe_load((Path(__file__).parent / "conversations" / "founding.yml").read_text(encoding="utf-8"))
SECRETS = {"TELEGRAM_TOKEN": TELEGRAM_TOKEN, "TELEGRAM_SECRET": telegram.SECRET, "SLACK_TOKEN": SLACK_TOKEN, "SLACK_SIGNING_SECRET": slack.SECRET}
Say = Callable[[str], Awaitable[str]]  # what is typed → everything that is shown


def spoken(server: Server, talk: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What the person types, to the end of the talk, and the headings of the cards that REST gives."""
    sender, typed, headings = someone(), [talk["says"]], []
    for _ in range(15):
        headings += [piece["text"].split("\n")[0] for piece in server.say(sender, typed[-1]) if piece.get("custom", {}).get("kind") == "card"]
        asked = server.slots(sender)["asked"]
        if not asked:
            break
        typed.append("30" if asked == ["age"] else "no")
    return typed, headings


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[*_]", "", text)).lower()


def cards_in(shown: str, all_headings: set[str]) -> list[str]:
    """The headings that stand in the text, in their order."""
    text = plain(shown)
    places = sorted((match.start(), heading) for heading in all_headings for match in re.finditer(re.escape(plain(heading)), text))
    return [heading for _, heading in places]


async def settled(count: Callable[[], int], before: int) -> None:
    """Until something was said and nothing more comes."""
    for _ in range(200):
        now = count()
        await asyncio.sleep(0.25)
        if now > before and count() == now:
            return
    raise AssertionError("no answer came")


def on_website(http: httpx.AsyncClient) -> Say:
    async def say(text: str) -> str:
        answer = await http.post("/api/message", json={"message": text, "id": someone()})
        return "\n".join(str(piece.get("text")) for piece in answer.json()["messages"])

    return say


def on_telegram(http: httpx.AsyncClient, api: TelegramApi, who: int) -> Say:
    phone = telegram.Phone(http, TelegramInput(TELEGRAM_TOKEN, telegram.SECRET, "").path(), api)

    async def say(text: str) -> str:
        before = len(api.texts())
        await phone.say(text, who)
        await settled(lambda: len(api.texts()), before)
        return "\n".join(api.texts()[before:])

    return say


def on_slack(http: httpx.AsyncClient, api: SlackApi, who: str) -> Say:
    workspace = slack.Workspace(http)

    async def say(text: str) -> str:
        before = len(api.texts())
        await workspace.say(text, who)
        await settled(lambda: len(api.texts()), before)
        return "\n".join(api.texts()[before:])

    return say


async def played(say: Say, typed: list[str]) -> str:
    return "\n".join([await say(text) for text in typed])


async def on_terminal(typed: list[str]) -> str:
    """`make chat`, when everything is installed and trained."""
    env = {**environment(), "ACTIONS_PORT": os.environ["ACTIONS_PORT"], "KNEE_GUIDE_DATABASE": "sqlite://"}
    lines = "".join(f"{text}\n" for text in [*typed, "/quit"])
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "service.chat"], cwd=ROOT, env=env, input=lines, capture_output=True, text=True, timeout=200)
    return done.stdout


async def test_the_same_words_give_the_same_cards_on_every_channel(monkeypatch):
    telegram_api, slack_api = TelegramApi(), SlackApi()
    for name, value in {**SECRETS, "TELEGRAM_API": await telegram_api.start(), "SLACK_API": await slack_api.start()}.items():
        monkeypatch.setenv(name, value)
    server = Server()
    try:
        await asyncio.to_thread(server.start)
        by_rest = [await asyncio.to_thread(spoken, server, talk) for talk in TALKS]
        headings = {heading for _, found in by_rest for heading in found}
        assert len(headings) >= 4, "these talks should show most of the five care cards"
        for number, (typed, wanted) in enumerate(by_rest):
            async with httpx.AsyncClient(base_url=server.url, timeout=30) as http:
                for channel, say in (("website", on_website(http)), ("telegram", on_telegram(http, telegram_api, 9000 + number)), ("slack", on_slack(http, slack_api, f"U0{number}"))):
                    assert cards_in(await played(say, typed), headings) == wanted, f"{channel}: {typed[0]}"
        typed, wanted = by_rest[0]
        assert cards_in(await on_terminal(typed), headings) == wanted, "terminal"
        assert telegram_api.refused == [] and slack_api.refused == []
    finally:
        await asyncio.to_thread(server.stop)
        await telegram_api.stop()
        await slack_api.stop()
