"""The tracker store: what a turn needs is loaded, all else stays in the database until it is forgotten.

Rasa loads every event of a conversation on every turn, so turn 200 costs many times turn 5. Here a conversation has a row
with its slots, and only its latest events come along: the policies look no further back. While the database cannot be
reached, turns wait in the spare copy (spare.py) and are written when it is back.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from typing import Any, Iterable, List, Optional, Text

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError

from components import metrics
from components.storage.database import EVENTS, STATES, address, forget, forget_older, keep_hours, open_engine, prepare
from components.storage.spare import Row, Standing, spare

logger = logging.getLogger(__name__)

NEEDED = ("user", "user_featurization", "action", "session_started", "restart")  # what a policy looks at; slots have their own row
LATEST = 32  # of these events come along: some eight turns
EVERY = 60.0  # seconds between two rounds of writing what waits and deleting what is old
SOON = 2.0  # seconds until a turn that waits is tried again


class KneeTrackerStore(TrackerStore):
    """SQLite or PostgreSQL, by KNEE_GUIDE_DATABASE."""

    def __init__(self, domain: Optional[Domain] = None, event_broker: Optional[EventBroker] = None, host: Optional[Text] = None, **_: Any) -> None:
        super().__init__(domain, event_broker)
        self.engine = open_engine(host or address())
        self.ready = False
        self.spare = spare(os.environ.get("KNEE_GUIDE_REDIS"), keep_hours() * 3600)
        self.blind: set[Text] = set()
        self.woken = threading.Event()
        threading.Thread(target=self._rounds, daemon=True, name="retention").start()

    # --- Rasa's interface -----------------------------------------------------------------------

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The slots as they stand and the latest events."""
        with metrics.timed("load"):
            return await asyncio.get_running_loop().run_in_executor(None, self._load, sender_id)

    async def retrieve_full_tracker(self, conversation_id: Text) -> Optional[DialogueStateTracker]:
        rows = await asyncio.get_running_loop().run_in_executor(None, self._all_of, conversation_id)
        return DialogueStateTracker.from_dict(conversation_id, rows, self.domain.slots) if rows else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Writes the events that are new; they wait in memory while the database is away."""
        await self.stream_events(tracker)
        stored = getattr(tracker, "stored", 0)
        events = list(tracker.events)
        rows = [_row(tracker.sender_id, event.as_dict()) for event in events[stored:]]
        state = {"sender_id": tracker.sender_id, "last": time.time(), "slots": json.dumps(_slots(tracker))}
        latest = [event.as_dict() for event in events if event.type_name in NEEDED][-LATEST:]
        tracker.stored = len(events)  # type: ignore[attr-defined]
        with metrics.timed("save"):
            await asyncio.get_running_loop().run_in_executor(None, self._write, tracker.sender_id, rows, state, latest)

    def said(self, sender: Text, latest: Optional[int] = None) -> List[Row]:
        """What both sides said, oldest first: all of it, or the latest so many. From all sessions."""
        these = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.type_name.in_(("user", "bot"))).order_by(EVENTS.c.timestamp.desc(), EVENTS.c.id.desc())
        waiting = [row["data"] for row in self.spare.waiting(sender) if row["type_name"] in ("user", "bot")]  # before those that are written
        with self._connected() as connection:
            rows = [row.data for row in reversed(connection.execute(these.limit(latest)).all())]
        return [json.loads(data) for data in dict.fromkeys(rows + waiting)]

    async def keys(self) -> Iterable[Text]:
        with self._connected() as connection:
            return [row.sender_id for row in connection.execute(sa.select(EVENTS.c.sender_id).distinct())]

    async def delete(self, sender_id: Text) -> None:
        """Everything that is known of this conversation, in the database and the spare copy. Raises when one is away."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.spare.drop, sender_id)
        await loop.run_in_executor(None, forget, self._prepared(), [sender_id])
        metrics.FORGOTTEN.labels("asked").inc()

    def is_there(self) -> bool:
        """Raises when the database does not answer."""
        with self._connected() as connection:
            return bool(connection.execute(sa.select(1)).scalar())

    # --- the database -----------------------------------------------------------------------------

    def _prepared(self) -> sa.engine.Engine:
        """The tables are made when the database first answers, not when the program starts."""
        if not self.ready:
            prepare(self.engine)
            self.ready = True
        return self.engine

    def _connected(self) -> Any:
        return self._prepared().begin()

    def _load(self, sender: Text) -> Optional[DialogueStateTracker]:
        known = self.spare.get(sender)
        try:
            with self._connected() as connection:
                last = connection.execute(sa.select(STATES.c.last).where(STATES.c.sender_id == sender)).scalar()
                if last is None and known is not None and known[2]:
                    known = None  # it was there, so it was forgotten since
                elif last is not None and (known is None or known[0]["last"] < last):
                    known = self._standing(connection, sender)
        except SQLAlchemyError as error:
            metrics.FAILURES.labels("database").inc()
            logger.error("the database is away: %s", type(error).__name__)
            if known is None:
                self.blind.add(sender)
        return self._tracker(sender, known) if known else None

    def _standing(self, connection: Any, sender: Text) -> Standing:
        """As the database has it, when the spare copy is older or has none."""
        state = connection.execute(STATES.select().where(STATES.c.sender_id == sender)).one()
        latest = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.type_name.in_(NEEDED)).order_by(EVENTS.c.id.desc()).limit(LATEST)
        return dict(state._mapping), [json.loads(row.data) for row in reversed(connection.execute(latest).all())], True

    def _tracker(self, sender: Text, standing: Standing) -> DialogueStateTracker:
        state, events, _ = standing
        slots = {name: value for name, value in json.loads(state["slots"]).items() if name in {slot.name for slot in self.domain.slots}}
        tracker = DialogueStateTracker.from_dict(sender, _with_slots(_whole_turns(events), slots), self.domain.slots)
        tracker.stored = len(tracker.events)  # type: ignore[attr-defined]
        return tracker

    def _all_of(self, sender: Text) -> List[Row]:
        waiting = [row["data"] for row in self.spare.waiting(sender)]
        with self._connected() as connection:
            rows = connection.execute(sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender).order_by(EVENTS.c.timestamp, EVENTS.c.id)).all()
        return [json.loads(data) for data in dict.fromkeys([*(row.data for row in rows), *waiting])]

    def _write(self, sender: Text, rows: List[Row], state: Row, latest: List[Row]) -> None:
        written = self._bring(sender, rows, state)
        self.spare.put(sender, (state, latest, written))

    def _bring(self, sender: Text, rows: List[Row], state: Optional[Row]) -> bool:
        """Writes these rows and those that wait, or they all wait and it says so. A state that is younger already stays; there is none when it
        went from the spare copy."""
        waited = self.spare.waiting(sender)
        mine = bool(waited) and self.spare.begin(sender)
        try:
            with self._connected() as connection:
                new = (_not_there(connection, sender, waited) if mine else []) + rows
                if new:
                    connection.execute(EVENTS.insert(), new)
                if state is not None:
                    self._set(connection, sender, state)
            self.blind.discard(sender)
            if mine:
                self.spare.done(sender, waited)
            return True
        except SQLAlchemyError as error:
            metrics.FAILURES.labels("database").inc()
            logger.error("a turn waits to be written: %s", type(error).__name__)
            self.spare.wait(sender, rows)
            self.woken.set()
            return False
        finally:
            if mine:
                self.spare.end(sender)

    def _set(self, connection: Any, sender: Text, state: Row) -> None:
        there = connection.execute(STATES.select().where(STATES.c.sender_id == sender)).first()
        if there is None:
            connection.execute(STATES.insert().values(**state))
        elif sender in self.blind or there.last <= state["last"]:
            state = _joined(there, state) if sender in self.blind else state
            connection.execute(STATES.update().where(STATES.c.sender_id == sender).values(**state))

    # --- in the background --------------------------------------------------------------------------

    def _rounds(self) -> None:
        while True:
            try:
                self.round()
            except Exception as error:
                logger.error("a round of the store failed: %s", type(error).__name__)
            self.woken.wait(EVERY)
            self.woken.clear()
            time.sleep(SOON)

    def round(self) -> None:
        """Writes what waits, then deletes what is older than it may be; in the spare copy too."""
        for sender in self.spare.names():
            known = self.spare.get(sender)
            if not self._bring(sender, [], known[0] if known else None):
                break  # the others would wait as this one does
        metrics.WAITING.set(len(self.spare.names()))
        self.spare.drop_older(time.time() - keep_hours() * 3600)
        metrics.FORGOTTEN.labels("time").inc(forget_older(self._prepared(), keep_hours()))


def _row(sender: Text, event: Row) -> Row:
    intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
    return {"sender_id": sender, "type_name": event["event"], "timestamp": event.get("timestamp"), "intent_name": intent, "action_name": event.get("name"), "data": json.dumps(event)}


def _not_there(connection: Any, sender: Text, rows: List[Row]) -> List[Row]:
    """Those that a worker had not written yet when it died over them."""
    since = min(row["timestamp"] or 0.0 for row in rows)
    there = connection.execute(sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.timestamp >= since))
    known = {row.data for row in there}
    return [row for row in rows if row["data"] not in known]


def _joined(before: Any, after: Row) -> Row:
    """A turn that was taken without sight of the database adds to what was told before; it does not replace it."""
    old, new = json.loads(before.slots), json.loads(after["slots"])
    told, now = old.get("case") or {}, new.get("case") or {}
    case = {part: {**told.get(part, {}), **now.get(part, {})} for part in ("findings", "person")}
    return {**after, "slots": json.dumps({**old, **new, "case": case})}


def _slots(tracker: DialogueStateTracker) -> Row:
    return {name: slot.value for name, slot in tracker.slots.items() if slot.value is not None}


def _with_slots(events: List[Row], slots: Row) -> List[Row]:
    """Rasa copies a tracker by replaying its events, so slots must come as events; after a start of session, which empties them."""
    place = max((index + 1 for index, event in enumerate(events) if event["event"] in ("session_started", "restart")), default=0)
    at = events[0].get("timestamp") if events else None
    return [*events[:place], *({"event": "slot", "timestamp": at, "name": name, "value": value} for name, value in slots.items()), *events[place:]]


def _whole_turns(events: List[Row]) -> List[Row]:
    """From the first 'listen' on, so that no turn is cut in the middle."""
    for index, event in enumerate(events):
        if event["event"] == "session_started" or (event["event"] == "action" and event.get("name") == "action_listen"):
            return events[index:]
    return events
