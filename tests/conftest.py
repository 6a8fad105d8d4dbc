"""What several tests share: the library and one reader, each loaded once."""

from __future__ import annotations

import pytest

from bot.library import Library, load
from bot.reading import Reader, reader


@pytest.fixture(scope="session")
def library() -> Library:
    return load()


@pytest.fixture(scope="session")
def read(library: Library) -> Reader:
    return reader(library)
