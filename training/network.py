"""The reader's network: MiniLM (six layers, 384 wide) and one attention vector for each finding over its token vectors.

Token vectors H (tokens × 384). For finding f: attention a = softmax(H·q_f / sqrt 384), what it looks at c = a·H,
said = w_f·c + b_f (a logit). Each token also votes for a role; the role of f is the votes where it looks, plus a small layer on c.
Intent, aspects and topic are read from the mean of H.
"""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

WIDTH, LAYERS, HEADS, INNER = 384, 6, 12, 1536
ROLES = ("present", "absent", "unsure", "mentioned")


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = (f(x).view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2) for f in (self.query, self.key, self.value))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS) + mask[:, None, None, :]).softmax(-1)
        seen = (weights @ v).transpose(1, 2).reshape(batch, length, WIDTH)
        x = self.norm1(x + self.drop(self.out(seen)))
        return self.norm2(x + self.drop(self.outer(nn.functional.gelu(self.inner(x)))))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.places, self.types = nn.Embedding(30522, WIDTH), nn.Embedding(512, WIDTH), nn.Embedding(2, WIDTH)
        self.norm, self.drop = nn.LayerNorm(WIDTH, eps=1e-12), nn.Dropout(0.1)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1])[None, :]
        x = self.drop(self.norm(self.words(ids) + self.places(places) + self.types.weight[0]))
        bias = (1.0 - mask) * -1e4
        for layer in self.layers:
            x = layer(x, bias)
        return x


class Reader(nn.Module):
    """ids, mask: batch × tokens. Returns said (batch × findings), roles (… × 4), attention (… × tokens), intent, aspects, topic,
    mean (384) and the votes of the tokens (batch × tokens × 4)."""

    def __init__(self, findings: int, intents: int, aspects: int, topics: int) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.queries = nn.Parameter(torch.randn(findings, WIDTH) * 0.02)
        self.said, self.said_bias = nn.Parameter(torch.randn(findings, WIDTH) * 0.02), nn.Parameter(torch.full((findings,), -4.0))
        self.role = nn.Sequential(nn.Linear(WIDTH, 128), nn.GELU(), nn.Dropout(0.1), nn.Linear(128, len(ROLES)))
        self.vote = nn.Linear(WIDTH, len(ROLES))
        self.intent, self.aspects, self.topic = nn.Linear(WIDTH, intents), nn.Linear(WIDTH, aspects), nn.Linear(WIDTH, topics)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        mask = mask.float()
        tokens = self.encoder(ids, mask)
        scores = torch.einsum("fd,btd->bft", self.queries, tokens) / math.sqrt(WIDTH) * 4.0 + (1.0 - mask)[:, None, :] * -1e4
        attention = scores.softmax(-1)
        seen = self.drop(attention @ tokens)
        said = (seen * self.said).sum(-1) + self.said_bias
        mean = (tokens * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        pooled = self.drop(mean)
        votes = self.vote(self.drop(tokens))
        roles = self.role(seen) + attention @ votes
        return said, roles, attention, self.intent(pooled), self.aspects(pooled), self.topic(pooled), mean, votes


def load_base(reader: Reader, archive: Path) -> None:
    """Puts the weights of all-MiniLM-L6-v2 (a zip with model.safetensors) into the encoder."""
    with zipfile.ZipFile(archive) as zipped:
        weights = load_safetensors(zipped.read("model.safetensors"))
    names = {"words": "embeddings.word_embeddings", "places": "embeddings.position_embeddings", "types": "embeddings.token_type_embeddings", "norm": "embeddings.LayerNorm"}
    inner = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value", "out": "attention.output.dense",
        "norm1": "attention.output.LayerNorm", "inner": "intermediate.dense", "outer": "output.dense", "norm2": "output.LayerNorm",
    }  # fmt: skip
    state = {}
    for name in reader.encoder.state_dict():
        parts = name.split(".")
        old = f"encoder.layer.{parts[1]}.{inner[parts[2]]}.{parts[3]}" if parts[0] == "layers" else f"{names[parts[0]]}.{parts[1]}"
        state[name] = weights[old].float()
    reader.encoder.load_state_dict(state)


def read_base_tokenizer(archive: Path) -> str:
    with zipfile.ZipFile(archive) as zipped:
        return json.dumps(json.loads(zipped.read("tokenizer.json")))
