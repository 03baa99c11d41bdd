"""What a tool's schema may hold: short enough for a model, and JSON that the runtime can read.

Python writes, and takes for JSON, what others do not: NaN, numbers without end, half a character,
a list in a list in a list. The runtime never answers a message that holds such a thing, and no
prompt that comes after it. So a default that cannot be told is left out, a description is spelled
out, and whoever asks for the rest with `can_be_sent` refuses it.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from copilot_magics.texts import as_text, can_be_sent

_LONGEST = 1_000
"""Characters of a default that is told: all of it goes to the model with each prompt."""

_TELLABLE = (str, int, float, bool, type(None), list, tuple, dict, set, frozenset)
_NAMES = ("properties", "patternProperties", "$defs")
_VALUES = ("const", "enum", "examples")


def told_default(default: object) -> dict[str, Any]:
    """Return what a schema says of a parameter's default: nothing where it cannot be told.

    Parameters
    ----------
    default : object
        The default, any object.
    """
    if type(default) not in _TELLABLE and not isinstance(default, Enum):
        return {}
    try:
        text = json.dumps(default, default=_plain)
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return {}
    return {"default": value} if len(text) <= _LONGEST and can_be_sent(value) else {}


def tidy(schema: Any) -> Any:
    """Return a schema without what is of no use to a model, or cannot be sent.

    Parameters
    ----------
    schema : dict
        A JSON schema, as pydantic writes it. Its titles are made of names.
    """
    if isinstance(schema, list):
        return [tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _tidy(key, value) for key, value in schema.items() if _is_told(key, value)}


def _is_told(key: str, value: Any) -> bool:
    return key != "title" and (key != "default" or bool(told_default(value)))


def _tidy(key: str, value: Any) -> Any:
    if key in _NAMES:
        # The keys are names, and may be called as the words of a schema.
        return {name: tidy(one) for name, one in value.items()}
    if key == "description" and isinstance(value, str):
        return as_text(value)
    return value if key in (*_VALUES, "default") else tidy(value)


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset):
        return list(value)
    raise TypeError
