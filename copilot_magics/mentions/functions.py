"""A function, a class or a module as its own source, and where that cannot be had as its help."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import linecache
import re
import types
from typing import Any

from copilot_magics.mentions.guarded import guarded_text
from copilot_magics.mentions.naming import bases_of, class_name, full_name
from copilot_magics.mentions.summary import ends, fitted

_SOURCE = 40_000
"""Characters of source that are read."""

_CELL = re.compile(r"[\\/]ipykernel_\d+[\\/]|^<ipython-input-")
"""Where the source of a cell is said to be."""

FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    functools._lru_cache_wrapper,
)


def function_text(function: Any) -> str:
    """Return what is told of a function or a method: its source, else its help."""
    name = getattr(function, "__qualname__", "function")
    module = getattr(function, "__module__", None)
    where = f" of {module}" if type(module) is str and module != "__main__" else ""
    told = _source(function) or guarded_text(lambda: _help(function), "no source", _SOURCE)
    return f"function {name}{where}\n{told}"


def class_text(kind: type) -> str:
    """Return what is told of a class: its source, else what it is made of."""
    bases = ", ".join(full_name(base) for base in bases_of(kind)[1:-1])
    heading = f"class {full_name(kind)}{f', a kind of {bases}' if bases else ''}"
    # It may have a metaclass, which has a word in all that is asked of it.
    told = guarded_text(
        lambda: _source(kind) or _cell_source(kind) or _help(kind), class_name(kind), _SOURCE
    )
    return f"{heading}\n{told}"


def module_text(module: types.ModuleType) -> str:
    """Return what is told of a module: its name, version, place and what it says of itself."""
    held = types.ModuleType.__getattribute__(module, "__dict__")
    name = held.get("__name__")
    told = [f"module {name}" if type(name) is str else "module"]
    for what in ("__version__", "__file__"):
        if type(held.get(what)) is str:
            told.append(f"{what.strip('_')}: {held[what]}")
    if type(held.get("__doc__")) is str:
        told.append(ends(held["__doc__"].strip(), 1500))
    names = [name for name in held if type(name) is str and not name.startswith("_")]
    told.append(f"names: {', '.join(names[:80])}{'…' if len(names) > 80 else ''}")
    return fitted("\n".join(told), 1000)


def _source(thing: Any) -> str:
    """Return the source of a function or class of a file or a cell, or an empty string."""
    try:
        return ends(inspect.getsource(thing), _SOURCE)
    except Exception:
        # It may be compiled, typed into a terminal, or say anything of where it comes from.
        return ""


def _cell_source(kind: type) -> str:
    """Return the source of a class of a cell, which `inspect` looks for in a file of its own."""
    path = kind.__qualname__.split(".")
    for name in reversed(list(linecache.cache)):
        if not _CELL.search(name):
            continue
        lines = linecache.getlines(name)
        if f"class {path[-1]}" not in (source := "".join(lines)):
            continue
        # A cell may hold magics, which are no Python.
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            if (found := _class_in(ast.parse(source), path)) is not None:
                first = min([found.lineno, *(one.lineno for one in found.decorator_list)])
                return ends("".join(lines[first - 1 : found.end_lineno]), _SOURCE)
    return ""


def _class_in(tree: ast.Module, path: list[str]) -> ast.ClassDef | None:
    within: ast.Module | ast.ClassDef = tree
    for name in path:
        named = [n for n in within.body if isinstance(n, ast.ClassDef) and n.name == name]
        if not named:
            return None
        within = named[-1]
    return within if isinstance(within, ast.ClassDef) else None


def _help(thing: Any) -> str:
    """Return a signature and a docstring; in a child, since defaults may be of any kind."""
    signature = ""
    with contextlib.suppress(Exception):
        signature = f"signature: {str(inspect.signature(thing))[:600]}\n"
    said = getattr(thing, "__doc__", None)
    return signature + (ends(inspect.cleandoc(said), 3000) if type(said) is str else "")
