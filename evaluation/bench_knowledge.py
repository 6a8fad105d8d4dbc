"""A knowledge many times as large as ours: every finding, rule and condition again and again, in words that nobody uses."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.library import FOLDER

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PHRASES = ("also_said", "denied_by", "not_said_by", "also_called", "misspellings")
Yaml = dict[str, Any]


def enlarge(to: Path, times: int, source: Path = FOLDER) -> Path:
    """Writes the folder and gives it. Texts stay as they are: only ids and the words that are listened for differ."""
    shutil.copytree(source, to)
    findings, flags = _read(source / "findings.yml"), _read(source / "red_flags.yml")
    ids = {*findings, *flags["terms"]}
    for copy in range(1, times):
        names = {name: f"{name}_{copy}" for name in ids}
        findings.update({names[key]: renamed(raw, names, copy) for key, raw in _read(source / "findings.yml").items()})
        first = _read(source / "red_flags.yml")
        flags["terms"].update({names[key]: rule(text, names) for key, text in first["terms"].items()})
        flags["rules"].update({f"{key}{copy:02d}": in_rule(raw, names) for key, raw in first["rules"].items()})
        for path in sorted((source / "conditions").glob("*.yml")):
            _write(to / "conditions" / f"{path.stem}_{copy}.yml", renamed(_read(path), names, copy))
    _write(to / "findings.yml", findings)
    _write(to / "red_flags.yml", flags)
    schema = to / "schema" / "red_flags.json"
    schema.write_text(schema.read_text(encoding="utf-8").replace(r"RF\\d\\d|X\\d\\d", r"(RF|X)\\d+"), encoding="utf-8")
    return to


def renamed(raw: Any, names: Mapping[str, str], copy: int) -> Any:
    """Ids get the number of the copy, phrases other words."""
    if isinstance(raw, dict):
        return {names.get(key, key): foreign(value, copy) if key in PHRASES else renamed(value, names, copy) for key, value in raw.items()}
    if isinstance(raw, list):
        return [renamed(item, names, copy) for item in raw]
    return names.get(raw, raw) if isinstance(raw, str) else raw


def in_rule(raw: Yaml, names: Mapping[str, str]) -> Yaml:
    out = {**raw, **{key: rule(raw[key], names) for key in ("when", "ambulance_if") if key in raw}}
    if "lowered" in raw:
        out["lowered"] = [{**low, "when": rule(low["when"], names)} for low in raw["lowered"]]
    return out


def rule(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[a-z][a-z0-9_]*", lambda match: names.get(match.group(), match.group()), text)


def foreign(phrases: list[str], copy: int) -> list[str]:
    """As long as the words they come from, and said by nobody."""
    return [phrase.lower().translate(str.maketrans(LETTERS, LETTERS[copy:] + LETTERS[:copy])) for phrase in phrases]


def _read(path: Path) -> Yaml:
    """As the library reads it: yes, no, on and off are words."""
    from bot.table import _StrictLoader

    return dict(yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader))


def _write(path: Path, data: Yaml) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf-8")
