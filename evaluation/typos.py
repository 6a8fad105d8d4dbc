"""Slips of the finger, drawn from a seed."""

from __future__ import annotations

import random
import re

NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "ol",
    "a": "sqz", "s": "adwx", "d": "sfec", "f": "dgrv", "g": "fhtb", "h": "gjyn", "j": "hkum", "k": "jli", "l": "ko",
    "z": "xa", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "nj",
}  # fmt: skip
LONG = 6  # letters


def one_typo(text: str, seed: int) -> str:
    """One slip in one word of four letters or more; the text itself where there is none."""
    chance = random.Random(f"{seed} {text}")
    words = list(re.finditer(r"[A-Za-z]{4,}", text))
    return _slip_in(text, [chance.choice(words)], chance) if words else text


def typo_in_every_long_word(text: str, seed: int) -> str:
    chance = random.Random(f"{seed} {text}")
    return _slip_in(text, list(re.finditer(rf"[A-Za-z]{{{LONG},}}", text)), chance)


def _slip_in(text: str, words: list[re.Match[str]], chance: random.Random) -> str:
    for match in reversed(words):
        text = text[: match.start()] + slip(match.group(), chance) + text[match.end() :]
    return text


def slip(word: str, chance: random.Random) -> str:
    """A letter left out, doubled, swapped with the next or hit beside; never the first."""
    i = chance.randrange(1, len(word) - 1)
    kind = chance.choice(("out", "double", "swap", "beside"))
    if kind == "out":
        return word[:i] + word[i + 1 :]
    if kind == "double":
        return word[:i] + word[i] + word[i:]
    if kind == "swap" and word[i] != word[i + 1]:
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    beside = chance.choice(NEIGHBOURS.get(word[i].lower(), "x"))
    return word[:i] + (beside.upper() if word[i].isupper() else beside) + word[i + 1 :]
