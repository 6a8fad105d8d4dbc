"""The library: read once, frozen, and refused with words when something in it does not hold."""

from __future__ import annotations

import json
import shutil
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from bot.library import ASPECTS, FOLDER, LEVELS, TABLES, KnowledgeError, Library, higher, load, read_library, sentences
from bot.table import PATTERNS


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "knowledge"))


def test_the_knowledge_is_read_once_and_then_shared() -> None:
    assert load() is load()


def test_the_library_cannot_be_changed(library: Library) -> None:
    with pytest.raises(FrozenInstanceError):
        library.version = "another"  # type: ignore[misc]
    with pytest.raises(TypeError):
        library.conditions["gout"] = library.conditions["dvt"]  # type: ignore[index]


def test_the_file_name_is_the_id(library: Library) -> None:
    assert set(library.conditions) == {path.stem for path in (FOLDER / "conditions").glob("*.yml")}
    assert all(condition.id == name for name, condition in library.conditions.items())


def test_any_change_of_what_the_bot_knows_gives_another_version(copy: Path, library: Library) -> None:
    assert read_library(copy).version == library.version
    path = copy / "conditions" / "gout.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("It settles in days", "It settles in some days"), encoding="utf-8")
    assert read_library(copy).version != library.version


def test_an_agreement_is_no_knowledge_and_leaves_the_version_alone(copy: Path, library: Library) -> None:
    (copy / "changes").mkdir()
    (copy / "changes" / "any.yml").write_text("- {}\n", encoding="utf-8")
    assert read_library(copy).version == library.version


def test_all_that_is_wrong_is_told_at_once(copy: Path) -> None:
    for name in ("gout", "dvt"):
        path = copy / "conditions" / f"{name}.yml"
        path.write_text(path.read_text(encoding="utf-8").replace("group: ", "gruop: ", 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read_library(copy)
    assert {problem.split(":")[0] for problem in caught.value.problems} == {"conditions/gout.yml", "conditions/dvt.yml"}


def test_yes_and_no_stay_words_and_days_stay_text(copy: Path) -> None:
    path = copy / "conditions" / "gout.yml"
    text = path.read_text(encoding="utf-8").replace('["gout", ', "[yes, no, 2027-11-01, ")
    path.write_text(text, encoding="utf-8")
    assert read_library(copy).conditions["gout"].also_called[:3] == ("yes", "no", "2027-11-01")


def test_a_sentence_from_general_knowledge_has_no_source(copy: Path) -> None:
    said = {s.say: s.sources for s in read_library(copy).conditions["gout"].texts["recovery"]}
    assert said["It can return, weeks or years later."] == ()
    assert said["An attack mostly lasts 5 to 7 days."] == ("NHSW-gout",)


def test_every_sentence_is_counted_with_its_place(library: Library) -> None:
    places = {where.split(":")[0] for where, _ in sentences(library)}
    assert {f"conditions/{name}.yml" for name in library.conditions} < places
    assert {"findings.yml", "red_flags.yml", "care.yml", "topics.yml", "exercises.yml", "glossary.yml", "article.yml"} < places


def test_sources_of_strengths_are_kept(copy: Path) -> None:
    path = copy / "conditions" / "gout.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("tier: uncommon\n  from: judgement", "tier: uncommon\n  from: [NHSW-gout]"), encoding="utf-8")
    assert read_library(copy).conditions["gout"].strength_sources == ("NHSW-gout",)


def test_the_higher_of_two_levels_is_the_more_urgent_one() -> None:
    assert higher("self_care", "same_day") == "same_day"
    assert higher(LEVELS[-1], LEVELS[0]) == "emergency_now"


def test_each_table_has_a_schema_and_each_schema_is_used() -> None:
    shapes = {path.stem for path in (FOLDER / "schema").glob("*.json")}
    assert shapes == {*TABLES, "condition", "hard_words", "change"}


def _schemas() -> list[Path]:
    return sorted((FOLDER / "schema").glob("*.json"))


def _patterns(node: object) -> set[str]:
    if isinstance(node, list):
        return {pattern for item in node for pattern in _patterns(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["pattern"]} if isinstance(node.get("pattern"), str) else set()
    return own | {pattern for item in node.values() for pattern in _patterns(item)}


@pytest.mark.parametrize("path", _schemas(), ids=lambda path: path.stem)
def test_every_form_that_a_schema_asks_for_can_be_said_in_words(path: Path) -> None:
    assert _patterns(json.loads(path.read_text(encoding="utf-8"))) <= set(PATTERNS)


def test_every_condition_answers_every_aspect(library: Library) -> None:
    for condition in library.conditions.values():
        assert all(condition.texts[aspect] for aspect in ASPECTS if aspect != "compare"), condition.id
        assert set(condition.safety_net) == {"uncertain", "look_for", "get_help", "course"}


def test_nothing_claims_a_reviewer_or_a_reading_day_that_nobody_recorded(library: Library) -> None:
    signed = [c.id for c in library.conditions.values() if (c.reviewed["by"] is None) != (c.reviewed["on"] is None)]
    assert signed == []
