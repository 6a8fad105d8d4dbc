"""`python -m bot explain` and `python -m bot counts`."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot import counts as counting
from bot.counts import count, counts
from bot.explain import HEADINGS, apart, explain, neighbours, page
from bot.library import FOLDER, Library, sentences


def told(id: str, library: Library) -> str:
    lines = page(id, library)
    assert lines is not None
    return "\n".join(lines)


def ids(library: Library) -> Iterable[str]:
    return (*library.conditions, *library.findings, *library.red_flags, *library.topics)


def test_everything_that_has_an_id_has_a_page(library: Library) -> None:
    assert [id for id in ids(library) if not page(id, library)] == []


def test_a_condition_is_told_with_what_fits_and_what_speaks_against(library: Library) -> None:
    text = told("gout", library)
    fits, against = text.split("What speaks against")
    assert "++ earlier gout attacks  (previous_gout_attacks; judgement)" in fits
    assert "-- under 16" in against.split("How it is told")[0] and "-- under 16" not in fits


def test_a_condition_is_told_with_all_its_texts_and_their_sources(library: Library) -> None:
    text = told("gout", library)
    gout = library.conditions["gout"]
    for sentence in (s for part in (*gout.texts.values(), *gout.safety_net.values()) for s in part):
        assert f"{sentence.say}  [{', '.join(sentence.sources) or 'general knowledge'}]" in text
        assert all(f"{source}: {library.sources[source].title}" in text for source in sentence.sources)


def test_a_condition_says_that_nobody_has_reviewed_it(library: Library) -> None:
    assert "Not yet reviewed by a clinician. To be checked by 2027-11-01." in told("gout", library)


def test_the_nearest_neighbour_of_gout_is_pseudogout(library: Library) -> None:
    near = neighbours(library.conditions["gout"], library)
    assert near[0].id == "cppd_pseudogout"
    assert len(near) == 3 and "gout" not in [other.id for other in near]


def test_what_tells_two_conditions_apart_speaks_for_the_one_and_not_for_the_other(library: Library) -> None:
    gout, pseudogout = library.conditions["gout"], library.conditions["cppd_pseudogout"]
    steps = library.grades.findings
    assert apart(gout, pseudogout, library)
    for name in apart(gout, pseudogout, library):
        assert steps[gout.grades[name]] > max(0, steps.get(pseudogout.grades.get(name, ""), 0))
    assert not set(apart(gout, pseudogout, library)) & set(apart(pseudogout, gout, library))


def test_every_condition_is_told_from_each_of_its_neighbours(library: Library) -> None:
    for condition in library.conditions.values():
        for other in neighbours(condition, library):
            assert apart(condition, other, library) or apart(other, condition, library), (condition.id, other.id)


def test_a_finding_is_told_with_its_question_and_what_it_speaks_for(library: Library) -> None:
    text = told("previous_gout_attacks", library)
    assert library.findings["previous_gout_attacks"].ask in text and "++ Gout  (gout)" in text


def test_a_red_flag_is_told_with_its_rule_and_its_level(library: Library) -> None:
    text = told("RF45", library)
    assert "chest_pain_or_breathless and breathless_longstanding" in text and library.care["see_clinician_days"].name in text


def test_a_topic_is_told_with_its_texts(library: Library) -> None:
    assert library.topics["travel"].texts["what_is"][0].say in told("travel", library)


def test_every_part_of_a_text_has_a_heading(library: Library) -> None:
    for texts in (*(c.texts for c in library.conditions.values()), *(t.texts for t in library.topics.values())):
        assert set(texts) <= set(HEADINGS)


def test_an_id_that_is_not_there_is_answered_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain("guot") == 1
    assert "'guot', did you mean 'gout'?" in capsys.readouterr().out
    assert explain("gout") == 0


# --- counts ---------------------------------------------------------------------------------------------


def test_sourced_general_and_neither_add_up_to_every_sentence_that_the_bot_says(library: Library) -> None:
    found = count(FOLDER)
    said = [sentence for _, sentence in sentences(library)]
    assert found.sentences == len(said)
    assert (found.sourced, found.general, found.neither) == (sum(bool(s.sources) for s in said), sum(not s.sources for s in said), 0)
    assert sum(found.by_reading.values()) == found.sourced


def test_a_sentence_with_neither_source_nor_general_knowledge_is_counted_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "knowledge"))
    assert counts(folder) == 0
    path = folder / "conditions" / "gout.yml"
    path.write_text(path.read_text(encoding="utf-8").replace('attack.", from: general_knowledge', 'attack."', 1), encoding="utf-8")
    assert count(folder).neither == 1
    assert counts(folder) == 1
    assert "neither" in capsys.readouterr().out


def test_a_sourced_sentence_counts_under_its_best_read_source() -> None:
    sources = {"A": {"read": "abstract"}, "B": {"read": "in full"}}
    files = {"x.yml": [{"say": "One.", "from": ["A", "B"]}, {"say": "Two.", "from": ["A"]}]}
    assert counting._by_reading(files, sources) == {"in full": 1, "abstract": 1}
