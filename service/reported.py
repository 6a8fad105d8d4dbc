"""python -m service.reported: an exported conversation becomes a test that replays it, so that a complaint is first of all a failing test.

The conversation: a file as the website's /api/history gives it (or a plain list of what the person typed, a line each), or, with
--sender, straight from the database. What should have happened is said by --should, in the words of tests/cases."""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from bot.driver import Conversation
from bot.expectation import Expectation, faults
from bot.library import Library, load
from bot.reading import reader
from bot.rule import closest
from bot.table import read_table
from components.storage.database import EVENTS, connect
from service.training import ROOT

FOLDER = ROOT / "tests" / "reported"
HEAD = "# Take out whatever could tell who it was; leave the rest as it was typed. Then mend the bot until `make check` is green.\n"


def from_file(text: str) -> list[str]:
    """What the person typed or pressed, in order. Raises ValueError where the file holds none."""
    try:
        raw = json.loads(text)
    except ValueError:
        said = [line.strip() for line in text.splitlines()]
    else:
        messages = raw.get("messages", []) if isinstance(raw, Mapping) else raw
        said = [str(m.get("text") or "") if isinstance(m, Mapping) else str(m) for m in messages if not isinstance(m, Mapping) or m.get("from") == "person"]
    said = [line for line in said if line]
    if not said:
        raise ValueError("it holds nothing that a person said")
    return said


def from_database(sender: str) -> list[str]:
    these = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.type_name == "user").order_by(EVENTS.c.timestamp, EVENTS.c.id)
    with connect().begin() as connection:
        said = [str(json.loads(row.data).get("text") or "") for row in connection.execute(these)]
    if not any(said):
        raise ValueError(f"the database knows no conversation of {sender}")
    return [line for line in said if line]


def replay(says: Sequence[str], library: Library) -> Conversation:
    conversation = Conversation(library, reader(library))
    for line in says:
        conversation.answer(line)
    return conversation


def wrong(row: Mapping[str, Any], library: Library) -> list[str]:
    """Where the replayed conversation is not what was asked for."""
    conversation = replay(row["says"], library)
    heard = {name: conversation.case.findings.get(name, "not heard") for name in row.get("heard", {})}
    found = [f"{name} was {heard[name]}, should be {role}" for name, role in row.get("heard", {}).items() if heard[name] != role]
    return found + faults(Expectation("", row["reported"], conversation.case, row.get("expect", {})), library)


def read_reported(folder: Path = FOLDER) -> list[tuple[str, dict[str, Any]]]:
    """Every reported conversation with its file. Raises SystemExit with what is wrong with a file."""
    out, shape = [], (folder / "schema.json").read_text(encoding="utf-8")
    for path in sorted(folder.glob("*.yml")):
        rows, problems = read_table(path, shape, f"tests/reported/{path.name}")
        if problems:
            raise SystemExit("\n".join(problems))
        out += [(path.name, row) for row in rows]
    return out


def written(title: str, says: Sequence[str], should: Mapping[str, Any], heard: Mapping[str, str]) -> str:
    row: dict[str, Any] = {"reported": title, "says": list(says)}
    row |= {"heard": dict(heard)} if heard else {}
    row |= {"expect": dict(should)} if should else {}
    return HEAD + yaml.safe_dump([row], sort_keys=False, allow_unicode=True, width=140)


def _pairs(options: Sequence[str], what: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals:
            sys.exit(f"--{what} {option}: should look like {'care_level=emergency_now' if what == 'should' else 'fever=absent'}.")
        out[key] = value.split(",") if key in ("raised", "not_raised", "among_shown", "not_shown", "asks", "does_not_ask") else value
    return out


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m service.reported", description=textwrap.dedent(__doc__ or ""))
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("file", nargs="?", help="- reads standard input")
    where.add_argument("--sender", help="the name of the conversation in the database")
    parser.add_argument("--title", required=True, help="what was complained about, in a sentence")
    parser.add_argument("--should", action="append", default=[], metavar="KEY=VALUE", help="such as care_level=emergency_now, care_level_at_most=self_care, leads=bakers_cyst, raised=RF01")
    parser.add_argument("--heard", action="append", default=[], metavar="FINDING=ROLE", help="such as fever=absent: what should have been understood")
    options = parser.parse_args(argv)
    try:
        text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text(encoding="utf-8") if options.file else ""
        says = from_database(options.sender) if options.sender else from_file(text)
    except (OSError, ValueError, sa.exc.SQLAlchemyError) as error:
        sys.exit(f"The conversation could not be read: {error}")
    row = {"reported": options.title, "says": says, "expect": _pairs(options.should, "should"), "heard": _pairs(options.heard, "heard")}
    _check(row, load())
    path = FOLDER / f"{re.sub(r'[^a-z0-9]+', '_', options.title.lower()).strip('_')[:60]}.yml"
    path.write_text(written(options.title, says, row["expect"], row["heard"]), encoding="utf-8")
    found = wrong(row, load())
    print(f"Written: {path.relative_to(ROOT)}")
    print("It fails now:\n" + "\n".join(f"- {fault}" for fault in found) if found else "It does not fail: the bot does by now what should happen, or --should and --heard do not say what was wrong.")


def _check(row: Mapping[str, Any], library: Library) -> None:
    keys = json.loads((FOLDER / "schema.json").read_text(encoding="utf-8"))["items"]["properties"]["expect"]["properties"]
    for key in row["expect"]:
        if key not in keys:
            sys.exit(f"--should {key}: no such thing to expect{closest(key, keys)}. There are: {', '.join(keys)}.")
    for name in row["heard"]:
        if name not in library.findings:
            sys.exit(f"--heard {name}: no such finding{closest(name, library.findings)}.")


if __name__ == "__main__":
    main()
