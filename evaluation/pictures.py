"""Tables → PNG. Drawn without a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np


def _save(figure: plt.Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)


def confusion(counts: Mapping[tuple[str, str], int], path: Path, title: str, order: Sequence[str] | None = None) -> None:
    """Rows: what is right. Columns: what was given. The colour is the share of the row."""
    rows = [n for n in order if any(r == n for r, _ in counts)] if order else sorted({r for r, _ in counts})
    columns = [n for n in order if any(g == n for _, g in counts)] if order else sorted({g for _, g in counts} | set(rows))
    columns += sorted({g for _, g in counts} - set(columns))
    table = np.array([[counts.get((r, c), 0) for c in columns] for r in rows], dtype=float).reshape(len(rows), len(columns))
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(3 + 0.34 * len(columns), 2.4 + 0.3 * len(rows)))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=8)
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    for i, j in zip(*np.nonzero(table)):
        axes.text(j, i, int(table[i, j]), ha="center", va="center", fontsize=7, color="white" if shares[i, j] > 0.6 else "black")
    axes.set(title=title, xlabel="given", ylabel="right")
    _save(figure, path)


def confidence(confidences: Sequence[tuple[float, bool]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 4))
    bins = np.linspace(0, 1, 21)
    axes.hist([[c for c, m in confidences if m], [c for c, m in confidences if not m]], bins=bins, stacked=True, label=["right", "wrong"], color=["#2b6cb0", "#e07b39"], hatch=None)
    axes.set(title="Confidence of the intent", xlabel="confidence", ylabel="messages")
    axes.legend()
    _save(figure, path)


def calibration(points: Sequence[tuple[float, float, int]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], "--", color="grey", label="perfect")
    axes.plot([c for c, _, _ in points], [r for _, r, _ in points], "o-", color="#2b6cb0", label="measured")
    for c, r, n in points:
        axes.annotate(str(n), (c, r), textcoords="offset points", xytext=(5, -11), fontsize=7)
    axes.set(title="Calibration of the intent", xlabel="mean confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend()
    _save(figure, path)
