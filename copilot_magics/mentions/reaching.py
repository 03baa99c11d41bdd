"""What an expression such as ``model.config["rate"]`` means, found without running anybody's code.

Attributes are looked up where they are kept, keys in Python's own containers. What would have to be
computed, by a property or a class's own way of taking keys, is asked of libraries of tables alone,
and of a subclass of their tables as of the table that it is.
"""

from __future__ import annotations

import ast
import re
import types
import warnings
from collections import OrderedDict, defaultdict
from typing import Any

from copilot_magics.errors import BadInput, closest
from copilot_magics.mentions.naming import (
    MISSING,
    as_named,
    bases_of,
    found_in,
    held_by,
    is_class,
    is_from,
    loaded,
    plain_kind,
)
from copilot_magics.mentions.pandas_frames import plain_table

_STEP = re.compile(r"""\.(?P<name>[^.\[]+)|\[(?P<key>"[^"]*"|'[^']*'|[^\]]*)\]""")
_TRUSTED = ("pandas", "numpy", "polars", "pyarrow", "matplotlib")
_ARRAYS = (("numpy", "ndarray"), ("numpy.ma", "MaskedArray"))
_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)


def reach(names: dict[str, Any], expression: str) -> Any:
    """Return what an expression means.

    Parameters
    ----------
    names : dict of str to object
        The variables.
    expression : str
        A variable's name, with attributes and keys behind it.

    Raises
    ------
    BadInput
        There is no such attribute or key, or it would have to be computed.
    """
    name = re.split(r"[.\[]", expression, maxsplit=1)[0]
    value, so_far = names[name if name in names else as_named(name)], name
    for step in _STEP.finditer(expression, len(name)):
        if step["name"]:
            value = _attribute(value, as_named(step["name"]), so_far)
        else:
            value = _item(value, _key(step["key"], so_far), so_far)
        so_far += step[0]
    return value


def _key(written: str, so_far: str) -> Any:
    try:
        with warnings.catch_warnings():
            # Of a backslash that means nothing.
            warnings.simplefilter("ignore")
            return ast.literal_eval(written)
    except (SyntaxError, ValueError):
        raise BadInput(
            f"@{so_far}[{written}] has a key that Python cannot read; nothing was sent.",
            f'Write it as in code, such as @{so_far}[0] or @{so_far}["key"].',
        ) from None


def _attribute(value: Any, name: str, so_far: str) -> Any:
    kind = type(value)
    found = _kept(value, name)
    asked = value if is_from(kind, *_TRUSTED) else plain_table(value)
    if _is_registered(found):
        raise computed(f"{so_far}.{name}")
    if asked is not None and (asked is value or _kept(asked, name) is found):
        try:
            return getattr(asked, name)
        except Exception:
            raise _missing(so_far, f"attribute {name!r}", name, known_names(value)) from None
    if found is MISSING:
        if found_in(bases_of(kind), "__getattr__") is not MISSING:
            raise computed(f"{so_far}.{name}")
        raise _missing(so_far, f"attribute {name!r}", name, known_names(value))
    if type(found) is types.MemberDescriptorType:
        try:
            return found.__get__(value, kind)
        except (AttributeError, TypeError):
            raise _missing(so_far, f"attribute {name!r}", name, ()) from None
    if plain_kind(found) in (staticmethod, classmethod):
        return found.__func__
    if type(found) is not types.FunctionType and _has(found, "__get__"):
        raise computed(f"{so_far}.{name}")
    return found


def _item(value: Any, key: Any, so_far: str) -> Any:
    kind = plain_kind(value)
    if kind in (dict, OrderedDict, defaultdict):
        # Not `[]`, with which some make what they do not have.
        found = dict.get(value, key, MISSING)
        if found is MISSING:
            keys = [one for one in list(value)[:1000] if type(one) is str]
            raise _missing(so_far, f"key {key!r}", str(key), keys)
        return found
    listed = kind in (list, tuple) or any(kind is loaded(*one) for one in _ARRAYS)
    is_plain = (listed and type(key) is int) or kind is loaded("polars", "DataFrame")
    asked = value if is_plain else plain_table(value)
    if asked is None:
        raise computed(f"{so_far}[{key!r}]")
    try:
        return asked[key]
    except Exception:
        raise _missing(so_far, f"item {key!r}", str(key), known_names(value)) from None


def _kept(value: Any, name: str) -> Any:
    """Return an attribute as it is kept, or `MISSING`: `inspect` asks metaclasses on its way."""
    of_class = found_in(bases_of(type(value)), name)
    if is_class(value):
        own = found_in(bases_of(value), name)
    else:
        own = dict.get(_own_dict(value), name, MISSING)
    decides = _has(of_class, "__get__") and (
        _has(of_class, "__set__") or _has(of_class, "__delete__")
    )
    return of_class if own is MISSING or decides else own


def _own_dict(value: Any) -> dict[str, Any]:
    for base in bases_of(type(value)):
        found: Any = held_by(base).get("__dict__")
        # A class may call anything so.
        if plain_kind(found) in _SLOTS and found.__objclass__ is base:
            held: dict[str, Any] = found.__get__(value)
            return held
    return {}


def _is_registered(found: Any) -> bool:
    """Whether what a library keeps makes an object of a class that somebody has registered."""
    if not is_from(type(found), *_TRUSTED):
        return False
    held = dict.values(_own_dict(found))
    return any(is_class(one) and not is_from(one, *_TRUSTED) for one in held)


def _has(value: Any, name: str) -> bool:
    return found_in(bases_of(type(value)), name) is not MISSING


def known_names(value: Any) -> list[str]:
    """Return the attributes of a module, or the columns of a table: what one may have meant."""
    for table in (plain_table(value), value):
        if any(type(table) is loaded(library, "DataFrame") for library in ("pandas", "polars")):
            return [name for name in list(table.columns)[:1000] if type(name) is str]
    held = getattr(value, "__dict__", {}) if type(value) is types.ModuleType else {}
    return [name for name in held if not name.startswith("_")]


def _missing(so_far: str, what: str, wanted: str, known: Any) -> BadInput:
    return BadInput(
        f"@{so_far} has no {what}; nothing was sent.",
        closest(wanted, known) or f"Mention @{so_far} alone, or what it does have.",
    )


def computed(expression: str) -> BadInput:
    """Return what is said of an expression that is no name, attribute or key."""
    return BadInput(
        f"@{expression} would have to be computed by code of its own; nothing was sent.",
        "Put it into a variable first, and mention that.",
    )
