"""The spare copy: how the latest conversations stand, and the turns that wait for the database.

In memory with one process. With several, in their common Redis, so that any worker goes on where another one stopped; while
Redis is away too, in the memory of the worker that took the turn."""

from __future__ import annotations

import json
import logging
import threading
import time
import zlib
from collections import OrderedDict
from typing import Any, Callable, Dict, List, Optional, Protocol, Set, Text, Tuple, TypeVar

import redis

from components import metrics

logger = logging.getLogger(__name__)

RECENT = 2000  # conversations whose standing is kept in memory
SPARE = 3600  # seconds that a standing is kept in Redis
ANSWERS = 1.0  # seconds for Redis to answer
WRITES = 10  # seconds after which another worker may write what one began to write
AWAY = 5.0  # seconds until Redis is tried again after it did not

Row = Dict[Text, Any]
Standing = Tuple[Row, List[Row], bool]  # the row of the table of states, the latest events, and whether the database has them
T = TypeVar("T")


class Spare(Protocol):
    """What the tracker store needs of either."""

    def get(self, sender: Text) -> Optional[Standing]: ...
    def put(self, sender: Text, standing: Standing) -> None: ...
    def waiting(self, sender: Text) -> List[Row]: ...
    def wait(self, sender: Text, rows: List[Row]) -> None: ...
    def begin(self, sender: Text) -> bool: ...
    def done(self, sender: Text, rows: List[Row]) -> None: ...
    def end(self, sender: Text) -> None: ...
    def names(self) -> List[Text]: ...
    def drop(self, sender: Text) -> None: ...
    def drop_older(self, before: float) -> None: ...


def spare(url: Optional[Text], keep: float) -> Spare:
    """keep: seconds that turns wait for the database, at most."""
    return InRedis(url, keep) if url else InMemory()


class InMemory:
    """Threads may share it."""

    def __init__(self) -> None:
        self.standings: OrderedDict[Text, Standing] = OrderedDict()
        self.rows: Dict[Text, List[Row]] = {}
        self.writing: Set[Text] = set()
        self.lock = threading.RLock()

    def get(self, sender: Text) -> Optional[Standing]:
        with self.lock:
            return self.standings.get(sender)

    def put(self, sender: Text, standing: Standing) -> None:
        """Nothing whose turns wait to be written is pushed out."""
        with self.lock:
            self.standings[sender] = standing
            self.standings.move_to_end(sender)
            for name in [name for name in self.standings if name not in self.rows][: max(0, len(self.standings) - RECENT)]:
                del self.standings[name]

    def waiting(self, sender: Text) -> List[Row]:
        """The rows that wait, oldest first."""
        with self.lock:
            return list(self.rows.get(sender, []))

    def wait(self, sender: Text, rows: List[Row]) -> None:
        """After those that wait already."""
        if rows:
            with self.lock:
                self.rows.setdefault(sender, []).extend(rows)

    def begin(self, sender: Text) -> bool:
        """Whether the caller may write what waits; until `end`, nobody else may."""
        with self.lock:
            free = sender not in self.writing
            self.writing.add(sender)
            return free

    def done(self, sender: Text, rows: List[Row]) -> None:
        """These are written and wait no longer."""
        with self.lock:
            left = [row for row in self.rows.pop(sender, []) if row not in rows]
            if left:
                self.rows[sender] = left

    def end(self, sender: Text) -> None:
        with self.lock:
            self.writing.discard(sender)

    def names(self) -> List[Text]:
        """Whose turns wait."""
        with self.lock:
            return list(self.rows)

    def drop(self, sender: Text) -> None:
        with self.lock:
            self.rows.pop(sender, None)
            self.standings.pop(sender, None)

    def drop_older(self, before: float) -> None:
        """Conversations whose last turn was before this time, in seconds since 1970."""
        with self.lock:
            for sender in [name for name, (state, *_) in self.standings.items() if state["last"] < before]:
                self.drop(sender)


class InRedis:
    """Keys go by themselves after their time. What came into memory while Redis was away moves there when it is back."""

    def __init__(self, url: Text, keep: float) -> None:
        self.redis = redis.Redis.from_url(url, socket_timeout=ANSWERS, socket_connect_timeout=ANSWERS)
        self.keep = max(1, int(keep))
        self.memory = InMemory()
        self.away_until = 0.0

    def get(self, sender: Text) -> Optional[Standing]:
        raw = self._ask(lambda: self.redis.get(_standing(sender)), None)
        return _later(self.memory.get(sender), _standing_of(raw))

    def put(self, sender: Text, standing: Standing) -> None:
        if not self._ask(lambda: self.redis.set(_standing(sender), _packed(standing), ex=min(SPARE, self.keep)), False):
            self.memory.put(sender, standing)

    def waiting(self, sender: Text) -> List[Row]:
        there: List[bytes] = self._ask(lambda: self.redis.lrange(_rows(sender), 0, -1), [])
        return [_unpacked(row) for row in there] + self.memory.waiting(sender)

    def wait(self, sender: Text, rows: List[Row]) -> None:
        def push() -> bool:
            with self.redis.pipeline(transaction=True) as pipe:
                pipe.rpush(_rows(sender), *map(_packed, rows)).expire(_rows(sender), self.keep).execute()
            return True

        if rows and not self._ask(push, False):
            self.memory.wait(sender, rows)

    def begin(self, sender: Text) -> bool:
        there = self._ask(lambda: bool(self.redis.set(_writing(sender), 1, nx=True, ex=WRITES)), True)
        return there and self.memory.begin(sender)

    def done(self, sender: Text, rows: List[Row]) -> None:
        def remove() -> None:
            with self.redis.pipeline(transaction=True) as pipe:
                for row in rows:
                    pipe.lrem(_rows(sender), 1, _packed(row))
                pipe.execute()

        self._ask(remove, None)
        self.memory.done(sender, rows)

    def end(self, sender: Text) -> None:
        self.memory.end(sender)
        self._ask(lambda: self.redis.delete(_writing(sender)), 0)

    def names(self) -> List[Text]:
        self._move()
        there: List[bytes] = self._ask(lambda: list(self.redis.scan_iter(_rows("*"), count=1000)), [])
        return list(dict.fromkeys([name.decode()[len(_rows("")) :] for name in there] + self.memory.names()))

    def drop(self, sender: Text) -> None:
        """Raises redis.RedisError when it cannot be done in Redis: what is to be forgotten must not stay."""
        self.memory.drop(sender)
        self.redis.delete(_standing(sender), _rows(sender))

    def drop_older(self, before: float) -> None:
        self.memory.drop_older(before)

    def _move(self) -> None:
        """From memory to Redis. Only the rows that wait and standings that are later: another worker may have gone on."""
        for sender in list(self.memory.standings) if not self._is_away() else []:
            mine, there = self.memory.get(sender), self._ask(lambda sender=sender: self.redis.get(_standing(sender)), None)
            newest = _later(mine, _standing_of(there))
            rows = self.memory.waiting(sender)
            self.memory.drop(sender)
            if newest is not None and newest is mine:
                self.put(sender, newest)
            self.wait(sender, rows)

    def _is_away(self) -> bool:
        return time.monotonic() < self.away_until

    def _ask(self, question: Callable[[], Any], otherwise: T) -> T:
        if self._is_away():
            return otherwise
        try:
            return question()  # type: ignore[no-any-return]
        except redis.RedisError as error:
            metrics.FAILURES.labels("spare").inc()
            logger.error("the spare copy is away: %s", type(error).__name__)
            self.away_until = time.monotonic() + AWAY
            return otherwise


def _standing(sender: Text) -> Text:
    return f"knee-guide:standing:{sender}"


def _rows(sender: Text) -> Text:
    return f"knee-guide:waiting:{sender}"


def _writing(sender: Text) -> Text:
    return f"knee-guide:writing:{sender}"


def _packed(what: Any) -> bytes:
    """The same for the same every time: rows are found again by it."""
    return zlib.compress(json.dumps(what).encode(), 1)


def _unpacked(raw: bytes) -> Any:
    return json.loads(zlib.decompress(raw))


def _standing_of(raw: Optional[bytes]) -> Optional[Standing]:
    return tuple(_unpacked(raw)) if raw else None  # type: ignore[return-value]


def _later(one: Optional[Standing], other: Optional[Standing]) -> Optional[Standing]:
    """The standing after the later turn."""
    there = [standing for standing in (one, other) if standing is not None]
    return max(there, key=lambda standing: float(standing[0]["last"]), default=None)
