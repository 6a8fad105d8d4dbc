"""python -m evaluation.capacity: how many people at once one and two workers serve on this machine, what a turn costs, and what a
thousand and a million conversations a day need by that. Writes docs/capacity.md and its picture.

The people are in the same machine and take their share of it, so a service of its own does better."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from evaluation.bench_load import percentile
from evaluation.people import Found, crowd
from evaluation.production import Production
from evaluation.report import grid, into
from service.training import ROOT

DOCUMENT, PICTURES = ROOT / "docs" / "capacity.md", ROOT / "docs" / "pictures"
PEOPLE = (10, 50, 100, 250, 500)
READS = 10.0  # seconds that a person takes, on average, before the next message
TURNS_OF_ONE = 10  # messages of one conversation: an assumption, near the median number of questions and what is asked besides
PEAK = 4  # the busiest minute has so many times the messages of an average one: an assumption
BUSY = 0.5  # of its processors a service should use at its peak, so that a worker can die


@dataclass(frozen=True)
class Step:
    """One number of people with one number of workers. seconds: of each answer; cpu: seconds of processor of all our processes."""

    workers: int
    people: int
    turns: int
    lasted: float
    seconds: Sequence[float]
    cpu: float
    megabytes: float
    wrong: int

    @property
    def per_second(self) -> float:
        return self.turns / self.lasted

    @property
    def cpu_of_a_turn(self) -> float:
        """Milliseconds."""
        return self.cpu / self.turns * 1000 if self.turns else float("nan")

    def row(self) -> list[str]:
        times = [f"{percentile(self.seconds, part) * 1000:.0f}" for part in (0.5, 0.95, 0.99)]
        return [str(self.workers), str(self.people), f"{self.per_second:.1f}", *times, f"{self.cpu_of_a_turn:.0f}", f"{self.megabytes:.0f}", str(self.wrong)]


async def step(production: Production, workers: int, people: int, seconds: float, pause: float) -> Step:
    """After everybody has begun, for so many seconds."""
    found, going_on = Found(), [True]
    everybody = asyncio.ensure_future(crowd(production.url, people, lambda: going_on[0], found, pause=pause))
    await asyncio.sleep(max(pause, 3.0))
    (cpu, _), turns, answers, began = production.usage(), found.turns, len(found.seconds), time.perf_counter()
    await asyncio.sleep(seconds)
    (later, megabytes), lasted = production.usage(), time.perf_counter() - began
    measured, times = found.turns - turns, found.seconds[answers:]
    going_on[0] = False
    await everybody
    return Step(workers, people, measured, lasted, times, later - cpu, megabytes, len(found.wrong))


def measure(workers: int, people: Sequence[int], seconds: float, tell: Any) -> tuple[list[Step], Step, float]:
    """With pauses, then 16 people without any; and the bytes of one conversation in the database."""
    with Production(workers=workers) as production:
        steps = []
        for number in people:
            steps.append(asyncio.run(step(production, workers, number, seconds, READS)))
            tell(" ".join(steps[-1].row()))
        full = asyncio.run(step(production, workers, 16, seconds, 0.0))
        tell("without pauses: " + " ".join(full.row()))
        with production.connected() as connection:
            size = connection.execute(sa.text("SELECT pg_total_relation_size('events') + pg_total_relation_size('states')")).scalar() or 0
            count = connection.execute(sa.text("SELECT count(*) FROM states")).scalar() or 1
    return steps, full, size / count


def needs(full: Step, bytes_of_one: float, steps: Sequence[Step]) -> str:
    """For a thousand and a million conversations a day."""
    by_workers = {each.workers: each.megabytes for each in steps}
    worker = (by_workers[max(by_workers)] - by_workers[min(by_workers)]) / max(1, max(by_workers) - min(by_workers))
    rows = []
    for a_day in (1_000, 1_000_000):
        average = a_day * TURNS_OF_ONE / 86400
        cores = average * PEAK * full.cpu_of_a_turn / 1000 / BUSY
        workers = max(1, round(cores + 0.499))
        rows.append([
            f"{a_day:,}", f"{average:.2f}", f"{average * PEAK:.1f}", f"{cores:.2f}", f"{workers}", f"{workers * worker / 1000:.1f}",
            f"{a_day * bytes_of_one / 1e9:.2f}",
        ])  # fmt: skip
    head = ("conversations a day", "messages a second, average", "at the peak", "processor cores", "workers", "their memory, GB", "database of a day, GB")
    return grid("What it needs", head, rows)


def picture(steps: Sequence[Step]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(7, 4))
    for workers in sorted({each.workers for each in steps}):
        mine = [each for each in steps if each.workers == workers]
        for part, style in ((0.5, "-"), (0.95, "--")):
            axis.plot([each.people for each in mine], [percentile(each.seconds, part) * 1000 for each in mine], style, marker="o", label=f"{workers} worker{'s' * (workers > 1)}, {part:.0%} of answers")
    axis.set(xlabel=f"people at once, a message each {READS:.0f} s", ylabel="milliseconds", xscale="log", yscale="log", title="Within which time are people answered?")
    axis.legend()
    figure.tight_layout()
    figure.savefig(PICTURES / "capacity.png", dpi=110)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.capacity", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each number of people")
    parser.add_argument("--people", type=int, nargs="+", default=list(PEOPLE))
    options = parser.parse_args(argv)
    print("workers people turns/s p50 p95 p99 cpu-ms/turn MB wrong", flush=True)
    results = [measure(workers, options.people, options.seconds, lambda line: print(line, flush=True)) for workers in (1, 2)]
    steps, full = [each for steps, _, _ in results for each in steps], [full for _, full, _ in results]
    ratio = full[1].cpu_of_a_turn / full[0].cpu_of_a_turn
    head = ("workers", "people at once", "turns a second", "p50 ms", "p95 ms", "p99 ms", "processor ms a turn", "memory MB", "wrong")
    text = "\n".join([
        f"Measured by `python -m evaluation.capacity` on {platform.machine()}, {os.cpu_count()} cores, the people included. PostgreSQL, Redis, nginx and the "
        f"action servers count in processor and memory.\n",
        grid(f"With pauses of {READS:.0f} s between an answer and the next message", head, [each.row() for each in steps]),
        grid("Sixteen people who never pause", head, [each.row() for each in full]),
        f"A turn with two workers costs {ratio:.2f} times the processor seconds of a turn with one.\n",
        needs(full[1], results[1][2], steps),
        f"This assumes {TURNS_OF_ONE} messages a conversation, a peak of {PEAK} times the average, and that {BUSY:.0%} of the processors are used at the peak. "
        f"One conversation of this run takes {results[1][2] / 1000:.0f} kB in PostgreSQL.\n",
        "![answers and people](pictures/capacity.png)",
    ])  # fmt: skip
    picture(steps)
    into(DOCUMENT, text)
    print(text)


if __name__ == "__main__":
    main()
