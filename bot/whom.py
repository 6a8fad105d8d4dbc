"""Whom the message is about (the person who writes, a child, somebody else) and whether that is a woman or a man."""

from __future__ import annotations

import re
from typing import NamedTuple

WOMEN = "mum|mom|mam|ma|mummy|mommy|mother|mother[ -]in[ -]law|wife|sister|nan|nana|nanna|gran|grandma|granny|grandmother|niece|aunt|auntie|aunty|girlfriend|missus"
MEN = "dad|da|daddy|father|father[ -]in[ -]law|husband|hubby|brother|grandad|granddad|grandpa|grandfather|nephew|uncle|boyfriend"
EITHER = "partner|friend|neighbou?r|mate|cousin|boss|colleague|patient|carer|fianc[ée]e?|flatmate|roommate|teammate|client"
GIRLS = "daughter|granddaughter|girl|little girl|baby girl|stepdaughter"
BOYS = "son|grandson|boy|lad|little boy|baby boy|stepson|toddler boy"
KIDS = "kid|kids|child|toddler|baby|little one|newborn|teenager|teen|infant|bairn|wee one|pikin|youngest|eldest|grandchild|twins"
_WORD = r"(?:[\w'-]+ ){0,3}?"
_OWNER = r"(?:my|our|the|a|this|his|her)"
GROWN = re.compile(rf"\b{_OWNER} (?:[\w'-]+ ){{0,2}}?(?:{WOMEN}|{MEN}|{EITHER})\b|(?:^|[.!?,;:] ?|\bso |\band |\bbut )(?:{WOMEN}|{MEN})\b(?! and i\b)|\b(?:lady|gentleman) (?:with|in|of|i)\b")
CHILD = re.compile(
    rf"\b(?:my|our|a|the|this|friend's|their) {_WORD}(?:{GIRLS}|{BOYS}|{KIDS})\b|\bmy \d{{1,2}}[ -]?(?:year|yr|month|week|yo|y/o)\w*[ -]?olds?\b(?! (?:knees?|legs?|joints?|body|bones|self|acl))|\bmy \d{{1,2}} ?(?:yo|y/o)\b"
    rf"|(?:^|[.!?,;:] ?|\bour |\byo |\bold )(?:{GIRLS}|{BOYS}|{KIDS})\b(?!hood)|\bmy (?:two|three|four|five|six|seven|eight|nine|ten)[ -]year[ -]old\b|\bu\d{{1,2}}s?\b"
)  # fmt: skip
_BODY = r"(?:knees?|legs?|calf|calves|foot|feet|kneecaps?|shins?|thighs?|hips?|ankles?|toes?|hamstrings?|temp\w*)"
THEIRS = re.compile(
    rf"\b(?:his|her|the child's|the baby's|baby's|kid's|patient's) (?:[\w'-]+ ){{0,3}}?{_BODY}\b|\b(?:{WOMEN}|{MEN}|{EITHER}|{GIRLS}|{BOYS}|{KIDS})'?s (?:[\w'-]+ ){{0,3}}?{_BODY}\b"
    r"|\b(?:he|she)(?:'s|'ll|'d)? (?:(?:just|still|also|now|only|never|always|suddenly|even) )?(?:has|have|had|is|was|fell|fall|can|can't|cant|cannot|could\w*|won'?t|wont|limps?|hurts?|hurt|cries|cried|cry|screams?|feels?|felt"
    r"|walks?|walked|plays?|played|gets?|got|does|doesn'?t|did|didn'?t|woke|wakes|complain\w*|landed|twisted|slipped|went|holds?|keeps?|kept|refuse\w*|jump\w*|run|runs|ran|stops?|came|comes|bumped|hit|hobbl\w*|kicks?|isn'?t|hasn'?t|needs?|weighs|\d)\b|\b(?:hes|shes|he's|she's)\b"
)  # fmt: skip
HELPER = re.compile(r"\b(?:physio\w*|doctor|doc|gp|coach|nurse|surgeon|consultant|chiro\w*|trainer|therapist|dog|labrador|cat|chihuahua|puppy|vet|leader|paramedics?)\b")
MINE = re.compile(
    r"\b(?:my|me) (?:own )?(?:(?:left|right|bad|other|good|sore|poor|whole|lower|upper|inner|outer|both|swollen|new|old|own|dodgy|replaced|artificial|front|back|entire|two) )*(?:knees?|legs?|calf|calves|foot|feet|kneecaps?|shins?|thighs?|hips?|ankles?|hamstrings?|quads?|joints?|patella)\b"
    r"|\bmine\b|\bi(?:'ve| have| had| got|'ve got)? (?:been having|twisted|fell|slipped|landed|hurt|injured|tore|limp|jarred|whacked|banged|knelt|run|ran|have (?:a |had )?(?:pain|sore|swelling|lump|knee))\b|\bi'?m (?:a )?\d{2}\b|\bi (?:can'?t|cannot|can) (?:walk|bend|straighten|run|squat|kneel|stand|climb|put|lift)\b|\bmyself\b"
)  # fmt: skip
ASIDE = re.compile(
    r"^\s*,?\s*(?:(?:who|and i|also) )?(?:says?|said|thinks?|thought|reckons?|told|tells|wants?|made|took|drove|drives|is driving|swears?|saw|had it|had the same|used to|noticed|tore|died|booked|nagged|insist\w*|asked|laughed|hits?|hit me|pushed|beats?|hurts me|throws|attacked|set up|needs an|had clots|had a clot|had both|came by|bit|keeps telling|joked|calls|has it too|uses|had an? |got a |blew|is a (?:nurse|doctor|physio|vet|paramedic))\b"
)  # fmt: skip
PASSING = re.compile(r"\b(?:with|by|as|to|from|lost|than|like|the|of|help\w*|visit\w*|met|carry\w*|carried|lift\w*|chas\w*|push\w*|play\w* with)\s*$")
SELF = re.compile(r"\b(?:it'?s|this is|asking|question is) (?:for|about) (?:me|myself)\b|\bit'?s my own\b")
_KIN = rf"(?:{WOMEN}|{MEN}|{GIRLS}|{BOYS}|{KIDS})"
OTHER_PLAINLY = re.compile(rf"\b(?:for|about) my (?:\w+ ){{0,2}}?{_KIN}(?:,| not me|[.!]?$)|\bnot my knee,? my {_KIN}'s\b")

I_AM = (
    (re.compile(r"\b(?:i'?m|i am|im|as|asking) an? (?:[\w-]+ ){0,4}?(?:woman|female|girl|lady|mum|mom|mother|grandmother|wife|ballerina|gal|housewife|nun)\b"), "female"),
    (re.compile(r"\b(?:i'?m|i am|im|as) an? (?:[\w-]+ ){0,4}?(?:man|male|bloke|guy|lad|boy|dad|father|grandfather|husband)\b"), "male"),
    (re.compile(r"(?:^|[,.(;:] ?|\b\d{2} ?)(?:(?:a|single|retired|old|young|middle-aged) )?(?:female|woman|girl|lady|gal)\b(?!'s)"), "female"),
    (re.compile(r"(?:^|[,.(;:] ?|\b\d{2} ?)(?:(?:a|single|retired|old|young|middle-aged|gay) )*(?:male|man|guy|bloke|lad)\b(?!'s| flu| alert,? who)"), "male"),
    (re.compile(r"\b(?:\d{1,2} ?(?:weeks?|wks?|months?) (?:pregnant|gone|along|postpartum)|i'?m pregnant|im pregnant|my periods?|menopaus\w*|i gave birth|gave birth|breastfeeding|on hrt|c-?section|missed periods?|postpartum|since pregnancy|my (?:first |second |last )?pregnancy|pregnancy number|(?:had|delivered|having) (?:my |a |our )?(?:\w+ )?baby|my husband|the pill for|since i was a girl|a girl my age|(?:woman|lady|girl) of \d)\b"), "female"),
    (re.compile(r"\b(?:prostat\w*|my wife|my beard|the missus|testic\w*|(?:man|boy|bloke|lad|guy) of \d|the man with)\b"), "male"),
)  # fmt: skip
SHORT = re.compile(r"(?:^|[\s(,/.:;])(?:\d{2} ?(?:yo |y/o |yrs? )?/?(?P<a>[fm])|(?P<b>[fm]) ?[/,]? ?\d{2})\b(?![.\d])")


class Whom(NamedTuple):
    """who: other or child or self. sex: where the words tell it."""

    who: str | None
    where: tuple[int, int]
    sex: str | None
    sex_at: tuple[int, int]


def whom(text: str, age: float | None) -> Whom:
    """`text` is in small letters; `age` as read from the same message."""
    who, where = _who(text, age)
    sex, sex_at = _sex(text, who, where)
    return Whom(who, where, sex, sex_at)


def _who(text: str, age: float | None) -> tuple[str | None, tuple[int, int]]:
    own = SELF.search(text)
    if own:
        return "self", own.span()
    child, grown = _subject(CHILD, text), _subject(GROWN, text)
    plainly = OTHER_PLAINLY.search(text)
    theirs = plainly or _theirs(text)
    named = child or grown
    if named and not theirs and not MINE.search(text) and not re.search(r"\bi\b", text):
        theirs = named if not PASSING.search(text[: named.start()]) else None  # "mum, 80, fell this morning"
    if not theirs:
        return None, (0, 0)
    young = (child is not None and not (age is not None and age >= 18)) or (age is not None and age < 18)
    if age is None and not named and re.search(r"\b(?:nursery|school|nappy|toddler|pram|cot|growing pains|paeds|paediatric\w*)\b", text):
        young = True
    return ("child" if young else "other"), (named or theirs).span()


def _theirs(text: str) -> re.Match[str] | None:
    """A knee or a doing that is not the writer's; where both have a knee, the writer's counts."""
    if MINE.search(text):
        return None
    said = THEIRS.search(text)
    return None if said and said.group().startswith(("he", "she")) and not said.group().startswith("her ") and HELPER.search(text[: said.start()]) else said


def _subject(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first person named who does not only say, think or do something to the writer."""
    return next((match for match in pattern.finditer(text) if not ASIDE.match(text[match.end() :])), None)


def _sex(text: str, who: str | None, where: tuple[int, int]) -> tuple[str | None, tuple[int, int]]:
    if who in ("other", "child"):
        named = text[where[0] : where[1]]
        for words, sex in ((rf"{WOMEN}|{GIRLS}|lady", "female"), (rf"{MEN}|{BOYS}|gentleman", "male")):
            if re.search(rf"\b(?:{words})\b", named):
                return sex, where
        said = re.search(r"\b(?:he|he's|hes|him|his|she|she's|shes|her|hers|girl|boy)\b", text)
        if said:
            female = said.group().startswith(("she", "girl")) or said.group() in ("her", "hers")
            return ("female" if female else "male"), said.span()
    short = SHORT.search(text)
    if short:
        return ("female" if (short["a"] or short["b"]) == "f" else "male"), short.span()
    if who in ("other", "child"):
        return None, (0, 0)
    for pattern, sex in I_AM:
        match = pattern.search(text)
        if match:
            return sex, match.span()
    return None, (0, 0)
