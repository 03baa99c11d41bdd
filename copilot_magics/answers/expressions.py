"""What ``--as`` names: an expression for a type, in the words of the notebook.

``DataFrame`` may be followed by its columns, ``DataFrame[name: str, age: int]``, which Python
itself could read but pandas could not.
"""

from __future__ import annotations

import ast
import builtins
import datetime
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import ismodule
from typing import Any, NoReturn

from copilot_magics.errors import BadInput, closest
from copilot_magics.words import one_line

MEND = (
    "Give a Pydantic model, a dataclass, a TypedDict, `list[Model]`, or `DataFrame[name: str]`; "
    "in quotes where there are blanks in it."
)
_ROWS = (
    "Give a Pydantic model, a dataclass, a TypedDict or a NamedTuple for the rows; a column of "
    "this name stands in quotes."
)
_TYPING = ("Annotated", "Any", "Literal", "Optional", "Union")
_MOMENTS = ("date", "datetime", "time", "timedelta")


@dataclass(frozen=True)
class Table:
    """A DataFrame.

    Attributes
    ----------
    columns : dict of str to type, or None
        Their types, None for one that was not given; None in all: the model chooses the columns.
    row : type, optional
        A Pydantic model, a dataclass or a TypedDict whose fields are the columns.
    """

    columns: dict[str, Any] | None = None
    row: Any = None


def evaluated(expression: str, namespace: Mapping[str, Any]) -> Any:
    """Return the type that an expression names, a `Table` for a DataFrame.

    Parameters
    ----------
    expression : str
        Python.
    namespace : mapping
        The user's names. Those of `typing` and `datetime`, and DataFrame, are known without them.

    Raises
    ------
    BadInput
        It is no expression, or names what there is not.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadInput(f"{expression!r} is no type; nothing was sent.", MEND) from None
    return _Evaluation(expression, namespace).of(tree)


def is_frame(kind: Any) -> bool:
    """Whether a type is pandas' DataFrame, without importing it."""
    pandas = sys.modules.get("pandas")
    return kind is Table or (pandas is not None and kind is getattr(pandas, "DataFrame", None))


def is_row(kind: Any) -> bool:
    """Whether a type has fields that could be columns."""
    import dataclasses

    from typing_extensions import is_typeddict

    if not isinstance(kind, type) or getattr(kind, "__pydantic_root_model__", False):
        return False
    fields = hasattr(kind, "model_fields") or dataclasses.is_dataclass(kind)
    return fields or is_typeddict(kind) or _is_named_tuple(kind)


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _holds_frame(kind: Any) -> bool:
    parts = typing.get_args(kind)
    return any(is_frame(part) or _holds_frame(part) for part in parts)


class _Evaluation:
    def __init__(self, expression: str, namespace: Mapping[str, Any]) -> None:
        self._expression = expression
        self._namespace = namespace
        self._moments = {name: getattr(datetime, name) for name in _MOMENTS}
        self._names = {**self._moments, **_typing_names(), **namespace}

    def of(self, tree: ast.expr) -> Any:
        if isinstance(tree, ast.Subscript) and is_frame(self._frame(tree.value)):
            return self._table(tree.slice)
        kind = self._value(tree)
        if _holds_frame(kind):
            self._refuse("A DataFrame cannot be part of another type")
        return Table() if is_frame(kind) else kind

    def _frame(self, tree: ast.expr) -> Any:
        # Anything else is evaluated with what stands behind it.
        return self._value(tree) if isinstance(tree, ast.Name | ast.Attribute) else None

    def _table(self, inside: ast.expr) -> Table:
        parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        row = self._row(parts[0]) if len(parts) == 1 else None
        if row is not None:
            return self._named(row) if _is_named_tuple(row) else Table(row=row)
        columns: dict[str, Any] = {}
        for part in parts:
            name, kind = (part.lower, part.upper) if isinstance(part, ast.Slice) else (part, None)
            column = self._column(name)
            if column in columns:
                self._refuse(f"The column {column!r} is named twice")
            columns[column] = None if kind is None else self._value(kind)
            if is_frame(columns[column]) or _holds_frame(columns[column]):
                self._refuse("A DataFrame cannot be part of another type")
        if not columns:
            self._refuse("The DataFrame has no columns")
        return Table(columns)

    def _named(self, row: Any) -> Table:
        """Return the table of a NamedTuple: by the names that pydantic would leave out."""
        try:
            hints = typing.get_type_hints(row, include_extras=True)
        except NameError as error:
            self._refuse(f"There is no {error.name!r} in this notebook")
        return Table({name: hints.get(name) for name in row._fields})

    def _row(self, tree: ast.expr) -> Any:
        """Return the type of the rows, or None where it is the name of a column."""
        if not isinstance(tree, ast.Name | ast.Attribute):
            return None
        name = ast.unparse(tree)
        kind = self._namespace.get(name) if isinstance(tree, ast.Name) else self._value(tree)
        if is_row(kind):
            return kind
        if isinstance(tree, ast.Name) and not name[0].isupper():
            # What is called like a column is one, though a function or a class be called so too.
            return None
        if isinstance(kind, type):
            self._refuse(f"{name} has no fields that could be columns", _ROWS)
        rows = [known for known, kind in self._namespace.items() if is_row(kind)]
        if kind is None and (mend := closest(name, rows)):
            self._refuse(f"There is no {name!r} in this notebook", mend)
        return None

    def _column(self, tree: ast.expr | None) -> str:
        if isinstance(tree, ast.Name):
            return tree.id
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str) and tree.value:
            return tree.value
        return self._refuse(f"A column of {self._expression!r} has no name")

    def _value(self, tree: ast.expr) -> Any:
        code = compile(ast.Expression(tree), "<--as>", "eval")
        try:
            return eval(code, {**self._names, **self._meant(tree)})
        except NameError as error:
            mend = closest(error.name, self._namespace) if error.name else ""
            return self._refuse(f"There is no {error.name!r} in this notebook", mend or MEND)
        except Exception as error:
            return self._refuse(
                f"{self._expression!r} is no type "
                f"({one_line(f'{type(error).__name__}: {error}', 120)})"
            )

    def _meant(self, tree: ast.expr) -> dict[str, Any]:
        """Return the names by which a module is called where a class of it is meant."""
        # ``import datetime`` is how most come by the name.
        inside = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        of_modules = [node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        alone = {node.id for node in inside if node not in of_modules}
        return {
            name: self._moments[module.__name__]
            for name in alone
            if ismodule(module := self._namespace.get(name)) and module.__name__ in self._moments
        }

    def _refuse(self, what: str, mend: str = MEND) -> NoReturn:
        raise BadInput(f"{what}; nothing was sent.", mend) from None


def _typing_names() -> dict[str, Any]:
    names = {name: getattr(typing, name) for name in _TYPING}
    return {"__builtins__": builtins, "DataFrame": Table, **names}
