"""python -m evaluation.soak: the production profile on this machine with its real parts, people in it, and one part after another
killed. Prints what was lost, mixed up or left without an answer. What is wanted is nothing."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp

from evaluation.bench_load import percentile
from evaluation.people import Found, Person, crowd, interleaved
from evaluation.production import Production

FULL = """CREATE OR REPLACE FUNCTION knee_full() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER knee_full BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION knee_full()"""


# --- faults ---------------------------------------------------------------------------------------------

Fault = tuple[str, Callable[[Production], None], Callable[[Production], None]]


def _nothing(production: Production) -> None:
    return None


def _restart_all(production: Production) -> None:
    production.stop()
    production.start()


FAULTS: tuple[Fault, ...] = (
    ("a worker is killed", lambda p: p.kill("worker", 0), _nothing),
    ("both action servers are killed", lambda p: p.kill("action server"), _nothing),
    ("Redis is killed", lambda p: p.kill("Redis"), _nothing),
    ("PostgreSQL is killed", lambda p: p.kill("PostgreSQL"), _nothing),
    ("the disk of PostgreSQL is full (a trigger answers as a full disk does)", lambda p: p.sql(*FULL.split(";\nCREATE TRIGGER")[:1], "CREATE TRIGGER" + FULL.split(";\nCREATE TRIGGER")[1]), lambda p: p.sql("DROP TRIGGER knee_full ON events")),
    ("the balancer is killed", lambda p: p.kill("balancer"), _nothing),
    ("a new model is taken into use (SIGHUP)", lambda p: p.process.send_signal(signal.SIGHUP), _nothing),
    ("everything is stopped and started", _restart_all, _nothing),
)  # fmt: skip


async def soak(production: Production, people: int, seconds: float, faults: tuple[Fault, ...] = FAULTS, tell: Callable[[str], None] = print) -> Found:
    """People talk all the time; each fault has so many seconds to heal. During each, somebody new is in danger."""
    found, going_on = Found(), [True]
    everybody = asyncio.ensure_future(crowd(production.url, people, lambda: going_on[0], found, hasty=0.03, pause=0.4))
    await asyncio.sleep(seconds / 2)
    for name, harm, heal in faults:
        before = (found.turns, found.again, len(found.wrong))
        harming: Awaitable[None] = asyncio.get_running_loop().run_in_executor(None, harm, production)
        await _dangers(production.url, found, seconds)
        await harming
        heal(production)
        turns, again, wrong = found.turns - before[0], found.again - before[1], len(found.wrong) - before[2]
        tell("\n  ".join([f"{name}: {turns} turns answered, {again} messages sent again, {wrong} wrong", *found.wrong[before[2] : before[2] + 5]]))
    going_on[0] = False
    await everybody
    return found


async def _dangers(url: str, found: Found, seconds: float) -> None:
    end = time.monotonic() + seconds
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        while time.monotonic() < end:
            await Person(url, found).in_danger(http)
            await asyncio.sleep(0.25)


def report(found: Found) -> str:
    middle, late = percentile(found.seconds, 0.5), percentile(found.seconds, 0.99)
    lines = [
        f"{found.turns} turns; {found.again} messages sent again; median {middle * 1000:.0f} ms, 99th percentile {late:.1f} s",
        f"acknowledged turns lost: {len(found.lost)}", f"conversations mixed up: {len(found.mixed)}", f"answers without a sentence: {len(found.silent)}",
        f"emergencies without their card: {len(found.no_card)}", f"messages never answered: {len(found.unanswered)}",
    ]  # fmt: skip
    return "\n".join([*lines, *found.wrong[:20]])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.soak", description=__doc__)
    parser.add_argument("--people", type=int, default=20, help="at once")
    parser.add_argument("--seconds", type=float, default=25.0, help="for each fault")
    parser.add_argument("--interleaved", type=int, default=1000, help="conversations whose turns are shuffled among each other")
    options = parser.parse_args(argv)
    with Production() as production:
        print(f"{options.people} people at once, two workers. {options.seconds:.0f} s for each fault.", flush=True)
        found = asyncio.run(soak(production, options.people, options.seconds, tell=lambda line: print(line, flush=True)))
        print(report(found), flush=True)
        shuffled = Found()
        asyncio.run(interleaved(production.url, options.interleaved, 32, shuffled))
        print(f"\n{options.interleaved} interleaved conversations:\n{report(shuffled)}")
    sys.exit(1 if found.wrong or shuffled.wrong else 0)


if __name__ == "__main__":
    main()
