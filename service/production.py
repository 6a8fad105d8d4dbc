"""make serve PROFILE=production: several workers behind nginx, PostgreSQL for conversations, Redis for turns in order.

KNEE_GUIDE_DATABASE and KNEE_GUIDE_REDIS name servers of your own; without them both are started here, in run/data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from service import parts
from service.processes import Child, action_server, rasa_server
from service.training import environment

SHORTEST = 16  # characters of a secret
MOST = 32  # workers on one machine; their ports follow BOT_PORT and ACTIONS_PORT


@dataclass(frozen=True)
class Service:
    """stores start first, then workers with their action servers, then the balancer."""

    stores: tuple[Child, ...]
    actions: tuple[Child, ...]
    workers: tuple[Child, ...]
    balancer: Child

    @property
    def all(self) -> tuple[Child, ...]:
        return (*self.stores, *self.actions, *self.workers, self.balancer)


def workers_of(env: Mapping[str, str]) -> int:
    """KNEE_GUIDE_WORKERS; 0 when it is no number between 1 and MOST."""
    raw = env.get("KNEE_GUIDE_WORKERS") or "2"
    return int(raw) if raw.isdigit() and 1 <= int(raw) <= MOST else 0


def unsafe(env: Mapping[str, str], production: bool) -> Iterator[str]:
    """What must not be started like this, each with its reason."""
    if env.get("LOG_LEVEL", "").upper() == "DEBUG":
        yield "LOG_LEVEL is DEBUG: at that level Rasa writes down what people type. Unset it."
    if 0 < len(env.get("RASA_AUTH_TOKEN", "")) < SHORTEST:
        yield f"RASA_AUTH_TOKEN has fewer than {SHORTEST} characters: whoever guesses it reads every conversation."
    if 0 < len(env.get("KNEE_GUIDE_SECRET", "")) < SHORTEST:
        yield f"KNEE_GUIDE_SECRET has fewer than {SHORTEST} characters: whoever guesses it can take over a conversation."
    for name, needs in (("TELEGRAM_TOKEN", "TELEGRAM_SECRET"), ("SLACK_TOKEN", "SLACK_SIGNING_SECRET")):
        if env.get(name) and not env.get(needs):
            yield f"{name} is set and {needs} is not: anybody could write in another's name."
    if "*" in env.get("KNEE_GUIDE_ORIGINS", ""):
        yield "KNEE_GUIDE_ORIGINS has a *: every website could talk in its visitors' names. Name each address."
    if production:
        yield from _unsafe_production(env)


def _unsafe_production(env: Mapping[str, str]) -> Iterator[str]:
    if not workers_of(env):
        yield f"KNEE_GUIDE_WORKERS is {env.get('KNEE_GUIDE_WORKERS')!r}; it must be a whole number from 1 to {MOST}."
    if not env.get("KNEE_GUIDE_SECRET"):
        yield (
            "KNEE_GUIDE_SECRET is missing: each worker would sign cookies of its own, and people would lose their conversation. "
            "Make one, for example with: openssl rand -base64 32"
        )
    database = env.get("KNEE_GUIDE_DATABASE", "")
    if database and not urlsplit(database).scheme.startswith("postgresql"):
        yield "KNEE_GUIDE_DATABASE is not a PostgreSQL address: several workers cannot share another one safely."
    if env.get("KNEE_GUIDE_REDIS") and urlsplit(env["KNEE_GUIDE_REDIS"]).scheme not in ("redis", "rediss", "unix"):
        yield "KNEE_GUIDE_REDIS does not begin with redis://, rediss:// or unix://."


def refuse_unsafe(production: bool) -> None:
    reasons = list(unsafe(os.environ, production))
    if reasons:
        sys.exit("Knee Guide does not start like this:\n" + "\n".join(f"- {reason}" for reason in reasons))


def service() -> Service:
    """Everything that has to run. Sets the addresses of the stores in the environment."""
    env, stores = environment(), []
    bot, acting = int(env["BOT_PORT"]), int(env["ACTIONS_PORT"])
    if not os.environ.get("KNEE_GUIDE_DATABASE"):
        child, os.environ["KNEE_GUIDE_DATABASE"] = parts.postgres(bot + MOST + 1)
        stores.append(child)
    if not os.environ.get("KNEE_GUIDE_REDIS"):
        child, os.environ["KNEE_GUIDE_REDIS"] = parts.redis(bot + MOST + 2)
        stores.append(child)
    numbers = range(1, workers_of(os.environ) + 1)
    actions = [action_server(str(acting + n), f"action server {n}") for n in numbers]
    workers = [rasa_server(str(bot + n), str(acting + n), f"bot {n}") for n in numbers]
    balancer = parts.nginx(env["BOT_PORT"], [str(bot + n) for n in numbers])
    return Service(tuple(stores), tuple(actions), tuple(workers), balancer)
