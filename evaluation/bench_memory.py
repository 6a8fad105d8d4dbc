"""How much memory processes hold, as the kernel counts it (Linux); elsewhere as ps tells it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Memory:
    """Megabytes. own: resident. fair: resident, where pages that processes share are divided among them (PSS)."""

    own: float
    fair: float

    def __add__(self, other: Memory) -> Memory:
        return Memory(self.own + other.own, self.fair + other.fair)


def memory_of(pid: int) -> Memory:
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        resident = int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True).stdout.split()[0]) / 1024
        return Memory(resident, resident)
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return Memory(kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024)


def memory_of_tree(pid: int) -> Memory:
    """The process and all that it started."""
    return total(memory_of(p) for p in family(pid))


def total(parts: Iterable[Memory]) -> Memory:
    return sum(parts, Memory(0.0, 0.0))


def family(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            children.setdefault(int(stat.read_text().rsplit(")", 1)[1].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue  # it ended while we looked
    out, left = [], [pid]
    while left:
        out.append(left.pop())
        left += children.get(out[-1], [])
    return out
