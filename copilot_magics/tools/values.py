"""What the agent is told of a value that the user's own tool returned."""

from __future__ import annotations

import dataclasses
import json
import sys
from enum import Enum
from typing import Any

from copilot_magics.mentions.guarded import guarded_repr
from copilot_magics.mentions.naming import bases_of, is_a
from copilot_magics.mentions.rendering import own
from copilot_magics.mentions.variables import summarise
from copilot_magics.tools.results import Told

_BUILT_IN = (dict, list, tuple, set, frozenset, int, float, bool, type(None))


def told(value: object, name: str) -> Told:
    """Return what the agent is told of a value: a text as it is, JSON, else a summary.

    Parameters
    ----------
    value : object
        Any object.
    name : str
        What it is called.
    """
    if isinstance(value, Told):
        return value
    if type(value) is str:
        return Told(value)
    if value is None:
        return Told("It returned nothing.")
    if _is_plain(value) and (text := _json(value)):
        return Told(text)
    summary = summarise(value, name)
    return Told(summary.text or guarded_repr(value), pictures=summary.images)


def _is_plain(value: object) -> bool:
    """Say whether a value may be one that JSON expresses."""
    kind = type(value)
    if kind in _BUILT_IN or dataclasses.is_dataclass(kind) or own(value):
        return True
    return is_a(value, "pydantic", "BaseModel") or any(base is Enum for base in bases_of(kind))


def _json(value: Any) -> str:
    """Return a value as JSON, or an empty string where it holds what JSON cannot express."""
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        plain = to_jsonable_python(value, fallback=_number, inf_nan_mode="constants")
        return json.dumps(plain, ensure_ascii=False)
    except (PydanticSerializationError, TypeError, ValueError, RecursionError):
        return ""


def _number(value: Any) -> Any:
    """Return a number of numpy's as Python's own."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and type(value).__module__ == "numpy" and isinstance(value, numpy.generic):
        return value.item()
    raise TypeError(type(value).__name__)
