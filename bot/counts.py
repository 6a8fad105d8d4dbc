"""How much of what the bot says rests on a source: `python -m bot counts`. Counted in the files, not remembered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.library import FOLDER, KnowledgeError, read_files


@dataclass(frozen=True)
class Counts:
    """sentences = sourced + general + neither. by_reading: sentences by how well their best-read source was read."""

    sourced: int
    general: int
    neither: int
    by_file: Mapping[str, tuple[int, int, int]]
    by_reading: Mapping[str, int]
    grades: tuple[int, int]  # from a source, judgement
    texts_without_claim: int
    reviewed: tuple[int, int]  # by a clinician, not yet

    @property
    def sentences(self) -> int:
        return self.sourced + self.general + self.neither


READ = ("in full", "part", "abstract", "copy", "not re-read", "not recorded")  # best first


def counts(folder: Path = FOLDER) -> int:
    """Prints the counts. 1 when a sentence has neither a source nor the words general_knowledge."""
    try:
        found = count(folder)
    except KnowledgeError as error:
        print(error)
        return 1
    print("\n".join(page(found)))
    return int(found.neither > 0)


def count(folder: Path) -> Counts:
    tables, conditions, _ = read_files(folder)
    files = {**{f"{name}.yml": table for name, table in tables.items()}, "conditions/": conditions}
    kinds = {file: Counter(_kind(s) for s in _sentences(data)) for file, data in files.items()}
    total: Counter[str] = sum(kinds.values(), Counter())
    by_file = {file: (k["sourced"], k["general"], k["neither"]) for file, k in kinds.items() if sum(k.values())}
    judged = Counter(cell["from"] == "judgement" for raw in conditions.values() for cell in _graded(raw))
    signed = Counter(raw["reviewed"]["by"] is not None for raw in (*conditions.values(), *tables["topics"].values()))
    return Counts(
        total["sourced"], total["general"], total["neither"], by_file, _by_reading(files, tables["sources"]),
        (judged[False], judged[True]), _without_claim(tables), (signed[True], signed[False]),
    )  # fmt: skip


def _sentences(data: Any) -> Iterator[Mapping[str, Any]]:
    """Every {say, from} in a file, also one whose from is missing."""
    if isinstance(data, dict):
        if isinstance(data.get("say"), str):
            yield data
        for value in data.values():
            yield from _sentences(value)
    if isinstance(data, list):
        for value in data:
            yield from _sentences(value)


def _kind(sentence: Mapping[str, Any]) -> str:
    origin = sentence.get("from")
    if origin == "general_knowledge":
        return "general"
    return "sourced" if isinstance(origin, list) and origin else "neither"


def _by_reading(files: Mapping[str, Any], sources: Mapping[str, Any]) -> dict[str, int]:
    rows = [s["from"] for data in files.values() for s in _sentences(data) if _kind(s) == "sourced"]
    best = Counter(min((sources[name]["read"] for name in names if name in sources), key=READ.index, default="unknown source") for names in rows)
    return {read: best[read] for read in (*READ, "unknown source") if best[read]}


def _graded(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from raw["findings"].values()
    yield from raw.get("together", ())
    yield raw["how_common"]


def _without_claim(tables: Mapping[str, Any]) -> int:
    """Questions, the steps of exercises and the headings of cards: they ask or instruct, and carry no source of their own."""
    asked = sum(1 + ("ask_again" in raw) for raw in tables["findings"].values())
    steps = sum(1 + len(raw["steps"]) for raw in tables["exercises"].values())
    return asked + steps + sum(1 + ("heading_go" in raw) for raw in tables["care"]["levels"].values())


def page(found: Counts) -> list[str]:
    lines = [f"{'file':<18}{'sentences':>10}{'sourced':>10}{'general':>10}{'neither':>10}"]
    for file, (sourced, general, neither) in found.by_file.items():
        lines.append(f"{file:<18}{sourced + general + neither:>10}{sourced:>10}{general:>10}{neither:>10}")
    lines.append(f"{'all':<18}{found.sentences:>10}{found.sourced:>10}{found.general:>10}{found.neither:>10}")
    lines += ["", "Sourced sentences by how well their best source was read:"]
    lines += [f"  {read:<16}{number:>6}" for read, number in found.by_reading.items()]
    lines += [
        "",
        f"Grades of findings and of how common: {found.grades[0]} from a source, {found.grades[1]} judgement.",
        f"Questions, exercise steps and card headings, which carry no source of their own: {found.texts_without_claim}.",
        f"Conditions and topics reviewed by a clinician: {found.reviewed[0]}; not yet: {found.reviewed[1]}.",
    ]
    return lines
