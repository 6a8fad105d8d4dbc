"""The weights of a kept network, back from its 8-bit file: training may go on from them when messages are added.

What was rounded away is lost (a weight is off by at most half a step of its matrix), and learning mends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from training.messages import Labels
from training.network import Reader

ROWS = {
    "queries": "findings", "said": "findings", "said_bias": "findings", "intent.weight": "intents", "intent.bias": "intents",
    "aspects.weight": "aspects", "aspects.bias": "aspects", "topic.weight": "topics", "topic.bias": "topics",
}  # fmt: skip


def load_kept(reader: Reader, path: Path, labels: Labels) -> list[str]:
    """Puts the weights of an exported network into the reader; returns the parameters that the file does not hold as such.

    labels: of the reader. A label that the file beside the network (labels.json) does not name begins as in a new reader. Raises
    SystemExit where a matrix has another shape all the same."""
    found = dict(_weights(onnx.load(str(path)).graph))
    known = json.loads((path.parent / "labels.json").read_text(encoding="utf-8"))
    state = reader.state_dict()
    for name in [n for n in found if n in state]:
        kept = torch.tensor(found[name])
        if name in ROWS:
            wanted, there = labels.as_dict()[ROWS[name]], {label: i for i, label in enumerate(known[ROWS[name]])}
            kept = torch.stack([kept[there[label]] if label in there else state[name][i] for i, label in enumerate(wanted)])
        if kept.shape != state[name].shape:
            raise SystemExit(f"{path.name}: {name} is {tuple(kept.shape)}, not {tuple(state[name].shape)}: it is another kind of network")
        state[name] = kept
    reader.load_state_dict(state)
    return sorted(set(state) - set(found))


def _weights(graph: Any) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Parameter name → its numbers. A product keeps the name of its layer; its matrix has none, and lies on its side."""
    held = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for name, numbers in held.items():
        if name.endswith("_Transposed_quantized"):
            yield name.removesuffix("_Transposed_quantized"), _as_floats(held, name).T
        elif name.endswith(".weight_quantized"):
            lies = name.startswith(("intent.", "aspects.", "topic."))  # another version of the exporter gives no sign of it
            yield name.removesuffix("_quantized"), _as_floats(held, name).T if lies else _as_floats(held, name)
        elif "::" not in name and numbers.dtype == np.float32:
            yield name.removesuffix(".1"), numbers
    for node in graph.node:
        if node.op_type == "MatMulInteger" and node.input[1].startswith("onnx::"):
            parts = node.name.strip("/").removesuffix("/MatMul_quant").split("/")
            layer = parts[-1] if parts[0] == "role" else ".".join(parts)
            yield f"{layer}.weight", _as_floats(held, node.input[1]).T
        elif node.name == "/encoder/Add_1":
            first = held[node.input[1]].reshape(1, -1)
            yield "encoder.types.weight", np.concatenate([first, np.zeros_like(first)])


def _as_floats(held: dict[str, np.ndarray[Any, Any]], name: str) -> np.ndarray[Any, Any]:
    stem = name.removesuffix("_quantized")
    return ((held[name].astype(np.float32) - held[f"{stem}_zero_point"].astype(np.float32)) * held[f"{stem}_scale"]).astype(np.float32)
