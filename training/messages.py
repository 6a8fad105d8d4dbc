"""Reads the labelled messages and turns them into batches; makes typing mistakes on purpose."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.network import ROLES

KEYS = "qwertyuiop asdfghjkl zxcvbnm"


@dataclass(frozen=True)
class Labels:
    findings: tuple[str, ...]
    intents: tuple[str, ...]
    aspects: tuple[str, ...]
    topics: tuple[str, ...]  # the first is "" for none

    def as_dict(self) -> dict[str, list[str]]:
        return {"findings": list(self.findings), "intents": list(self.intents), "aspects": list(self.aspects), "topics": list(self.topics)}


def read_messages(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines() if line]


def is_held_back(message: dict[str, Any]) -> bool:
    """One message in twenty-five is never trained on: thresholds are chosen on these."""
    return hashlib.sha256(message["text"].encode()).digest()[0] % 25 == 0


def with_limits(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first messages were labelled with a shorter list of findings: others may be said there without a label."""
    short = frozenset(f["id"] for m in messages if not m.get("intent") for f in m["findings"])
    return [m if m.get("intent") else {**m, "looked_for": short} for m in messages]


def labels_of(messages: list[dict[str, Any]]) -> Labels:
    findings = sorted({f["id"] for m in messages for f in m["findings"]})
    intents = sorted({m["intent"] for m in messages if m.get("intent")})
    aspects = sorted({a for m in messages for a in m.get("aspects", ())})
    topics = ["", *sorted({m["topic"] for m in messages if m.get("topic")})]
    return Labels(tuple(findings), tuple(intents), tuple(aspects), tuple(topics))


def located(message: dict[str, Any]) -> dict[str, Any]:
    """The message with start and end of every finding's words."""
    out = []
    for f in message["findings"]:
        start = f["start"] if "start" in f else message["text"].find(f["quote"])
        out.append({"id": f["id"], "role": f["role"], "start": start, "end": start + len(f["quote"])})
    return {**message, "findings": out}


def with_typos(message: dict[str, Any], rng: random.Random, rate: float) -> dict[str, Any]:
    """Each letter may be dropped, doubled, swapped or hit beside; spans move along."""
    text, out, where = message["text"], [], [0] * (len(message["text"]) + 1)
    no_marks = rng.random() < 0.25
    for i, letter in enumerate(text):
        where[i] = len(out)
        if no_marks and letter in ",.;:!?'’":
            continue
        if not letter.isalpha() or rng.random() > rate:
            out.append(letter)
            continue
        kind = rng.randrange(4)
        if kind == 1:
            out += [letter, letter]
        elif kind == 2 and out and out[-1].isalpha():
            out.insert(len(out) - 1, letter)
        elif kind == 3:
            near = KEYS.find(letter.lower())
            out.append(KEYS[max(0, min(len(KEYS) - 1, near + rng.choice((-1, 1))))] if near >= 0 else letter)
    where[len(text)] = len(out)
    moved = [{**f, "start": where[f["start"]], "end": where[f["end"]]} for f in message["findings"] if f["start"] >= 0]
    return {**message, "text": "".join(out), "findings": moved}


def joined(left: dict[str, Any], right: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Two descriptions as one message."""
    glue = rng.choice((" ", ". ", ", ", " and ", "\n", " also "))
    shift = len(left["text"]) + len(glue)
    have = {f["id"] for f in left["findings"]}
    moved = [{**f, "start": f["start"] + shift, "end": f["end"] + shift} for f in right["findings"] if f["start"] >= 0 and f["id"] not in have]
    if len(moved) < len(right["findings"]):
        return left
    return {**left, "text": left["text"] + glue + right["text"], "findings": left["findings"] + moved}


@dataclass
class Batch:
    ids: Tensor
    mask: Tensor
    said: Tensor
    counted: Tensor  # 0 where nobody looked for the finding in this message
    roles: Tensor  # -1 where not said
    spans: Tensor  # batch × findings × tokens, bool
    intent: Tensor  # -1 where unknown
    aspects: Tensor
    topic: Tensor
    asked: Tensor  # 1 where aspects and topic are labelled


def batch_of(messages: list[dict[str, Any]], labels: Labels, tokenizer: Tokenizer) -> Batch:
    encoded = tokenizer.encode_batch([m["text"] for m in messages])
    length, size, count = len(encoded[0].ids), len(messages), len(labels.findings)
    index = {name: i for i, name in enumerate(labels.findings)}
    said, roles = torch.zeros(size, count), torch.full((size, count), -1)
    counted = torch.ones(size, count)
    spans = torch.zeros(size, count, length, dtype=torch.bool)
    intent, topic = torch.full((size,), -1), torch.zeros(size, dtype=torch.long)
    aspects, asked = torch.zeros(size, len(labels.aspects)), torch.zeros(size)
    for row, (message, code) in enumerate(zip(messages, encoded)):
        for f in message["findings"]:
            column = index[f["id"]]
            said[row, column] = 1.0
            if roles[row, column] < 0 or f["role"] == "present":
                roles[row, column] = ROLES.index(f["role"])
            for t, (start, end) in enumerate(code.offsets):
                if end > start and start < f["end"] and end > f["start"]:
                    spans[row, column, t] = True
        if message.get("looked_for"):
            counted[row] = torch.tensor([float(name in message["looked_for"]) for name in labels.findings])
        if message.get("intent"):
            intent[row] = labels.intents.index(message["intent"])
            asked[row] = 1.0
            topic[row] = labels.topics.index(message.get("topic") or "")
            for aspect in message.get("aspects", ()):
                aspects[row, labels.aspects.index(aspect)] = 1.0
    ids, mask = torch.tensor([c.ids for c in encoded]), torch.tensor([c.attention_mask for c in encoded])
    return Batch(ids, mask, said, counted, roles, spans, intent, aspects, topic, asked)
