"""python -m evaluation.bench: speed, memory and size of Knee Guide beside Rasa's default bot and two floors, in one run on this machine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.bench_bots import DEFAULT, IDLE, KEYWORDS, OURS, Bot, Running, bots, free_port, launched, plain, train
from evaluation.bench_knowledge import enlarge
from evaluation.bench_load import TALKS, Load, load, one_conversation
from evaluation.bench_memory import Memory
from evaluation.report import grid, into
from service.processes import stop_on_signals
from service.training import ROOT, environment

DOCUMENT, PICTURES = ROOT / "docs" / "performance.md", ROOT / "docs" / "pictures"
LARGE = "large"
TIMES = 10  # how much larger the generated knowledge is
AT_ONCE = (1, 8, 32)
PARTS = ("reading", "policies", "action server", "way to it and back", "tracker store", "rest of Rasa", "channel")
EARLY, LATE = slice(2, 7), slice(197, 202)  # the five turns round turn 5 and round turn 200: the same five messages
CYCLE = ("my knee hurts going down stairs", "what is a meniscus tear", "no", "why do you ask", "it is a bit swollen too")
WORDS_200 = " ".join(["my knee has been sore since i began running again and it is worse going down stairs, but it is not hot and i feel well."] * 8)
LETTERS_100000 = ("it hurts on stairs and when i sit for long. " * 2300)[:100_000]


@dataclass(frozen=True)
class Plan:
    """messages: sent at 1, 8 and 32 at once. epochs: passes of the default bot's networks (Rasa's default is 100)."""

    names: tuple[str, ...] = (OURS, DEFAULT, KEYWORDS, IDLE, LARGE)
    rounds: int = 3
    messages: Mapping[int, int] = field(default_factory=lambda: {1: 60, 8: 240, 32: 320})
    parts: int = 90
    turns: int = 202
    trainings: int = 1
    epochs: int = 100


QUICK = Plan((OURS, KEYWORDS, IDLE), 1, {1: 30, 8: 80, 32: 96}, 30, 7, 0)


@dataclass(frozen=True)
class Round:
    """One start of one bot. Seconds; memory after all the messages; milliseconds of long messages and of single turns."""

    ready: float
    first: float
    memory: Mapping[str, Memory]
    loads: Mapping[int, Load]
    words_200: float = float("nan")
    letters_100000: float = float("nan")
    turns: tuple[float, ...] = ()

    @property
    def all_memory(self) -> Memory:
        return sum(self.memory.values(), Memory(0.0, 0.0))


@dataclass
class Found:
    """Everything that one run measured, by the bot's name."""

    training: dict[str, float] = field(default_factory=dict)
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    parts: dict[str, dict[str, float]] = field(default_factory=dict)
    prompt: float = float("nan")

    def middle(self, name: str, what: Callable[[Round], float]) -> float:
        numbers = [what(one) for one in self.rounds.get(name, ())]
        return statistics.median(numbers) if numbers else float("nan")

    def turn(self, name: str) -> float:
        """Milliseconds of a turn, one person at a time."""
        return self.middle(name, lambda r: statistics.fmean(r.loads[1].milliseconds))


def tell(words: str) -> None:
    print(f"… {time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


# --- measuring ----------------------------------------------------------------------------------------


def measure(plan: Plan, folder: Path) -> Found:
    found, all_bots = Found(), bots(folder, plan.epochs)
    knowledge = enlarge(folder / "knowledge", TIMES) if LARGE in plan.names else None
    prepare(plan, all_bots, folder, found)
    for number in range(plan.rounds):
        for name in plan.names:  # interleaved: a slow minute of the machine meets all of them
            bot, command = all_bots[OURS if name == LARGE else name], launched(knowledge=knowledge) if name == LARGE and knowledge else plain
            tell(f"round {number + 1} of {plan.rounds}: {name}")
            found.rounds.setdefault(name, []).append(one_round(bot, plan, folder, command, name))
    for name in plan.names:
        if name != LARGE:
            tell(f"parts of a turn: {name}")
            found.parts[name] = parts(all_bots[name], plan.parts, folder)
    tell("the conversation in the terminal, until its first prompt")
    found.prompt = statistics.median(first_prompt() for _ in range(plan.rounds))
    return found


def prepare(plan: Plan, all_bots: Mapping[str, Bot], folder: Path, found: Found) -> None:
    """Trains each bot with nothing in Rasa's cache. Models that are already in the folder stay, with the time they took."""
    notes = folder / "models" / "training.json"
    known: dict[str, float] = json.loads(notes.read_text()) if notes.exists() else {}
    for name in plan.names:
        if name in (IDLE, LARGE) or (name == OURS and not plan.trainings):  # they run on our model
            continue
        if name not in known:
            tell(f"training: {name}")
            known[name] = statistics.median(train(all_bots[name], folder / "models") for _ in range(max(1, plan.trainings)))
            notes.write_text(json.dumps(known))
        found.training[name] = known[name]


def one_round(bot: Bot, plan: Plan, folder: Path, command: Callable[[Sequence[str], str], list[str]], name: str) -> Round:
    with Running(bot, folder, command) as running:
        one_conversation(running.url, TALKS[0][:1])
        first = time.perf_counter() - running.began
        load(running.url, 10, 1)  # what is loaded on first use is loaded now
        loads = {n: load(running.url, count, n) for n, count in plan.messages.items() if n == 1 or name != LARGE}
        memory = running.memory()
        if name != OURS:
            return Round(running.ready, first, memory, loads)
        long, very_long = (statistics.median(load(running.url, 5, 1, [(text,)]).milliseconds) for text in (WORDS_200, LETTERS_100000))
        turns = one_conversation(running.url, (CYCLE[n % len(CYCLE)] for n in range(plan.turns)))
        return Round(running.ready, first, memory, loads, long, very_long, tuple(turns.milliseconds))


def parts(bot: Bot, messages: int, folder: Path) -> dict[str, float]:
    """Mean milliseconds of each part of a turn, from timers within both servers: means, so that they add up."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        with Running(bot, folder, launched(parts=Path(place))) as running:
            load(running.url, 10, 1)
            for file in Path(place).iterdir():
                file.write_text("")
            whole = load(running.url, messages, 1)
        turns, calls = (lines(Path(place) / f"{process}.parts") for process in ("rasa", "actions"))
    return split(statistics.fmean(whole.milliseconds), turns, calls)


def lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def split(whole: float, turns: Sequence[Mapping[str, float]], calls: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """whole: what the client waited. turns: what Rasa's timers say. calls: what the action server's timers say."""

    def mean(part: str) -> float:
        return sum(turn.get(part, 0.0) for turn in turns) / len(turns)

    inside = sum(call["action"] for call in calls) / len(turns)
    named = {"reading": mean("reading"), "policies": mean("policies"), "action server": inside}
    named |= {"way to it and back": mean("action") - inside, "tracker store": mean("store")}
    rest = mean("turn") - sum(named.values())
    return {**named, "rest of Rasa": rest, "channel": whole - mean("turn")}


def first_prompt() -> float:
    """Seconds until a person can type, everything being installed and trained."""
    env = {**environment(), "ACTIONS_PORT": str(free_port())}
    begin = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", "service.chat"], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as chat:
        seen = b""
        while not seen.endswith(b"\n> "):
            letter = chat.stdout.read(1) if chat.stdout else b""
            if not letter:
                return float("nan")
            seen += letter
        seconds = time.perf_counter() - begin
        chat.communicate(b"/quit\n")
    return seconds


# --- tables -------------------------------------------------------------------------------------------

WORDS = {
    OURS: "Knee Guide", DEFAULT: "Rasa's default", KEYWORDS: "floor: keywords, no action", IDLE: "floor: ours, idle action", LARGE: "ours, knowledge ten times",
}  # fmt: skip


def size(bot: Bot) -> float:
    return bot.runs_on.stat().st_size / 1e6 if bot.runs_on.exists() else float("nan")


def rows(found: Found, sizes: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Row → bot → median over the rounds."""
    middle, names = found.middle, list(found.rounds)
    table = {
        "ready, s": {n: middle(n, lambda r: r.ready) for n in names},
        "first answer after a cold start, s": {n: middle(n, lambda r: r.first) for n in names},
        "training, s": dict(found.training),
        "model file, MB": dict(sizes),
        "memory: Rasa, MB": {n: middle(n, lambda r: r.memory["bot"].own) for n in names},
        "memory: action server, MB": {n: middle(n, lambda r: r.memory["action server"].own) for n in names if "action server" in found.rounds[n][0].memory},
        "memory: all, shared pages counted once (PSS), MB": {n: middle(n, lambda r: r.all_memory.fair) for n in names},
        "memory: all, MB": {n: middle(n, lambda r: r.all_memory.own) for n in names},
    }
    for at_once in AT_ONCE:
        these = [n for n in names if at_once in found.rounds[n][0].loads]
        table[f"messages a second, {at_once} at once"] = {n: middle(n, lambda r, a=at_once: r.loads[a].per_second) for n in these}
        table[f"turn, {at_once} at once: median, ms"] = {n: middle(n, lambda r, a=at_once: r.loads[a].at(0.5)) for n in these}
        table[f"turn, {at_once} at once: 95 of 100, ms"] = {n: middle(n, lambda r, a=at_once: r.loads[a].at(0.95)) for n in these}
    table["turn, 1 at once: mean, ms"] = {n: found.turn(n) for n in names}
    long = [n for n in names if found.rounds[n][0].turns]
    table["a message of 200 words, ms"] = {n: middle(n, lambda r: r.words_200) for n in long}
    table["a message of 100,000 letters, ms"] = {n: middle(n, lambda r: r.letters_100000) for n in long}
    for words, these in (("turns 3 to 7 of one conversation: mean, ms", EARLY), ("turns 198 to 202: mean, ms", LATE)):
        table[words] = {n: middle(n, lambda r, these=these: statistics.fmean(r.turns[these] or [float("nan")])) for n in long}
    table["answers without a text, or no answer"] = {n: float(sum(part.silent + part.failed for r in found.rounds[n] for part in r.loads.values())) for n in names}
    return table


@dataclass(frozen=True)
class Goal:
    """A ratio that should be at least or at most a limit."""

    words: str
    value: float
    limit: float
    least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit

    def row(self) -> tuple[str, ...]:
        sign = "≥" if self.least else "≤"
        if self.value != self.value:
            return self.words, "–", f"{sign} {self.limit:.3g}", "not measured"
        return self.words, f"{self.value:.2f}", f"{sign} {self.limit:.3g}", "yes" if self.is_met else "no"


def goals(found: Found, table: Mapping[str, Mapping[str, float]]) -> list[Goal]:
    nan = float("nan")

    def ratio(row: str, over: str = DEFAULT, name: str = OURS) -> float:
        return table[row].get(name, nan) / table[row].get(over, nan)

    early, late = table["turns 3 to 7 of one conversation: mean, ms"].get(OURS, nan), table["turns 198 to 202: mean, ms"].get(OURS, nan)
    return [
        Goal("messages a second at 8 at once, to the default", ratio("messages a second, 8 at once"), 3, least=True),
        Goal("95 of 100 turns at 8 at once, to the default", ratio("turn, 8 at once: 95 of 100, ms"), 1 / 3),
        Goal("95 of 100 turns at 1 at once, to the default", ratio("turn, 1 at once: 95 of 100, ms"), 1 / 3),
        Goal("ready, to the default", ratio("ready, s"), 0.55),
        Goal("memory of all processes, to the default", ratio("memory: all, MB"), 0.85),
        Goal("training, to the default", ratio("training, s"), 0.5),
        Goal("a turn, to our own with an idle action", ratio("turn, 1 at once: mean, ms", IDLE), 1.5),
        Goal("turn 200, to turn 5", late / early, 1.2),
        Goal("a turn with ten times the knowledge", ratio("turn, 1 at once: mean, ms", OURS, LARGE), 1.3),
        Goal("seconds until the first prompt of make chat", found.prompt, 25),
    ]


def number(value: float) -> str:
    return "–" if value != value else f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 or value == 0 else f"{value:.2f}"


def as_tables(found: Found, sizes: Mapping[str, float]) -> str:
    table, names = rows(found, sizes), list(found.rounds)
    head = ("what", *(WORDS[n] for n in names), "ours to the default")
    body = []
    for words, values in table.items():
        over = values.get(DEFAULT, float("nan"))
        times = values.get(OURS, float("nan")) / over if over else float("nan")
        body.append((words, *(number(values.get(n, float("nan"))) for n in names), "–" if times != times else f"{times:.2f}"))
    split_head = ("part", *(WORDS[n] for n in found.parts))
    split_rows = [(part, *(number(values[part]) for values in found.parts.values())) for part in PARTS]
    split_rows.append(("a whole turn", *(number(sum(values.values())) for values in found.parts.values())))
    return "\n".join(
        (
            grid("Measured", head, body),
            grid("Milliseconds of one turn by part (means)", split_head, split_rows),
            grid("Goals", ("ratio", "measured", "goal", "met"), [goal.row() for goal in goals(found, table)]),
        )
    )


def about(plan: Plan) -> str:
    """What was measured, in words."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "") if Path("/proc/cpuinfo").exists() else ""
    counts = ", ".join(f"{count} at {n} at once" for n, count in plan.messages.items())
    return (
        f"{os.cpu_count()} processors ({model or platform.machine()}), Python {platform.python_version()}. Each bot was started {plan.rounds} time{'s' * (plan.rounds > 1)}, in turn; "
        f"the table has medians over the starts. Each start: until both servers answer (ready), until the first message is answered, then {counts} "
        f"(conversations of {len(TALKS[0])} messages, each person waits for the answer); ours also a message of 200 words and one of 100,000 letters five times each, "
        f"and one conversation of {plan.turns} messages. Training: the whole command, once, with an empty cache. "
        f"Rasa's default bot learned from the same data in {plan.epochs} pass{'es' * (plan.epochs > 1)}. The client ran on the same machine and takes its share; "
        "files were in the memory of the operating system; resident memory is read from the kernel after the messages."
    )


# --- pictures -----------------------------------------------------------------------------------------

SHOWN = ("messages a second, 8 at once", "turn, 8 at once: 95 of 100, ms", "ready, s", "memory: all, MB", "training, s")
COLOURS = {OURS: "#2b6cb0", DEFAULT: "#e07b39", KEYWORDS: "#a0aec0", IDLE: "#718096", LARGE: "#63b3ed"}


def draw(found: Found, sizes: Mapping[str, float]) -> None:
    from evaluation import pictures

    table = rows(found, sizes)
    figure, all_axes = pictures.plt.subplots(1, len(SHOWN), figsize=(15, 3.4))
    for axes, words in zip(all_axes, SHOWN):
        values = {n: v for n, v in table[words].items() if v == v and n != LARGE}
        bars = axes.bar([WORDS[n].replace(": ", ":\n").replace(", ", ",\n") for n in values], list(values.values()), color=[COLOURS[n] for n in values])
        axes.bar_label(bars, labels=[number(v) for v in values.values()], fontsize=8)
        axes.set_title(words, fontsize=9)
        axes.tick_params(axis="x", labelsize=6)
    pictures._save(figure, PICTURES / "bench.png")
    draw_parts(found)


def draw_parts(found: Found) -> None:
    from evaluation import pictures

    figure, axes = pictures.plt.subplots(figsize=(9, 3))
    left = dict.fromkeys(found.parts, 0.0)
    for part, colour in zip(PARTS, pictures.plt.cm.tab10.colors):
        values = [max(0.0, split_of[part]) for split_of in found.parts.values()]
        axes.barh([WORDS[n] for n in found.parts], values, left=list(left.values()), label=part, color=colour)
        left = {n: left[n] + value for n, value in zip(left, values)}
    axes.set(xlabel="milliseconds of one turn (mean)")
    axes.invert_yaxis()
    axes.legend(fontsize=7, ncol=4, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    pictures._save(figure, PICTURES / "bench-parts.png")


# --- the profiler -------------------------------------------------------------------------------------


def profile(folder: Path, at_most: int = 45) -> None:
    """Where a turn of ours goes, by cProfile within both servers."""
    import pstats

    for title, texts in (("turns 1 to 6", [text for talk in TALKS for text in talk]), ("turns 190 to 202 of one conversation", None)):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            with Running(bots(folder, 1)[OURS], folder, launched(profile=Path(place))) as running:
                if texts:
                    load(running.url, 60, 1)
                else:
                    one_conversation(running.url, (CYCLE[n % len(CYCLE)] for n in range(202)))
            for process in ("rasa", "actions"):
                print(f"\n=== {title}: {process} ===")
                pstats.Stats(str(Path(place) / f"{process}.profile")).sort_stats("cumulative").print_stats(at_most)


# --- the command --------------------------------------------------------------------------------------


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evaluation.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one start each, without Rasa's default, which takes minutes to train; under 3 minutes; writes nothing")
    parser.add_argument("--models", type=Path, metavar="FOLDER", help="keeps the trained bots there, and uses those that are there already")
    parser.add_argument("--rounds", type=int, help="how often each bot is started")
    parser.add_argument("--only", nargs="+", choices=WORDS, help="some of the bots; writes nothing")
    parser.add_argument("--profile", action="store_true", help="where a turn of ours goes, by cProfile; writes nothing")
    return parser.parse_args(argv)


def plan_of(options: argparse.Namespace) -> Plan:
    plan = QUICK if options.quick else Plan()
    changed = {"rounds": options.rounds or plan.rounds, "names": tuple(n for n in (options.only or plan.names))}
    return Plan(**{**vars(plan), **changed})


def main(argv: Sequence[str] | None = None) -> None:
    options, begin = arguments(argv), time.perf_counter()
    stop_on_signals()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.models:
            options.models.mkdir(parents=True, exist_ok=True)
            (folder / "models").symlink_to(options.models.resolve(), target_is_directory=True)
        if options.profile:
            profile(folder)
            return
        plan = plan_of(options)
        found = measure(plan, folder)
        all_bots = bots(folder, plan.epochs)
        sizes = {n: size(all_bots[n]) for n in plan.names if n not in (IDLE, LARGE)}
        text = f"{about(plan)}\n\n{as_tables(found, sizes)}"
        print(text)
        if not (options.quick or options.only):
            draw(found, sizes)
            into(DOCUMENT, text)
            tell(f"written to {DOCUMENT.relative_to(ROOT)} and {PICTURES.relative_to(ROOT)}/")
    tell(f"{time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
