"""What failed within one turn although Rasa went on: it logs a failed action and predicts the next one, and half an answer comes out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

_of_this_turn: ContextVar[list[str] | None] = ContextVar("faults", default=None)


def watch() -> list[str]:
    """From here on, in this turn and the tasks that it starts, failures are added to this list."""
    found: list[str] = []
    _of_this_turn.set(found)
    return found


def noting(kind: str, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same call; an error in it is noted, and raised as before."""

    async def noted(*args: Any, **options: Any) -> Any:
        try:
            return await call(*args, **options)
        except Exception:
            found = _of_this_turn.get()
            if found is not None:
                found.append(kind)
            raise

    return noted
