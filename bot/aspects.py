"""The aspect that a question is about: what it is, its causes, treatment, recovery and so on."""

from __future__ import annotations

import re
from collections.abc import Mapping

SURE = 0.5
ASPECT_WORDS = (
    ("compare", r"\b(?:differen\w*|versus|vs\.?|compared?|tell (?:them|it) apart|same (?:thing|as)|distinguish\w*)\b"),
    ("surgery", r"\b(?:surg\w*|operat\w*|op|keyhole|arthroscop\w*|replacement|go under the knife)\b"),
    ("exercises", r"\b(?:exercis\w*|stretch\w*|strengthen\w*|workout|physio moves|rehab exercises|yoga)\b"),
    ("recovery", r"\b(?:how long|recover\w*|heal\w*|go away|get better|last|prognosis|time ?(?:frame|line|scale)|back to normal|permanent|weeks|months|cure[ds]?|chronic)\b"),
    ("when_to_see", r"\b(?:when (?:should|do|to)|see (?:a|the|my|someone|somebody)|doctor|gp|serious|dangerous|worr\w*|urgent|emergency|hospital|a&e|get it checked|specialist)\b"),
    ("activity", r"\b(?:can i|could i|should i (?:still|keep|stop)|is it (?:ok|okay|safe|bad)|safe to|ok to|okay to|keep (?:run|train|play|walk|cycl)\w*|run(?:ning)? with|walk (?:with|on)|swim|cycle|drive|football|work with|go to work|sport)\b"),
    ("prevention", r"\b(?:prevent\w*|avoid (?:it|getting)|come back|coming back|stop it (?:from )?(?:happening|coming)|keep it from|again)\b"),
    ("tests", r"\b(?:test\w*|scan\w*|x ?-?ray\w*|mri|ultrasound|diagnos\w*|blood test|how do (?:they|doctors) (?:know|find|check))\b"),
    ("causes", r"\b(?:cause[sd]?|causing|why (?:do|does|did|is|am)|how (?:do|does|did) (?:you|i|people|it) (?:get|happen)|who gets|come from|reason)\b"),
    ("symptoms", r"\b(?:symptom\w*|signs?|feel like|how do i know|where does it hurt|what does it look)\b"),
    ("self_care", r"\b(?:what helps|help\w*|at home|myself|tips?|ice|heat|rest|self ?care|ease|relie\w*|what (?:can|should) i do|manage|remed\w*|best thing|get rid)\b"),
    ("treatment", r"\b(?:treat\w*|injection\w*|medic\w*|physio\w*|cortisone|steroid\w*|prp|fix|therap\w*|what (?:do|will|can) (?:doctors|they))\b"),
    ("what_is", r"\b(?:what(?:'?s| is| are)|whats|explain|tell me about|meaning|mean|info\w*|about)\b"),
)  # fmt: skip


def aspects_of(text: str, heard: Mapping[str, float], is_question: bool) -> tuple[str, ...]:
    """The network where it is sure, what the words say too first; for a question it leaves open, the words alone."""
    by_words = [name for name, pattern in ASPECT_WORDS if re.search(pattern, text.lower())]
    sure = sorted((name for name, chance in heard.items() if chance >= SURE), key=lambda name: (name not in by_words, -heard[name]))
    if sure or not is_question:
        return tuple(sure)
    best = max(heard, key=lambda name: heard[name], default="")
    if best and heard[best] >= SURE / 2:
        return (best,)
    return (by_words[0] if by_words else "what_is",)
