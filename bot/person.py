"""Facts on the person, read from a message: age, sex, pregnancy, side, who it is about, how long, country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "couple": 2, "couple of": 2, "few": 3, "several": 5, "half a": 0.5, "half": 0.5,
}  # fmt: skip
UNITS = {"hour": 1 / 24, "hr": 1 / 24, "day": 1, "night": 1, "week": 7, "wk": 7, "fortnight": 14, "month": 30, "mth": 30, "year": 365, "yr": 365}
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_SMALL = "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_WORDED = rf"(?:(?:{_TENS})[ -]?(?:{_ONES})|{_TENS}|{_SMALL}|{_ONES})"
_AGE = rf"(?P<age>\d{{1,3}}|{_WORDED})"
_YEARS = r"(?:years?|yrs?|yo|y/o|y\.o\.?)"

AGES = (
    rf"\b{_AGE}[ -]?{_YEARS}[ -]?olds?\b",
    rf"\b{_AGE} ?(?:yo|y/o|y\.o\.?|yr old|yrs old)\b",
    rf"\b(?:i'?m|im|i am|he'?s|hes|he is|she'?s|shes|she is|who is|who'?s|am|aged?|age is|just turned|turned|turning) (?:now |only |just |about |nearly |almost )?{_AGE}\b(?! ?(?:weeks?|wks?|months?|days?|hours?|years? (?:into|after|post|since)|%|kg|lbs?|stone|st\b|miles?|k\b|km|cm|ft|feet|minutes?|mins?|out of|/|and a half weeks))",
    rf"\b(?:son|daughter|boy|girl|kid|child|grandson|granddaughter|mum|mom|dad|father|mother|husband|wife|brother|sister|nan|gran|grandad|nephew|niece|partner|toddler)[ ,(]+(?:is |who is |aged |age )?{_AGE}\b(?! ?(?:weeks?|wks?|days?|months?|times|miles))",
    rf"(?:^|[,.;(] ?){_AGE} ?(?:f|m|male|female|woman|man|lady|guy|bloke)\b",
    rf"(?:^|[ (])(?:f|m|male|female) ?[,/]? ?{_AGE}\b(?! ?(?:weeks?|days?|miles))",
    rf"\b(?:grandad|granddad|grandpa|gran|grandma|granny|nan|nana|mum|mom|dad)(?:'s| is) {_AGE}\b(?! ?(?:weeks?|days?|months?))",
    rf"\b(?:i'?m|im|i am|am|now|and) {_AGE}$",
    r"(?:^|[a-z][,.;(!?] ?)(?P<age>[1-9]\d)(?=[,.;)!]|$)(?! ?(?:weeks?|%|kg|lbs))(?!\.\d)",
)
DECADES = re.compile(r"\bin (?:my|his|her) (?:early |mid |mid-|late )?(?P<d>twenties|thirties|forties|fifties|sixties|seventies|eighties|[2-8]0'?s)")
DECADE_WORDS = {"twenties": 25, "thirties": 35, "forties": 45, "fifties": 55, "sixties": 65, "seventies": 75, "eighties": 85}
MONTHS_OLD = re.compile(rf"\b(?P<n>\d{{1,2}}|{_ONES}|{_SMALL})[ -]?(?P<u>month|week|day)s?[ -]?old\b")

_COUNT = rf"(?P<n>\d+(?:\.\d+)?|{_WORDED}|a couple of|a couple|couple of|couple|a few|few|several|an|a|half a)"
_UNIT = r"(?P<u>hours?|hrs?|days?|nights?|weeks?|wks?|fortnights?|months?|mths?|years?|yrs?)"
SPANS = (
    rf"\b(?:for|over|about|around|nearly|almost|past|last|the past|the last|since|been|lasting|going on|roughly|like) (?:the )?(?:past |last |about |around |over |nearly |almost |roughly |maybe |well over |at least |a good )?{_COUNT} (?:or (?:so|two|three) )?{_UNIT}\b(?! ?old)",
    rf"\b{_COUNT} (?:or (?:so|two|three) )?{_UNIT} (?:ago|now|back|and counting|in a row|on)\b",
    rf"\b(?:in|within|over) (?:the (?:last|past) )?{_COUNT} {_UNIT}\b(?! ?old)",
    rf"\b(?:started|began|happened|did it|since|came on|had it|hurt it|hurts|hurting|sore|pain|it'?s been|its been)[^.;!?]{{0,25}}? {_COUNT} {_UNIT}\b(?! ?(?:old|a week|per|of pregnan))",
    rf"^(?:about |around |maybe |like |roughly |over |more than |nearly |almost )?{_COUNT} (?:or (?:so|two|three) )?{_UNIT}\b(?! ?(?:old|later|after|pregnan))",
)
PLAIN_DAYS = (
    (r"\b(?:(?:started|began|happened|fell|twisted|hurt|slipped|popped|came on|did it|woke)[^.;!?]{0,40} (?:today|this morning|this afternoon|this evening|tonight)|(?:today|this morning|this afternoon|this evening|tonight) (?:i|my)[^.;!?]{0,20} (?:fell|twisted|hurt|slipped|popped|woke|went|felt|heard|landed)|just now|earlier today|(?:a few|few|ten|five|twenty) (?:minutes?|mins?) ago)\b", 0),
    (r"\b(?:yesterday|last night|since last night|day one)\b", 1),
    (r"\bday two\b", 2),
    (r"\b(?:day three)\b", 3),
    (r"\b(?:day four)\b", 4),
    (r"\b(?:the other day|couple days ago|few days ago)\b", 3),
    (r"\b(?:this week|few days|some days|couple of days)\b", 3),
    (r"\b(?:last week|a week ago)\b", 7),
    (r"\bfortnight\b", 14),
    (r"\b(?:weeks? ago|for weeks|some weeks|over weeks|weeks now)\b", 28),
    (r"\blast month\b", 30),
    (r"\b(?:for (?:many )?months|months now|been months|months and months|months ago|over months)\b", 90),
    (r"\b(?:last year|over a year)\b", 365),
    (r"\b(?:for (?:many )?years|years now|for ages|on and off for years|since (?:i was )?(?:a kid|school|childhood)|all my life|my whole life|for as long as i)\b", 730),
)
STARTS = r"\b(?:since|start\w*|began|happen\w*|twist\w*|fell|fall|hurt|injur\w*|woke|slip\w*|pop\w*|land\w*|pain|swollen|sore|came|had it|did it)\b"
WEEKDAYS = re.compile(r"\b(?:since|on|last|this past)? ?(?P<d>mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?\b(?! (?:mornings?|nights?|league|runs?))")

SEX = (
    (r"\b(?:i'?m|i am|im|as) an? (?:\w+[ -]){0,4}?(?:woman|female|girl|lady|mum|mom|mother|grandmother|wife)\b", "female"),
    (r"\b(?:i'?m|i am|im|as) an? (?:\w+[ -]){0,4}?(?:man|male|bloke|guy|lad|boy|dad|father|grandfather|husband)\b", "male"),
    (r"(?:^|[,.(] ?)(?:a )?(?:female|woman)\b", "female"), (r"(?:^|[,.(] ?)(?:a )?(?:male|man)\b(?! flu)", "male"),
    (r"\b(?:\d{1,2} ?(?:weeks?|wks?) (?:pregnant|gone)|i'?m pregnant|im pregnant|my period|(?:after|since|my) menopause|i gave birth|breastfeeding|on hrt|c-?section|missed periods?)\b", "female"),
    (r"\bprostate\b", "male"),
    (r"^(?:our |the |my )?(?:mum|mom|gran|grandma|granny|nan|nana|baby girl|daughter|wife)\b", "female"),
    (r"^(?:our |the |my )?(?:dad|grandad|granddad|grandpa|baby boy|son|husband)\b", "male"),
    (r"\bmy (?:daughter|mum|mom|mother|wife|sister|nan|gran|grandma|granny|grandmother|niece|aunt|girlfriend|granddaughter)\b", "female"),
    (r"\bmy (?:son|dad|father|husband|brother|grandad|grandpa|grandfather|nephew|uncle|boyfriend|grandson|lad)\b", "male"),
)  # fmt: skip
OTHERS = (
    (r"\bmy (?:\w+[ -]){0,3}?(?:son|daughter|kid|child|toddler|baby|grandson|granddaughter|lad|little (?:boy|girl|one)|boy|girl|stepson|stepdaughter|newborn)(?:'?s)?\b", "child"),
    (r"\bmy (?:\w+[ -]){0,2}?(?:mum|mom|mother|dad|father|husband|wife|partner|nan|gran|grandma|grandad|grandpa|grandmother|grandfather|brother|sister|friend|boyfriend|girlfriend|uncle|aunt|neighbour|neighbor|mate|father in law|mother in law)(?:'?s)?\b", "other"),
    (r"^(?:our |the )?(?:mum|mom|gran|grandma|granny|nan|nana|dad|grandad|granddad|grandpa|husband|wife)(?:'s)?\b", "other"),
    (r"\bour (?:son|daughter|toddler|baby|little (?:boy|girl))\b|^(?:toddler|baby|newborn|baby (?:boy|girl))\b", "child"),
    (r"\b(?:it'?s|its|this is|asking) (?:for|about) (?:me|myself)\b", "self"),
)
OWN = re.compile(
    r"\b(?:my|the) (?:\w+ ){0,2}?(?:knees?|leg|calf|kneecap|foot)\b(?! (?:doctor|brace))"
    r"|\bi (?:have|hurt|fell|twisted|am|was|feel|can|cannot|can't|get|got|had)\b|\bi'?m \d"
)
THEIR_KNEE = re.compile(r"'?s (?:\w+ )?(?:knees?|leg|calf|foot)\b")
COUNTRIES = {
    "united kingdom": "GB", "the uk": "GB", "in uk": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "britain": "GB",
    "ireland": "IE", "usa": "US", "the us": "US", "united states": "US", "america": "US", "canada": "CA", "australia": "AU",
    "new zealand": "NZ", "india": "IN", "south africa": "ZA", "germany": "DE",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One fact on the person and where it stands in the message (characters)."""

    key: str
    value: Any
    start: int
    end: int


def facts(text: str, asked: tuple[str, ...] = ()) -> list[Fact]:
    """Every fact that the message tells. `asked` are the keys that the last question was about, for bare answers."""
    lower = text.lower().replace("’", "'")
    found = [fact for reader in (_age, _sex, _pregnant, _side, _for_whom, _days, _country) for fact in reader(lower)]
    if not any(fact.key == "for" and fact.value != "self" for fact in found):
        found = [fact for fact in found if not (fact.key == "sex" and lower[fact.start : fact.end].startswith("my "))]
    have = {fact.key for fact in found}
    return found + [fact for fact in _bare(lower, asked) if fact.key not in have]


def number(word: str) -> float | None:
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


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 3)


def _age(text: str) -> Iterator[Fact]:
    baby = MONTHS_OLD.search(text)
    if baby:
        count = number(baby["n"]) or 0
        yield Fact("age", round(count / {"month": 12, "week": 52, "day": 365}[baby["u"]], 2), *baby.span())
        return
    for pattern in AGES:
        for match in re.finditer(pattern, text):
            age = number(match["age"])
            if age is not None and 1 <= age <= 110:
                yield Fact("age", _whole(age), *match.span())
                return
    decade = DECADES.search(text)
    if decade:
        word = decade["d"]
        yield Fact("age", DECADE_WORDS.get(word) or int(word[:2]) + 5, *decade.span())


def _sex(text: str) -> Iterator[Fact]:
    short = re.search(r"(?:^|[\s(,/])(?:\d{2} ?(?P<a>[fm])|(?P<b>[fm]) ?/? ?\d{2})\b", text)
    if short:
        yield Fact("sex", "female" if (short["a"] or short["b"]) == "f" else "male", *short.span())
        return
    for pattern, sex in SEX:
        match = re.search(pattern, text)
        if match:
            yield Fact("sex", sex, *match.span())
            return
    if not re.search(r"\b(?:i|i'?m|my|me|mine)\b", text):  # a story about somebody
        match = re.search(r"\b(?:he|he'?s|him|his|she|she'?s|her|hers)\b", text)
        if match:
            yield Fact("sex", "male" if match.group().startswith("h") and match.group()[:3] != "her" else "female", *match.span())


def _pregnant(text: str) -> Iterator[Fact]:
    denied = re.search(r"\b(?:not|n't|never|isn't|aint|no(?:t)? longer) (?:\w+ ){0,2}?(?:pregnant|expecting)\b", text)
    if denied:
        yield Fact("pregnant", False, *denied.span())
        return
    match = re.search(r"\b(?:(?:i'?m|i am|im|she'?s|she is|currently|while|being|am) (?:\w+ ){0,4}?pregnant|\d{1,2} ?(?:weeks?|wks?|months?) pregnant|pregnant (?:with|and|here|lady)|preggers|third trimester|second trimester|first trimester|\d{1,2} weeks gone)\b", text)
    if match:
        yield Fact("pregnant", True, *match.span())


def _side(text: str) -> Iterator[Fact]:
    part = r"(?:\w+ ){0,2}?(?:knees?|legs?|calf|calves|foot|kneecap|side|one|thigh|hamstring|lower leg|nee|patella|hip)"
    both = re.search(r"\b(?:both|each)(?: of)?(?: my| the| his| her)? (?:\w+ )?(?:knees?|legs?|calves|sides?|of them)\b|\bboth(?: knees)?$|\bboth of them\b", text)
    if both:
        yield Fact("side", "both", *both.span())
        return
    meant = re.search(r"\b(?:meant|mean|actually)(?: it'?s)?(?: the| my)? (?P<s>left|right)\b", text)
    match = meant or re.search(rf"\b(?P<s>left|right) {part}\b", text) or re.search(r"^(?:the |my )?(?P<s>left|right)(?: one)?[.! ]*$", text)
    if match:
        yield Fact("side", match["s"], *match.span())


def _for_whom(text: str) -> Iterator[Fact]:
    for pattern, whom in OTHERS:
        match = re.search(pattern, text)
        if match and _is_theirs(text, match):
            yield Fact("for", whom, *match.span())
            return


def _is_theirs(text: str, match: re.Match[str]) -> bool:
    """'my dad's knee', 'my son limps', but not 'my mum had clots' beside one's own complaint."""
    if match.group(0).startswith(("it", "this", "asking")):
        return True
    if OWN.search(text) and not THEIR_KNEE.search(text[match.end() - 3 : match.end() + 25]):
        return text.startswith(match.group(0)) and not re.search(r"\bmy (?:left |right |own )?(?:knees?|leg|calf)\b", text)
    after = text[match.end() : match.end() + 60]
    return not re.match(r"\s*(?:says|said|thinks|thought|reckons|told|had|has had|wants|made|took|drove|is a (?:nurse|doctor|physio)|noticed|used to)\b", after)


def _days(text: str) -> Iterator[Fact]:
    for pattern in SPANS:
        for match in re.finditer(pattern, text):
            count, unit = number(match["n"]), match["u"].rstrip("s")
            if count is not None and not _is_not_onset(text, match):
                yield Fact("days", _whole(round(count * UNITS[unit], 2)) if unit not in ("hour", "hr") else 0, *match.span())
                return
    for pattern, days in PLAIN_DAYS:
        found = re.search(pattern, text)
        if found and (days != 3 or re.search(STARTS, text) or len(text) < 40) and not _is_not_onset(text, found):
            yield Fact("days", days, *found.span())
            return
    weekday = WEEKDAYS.search(text)
    if weekday and re.search(STARTS, text):
        yield Fact("days", 4, *weekday.span())


def _is_not_onset(text: str, match: re.Match[str]) -> bool:
    """Time that counts something else: pregnancy, an old operation, an age, a rest, how long a symptom lasts."""
    around = text[max(0, match.start() - 30) : match.end() + 30]
    return bool(
        re.search(r"\b(?:pregnan\w*|surgery|operation|replaced|replacement|op\b|gone|smok\w*|diagnos\w*|rest(?:ed)? for|off for|took|takes?|stiff for|lasts?|lasting|each|every|a day|per (?:day|week)|a week for|flight|flew|drive|drove|ran for|run for|sitting for|sit for|in bed|on the floor|times)\b", around)
    ) and not re.search(r"\b(?:pain|hurt\w*|sore|swollen|ach\w*|started|began)\b[^.,;]{0,20}$", text[max(0, match.start() - 25) : match.start()])


def _country(text: str) -> Iterator[Fact]:
    for words, code in COUNTRIES.items():
        match = re.search(rf"\b(?:in|from|live in|i'm in|im in|here in)? ?{re.escape(words)}\b", text)
        if match and re.search(rf"\b(?:in|from)\b[^.]{{0,12}}{re.escape(words.removeprefix('in '))}", text):
            yield Fact("country", code, *match.span())
            return


def _bare(text: str, asked: tuple[str, ...]) -> Iterator[Fact]:
    """A bare number or word that answers the open question."""
    plain = text.strip(" .!,")
    if "age" in asked:
        match = re.search(rf"\b{_AGE}\b", plain)
        value = number(match["age"]) if match else None
        if match and value is not None and 0 < value <= 110 and not re.search(r"\b(?:weeks?|days?|months?)\b", plain):
            yield Fact("age", _whole(value), *match.span())
    if "days" in asked:
        match = re.search(rf"{_COUNT} ?{_UNIT}\b", plain)
        value = number(match["n"]) if match else None
        if match and value is not None:
            unit = match["u"].rstrip("s")
            yield Fact("days", _whole(round(value * UNITS[unit], 2)) if unit not in ("hour", "hr") else 0, *match.span())
        elif re.search(r"\b(?:ages|long time|years)\b", plain):
            yield Fact("days", 730, 0, len(plain))
        elif re.search(r"\bmonths\b", plain):
            yield Fact("days", 90, 0, len(plain))
        elif re.search(r"\bweeks\b", plain):
            yield Fact("days", 21, 0, len(plain))
        elif re.search(r"\bdays\b", plain):
            yield Fact("days", 3, 0, len(plain))
    if "sex" in asked and re.fullmatch(r"(?:a )?(?:f|m|male|female|man|woman|girl|boy)", plain):
        yield Fact("sex", "female" if plain.split()[-1] in ("f", "female", "woman", "girl") else "male", 0, len(plain))
