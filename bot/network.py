"""The trained reader: a small language model that says which findings a message speaks of, in which role, and where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

FOLDER = Path(__file__).parent / "reader"
ROLES = ("present", "absent", "unsure", "mentioned")
LONGEST = 256  # word pieces
Vector = npt.NDArray[np.float32]
OUTPUTS = ["said", "roles", "attention", "intent", "aspects", "topic", "mean"]


@dataclass(frozen=True)
class Heard:
    """said: probability that the message speaks of the finding. roles: probability of each of ROLES. start, end: characters."""

    id: str
    said: float
    roles: tuple[float, ...]
    start: int
    end: int

    @property
    def role(self) -> str:
        return ROLES[int(np.argmax(self.roles))]


@dataclass(frozen=True)
class Impression:
    """What the network makes of one message. intents, aspects, topics: probabilities by name. vector: 384 numbers."""

    heard: tuple[Heard, ...]
    intents: dict[str, float]
    aspects: dict[str, float]
    topics: dict[str, float]
    vector: Vector


class Network:
    """Loads bot/reader once: networks of one shape from several training runs, whose answers are averaged. One thread."""

    def __init__(self, folder: Path = FOLDER) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self.sessions = [
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]) for path in sorted(folder.glob("*.onnx"))
        ]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)
        self.read = lru_cache(maxsize=64)(self._read)  # several components read the same message
        self.labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))

    def _read(self, text: str, floor: float = 0.05) -> Impression:
        """Findings below the floor are left out."""
        code = self.tokenizer.encode(text)
        feed = {"ids": np.array([code.ids], dtype=np.int64), "mask": np.array([code.attention_mask], dtype=np.int64)}
        answers = [session.run(OUTPUTS, feed) for session in self.sessions]
        said, roles, attention, intent, aspects, topic, mean = (np.mean([a[i][0] for a in answers], axis=0) for i in range(len(OUTPUTS)))
        chances = 1 / (1 + np.exp(-said))
        heard = tuple(
            Heard(self.labels["findings"][i], float(chances[i]), tuple(map(float, _softmax(roles[i]))), *_span(attention[i], code.offsets))
            for i in np.flatnonzero(chances >= floor)
        )
        return Impression(
            heard,
            dict(zip(self.labels["intents"], map(float, _softmax(intent)))),
            dict(zip(self.labels["aspects"], map(float, 1 / (1 + np.exp(-aspects))))),
            dict(zip(self.labels["topics"], map(float, _softmax(topic)))),
            mean,
        )


@lru_cache(maxsize=2)
def network(folder: Path = FOLDER) -> Network:
    return Network(folder)


def _softmax(logits: Vector) -> Vector:
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())


def _span(attention: Vector, offsets: list[tuple[int, int]]) -> tuple[int, int]:
    """The run of word pieces around the strongest one that share most of the attention."""
    strongest = int(np.argmax(attention * np.array([end > start for start, end in offsets])))
    first = last = strongest
    floor = attention[strongest] * 0.25
    while first > 0 and attention[first - 1] >= floor and offsets[first - 1][1] > offsets[first - 1][0]:
        first -= 1
    while last + 1 < len(offsets) and attention[last + 1] >= floor and offsets[last + 1][1] > offsets[last + 1][0]:
        last += 1
    return offsets[first][0], offsets[last][1]
