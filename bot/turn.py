"""One turn of talk: how an answer and what else was said change the case. No classifier is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.case import PERSON_KEYS, Case, CaseError, check_person
from bot.library import Library
from bot.questions import doubted
from bot.reading import Reading
from bot.rule import ABSENT, PRESENT, UNSURE

YES = re.compile(
    r"^\W*(?:oh |well |um+ |ah |er+ )?(?:y|ye|yes+|yep+|yeah+|yea|ya|yh|yup|aye|si|oui|indeed|correct|right|true|sure|definitely|absolutely|certainly|of course|sadly|"
    r"i think so|think so|i do|i did|i have|i am|it does|it is|it has|it did|there is|they do|a (?:bit|little|lot)|bit|little|slightly|somewhat|kind of|kinda|sort of|"
    r"sometimes|mostly|most of the time|quite|very|all of (?:them|these|those|it)|both|affirmative|unfortunately)\b"
)
NO = re.compile(
    r"^\W*(?:oh |well |um+ |ah |er+ )?(?:n|no+|nope+|nah+|na|nay|non|never|none|nothing|neither|nein|negative|false|not? (?:really|at all|now|yet|that i|any|one|to (?:all|any|both))|"
    r"not|i do ?n[o']?t(?! know)|i have ?n[o']?t|it does ?n[o']?t|it is ?n[o']?t|it'?s not|isn'?t|doesn'?t|don'?t think so|dont think so|i don'?t think so|i dont think so|no(?:ne)? of (?:these|those|them|that))\b"
)
DOUBT = re.compile(
    r"^\W*(?:oh |well |um+ |ah |er+ )?(?:i'?m |im |i am )?(?:not (?:too |really |quite |so |100 ?% )?(?:sure|certain)|unsure|no idea|no clue|dunno|d/?k|idk|i ?d(?:o ?n)?o?n?'?t (?:really )?know|don'?t (?:really )?know|dont know|do not know|"
    r"maybe|perhaps|possibly|might(?: be)?|could be|hard to (?:say|tell)|can'?t (?:say|tell)|cant (?:say|tell)|cannot (?:say|tell)|skip|pass|depends|i guess|not that i know|\?+$)"
)
SEQUENCE = re.compile(r"\b(?:yes|yeah|yep|y|no|nope|nah|n)\b")
DOUBT_AFTER_NO = re.compile(r"\b(?:but|except|although|though|tho)\b.*\b(?:not (?:too |so |really )?(?:sure|certain)|unsure|maybe|might|possibly|dunno|(?:don'?t|do not) know)\b")
EMPTY = {word[:5] for word in ["knee", "your", "this", "that", "does", "have", "about", "been", "what", "when", "with", "from", "they", "than", "other", "more", "feel", "there", "which", "looks", "right", "left", "the", "leg", "sure", "certain", "whether", "maybe", "might", "possibly", "dunno", "know", "unsure", "though", "although", "except", "because", "since"]}
PLACES = {**{str(i): i - 1 for i in range(1, 7)}, "first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4, "last": -1}
PLACE = re.compile(r"\b(?:(?:the |just |only |but |except |yes |to )+)?(first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|(?:number|option) [1-6])\b(?! (?:time|week|weeks|day|days|night|year|month|few|thing|three|two|four|step|steps|aid|bit|part|hour|run|mile))")
NOT_THESE = re.compile(r"\bnot (?:the )?(?:first|second|third|fourth|last)\b|\bfirst (?:three|two)\b")
UNSURELY = re.compile(r"\b(?:maybe|perhaps|might|possibly|dunno|not (?:too |so |really )?sure|unsure|don'?t know)\b")
PLAINLY = re.compile(r"\b(?:it'?s|this is|asking|question is|actually)(?: \w+){0,2} (?:for|about) (?:my|a|him|her|someone|somebody)\b|\bnot (?:me|my knee)\b")
PUT_RIGHT = re.compile(r"\b(?:actually|sorry|meant|mean|no,? wait|correction|not \w+ (?:days?|weeks?|months?|years?)|wrong|longer than)\b")
OTHER_SIDE = re.compile(r"\b(?:actually|meant|mean|wrong|sorry|no wait|correction|it'?s|its)\b[^.]{0,25}\bother (?:knee|leg|one|side)\b|^(?:the )?other (?:knee|leg|one|side)\b")
COMPLAINT = re.compile(
    r"\b(?:knees?|kneecaps?|legs?|patella)\b[^?]*\b(?:hurt\w*|pain\w*|ache\w*|aching|sore|killing|trouble\w*|problem\w*|bother\w*|playing up|gyp|jip|hell|grief|throb\w*|stab\w*|agony|bad|dodgy|knackered|buggered)\b"
    r"|\b(?:hurt\w*|pain\w*|ache\w*|aching|sore|throb\w*|stab\w*|bad|dodgy|trouble|problem\w*)\b[^?]*\b(?:knees?|kneecaps?|legs?|patella)\b"
)  # fmt: skip
ONLY = re.compile(r"\b(?:only|just|just the)\b")


@dataclass(frozen=True)
class Heard:
    """case: after the turn. changed: finding or person keys whose value became another. answered: the open question was.

    which: the person said yes to several things at once, and must say which. told: anything at all was learned. new: keys that this
    message told, apart from what was asked."""

    case: Case
    changed: tuple[str, ...] = ()
    answered: bool = False
    which: tuple[str, ...] = ()
    told: bool = False
    new: tuple[str, ...] = ()


def plain_answer(text: str) -> str | None:
    """present, absent or unsure for yes, no and not sure at the head of a message; None for anything else."""
    lower = text.strip().lower().replace("’", "'")
    for pattern, answer in ((DOUBT, UNSURE), (NO, ABSENT), (YES, PRESENT)):
        if pattern.match(lower):
            return answer
    return None


def hear(reading: Reading, asked: Sequence[str], case: Case, library: Library) -> Heard:
    """What the message tells counts first; a plain yes or no then answers the rest of the open question."""
    told = {name: answer for name, answer in reading.answers().items() if name in library.findings}
    answers = _answers(reading, [name for name in asked if name in library.findings], told, library)
    which = tuple(answers) if PRESENT in answers.values() and len(answers) > 1 and not told and not _listed(reading.text, answers) else ()
    if which:
        answers = {}
    findings = {**answers, **told}
    person = _person(reading, case, asked)
    after = case.tell_all(findings, person)
    changed = tuple(k for k, v in (*findings.items(), *person.items()) if k in (*case.findings, *case.person) and _before(case, k) != v)
    about_them = bool(asked) and all(key in PERSON_KEYS for key in asked) and plain_answer(reading.text) is not None
    answered = any(name in findings for name in asked) or any(key in person for key in asked) or bool(which) or about_them
    complains = not case.findings and COMPLAINT.search(reading.text.lower()) is not None
    new = tuple(k for k in (*told, *person) if k not in asked and _before(case, k) != _before(after, k))
    return Heard(after, changed, answered, which, bool(findings or person or complains), new)


def _person(reading: Reading, case: Case, asked: Sequence[str]) -> dict[str, object]:
    """What was told of the person. A child stays a child when it becomes 'he' or 'she', and a talk about oneself stays one when a
    relative is mentioned."""
    told = {key: value for key, value in reading.person().items() if _is_sound(key, value)}
    if told.get("for") == "other" and (case.person.get("for") == "child" or (case.findings and "for" not in case.person)) and not PLAINLY.search(reading.text.lower()):
        told = {key: value for key, value in told.items() if key not in ("for", "sex")}
    if "days" in told and "days" in case.person and "days" not in asked and not PUT_RIGHT.search(reading.text.lower()):
        del told["days"]  # 'the wound weeps since last night' is no new beginning of the complaint
    side = case.person.get("side")
    if side in ("left", "right") and "side" not in told and OTHER_SIDE.search(reading.text.lower()):
        told["side"] = "left" if side == "right" else "right"
    return told


def _answers(reading: Reading, open_now: list[str], told: dict[str, str], library: Library) -> dict[str, str]:
    """What a plain answer says of the findings that were asked about and not spoken of."""
    if not open_now:
        return {}
    rest = [name for name in open_now if name not in told]
    listed = _in_order(reading.text, open_now) or _by_place(reading.text, open_now)
    if listed:
        return {name: answer for name, answer in listed.items() if name not in told}
    answer = plain_answer(reading.text)
    if answer is None:
        only = ONLY.search(reading.text.lower()) and any(told.get(name) == PRESENT for name in open_now)
        return dict.fromkeys(rest, ABSENT) if only else {}
    if _speaks_of_something_else(reading, open_now) or (answer == PRESENT and len(open_now) > 1 and told):
        return {}
    said_unsure = any(told.get(name) == UNSURE for name in open_now)
    doubt = DOUBT_AFTER_NO.search(reading.text.lower().replace("’", "'")) if answer == ABSENT and not said_unsure else None
    if doubt:
        meant = _meant(reading.text[doubt.start() :], open_now, library)
        # where nothing tells which one is doubted, all are asked again rather than denied
        return {name: UNSURE if name == meant else ABSENT for name in rest} if meant else {}
    if answer == ABSENT and any(told.get(name) == PRESENT for name in open_now) and len(open_now) == 1:
        return {}
    return dict.fromkeys(doubted(rest, library) if answer == UNSURE else rest, answer)


def _meant(words: str, open_now: list[str], library: Library) -> str | None:
    """The one finding among those asked about whose own words stand in these."""
    said = _content(words)
    named = [name for name in open_now if said & _content(" ".join((library.findings[name].short, library.findings[name].ask)))]
    return named[0] if len(named) == 1 else open_now[0] if len(open_now) == 1 else None


def _content(words: str) -> set[str]:
    """The words that say something, without their endings."""
    return {word[:5] for word in re.findall(r"[a-z]{4,}", words.lower())} - EMPTY


def _speaks_of_something_else(reading: Reading, open_now: list[str]) -> bool:
    """'No fever' is no answer to a question on the chest: the first clause is about something that was not asked."""
    head = re.split(r"[,.;!?]| but | and ", reading.text, maxsplit=1)[0]
    spoken = [said.id for said in reading.findings if said.start < len(head)]
    return bool(spoken) and not any(name in open_now for name in spoken)


def _in_order(text: str, open_now: list[str]) -> dict[str, str]:
    """'no, no and yes': one word for each thing that was asked."""
    found = SEQUENCE.findall(text.lower())
    if len(open_now) > 1 and len(found) == len(open_now) and len(text.split()) <= 3 * len(found):
        return {name: PRESENT if word.startswith("y") else ABSENT for name, word in zip(open_now, found)}
    return {}


def _by_place(text: str, open_now: list[str]) -> dict[str, str]:
    """'The first one', 'no, except the last', 'number 2': by the place in the list that was shown."""
    lower = text.lower().replace("’", "'")
    if len(open_now) < 2 or len(lower.split()) > 9 or NOT_THESE.search(lower) or UNSURELY.search(lower):
        return {}
    places = {PLACES[word.removeprefix("number ").removeprefix("no ").removeprefix("option ")] for word in PLACE.findall(lower)}
    named = {open_now[place] for place in places if -len(open_now) <= place < len(open_now)}
    return {name: PRESENT if name in named else ABSENT for name in open_now} if named else {}


def _listed(text: str, answers: dict[str, str]) -> bool:
    """All of them, or one word for each: nothing is left to ask."""
    return bool(re.search(r"\b(?:all|both)\b", text.lower())) or bool(_in_order(text, list(answers)) or _by_place(text, list(answers)))


def _is_sound(key: str, value: object) -> bool:
    try:
        check_person(key, value)
    except CaseError:
        return False
    return key in PERSON_KEYS


def _before(case: Case, key: str) -> object:
    return case.findings.get(key, case.person.get(key))
