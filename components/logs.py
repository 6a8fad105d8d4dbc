"""What a log may hold: no word that somebody wrote, and a name only as a short digest of it. One JSON object a line.

Rasa and its libraries log on their own, names included. So every record is cleaned where records are made, whoever makes it."""

from __future__ import annotations

import contextvars
import hashlib
import json
import logging
import secrets
import sys
from collections.abc import Callable
from typing import Any

SALT = secrets.token_bytes(16)  # of this start: digests of two starts cannot be told to be the same person
SHORTEST = 4  # characters; a shorter message, such as "no", would be cut out of every other word
_who: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("who", default=("", ""))


def talking(sender: str, text: str) -> contextvars.Token[tuple[str, str]]:
    """From here on, in this turn, these two do not get into a log."""
    return _who.set((sender, text))


def digest(sender: str) -> str:
    return "#" + hashlib.blake2s(sender.encode(), key=SALT, digest_size=5).hexdigest()


def cleaned(words: str) -> str:
    sender, text = _who.get()
    if sender:
        words = words.replace(sender, digest(sender))
    if len(text) >= SHORTEST:
        for form in {text, json.dumps(text)[1:-1], repr(text)[1:-1]}:
            words = words.replace(form, "…")
    return words


class Line(logging.Formatter):
    """A record → one line of JSON. Of an error only its kind and its place are told: its words may be somebody's."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"), "level": record.levelname.lower(), "of": record.name, "says": record.getMessage()}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


def _places(trace: Any) -> list[str]:
    places = []
    while trace is not None:
        places.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-6:]


def install(level: int = logging.INFO) -> None:
    """Cleans every record of this process, and takes the place of the colours that Rasa would put on."""
    import coloredlogs

    make = logging.getLogRecordFactory()
    logging.setLogRecordFactory(_clean(make))
    coloredlogs.install = lambda *_, **__: _handlers(level)
    _handlers(level)


def _clean(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def record(*args: Any, **options: Any) -> logging.LogRecord:
        made = make(*args, **options)
        try:
            made.msg, made.args = cleaned(made.getMessage()), None
        except Exception:
            made.msg, made.args = "a line that could not be made", None
        return made

    return record


def _handlers(level: int) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.INFO))


def adopt(*names: str) -> None:
    """Loggers with handlers of their own, such as Sanic's, speak through ours from now on."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [], True
