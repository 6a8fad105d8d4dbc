"""A channel whose secrets are not in the environment: it takes nothing and says so once."""

from __future__ import annotations

import logging
import os
from typing import Any, Awaitable, Callable, Optional, Text

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint

logger = logging.getLogger(__name__)


class Closed(InputChannel):
    def __init__(self, what: Text) -> None:
        self.what = what

    def name(self) -> Text:  # type: ignore[override]
        return self.what

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        return Blueprint(f"closed_{self.what}", f"closed_{self.what}")


def closed_without(what: Text, *secrets: Text, page: Text) -> Optional[InputChannel]:
    """None when every secret is there. Raises RasaException when some are and some are not: that is a mistake, not a choice."""
    missing = [name for name in secrets if not os.environ.get(name)]
    if not missing:
        return None
    if len(missing) < len(secrets):
        raise RasaException(f"The {what.title()} channel needs {' and '.join(missing)} too. See {page}.")
    logger.info("the channel %s is closed: its secrets are not set", what)
    return Closed(what)
