"""What the operator chose, from the environment only."""

from __future__ import annotations

import os
from typing import Optional


def country() -> Optional[str]:
    """KNEE_GUIDE_COUNTRY: two letters; decides the emergency number for people who name no country."""
    return os.environ.get("KNEE_GUIDE_COUNTRY") or None


def profile() -> str:
    """KNEE_GUIDE_PROFILE: guided (interview and ranking) or education (teaching, warning signs and cards only)."""
    return os.environ.get("KNEE_GUIDE_PROFILE", "guided")
