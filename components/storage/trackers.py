"""The tracker store: what a turn needs is loaded, all else stays in the database until it is forgotten.

Rasa loads every event of a conversation on every turn, so turn 200 costs many times turn 5. Here a conversation has a row
with its slots, and only its latest events come along: the policies look no further back. While the database cannot be
reached, turns wait in memory and are written when it is back.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import OrderedDict
from typing import Any, Dict, Iterable, List, Optional, Text

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import SQLAlchemyError

from components import metrics
from components.storage.database import EVENTS, STATES, TABLES, address, forget, forget_older, keep_hours, open_engine

logger = logging.getLogger(__name__)

NEEDED = ("user", "user_featurization", "action", "session_started", "restart")  # what a policy looks at; slots have their own row
LATEST = 32  # of these events come along: some eight turns
RECENT = 2000  # conversations whose state is also in memory, for when the database is away
EVERY = 60.0  # seconds between two rounds of writing what waits and deleting what is old
Row = Dict[Text, Any]


class KneeTrackerStore(TrackerStore):
    """SQLite or PostgreSQL, by KNEE_GUIDE_DATABASE."""

    def __init__(self, domain: Optional[Domain] = None, event_broker: Optional[EventBroker] = None, host: Optional[Text] = None, **_: Any) -> None:
        super().__init__(domain, event_broker)
        self.engine = open_engine(host or address())
        self.ready = False
        self.waiting: Dict[Text, List[Row]] = {}
        self.blind: set[Text] = set()
        self.states: OrderedDict[Text, tuple[Row, List[Row]]] = OrderedDict()
        self.lock = threading.Lock()
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
        these = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.type_name.in_(("user", "bot"))).order_by(EVENTS.c.id.desc())
        with self._connected() as connection:
            rows = [json.loads(row.data) for row in reversed(connection.execute(these.limit(latest)).all())]
        with self.lock:
            waiting = [json.loads(row["data"]) for row in self.waiting.get(sender, []) if row["type_name"] in ("user", "bot")]
        return rows + waiting

    async def keys(self) -> Iterable[Text]:
        with self._connected() as connection:
            return [row.sender_id for row in connection.execute(sa.select(EVENTS.c.sender_id).distinct())]

    async def delete(self, sender_id: Text) -> None:
        """Everything that is known of this conversation, here and in the database. Raises when the database is away."""
        with self.lock:
            self.waiting.pop(sender_id, None)
            self.states.pop(sender_id, None)
        await asyncio.get_running_loop().run_in_executor(None, forget, self._prepared(), [sender_id])
        metrics.FORGOTTEN.labels("asked").inc()

    def is_there(self) -> bool:
        """Raises when the database does not answer."""
        with self._connected() as connection:
            return bool(connection.execute(sa.select(1)).scalar())

    # --- the database -----------------------------------------------------------------------------

    def _prepared(self) -> sa.engine.Engine:
        """The tables are made when the database first answers, not when the program starts."""
        if not self.ready:
            TABLES.create_all(self.engine)
            self.ready = True
        return self.engine

    def _connected(self) -> Any:
        return self._prepared().begin()

    def _load(self, sender: Text) -> Optional[DialogueStateTracker]:
        with self.lock:
            behind = sender in self.waiting
            known = self.states.get(sender)
        if behind and known:
            return self._tracker(sender, *known)
        try:
            with self._connected() as connection:
                state = connection.execute(STATES.select().where(STATES.c.sender_id == sender)).first()
                if state is None:
                    return None
                latest = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.type_name.in_(NEEDED)).order_by(EVENTS.c.id.desc()).limit(LATEST)
                events = [json.loads(row.data) for row in reversed(connection.execute(latest).all())]
            return self._tracker(sender, {"slots": state.slots}, events)
        except SQLAlchemyError as error:
            metrics.FAILURES.labels("database").inc()
            logger.error("the database is away: %s", type(error).__name__)
            if known:
                return self._tracker(sender, *known)
            self.blind.add(sender)
            return None

    def _tracker(self, sender: Text, state: Row, events: List[Row]) -> DialogueStateTracker:
        slots = {name: value for name, value in json.loads(state["slots"]).items() if name in {slot.name for slot in self.domain.slots}}
        tracker = DialogueStateTracker.from_dict(sender, _with_slots(_whole_turns(events), slots), self.domain.slots)
        tracker.stored = len(tracker.events)  # type: ignore[attr-defined]
        return tracker

    def _all_of(self, sender: Text) -> List[Row]:
        with self.lock:
            waiting = [json.loads(row["data"]) for row in self.waiting.get(sender, [])]
        with self._connected() as connection:
            rows = connection.execute(sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender).order_by(EVENTS.c.id)).all()
        return [json.loads(row.data) for row in rows] + waiting

    def _write(self, sender: Text, rows: List[Row], state: Row, latest: List[Row]) -> None:
        with self.lock:
            rows = self.waiting.pop(sender, []) + rows
            self.states[sender] = (state, latest)
            self.states.move_to_end(sender)
            self._trim()
        if not self._written(sender, rows, state):
            with self.lock:
                self.waiting[sender] = rows + self.waiting.get(sender, [])
        metrics.WAITING.set(len(self.waiting))

    def _trim(self) -> None:
        """Nothing that waits to be written is dropped."""
        for sender in [name for name in self.states if name not in self.waiting][: max(0, len(self.states) - RECENT)]:
            del self.states[sender]

    def _written(self, sender: Text, rows: List[Row], state: Row) -> bool:
        try:
            with self._connected() as connection:
                if rows:
                    connection.execute(EVENTS.insert(), rows)
                if sender in self.blind:
                    state = _joined(connection.execute(STATES.select().where(STATES.c.sender_id == sender)).first(), state)
                if not connection.execute(STATES.update().where(STATES.c.sender_id == sender).values(**state)).rowcount:
                    connection.execute(STATES.insert().values(**state))
            self.blind.discard(sender)
            return True
        except SQLAlchemyError as error:
            metrics.FAILURES.labels("database").inc()
            logger.error("a turn waits to be written: %s", type(error).__name__)
            return False

    # --- in the background --------------------------------------------------------------------------

    def _rounds(self) -> None:
        while True:
            try:
                self.round()
            except Exception as error:
                logger.error("a round of the store failed: %s", type(error).__name__)
            time.sleep(EVERY if not self.waiting else 2.0)

    def round(self) -> None:
        """Writes what waits, then deletes what is older than it may be; in the spare copy too."""
        for sender in list(self.waiting):
            with self.lock:
                rows, known = self.waiting.pop(sender, []), self.states.get(sender)
            if rows and known and not self._written(sender, rows, known[0]):
                with self.lock:
                    self.waiting[sender] = rows + self.waiting.get(sender, [])
        before = time.time() - keep_hours() * 3600
        with self.lock:
            for sender in [name for name, (state, _) in self.states.items() if state["last"] < before]:
                self.states.pop(sender)
                self.waiting.pop(sender, None)
        metrics.WAITING.set(len(self.waiting))
        metrics.FORGOTTEN.labels("time").inc(forget_older(self._prepared(), keep_hours()))


def _row(sender: Text, event: Row) -> Row:
    intent = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
    return {"sender_id": sender, "type_name": event["event"], "timestamp": event.get("timestamp"), "intent_name": intent, "action_name": event.get("name"), "data": json.dumps(event)}


def _joined(before: Any, after: Row) -> Row:
    """A turn that was taken without sight of the database adds to what was told before; it does not replace it."""
    if before is None:
        return after
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
