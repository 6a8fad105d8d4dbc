"""The production profile with its real parts on this machine: what it refuses, what it lets through, what it keeps and forgets, where it
calls, and what happens to people while parts of it die."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest
import redis
import sqlalchemy as sa

from evaluation.people import DANGER, Found, Person
from evaluation.production import Production
from evaluation.soak import FAULTS, report, soak
from service.production import unsafe

GOOD = {"KNEE_GUIDE_SECRET": "a secret of this test"}


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({}, "KNEE_GUIDE_SECRET is missing"),
        ({"KNEE_GUIDE_SECRET": "short"}, "KNEE_GUIDE_SECRET has fewer"),
        ({**GOOD, "LOG_LEVEL": "debug"}, "LOG_LEVEL is DEBUG"),
        ({**GOOD, "RASA_AUTH_TOKEN": "letmein"}, "RASA_AUTH_TOKEN has fewer"),
        ({**GOOD, "TELEGRAM_TOKEN": "1:abc"}, "TELEGRAM_SECRET is not"),
        ({**GOOD, "SLACK_TOKEN": "xoxb-1"}, "SLACK_SIGNING_SECRET is not"),
        ({**GOOD, "KNEE_GUIDE_ORIGINS": "*"}, "KNEE_GUIDE_ORIGINS has a *"),
        ({**GOOD, "KNEE_GUIDE_WORKERS": "two"}, "KNEE_GUIDE_WORKERS is 'two'"),
        ({**GOOD, "KNEE_GUIDE_DATABASE": "sqlite:///x.db"}, "not a PostgreSQL address"),
        ({**GOOD, "KNEE_GUIDE_REDIS": "http://somewhere"}, "KNEE_GUIDE_REDIS does not begin"),
    ],
)
def test_an_unsafe_combination_is_refused_with_its_reason(env, says):
    assert any(says in reason for reason in unsafe(env, production=True))


def test_a_good_environment_is_not_refused():
    assert list(unsafe(GOOD, production=True)) == [] and list(unsafe({}, production=False)) == []


# --- with everything running ------------------------------------------------------------------------

CONNECTS = Path(__file__).parent / "connects.c"


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """Two workers. A library of this test sees every connection that any process of it opens."""
    if not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()) and "KNEE_GUIDE_NEVER_SKIP" not in os.environ:
        pytest.skip("nginx is not installed (Debian: nginx-light), so the production profile is not tried")
    folder = tmp_path_factory.mktemp("production")
    folder.chmod(0o755)
    running = Production(folder=folder)
    if compiler := shutil.which("cc") or shutil.which("gcc"):
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(folder / "connects.so"), str(CONNECTS), "-ldl"], check=True)
        running.env |= {"LD_PRELOAD": str(folder / "connects.so"), "CONNECTS": str(folder / "connects.txt")}
        (folder / "connects.txt").touch(0o666)
    with running:
        yield running


@pytest.mark.slow
def test_the_door_lets_the_website_through_and_nothing_else(production):
    async def status(path: str, method: str = "GET") -> int:
        async with aiohttp.ClientSession() as http, http.request(method, production.url + path) as answer:
            return answer.status

    for path in ("/webhooks/rest/webhook", "/model", "/conversations/x/tracker", "/status", "/ready", "/live", "/metrics", "/webhooks/telegram/x"):
        assert asyncio.run(status(path)) == 404, path
        assert asyncio.run(status(path, "POST")) == 404, path
    for path in ("/", "/chat", "/widget.js", "/api/settings"):
        assert asyncio.run(status(path)) == 200, path


@pytest.mark.slow
def test_everything_listens_on_loopback_only(production):
    family = psutil.Process(production.process.pid).children(recursive=True)
    listening = [place.laddr.ip for process in family for place in process.net_connections() if place.status == psutil.CONN_LISTEN]
    assert len(listening) >= 7 and set(listening) == {"127.0.0.1"}


@pytest.mark.slow
def test_forgotten_means_gone_from_every_store_and_no_word_stands_in_a_log(production):
    found = Found()

    async def a_life() -> None:
        person = Person(production.url, found)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            await person.talk(http, ("my knee hurts in Gdansk, {who}", "no", DANGER))
            assert person.who in everything(production)
            await person.talk(http, ("forget me", "yes"))
            assert person.who not in everything(production)
            assert person.who not in production.logs() and "Gdansk" not in production.logs()

    asyncio.run(a_life())
    assert not found.wrong and found.turns == 5


def everything(production: Production) -> str:
    """All that stands in PostgreSQL and Redis."""
    with production.connected() as connection:
        names = [row[0] for row in connection.execute(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))]
        rows = [str(row) for name in names for row in connection.execute(sa.text(f"SELECT * FROM {name}"))]
    password = (production.folder / "data" / "redis.password").read_text()
    store = redis.Redis(port=production.port + 34, password=password)
    for key in store.keys("*"):
        values = store.lrange(key, 0, -1) if store.type(key) == b"list" else [store.get(key)]
        rows += [f"{key} {zlib.decompress(value) if value[:1] == bytes([0x78]) else value}" for value in values if value]
    return "\n".join(rows)


@pytest.mark.slow
def test_while_parts_die_nothing_is_lost_and_danger_gets_its_card(production):
    """The long form is `make soak`."""
    found = asyncio.run(soak(production, people=6, seconds=6, faults=tuple(FAULTS[i] for i in (0, 1, 3, 4)), tell=lambda line: None))
    assert not found.wrong, report(found)
    assert found.turns > 100


@pytest.mark.slow
def test_nothing_of_it_called_anybody_outside_this_machine(production):
    """Last in the file: it looks at all that the others did."""
    if "LD_PRELOAD" not in production.env:
        pytest.skip("there is no C compiler here")
    called = (production.folder / "connects.txt").read_text().split()
    assert called, "nothing was seen, so this test sees nothing"
    assert {place for place in called if not (place.startswith(("127.", "unix:", "::1", "localhost", "asks:127.", "asks:localhost")))} == set()
