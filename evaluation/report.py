"""Tables → text for the terminal and for docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluation.rates import Figure

Rows = Sequence[tuple[str, "Figure | str"]]
BEGIN, END = "<!-- figures: written by a command, not by hand -->", "<!-- end of figures -->"


def as_text(title: str, rows: Rows) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join([f"\n{title}", "-" * len(title), *(f"{name:<{width}}  {value}" for name, value in rows)])


def as_markdown(title: str, rows: Rows) -> str:
    return "\n".join([f"### {title}", "", "| what | value (95 % interval) and count |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""])


def grid(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([f"### {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines, ""])


def into(document: Path, figures: str) -> None:
    """Puts the figures between the markers of the document; everything else in it stays."""
    text = document.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise SystemExit(f"{document}: should hold one line '{BEGIN}' and below it one line '{END}'")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    document.write_text(f"{before}{BEGIN}\n\n{figures.strip()}\n\n{END}{after}", encoding="utf-8")
