"""A pandas table, told without a copy of it and in bounded time, however long it is.

Of numbers and moments the missing ones, the least, the largest and the mean are counted over all
rows, in pieces that stay in the processor's cache; what would need sorting is told from some rows.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_magics.mentions.columns import (
    PIECE,
    STATISTICS,
    Column,
    Tally,
    frequencies,
    label_text,
    no_values,
    number_statistics,
    sample_rows,
    value_text,
)
from copilot_magics.mentions.frames import COLUMNS, ROWS, Table
from copilot_magics.mentions.naming import bases_of, found_in, is_a, loaded
from copilot_magics.words import counted, size

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

_EXACT = 1_000_000_000
"""Numbers up to which all are counted: about a second and a half."""
_WIDE = 10_000
_CATEGORIES = 12
"""Categories that are named."""
_EXACT_OBJECTS = 1_000_000
"""Python objects up to which all are looked at for missing ones."""
_ASKED = ("__getattribute__", "__class__", "_mgr", "_typ", "_name", "name", "index")
"""What pandas asks of a table to make another of it."""


def plain_table(value: object) -> Any:
    """Return a DataFrame or a Series without what its class has of its own.

    Parameters
    ----------
    value : object
        The value, of any kind.

    Returns
    -------
    pandas.DataFrame or pandas.Series or None
        The table, which is not copied; None of all else, and where a class has a say even in this.
    """
    bases = bases_of(type(value))
    for name in ("DataFrame", "Series"):
        if is_a(value, "pandas", name):
            kind = loaded("pandas", name)
            ours = bases_of(kind)
            if any(found_in(bases, one) is not found_in(ours, one) for one in _ASKED):
                return None
            return value if type(value) is kind else kind(value)
    return None


def pandas_table(frame: pd.DataFrame) -> Table:
    """Return what is told of a DataFrame."""
    frame = plain_table(frame)
    rows, width = frame.shape
    shown = min(width, COLUMNS)
    sampled = sample_rows(rows, shown)
    series = [frame.iloc[:, number] for number in range(shown)]
    counts = _exact(series, rows)
    # All columns at once: their values may lie row by row.
    some = frame.iloc[:, :shown] if sampled is None else frame.iloc[sampled, :shown]
    columns = [
        _column(one, some.iloc[:, number], exact)
        for number, (one, exact) in enumerate(zip(series, counts, strict=True))
    ]
    # It asks each column, however many there are.
    memory = f", {size(int(frame.memory_usage(index=False).sum()))}" if width <= _WIDE else ""
    return Table(
        f"DataFrame: {counted(rows, 'row')} × {counted(width, 'column')}{memory}",
        columns,
        [label_text(label) for label in frame.columns[shown:][:300]],
        [value_text(label) for label in frame.index[:ROWS]],
        [_index_text(frame.index), *_notes(rows, shown, sampled)],
    )


def series_table(series: pd.Series[Any]) -> Table:
    """Return what is told of a Series."""
    series = plain_table(series)
    table = pandas_table(series.to_frame("value"))
    named = f", named {label_text(series.name)}" if series.name is not None else ""
    table.heading = f"Series: {counted(len(series), 'value')}, {series.dtype}{named}"
    return table


def index_table(index: pd.Index[Any]) -> Table:
    """Return what is told of an index that is no Series and no part of one."""
    import pandas as pd

    if isinstance(index, pd.RangeIndex | pd.MultiIndex):
        # Their values are nowhere yet, and may be very many.
        listed = ", ".join(value_text(label) for label in index[:ROWS])
        heading = f"{type(index).__name__}: {counted(len(index), 'value')}"
        return Table(f"{heading}\n{_index_text(index)}\nfirst: {listed}", [])
    table = series_table(pd.Series(index.array, name=index.name, copy=False))
    table.heading = table.heading.replace("Series", type(index).__name__, 1)
    return table


def _notes(rows: int, columns: int, sampled: Array | None) -> list[str]:
    if sampled is None:
        return []
    told = f"std, quartiles and frequencies are from {len(sampled):,} rows drawn at random"
    if rows * columns > _EXACT:
        told = f"All figures are from {len(sampled):,} rows drawn at random"
    return [f"{told}; ~ is an estimate."]


def _column(series: pd.Series[Any], some: pd.Series[Any], exact: dict[str, Any] | None) -> Column:
    column = Column(label_text(series.name), str(series.dtype))
    sampled = len(some) < len(series)
    # A library may have made a type of its own, and may not have finished it.
    with contextlib.suppress(Exception):
        column.head = series.iloc[:ROWS].tolist()
    with contextlib.suppress(Exception):
        present = some[some.notna()]
        _describe(column, present, exact or {}, sampled=sampled)
        column.is_estimate = sampled and not exact
        missing = exact["missing"] if exact else _missing(series)
        # Of rows drawn at random, how many are missing is an estimate.
        share = 1 - len(present) / max(1, len(some))
        column.missing = f"~{round(share * len(series))}" if missing is None else str(missing)
    column.head = column.head or [""] * min(ROWS, len(series))
    return column


def _missing(series: pd.Series[Any]) -> int | None:
    """Return how many values are missing, or None where looking at all would take long."""
    import numpy as np
    import pandas as pd

    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in "iub":
        return 0
    if len(series) <= _EXACT_OBJECTS:
        return int(series.isna().sum())
    arrow = getattr(series.array, "_pa_array", None)
    if arrow is not None:
        return int(arrow.null_count)
    slow = pd.api.types.is_object_dtype(kind) or pd.api.types.is_string_dtype(kind)
    return None if slow else int(series.isna().sum())


def _describe(
    column: Column, present: pd.Series[Any], exact: dict[str, Any], *, sampled: bool
) -> None:
    import numpy as np
    import pandas as pd

    kind = present.dtype
    types = pd.api.types
    if types.is_bool_dtype(kind):
        told = present.to_numpy(bool)
        column.told = f"True {told.mean():.0%}" if len(told) else no_values(sampled=sampled)
    elif types.is_numeric_dtype(kind) and not types.is_complex_dtype(kind):
        values = present.to_numpy()
        if values.dtype.kind not in "iuf":
            values = values.astype(np.float64)
        column.numbers = number_statistics(values)
        column.numbers.update((name, exact[name]) for name in STATISTICS if name in exact)
        column.told = "" if column.numbers else no_values(sampled=sampled)
    elif types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind):
        column.told = _range_text(present, exact, sampled=sampled)
    elif isinstance(kind, pd.CategoricalDtype):
        ordered = " ordered" if kind.ordered else ""
        column.dtype = f"category of {len(kind.categories):,}{ordered}"
        listed = (" < " if kind.ordered else ", ").join(
            value_text(one) for one in kind.categories[:_CATEGORIES]
        )
        more = ", …" if len(kind.categories) > _CATEGORIES else ""
        column.told = f"{listed}{more}; {frequencies(present.tolist(), sampled=sampled)}"
    else:
        column.told = frequencies(present.tolist(), sampled=sampled)


def _range_text(present: pd.Series[Any], exact: dict[str, Any], *, sampled: bool) -> str:
    if "min" in exact:
        return f"{value_text(exact['min'])} to {value_text(exact['max'])}"
    if not len(present):
        return no_values(sampled=sampled)
    mark = "~" if sampled and not exact else ""
    return f"{mark}{value_text(present.min())} to {mark}{value_text(present.max())}"


class _Numbers(NamedTuple):
    """A column's numbers as they lie in memory."""

    values: Array
    are_missing: Array | None = None
    missing: int | None = None
    """The number that stands for one that is missing."""


def _numbers(series: pd.Series[Any]) -> _Numbers | None:
    """Return a column's numbers, or None where they do not lie as numbers."""
    import numpy as np
    import pandas as pd

    kind = series.dtype
    values: Any = series.array
    arrays: Any = pd.arrays
    if isinstance(kind, np.dtype) and kind.kind in "iuf":
        return _Numbers(series.to_numpy())
    if isinstance(values, arrays.DatetimeArray | arrays.TimedeltaArray):
        return _Numbers(values.asi8, missing=np.iinfo(np.int64).min)
    if isinstance(values, arrays.IntegerArray | arrays.FloatingArray):
        return _Numbers(values._data, values._mask)
    return None


def _exact(columns: list[pd.Series[Any]], rows: int) -> list[dict[str, Any] | None]:
    """Count missing numbers, find the least and the largest, and the mean, over all rows."""
    import numpy as np

    numbers = [_numbers(column) for column in columns]
    numeric = [one for one in numbers if one is not None]
    if not rows or rows * len(numeric) > _EXACT:
        return [None] * len(columns)
    tallies = [None if one is None else Tally(one.missing) for one in numbers]
    # Where a row lies together, its columns are looked at together.
    together = any(one.values.strides and one.values.strides[0] > 8 for one in numeric)
    step = PIECE // (32 if together else 1)
    with np.errstate(all="ignore"):
        for start in range(0, rows, step):
            for one, tally in zip(numbers, tallies, strict=True):
                if one is not None and tally is not None:
                    masked = one.are_missing
                    tally.take(
                        one.values[start : start + step],
                        None if masked is None else masked[start : start + step],
                    )
    return [
        _computed(column) if one is None or tally is None else _told(column, one, tally)
        for column, one, tally in zip(columns, numbers, tallies, strict=True)
    ]


def _told(series: pd.Series[Any], numbers: _Numbers, tally: Tally) -> dict[str, Any]:
    import pandas as pd

    told = tally.told(len(series))
    if numbers.missing is not None and "min" in told:
        # Moments, which lie as numbers.
        told["min"], told["max"] = pd.Series([told["min"], told["max"]]).astype(series.dtype)
    return told


def _computed(series: pd.Series[Any]) -> dict[str, Any] | None:
    """Return the same of numbers and moments that lie otherwise; None where it would take long."""
    import pandas as pd

    kind = series.dtype
    quick = isinstance(kind, pd.ArrowDtype | pd.SparseDtype)
    if not quick or not (pd.api.types.is_numeric_dtype(kind) or kind.kind in "mM"):
        return None
    with contextlib.suppress(Exception):
        found = {name: getattr(series, name)() for name in ("mean", "min", "max")}
        # Arrow has numbers that are none, and yet are not missing.
        if all(value == value for value in found.values()):
            return {"missing": _missing(series), **found}
    return None


def _index_text(index: pd.Index[Any]) -> str:
    import pandas as pd

    names = [label_text(name) for name in index.names if name is not None]
    named = f" {', '.join(names)}" if names else ""
    if isinstance(index, pd.MultiIndex):
        return f"index: {index.nlevels} levels{named}"
    if not len(index):
        return f"index{named}: {index.dtype}, empty"
    return f"index{named}: {index.dtype}, {value_text(index[0])} to {value_text(index[-1])}"
