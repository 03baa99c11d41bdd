"""What an expression such as ``model.config["rate"]`` means, found without running anybody's code.

Attributes are looked up where they are kept, keys in Python's own containers. What would have to be
computed, by a property or a class's own way of taking keys, is asked of libraries of tables alone.
"""

from __future__ import annotations

import ast
import inspect
import re
import types
from collections import OrderedDict, defaultdict
from typing import Any

from copilot_magics.errors import BadInput, closest
from copilot_magics.mentions.naming import bases_of, is_a, loaded, module_of, plain_kind

_STEP = re.compile(r"""\.(?P<name>[^\W\d]\w*)|\[(?P<key>[^\]]*)\]""")
_TRUSTED = ("pandas", "numpy", "polars", "pyarrow", "matplotlib")
_TABLES = (("pandas", "DataFrame"), ("pandas", "Series"), ("polars", "DataFrame"))
_ARRAYS = (("numpy", "ndarray"), ("numpy.ma", "MaskedArray"))


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
    value, so_far = names[name], name
    for step in _STEP.finditer(expression, len(name)):
        whole = so_far + step[0]
        if step["name"]:
            value = _attribute(value, step["name"], so_far)
        else:
            value = _item(value, ast.literal_eval(step["key"]), so_far)
        so_far = whole
    return value


def _attribute(value: Any, name: str, so_far: str) -> Any:
    kind = type(value)
    if module_of(kind).partition(".")[0] in _TRUSTED:
        try:
            return getattr(value, name)
        except Exception:
            raise _missing(so_far, f"attribute {name!r}", name, known_names(value)) from None
    try:
        found = inspect.getattr_static(value, name)
    except AttributeError:
        raise _missing(so_far, f"attribute {name!r}", name, known_names(value)) from None
    except Exception:
        raise computed(f"{so_far}.{name}") from None
    if type(found) is types.MemberDescriptorType:
        try:
            return found.__get__(value, kind)
        except AttributeError:
            raise _missing(so_far, f"attribute {name!r}", name, ()) from None
    if plain_kind(found) in (staticmethod, classmethod):
        return found.__func__
    plain = type(found) is types.FunctionType or not _computes(found)
    if not plain:
        raise computed(f"{so_far}.{name}")
    return found


def _item(value: Any, key: Any, so_far: str) -> Any:
    kind = plain_kind(value)
    written = f"{so_far}[{key!r}]"
    if kind in (dict, OrderedDict, defaultdict):
        try:
            return dict.__getitem__(value, key)
        except KeyError:
            keys = [one for one in list(value)[:1000] if type(one) is str]
            raise _missing(so_far, f"key {key!r}", str(key), keys) from None
    listed = kind in (list, tuple) or any(kind is loaded(*one) for one in _ARRAYS)
    if (listed and type(key) is int) or any(is_a(value, *one) for one in _TABLES):
        try:
            return value[key]
        except Exception:
            raise _missing(so_far, f"item {key!r}", str(key), known_names(value)) from None
    raise computed(written)


def _computes(found: Any) -> bool:
    return any(
        "__get__" in type.__dict__["__dict__"].__get__(base) for base in bases_of(type(found))
    )


def known_names(value: Any) -> list[str]:
    """Return the attributes of a module, or the columns of a table: what one may have meant."""
    if is_a(value, "pandas", "DataFrame") or is_a(value, "polars", "DataFrame"):
        return [name for name in list(value.columns)[:1000] if type(name) is str]
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
