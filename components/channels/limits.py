"""How much one person, or one address, may ask of us: rate, turns waiting, length. Counted in this process, set by the environment."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from rasa.shared.exceptions import RasaException
from sanic import Sanic
from sanic.request import Request

from components.channels.guard import LONGEST

KEPT = 20_000  # senders or addresses whose buckets are remembered
BODY = 1_000_000  # bytes of one request


def number(name: str, default: float) -> float:
    """A positive number from the environment."""
    raw = os.environ.get(name, "").strip()
    try:
        value = float(raw) if raw else default
    except ValueError:
        value = 0.0
    if value <= 0:
        raise RasaException(f"{name} is {raw!r}; it must be a number above 0, for example {default:g}.")
    return value


class Buckets:
    """A bucket of tokens for each key: full at first, one token for each message, refilled steadily."""

    def __init__(self, burst: float, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.burst, self.per_second, self.clock = burst, per_minute / 60, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """0 when the message may pass, otherwise the seconds until one may."""
        now = self.clock()
        left, then = self._left.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - then) * self.per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self.per_second
        self._left[key] = (left if wait else left - 1, now)
        while len(self._left) > KEPT:
            self._left.popitem(last=False)
        return wait


class Busy(Exception):
    """Too many messages of one person wait already."""


class Turns:
    """One turn at a time for each person; the next ones wait in the order they came."""

    def __init__(self, waiting: int) -> None:
        self.waiting = waiting
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, sender: str) -> AsyncIterator[None]:
        lock, users = self._locks.get(sender) or (asyncio.Lock(), 0)
        if users > self.waiting:
            raise Busy
        self._locks[sender] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[sender]
            if users == 1:
                del self._locks[sender]
            else:
                self._locks[sender] = (lock, users - 1)


def _sender() -> Buckets:
    return Buckets(number("KNEE_GUIDE_SENDER_BURST", 20), number("KNEE_GUIDE_SENDER_PER_MINUTE", 60))


def _address() -> Buckets:
    """Generous, because a whole clinic may share one address."""
    return Buckets(number("KNEE_GUIDE_ADDRESS_BURST", 300), number("KNEE_GUIDE_ADDRESS_PER_MINUTE", 600))


@dataclass(frozen=True)
class Limits:
    sender: Buckets = field(default_factory=_sender)
    address: Buckets = field(default_factory=_address)
    waiting: int = field(default_factory=lambda: int(number("KNEE_GUIDE_WAITING", 5)))
    longest: int = field(default_factory=lambda: min(LONGEST, int(number("KNEE_GUIDE_LONGEST", LONGEST))))

    def wait(self, sender: str | None, address: str | None) -> float:
        """Seconds until this message may pass; 0 now. Without an address only the sender is counted."""
        by_address = self.address.take(address) if address else 0.0
        return by_address or (self.sender.take(sender) if sender else 0.0)


def address_of(request: Request) -> str | None:
    """The public address. A peer on this machine is our proxy, or somebody on this machine: then there is none to count.

    KNEE_GUIDE_PROXIES says how many proxies stand in a row; what a client writes further left in the header is not believed."""
    peer = _parsed(request.ip)
    if peer is None or not peer.is_loopback:
        return _network(peer)
    hops = [hop.strip() for hop in ",".join(request.headers.getall("x-forwarded-for", [])).split(",") if hop.strip()]
    return _network(_parsed(hops[-min(len(hops), int(number("KNEE_GUIDE_PROXIES", 1)))])) if hops else None


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> str | None:
    """One household has a whole /64 of version 6."""
    if address is None:
        return None
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def cap_bodies(app: Sanic) -> None:
    """Sanic would read 100 MB before anybody looks at it."""
    app.config.REQUEST_MAX_SIZE = min(app.config.REQUEST_MAX_SIZE, BODY)
