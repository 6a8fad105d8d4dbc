"""The founding article, claim by claim, as the table of docs/article.md: `python -m bot article`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot.library import Library, load

VERDICTS = {"carried": "carried", "refined": "refined", "corrected": "corrected", "not_medical": "not about health"}
PLAINLY = "general knowledge"


def article() -> int:
    """Prints the page; docs/article.md is this page, and a test compares them."""
    print(page(load()), end="")
    return 0


def page(library: Library) -> str:
    rows = [_row(claim, raw, library) for claim, raw in library.article.items()]
    return "\n".join([*_head(library), "| | The article says | Verdict | Today's knowledge | Source | Taught in |", "|---|---|---|---|---|---|", *rows, ""])


def _head(library: Library) -> list[str]:
    verdicts = Counter(raw["verdict"] for raw in library.article.values())
    return [
        "# The founding article",
        "",
        "This project began with a lifestyle article on pain at the back of the knee, which named no references. Each of its claims is",
        "in our knowledge as one of: carried (it holds), refined (partly right, or without its context) or corrected (mainstream",
        "guidance says otherwise). This page is what `python -m bot article` prints from `bot/knowledge/article.yml`; change it there.",
        "",
        f"{len(library.article)} claims: {', '.join(f'{verdicts[key]} {words}' for key, words in VERDICTS.items())}.",
        "",
    ]


def _row(claim: str, raw: Mapping[str, Any], library: Library) -> str:
    names = [(library.conditions.get(name) or library.topics[name]).name for name in raw["where"]]
    cells = [claim, raw["claim"], VERDICTS[raw["verdict"]], raw["now"]["say"], _origin(raw["now"]["from"], library), ", ".join(names) or "nowhere"]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _origin(names: str | list[str], library: Library) -> str:
    if isinstance(names, str):
        return PLAINLY
    sources = [library.sources[name] for name in names]
    return "; ".join(f"[{s.publisher}: {s.title}]({s.url})" if s.url else f"{s.publisher}: {s.title}" for s in sources)
