"""Answers that are tables: what a model may write, as a DataFrame with the dtypes asked for."""

from __future__ import annotations

import contextlib
import dataclasses
import typing
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Optional

from copilot_magics.answers.expressions import Table
from copilot_magics.answers.schemas import Unfit, closed_object

if TYPE_CHECKING:
    import pandas as pd

_Scalar = int | float | bool | str | None
_DTYPES: dict[Any, tuple[str, str]] = {
    int: ("int64", "Int64"),
    float: ("float64", "float64"),
    bool: ("bool", "boolean"),
    str: ("string", "string"),
}
"""By the type of a column: its dtype, and that of one in which values may be missing."""


def rows_type(table: Table) -> Any:
    """Return the type of a table's rows, for pydantic."""
    from typing_extensions import TypedDict

    make: Any = TypedDict
    row: Any = table.row
    if row is None and table.columns is None:
        row = dict[str, _Scalar]
    elif row is None:
        kinds = (table.columns or {}).items()
        row = make("Row", {name: _Scalar if kind is None else kind for name, kind in kinds})
    return list[row]


def rows_schema() -> dict[str, Any]:
    """Return the JSON schema of a table whose columns are the model's choice."""
    cell = {"anyOf": [{"type": kind} for kind in ("string", "number", "boolean", "null")]}
    row = {"type": "array", "items": cell}
    names = {"type": "array", "items": {"type": "string"}}
    return closed_object({"columns": names, "rows": {"type": "array", "items": row}})


def as_rows(data: Any, table: Table) -> Any:
    """Return a table as a list of rows, however a model has written it.

    Rows that name their columns, names beside rows, and a mapping of columns are all clear.

    Raises
    ------
    Unfit
        A row has not one value for each name.
    """
    if not isinstance(data, dict) or not all(isinstance(part, list) for part in data.values()):
        return data
    if set(data) == {"columns", "rows"}:
        names, rows = data["columns"], data["rows"]
        if not _are_rows(names, rows):
            raise Unfit("each row must have as many values as there are columns")
        if len(set(names)) < len(names):
            raise Unfit("a column is named twice")
        return [dict(zip(names, row, strict=True)) for row in rows]
    if data and len({len(column) for column in data.values()}) == 1:
        return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    return data


def column_names(data: Any) -> list[str] | None:
    """Return the columns that a model has named beside its rows, where it has."""
    named = data.get("columns") if isinstance(data, dict) else None
    return named if isinstance(named, list) else None


def frame(rows: list[Any], table: Table, names: list[str] | None = None) -> pd.DataFrame:
    """Return validated rows as a DataFrame.

    Parameters
    ----------
    rows : list
        The rows: mappings, or objects whose attributes are the columns.
    table : Table
        What was asked for.
    names : list of str, optional
        The columns that the model chose, which rows alone do not tell where there are none.
    """
    import pandas as pd

    kinds = _columns(table)
    if kinds is None:
        made = pd.DataFrame(rows, columns=names)
    else:
        made = pd.DataFrame(_values(rows, kinds), columns=list(kinds))
    for name, kind in (kinds or dict.fromkeys(made.columns)).items():
        made[name] = _typed(made[name], kind)
    return made


def _columns(table: Table) -> dict[str, Any] | None:
    row = table.row
    if row is None:
        return table.columns
    if hasattr(row, "model_fields"):
        return {name: field.annotation for name, field in row.model_fields.items()}
    hints = typing.get_type_hints(row)
    if dataclasses.is_dataclass(row):
        return {field.name: hints[field.name] for field in dataclasses.fields(row)}
    return hints


def _values(rows: list[Any], names: Iterable[str]) -> list[dict[str, Any]]:
    """Return rows as mappings, and the models in them too."""
    from pydantic_core import SchemaSerializer, core_schema

    # Of the row itself pydantic might leave out, or write in another way, what was asked for.
    inner = SchemaSerializer(core_schema.any_schema()).to_python
    found = (row if isinstance(row, Mapping) else _attributes(row, names) for row in rows)
    return [{name: inner(value) for name, value in row.items()} for row in found]


def _attributes(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names if hasattr(row, name)}


def _typed(column: pd.Series[Any], kind: Any) -> pd.Series[Any]:
    import datetime

    import pandas as pd

    if kind is None:
        return column.convert_dtypes()
    inner, optional = _without_none(kind)
    # A row may leave a value out without a word, where its type says that it may.
    optional = optional or bool(column.isna().any())
    # What no dtype can hold stays as it is: an integer of thirty digits, moments of many zones.
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        if inner in (datetime.date, datetime.datetime):
            return pd.to_datetime(column)
        if inner in _DTYPES:
            return column.astype(_DTYPES[inner][optional])  # type: ignore[call-overload,no-any-return]
    return column


def _without_none(kind: Any) -> tuple[Any, bool]:
    if typing.get_origin(kind) is typing.Annotated:
        return _without_none(typing.get_args(kind)[0])
    parts = typing.get_args(kind) if typing.get_origin(kind) is not None else ()
    others = [part for part in parts if part is not type(None)]
    if len(others) == 1 and kind == Optional[others[0]]:  # noqa: UP045 - compared, not declared
        return _without_none(others[0])[0], True
    return kind, False


def _are_rows(names: list[Any], rows: list[Any]) -> bool:
    return all(isinstance(name, str) for name in names) and all(
        isinstance(row, list) and len(row) == len(names) for row in rows
    )
