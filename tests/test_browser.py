"""The website in a real browser: web/tests against the whole stack (Rasa, action server, page), and against the mock server.

Needs Node and Chromium. Where they are missing the tests skip and say so; with KNEE_GUIDE_NEVER_SKIP set they fail instead.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server

pytestmark = pytest.mark.slow
WEB = Path(__file__).resolve().parent.parent / "web"
ON_BOTH = ("accessibility", "conversation", "embedding", "trouble")


def needed(program: str, *names: str) -> str:
    for name in names:
        if shutil.which(name):
            return str(shutil.which(name))
    words = f"{program} is not installed, so the website was not tried in a browser (apt-get install {names[0]})"
    if os.environ.get("KNEE_GUIDE_NEVER_SKIP"):
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="module")
def tools() -> dict[str, str]:
    """The environment for the tests in web/, with the packages that they need."""
    chromium = os.environ.get("CHROMIUM") or needed("Chromium", "chromium", "chromium-browser", "google-chrome")
    npm = needed("npm", "npm")
    needed("Node", "nodejs", "node")
    installed = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=WEB, capture_output=True, text=True)
    if installed.returncode and not (WEB / "node_modules" / "playwright-core").exists():
        assert not os.environ.get("KNEE_GUIDE_NEVER_SKIP"), installed.stderr
        pytest.skip("the packages of web/package.json could not be fetched, so the website was not tried in a browser")
    return {**os.environ, "CHROMIUM": chromium}


@pytest.fixture(scope="module")
def server(tools: dict[str, str]) -> Iterator[Server]:
    os.environ["KNEE_GUIDE_ADDRESS_PER_MINUTE"] = os.environ["KNEE_GUIDE_ADDRESS_BURST"] = "5000"
    server = Server()
    server.start()
    yield server
    server.stop()


def run(env: dict[str, str], *files: str, only: str = "") -> subprocess.CompletedProcess[str]:
    names = [f"--test-name-pattern={only}"] if only else []
    return subprocess.run(
        ["node", "--test", "--test-reporter=spec", "--test-concurrency=2", *names, *(f"tests/{file}.test.mjs" for file in files)],
        cwd=WEB, env=env, capture_output=True, text=True, timeout=900,
    )  # fmt: skip


def sums(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r"^ℹ (pass|fail|skipped) (\d+)", done.stdout, re.MULTILINE)}


def test_the_whole_stack_through_the_page(server: Server, tools: dict[str, str]) -> None:
    done = run({**tools, "KNEE_GUIDE_URL": server.url}, *ON_BOTH)
    counted = sums(done)
    assert done.returncode == 0 and not counted["fail"], done.stdout[-6000:]
    assert counted["pass"] > 40


def test_what_needs_a_scripted_talk_on_the_mock_server(tools: dict[str, str]) -> None:
    done = run(tools, *ON_BOTH, "size", only="golden|forced colours|pointed at|by its chip|on demand|restarts is waited|150 KB")
    counted = sums(done)
    assert done.returncode == 0 and not counted["fail"], done.stdout[-6000:]
    assert counted["pass"] >= 7
