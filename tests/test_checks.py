"""Each rule of `python -m bot check`, broken once in a copy of the knowledge: it turns red, in words a clinician understands."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot import expectation, readability
from bot.checks import check, report
from bot.library import FOLDER, Library

TODAY = date(2026, 12, 1)
RAISES = """
- case: chest pain with a sore knee
  flag: RF01
  kind: raises
  told: {chest_pain_or_breathless: present}
  expect: {care_level: emergency_now, leads: gout}
- case: no chest pain
  flag: RF01
  kind: near_miss
  told: {chest_pain_or_breathless: absent}
  expect: {not_raised: [RF01]}
"""


class Copy:
    """A copy of the knowledge with one small file of cases."""

    def __init__(self, folder: Path) -> None:
        self.knowledge, self.cases = folder / "knowledge", folder / "cases"
        shutil.copytree(FOLDER, self.knowledge)
        self.cases.mkdir()
        shutil.copy(expectation.FOLDER / "schema.json", self.cases)
        self.write_cases(RAISES)

    def write_cases(self, text: str) -> None:
        (self.cases / "some.yml").write_text(text, encoding="utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        """Replaces the first place, which must be there."""
        path = self.knowledge / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} no longer holds {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def add(self, file: str, text: str) -> None:
        path = self.knowledge / file
        path.parent.mkdir(exist_ok=True)
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + text, encoding="utf-8")

    def problems(self, today: date = TODAY) -> set[str]:
        return set(report(self.knowledge, self.cases, today).problems)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the checks say of an unbroken copy with so few cases."""
    return Copy(tmp_path_factory.mktemp("unbroken")).problems()


GOUT = "conditions/gout.yml"
FIRST = 'say: "Tiny crystals in a joint cause a sudden attack.", from: general_knowledge'
FINDING = """
made_up_finding:
  group: what_changes_it
  tier: 2
  label: "a made-up finding"
  short: "Made up"
  ask: "Is it made up?"
  why: {say: "It is here for a test.", from: general_knowledge}
  also_said: []
"""
SOURCE = """
MADE-UP:
  title: "A page"
  publisher: "Nobody"
  year: null
  url: null
  read: part
  read_on: null
"""
LONG = "It hurts and " * 6 + "then it stops."
HARD = "The immunocompromised individual necessitates multidisciplinary orthopaedic hospitalisation. " * 60

# name of the rule: (file, what stands there, what breaks it, all words that the message must hold)
SCHEMA_RULES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "a key given twice": (GOUT, "group: joint", "group: joint\ngroup: nerve", ("gout.yml", "line", "'group' stands here twice")),
    "a field that is missing": (GOUT, "group: joint\n", "", ("gout.yml", "the field 'group' is missing", "kind of trouble")),
    "a field that nobody knows": (GOUT, "group: joint", "group: joint\ngruop: x", ("gout.yml", "no such field 'gruop'", "did you mean 'group'")),
    "a word that is not allowed": (GOUT, "group: joint", "group: joints", ("gout.yml: group", "found 'joints'", "did you mean 'joint'")),
    "text where a list belongs": (GOUT, "what_is:\n", "what_is: hello\nx_is:\n", ("gout.yml: what_is", 'found "hello"', "should be a list")),
    "a sentence without a source": (GOUT, FIRST, 'say: "Tiny crystals."', ("gout.yml: what_is > no. 1", "'from' is missing", "source ids")),
    "a source that is not in a list": (GOUT, FIRST, 'say: "Tiny.", from: NHSW-gout', ("what_is > no. 1 > from", '"NHSW-gout"', "general_knowledge", "list of source")),
    "a source named twice": (GOUT, FIRST, 'say: "Tiny.", from: [NHSW-gout, NHSW-gout]', ("what_is > no. 1 > from", "names a source twice")),
    "an empty list of sources": (GOUT, FIRST, 'say: "Tiny.", from: []', ("what_is > no. 1 > from", "found []", "general_knowledge")),
    "a grade from nowhere": (GOUT, "{grade: '++', from: judgement}", "{grade: '++', from: guess}", ("gout.yml: findings", '"guess"', "the word judgement")),
    "a grade that does not exist": (GOUT, "{grade: '++', from: judgement}", "{grade: '+++', from: judgement}", ("found '+++'", "++, +, -, --")),
    "a name given twice in one list": (GOUT, '["gout", ', '["gout", "gout", ', ("gout.yml: also_called", "'gout' stands in the list twice")),
    "a list that holds nothing": ("red_flags.yml", '- {say: "Do not drive yourself.", from: general_knowledge}\n      - {say: "Sit down and keep still while you wait.", from: general_knowledge}', "[]", ("RF01 > do", "holds 0", "at least 1")),
    "a sentence that is too short": (GOUT, FIRST, 'say: "", from: general_knowledge', ("what_is > no. 1 > say", 'found ""', "at least 3 letters")),
    "a date that is written otherwise": (GOUT, '"2027-11-01"', '"1.11.2027"', ("gout.yml: reviewed > again_by", "1.11.2027", "2027-11-01")),
    "an id with capital letters": ("findings.yml", "\nlocking:", "\nLocking:", ("findings.yml", "'Locking'", "small letters")),
    "a red flag with a wrong id": ("red_flags.yml", "\n  RF45:", "\n  Flag45:", ("red_flags.yml", "'Flag45'", "RF or X with two digits")),
    "a file that is no YAML": (GOUT, "what_is:", "what_is: {{", ("gout.yml", "near line")),
    "a rule that cannot be read": ("red_flags.yml", "when: faint_with_pain_only", "when: faint_with_pain_only and (", ("RF79", "check the brackets")),
}  # fmt: skip
ID_RULES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "an unknown finding in a condition": (GOUT, "locking: {", "lockign: {", ("gout.yml", "no such finding 'lockign'", "did you mean 'locking'")),
    "an unknown finding in a rule": ("red_flags.yml", "when: faint_with_pain_only", "when: faint_with_pain_onyl", ("RF79", "did you mean 'faint_with_pain_only'")),
    "an unknown finding in a finding": ("findings.yml", "needs: [night_pain]", "needs: [night_pian]", ("findings.yml", "did you mean 'night_pain'")),
    "an unknown source of a sentence": (GOUT, "from: [NHSW-gout]", "from: [NHSW-gotu]", ("gout.yml", "no such id 'NHSW-gotu'", "did you mean 'NHSW-gout'")),
    "an unknown source of a grade": (GOUT, "{grade: '++', from: judgement}", "{grade: '++', from: [NHSW-gotu]}", ("gout.yml", "no such id 'NHSW-gotu'")),
    "an unknown exercise": (GOUT, "ids: []", "ids: [clamm]", ("gout.yml: exercises", "'clamm'", "did you mean 'clam'")),
    "an unknown place in the article": ("article.yml", "where: [anatomy]", "where: [anatmy]", ("article.yml: S1", "'anatmy'", "did you mean 'anatomy'")),
}  # fmt: skip
MEANING_RULES: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "a review date that has passed": (GOUT, '"2027-11-01"', '"2026-11-30"', ("gout.yml: reviewed > again_by", "2026-11-30 has passed", "clinician")),
    "a review date of a topic that has passed": ("topics.yml", '"2027-11-01"', '"2026-11-30"', ("topics.yml: first_aid", "2026-11-30 has passed")),
    "a day that is not in the calendar": (GOUT, '"2027-11-01"', '"2027-11-31"', ("gout.yml: reviewed > again_by", "no day of the calendar")),
    "a reviewer without a day": (GOUT, "by: null", "by: A. Nobody", ("gout.yml: reviewed", "by and on belong together")),
    "a review that is still to come": (GOUT, 'by: null, "on": null', 'by: A. Nobody, "on": "2027-01-01"', ("gout.yml: reviewed > on", "still to come")),
    "a name shared by two conditions": (GOUT, '["gout", ', '["gout", "pseudogout", ', ("'pseudogout'", "cppd_pseudogout.yml", "gout.yml", "one place")),
    "a sentence that is too long": (GOUT, FIRST, f'say: "{LONG}", from: general_knowledge', ("gout.yml: what_is", "21 words", "15", "then it stops")),
    "a question that is too long": ("findings.yml", 'ask: "Do both legs ache', f'ask: "{LONG.removesuffix(".")} and do both legs ache', ("bedtime_aches_gone_by_morning", "words in one sentence")),
    "a hard word without a glossary entry": (GOUT, FIRST, 'say: "It is idiopathic.", from: general_knowledge', ("gout.yml: what_is", "'idiopathic'", "of unknown cause")),
    "a dose": (GOUT, FIRST, 'say: "Take 400 mg now.", from: general_knowledge', ("gout.yml: what_is", "'400 mg'", "dose", "pharmacist")),
    "texts above grade 8": (GOUT, FIRST, f'say: "{HARD}", from: general_knowledge', ("gout.yml: all texts together", "grade", "6 or lower", "plainer words")),
}  # fmt: skip
RULES = {**SCHEMA_RULES, **ID_RULES, **MEANING_RULES}


@pytest.mark.parametrize("name", RULES)
def test_what_is_wrong_is_found_and_said_plainly(name: str, copy: Copy, before: set[str]) -> None:
    file, old, new, words = RULES[name]
    copy.change(file, old, new)
    found = copy.problems() - before
    assert any(all(word in problem for word in words) for problem in found), f"{name}: {sorted(found)[:5]}"


def test_a_source_that_nothing_names_is_found(copy: Copy, before: set[str]) -> None:
    copy.add("sources.yml", SOURCE)
    assert [p for p in copy.problems() - before if "sources.yml: MADE-UP" in p and "no sentence and no grade" in p]


def test_a_finding_that_nobody_asks_about_is_found(copy: Copy, before: set[str]) -> None:
    copy.add("findings.yml", FINDING)
    assert [p for p in copy.problems() - before if "findings.yml: made_up_finding" in p and "nobody is asked about it" in p]


def test_a_condition_that_cannot_be_told_from_another_is_found(copy: Copy, before: set[str]) -> None:
    text = (copy.knowledge / GOUT).read_text(encoding="utf-8")
    twin = re.sub(r"also_called: .*", 'also_called: ["twin gout"]', re.sub(r"misspellings: .*", "misspellings: []", text))
    twin = twin.replace('name: "Gout"', 'name: "Twin"').replace("Gout (urate crystal arthritis)", "Twin arthritis")
    copy.add("conditions/twin.yml", twin)
    assert [p for p in copy.problems() - before if "conditions/twin.yml" in p and "no answer can tell Twin from Gout" in p]


def test_a_condition_whose_file_name_is_no_id_is_found(copy: Copy) -> None:
    shutil.move(copy.knowledge / GOUT, copy.knowledge / "conditions" / "Gout knee.yml")
    assert [p for p in copy.problems() if "Gout knee.yml" in p and "the file name is the id" in p]


def test_a_table_that_is_missing_is_found(copy: Copy) -> None:
    (copy.knowledge / "care.yml").unlink()
    assert "care.yml: the file is missing" in copy.problems()


def test_a_change_file_that_names_nobody_is_found(copy: Copy, before: set[str]) -> None:
    copy.add("changes/lower.yml", '- {lowers: [RF01], on: "2026-11-30", why: "It was too strict."}\n')
    assert [p for p in copy.problems() - before if "changes/lower.yml" in p and "'agreed_by' is missing" in p]


# --- cases ------------------------------------------------------------------------------------------


def test_a_red_flag_without_a_case_that_raises_it_is_found(copy: Copy, before: set[str]) -> None:
    copy.write_cases(RAISES.replace("kind: raises", "kind: near_miss"))
    assert [p for p in copy.problems() - before if p.startswith("red_flags.yml: RF01") and "no case raises it" in p]


def test_a_red_flag_without_a_near_miss_is_found(copy: Copy, before: set[str]) -> None:
    copy.write_cases(RAISES.split("- case: no chest pain")[0])
    assert [p for p in copy.problems() - before if p.startswith("red_flags.yml: RF01") and "no near miss" in p]


def test_a_case_that_does_not_raise_its_red_flag_is_found(copy: Copy) -> None:
    copy.write_cases(RAISES.replace("chest_pain_or_breathless: present", "locking: present"))
    assert [p for p in copy.problems() if "'chest pain with a sore knee'" in p and "should raise RF01" in p]


def test_a_near_miss_that_raises_its_red_flag_is_found(copy: Copy) -> None:
    copy.write_cases(RAISES.replace("chest_pain_or_breathless: absent", "chest_pain_or_breathless: present"))
    assert [p for p in copy.problems() if "'no chest pain'" in p and "should not raise RF01" in p]


def test_a_near_miss_that_has_nothing_to_do_with_its_red_flag_is_found(copy: Copy) -> None:
    copy.write_cases(RAISES.replace("chest_pain_or_breathless: absent", "bony_bump_below_knee: absent"))
    assert [p for p in copy.problems() if "'no chest pain'" in p and "is not near RF01" in p]


def test_a_condition_without_a_case_is_found(copy: Copy, before: set[str]) -> None:
    assert not [p for p in before if "no case expects Gout." in p]
    copy.write_cases(RAISES.replace(", leads: gout", ""))
    assert [p for p in copy.problems() - before if p.startswith("conditions/gout.yml: no case expects Gout")]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("leads: gout", "leads: guot", "no such condition 'guot', did you mean 'gout'?"),
        ("chest_pain_or_breathless: absent", "chest_pain: absent", "no such finding 'chest_pain'"),
        ("not_raised: [RF01]", "not_raised: [RF99]", "no such red flag 'RF99'"),
        ("leads: gout", "laeds: gout", "no such field 'laeds', did you mean 'leads'?"),
        ("breathless: absent", "breathless: no", "found 'no'. Allowed: present, absent, unsure."),
        ("  flag: RF01\n  kind: raises\n", "  kind: raises\n", "the field 'flag' is missing"),
        ("no chest pain", "chest pain with a sore knee", "have the same sentence"),
    ],
)
def test_a_case_that_cannot_be_right_is_found(copy: Copy, old: str, new: str, words: str) -> None:
    assert old in RAISES
    copy.write_cases(RAISES.replace(old, new))
    assert [p for p in copy.problems() if words in p and "tests/cases" in p]


# --- the command and its measures ---------------------------------------------------------------------


def test_the_command_fails_when_something_is_wrong_and_names_it(copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    copy.change(GOUT, "group: joint", "group: joints")
    assert check(copy.knowledge, copy.cases, TODAY) == 1
    said = capsys.readouterr().out
    assert "gout.yml: group" in said and "1 thing needs mending." in said


def test_the_knowledge_as_it_stands_is_sound_and_the_longest_sentences_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert "The knowledge is sound." in said and said.count("note: ") == readability.WORST


def test_one_hard_condition_in_ten_is_let_through_and_no_more(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    hard = {name: 7.0 for name in list(library.conditions)[:4]}
    monkeypatch.setattr(readability, "condition_grade", lambda condition: hard.get(condition.id, 5.0))
    assert not [p for p in readability.hard_text(library, FOLDER) if "all texts together" in p]
    hard[list(library.conditions)[4]] = 7.0
    assert len([p for p in readability.hard_text(library, FOLDER) if "all texts together" in p]) == 5


@pytest.mark.parametrize(
    "text",
    ["Take 400 mg.", "Take 0.5g now.", "Take two tablets.", "One or two pills help.", "Some tablets a day.", "Every four hours.", "Use 10 ml.", "Half a tablet or 5 drops."],
)
def test_a_dose_is_recognised(text: str) -> None:
    assert readability.dose(text)


@pytest.mark.parametrize("text", ["A lump of 5 cm or more.", "Do it three times a day.", "Hold it for 20 minutes.", "Ask about water tablets.", "It goes in 7 days."])
def test_what_is_no_dose_is_left_alone(text: str) -> None:
    assert readability.dose(text) is None


def test_sentences_and_words_are_counted_as_people_do() -> None:
    assert [readability.length(s) for s in readability.split("Stop now. Then go – slowly!")] == [2, 3]
