"""The worked example of bot/knowledge/README.md, followed to the letter: one new file, and no line of Python."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.assessment import assess
from bot.case import Case
from bot.checks import report
from bot.consultation import Consultation, Memory
from bot.expectation import faults, read_cases
from bot.library import FOLDER, Library, load, read_library
from bot.questions import Interview
from bot.reading import Reader
from bot.teaching import Teacher

README = (FOLDER / "README.md").read_text(encoding="utf-8")
CONDITION, CASE = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
TRUTH = {"night_pain": "present", "both_legs_affected": "present", "bedtime_aches_gone_by_morning": "present"}
CHILD = {"age": 6, "days": 60}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The knowledge with the file from the README, and the cases with the case from the README."""
    folder = tmp_path_factory.mktemp("door")
    shutil.copytree(FOLDER, folder / "knowledge")
    shutil.copytree(Path(__file__).parent / "cases", folder / "cases")
    (folder / "knowledge" / "conditions" / "growing_pains.yml").write_text(CONDITION, encoding="utf-8")
    (folder / "cases" / "growing_pains.yml").write_text(CASE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def grown(copy: Path) -> Library:
    return read_library(copy / "knowledge")


def asked(library: Library) -> set[str]:
    """Every finding asked in an interview that begins with pain at night; the answers are those of growing pains."""
    case, interview, names = Case({"night_pain": "present"}, CHILD), Interview(), set[str]()
    while question := assess(case, library, interview).question:
        names |= set(question.about)
        case = case.tell_all({name: TRUTH.get(name, "absent") for name in question.about})
        interview = Interview(interview.count + 1, interview.done | set(question.about), interview.again)
    return names


def test_the_example_passes_the_checks_that_the_readme_names(copy: Path) -> None:
    new = set(report(copy / "knowledge", copy / "cases", date(2026, 12, 1)).problems)
    old = set(report(today=date(2026, 12, 1)).problems)
    assert new - old == set()


def test_the_bot_finds_the_new_condition(grown: Library) -> None:
    answer = assess(Case(TRUTH, CHILD), grown)
    assert answer.shown[0].id == "growing_pains"
    assert "growing_pains" not in load().conditions


def test_the_bot_asks_about_the_new_condition_and_did_not_before(grown: Library) -> None:
    assert "bedtime_aches_gone_by_morning" in asked(grown)
    assert "bedtime_aches_gone_by_morning" not in asked(load())


def test_the_bot_hears_its_name_and_teaches_it(grown: Library) -> None:
    reading = Reader(grown, None).read("what are growing pains?")
    assert [named.id for named in reading.conditions] == ["growing_pains"]
    reply = Teacher(Consultation(grown, Case(), Memory())).answer(reading)
    assert grown.conditions["growing_pains"].texts["what_is"][0].say in reply.messages[0].text


def test_the_bot_hears_its_misspelt_name(grown: Library) -> None:
    assert [named.id for named in Reader(grown, None).read("my son has growing panes").conditions] == ["growing_pains"]


def test_every_aspect_of_the_new_condition_has_an_answer(grown: Library) -> None:
    teacher = Teacher(Consultation(grown, Case(), Memory()))
    for aspect in ("what_is", "symptoms", "causes", "treatment", "self_care", "recovery", "prevention", "when_to_see"):
        assert len(teacher.teach(grown.conditions["growing_pains"], aspect).messages[0].text.splitlines()) > 1


def test_the_case_of_the_example_holds(copy: Path, grown: Library) -> None:
    cases, _ = read_cases(copy / "cases")
    (case,) = [case for case in cases if case.file == "growing_pains.yml"]
    assert faults(case, grown) == []


def test_the_table_of_files_is_complete() -> None:
    files = {path.name for path in FOLDER.glob("*.yml")}
    assert {name for name in files if f"`{name}`" not in README} == set()
