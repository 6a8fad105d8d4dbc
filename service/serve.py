"""python -m service.serve: bot, action server and the website page on this machine, until Ctrl-C. SIGHUP takes a new model into use."""

from __future__ import annotations

import argparse
import os

from service.processes import Child, Watch, action_server, rasa_server, start_all, stop_on_signals
from service.production import refuse_unsafe, service
from service.training import check_model, environment


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m service.serve", description=__doc__)
    parser.add_argument("--profile", choices=("single", "production"), default="single", help="production: several workers, PostgreSQL, Redis and nginx")
    production = parser.parse_args(argv).profile == "production"
    check_model()
    refuse_unsafe(production)
    stop_on_signals()
    running: list[Child] = []
    try:
        print("Starting ", end="", flush=True)
        workers = _production(running) if production else _single(running)
        print(_ready(workers, production), flush=True)
        Watch(running, workers, check_model).forever()
    except KeyboardInterrupt:
        print()
    finally:
        for child in reversed(running):
            child.stop()


def _single(running: list[Child]) -> list[Child]:
    running += [action_server(), rasa_server()]
    start_all(running)
    return running[1:]


def _production(running: list[Child]) -> list[Child]:
    """Stores, then workers, then the balancer: nobody is let in before somebody can answer."""
    parts = service()
    for group in (parts.stores, (*parts.actions, *parts.workers), (parts.balancer,)):
        running += group
        start_all(group)
    return list(parts.workers)


def _ready(workers: list[Child], production: bool) -> str:
    lines = [f"\nKnee Guide is ready: http://127.0.0.1:{environment()['BOT_PORT']}/"]
    if production:
        lines += [f"{worker.name}: {worker.ready}ready and {worker.ready}metrics" for worker in workers]
        lines.append(f"Conversations: {os.environ['KNEE_GUIDE_DATABASE'].split('@')[-1]}; locks: {os.environ['KNEE_GUIDE_REDIS'].split('@')[-1]}")
    else:
        lines.append(f"REST: POST {workers[0].ready}webhooks/rest/webhook")
    return "\n".join([*lines, f"A new model: kill -HUP {os.getpid()}. Stop with Ctrl-C."])


if __name__ == "__main__":
    main()
