"""A function, a class or a module as its own source, and where that cannot be had as its help."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import linecache
import re
import types
from collections.abc import Iterator
from typing import Any

from copilot_magics.mentions.guarded import guarded_text
from copilot_magics.mentions.naming import bases_of, class_name, full_name
from copilot_magics.mentions.summary import ends, fitted

_SOURCE = 40_000
"""Characters of source that are read."""

_CELL = re.compile(r"[\\/]ipykernel_\d+[\\/]|^<(?:ipython-input-|notebook_run )")
"""Where the source of a cell is said to be, and that of code which the agent ran."""

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
    """Return the source of a class of a cell, which `inspect` looks for in a file of its own.

    Several may have had its name: only the one is told whose methods it has, or where it has none
    what stands in its body.
    """
    path = kind.__qualname__.split(".")
    codes = list(_own_codes(kind))
    files = dict.fromkeys(code.co_filename for code in codes)
    for name in files or filter(_CELL.search, reversed(list(linecache.cache))):
        lines = linecache.getlines(name)
        if f"class {path[-1]}" not in (source := "".join(lines)):
            continue
        # A cell may hold magics, which are no Python.
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            for found in _classes_in(ast.parse(source), path):
                first = min([found.lineno, *(one.lineno for one in found.decorator_list)])
                within = range(first, (found.end_lineno or first) + 1)
                there = [c.co_filename == name and c.co_firstlineno in within for c in codes]
                if all(there) if codes else _is_body_of(found, kind):
                    return ends("".join(lines[first - 1 : found.end_lineno]), _SOURCE)
    return ""


def _classes_in(tree: ast.Module | ast.ClassDef, path: list[str]) -> Iterator[ast.ClassDef]:
    """Find the classes of a name within others, the last one first."""
    for node in reversed(tree.body):
        if isinstance(node, ast.ClassDef) and node.name == path[0]:
            if path[1:]:
                yield from _classes_in(node, path[1:])
            else:
                yield node


def _own_codes(kind: type) -> Iterator[types.CodeType]:
    """Find the code of the methods that stand in the body of a class."""
    for held in vars(kind).values():
        function = held
        for wrapped in ("__func__", "fget", "func", "__wrapped__"):
            function = getattr(function, wrapped, function)
        code = getattr(function, "__code__", None)
        # A function of another place may have been given to it.
        own = f"{kind.__qualname__}.{getattr(code, 'co_name', '')}"
        if isinstance(code, types.CodeType) and code.co_qualname == own:
            yield code


def _is_body_of(node: ast.ClassDef, kind: type) -> bool:
    """Say whether a class without methods holds what stands in a body, and nothing else."""
    held = vars(kind)
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    if any(isinstance(one, functions) and not one.decorator_list for one in node.body):
        return False
    if not node.bases and kind.__bases__ != (object,):
        return False
    said = ast.get_docstring(node)
    if said is not None and said != inspect.cleandoc(held.get("__doc__") or ""):
        return False
    values = dict(_values(node))
    annotated = {
        _mangled(one.target.id, node)
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    if annotated != set(kind.__annotations__):
        return False
    for name, value in values.items():
        found = held.get(name)
        # A member of an enumeration.
        found = vars(found).get("_value_") if type(found) is kind else found
        simple = value.value if isinstance(value, ast.Constant) else None
        if type(found) is type(simple) and found != simple:
            return False
    if node.decorator_list or type(kind) is not type:
        # These may have put something in, or taken it out.
        return True
    public = {
        name
        for name, one in held.items()
        if not name.startswith("_") and not isinstance(one, types.MemberDescriptorType)
    }
    return values.keys() <= held.keys() and public <= values.keys()


def _values(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None]]:
    """Find the names that a class's body binds, and what to where that is said."""
    for one in node.body:
        match one:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                            yield _mangled(name.id, node), value if name is target else None
            case ast.AnnAssign(target=ast.Name(id=id), value=ast.expr() as value):
                yield _mangled(id, node), value
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield _mangled(one.name, node), None


def _mangled(name: str, node: ast.ClassDef) -> str:
    private = name.startswith("__") and not name.endswith("__")
    return f"_{node.name.lstrip('_')}{name}" if private else name


def _help(thing: Any) -> str:
    """Return a signature and a docstring; in a child, since defaults may be of any kind."""
    signature = ""
    with contextlib.suppress(Exception):
        signature = f"signature: {str(inspect.signature(thing))[:600]}\n"
    said = getattr(thing, "__doc__", None)
    return signature + (ends(inspect.cleandoc(said), 3000) if type(said) is str else "")
