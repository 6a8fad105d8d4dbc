"""One YAML file, read strictly and held against its schema. What is wrong is said in words that a clinician can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import jsonschema
import yaml

from bot.rule import closest

TYPES = {
    "string": "text", "array": "a list", "object": "fields with values", "integer": "a whole number", "number": "a number",
    "boolean": "true or false", "null": "null (nothing)",
}  # fmt: skip
PATTERNS = {
    r"^\d{4}-\d{2}-\d{2}$": 'a date such as "2027-11-01"',
    r"^(RF\d\d|X\d\d)$": "RF or X with two digits, such as RF05",
    r"^S\d+$": "S and a number, such as S12",
    r"^[a-z][a-z0-9_]*$": "small letters, digits and _, such as locked_knee",
    r"^[a-z][a-z -]*$": "small letters, such as joint line",
    r"^[A-Za-z0-9][A-Za-z0-9-]*$": "letters, digits and -, such as NHS-knee",
    r"^[A-Z]{2}$": "two capital letters, such as GB",
}


def read_table(path: Path, schema: str, name: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """What the file holds (not to be changed by the caller), and what is wrong with it. schema: the JSON text."""
    name = name or path.name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, (f"{name}: the file is missing",)
    except UnicodeDecodeError:
        return {}, (f"{name}: the file is not plain UTF-8 text. Save it again as UTF-8.",)
    return _parsed(name, text, schema)


@lru_cache(maxsize=512)  # two folders that differ in one file share the work on all others
def _parsed(name: str, text: str, schema: str) -> tuple[Any, tuple[str, ...]]:
    try:
        data = yaml.load(text, Loader=_StrictLoader)
    except yaml.YAMLError as error:
        return {}, (f"{name}: {_yaml_words(error)}",)
    errors = sorted(jsonschema.Draft7Validator(json.loads(schema)).iter_errors(data), key=_place)
    return data, tuple(f"{name}: {_where(error)}: {_words(error)}" for error in errors)


def _place(error: jsonschema.ValidationError) -> list[tuple[bool, Any]]:
    return [(isinstance(step, str), step) for step in error.absolute_path]


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML that refuses a key given twice, which PyYAML would silently drop, and takes yes, no, on, off as words."""

    yaml_implicit_resolvers: ClassVar[Any] = {
        letter: [(tag, pattern) for tag, pattern in pairs if not tag.endswith((":bool", ":timestamp"))]
        for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _strict_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = [key for position, key in enumerate(keys) if key in keys[:position]]
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"the key '{twice[0]}' stands here twice. Keep one of them.", node.start_mark)
    return dict(loader.construct_pairs(node, deep=True))


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _strict_mapping)


def _yaml_words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"near line {mark.line + 1}: {problem}" if mark else problem


# --- what a schema says, in plain words --------------------------------------------------------


def _where(error: jsonschema.ValidationError) -> str:
    """The field, with the numbers of list items counted from one, as people do."""
    steps = [f"no. {step + 1}" if isinstance(step, int) else str(step) for step in error.absolute_path]
    return " > ".join(steps) or "the whole file"


def _words(error: jsonschema.ValidationError) -> str:
    if "propertyNames" in error.absolute_schema_path:
        return f"the name '{error.instance}' is not allowed, should be {_pattern(error)}."
    say: Callable[[jsonschema.ValidationError], str] | None = _KINDS.get(str(error.validator))
    words = say(error) if say else f"found {_found(error)}. {error.message}"
    return f"{words} {_meaning(error)}".rstrip()


def _found(error: jsonschema.ValidationError) -> str:
    text = json.dumps(error.instance, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _meaning(error: jsonschema.ValidationError) -> str:
    """The schema's own sentence about the field."""
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "required":
        schema = schema.get("properties", {}).get(_missing_field(error), {})
    return "" if error.validator in ("additionalProperties", "oneOf") else str(schema.get("description", ""))


def _missing_field(error: jsonschema.ValidationError) -> str:
    return str(error.message).split("'")[1]


def _pattern(error: jsonschema.ValidationError) -> str:
    return PATTERNS.get(str(error.validator_value), f"of the form {error.validator_value}")


def _extra_field(error: jsonschema.ValidationError) -> str:
    allowed = error.schema.get("properties", {})
    extra = str(next(key for key in error.instance if key not in allowed))
    return f"no such field '{extra}'{closest(extra, allowed) or '.'} Allowed: {', '.join(allowed)}."


def _not_allowed(error: jsonschema.ValidationError) -> str:
    allowed = [str(value) for value in error.validator_value]
    return f"found '{error.instance}'{closest(str(error.instance), allowed) or '.'} Allowed: {', '.join(allowed)}."


def _wrong_kind(error: jsonschema.ValidationError) -> str:
    kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
    return f"found {_found(error)}, should be {' or '.join(TYPES[kind] for kind in kinds)}."


def _wrong_origin(error: jsonschema.ValidationError) -> str:
    """`from` is either one fixed word or a list of sources."""
    word = next((option["const"] for option in error.validator_value if "const" in option), None)
    if word is None:
        return f"found {_found(error)}. {error.message}"
    twice = isinstance(error.instance, list) and len(set(map(str, error.instance))) < len(error.instance)
    reason = ", which names a source twice" if twice else ""
    return f"found {_found(error)}{reason}, should be the word {word}, or a list of source ids from sources.yml such as [NHS-knee]."


def _twice(error: jsonschema.ValidationError) -> str:
    items = error.instance
    again = next(item for place, item in enumerate(items) if item in items[:place])
    return f"'{again}' stands in the list twice. Keep it once."


_KINDS: dict[str, Callable[[jsonschema.ValidationError], str]] = {
    "required": lambda e: f"the field '{_missing_field(e)}' is missing.",
    "additionalProperties": _extra_field,
    "enum": _not_allowed,
    "const": lambda e: f"found {_found(e)}, should be {e.validator_value}.",
    "type": _wrong_kind,
    "oneOf": _wrong_origin,
    "uniqueItems": _twice,
    "minItems": lambda e: f"the list holds {len(e.instance)}, should hold at least {e.validator_value}.",
    "minLength": lambda e: f"found {_found(e)}, too short: should be at least {e.validator_value} letters.",
    "minProperties": lambda e: f"holds {len(e.instance)}, should hold at least {e.validator_value}.",
    "minimum": lambda e: f"found {_found(e)}, should be {e.validator_value} or more.",
    "dependencies": lambda e: "; ".join(f"'{key}' needs '{', '.join(needs)}' beside it" for key, needs in e.validator_value.items()) + ".",
    "pattern": lambda e: f"found {_found(e)}, should be {_pattern(e)}.",
}
