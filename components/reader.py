"""The one reader of this process, and the tokens that spaCy makes."""

from __future__ import annotations

from functools import lru_cache

from bot.library import Library, load
from bot.reading import Reader, reader


@lru_cache(maxsize=1)
def shared_library() -> Library:
    return load()


@lru_cache(maxsize=1)
def shared_reader() -> Reader:
    return reader(shared_library())
