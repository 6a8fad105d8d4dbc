"""python -m evaluation.intents: which featurizer and classifier should decide what a message wants, on messages never trained on.

Every contender learns from data/nlu.yml in a process of its own and reads the same messages of evaluation/messages."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.bench_memory import memory_of
from evaluation.marked import SETS, Marked, own, plain
from evaluation.rates import Figure, bootstrap, calibration, confusion, f1, share
from evaluation.report import grid, into

ROOT = Path(__file__).parent.parent
NLU, MESSAGES, CONFIG = ROOT / "data" / "nlu.yml", ROOT / "data" / "messages", ROOT / "config.yml"
DOCUMENT, PICTURES = ROOT / "docs" / "intents.md", ROOT / "docs" / "pictures"
STRONGEST = ("present", "absent", "unsure", "mentioned")
OUT = ("out_of_scope", "ask_dose", "chitchat")
EPOCHS = 100  # Rasa's default for DIET
ITERATIONS = 1000  # until logistic regression has settled
MARK = re.compile(r"\[([^\]]+)\](\{[^}]*\})")


@dataclass(frozen=True)
class Example:
    """A training message. findings: (start, end, id, role)."""

    text: str
    intent: str
    findings: tuple[tuple[int, int, str, str], ...] = ()


@dataclass(frozen=True)
class Guess:
    intent: str
    confidence: float
    findings: Mapping[str, str] = field(default_factory=dict)


Reading = Callable[[str], Guess]
Training = Callable[[Sequence[Example], Path, int], Reading]  # examples, a folder where trained models are kept, epochs


# --- messages -----------------------------------------------------------------------------------------


def examples(path: Path = NLU) -> list[Example]:
    """What data/nlu.yml teaches."""
    out, intent = [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        named = re.match(r"  - intent: (\w+)", line)
        intent = named[1] if named else intent
        if line.startswith("      - "):
            out.append(_example(line[8:], intent))
    return out


def _example(raw: str, intent: str) -> Example:
    text, findings, end = "", [], 0
    for match in MARK.finditer(raw):
        text += raw[end : match.start()]
        label = json.loads(match[2])
        if label["entity"] == "finding":
            findings.append((len(text), len(text) + len(match[1]), label["value"], label.get("role", "present")))
        text, end = text + match[1], match.end()
    return Example(text + raw[end:], intent, tuple(findings))


def labelled(folder: Path = MESSAGES) -> list[Example]:
    """All that the reader's network learned from: more messages than data/nlu.yml has, some without an intent."""
    out = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
            raw = json.loads(line)
            spans = ((f.get("start", raw["text"].find(f["quote"])), len(f["quote"]), f["id"], f["role"]) for f in raw["findings"])
            out.append(Example(raw["text"], raw.get("intent") or "describe", tuple((s, s + n, i, r) for s, n, i, r in spans if s >= 0)))
    return out


def held_back(every: int = 1) -> list[Marked]:
    """Messages that stand in the training data are left out."""
    trained = {plain(example.text) for example in (*examples(), *labelled())}
    return [m for name in SETS for m in own(name) if m.intent and plain(m.text) not in trained][::every]


# --- logistic regression on features ------------------------------------------------------------------


def by_spacy() -> Any:
    """Lexical features of spaCy's tokens. The blank English model has no vectors, so these are all that it gives."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    from bot.clauses import blank

    def lexical(text: str) -> Counter[str]:
        tokens = [t for t in blank().make_doc(text) if not t.is_space]
        norms = ["^", *(t.norm_ for t in tokens), "$"]
        marks = [*(f"word {n}" for n in norms), *(f"pair {a} {b}" for a, b in itertools.pairwise(norms)), *(f"shape {t.shape_}" for t in tokens)]
        marks += [f"{kind} {part}" for t in tokens for kind, part in (("begin", t.norm_[:3]), ("end", t.norm_[-3:]))]
        return Counter(marks)

    return make_pipeline(FunctionTransformer(lambda texts: [lexical(text) for text in texts]), DictVectorizer())


def by_letters() -> Any:
    """As in config.yml."""
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2)


def by_vector() -> Any:
    """The mean vector of the reader's network."""
    import numpy as np
    from sklearn.preprocessing import FunctionTransformer

    from bot.network import network

    return FunctionTransformer(lambda texts: np.stack([network().read(text).vector for text in texts]))


def by_both() -> Any:
    from sklearn.pipeline import make_union

    return make_union(by_letters(), by_vector())


def regression(features: Callable[[], Any]) -> Training:
    """The same settings as Rasa's LogisticRegressionClassifier."""

    def train(learned: Sequence[Example], folder: Path, epochs: int) -> Reading:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        model = make_pipeline(features(), LogisticRegression(class_weight="balanced", max_iter=ITERATIONS, random_state=42))
        model.fit([e.text for e in learned], [e.intent for e in learned])

        def read(text: str) -> Guess:
            chances = model.predict_proba([text])[0]
            best = int(chances.argmax())
            return Guess(str(model.classes_[best]), float(chances[best]))

        return read

    return train


def own_head(learned: Sequence[Example], folder: Path, epochs: int) -> Reading:
    """The network's own answer: nothing is trained here. It has learned from all of data/messages, of which nlu.yml is a part."""
    from bot.network import network

    network()

    def read(text: str) -> Guess:
        intents = network().read(text).intents
        best = max(intents, key=lambda name: intents[name])
        return Guess(best, intents[best])

    return read


# --- through Rasa -------------------------------------------------------------------------------------

DEFAULT = """recipe: default.v1
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
  - name: EntitySynonymMapper
  - name: ResponseSelector
    epochs: {epochs}
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
"""


def one_entity(finding: str, role: str) -> dict[str, str]:
    """As data/nlu.yml has it: which finding it is stands in the value, which Rasa gives back for words seen in training."""
    return {"entity": "finding", "value": finding, "role": role}


def entity_each(finding: str, role: str) -> dict[str, str]:
    """Each finding an entity of its own, so that DIET can tell findings apart in words never seen."""
    return {"entity": finding, "role": role}


def through_rasa(config: str, label: Callable[[str, str], dict[str, str]], everything: bool = False) -> Training:
    def train(learned: Sequence[Example], folder: Path, epochs: int) -> Reading:
        _quiet()
        from rasa.model_training import train_nlu

        learned = labelled() if everything else learned
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yml").write_text(config.format(epochs=epochs) if config else _own_pipeline(), encoding="utf-8")
        (folder / "nlu.yml").write_text(as_nlu(learned, label), encoding="utf-8")
        os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")
        model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder), fixed_model_name="contender")
        return rasa_reading(str(model))

    return train


def _quiet() -> None:
    os.environ.update(RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", PYTHONWARNINGS="ignore")
    import logging

    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.ERROR)


def _own_pipeline() -> str:
    """config.yml without its policies."""
    return CONFIG.read_text(encoding="utf-8").split("\npolicies:")[0]


def as_nlu(learned: Sequence[Example], label: Callable[[str, str], dict[str, str]]) -> str:
    by_intent: dict[str, list[str]] = {}
    for example in learned:
        by_intent.setdefault(example.intent, []).append(f"      - {marked_up(example, label)}")
    blocks = ["\n".join((f"  - intent: {name}", "    examples: |", *lines)) for name, lines in by_intent.items()]
    return "\n".join(('version: "3.1"', "nlu:", *blocks, ""))


def marked_up(example: Example, label: Callable[[str, str], dict[str, str]]) -> str:
    """Of findings that share words the first is marked: DIET gives a word one entity."""
    out, end = "", 0
    for start, stop, finding, role in sorted(example.findings):
        if start >= end and stop > start:
            out += f"{example.text[end:start]}[{example.text[start:stop]}]{json.dumps(label(finding, role))}"
            end = stop
    return " ".join((out + example.text[end:]).split())


def rasa_reading(model: str) -> Reading:
    from rasa.core.agent import Agent

    agent, loop, known = Agent.load(model), asyncio.new_event_loop(), {f for e in labelled() for _, _, f, _ in e.findings}

    def read(text: str) -> Guess:
        parsed = loop.run_until_complete(agent.parse_message(text))
        ranked = [i for i in parsed.get("intent_ranking", []) if i["name"] != "nlu_fallback"] or [parsed["intent"]]
        return Guess(ranked[0]["name"], float(ranked[0]["confidence"]), findings_in(parsed.get("entities", []), known))

    return read


def findings_in(entities: Sequence[Mapping[str, Any]], known: set[str]) -> dict[str, str]:
    """Of two roles of one finding the stronger counts. A value that is no finding is left out: nothing is held against it."""
    found: dict[str, str] = {}
    for entity in entities:
        name = entity["value"] if entity["entity"] == "finding" else entity["entity"]
        if name in known:
            role = entity.get("role") or "present"
            found[name] = min(role, found.get(name, role), key=STRONGEST.index)
    return found


# --- contenders ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Contender:
    """reads_findings: its findings are judged too. slow: left out of a quick run. asked: only measured when it is named."""

    words: str
    train: Training
    reads_findings: bool = False
    slow: bool = False
    asked: bool = False


CONTENDERS = {
    "rasa": Contender("Rasa's default pipeline (DIET), data/nlu.yml as it is", through_rasa(DEFAULT, one_entity), True, True),
    "rasa-each": Contender("Rasa's default pipeline (DIET), each finding an entity of its own", through_rasa(DEFAULT, entity_each), True, True),
    "rasa-all": Contender("the same, trained on all of data/messages", through_rasa(DEFAULT, entity_each, everything=True), True, True, True),
    "spacy": Contender("logistic regression on lexical features of spaCy's tokens", regression(by_spacy)),
    "letters": Contender("logistic regression on letters (2 to 5 in a row)", regression(by_letters)),
    "vector": Contender("logistic regression on the network's vector", regression(by_vector)),
    "both": Contender("logistic regression on letters and vector", regression(by_both)),
    "network": Contender("the network's own intent head", own_head),
    "project": Contender("config.yml as it stands, through Rasa", through_rasa("", one_entity), True, True),
}


@dataclass(frozen=True)
class Measured:
    """What one contender did. guesses: (right, given, confidence). findings: rows of found, marked, right, right in role."""

    name: str
    guesses: list[tuple[str, str, float]]
    questions: list[bool]
    findings: list[tuple[int, int, int, int]]
    milliseconds: list[float]
    megabytes: float
    peak: float
    seconds: float
    epochs: int = 0

    @property
    def words(self) -> str:
        return CONTENDERS[self.name].words + (f" ({self.epochs} passes)" if self.name.startswith("rasa") else "")

    @property
    def accuracy(self) -> Figure:
        return share(right == given for right, given, _ in self.guesses)

    @property
    def error(self) -> float:
        return calibration([c for _, _, c in self.guesses], [r == g for r, g, _ in self.guesses])[1]

    @property
    def each_intent(self) -> float:
        """Mean accuracy of the intents, each counted once."""
        names = sorted({right for right, _, _ in self.guesses})
        return statistics.fmean(statistics.fmean(g == name for r, g, _ in self.guesses if r == name) for name in names)

    @property
    def accepted(self) -> Figure:
        """Out of scope taken as in scope."""
        return share(given not in (*OUT, "crisis") for right, given, _ in self.guesses if right in OUT)

    @property
    def found(self) -> Figure | None:
        """F1 of findings, with the role."""
        return bootstrap(self.findings, lambda s: f1(s[0], s[1], s[3])) if self.findings else None


def measure(name: str, every: int, epochs: int) -> Measured:
    """Trains and reads in this process: it should do nothing else."""
    contender, messages = CONTENDERS[name], held_back(every)
    with tempfile.TemporaryDirectory() as folder:
        before = time.perf_counter()
        read = contender.train(examples(), Path(folder), epochs)
        seconds = time.perf_counter() - before
        read("my knee hurts")  # everything is loaded before the clock runs
        guesses, took = [], []
        for message in messages:
            begin = time.perf_counter()
            guesses.append(read(message.text))
            took.append((time.perf_counter() - begin) * 1000)
    return Measured(
        name, [(str(m.intent), g.intent, g.confidence) for m, g in zip(messages, guesses)],
        [m.intent == g.intent for m, g in zip(messages, guesses) if m.kind == "questions"],
        [row(m, g.findings) for m, g in zip(messages, guesses)] if contender.reads_findings else [],
        took, memory_of(os.getpid()).own, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seconds, epochs,
    )  # fmt: skip


def row(message: Marked, findings: Mapping[str, str]) -> tuple[int, int, int, int]:
    said = {i: r for i, r in findings.items() if r != "mentioned" and i not in message.not_counted}
    both = set(said) & set(message.stated)
    return len(said), len(message.stated), len(both), sum(said[i] in message.stated[i] for i in both)


# --- table and pictures ---------------------------------------------------------------------------------

HEAD = (
    "contender", "accuracy (95 % interval)", "questions and out of scope alone", "each intent once", "out of scope let in",
    "calibration error", "findings F1 with role", "ms a message (median)", "memory, MB", "peak in training, MB", "training, s",
)  # fmt: skip


def line(measured: Measured) -> tuple[str, ...]:
    found = measured.found
    return (
        measured.words, _short(measured.accuracy), f"{share(measured.questions).value:.3f}", f"{measured.each_intent:.3f}",
        f"{measured.accepted.value:.3f}", f"{measured.error:.3f}", _short(found) if found else "–",
        f"{statistics.median(measured.milliseconds):.1f}", f"{measured.megabytes:.0f}", f"{measured.peak:.0f}", f"{measured.seconds:.0f}",
    )  # fmt: skip


def _short(figure: Figure) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def bars(all_measured: Sequence[Measured], path: Path) -> None:
    from evaluation import pictures

    figure, axes = pictures.plt.subplots(figsize=(9, 1 + 0.5 * len(all_measured)))
    ranked = sorted(all_measured, key=lambda m: m.accuracy.value)
    middle = [m.accuracy.value for m in ranked]
    spread = [[m.accuracy.value - m.accuracy.low for m in ranked], [m.accuracy.high - m.accuracy.value for m in ranked]]
    axes.barh([m.words for m in ranked], middle, xerr=spread, color="#2b6cb0", ecolor="#1a202c")
    axes.set(xlabel="intent accuracy on messages never trained on, 95 % interval", xlim=(0.5, 1))
    pictures._save(figure, path)


def draw(all_measured: Sequence[Measured]) -> Measured:
    """Gives the winner: the most accurate."""
    from evaluation import pictures

    winner = max(all_measured, key=lambda m: m.accuracy.value)
    bars(all_measured, PICTURES / "intents-accuracy.png")
    counts = confusion((right, given) for right, given, _ in winner.guesses)
    pictures.confusion(counts, PICTURES / "intents-confusion.png", f"Intents: {winner.words}")
    return winner


# --- the command ----------------------------------------------------------------------------------------


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evaluation.intents", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, help="some of the contenders; writes nothing")
    parser.add_argument("--quick", action="store_true", help="every tenth message, without the slow ones through Rasa; writes nothing")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of DIET (Rasa's default: 100)")
    parser.add_argument("--kept", type=Path, metavar="FOLDER", help="keeps there what each contender did, and does not measure again what is there already")
    parser.add_argument("--one", choices=CONTENDERS, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def apart(name: str, options: argparse.Namespace) -> Measured:
    """Measures one contender in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        to = (options.kept or Path(folder)) / f"{name}.json"
        to.parent.mkdir(parents=True, exist_ok=True)
        if to.exists():
            return Measured(**json.loads(to.read_text(encoding="utf-8")))
        print(f"… {CONTENDERS[name].words}", file=sys.stderr, flush=True)
        command = [sys.executable, "-m", "evaluation.intents", "--one", name, "--to", str(to), "--epochs", str(options.epochs)]
        command += ["--quick"] if options.quick else []
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
        return Measured(**json.loads(to.read_text(encoding="utf-8")))


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments(argv)
    every = 10 if options.quick else 1
    if options.one:
        options.to.write_text(json.dumps(vars(measure(options.one, every, options.epochs))), encoding="utf-8")
        return
    names = options.only or [name for name, contender in CONTENDERS.items() if not contender.asked and not (options.quick and contender.slow)]
    all_measured = [apart(name, options) for name in names]
    about = f"{len(examples())} training messages; read: {len(all_measured[0].guesses)} messages never trained on; {os.cpu_count()} processors.\n"
    table = grid("Contenders", HEAD, [line(m) for m in all_measured])
    print(about, table, sep="\n")
    if not (options.only or options.quick):
        winner = draw(all_measured)
        into(DOCUMENT, f"{about}\n{table}\nMost accurate: {winner.words}.")


if __name__ == "__main__":
    main()
