"""No word that somebody wrote and no name gets into a log, whoever logs it; and the operator's counters hold numbers only."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import aiohttp
import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction

from components import logs, metrics
from components.action_results import check
from components.channels.guard import Guard
from components.channels.operator import OperatorInput
from service.training import ROOT
from tests.channels.house import Bot, serving

RASAS_OWN = RemoteAction._validate_action_result
SECRET = "my knee swelled up in Gdansk"
NAME = "website-0123456789abcdef"


@pytest.fixture
def lines(monkeypatch):
    """What our handler would write, with our cleaning in place."""
    monkeypatch.setattr(logging, "_logRecordFactory", logs._clean(logging.LogRecord))
    written: list[str] = []

    class Keeps(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Keeps()
    handler.setFormatter(logs.Line())
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("says", ["heard %s", "heard %r", '{"text": "%s"}'])
def test_what_somebody_wrote_is_cut_out_whoever_logs_it(lines, says):
    logs.talking(NAME, SECRET)
    logging.getLogger("rasa.core.processor").debug(f"{says} from {NAME}", SECRET)
    (line,) = lines
    assert SECRET not in line and NAME not in line
    assert logs.digest(NAME) in json.loads(line)["says"] and json.loads(line)["level"] == "debug"


def test_an_error_tells_its_kind_and_place_but_not_its_words(lines):
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("sanic.error").exception("a request failed")
    line = json.loads(lines[0])
    assert SECRET not in lines[0] and line["error"] == "ValueError" and line["at"][-1].startswith("test_logs.py:")


def test_the_digest_of_a_name_differs_from_start_to_start():
    other = "from components.logs import digest; print(digest('website-0123456789abcdef'))"
    assert subprocess.run([sys.executable, "-c", other], cwd=ROOT, capture_output=True, text=True).stdout.strip() not in ("", logs.digest(NAME))


def test_a_server_never_runs_at_debug_level_whatever_the_environment_says():
    probe = "import runpy, sys, os; sys.argv = ['part', 'probe']; runpy.run_module = lambda *a, **k: print(os.environ['LOG_LEVEL']); import service.part; service.part.main()"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, env={"LOG_LEVEL": "DEBUG", "PATH": ""})
    assert done.stdout.strip() == "INFO", done.stderr


async def test_the_counters_hold_numbers_and_no_text():
    bot = Bot(lambda text: [{"text": "Call now", "custom": {"kind": "card", "level": "emergency_now"}}])
    cards = metrics.CARDS.labels("emergency_now")._value.get()
    await Guard(lambda: bot).answer(SECRET, NAME, bot.handle_message, "website")
    async with serving(OperatorInput(), bot) as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}/metrics") as answer:
            text = await answer.text()
        async with http.get(f"{url}/live") as answer:
            assert answer.status == 200
    assert metrics.CARDS.labels("emergency_now")._value.get() == cards + 1
    assert 'knee_guide_turns_total{answered_by="rasa",channel="website"}' in text
    assert "Gdansk" not in text and NAME not in text


async def test_a_bot_that_cannot_read_is_not_ready():
    async with serving(OperatorInput(), None) as url, aiohttp.ClientSession() as http, http.get(f"{url}/ready") as answer:
        assert answer.status == 503
        assert await answer.json() == {"ready": False, "parts": dict.fromkeys(("reading", "database", "locks", "actions"), False)}


def test_an_answer_of_an_action_is_checked_as_rasa_would_check_it():
    action = RemoteAction("action_consult", None)
    assert check(action, {"events": [], "responses": [{"text": "hello"}]})
    for wrong in ({"events": [{"event": "slot"}]}, {"responses": "hello"}):
        with pytest.raises(ValidationError):
            check(action, wrong)
        with pytest.raises(ValidationError):
            RASAS_OWN(action, wrong)
