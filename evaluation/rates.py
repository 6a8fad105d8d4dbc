"""Figures with their 95 % intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Z = 1.959964  # 95 % of a normal distribution
RESAMPLES = 1000


@dataclass(frozen=True)
class Figure:
    """A number between 0 and 1 with its interval. of: what it was counted over; None for a number that is no share."""

    value: float
    low: float
    high: float
    hits: int | None = None
    of: int | None = None

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "nothing to count"
        counted = f"  {self.hits}/{self.of}" if self.of is not None else ""
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}){counted}"


NOTHING = Figure(math.nan, math.nan, math.nan, 0, 0)


def share(marks: Iterable[bool]) -> Figure:
    """The share of true marks with Wilson's interval."""
    marks = list(marks)
    return wilson(sum(marks), len(marks))


def wilson(hits: int, of: int) -> Figure:
    if of == 0:
        return NOTHING
    p = hits / of
    middle, spread = p + Z * Z / (2 * of), Z * math.sqrt(p * (1 - p) / of + Z * Z / (4 * of * of))
    scale = 1 + Z * Z / of
    low = 0.0 if hits == 0 else (middle - spread) / scale
    high = 1.0 if hits == of else (middle + spread) / scale
    return Figure(p, low, high, hits, of)


def bootstrap(rows: Sequence[Sequence[float]], figure: Callable[[Any], float], seed: int = 1) -> Figure:
    """figure is taken of the column sums; messages (rows) are drawn again with replacement."""
    table = np.asarray(rows, dtype=float)
    if table.size == 0:
        return NOTHING
    generator = np.random.default_rng(seed)
    drawn = [figure(table[generator.integers(0, len(table), len(table))].sum(axis=0)) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5]) if not np.all(np.isnan(drawn)) else (math.nan, math.nan)
    return Figure(figure(table.sum(axis=0)), float(low), float(high))


def middle(numbers: Sequence[float]) -> float:
    return float(statistics.median(numbers)) if numbers else math.nan


def f1(found: float, said: float, right: float) -> float:
    """found: ids that were read. said: ids that are marked. right: ids in both."""
    return 2 * right / (found + said) if found + said else math.nan


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def calibration(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> tuple[list[tuple[float, float, int]], float]:
    """(mean confidence, share right, count) of each bin that holds anything, and the expected calibration error."""
    placed: dict[int, list[tuple[float, bool]]] = {}
    for confidence, mark in zip(confidences, right):
        placed.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, mark))
    points = [(sum(c for c, _ in b) / len(b), sum(m for _, m in b) / len(b), len(b)) for _, b in sorted(placed.items())]
    total = sum(count for _, _, count in points)
    return points, sum(abs(c - r) * n for c, r, n in points) / total if total else math.nan


def confusion(pairs: Iterable[tuple[Any, Any]]) -> dict[tuple[Any, Any], int]:
    """(right, given) → count."""
    out: dict[tuple[Any, Any], int] = {}
    for pair in pairs:
        out[pair] = out.get(pair, 0) + 1
    return out
