"""What the documents say is true of the files: the map, the verbs, the links, the decisions, the tests of the hazard log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from evaluation import controls

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
IGNORED = [line.strip().strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if line.strip()]


def is_kept(path: Path) -> bool:
    """Not made by a command: nothing in .gitignore names it."""
    whole = path.relative_to(ROOT).as_posix()
    return path.name != ".git" and not any(fnmatch(path.name, pattern) or fnmatch(whole, pattern) for pattern in IGNORED)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if is_kept(path)}


def documents(folder: Path = ROOT) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if is_kept(path) and path.is_dir():
            yield from documents(path)
        elif is_kept(path) and path.suffix == ".md":
            yield path


def the_map() -> dict[str, set[str]]:
    """Folder → names listed in it; '' is the top."""
    (block,) = re.findall(r"## The map of the house\n.*?```text\n(.*?)```", README, re.DOTALL)
    listed: dict[str, set[str]] = {"": set()}
    parent = ""
    for line in block.splitlines():
        name = line.split()[0].strip("/")
        inside = line.startswith("  ")
        listed.setdefault(parent if inside else "", set()).add(name)
        parent = parent if inside else name
    return listed


def test_the_map_shows_the_top_of_the_house_as_it_is() -> None:
    listed = the_map()[""]
    assert {name for name in listed if not name.startswith(".")} == {name for name in names_in(ROOT) if not name.startswith(".")}
    assert {name for name in listed if not (ROOT / name).exists()} == set()


def test_the_map_shows_every_module_of_the_bot() -> None:
    assert the_map()["bot"] == names_in(ROOT / "bot")


def test_every_make_verb_of_the_readme_exists() -> None:
    verbs = set(re.findall(r"\bmake ([a-z]+)", " ".join(re.findall(r"`+([^`]+)`+", README))))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert verbs and verbs <= targets


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    text = re.sub(r"```.*?```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)", text) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if link and not (document.parent / link).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(re.findall(r"\]\(([^)]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}


HAZARDS = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("file", "name"), sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", HAZARDS))))
def test_every_test_of_the_hazard_log_exists(file: str, name: str) -> None:
    assert re.search(rf"def {name}\(", (ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "sentence"), sorted(set(re.findall(r"`(tests/cases/\w+\.yml)` “([^”]+)”", HAZARDS))))
def test_every_case_of_the_hazard_log_exists(file: str, sentence: str) -> None:
    assert re.search(rf"- case: [\"']?{re.escape(sentence)}", (ROOT / file).read_text(encoding="utf-8"))


def test_every_hazard_says_how_its_control_is_taken_away() -> None:
    listed = {row.hazard for row in controls.rows()}
    assert listed == set(controls.REMOVALS)
    for hazard, removal in controls.REMOVALS.items():
        assert removal.find in (ROOT / removal.file).read_text(encoding="utf-8"), f"{hazard}: {removal.file} holds no such control any more"
