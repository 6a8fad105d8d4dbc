"""The evaluation judges the bot; these tests judge the evaluation."""

from __future__ import annotations

import ast
import json
import math
import random
import re
from pathlib import Path

import pytest
import yaml

from bot.library import load
from evaluation import consultations, rates, report, typos
from evaluation.consultations import Played
from evaluation.lay_words import LAY
from evaluation.marked import SETS, Marked, misspelt, outside, own, plain
from evaluation.person import Button, Person, age, duration
from evaluation.understanding import Read, finding_figures, intent_figures, score, warning_figures
from evaluation.understood import Understood, from_parse

ROOT = Path(__file__).parent.parent
CASE = {
    "id": "T-01", "condition": "gout", "accept": ["cppd_pseudogout"], "care_level": "same_day", "opening": "toe like fire, now the knee",
    "person": {"age": 51, "sex": "male", "days": 2}, "facts": {"hot_red_joint": "present", "fever": "absent"}, "unsure": ["limp"],
}  # fmt: skip
BUTTONS = (Button("Yes", "kg:a:limp:p"), Button("No", "kg:a:limp:a"), Button("Not sure", "kg:a:limp:u"))


# --- the messages -----------------------------------------------------------------------------------


def texts_of(path: Path) -> set[str]:
    return {plain(json.loads(line)["text"]) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()} - {""}


def nlu_texts() -> set[str]:
    blocks = yaml.safe_load((ROOT / "data" / "nlu.yml").read_text(encoding="utf-8"))["nlu"]
    lines = [line.removeprefix("- ") for block in blocks for line in str(block["examples"]).splitlines()]
    return {plain(re.sub(r"\[([^\]]*)\](?:\{[^}]*\}|\([^)]*\))", r"\1", line)) for line in lines if line.strip()} - {""}


@pytest.mark.parametrize("name", SETS)
def test_no_evaluation_message_stands_in_the_training_messages(name: str) -> None:
    trained = set().union(*(texts_of(file) for file in (ROOT / "data" / "messages").glob("*.jsonl")))
    assert not sorted({plain(m.text) for m in own(name)} & trained)


@pytest.mark.parametrize("name", SETS)
def test_no_evaluation_message_stands_in_the_examples_of_rasa(name: str) -> None:
    assert not sorted({plain(m.text) for m in own(name)} & nlu_texts())


@pytest.mark.parametrize("name", SETS)
def test_each_set_holds_at_least_three_hundred_messages(name: str) -> None:
    assert len(own(name)) >= 300


def test_every_marked_finding_condition_and_topic_exists() -> None:
    library = load()
    for message in (m for name in SETS for m in own(name)):
        assert set(message.findings) <= set(library.findings), message.text
        assert set(message.conditions) <= set(library.conditions), message.text
        assert message.topic is None or message.topic in library.topics, message.text


def test_an_outside_file_is_read_with_what_counts_neither_way(tmp_path: Path) -> None:
    file = tmp_path / "outside.jsonl"
    raw = {"text": "knee is hot", "act": "describe", "present": ["hot_red_joint"], "absent": ["fever"], "optional": ["limp", "fever"], "not_counted": ["locking"], "conditions_named": [], "topic": None, "aspects": [], "care_min": None, "care_max": "same_day"}
    file.write_text(json.dumps(raw) + "\n", encoding="utf-8")
    (message,) = outside(file)
    assert message.stated == {"hot_red_joint": {"present"}, "fever": {"absent"}}
    assert message.not_counted == {"limp", "locking"} and message.care == (None, "same_day")


# --- the figures ------------------------------------------------------------------------------------


def test_wilsons_interval_is_the_published_one() -> None:
    figure = rates.wilson(81, 263)
    assert (round(figure.low, 4), round(figure.high, 4)) == (0.2553, 0.3662)  # Newcombe 1998, method 3
    assert rates.wilson(0, 10).low == 0 and rates.wilson(10, 10).high == 1 and math.isnan(rates.wilson(0, 0).value)


def test_calibration_error_is_the_mean_distance_weighed_by_count() -> None:
    points, error = rates.calibration([0.95, 0.95, 0.55, 0.55], [True, True, True, False])
    assert [n for _, _, n in points] == [2, 2] and error == pytest.approx(0.05)


def test_the_bootstrap_holds_the_value() -> None:
    figure = rates.bootstrap([(1, 1, 1), (1, 1, 0), (2, 1, 1)], lambda s: rates.f1(s[0], s[1], s[2]))
    assert figure.value == pytest.approx(4 / 7) and figure.low <= figure.value <= figure.high


def read(roles: dict[str, set[str]], said: dict[str, str], name: str = "red_flag", care: str | None = None, not_counted: frozenset[str] = frozenset(), level: str = "self_care", intent: str = "describe") -> Read:
    marked = Marked("words", name, "describe", {k: frozenset(v) for k, v in roles.items()}, not_counted, care=(care, care))
    return Read(marked, Understood(intent, 0.9, said, (), (), (), "what_is", level, 1.0))


def test_a_denied_finding_read_as_present_counts_as_found_in_the_wrong_role() -> None:
    figures = dict(finding_figures([read({"fever": {"absent"}, "limp": {"present"}}, {"fever": "present", "limp": "present"})]))
    assert figures["F1"].value == 1 and figures["role right among those found"].value == 0.5
    assert figures["denied taken as present"].value == 1


def test_a_statement_outranks_a_mention_and_a_mention_alone_should_not_be_found() -> None:
    both = read({"fever": {"present", "mentioned"}}, {"fever": "present"})
    assert score([both]) == 1
    only = read({"fever": {"mentioned"}, "limp": {"present"}}, {"fever": "present", "limp": "mentioned"})
    assert score([only]) == 0 and dict(finding_figures([only]))["only mentioned, taken as present"].value == 1


def test_what_is_not_counted_counts_neither_way() -> None:
    assert score([read({"fever": {"present"}}, {"fever": "present", "limp": "present"}, not_counted=frozenset({"limp"}))]) == 1


def test_red_flags_and_false_alarms_are_counted_by_the_level_that_was_given() -> None:
    flag = read({"cold_pale_foot": {"present"}}, {}, care="emergency_now", level="same_day")
    calm = read({}, {}, "harmless", level="same_day")
    figures = dict(warning_figures([flag, calm]))
    assert figures["red-flag messages: at least same_day"].value == 1
    assert figures["red-flag messages: at least their level"].value == 0
    assert figures["false alarms on harmless messages"].value == 1


def test_a_complaint_taken_as_out_of_scope_is_counted() -> None:
    figures = dict(intent_figures([read({}, {}, intent="out_of_scope"), read({}, {})]))
    assert figures["accuracy"].value == 0.5 and figures["in scope taken as out of scope"].value == 0.5


def test_the_answer_of_a_rasa_model_is_read_like_the_bots_own() -> None:
    parsed = {
        "intent": {"name": "nlu_fallback", "confidence": 0.7},
        "intent_ranking": [{"name": "nlu_fallback", "confidence": 0.7}, {"name": "describe", "confidence": 0.25}],
        "entities": [{"entity": "finding", "value": "fever", "role": "mentioned"}, {"entity": "finding", "value": "fever", "role": "absent"}, {"entity": "age", "value": 40}],
    }
    understood = from_parse(parsed, "no fever", 1.0)
    assert understood.intent == "describe" and understood.findings == {"fever": "absent"} and understood.person == {"age": 40}


# --- typos ------------------------------------------------------------------------------------------


def test_a_typo_changes_one_word_and_the_same_seed_gives_the_same_typo() -> None:
    text = "my kneecap grinds on stairs"
    spoilt = typos.one_typo(text, 3)
    assert spoilt == typos.one_typo(text, 3)
    assert sum(a != b for a, b in zip(text.split(), spoilt.split())) == 1
    assert typos.one_typo("no", 1) == "no"


def test_every_long_word_gets_a_typo() -> None:
    text = "swollen kneecap after football"
    spoilt = typos.typo_in_every_long_word(text, 5).split()
    assert [a != b for a, b in zip(text.split(), spoilt)] == [True, True, False, True]
    assert all(typos.slip("swollen", random.Random(seed)) != "swollen" for seed in range(50))


def test_a_rare_word_one_slip_from_a_common_one_is_a_typo() -> None:
    assert misspelt(["swollen"] * 20 + ["swolen", "swollens"]) == {"swolen"}


# --- the simulated person -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["person.py", "lay_words.py"])
def test_the_simulated_person_never_imports_the_bot(name: str) -> None:
    tree = ast.parse((ROOT / "evaluation" / name).read_text(encoding="utf-8"))
    froms = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plains = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not {module for module in froms | plains if module.split(".")[0] in ("bot", "components", "actions")}
    assert {module for module in froms if module.startswith("evaluation")} <= {"evaluation.lay_words"}


def test_the_simulated_person_has_words_for_every_finding_and_none_of_the_bots() -> None:
    findings = load().findings
    assert {name for name, finding in findings.items() if not finding.is_derived} <= set(LAY)
    for name, finding in findings.items():
        known = {plain(phrase) for phrase in (*finding.also_said, *finding.denied_by)}
        assert not known & {plain(words) for words in LAY.get(name, ())}, name


@pytest.mark.parametrize("seed", range(12))
def test_the_simulated_person_answers_from_the_facts(seed: int) -> None:
    person = Person(CASE, seed)
    assert person.opens() == CASE["opening"]
    assert [person.answer_to(name) for name in ("hot_red_joint", "fever", "limp", "locking")] == ["present", "absent", "unsure", "absent"]
    assert "51" in person.answers(["age"], [], [])
    assert Person(CASE, seed).answers(["limp"], [], BUTTONS) == Person(CASE, seed).answers(["limp"], [], BUTTONS)


def test_asked_the_same_again_the_person_presses_a_button() -> None:
    person = Person(CASE, 1)
    person.answers(["limp"], [], BUTTONS)
    assert person.answers(["limp"], [], BUTTONS) == "kg:a:limp:u"


def test_several_true_things_are_ticked_or_told() -> None:
    case = {**CASE, "facts": {"hot_red_joint": "present", "fever": "present"}}
    person, asked = Person(case, 1), ["hot_red_joint", "fever", "locking"]
    buttons = [*(Button(name, f"kg:a:{name}:p") for name in asked), Button("None of these", "kg:n")]
    person.answers(asked, [], buttons)
    assert person.answers(asked, [], buttons) == "kg:m:hot_red_joint,fever"


def test_time_and_age_are_put_as_people_put_them() -> None:
    assert "3 weeks" in duration(21) and "2 months" in duration(60) and "2 days" in duration(2) and "yesterday" in duration(1)
    assert age(0.5, True)[0] == "6 months old" and age(30, False)[0] == "30"


# --- cases ---------------------------------------------------------------------------------------------


def played(level: str | None, ranked: tuple[str, ...] = (), case: dict[str, object] = CASE) -> Played:
    return Played(case, level, ranked, ranked, 4, {"fever": "present"}, ())


def test_an_accepted_condition_counts_as_right_and_a_case_without_one_is_not_ranked() -> None:
    none = {**CASE, "condition": None, "accept": []}
    rows = dict(consultations.measure([played("same_day", ("dvt", "cppd_pseudogout")), played("same_day", (), none)]))
    assert (rows["right condition first: shown to the person"].hits, rows["right condition first: shown to the person"].of) == (0, 1)
    assert rows["right condition among the first three: shown to the person"].value == 1


def test_care_levels_are_told_apart_as_right_too_low_and_too_high() -> None:
    rows = dict(consultations.measure([played("same_day"), played("self_care"), played("emergency_now"), played(None)]))
    assert rows["care level exactly right"].hits == 1 and rows["care level not below the right one"].hits == 2
    assert rows["emergency_now cards that are right"].value == 0 and rows["cases that ended without any card"].hits == 1


def test_what_the_bot_kept_wrongly_is_named() -> None:
    assert played("same_day").misheard == ["fever: absent kept as present"]


def test_a_case_is_played_to_its_end_and_the_same_seed_gives_the_same_talk() -> None:
    case = consultations.cases("open")[0]
    one, two = (consultations.play(case, load(), 1) for _ in range(2))
    assert one == two and one.level is not None and 0 < one.questions <= 15


def test_there_are_at_least_one_hundred_and_fifty_cases_half_of_them_untouched() -> None:
    seen, unseen = len(consultations.cases("open")), len(consultations.cases("untouched"))
    assert seen + unseen >= 150 and abs(seen - unseen) <= 10


def test_the_figures_go_between_the_markers_and_nothing_else_changes(tmp_path: Path) -> None:
    document = tmp_path / "evaluation.md"
    document.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    report.into(document, "new")
    assert document.read_text(encoding="utf-8") == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"
    document.write_text("no markers", encoding="utf-8")
    with pytest.raises(SystemExit):
        report.into(document, "new")
