"""Conversations in the database: what is loaded, what stays, what goes, and what happens while the database is away."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from components.storage.database import EVENTS, connect, forget_older, open_engine
from components.storage.locks import KneeLockStore
from components.storage.trackers import LATEST, KneeTrackerStore
from service import parts
from service.forget import main as forget_by_hand
from service.processes import wait_for
from tests.server import free_port

DOMAIN = Domain.load("domain.yml")
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
SECRET = "my knee swelled up in Gdansk"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'conversations.db'}"


@pytest.fixture
def store(url: str) -> KneeTrackerStore:
    return KneeTrackerStore(DOMAIN, host=url)


def turn(tracker: DialogueStateTracker, text: str, finding: str = "fever", answer: str = "absent") -> None:
    case = {"findings": {**(tracker.get_slot("case") or {}).get("findings", {}), finding: answer}, "person": {}}
    for event in (UserUttered(text, {"name": "describe"}), SlotSet("case", case), ActionExecuted("action_consult"), BotUttered("Is it hot?"), ActionExecuted("action_listen")):
        tracker.update(event, DOMAIN)


async def say(store: KneeTrackerStore, sender: str, text: str, finding: str = "fever", answer: str = "absent") -> DialogueStateTracker:
    tracker = await store.get_or_create_tracker(sender)
    turn(tracker, text, finding, answer)
    await store.save(tracker)
    return tracker


def texts(url: str) -> str:
    with connect(url).connect() as connection:
        return " ".join(row.data for row in connection.execute(sa.select(EVENTS.c.data)))


async def test_a_conversation_is_there_after_a_restart(store, url):
    await say(store, "ann", SECRET)
    after = await KneeTrackerStore(DOMAIN, host=url).retrieve("ann")
    assert after.get_slot("case")["findings"] == {"fever": "absent"}
    assert after.latest_message.text == SECRET and after.latest_action_name == "action_listen"


async def test_a_late_turn_loads_no_more_than_an_early_one(store):
    for number in range(60):
        await say(store, "ann", f"turn {number}", f"finding_{number}")
    loaded = await store.retrieve("ann")
    assert len(loaded.events) <= LATEST + len(DOMAIN.slots) and loaded.latest_message.text == "turn 59"
    assert len(loaded.get_slot("case")["findings"]) == len(loaded.copy().get_slot("case")["findings"]) == 60
    full = await store.retrieve_full_tracker("ann")
    assert sum(event.type_name == "user" for event in full.events) == 60
    assert [event["text"] for event in store.said("ann", 2)] == ["turn 59", "Is it hot?"]


async def test_the_file_is_for_its_owner_alone(store, url):
    await say(store, "ann", SECRET)
    assert stat.S_IMODE(Path(url.removeprefix("sqlite:///")).stat().st_mode) == 0o600


async def test_what_is_forgotten_stands_nowhere_in_the_files(store, url):
    file = Path(url.removeprefix("sqlite:///"))
    await say(store, "ann", SECRET)
    await say(store, "ben", "mine only clicks")
    assert any(SECRET.encode() in part.read_bytes() for part in file.parent.iterdir())
    await store.delete("ann")
    assert not any(SECRET.encode() in part.read_bytes() for part in file.parent.iterdir())
    assert await store.retrieve("ann") is None and await store.retrieve("ben") is not None


async def test_old_conversations_go_and_young_ones_stay(store, url):
    await say(store, "old", SECRET)
    await say(store, "young", "mine only clicks")
    with connect(url).begin() as connection:
        connection.execute(sa.text("UPDATE events SET timestamp = :t WHERE sender_id = 'old'"), {"t": time.time() - 25 * 3600})
        connection.execute(sa.text("UPDATE states SET last = :t WHERE sender_id = 'old'"), {"t": time.time() - 25 * 3600})
    assert forget_older(connect(url), 24) == 1
    assert SECRET not in texts(url) and "mine only clicks" in texts(url)


async def test_the_store_deletes_by_itself_after_the_time_that_the_operator_chose(store, url, monkeypatch):
    await say(store, "ann", SECRET)
    monkeypatch.setenv("KNEE_GUIDE_KEEP_HOURS", "0.00001")
    time.sleep(0.1)
    store.round()
    assert SECRET not in texts(url) and store.spare.get("ann") is None


@pytest.mark.parametrize(("options", "left"), [(["--sender", "ann"], {"ben"}), (["--all"], set()), (["--older-than", "1"], {"ann", "ben"})])
async def test_forgetting_by_hand(store, url, options, left, monkeypatch, capsys):
    monkeypatch.setenv("KNEE_GUIDE_DATABASE", url)
    await say(store, "ann", SECRET)
    await say(store, "ben", "mine only clicks")
    forget_by_hand(options)
    assert set(await store.keys()) == left
    assert f"{2 - len(left)} conversation" in capsys.readouterr().out
    assert [name for name in ("ann", "ben") if await store.retrieve(name)] == sorted(left), "a server that runs meanwhile remembers"


async def test_while_the_database_is_away_the_talk_goes_on_and_is_written_later(store, url):
    await say(store, "ann", "first", "fever", "present")
    there, store.engine = store.engine, open_engine(NOWHERE)
    await say(store, "ann", "second", "locking", "present")
    during = await store.retrieve("ann")
    assert during.latest_message.text == "second" and set(during.get_slot("case")["findings"]) == {"fever", "locking"}
    store.engine = there
    store.round()
    assert not store.spare.names()
    after = await KneeTrackerStore(DOMAIN, host=url).retrieve("ann")
    assert set(after.get_slot("case")["findings"]) == {"fever", "locking"}
    assert [event["text"] for event in store.said("ann") if event["event"] == "user"] == ["first", "second"]


async def test_a_turn_taken_blind_adds_to_what_was_told_before(store, url):
    await say(store, "ann", "first", "fever", "present")
    blind = KneeTrackerStore(DOMAIN, host=NOWHERE)
    assert await blind.retrieve("ann") is None
    await say(blind, "ann", "second", "locking", "present")
    blind.engine = open_engine(url)
    blind.round()
    after = await store.retrieve("ann")
    assert set(after.get_slot("case")["findings"]) == {"fever", "locking"}


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    child, address = parts.redis(free_port(), tmp_path_factory.mktemp("redis"))
    child.start()
    wait_for(child)
    yield address
    child.stop()


async def test_with_a_common_spare_copy_any_worker_goes_on_where_another_one_stopped(url, redis_url, monkeypatch):
    """The database is away for all; one worker took the turns, another one takes the next and a third writes them down."""
    monkeypatch.setenv("KNEE_GUIDE_REDIS", redis_url)
    first, second = KneeTrackerStore(DOMAIN, host=NOWHERE), KneeTrackerStore(DOMAIN, host=NOWHERE)
    await say(first, "ann", "first", "fever", "present")
    assert (await second.retrieve("ann")).latest_message.text == "first"
    await say(second, "ann", "second", "locking", "present")
    third = KneeTrackerStore(DOMAIN, host=url)
    third.round()
    assert [event["text"] for event in third.said("ann") if event["event"] == "user"] == ["first", "second"]
    assert set((await third.retrieve("ann")).get_slot("case")["findings"]) == {"fever", "locking"}
    await third.delete("ann")
    left = redis.Redis.from_url(redis_url)
    assert not left.keys("*ann*") and await third.retrieve("ann") is None


async def test_while_redis_is_away_too_the_worker_remembers_and_brings_it_there_later(url, redis_url, monkeypatch):
    monkeypatch.setenv("KNEE_GUIDE_REDIS", "redis://127.0.0.1:1/0")
    store = KneeTrackerStore(DOMAIN, host=NOWHERE)
    await say(store, "bob", "first", "fever", "present")
    assert (await store.retrieve("bob")).latest_message.text == "first"
    store.spare.redis, store.spare.away_until = redis.Redis.from_url(redis_url), 0.0
    assert store.spare.names() == ["bob"] and not store.spare.memory.names()
    assert store.spare.waiting("bob") and store.spare.get("bob")[0]["sender_id"] == "bob"


async def test_a_disk_that_is_full_loses_no_turn(store, url):
    """SQLite says so itself when a file may have no more pages."""
    await say(store, "ann", "first", "fever", "present")
    sa.event.listen(store.engine, "connect", limit := lambda connection, _: connection.execute("PRAGMA max_page_count = 1"))
    store.engine.dispose()
    for number in range(20):
        await say(store, "ann", f"{number} {SECRET * 50}", "locking", "present")
    assert store.spare.names() == ["ann"]
    assert (await store.retrieve("ann")).latest_message.text.startswith("19 ")
    sa.event.remove(store.engine, "connect", limit)
    store.engine.dispose()
    store.round()
    assert not store.spare.names() and sum(event["event"] == "user" for event in store.said("ann")) == 21


async def test_without_redis_a_process_keeps_its_own_turns_in_order(monkeypatch):
    monkeypatch.setenv("KNEE_GUIDE_REDIS", "redis://127.0.0.1:1/0")
    store = KneeLockStore()
    async with store.lock("ann"):
        assert store.get_lock("ann") is not None
    assert store.get_lock("ann") is None
