"""Numbers in words and digits, and lengths of time, as people write them."""

from __future__ import annotations

import re

NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "couple": 2, "couple of": 2, "few": 3, "several": 5, "half a": 0.5, "half": 0.5, "a full": 1,
    "a whole": 1, "a good": 1, "a solid": 1,
}  # fmt: skip
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10}
DAYS_OF = {"hour": 1 / 24, "hr": 1 / 24, "day": 1, "night": 1, "week": 7, "wk": 7, "weekend": 7, "fortnight": 14, "month": 30, "mth": 30, "mo": 30, "year": 365, "yr": 365}
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
ONES = "one|two|three|four|five|six|seven|eight|nine"
SMALL = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
WORDED = rf"(?:(?:{_TENS})[ -]?(?:{ONES})|{_TENS}|{SMALL}|{ONES})"
COUNT = rf"(?P<n>\d+(?:\.\d+)?|{WORDED}|a couple of|a couple|couple of|couple|a few|few|several|a full|a whole|a good|a solid|an|a|half a)"
UNIT = r"(?P<u>hours?|hrs?|days?|nights?|weeks?|wks?|weekends?|fortnights?|months?|mths?|mos|years?|yrs?)"


def number(word: str) -> float | None:
    """'23', 'twenty-three', 'a couple' → the number; None for anything else."""
    word = word.strip().lower()
    if re.fullmatch(r"\d+(?:\.\d+)?", word):
        return float(word)
    if word in NUMBERS:
        return float(NUMBERS[word])
    if word.startswith("a ") and word[2:] in NUMBERS:
        return float(NUMBERS[word[2:]])
    parts = re.split(r"[ -]", word)
    if len(parts) == 2 and parts[0] in NUMBERS and parts[1] in NUMBERS:
        return float(NUMBERS[parts[0]] + NUMBERS[parts[1]])
    return None


def whole(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 3)


def days_in(count: float, unit: str) -> float | int:
    """Hours count as today."""
    unit = unit.rstrip("s")
    return 0 if unit in ("hour", "hr") else whole(round(count * DAYS_OF[unit], 2))
