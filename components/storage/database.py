"""The table of events and how rows leave it. Knows SQL and nothing of Rasa, so that forgetting needs no server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent.parent
EMBEDDED = ROOT / "run" / "conversations.db"
KEEP_HOURS = 24.0
WAIT = 3  # seconds for a connection, and for one statement

# Rasa's own table, so that its tools read it; and beside it what each conversation stands at.
TABLES = sa.MetaData()
EVENTS = sa.Table(
    "events", TABLES,
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("sender_id", sa.String(255), nullable=False, index=True),
    sa.Column("type_name", sa.String(255), nullable=False), sa.Column("timestamp", sa.Float),
    sa.Column("intent_name", sa.String(255)), sa.Column("action_name", sa.String(255)), sa.Column("data", sa.Text),
)  # fmt: skip
STATES = sa.Table("states", TABLES, sa.Column("sender_id", sa.String(255), primary_key=True), sa.Column("last", sa.Float, index=True), sa.Column("slots", sa.Text))


def address() -> str:
    """KNEE_GUIDE_DATABASE, an SQLAlchemy address; without it a file beside the code."""
    return os.environ.get("KNEE_GUIDE_DATABASE") or f"sqlite:///{EMBEDDED}"


def keep_hours() -> float:
    """KNEE_GUIDE_KEEP_HOURS: how long a conversation is kept after its last message."""
    try:
        hours = float(os.environ.get("KNEE_GUIDE_KEEP_HOURS") or KEEP_HOURS)
    except ValueError:
        return KEEP_HOURS
    return hours if hours > 0 else KEEP_HOURS


def connect(url: str | None = None) -> sa.engine.Engine:
    """Opens the database and makes the tables; a file of SQLite is for its owner alone.

    Raises sqlalchemy.exc.SQLAlchemyError when the tables cannot be made."""
    engine = open_engine(url or address())
    prepare(engine)
    return engine


def prepare(engine: sa.engine.Engine) -> None:
    """Makes the tables where they are missing. Two workers may do so at once: the slower one finds them there."""
    try:
        TABLES.create_all(engine)
    except (sa.exc.IntegrityError, sa.exc.ProgrammingError):
        TABLES.create_all(engine)


def open_engine(url: str) -> sa.engine.Engine:
    """Connects when it is first used, not here."""
    parsed = sa.engine.make_url(url)
    if parsed.get_backend_name() != "sqlite":
        limits = {"connect_timeout": WAIT, "options": f"-c statement_timeout={WAIT * 1000}"} if parsed.get_backend_name() == "postgresql" else {}
        return sa.create_engine(parsed, pool_pre_ping=True, pool_size=5, max_overflow=5, pool_timeout=WAIT, connect_args=limits)
    if parsed.database and parsed.database != ":memory:":
        file = Path(parsed.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        file.chmod(0o600)
    engine = sa.create_engine(parsed, connect_args={"timeout": WAIT, "check_same_thread": False})
    sa.event.listen(engine, "connect", _as_we_want_it)
    return engine


def _as_we_want_it(connection: object, _: object) -> None:
    """Deleted text is overwritten in the file; a crash of the program loses nothing that was committed."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("secure_delete = ON", "journal_mode = WAL", "synchronous = NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


# --- forgetting -----------------------------------------------------------------------------------------


def forget(engine: sa.engine.Engine, senders: Iterable[str]) -> int:
    """Deletes these conversations, all of their sessions; says how many there were."""
    count = 0
    with engine.begin() as connection:
        for sender in senders:
            gone = connection.execute(EVENTS.delete().where(EVENTS.c.sender_id == sender)).rowcount
            gone += connection.execute(STATES.delete().where(STATES.c.sender_id == sender)).rowcount
            count += bool(gone)
    _tidy(engine)
    return count


def forget_older(engine: sa.engine.Engine, hours: float) -> int:
    """Deletes the conversations whose last event is older than so many hours."""
    before = time.time() - hours * 3600
    with engine.begin() as connection:
        old = sa.select(EVENTS.c.sender_id).group_by(EVENTS.c.sender_id).having(sa.func.max(EVENTS.c.timestamp) < before)
        names = [row.sender_id for row in connection.execute(old)]
        names += [row.sender_id for row in connection.execute(sa.select(STATES.c.sender_id).where(STATES.c.last < before))]
    return forget(engine, dict.fromkeys(names)) if names else 0


def forget_all(engine: sa.engine.Engine) -> int:
    with engine.begin() as connection:
        names = [row.sender_id for row in connection.execute(sa.select(EVENTS.c.sender_id).distinct())]
        names += [row.sender_id for row in connection.execute(sa.select(STATES.c.sender_id))]
    return forget(engine, dict.fromkeys(names))


def _tidy(engine: sa.engine.Engine) -> None:
    """SQLite keeps recent pages in a second file until they are written back."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
