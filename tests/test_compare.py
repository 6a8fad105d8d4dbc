"""`python -m bot diff`: what a change of the knowledge does to the written cases. In a small repository of its own."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bot import expectation
from bot.compare import ROOT, diff
from bot.library import FOLDER

CASES = """
- case: new chest pain with a sore knee
  told: {chest_pain_or_breathless: present}
  expect: {care_level: emergency_now}
- case: hot and swollen in someone with big-toe attacks
  told: {previous_gout_attacks: present, hot_red_joint: present, onset_sudden: present, swelling_whole_knee: present}
  person: {age: 60, days: 2}
  expect: {leads: gout}
"""
CHEST = "title: Chest pain or trouble breathing\n    level: emergency_now"
LOWER = (CHEST, CHEST.replace("emergency_now", "see_clinician_days"))
AGREED = '- {lowers: [%s], agreed_by: "A. Nobody, made up for a test", "on": "2026-12-01", why: "Only a test of the rule."}\n'


class Repository:
    """A repository with one commit of today's knowledge and two cases."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(FOLDER, root / "bot" / "knowledge")
        (root / "tests" / "cases").mkdir(parents=True)
        shutil.copy(expectation.FOLDER / "schema.json", root / "tests" / "cases")
        self.write("tests/cases/some.yml", CASES)
        self.git("init", "-q")
        self.commit()

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=A test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")
        subprocess.run(["git", *who, *words], cwd=self.root, check=True, capture_output=True)

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "A step")

    def write(self, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}"
        self.write(file, text.replace(old, new, 1))

    def lower_chest_pain(self) -> None:
        self.change("bot/knowledge/red_flags.yml", *LOWER)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set while a git hook runs the tests
        monkeypatch.delenv(name, raising=False)
    return Repository(tmp_path)


def test_no_change_moves_no_case(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff("HEAD", repository.root) == 0
    said = capsys.readouterr().out
    assert "2 cases come out as before." in said and "No care level goes down." in said


def test_a_lower_care_level_fails_and_names_case_rule_and_levels(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.lower_chest_pain()
    assert diff("HEAD", repository.root) == 1
    said = capsys.readouterr().out
    assert "new chest pain with a sore knee  (tests/cases/some.yml)" in said
    assert "Emergency → In the next few days: RF01 (Chest pain or trouble breathing) has another level" in said
    assert "NOT AGREED" in said and "bot/knowledge/changes/" in said


@pytest.mark.parametrize("named", ["RF01", '"new chest pain with a sore knee", RF01'])
def test_a_lower_care_level_that_a_clinician_agreed_to_passes(named: str, repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.lower_chest_pain()
    repository.write("bot/knowledge/changes/chest.yml", AGREED % named)
    assert diff("HEAD", repository.root) == 0
    assert "agreed by A. Nobody, made up for a test on 2026-12-01: Only a test of the rule." in capsys.readouterr().out


def test_an_agreement_about_something_else_does_not_help(repository: Repository) -> None:
    repository.lower_chest_pain()
    repository.write("bot/knowledge/changes/chest.yml", AGREED % "RF02")
    assert diff("HEAD", repository.root) == 1


def test_an_agreement_counts_once(repository: Repository) -> None:
    repository.write("bot/knowledge/changes/chest.yml", AGREED % "RF01")
    repository.commit()
    repository.lower_chest_pain()
    assert diff("HEAD", repository.root) == 1


def test_an_agreement_without_a_name_does_not_count(repository: Repository) -> None:
    repository.lower_chest_pain()
    repository.write("bot/knowledge/changes/chest.yml", '- {lowers: [RF01], "on": "2026-12-01", why: "Only a test of the rule."}\n')
    assert diff("HEAD", repository.root) == 1


def test_deleting_the_case_does_not_hide_what_goes_down(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.change("bot/knowledge/red_flags.yml", "chest_pain_or_breathless and (not breathless_longstanding", "chest_pain_or_breathless and (newly_worse")
    repository.write("tests/cases/some.yml", CASES.split("- case: hot")[0].replace("new chest pain", "another").replace("chest_pain_or_breathless", "locking"))
    assert diff("HEAD", repository.root) == 1
    assert "new chest pain with a sore knee" in capsys.readouterr().out


def test_a_higher_care_level_passes_and_is_shown(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.lower_chest_pain()
    repository.commit()
    repository.change("bot/knowledge/red_flags.yml", *reversed(LOWER))
    assert diff("HEAD", repository.root) == 0
    assert "Cases with a higher care level: 1" in capsys.readouterr().out


def test_another_leading_condition_is_shown_and_passes(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.change("bot/knowledge/conditions/gout.yml", "previous_gout_attacks: {grade: '++'", "previous_gout_attacks: {grade: '--'")
    diff("HEAD", repository.root)
    said = capsys.readouterr().out
    assert "Cases led by another condition: 1" in said and "Gout → " in said


def test_a_condition_with_a_lower_care_level_of_its_own_fails_without_any_case(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.change("bot/knowledge/conditions/gout.yml", "care_level: see_clinician_days", "care_level: self_care")
    assert diff("HEAD", repository.root) == 1
    assert "gout  (conditions)" in capsys.readouterr().out


def test_a_red_flag_that_is_gone_counts_as_lower(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    path = repository.root / "bot" / "knowledge" / "red_flags.yml"
    text = path.read_text(encoding="utf-8")
    start = text.index("  RF45:\n")
    repository.write("bot/knowledge/red_flags.yml", text[:start] + text[text.index("\n  RF", start) + 1 :])
    assert diff("HEAD", repository.root) == 1
    assert "RF45  (red_flags.yml)" in capsys.readouterr().out


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x"])
def test_a_revision_that_is_not_there_is_said_plainly(revision: str, repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(revision, repository.root) == 2
    assert revision in capsys.readouterr().out


def test_a_revision_without_knowledge_is_said_plainly(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.git("rm", "-r", "-q", "--cached", "bot/knowledge")
    repository.git("commit", "-q", "-m", "Without")
    assert diff("HEAD", repository.root) == 2
    assert "there was no knowledge" in capsys.readouterr().out


def test_knowledge_that_cannot_be_read_is_said_with_the_reason(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.change("bot/knowledge/conditions/gout.yml", "group: joint", "group: joints")
    assert diff("HEAD", repository.root) == 2
    said = capsys.readouterr().out
    assert "In the working tree" in said and "found 'joints'" in said


def test_the_published_cases_are_compared_too(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    (repository.root / "evaluation" / "cases").mkdir(parents=True)
    shutil.copy(ROOT / "evaluation" / "cases" / "open.yml", repository.root / "evaluation" / "cases")
    repository.change("bot/knowledge/conditions/patellofemoral_pain.yml", "tier: ", "tier: rare # ")
    diff("HEAD", repository.root)
    assert "(evaluation/cases/open.yml)" in capsys.readouterr().out
