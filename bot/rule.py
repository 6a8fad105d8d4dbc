"""The small language of the red-flag rules: findings joined by and, or, not and a few words such as absent(x)."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

PRESENT, ABSENT, UNSURE = "present", "absent", "unsure"
DAYS_WORDS = ("recent", "lasting", "days_over")


class Known(Protocol):
    """What a rule may look at: answers by finding, and two numbers of the person."""

    @property
    def findings(self) -> Mapping[str, str]: ...
    @property
    def days(self) -> float | None: ...
    @property
    def age(self) -> float | None: ...


class RuleError(ValueError):
    """A rule that cannot be read. The message names what was found and what would be right."""


@dataclass(frozen=True)
class Atom:
    """One thing that a conjunct asks for. kind is present, absent, unsure or a word on days or age, or not_ and one."""

    kind: str
    name: str = ""
    number: float = 0


Conjunct = frozenset[Atom]


@dataclass(frozen=True)
class Rule:
    """A rule in disjunctive normal form: it holds when every atom of one conjunct holds."""

    text: str
    conjuncts: tuple[Conjunct, ...]

    def holds(self, known: Known) -> bool:
        return any(all(atom_holds(atom, known) for atom in conjunct) for conjunct in self.conjuncts)

    def names(self) -> frozenset[str]:
        """Every finding that the rule looks at."""
        return frozenset(atom.name for conjunct in self.conjuncts for atom in conjunct if atom.name)

    def without(self, known: Known) -> tuple[Conjunct, ...]:
        """For each conjunct that can still come true, the atoms that are open."""
        return tuple(
            frozenset(atom for atom in conjunct if not atom_holds(atom, known))
            for conjunct in self.conjuncts
            if not any(atom_is_lost(atom, known) for atom in conjunct)
        )


def atom_holds(atom: Atom, known: Known) -> bool:
    answer = known.findings.get(atom.name)
    if atom.kind in ("not_present", "not_absent", "not_unsure"):
        return answer != atom.kind.removeprefix("not_")
    if atom.kind in (PRESENT, ABSENT, UNSURE):
        return answer == atom.kind
    return _number_holds(atom, known)


def _number_holds(atom: Atom, known: Known) -> bool:
    days = known.days
    if atom.kind == "recent":
        return days is None or days <= atom.number or known.findings.get("newly_worse") == PRESENT
    if atom.kind == "not_recent":
        return not _number_holds(Atom("recent", number=atom.number), known)
    if atom.kind == "lasting":
        return days is None or days >= atom.number
    if atom.kind == "days_over":
        return days is not None and days > atom.number
    if atom.kind == "not_days_over":
        return days is None or days <= atom.number
    if atom.kind == "age_from":
        return known.age is not None and known.age >= atom.number
    return known.age is None or known.age < atom.number  # not_age_from


def atom_is_lost(atom: Atom, known: Known) -> bool:
    """Whether no further answer can make the atom hold."""
    if atom_holds(atom, known):
        return False
    if atom.kind in (PRESENT, ABSENT, UNSURE):
        return known.findings.get(atom.name) is not None
    if atom.kind == "age_from":
        return known.age is not None
    if atom.kind == "days_over":
        return known.days is not None
    return True


def read_rule(text: str, findings: Iterable[str], terms: Mapping[str, str], groups: Mapping[str, tuple[str, ...]]) -> Rule:
    """Reads one rule. Raises RuleError, in words that a clinician can act on."""
    try:
        tree = ast.parse(" ".join(text.split()), mode="eval").body
    except SyntaxError as error:
        raise RuleError(f"cannot read '{error.text or text}': check the brackets and the words and, or, not") from None
    reader = _Reader(frozenset(findings), terms, groups)
    return Rule(" ".join(text.split()), tuple(dict.fromkeys(_smallest(reader.read(tree, True)))))


def _smallest(conjuncts: list[Conjunct]) -> list[Conjunct]:
    """Drops conjuncts that ask for more than another one does, and those that contradict themselves."""
    sound = [c for c in conjuncts if not any(Atom("not_present", a.name) in c for a in c if a.kind == PRESENT)]
    return [c for c in sound if not any(other < c for other in sound)]


class _Reader:
    def __init__(self, findings: frozenset[str], terms: Mapping[str, str], groups: Mapping[str, tuple[str, ...]]) -> None:
        self.findings, self.terms, self.groups = findings, terms, groups

    def read(self, node: ast.expr, wanted: bool) -> list[Conjunct]:
        if isinstance(node, ast.BoolOp):
            parts = [self.read(value, wanted) for value in node.values]
            both = isinstance(node.op, ast.And) == wanted
            return _product(parts) if both else [c for part in parts for c in part]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self.read(node.operand, not wanted)
        if isinstance(node, ast.Name):
            return self._name(node.id, wanted)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            return self._call(node.func.id, node.args[0], wanted)
        raise RuleError(f"cannot read '{ast.unparse(node)}': use findings, and, or, not, absent(x), recent(days)")

    def _name(self, name: str, wanted: bool) -> list[Conjunct]:
        if name in self.terms:
            return self.read(ast.parse(" ".join(self.terms[name].split()), mode="eval").body, wanted)
        self._check(name)
        return [frozenset({Atom(PRESENT if wanted else "not_present", name)})]

    def _check(self, name: str) -> None:
        if name not in self.findings:
            raise RuleError(f"no such finding '{name}'{closest(name, self.findings)}")

    def _call(self, word: str, argument: ast.expr, wanted: bool) -> list[Conjunct]:
        if word == "any_of" and isinstance(argument, ast.Name) and argument.id in self.groups:
            parts = [self._name(name, wanted) for name in self.groups[argument.id]]
            return [c for part in parts for c in part] if wanted else _product(parts)
        if word in (ABSENT, UNSURE) and isinstance(argument, ast.Name):
            self._check(argument.id)
            return [frozenset({Atom(word, argument.id)})] if wanted else self._not_said(word, argument.id)
        if word in (*DAYS_WORDS, "age_from") and isinstance(argument, ast.Constant) and isinstance(argument.value, (int, float)):
            return [frozenset({Atom(word if wanted else f"not_{word}", number=float(argument.value))})]
        raise RuleError(f"cannot read '{word}({ast.unparse(argument)})'")

    def _not_said(self, word: str, name: str) -> list[Conjunct]:
        return [frozenset({Atom(f"not_{word}", name)})]


def _product(parts: list[list[Conjunct]]) -> list[Conjunct]:
    out: list[Conjunct] = [frozenset()]
    for part in parts:
        out = [left | right for left in out for right in part]
    return out


def closest(name: str, among: Iterable[str]) -> str:
    """', did you mean ...?' or nothing."""
    near = difflib.get_close_matches(name, list(among), n=1)
    return f", did you mean '{near[0]}'?" if near else ""

