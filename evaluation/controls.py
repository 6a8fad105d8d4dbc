"""python -m evaluation.controls: takes each control of docs/hazards.md away in a copy of the project, and sees its test fail.

A test that stays green without its control shows nothing, and is named. --slow tries those that need the trained bot, too."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.training import ROOT

LOG = ROOT / "docs" / "hazards.md"
SLOW = ("tests/test_conversations.py", "tests/test_production.py", "tests/test_browser.py")
COPIED = ("bot", "actions", "components", "service", "evaluation", "tests", "data", "docs", "config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "pyproject.toml", "requirements.lock", "README.md", "Makefile", "deploy", "web/lang")


@dataclass(frozen=True)
class Removal:
    """Where the control stands, and what stands there without it."""

    file: str
    find: str
    put: str


REMOVALS: dict[str, Removal] = {
    "H01": Removal("components/safety_policy.py", "        reply = card_reply(consultation, turn)\n", "        reply = None\n"),
    "H02": Removal("components/channels/guard.py", 'if by == "guard":', "if False:"),
    "H03": Removal("bot/turn.py", ", (YES, PRESENT)):", "):"),
    "H04": Removal("bot/turn.py", "if PRESENT in answers.values() and len(answers) > 1 and not told", "if False and not told"),
    "H05": Removal("bot/turn.py", "    return bool(spoken) and not any(name in open_now for name in spoken)\n", "    return False\n"),
    "H06": Removal("bot/questions.py", "ask.in_danger() or ask.second_time() or ask.screen()", "ask.in_danger() or ask.screen()"),
    "H07": Removal("bot/knowledge/red_flags.yml", "chest_pain_or_breathless and (not breathless_longstanding or", "chest_pain_or_breathless and (absent(breathless_longstanding) or"),
    "H08": Removal("bot/urgency.py", "if flag.clinician_seen_lowers and seen and", "if seen and"),
    "H09": Removal("bot/checks.py", "            if not any(case.kind == kind for case in of_flag):", "            if False:"),
    "H10": Removal("bot/compare.py", "for move in self.lowered if self.agreement(move) is None)", "for move in self.lowered if False)"),
    "H11": Removal("components/channels/guard.py", "        text = plain(text[:LONGEST])\n", "        text = text[:LONGEST]\n"),
    "H12": Removal("bot/rule.py", "        return answer == atom.kind\n", "        return answer == atom.kind or (atom.kind == ABSENT and answer is None)\n"),
    "H13": Removal("bot/questions.py", "screens: list[tuple[str, ...]] = [OPENING]", "screens: list[tuple[str, ...]] = []"),
    "H14": Removal("bot/knowledge/red_flags.yml", "or (anticoagulants and recent(7) and (", "or (bleeding_disorder and recent(7) and ("),
    "H15": Removal("bot/questions.py", '        for key in ("age", "days"):', '        for key in ("days",):'),
    "H16": Removal("bot/knowledge/red_flags.yml", "    when: harmed_by_someone\n", "    when: harmed_by_someone and in_danger_now\n"),
    "H17": Removal("bot/assessment.py", "    urgency = judge(facts, library)\n", "    urgency = judge(facts, library) if interview is None or interview.count == 0 else Urgency(None, ())\n"),
    "H18": Removal("bot/questions.py", "    return [name for name in names if len(names) == 1 or name not in alarms]", "    return list(names)"),
    "H20": Removal("bot/clauses.py", "acting = [cue for cue in self.cues if self._reaches(cue, first, last)]", "acting: list[Cue] = []"),
    "H21": Removal("bot/turn.py", "if k in (*case.findings, *case.person) and _before(case, k) != v)", "if False)"),
    "H22": Removal("bot/buttons.py", "if not payload.startswith(PAYLOAD) or not _offered(payload, memory):", "if not payload.startswith(PAYLOAD):"),
    "H23": Removal("data/messages/chat.jsonl", '{"text": "aye",', '{"text": "swelling? nope",'),
    "H30": Removal("bot/counts.py", "    return int(found.neither > 0)\n", "    return 0\n"),
    "H31": Removal("bot/checks.py", '    if date.fromisoformat(str(reviewed["again_by"])) < today:', "    if False:"),
    "H32": Removal("bot/knowledge/conditions/bakers_cyst.yml", "reviewed: {by: null,", 'reviewed: {by: "Dr A. Body",'),
    "H33": Removal("bot/readability.py", "    found = _DOSE.search(text)\n", "    found = None\n"),
    "H34": Removal("bot/readability.py", "        if too_many or grades[name] > GRADE_AT_MOST:", "        if grades[name] > GRADE_AT_MOST:"),
    "H35": Removal("bot/questions.py", "    return before - after\n", '    return before - after + __import__("random").random()\n'),
    "H40": Removal("components/channels/guard.py", "        except Exception as error:  # whatever breaks, the person gets a sentence\n", "        except KeyError as error:\n"),
    "H41": Removal("components/channels/guard.py", "        if not isinstance(text, str) or not text.strip():\n            return [{\"recipient_id\": sender, \"text\": EMPTY}]\n", ""),
    "H42": Removal("bot/asides.py", '        return self._sure("ask_start_over", "yes_start_over", f"{PAYLOAD}c:restart")\n', "        return self.start_over(reading, command)\n"),
    "H43": Removal("components/channels/session.py", "        if not name or not hmac.compare_digest(signature.encode(), _sign(self.secret, \"cookie\", name).encode()):", "        if not name:"),
    "H44": Removal("components/storage/spare.py", "    return InRedis(url, keep) if url else InMemory()\n", "    return InMemory()\n"),
    "H45": Removal("components/storage/trackers.py", "        await loop.run_in_executor(None, forget, self._prepared(), [sender_id])\n", ""),
    "H46": Removal("components/logs.py", "            made.msg, made.args = cleaned(made.getMessage()), None\n", "            pass\n"),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of the log: the hazard and the test of its control."""

    hazard: str
    test: str

    @property
    def is_slow(self) -> bool:
        return self.test.startswith(SLOW)


def rows(text: str | None = None) -> Iterator[Row]:
    for hazard, cell in re.findall(r"^\| (H\d\d) \|.*\| ([^|]+?) \|$", text or LOG.read_text(encoding="utf-8"), re.MULTILINE):
        name, sentence = re.search(r"`([^`]+)`", cell), re.search(r"“([^”]+)”", cell)
        assert name, f"{hazard} names no test"
        yield Row(hazard, f"tests/test_cases.py::test_case[{sentence[1]}]" if sentence else name[1])


def without(removal: Removal, root: Path) -> None:
    """Raises ValueError when the control does not stand where it should, once."""
    path = root / removal.file
    text = path.read_text(encoding="utf-8")
    if text.count(removal.find) < 1:
        raise ValueError(f"{removal.file} holds no '{removal.find.strip()[:60]}'")
    path.write_text(text.replace(removal.find, removal.put), encoding="utf-8")


def copy(to: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, to / name)


def fails(test: str, root: Path) -> bool:
    """Whether the test fails there, and by itself: a test that cannot be found or collected is an error of ours."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test], cwd=root, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{test} could not be run:\n{(done.stdout + done.stderr)[-1500:]}")
    return done.returncode == 1


def tried(row: Row) -> bool:
    """Whether the test fails without the control."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        copy(root)
        without(REMOVALS[row.hazard], root)
        return fails(row.test, root)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m evaluation.controls", description=__doc__)
    parser.add_argument("--slow", action="store_true", help="also the tests that need the trained bot; they train it anew, so this takes minutes")
    parser.add_argument("--only", nargs="+", metavar="H01")
    options = parser.parse_args(argv)
    silent = []
    for row in rows():
        if (options.only and row.hazard not in options.only) or (row.is_slow and not (options.slow or options.only)):
            continue
        seen = tried(row)
        print(f"{row.hazard}: {'seen to fail' if seen else 'STAYS GREEN'} without its control: {row.test}", flush=True)
        silent += [] if seen else [row.hazard]
    print(f"{len(silent)} tests stay green without their control{': ' + ', '.join(silent) if silent else ''}.")
    sys.exit(1 if silent else 0)


if __name__ == "__main__":
    main()
