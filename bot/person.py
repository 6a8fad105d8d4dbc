"""Facts on the person, read from a message: age, sex, pregnancy, side, who it is about, how long, country."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.amounts import COUNT, ONES, SMALL, UNIT, WORDED, days_in, number, whole
from bot.places import country
from bot.since import since
from bot.whom import KIDS, whom

_AGE = rf"(?P<age>\d{{1,3}}|{WORDED})"
_YEARS = r"(?:years?|yrs?|yo|y/o|y\.o\.?)"
_NOT_AN_AGE = r"(?! ?(?:weeks?|wks?|months?|mths?|days?|hours?|years? (?:into|after|post|since|ago|back)|%|kg|lbs?|pounds|stone|st\b|miles?|mi\b|k\b|km|cm|mm|ft|feet|inch\w*|minutes?|mins?|out of|/|and a half weeks|degrees|°|times|reps?|sets?|steps|percent|into|x\b|am\b|pm\b|o'?clock|mph|watts?|bpm|mg|ml|rounds?|pints?|pills?|tablets?))(?![.:,]\d|'|:)"
_KIN = "son|daughter|boy|girl|kid|child|grandson|granddaughter|mum|mom|mam|dad|father|mother|husband|wife|brother|sister|nan|gran|grandad|nephew|niece|partner|toddler|teenager|lad|uncle|aunt(?:ie|y)?|cousin|mother[ -]in[ -]law|father[ -]in[ -]law|grandmother|grandfather|boss|neighbou?r|patient|baby|little one|man|woman|lady"

_UNIT = r"(?! ?(?:mins?|minutes?|secs?|seconds?|hours?|hrs?|days?|weeks?|wks?|months?|mths?|km|k|miles?|metres?|meters?|m|cm|mm|kg|kgs|lbs?|stone|st|mg|ml|reps?|sets?|steps?|stairs|times?|x|per|percent|degrees|of|or|and|on|in|to|out|at|am|pm|years? (?:ago|back|now|since|of|later)|odd|feet|ft|inch\w*|more|other|different|people|hundred|thousand|quid|pounds?|dollars?|euros?)\b)"
AGES = (
    rf"\b(?:now|meant|say|sorry,?|actually|no,? wait,?|i'?m now) (?:at |aged )?{_AGE}(?=[,.;)!?]| not| and| with|$){_NOT_AN_AGE}",
    rf"\b{_AGE}[ -]?{_YEARS}[ -]?olds?\b",
    rf"\b{_AGE} ?(?:yo|y/o|y\.o\.?|yr old|yrs old|years young|years of age)\b",
    rf"\b(?:i'?m|im|i am|he'?s|hes|he is|she'?s|shes|she is|who is|who'?s|am|aged?:?|age is|just turned|turned|turning|soon) (?:now |only |just |about |nearly |almost |a fit |a healthy |an? )?{_AGE}\b{_NOT_AN_AGE}(?! ?(?:of|other|and \d+ (?:weeks?|months?)))",
    rf"\b(?:{_KIN})(?:'s| is|,|, who is| \(| aged?| of|:| who's| turns|, aged?) ?{_AGE}\b{_NOT_AN_AGE}",
    rf"(?:^|[,.;:(] ?|- ?){_AGE} ?(?:yrs?,? |years?,? )?(?:f|m|male|female|woman|man|lady|guy|bloke|lad)\b(?! in)",
    rf"(?:^|[ (,/])(?:f|m|male|female|man|woman|recruit|player|footballer|runner|guy) ?[,/]? ?(?:of )?{_AGE}\b{_NOT_AN_AGE}",
    r"\b(?:at|by|hit|past|over|under|nearing|pushing|only|not|mid|early|late) (?P<age>[1-9]\d)(?=[,.;)!?:]| (?:i|my|and|with|the|is|this|years|now|to|has)\b|$)(?!\.\d)(?! degrees)",
    r"[(:] ?(?P<age>[1-9]\d)(?=[),]|,? (?:desk|office|male|female|m|f)\b)",
    rf"\b(?:i'?m|im|i am|am|now|and) {_AGE}$",
    rf"(?:^|[a-z)\"][,.;(!?:] ?|- |^age )(?P<age>[1-9]\d|{WORDED})(?=[,.;)!?:] |[,.;)!?]?$){_NOT_AN_AGE}",
    r"^(?P<age>[1-9]\d)(?: and| here| with| yrs| years| still)\b",
    r"[.,] (?:and )?(?P<age>[1-9])(?: ?(?:yrs?|years?) old)?[.!]?$",
    rf"\b(?:i'm|aged|he's|she's|son|daughter|nephew|pikin|child|kid|boy|girl|him|her),? ?{_AGE} ?{_YEARS}\b(?! (?:ago|back|now|since|of))",
    r"\bas an? (?P<age>[1-9]\d)\b",
    rf"\b(?:my|our) (?:{_KIN}) {_AGE}\b{_NOT_AN_AGE}",
    r"\b(?P<age>[1-9]\d)f\b",
    r"\b(?:i'?m|im|i am|,|\.|\() ?(?P<age>[1-9]\d)[fm]\b",
    rf"\b{_AGE} ?(?:yrs? |years? )?(?:male|female|f)\b(?! (?:key|sharp))",
    rf"(?:^|[.!?,;] |\bmy |\bthe )(?:{_KIN}|hubby|mummy|roommate|flatmate|pikin|missus|amma|appa)(?: is| na|,)? {_AGE}\b{_NOT_AN_AGE}{_UNIT}",
    r"(?<!for )(?<!since )(?<!past )(?<!last )(?<!about )(?<!of )(?<!these )(?<!ago )\b(?P<age>[1-9]\d) years(?=[,.] (?:i|he|she|the|my|we)\b)",
    r"\bi have (?P<age>[1-9]\d) years\b(?! of)",
    rf"[.!?] (?P<age>[1-9]\d){_UNIT}{_NOT_AN_AGE} (?=[a-z])",
)
OWN_AGE = re.compile(r"\bmy (?:\w+ )?knees?\b.*\b(?:i'?m|im|i am) (?P<age>[1-9]\d)\b(?! ?(?:weeks?|wks?|months?|days?|stone|kg|lbs?|%|percent|miles?|km|of|min\w*|no,? wait))")
FEVER = re.compile(r"(?:fever|temp\w*|thermometer|degrees|height|bmi|weigh\w*|pulse|heart rate|rated?|pain (?:is|of|at)|score\w*|squat\w*|bench\w*|bus|number|room|at mile|km|mile|grade|size|hole|week|day|route|level|step|door)(?: \w+){0,2} ?$")
THEN = re.compile(r"(?:\blike (?:i'?m|im) |\btore\b[^.]{0,30}|\bdislocat\w*[^.]{0,30}|\bsince (?:i was )?|\bwhen (?:i was |i had )?[^.,]{0,18}|\btill |\buntil |\bfirst [^.,]{0,20}|\bago,? )(?:at )?$")
DECADES = re.compile(r"\b(?:in (?:my|his|her|their) |^|[ (,])(?:early|mid|late)?[ -]?(?P<d>twenties|thirties|forties|fifties|sixties|seventies|eighties|[2-8]0'?s)\b")
DECADE_WORDS = {"twenties": 25, "thirties": 35, "forties": 45, "fifties": 55, "sixties": 65, "seventies": 75, "eighties": 85}
MONTHS_OLD = re.compile(rf"\b(?P<n>\d{{1,2}}|{ONES}|{SMALL})[ -]?(?P<u>month|mth|mnth|week|wk|day)s?[ -]?old\b")
BABY = re.compile(rf"\b(?:{KIDS}|baby|son|daughter|nephew|niece|mine|he'?s|she'?s|him|her)\b[^.!?]{{0,40}}?\b(?:is |of |, )?(?P<n>\d{{1,2}}|{ONES}|{SMALL}) ?(?P<u>month|mth|week)s?\b(?! (?:ago|back|since|now|after|pregnan|of|later|post))")
MOTHER = re.compile(r"\b(?:breast ?feeding|postpartum|(?:after|since|had|having) (?:my|the|our) (?:\w+ )?baby|gave birth|my knees?\b)")
LASTING = re.compile(r"\b(?:for|past|last|over|since|been)(?: the| a| about| around| nearly| almost| at least)? ?$")
SMALL_CHILD = re.compile(r"\b(?:baby|toddler|nappy|cot|crawl\w*|newborn|nursery|creche|daycare|breast|bottle|pram|stands?|kicks?|rolled|changing table|moving one leg|feed\w*)\b")

PREGNANT = re.compile(
    r"\b(?:(?:i'?m|i am|im|she'?s|she is|currently|while|being|am) (?:[\w']+ ){0,4}?pregnant|\d{1,2} ?(?:weeks?|wks?|months?) (?:pregnant|gone|along)|pregnant (?:with|and|here|lady|woman)|^pregnant\b|preggers|(?:third|second|first|3rd|2nd|1st) trimester"
    r"|in my (?:\w+) month$|(?:since|this) pregnancy|pregnancy number|expecting (?:a baby|twins|in|my)|(?:due|baby is due) in \w+|with (?:number two|my second|my third)|(?<!gave birth )(?:i'?m|i am|im) (?:\d{2} and )?(?:[4-9]|[1-3]\d|4[0-2]) ?(?:weeks?|wks?)(?=[,.;)]|$| and\b| so\b| with\b| now\b)(?! (?:post|after|into|out|in\b)))"
)  # fmt: skip
WEEKS_ALONE = re.compile(r"(?:^|[,.?!] )(?:hi im |i'?m |at |now )?(?P<w>[4-9]|[1-3]\d|4[0-2]) ?(?:weeks?|wks?)(?=[,.;]|$)")
BUMP = re.compile(r"\b(?:bp|blood pressure|midwife|headache|eyes|vision|bump|baby moving|pre-?eclampsia|heparin inject\w*|antenatal|second time)\b")
NOT_PREGNANT = re.compile(r"\b(?:not|n't|never|isn't|aint|no(?:t)? longer|could(?:n't)? be) (?:[\w']+ ){0,2}?(?:pregnant|expecting)\b|\b(?:gave birth|postpartum|delivered|had (?:my|our|a) (?:\w+ )?baby)\b")

_PART = r"(?:[\w'-]+ ){0,2}?(?:knees?|legs?|calf|calves|foot|kneecap|side|one|thigh|hamstring|lower leg|nee|patella|hip|shin|ankle|acl|mcl|meniscus|groin)"
BOTH = re.compile(r"\b(?:both|each)(?: of)?(?: my| the| his| her| their| our)? (?:[\w'-]+ )?(?:knees?|legs?|calves|sides?|of (?:them|'em)|kneecaps?|fronts|inner|shins)\b|\bboth(?: knees)?$|\bboth of (?:them|'em)\b|\bbilateral\b|, both\b|^both\b|\b(?:it'?s|its|is|are|,) both\b|\btwo bad ones\b|\bboth swollen\b|\bboth sides\b|\beither knee\b")
MEANT = re.compile(r"\b(?:meant|mean|actually|no,? wait,?|wrong leg!?|it is|it'?s|its|oops[^.]{0,30})(?: it'?s| its| is| in)?(?: only)?(?: the| my)? (?P<s>left|right)\b(?! (?:away|now|after|before|under|on|where|here|there|at|in))|\b(?P<t>left|right),? not (?:the |my )?(?:left|right)\b")
SIDE = re.compile(rf"\b(?P<s>left|right)(?:-hand)? {_PART}\b")
ALONE = re.compile(r"^(?:the |my |on the )?(?P<s>left|right)(?: one| only)?[.! ]*$|\b(?:on|in) the (?P<t>left|right)\b(?! (?:hand|arm|shoulder|lane|of))|(?:, |\()(?:just |only )?(?:the |my )?(?P<u>left|right)(?: only| one)?(?=[,.)]|$)|\b(?:just|only|is) (?:on )?(?:the |my )(?P<v>left|right)\b|\bmy (?P<w>left|right)(?= (?:has|is|one)|[,.])|\b(?P<x>left|right) only\b|\bonly (?:on )?(?P<y>left)\b|\bouter (?P<z>left)\b")


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
    found = [fact for reader in (_age, _pregnant, _side, _days, _country) for fact in reader(lower)]
    found += _whom(lower, next((fact.value for fact in found if fact.key == "age"), None))
    if "age" in asked and "days" not in asked:
        found = [fact for fact in found if fact.key != "days" or fact.value < 365]  # '44 years' is no length of time here
    found = _no_age_as_length(lower, found)
    have = {fact.key for fact in found}
    return found + [fact for fact in _bare(lower, asked) if fact.key not in have]


def _no_age_as_length(text: str, found: list[Fact]) -> list[Fact]:
    """'47 yrs. now cannot fold it. 5 days': the age is no length of time."""
    age = next((fact.value for fact in found if fact.key == "age"), None)
    days = next((fact for fact in found if fact.key == "days"), None)
    if age is None or days is None or days.value != whole(age * 365):
        return found
    without = text[: days.start] + " " * (days.end - days.start) + text[days.end :]
    return [fact for fact in found if fact is not days] + list(_days(without))


def _age(text: str) -> Iterator[Fact]:
    baby = MONTHS_OLD.search(text) or (BABY.search(text) if SMALL_CHILD.search(text) else None)
    if baby and not LASTING.search(text[: baby.start("n")]) and not MOTHER.search(text):
        count = number(baby["n"]) or 0
        yield Fact("age", round(count / {"m": 12, "w": 52, "d": 365}[baby["u"][0]], 2), *baby.span())
        return
    own = None if re.search(r"\b(?:his|her) (?:knees?|leg)\b", text) else OWN_AGE.search(text)
    if own and 1 <= int(own["age"]) <= 110:
        yield Fact("age", int(own["age"]), *own.span())
        return
    for pattern in AGES:
        for match in re.finditer(pattern, text):
            age, before = number(match["age"]), text[max(0, match.start("age") - 34) : match.start("age")]
            if age is not None and 1 <= age <= 110 and not FEVER.search(before) and not THEN.search(before):
                yield Fact("age", whole(age), *match.span())
                return
    decade = DECADES.search(text)
    if decade and not re.search(r"\bin the $|\bsince the $", text[: decade.start("d")]):
        word = decade["d"]
        yield Fact("age", DECADE_WORDS.get(word) or int(word[:2]) + 5, *decade.span())


def _whom(text: str, age: float | None) -> Iterator[Fact]:
    about = whom(text, age)
    if about.who:
        yield Fact("for", about.who, *about.where)
    if about.sex:
        yield Fact("sex", about.sex, *about.sex_at)


def _pregnant(text: str) -> Iterator[Fact]:
    denied, match = NOT_PREGNANT.search(text), PREGNANT.search(text)
    if match and not (denied and denied.start() <= match.start() < denied.end()):
        yield Fact("pregnant", True, *match.span())
    elif denied:
        yield Fact("pregnant", False, *denied.span())
    elif BUMP.search(text):
        weeks = WEEKS_ALONE.search(text)
        if weeks:
            yield Fact("pregnant", True, *weeks.span())


def _side(text: str) -> Iterator[Fact]:
    meant = MEANT.search(text)
    both = None if meant else BOTH.search(text)
    match = meant or both or SIDE.search(text) or ALONE.search(text)
    if match:
        yield Fact("side", "both" if match is both else next(v for v in match.groupdict().values() if v), *match.span())


def _days(text: str) -> Iterator[Fact]:
    began = since(text)
    if began:
        yield Fact("days", began.days, began.start, began.end)


def _country(text: str) -> Iterator[Fact]:
    found = country(text)
    if found:
        yield Fact("country", *found)


def _bare(text: str, asked: tuple[str, ...]) -> Iterator[Fact]:
    """A bare number or word that answers the open question."""
    plain = text.strip(" .!,")
    if "age" in asked:
        match = re.search(rf"\b{_AGE}\b", plain)
        value = number(match["age"]) if match else None
        if match and value is not None and 0 < value <= 110 and not re.search(r"\b(?:weeks?|days?|months?)\b", plain):
            yield Fact("age", whole(value), *match.span())
        months = re.search(rf"\b(?P<n>\d{{1,2}}|{ONES}|{SMALL}) (?P<u>m|w)\w*\b", plain)
        if months and not re.search(r"\b(?:ago|since)\b", plain):
            yield Fact("age", round((number(months["n"]) or 0) / {"m": 12, "w": 52}[months["u"]], 2), *months.span())
    if "days" in asked:
        match, plainly = re.search(rf"{COUNT} ?{UNIT}\b", plain), since(plain, bar=1)
        value = number(match["n"]) if match else None
        if match and value is not None:
            yield Fact("days", days_in(value, match["u"]), *match.span())
        elif plainly:
            yield Fact("days", plainly.days, plainly.start, plainly.end)
        else:
            for word, days in (("ages|long time|years", 730), ("months", 90), ("weeks", 21), ("days", 3)):
                if re.search(rf"\b(?:{word})\b", plain):
                    yield Fact("days", days, 0, len(plain))
                    return
    if "sex" in asked and re.fullmatch(r"(?:a )?(?:f|m|male|female|man|woman|girl|boy)", plain):
        yield Fact("sex", "female" if plain.split()[-1] in ("f", "female", "woman", "girl") else "male", 0, len(plain))
