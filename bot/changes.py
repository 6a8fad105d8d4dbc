"""Agreed changes: who agreed that a care level goes down, and why. They stand in knowledge/changes/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.table import read_table


@dataclass(frozen=True)
class Agreement:
    """lowers: sentences or ids of cases, ids of red flags or conditions that may go down."""

    lowers: tuple[str, ...]
    agreed_by: str
    on: str
    why: str


def read_changes(folder: Path) -> tuple[tuple[Agreement, ...], tuple[str, ...]]:
    """All agreements of a knowledge folder, and what is wrong with their files."""
    paths = sorted((folder / "changes").glob("*.yml"))
    if not paths:
        return (), ()
    shape = (folder / "schema" / "change.json").read_text(encoding="utf-8")
    read = [read_table(path, shape, f"changes/{path.name}") for path in paths]
    problems = tuple(problem for _, found in read for problem in found)
    rows = (row for data, found in read if not found for row in data)
    return tuple(Agreement(tuple(r["lowers"]), r["agreed_by"], r["on"], r["why"]) for r in rows), problems
