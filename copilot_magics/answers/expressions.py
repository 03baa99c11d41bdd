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
        A model whose fields are the columns.
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

    return isinstance(kind, type) and (
        hasattr(kind, "model_fields") or dataclasses.is_dataclass(kind) or is_typeddict(kind)
    )


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
        if len(parts) == 1 and is_row(row := self._known(parts[0])):
            return Table(row=row)
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

    def _known(self, tree: ast.expr) -> Any:
        if isinstance(tree, ast.Name):
            return self._namespace.get(tree.id)
        return self._value(tree) if isinstance(tree, ast.Attribute) else None

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
