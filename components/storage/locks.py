"""One turn at a time for each conversation: over all workers with Redis, in this process without it."""

from __future__ import annotations

import json
import logging
import os
import time
from typing import Any, Optional, Text

import redis
from rasa.core.lock import TicketLock
from rasa.core.lock_store import InMemoryLockStore, LockStore

logger = logging.getLogger(__name__)

PREFIX = "knee-guide:lock:"
WAIT = 1.0  # seconds for Redis to answer
AWAY = 5.0  # seconds until Redis is tried again after it did not
LIFETIME = 30  # seconds after which a lock goes by itself, whoever held it


class KneeLockStore(LockStore):
    """KNEE_GUIDE_REDIS names the server. While it is away, this process at least keeps its own turns in order."""

    def __init__(self, endpoint_config: Any = None) -> None:
        url = os.environ.get("KNEE_GUIDE_REDIS")
        self.red: Any = redis.Redis.from_url(url, socket_timeout=WAIT, socket_connect_timeout=WAIT) if url else None
        self.here = InMemoryLockStore()
        self.away_until = 0.0

    def get_lock(self, conversation_id: Text) -> Optional[TicketLock]:
        raw = self._ask("get", PREFIX + conversation_id)
        return TicketLock.from_dict(json.loads(raw)) if raw else self.here.get_lock(conversation_id)

    def save_lock(self, lock: TicketLock) -> None:
        if self._ask("set", PREFIX + lock.conversation_id, lock.dumps(), ex=LIFETIME) is None:
            self.here.save_lock(lock)

    def delete_lock(self, conversation_id: Text) -> None:
        self._ask("delete", PREFIX + conversation_id)
        if self.here.get_lock(conversation_id):
            self.here.delete_lock(conversation_id)

    def _ask(self, command: Text, *parts: Any, **options: Any) -> Any:
        """None without Redis, and while it does not answer."""
        if self.red is None or time.monotonic() < self.away_until:
            return None
        try:
            return getattr(self.red, command)(*parts, **options)
        except redis.RedisError as error:
            logger.error("the lock store is away: %s", type(error).__name__)
            self.away_until = time.monotonic() + AWAY
            return None
