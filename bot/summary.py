"""What a person told, on one page for the doctor: own words, findings, denials, time, red flags, what was shown."""

from __future__ import annotations

from bot.assessment import Assessment
from bot.consultation import Memory
from bot.library import Library
from bot.rule import ABSENT, PRESENT, UNSURE
from bot.wording import Message, listing


def summary(assessment: Assessment, memory: Memory, library: Library) -> Message:
    """The page as text; its lines are also in custom, for a page that prints."""
    case = assessment.case
    if not case.findings and not case.person:
        return Message(library.words["summary_none"], custom={"kind": "say"})
    labels = {answer: [library.findings[n].label for n, a in case.findings.items() if a == answer and n in library.findings] for answer in (PRESENT, ABSENT, UNSURE)}
    person = ", ".join(f"{key}: {value}" for key, value in sorted(case.person.items()))
    rows = [
        ("In their own words", f"“{memory.complaint}”" if memory.complaint else ""),
        ("Person", person),
        ("Present", listing(labels[PRESENT])),
        ("Denied", listing(labels[ABSENT])),
        ("Not sure", listing(labels[UNSURE])),
        ("Red flags", "; ".join(f"{r.id} {library.red_flags[r.id].title} ({library.care[r.level].name})" for r in assessment.urgency.raised)),
        ("Care level by the rules", library.care[assessment.care_level].name),
        ("Care level shown", library.care[memory.level].name if memory.level else ""),
        ("Conditions shown", listing([library.conditions[c].name for c in memory.conditions if c in library.conditions])),
        ("Knowledge version", assessment.version),
    ]
    lines = [f"{name}: {text}" for name, text in rows if text]
    text = "\n".join([f"{library.words['summary_heading']}:", *(f"• {line}" for line in lines), library.words["uncertain"], library.words["edit_hint"]])
    return Message(text, custom={"kind": "summary", "lines": lines})
