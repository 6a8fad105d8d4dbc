"""One turn at a time for each conversation: in this process by Rasa's tickets, over all workers by a lock in Redis.

Rasa's own store for Redis reads a lock and writes it back, so two workers can both get it; here Redis decides."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, AsyncGenerator, Text

import redis
import redis.asyncio
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore, LockError

from components import metrics
from components.storage.spare import ANSWERS, AWAY

logger = logging.getLogger(__name__)

PREFIX = "knee-guide:lock:"
WAIT = 5.0  # seconds for a turn that another worker works on
LIFETIME = 14.0  # seconds after which a lock goes by itself, whoever held it; longer than the guard lets a turn take
AGAIN = 0.05  # seconds between two looks


class KneeLockStore(InMemoryLockStore):
    """KNEE_GUIDE_REDIS names the server. While it is away, this process at least keeps its own turns in order."""

    def __init__(self, endpoint_config: Any = None) -> None:
        super().__init__()
        self.url = os.environ.get("KNEE_GUIDE_REDIS")
        self.away_until = 0.0
        self._redis: dict[int, Any] = {}

    @asynccontextmanager
    async def lock(self, conversation_id: Text, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = AGAIN) -> AsyncGenerator[TicketLock, None]:
        """Raises LockError when another worker does not let go in time."""
        async with AsyncExitStack() as stack:
            ticket = await stack.enter_async_context(super().lock(conversation_id, lock_lifetime, min(wait_time_in_seconds, AGAIN)))
            if self.url and time.monotonic() >= self.away_until:
                await stack.enter_async_context(self._everywhere(conversation_id))
            yield ticket

    @asynccontextmanager
    async def _everywhere(self, conversation_id: Text) -> AsyncGenerator[None, None]:
        lock = self._client().lock(PREFIX + conversation_id, timeout=LIFETIME, sleep=AGAIN, blocking_timeout=WAIT)
        try:
            if not await lock.acquire():
                raise LockError(f"another worker works on this conversation for more than {WAIT:.0f} s")
        except redis.RedisError as error:
            self._is_away(error)
            yield
            return
        try:
            yield
        finally:
            try:
                await lock.release()
            except redis.exceptions.LockError:
                logger.warning("a turn took longer than its lock")
            except redis.RedisError as error:
                self._is_away(error)

    def _client(self) -> Any:
        """A connection belongs to the loop that opened it."""
        loop = id(asyncio.get_running_loop())
        if loop not in self._redis:
            self._redis[loop] = redis.asyncio.Redis.from_url(self.url, socket_timeout=ANSWERS, socket_connect_timeout=ANSWERS)
        return self._redis[loop]

    def _is_away(self, error: Exception) -> None:
        metrics.FAILURES.labels("locks").inc()
        logger.error("the lock store is away: %s", type(error).__name__)
        self.away_until = time.monotonic() + AWAY

    def is_there(self) -> bool:
        """Raises when Redis is named and does not answer."""
        return not self.url or bool(redis.Redis.from_url(self.url, socket_timeout=ANSWERS, socket_connect_timeout=ANSWERS).ping())
