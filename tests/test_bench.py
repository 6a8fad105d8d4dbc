"""The arithmetic of the bench, and its load generator against a server that only pretends."""

from __future__ import annotations

import asyncio
import json
import math
import threading

import pytest

from bot.library import FOLDER, read_library
from evaluation.bench import CYCLE, EARLY, LATE, WORDS, Found, Goal, Plan, Round, as_tables, goals, rows, split
from evaluation.bench_bots import DEFAULT, IDLE, KEYWORDS, OURS
from evaluation.bench_knowledge import enlarge, foreign, rule
from evaluation.bench_launch import Clock
from evaluation.bench_load import Load, load, one_conversation, percentile
from evaluation.bench_memory import Memory, family, memory_of, memory_of_tree, total
from evaluation.intents import entity_each, examples, findings_in, held_back, marked_up, one_entity

# --- numbers ------------------------------------------------------------------------------------------


def test_a_percentile_is_the_number_that_this_part_is_not_above():
    assert [percentile(range(1, 101), part) for part in (0.5, 0.95, 1)] == [50, 95, 100]
    assert percentile([7], 0.95) == 7
    assert math.isnan(percentile([], 0.5))


def test_messages_a_second_count_only_those_that_were_answered():
    assert Load(1, 2.0, [10, 20, 30], failed=5).per_second == 1.5


def a_round(ready: float, turn: float, memory: float, late: float = 1.0) -> Round:
    turns = tuple(turn * (late if n >= LATE.start else 1) for n in range(LATE.stop))
    loads = {n: Load(n, 1.0, [turn] * n * 10) for n in (1, 8, 32)}
    return Round(ready, ready + 1, {"bot": Memory(memory, memory - 10), "action server": Memory(100, 80)}, loads, turn, turn, turns)


def a_run() -> Found:
    return Found(
        {OURS: 30, DEFAULT: 300}, {OURS: [a_round(9, 10, 500), a_round(10, 10, 500, 1.1), a_round(50, 10, 500)], DEFAULT: [a_round(40, 100, 1100)], IDLE: [a_round(10, 8, 500)]},
        {OURS: dict.fromkeys(("reading", "policies", "action server", "way to it and back", "tracker store", "rest of Rasa", "channel"), 1.0)}, 12,
    )  # fmt: skip


def test_ratios_are_taken_of_medians_over_the_rounds():
    found = a_run()
    table = rows(found, {OURS: 2.0, DEFAULT: 40.0})
    assert table["ready, s"] == {OURS: 10, DEFAULT: 40, IDLE: 10}
    assert table["memory: all, MB"][OURS] == 600
    met = {goal.words: goal for goal in goals(found, table)}
    assert met["ready, to the default"].value == 0.25
    assert met["memory of all processes, to the default"].value == 0.5
    assert met["a turn, to our own with an idle action"].value == 1.25
    assert met["messages a second at 8 at once, to the default"].value == 1


def test_what_was_not_measured_is_said_to_be_so():
    found = a_run()
    words = as_tables(found, {OURS: 2.0})
    assert "not measured" in words and "nan" not in words


def test_a_goal_is_met_from_its_own_side():
    assert Goal("", 3.1, 3, least=True).is_met and not Goal("", 2.9, 3, least=True).is_met
    assert Goal("", 0.5, 0.55).is_met and not Goal("", 0.6, 0.55).is_met
    assert Goal("", math.nan, 1).row()[-1] == "not measured"


def test_turn_5_and_turn_200_are_the_same_five_messages():
    said = [CYCLE[n % len(CYCLE)] for n in range(Plan().turns)]
    assert said[EARLY] == said[LATE] and len(said[LATE]) == 5
    assert 4 in range(EARLY.start, EARLY.stop) and 199 in range(LATE.start, LATE.stop)


def test_the_parts_of_a_turn_add_up_to_what_the_client_waited():
    turns = [{"reading": 10, "policies": 5, "action": 20, "store": 2, "turn": 40}, {"reading": 12, "policies": 5, "store": 2, "turn": 20}]
    parts = split(35, turns, [{"action": 14}])
    assert sum(parts.values()) == pytest.approx(35)
    assert (parts["reading"], parts["action server"], parts["way to it and back"], parts["channel"]) == (11, 7, 3, 5)


def test_every_bot_has_a_name_to_read():
    assert {OURS, DEFAULT, KEYWORDS, IDLE} <= set(WORDS) and set(Plan().names) == set(WORDS)


# --- memory -------------------------------------------------------------------------------------------


def test_memory_is_read_from_the_kernel_and_adds_up():
    import os

    mine = memory_of(os.getpid())
    assert mine.own >= mine.fair > 5
    assert os.getpid() in family(os.getppid())
    assert memory_of_tree(os.getpid()).own >= mine.own * 0.9
    assert total([Memory(1, 2), Memory(3, 4)]) == Memory(4, 6)


# --- load ---------------------------------------------------------------------------------------------


class Pretender:
    """Answers every post with one text; notes who said what, and how many were at once."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.now = self.most = 0
        self.loop = asyncio.new_event_loop()
        self.started = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self.started.wait(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        self.started.set()
        self.loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.split("content-length:")[1].split("\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.now += 1
                self.most = max(self.most, self.now)
                await asyncio.sleep(0.005)
                self.now -= 1
                self.said.append((body["sender"], body["message"]))
                text = b"[]" if body["message"] == "silence" else b'[{"text": "yes"}]'
                status = b"500 Broken" if body["message"] == "break" else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture()
def pretender():
    server = Pretender()
    yield server
    server.stop()


def test_no_more_messages_are_sent_than_asked_for_and_no_more_at_once(pretender):
    done = load(pretender.url, 25, 4, [("one", "two", "three")])
    assert len(pretender.said) == len(done.milliseconds) == 25
    assert pretender.most <= 4 and done.failed == done.silent == 0
    assert min(done.milliseconds) >= 4 and done.per_second > 1


def test_each_person_leads_one_conversation_after_another_in_order(pretender):
    load(pretender.url, 12, 2, [("one", "two", "three")])
    talks: dict[str, list[str]] = {}
    for sender, text in pretender.said:
        talks.setdefault(sender, []).append(text)
    assert len(talks) == 4
    assert all(said == ["one", "two", "three"][: len(said)] for said in talks.values())


def test_silence_and_failure_are_counted_apart(pretender):
    done = one_conversation(pretender.url, ("hello", "silence", "break", "hello"))
    assert (len(done.milliseconds), done.silent, done.failed) == (3, 1, 1)
    assert len({sender for sender, _ in pretender.said}) == 1


# --- timers -------------------------------------------------------------------------------------------


async def test_a_call_within_a_call_of_the_same_part_counts_once(tmp_path):
    class Bot:
        async def turn(self) -> None:
            await self.save()

        async def save(self) -> None:
            await self.write()

        async def write(self) -> None:
            await asyncio.sleep(0.02)

    clock = Clock(tmp_path / "parts", None)
    for name, part in (("save", "store"), ("write", "store")):
        clock.around(Bot, name, part)
    clock.around(Bot, "turn", "turn", ends=True)
    await Bot().turn()
    (written,) = [json.loads(line) for line in (tmp_path / "parts").read_text().splitlines()]
    assert 19 < written["store"] <= written["turn"] < 200


# --- a larger knowledge -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_larger_knowledge_is_sound_and_as_much_larger_as_asked(tmp_path, library):
    larger = read_library(enlarge(tmp_path / "knowledge", 2))
    for name in ("findings", "red_flags", "conditions"):
        assert len(getattr(larger, name)) == 2 * len(getattr(library, name))
    assert larger.findings["fever_1"].also_said != library.findings["fever"].also_said
    assert larger.folder != FOLDER


def test_copied_rules_speak_of_the_copies():
    assert rule("fever and not absent(hot_red_joint)", {"fever": "fever_1", "hot_red_joint": "hot_red_joint_1"}) == "fever_1 and not absent(hot_red_joint_1)"
    assert foreign(["my knee"], 1) == ["nz loff"]


# --- intents ------------------------------------------------------------------------------------------


def test_the_training_messages_keep_what_is_marked_in_them():
    found = [e for e in examples() if e.findings]
    start, end, finding, role = found[0].findings[0]
    assert found[0].text[start:end] and finding and role in ("present", "absent", "unsure", "mentioned")
    assert not any("{" in e.text or "[" in e.text for e in examples())


def test_no_message_is_judged_that_was_trained_on():
    trained = {e.text for e in examples()}
    assert not any(message.text in trained for message in held_back())


def test_markup_goes_back_to_what_rasa_reads():
    example = next(e for e in examples() if e.text == "only at night")
    assert marked_up(example, one_entity) == 'only [at night]{"entity": "finding", "value": "night_pain", "role": "present"}'
    assert marked_up(example, entity_each) == 'only [at night]{"entity": "night_pain", "role": "present"}'


def test_of_two_roles_of_one_finding_the_stronger_counts_and_unknown_values_are_left_out():
    entities = [
        {"entity": "finding", "value": "fever", "role": "absent"},
        {"entity": "fever", "value": "hot", "role": "present"},
        {"entity": "finding", "value": "bit hot", "role": "present"},
    ]
    assert findings_in(entities, {"fever"}) == {"fever": "present"}
