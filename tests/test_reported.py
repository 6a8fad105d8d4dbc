"""Every conversation that was complained about, replayed; and the command that turns a complaint into such a test."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.library import load
from components.storage.database import EVENTS, connect
from service import reported
from service.reported import read_reported, wrong

REPORTED = read_reported()


@pytest.mark.parametrize(("file", "row"), [pytest.param(*each, id=each[1]["reported"]) for each in REPORTED])
def test_reported_conversation(file: str, row: dict[str, Any]) -> None:
    found = wrong(row, load())
    assert not found, f"tests/reported/{file}: {'; '.join(found)}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(reported.FOLDER / "schema.json", tmp_path)
    monkeypatch.setattr(reported, "FOLDER", tmp_path)
    monkeypatch.setattr(reported, "ROOT", tmp_path.parent)
    return tmp_path


HISTORY = {"messages": [{"from": "person", "text": "my knee is swollen"}, {"from": "bot", "text": "Is it hot?"}, {"from": "person", "text": "no"}]}


@pytest.mark.parametrize("text", [json.dumps(HISTORY), "my knee is swollen\nno\n"])
def test_a_complaint_becomes_a_failing_test(folder, tmp_path, capsys, text):
    (tmp_path / "export").write_text(text)
    reported.main([str(tmp_path / "export"), "--title", "Fever was not asked", "--should", "care_level=emergency_now", "--heard", "fever=present"])
    (written,) = folder.glob("*.yml")
    (row,) = yaml.safe_load(written.read_text())
    assert row == {"reported": "Fever was not asked", "says": ["my knee is swollen", "no"], "heard": {"fever": "present"}, "expect": {"care_level": "emergency_now"}}
    assert "It fails now:" in capsys.readouterr().out and len(wrong(row, load())) == 2


def test_straight_from_the_database(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KNEE_GUIDE_DATABASE", f"sqlite:///{tmp_path / 'c.db'}")
    rows = [{"sender_id": "ann", "type_name": "user", "timestamp": 1.0, "data": json.dumps({"event": "user", "text": "i twisted my knee"})}]
    with connect().begin() as connection:
        connection.execute(EVENTS.insert(), rows)
    reported.main(["--sender", "ann", "--title", "All is well", "--heard", "twisting_injury=present"])
    assert "does not fail" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["nowhere.json", "--title", "x y z"], "could not be read"),
        (["--sender", "nobody", "--title", "x y z"], "knows no conversation"),
        (["export", "--title", "x y z", "--should", "level=emergency_now"], "no such thing to expect"),
        (["export", "--title", "x y z", "--should", "care_level"], "should look like"),
        (["export", "--title", "x y z", "--heard", "fevr=absent"], "no such finding"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(folder, tmp_path, monkeypatch, options, says):
    monkeypatch.setenv("KNEE_GUIDE_DATABASE", f"sqlite:///{tmp_path / 'c.db'}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export").write_text("my knee is swollen")
    with pytest.raises(SystemExit, match=says):
        reported.main(options)
