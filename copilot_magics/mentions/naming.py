"""What things are called, asked in ways that run nobody's code.

A class may have a metaclass, and an object may pretend to be of another class: both could answer
with code of their own. Only the interpreter's own records are read here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any
from unicodedata import normalize

_DICT = type.__dict__["__dict__"]
_NAME = type.__dict__["__name__"]
_MODULE = type.__dict__["__module__"]
_MRO = type.__dict__["__mro__"]

MISSING = object()
"""What is found where there is nothing."""


class _Unusual:
    """Stands for a class that is made by another than `type`."""


def plain_kind(value: object) -> type:
    """Return a value's class, to be compared and looked up: no class with a say in that.

    A class that a metaclass has made may answer a comparison with code of its own.
    """
    kind = type(value)
    return kind if type(kind) is type else _Unusual


def is_class(value: object) -> bool:
    """Whether a value is a class, whatever it has been made by."""
    return any(base is type for base in bases_of(type(value)))


def class_name(kind: type) -> str:
    """Return a class's name, without its module."""
    # It may be a text of a kind of its own.
    return str.__str__(_NAME.__get__(kind))


def module_of(kind: type) -> str:
    """Return the name of the module that a class says it comes from, or an empty string."""
    try:
        module = _MODULE.__get__(kind)
    except AttributeError:
        return ""
    return module if type(module) is str else ""


def full_name(kind: type) -> str:
    """Return a class's name with its module, unless that goes without saying."""
    module = module_of(kind)
    name = class_name(kind)
    return name if module in ("", "builtins", "__main__") else f"{module}.{name}"


def as_named(name: str) -> str:
    """Return a name as Python has it, which may be typed in several ways: ``é`` is one or two."""
    return normalize("NFKC", name)


def bases_of(kind: type) -> tuple[type, ...]:
    """Return a class and those it is made of, in the order in which they are looked through."""
    return tuple(_MRO.__get__(kind))


def held_by(kind: type) -> Mapping[str, Any]:
    """Return what a class itself holds, without what it is made of."""
    held: Mapping[str, Any] = _DICT.__get__(kind)
    return held


def found_in(kinds: Iterable[type], name: str) -> Any:
    """Return what the first of some classes that has it calls so, or `MISSING`."""
    return next((held[name] for held in map(held_by, kinds) if name in held), MISSING)


def is_from(kind: type, *libraries: str) -> bool:
    """Whether a class is what one of these libraries itself calls so: any class may say that."""
    module = module_of(kind)
    held = sys.modules.get(module)
    if module.partition(".")[0] not in libraries or type(held) is not ModuleType:
        return False
    return vars(held).get(class_name(kind)) is kind


def loaded(module: str, name: str) -> Any:
    """Return what a module that is imported already calls so, or None."""
    # Importing a library to see whether an object is of it would cost a second.
    return getattr(sys.modules.get(module), name, None)


def is_a(value: object, module: str, name: str) -> bool:
    """Whether a value is of a class of a library, which is looked for only where it is imported."""
    kind = loaded(module, name)
    return kind is not None and any(kind is base for base in bases_of(type(value)))
