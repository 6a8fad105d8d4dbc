"""Since when: the days since the complaint began, read from a message that may name several times.

Every length of time in the message is weighed by the words around it; the heaviest counts, and none below the bar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.amounts import COUNT, ONES, ORDINALS, UNIT, days_in, number

BAR = 2  # points from which a time is believed to be the beginning of the complaint

SPAN = re.compile(rf"\b{COUNT}(?: (?:or (?:so|two|three|more)|and a half|and a bit|plus|long|full|whole|good|solid))?[ -]?{UNIT}\b")
NOT_BEFORE = re.compile(
    r"(?:\b(?:every|each|another|per|nights?|(?<!last )times?|mornings?|evenings?|steps|km|miles?|hours?|sessions?|twice|once|within(?: about)?|after(?: about| just| only| nearly)?|first|lasts?(?: for| about)?|lasting|takes?(?: me)?|took|wait(?:ed|ing)?(?: for)?"
    r"|rest(?:ed|ing)?(?: it)?(?: for)?|off|smok\w+(?: for)?|stiff for|in bed(?: for)?|(?:sat|sit|sitting|stand\w*|kneel\w*|walk\w*|drove|drive|driving|flew|ran|hike\w*|lie|lying|play\w*|worked|works) (?:there )?(?:for|about)"
    r"|fine for|amazing for|good for|better for|okay for|ok for|helped for|did (?:it|these|that|them) for|under|until|till|over an?|aged?|for the next|next|old,?|less than|back in|not for|not|if|give it|only|was|turns)|[-–/]|\d ?[x×])\s*$"
)  # fmt: skip
NOT_AFTER = re.compile(r"^\s*-?(?:old\b|olds\b|pregnan|along\b|gone\b|a (?:week|day|month)\b|per\b|each\b|every\b|at a time|off\b|straight\b|younger|older|apart\b|earlier|before\b|after\b(?! (?:a\b|my (?:op|surgery)))|challenge\b|(?:in|at|on|behind|out in) (?:the |my )?(?:shop|office|garden|work|desk|saddle|bike|slopes|hills?|field|pitch|counter|till|kitchen|feet|allotment)\b|drive|flight|trip|shift|on my feet|walk\b|bus|coach|/|of (?:rest|ice|physio|rehab|pregnan|age|nothing|sitting|walking|running|driving|sleep)|time\b|from now|to go|out\b)")
AGO = re.compile(r"^\s*(?:ago|back|now\b|and counting|in a row|so far|running\b|post[ -]?op|into|in\b|in,|since)")
RUNNING = re.compile(r"\b(?:for|past|last|since|been|over|about|around|nearly|almost|going on|it'?s|its|is|well over|at least|maybe|roughly|like|now|some|on and off for|than|close to|approximately|,|\.|\()\s*(?:the |a )?(?:past |last |about |around |over |nearly |almost |roughly |maybe |good )?$")
COMPLAINT = re.compile(r"\b(?:pain\w*|hurt\w*|sore\w*|ach\w*|swell\w*|swollen|puff\w*|start\w*|began|begin|came on|comes on|twist\w*|fell|fall|slip\w*|land\w*|pop\w*|injur\w*|click\w*|catch\w*|lock\w*|stiff\w*|tender|limp\w*|knees?|calf|trouble|problem|this|it|bother\w*|worse|crook|niggl\w*|buckl\w*|gives?|gave|giving|fever|hot|red|cut|bit|bump\w*|lump)\b")
OLD = re.compile(r"\b(?:replac\w*|surgery|operat\w*|op\b|reconstruct\w*|graft|acl|pcl|meniscus|broke|dislocat\w*|diagnos\w*|scan|mri|x-?ray|smok\w*|married|gave birth|delivered|pregnan\w*|since school|as a kid|in school)\b")
AT_WORK = re.compile(r"\b(?:been (?:an?|doing|running|playing|training|boxing|lifting|climbing|dancing|cycling|teaching|skating|driving)\b|i'?m an? |a \w+ for$|\w+er for$|\w+(?:ing|ball) for$|years of \w+ing)")
OTHER_TROUBLE = re.compile(r"\b(?:throat|headache|cough|eye|tooth|hospital|a&e|appointment|waiting)\b")

NOW = r"today|this (?:morning|afternoon|evening|lunchtime|am|arvo)|tonight|just now|(?:a few |few |\w+ )?min(?:ute)?s? ago|since (?:i (?:got|woke) up|waking|breakfast|lunch|lunchtime|tea ?time|dawn|noon|midday|midnight|half \w+|\w+ o'?clock|\d{1,2} ?(?:am|pm))|an hour ago|earlier on"
PLAIN = (
    (rf"\b(?:{NOW})\b", 0, 1),
    (r"\b(?:yesterday(?:'s)?|last night|overnight|next morning|next day|day after)\b", 1, 1),
    (r"\b(?:the other day|couple days ago|day before yesterday)\b", 3, 2),
    (r"\b(?:this week|few days|some days)\b", 3, 1),
    (r"\b(?:last week|a week ago|last weekend)\b", 7, 2),
    (r"\b(?:weeks ago|for weeks|some weeks|over weeks|weeks now)\b", 28, 2),
    (r"\blast month\b", 30, 2),
    (r"\b(?:for (?:many |several )?months|months now|been months|months and months|months ago|over months)\b", 90, 2),
    (r"\b(?:last year|over a year|a year now)\b", 365, 1),
    (r"\b(?:for (?:many |several |some )?years|years now|for ages|on and off for years|all my life|my whole life|for as long as i|for as long as anyone)\b", 730, 2),
)  # fmt: skip
NUMBERED = re.compile(rf"\b(?:(?P<a>day|week) (?P<b>\d{{1,2}}|{ONES}|ten|twelve)|(?P<c>\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(ORDINALS)}) (?P<d>day|week))\b(?! (?:of|at|my))")
WEEKDAY = re.compile(r"\b(?P<w>since|on|last|this past|from) (?:last )?(?:mon|tues?|wed(?:nes)?|thur?s?|fri|sat(?:ur)?|sun)(?:day)?\b(?! (?:mornings?|nights?|league|runs?))")
BEGAN = re.compile(r"\b(?:since|from|start\w*|began|happen\w*|twist\w*|fell|fall\w*|hurt|injur\w*|woke|slip\w*|pop\w*|land\w*|swollen|swell\w*|sore|came|had it|did it|gave way|buckl\w*|tore|trip\w*|kick\w*|bit|stung|cut|knock\w*|hit|bump\w*|roll\w*|dislocat\w*|jump\w*|went|blew|can'?t|won'?t|cannot|stopped|crawl\w*|big|hot|ache\w*|pain\w*|cramp\w*)\b")


@dataclass(frozen=True)
class Span:
    """A time in the message: days, its place, and how much speaks for its being the beginning."""

    days: float | int
    start: int
    end: int
    points: int


def since(text: str, bar: int = BAR) -> Span | None:
    """The time that most likely says since when; the first of equals. `text` is in small letters; an answer needs a lower bar."""
    found = sorted((*_lengths(text), *_plain(text)), key=lambda span: span.start)
    return max((span for span in found if span.points >= bar), key=lambda span: span.points, default=None)


def _lengths(text: str) -> Iterator[Span]:
    for match in SPAN.finditer(text):
        count, unit = number(match["n"]), match["u"]
        before, after = text[max(0, match.start() - 45) : match.start()], text[match.end() : match.end() + 45]
        if count is None or NOT_BEFORE.search(before) or NOT_AFTER.search(after):
            continue
        ago = bool(AGO.match(after))
        days = days_in(count, unit)
        if days == 0 and not (ago or re.search(r"\b(?:last|past|since|been)\s*(?:\w+ )?$", before)):
            continue
        points = 1 + 2 * ago + (1 if RUNNING.search(before) or not before.strip() else 0) + bool(COMPLAINT.search(_near(before, after)))
        points -= 2 * bool(AT_WORK.search(before) or re.match(r"\s*(?:of|as an?|in) \w+", after)) + 3 * bool(OTHER_TROUBLE.search(before[-20:] + after[:20]))
        points -= (1 + (days > 700)) * bool(OLD.search(before + after[:20]))
        yield Span(days, *match.span(), points)


def _near(before: str, after: str) -> str:
    """The words around, as far as the sentence goes."""
    return re.split(r"[.!?;]", before)[-1] + " " + re.split(r"[.!?;]", after)[0]


def _plain(text: str) -> Iterator[Span]:
    for pattern, days, points in PLAIN:
        for match in re.finditer(pattern, text):
            if number(text[: match.start()].split()[-1] if match.start() else "") is not None:
                continue  # "three weeks ago" is counted above
            around = _near(text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 50])
            asked = re.match(r"[^.!?;]*\b(?:can i|should i|who|what|seen|appointment|physio|doctor)\b", around) is not None
            yield Span(days, *match.span(), points + bool(BEGAN.search(around)) - asked)
    for match in NUMBERED.finditer(text):
        unit, word = match["a"] or match["d"], match["b"] or match["c"]
        count = float(re.sub(r"\D", "", word)) if word[0].isdigit() else (number(word) or ORDINALS.get(word, 0))
        if match["c"] is None or unit == "day":
            yield Span(days_in(count, unit), *match.span(), 2)
    for match in WEEKDAY.finditer(text):
        around = _near(text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 40])
        if match["w"] in ("since", "from") or BEGAN.search(around):
            yield Span(4, *match.span(), 2)
