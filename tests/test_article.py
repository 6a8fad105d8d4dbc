"""docs/article.md: the founding article, claim by claim, as the knowledge has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.article import article, page
from bot.library import Library

PAGE = Path(__file__).parent.parent / "docs" / "article.md"
CLAIMS = 61


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| S")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_is_what_the_command_prints(library: Library) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(library), "run: python -m bot article > docs/article.md"


def test_the_command_prints_the_page(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    assert article() == 0
    assert capsys.readouterr().out == page(library)


def test_no_claim_is_missing_from_the_knowledge_or_the_table(library: Library) -> None:
    claims = [f"S{number}" for number in range(1, CLAIMS + 1)]
    assert list(library.article) == claims
    assert [row[0] for row in rows()] == claims


def test_every_claim_has_a_verdict_today_s_knowledge_and_where_it_comes_from() -> None:
    for row in rows():
        assert len(row) == 6 and all(row), row
        assert row[2] in ("carried", "refined", "corrected", "not about health")


def test_every_claim_about_health_is_taught_somewhere(library: Library) -> None:
    assert [claim for claim, raw in library.article.items() if not raw["where"] and raw["verdict"] != "not_medical"] == []
