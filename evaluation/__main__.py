"""python -m evaluation: how well messages are understood and people are advised, as tables and pictures."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bot.library import LEVELS
from evaluation import consultations, pictures, understanding
from evaluation.consultations import Played
from evaluation.marked import SETS, Marked, outside, own, plain
from evaluation.report import Rows, as_markdown, as_text, grid, into
from evaluation.understood import Understand, by_bot, by_rasa

ROOT = Path(__file__).parent.parent
DOCUMENT, PICTURES = ROOT / "docs" / "evaluation.md", ROOT / "docs" / "pictures"
MODEL = ROOT / "models" / "knee-guide.tar.gz"
QUICK_MESSAGES, QUICK_CASES = 6, 5  # every sixth message, every fifth case


def tell(words: str) -> None:
    print(f"… {words}", file=sys.stderr, flush=True)


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a part of the messages and cases; writes nothing")
    parser.add_argument("--only", choices=("messages", "cases"), help="one half of the evaluation; writes nothing")
    parser.add_argument("--messages", type=Path, help="an outside file of marked messages, reported apart and never written down")
    parser.add_argument("--rasa", nargs="?", const=MODEL, type=Path, metavar="MODEL", help="read messages through a trained Rasa model; writes nothing")
    parser.add_argument("--misses", type=int, default=0, metavar="N", help="list the N worst messages of each kind")
    parser.add_argument("--verbose", action="store_true", help="list the open cases that fail, with what was asked and told")
    parser.add_argument("--no-typos", action="store_true", help="skip the two runs with typos")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated people")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    options, begin, parts = arguments(argv), time.perf_counter(), []
    writes = not (options.quick or options.only or options.rasa)
    if options.only != "cases":
        parts += messages(options, writes)
    if options.only != "messages":
        parts += all_cases(options, writes)
    if writes:
        into(DOCUMENT, "\n".join(parts))
        tell(f"written to {DOCUMENT.relative_to(ROOT)} and {PICTURES.relative_to(ROOT)}/")
    tell(f"{time.perf_counter() - begin:.0f} s")


def show(title: str, rows: Rows, apart: bool = False) -> list[str]:
    """Prints a table and gives it for the document; nothing for the document where it stands apart."""
    print(as_text(title, rows), flush=True)
    return [] if apart else [as_markdown(title, rows)]


# --- messages -----------------------------------------------------------------------------------------


def own_messages(quick: bool) -> list[Marked]:
    """Messages that also stand in the training data are left out, and counted aloud."""
    every = [message for name in SETS for message in own(name)]
    trained = trained_on()
    kept = [message for message in every if plain(message.text) not in trained]
    tell(f"{len(kept)} messages; {len(every) - len(kept)} left out that stand in the training data too")
    return kept[::QUICK_MESSAGES] if quick else kept


def trained_on(data: Path = ROOT / "data") -> set[str]:
    lines = (line for file in sorted((data / "messages").glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines())
    return {plain(json.loads(line)["text"]) for line in lines if line.strip()} - {""}


def messages(options: argparse.Namespace, writes: bool) -> list[str]:
    understand: Understand = by_rasa(options.rasa) if options.rasa else by_bot
    understand("my knee hurts")  # everything is loaded before the clock runs
    reads = understanding.read_all(own_messages(options.quick), understand, tell)
    tables = understanding.measure(reads)
    if not options.no_typos:
        tell("the same messages with typos")
        tables.figures["Typos (and what they change)"] = understanding.typo_figures(reads, understand)
    parts = ["## Messages", "", *(part for title, rows in tables.figures.items() for part in show(title, rows))]
    if writes:
        pictures.confusion(tables.confusion, PICTURES / "intent-confusion.png", "Intents")
        pictures.confidence(tables.confidences, PICTURES / "intent-confidence.png")
        pictures.calibration(tables.curve, PICTURES / "intent-calibration.png")
    list_misses(reads, options.misses)
    if options.messages:
        apart = understanding.read_all(outside(options.messages), understand)
        show(f"Outside messages: {options.messages.name} ({len(apart)})", understanding.outside_figures(apart), apart=True)
        list_misses(apart, options.misses)
    return parts


def list_misses(reads: Sequence[understanding.Read], at_most: int) -> None:
    if at_most:
        for kind, lines in understanding.misses(reads, at_most).items():
            print(f"\nMisses: {kind}", *lines, sep="\n  ")
        print("\nFindings most often wrong", *understanding.most_often_wrong(reads, at_most), sep="\n  ")


# --- cases --------------------------------------------------------------------------------------------


def all_cases(options: argparse.Namespace, writes: bool) -> list[str]:
    """The untouched half is counted, never shown: no case of it may steer what is built."""
    step = QUICK_CASES if options.quick else 1
    seen = consultations.play_all(consultations.cases("open")[::step], options.seed, tell)
    unseen = consultations.play_all(consultations.cases("untouched")[::step], options.seed, tell)
    parts = ["## Cases", ""]
    parts += show(f"Open half ({len(seen)} cases)", consultations.measure(seen))
    parts += show(f"Untouched half ({len(unseen)} cases)", consultations.measure(unseen))
    parts.append(by_condition(seen))
    if writes:
        draw(seen, unseen)
    if options.verbose:
        list_failing(seen)
    return parts


def by_condition(seen: Sequence[Played]) -> str:
    head = ("condition", "cases", "first", "among three", "in the list", "care level right", "care level too low", "questions (median)")
    table = grid("Open half, by condition (ranked by what was told)", head, consultations.by_condition(seen))
    print(f"\n{table}")
    return table


def draw(seen: Sequence[Played], unseen: Sequence[Played]) -> None:
    order = (*LEVELS, "no card")
    pictures.confusion(consultations.care_confusion(seen), PICTURES / "care-open.png", "Care levels, open half", order)
    pictures.confusion(consultations.care_confusion(unseen), PICTURES / "care-untouched.png", "Care levels, untouched half", order)
    pictures.confusion(consultations.condition_confusion(seen), PICTURES / "conditions-open.png", "Conditions ranked first, open half")


def list_failing(seen: Sequence[Played]) -> None:
    for played in consultations.failing(seen):
        print(f"\n{consultations.summary(played)}", *played.talk, sep="\n    ")


if __name__ == "__main__":
    main()
