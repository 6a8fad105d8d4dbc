"""The bots that are measured side by side: how each is trained and which processes it has."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp  # noqa: F401  (in memory before any clock runs)

from evaluation.bench_memory import Memory, memory_of_tree, total
from service.processes import Child, action_server, rasa_server
from service.training import MODEL, ROOT, environment

PATIENCE = 300.0  # seconds until a server must be ready
OURS, DEFAULT, KEYWORDS, IDLE = "ours", "default", "keywords", "idle"

DEFAULT_CONFIG = """recipe: default.v1
assistant_id: default
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
  - name: EntitySynonymMapper
  - name: ResponseSelector
    epochs: {epochs}
    constrain_similarities: true
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
  - name: UnexpecTEDIntentPolicy
    max_history: 5
    epochs: {epochs}
  - name: TEDPolicy
    max_history: 5
    epochs: {epochs}
    constrain_similarities: true
"""
KEYWORD_CONFIG = """recipe: default.v1
assistant_id: keywords
language: en
pipeline:
  - name: KeywordIntentClassifier
  - name: FallbackClassifier
policies:
  - name: RulePolicy
"""
ENDPOINTS = """action_endpoint:
  url: http://127.0.0.1:${ACTIONS_PORT}/webhook
"""  # without quotes, or Rasa leaves the variable as it stands. No store is named: conversations in memory, as Rasa does it by default
KEYWORD_DOMAIN = """version: "3.1"
intents: [describe, thank]
responses:
  utter_answer: [{text: "Yes."}]
"""
KEYWORD_DATA = """version: "3.1"
nlu:
  - {intent: describe, examples: "- knee\\n- hurts\\n- swollen\\n"}
  - {intent: thank, examples: "- thanks\\n- bye\\n"}
rules:
  - {rule: a complaint, steps: [{intent: describe}, {action: utter_answer}]}
  - {rule: anything else, steps: [{intent: nlu_fallback}, {action: utter_answer}]}
  - {rule: thanks, steps: [{intent: thank}, {action: utter_answer}]}
"""


@dataclass(frozen=True)
class Bot:
    """config, domain, data: what it is trained on. actions: the module of its action server, or None. endpoints: its stores."""

    name: str
    words: str
    config: Path
    domain: Path
    data: Path
    model: Path
    actions: str | None
    credentials: Path
    endpoints: Path

    @property
    def runs_on(self) -> Path:
        """The model that was trained here; without one, that of `make train`."""
        return self.model if self.model.exists() else MODEL


def bots(folder: Path, epochs: int) -> dict[str, Bot]:
    """Writes what the other bots are made of into the folder."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    for name, text in (("default.yml", DEFAULT_CONFIG.format(epochs=epochs)), ("keywords.yml", KEYWORD_CONFIG), ("rest.yml", "rest:\n"), ("endpoints.yml", ENDPOINTS)):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "keyword-domain.yml").write_text(KEYWORD_DOMAIN, encoding="utf-8")
    (folder / "keyword-data.yml").write_text(KEYWORD_DATA, encoding="utf-8")
    domain, data, models = ROOT / "domain.yml", ROOT / "data", folder / "models"
    our_doors = (ROOT / "credentials.yml", ROOT / "endpoints.yml")
    rasas_doors = (folder / "rest.yml", folder / "endpoints.yml")
    ours = models / MODEL.name
    passes = "" if epochs == 100 else f" ({epochs} passes only)"
    all_bots = (
        Bot(OURS, "Knee Guide", ROOT / "config.yml", domain, data, ours, "actions", *our_doors),
        Bot(DEFAULT, f"Rasa's default, our data and actions{passes}", folder / "default.yml", domain, data, models / "default.tar.gz", "actions", *rasas_doors),
        Bot(KEYWORDS, "floor: keywords, no action", folder / "keywords.yml", folder / "keyword-domain.yml", folder / "keyword-data.yml", models / "keywords.tar.gz", None, *rasas_doors),
        Bot(IDLE, "floor: Knee Guide with an action that does nothing", ROOT / "config.yml", domain, data, ours, "evaluation.bench_idle", *our_doors),
    )  # fmt: skip
    return {bot.name: bot for bot in all_bots}


# --- training -----------------------------------------------------------------------------------------


def train(bot: Bot, folder: Path) -> float:
    """Seconds of the whole command `rasa train`, with nothing in its cache. The model goes into the folder."""
    data = [str(path) for path in sorted(bot.data.glob("*.yml"))] if bot.data.is_dir() else [str(bot.data)]
    command = [sys.executable, "-m", "rasa", "train", "--force", "--quiet", "--config", str(bot.config), "--domain", str(bot.domain)]
    command += ["--data", *data, "--out", str(folder), "--fixed-model-name", bot.model.name.removesuffix(".tar.gz")]
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env={**environment(), "RASA_CACHE_DIRECTORY": str(folder / "cache")}, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    shutil.rmtree(folder / "cache", ignore_errors=True)
    if done.returncode or not (folder / bot.model.name).exists():
        sys.exit(f"{bot.words} could not be trained:\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds


# --- processes ----------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


Timed = Callable[[Sequence[str], str], list[str]]  # a command and which process it is → the command that is run


def plain(command: Sequence[str], process: str) -> list[str]:
    return list(command)


def launched(**files: Path) -> Timed:
    """Through evaluation.bench_launch. files: knowledge (a folder), parts or profile (a folder; a file for each process)."""

    def command(old: Sequence[str], process: str) -> list[str]:
        options = [part for name, path in files.items() for part in (f"--{name}", str(path if name == "knowledge" else path / f"{process}.{name}"))]
        return [old[0], "-m", "evaluation.bench_launch", *options, "--", *old[3:]]  # after: python -m service.part

    return command


class Running:
    """The processes of one bot. Use with `with`: they stop at the end."""

    def __init__(self, bot: Bot, folder: Path, command: Timed = plain) -> None:
        os.environ.update(BOT_PORT=str(free_port()), ACTIONS_PORT=str(free_port()))
        os.environ["KNEE_GUIDE_DATABASE"] = f"sqlite:///{folder / 'conversations.db'}"
        os.environ.pop("RASA_AUTH_TOKEN", None)
        self.bot = bot
        self.url = f"http://127.0.0.1:{os.environ['BOT_PORT']}/webhooks/rest/webhook"
        self.children = [replace(child, command=command(child.command, process), log=folder / f"{bot.name}-{process}.log") for process, child in self._children()]

    def _children(self) -> list[tuple[str, Child]]:
        """As `make serve` starts them, with the files of this bot."""
        rasa, actions = rasa_server(), action_server()
        rasa = replace(rasa, command=[*_without(rasa.command, "--model"), "--model", str(self.bot.runs_on), "--credentials", str(self.bot.credentials), "--endpoints", str(self.bot.endpoints)])
        if self.bot.actions is None:
            return [("rasa", rasa)]
        actions = replace(actions, command=[self.bot.actions if part == "actions" else part for part in actions.command])
        return [("actions", actions), ("rasa", rasa)]

    def __enter__(self) -> Running:
        self.began = time.perf_counter()
        for child in self.children:
            child.start()
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self) -> None:
        while not all(child.is_ready() for child in self.children):
            for child in self.children:
                if child.is_dead():
                    sys.exit(f"{self.bot.words}: the {child.name} stopped.\n{child.log.read_text(errors='replace')[-2000:]}")
            if time.perf_counter() - self.began > PATIENCE:
                sys.exit(f"{self.bot.words} was not ready after {PATIENCE:.0f} s.")
            time.sleep(0.1)
        self.ready = time.perf_counter() - self.began

    def memory(self) -> dict[str, Memory]:
        return {child.name: memory_of_tree(child.process.pid) for child in self.children if child.process}

    def all_memory(self) -> Memory:
        return total(self.memory().values())

    def stop(self) -> None:
        for child in reversed(self.children):
            child.stop()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _without(command: Sequence[str], option: str) -> list[str]:
    at = list(command).index(option)
    return [*command[:at], *command[at + 2 :]]
