"""What an action answered is checked against Rasa's schema, which Rasa itself would check anew on every call: half of a turn's time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Text

from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction


@lru_cache(maxsize=1)
def _validator() -> Any:
    schema = RemoteAction.action_response_format_spec()
    return validator_for(schema)(schema)


def check(action: RemoteAction, result: Dict[Text, Any]) -> bool:
    """Raises jsonschema.ValidationError when the answer is not what Rasa expects."""
    error = best_match(_validator().iter_errors(result))
    if error is not None:
        raise error
    return True


def install() -> None:
    RemoteAction._validate_action_result = check  # type: ignore[method-assign]
