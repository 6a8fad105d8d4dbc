"""What a change of the knowledge does to the written cases: `python -m bot diff <git revision>`."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.assessment import Assessment, assess
from bot.case import Case
from bot.changes import Agreement, read_changes
from bot.expectation import leading, read_cases
from bot.library import LEVELS, KnowledgeError, Library, read_library
from bot.table import read_table

ROOT = Path(__file__).parent.parent
KEPT = ("bot/knowledge", "tests/cases", "evaluation/cases/open.yml")


class RevisionError(Exception):
    """The revision cannot be compared with. The message says why."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A case to look at on both sides. name: its sentence or id, as a change file names it."""

    name: str
    file: str
    case: Case


@dataclass(frozen=True)
class Move:
    """Something that comes out differently. causes: what a change file may name to agree to it."""

    name: str
    file: str
    before: str | None
    after: str | None
    why: str
    causes: frozenset[str]

    @property
    def is_lower(self) -> bool:
        return self.before in LEVELS and (self.after not in LEVELS or LEVELS.index(str(self.after)) < LEVELS.index(str(self.before)))


@dataclass(frozen=True)
class Comparison:
    """cases: how many were looked at. agreed: agreements that are new since the revision."""

    cases: int
    levels: tuple[Move, ...]
    leads: tuple[Move, ...]
    rules: tuple[Move, ...]
    agreed: tuple[Agreement, ...]

    @property
    def lowered(self) -> tuple[Move, ...]:
        return tuple(move for move in (*self.levels, *self.rules) if move.is_lower)

    def agreement(self, move: Move) -> Agreement | None:
        """The agreement that names the case, or all rules and conditions that gave it the higher level."""
        for agreement in self.agreed:
            if move.name in agreement.lowers or (move.causes and move.causes <= set(agreement.lowers)):
                return agreement
        return None

    @property
    def not_agreed(self) -> tuple[Move, ...]:
        return tuple(move for move in self.lowered if self.agreement(move) is None)


def diff(revision: str, root: Path = ROOT) -> int:
    """Prints what changed. 0: nothing goes down without an agreement, 1: something does, 2: it cannot be compared."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpack(revision, root, Path(folder))
            compared = compare(Path(folder), root)
        except RevisionError as error:
            print(error)
            return 2
    print("\n".join(page(compared, revision, read_library(root / "bot" / "knowledge"))))
    return int(bool(compared.not_agreed))


def unpack(revision: str, root: Path, folder: Path) -> None:
    """Puts knowledge and cases as they were at the revision into the folder."""
    if revision.startswith("-"):  # git would take it for an option
        raise RevisionError(f"'{revision}' is no revision. Give a commit, a branch or a tag, such as main or HEAD~1.")
    listed = _git(root, "ls-tree", "--name-only", revision, "--", *KEPT)
    if listed.returncode:
        raise RevisionError(f"git does not know the revision '{revision}'. Give a commit, a branch or a tag, such as main or HEAD~1.")
    there = listed.stdout.decode().split()
    if KEPT[0] not in there:
        raise RevisionError(f"At {revision} there was no knowledge ({KEPT[0]}), so there is nothing to compare with.")
    packed = _git(root, "archive", "--format=tar", revision, "--", *there)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tar:
        tar.extractall(folder)


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise RevisionError("Comparing needs git, and git is not installed here.") from None


# --- comparing ---------------------------------------------------------------------------------------


def compare(old: Path, new: Path) -> Comparison:
    """Both folders hold bot/knowledge and, where there are any, cases."""
    before, after = _library(old, "At the revision"), _library(new, "In the working tree")
    moves = [_moves(subject, before, after) for subject in subjects(old, new)]
    known_agreements = set(read_changes(old / KEPT[0])[0])
    agreed = tuple(a for a in read_changes(new / KEPT[0])[0] if a not in known_agreements)
    levels = sorted((level for level, _ in moves if level), key=lambda m: (not m.is_lower, m.name))
    return Comparison(len(moves), tuple(levels), tuple(lead for _, lead in moves if lead), tuple(_rules(before, after)), agreed)


def _library(folder: Path, when: str) -> Library:
    try:
        return read_library(folder / KEPT[0])
    except (KnowledgeError, OSError, KeyError) as error:
        raise RevisionError(f"{when}, the knowledge cannot be read by today's bot:\n{error}") from error


def subjects(old: Path, new: Path) -> list[Subject]:
    """The cases of both sides: one that was deleted or rewritten still counts."""
    found = [subject for folder in (new, old) for subject in _subjects(folder)]
    return list({(s.name, repr(s.case.to_slot())): s for s in reversed(found)}.values())[::-1]


def _subjects(folder: Path) -> Iterator[Subject]:
    if (folder / KEPT[1]).is_dir():
        for case in read_cases(folder / KEPT[1])[0]:
            yield Subject(case.sentence, f"tests/cases/{case.file}", case.case)
    if (folder / KEPT[2]).is_file():
        rows, _ = read_table(folder / KEPT[2], "{}")
        for row in rows:
            yield Subject(row["id"], KEPT[2], Case(row["facts"], row["person"]))


def _moves(subject: Subject, before: Library, after: Library) -> tuple[Move | None, Move | None]:
    """The move of the care level and the move of the leading condition, where there is one."""
    was, now = assess(subject.case, before), assess(subject.case, after)
    level = lead = None
    if was.care_level != now.care_level:
        level = Move(subject.name, subject.file, was.care_level, now.care_level, _reason(was, now, before, after), _causes(was, now))
    if leading(was) != leading(now):
        lead = Move(subject.name, subject.file, leading(was), leading(now), "", frozenset())
    return level, lead


def _causes(was: Assessment, now: Assessment) -> frozenset[str]:
    """The rules, else the conditions, that gave the higher of the two levels and no longer do."""
    top, other = (was, now) if LEVELS.index(was.care_level) > LEVELS.index(now.care_level) else (now, was)
    rules = frozenset(r.id for r in top.urgency.raised if LEVELS.index(r.level) > LEVELS.index(other.care_level))
    return rules or frozenset(fit.id for fit in top.shown if fit.band == "fits_well")


def _reason(was: Assessment, now: Assessment, before: Library, after: Library) -> str:
    levels = {side: {r.id: r.level for r in answer.urgency.raised} for side, answer in (("was", was), ("now", now))}
    out = [f"{name} ({before.red_flags[name].title}) is no longer raised" for name in levels["was"] if name not in levels["now"]]
    out += [f"{name} ({after.red_flags[name].title}) is now raised" for name in levels["now"] if name not in levels["was"]]
    both = [name for name in levels["was"] if name in levels["now"] and levels["was"][name] != levels["now"][name]]
    out += [f"{name} ({after.red_flags[name].title}) has another level" for name in both]
    return "; ".join(out) or "no rule moved: it comes from the conditions that fit well"


def _rules(before: Library, after: Library) -> Iterator[Move]:
    """Red flags and conditions whose own care level is another, or that are gone or new."""
    for file, olds, news in (
        ("red_flags.yml", {f.id: f.level for f in before.red_flags.values()}, {f.id: f.level for f in after.red_flags.values()}),
        ("conditions", {c.id: c.care_level for c in before.conditions.values()}, {c.id: c.care_level for c in after.conditions.values()}),
    ):
        for name in dict.fromkeys((*olds, *news)):
            if olds.get(name) != news.get(name):
                yield Move(name, file, olds.get(name), news.get(name), "", frozenset({name}))


# --- telling -----------------------------------------------------------------------------------------


def page(compared: Comparison, revision: str, now: Library) -> list[str]:
    """What a clinician reads."""
    lower = [m for m in compared.levels if m.is_lower]
    higher = [m for m in compared.levels if not m.is_lower]
    lines = [f"Knowledge at {revision}, compared with the working tree, over {compared.cases} written cases"]
    lines += _section("Cases with a LOWER care level", lower, compared, now)
    lines += _section("Cases with a higher care level", higher, compared, now)
    lines += _section("Cases led by another condition", compared.leads, compared, now)
    lines += _section("Rules and conditions with another care level of their own", compared.rules, compared, now)
    moved = {(m.name, m.file) for m in (*compared.levels, *compared.leads)}
    lines += ["", f"{compared.cases - len(moved)} cases come out as before."]
    return [*lines, *_verdict(compared)]


def _section(title: str, moves: Iterable[Move], compared: Comparison, now: Library) -> list[str]:
    lines: list[str] = []
    for move in moves:
        lines += [f"  {move.name}  ({move.file})", f"      {_word(move.before, now)} → {_word(move.after, now)}{f': {move.why}' if move.why else ''}"]
        if move.is_lower:
            agreement = compared.agreement(move)
            lines.append(f"      agreed by {agreement.agreed_by} on {agreement.on}: {agreement.why}" if agreement else "      NOT AGREED")
    return ["", f"{title}: {sum(1 for _ in lines if not _.startswith('      '))}", *lines] if lines else []


def _word(name: str | None, now: Library) -> str:
    if name is None:
        return "none"
    if name in now.care:
        return now.care[name].name
    return now.conditions[name].name if name in now.conditions else name


def _verdict(compared: Comparison) -> list[str]:
    if not compared.not_agreed:
        return ["No care level goes down." if not compared.lowered else "Every care level that goes down was agreed."]
    return [
        f"{len(compared.not_agreed)} care levels go down and nobody has agreed to it.",
        "If that is meant, a clinician agrees in a file of bot/knowledge/changes/ that names each under 'lowers',",
        "with agreed_by, on and why. See 'Lowering a care level' in bot/knowledge/README.md.",
    ]


