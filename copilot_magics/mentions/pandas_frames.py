"""A pandas table, told without a copy of it and in bounded time, however long it is.

Of numbers the missing ones, the least, the largest and the mean are counted over all rows, in
pieces that stay in the processor's cache; what would need sorting is told from some rows.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from copilot_magics.mentions.columns import (
    PIECE,
    Column,
    Tally,
    frequencies,
    label_text,
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
    counts = _exact([_numbers(one) for one in series], rows)
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
    # A library may have made a type of its own, and may not have finished it.
    with contextlib.suppress(Exception):
        column.head = series.iloc[:ROWS].tolist()
    with contextlib.suppress(Exception):
        present = some[some.notna()]
        _describe(column, present, sampled=len(some) < len(series))
        missing = exact.pop("missing") if exact else _missing(series)
        # Of rows drawn at random, how many are missing is an estimate.
        share = 1 - len(present) / max(1, len(some))
        column.missing = f"~{round(share * len(series))}" if missing is None else str(missing)
        column.numbers.update(exact or {})
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


def _describe(column: Column, present: pd.Series[Any], *, sampled: bool) -> None:
    import numpy as np
    import pandas as pd

    kind = present.dtype
    types = pd.api.types
    if types.is_bool_dtype(kind):
        told = present.to_numpy(bool)
        column.told = f"True {told.mean():.0%}" if len(told) else "no values"
    elif types.is_numeric_dtype(kind) and not types.is_complex_dtype(kind):
        values = present.to_numpy()
        if values.dtype.kind not in "iuf":
            values = values.astype(np.float64)
        column.numbers = number_statistics(values)
        column.told = "" if column.numbers else "no values"
    elif types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind):
        column.told = _range_text(present)
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


def _range_text(present: pd.Series[Any]) -> str:
    if not len(present):
        return "no values"
    return f"{value_text(present.min())} to {value_text(present.max())}"


def _numbers(series: pd.Series[Any]) -> Array | None:
    """Return a column's numbers as they lie in memory, or None where they do not lie as numbers."""
    import numpy as np

    kind = series.dtype
    return series.to_numpy() if isinstance(kind, np.dtype) and kind.kind in "iuf" else None


def _exact(columns: list[Array | None], rows: int) -> list[dict[str, Any] | None]:
    """Count missing numbers, find the least and the largest, and the mean, over all rows."""
    import numpy as np

    numeric = [column for column in columns if column is not None]
    if not rows or rows * len(numeric) > _EXACT:
        return [None] * len(columns)
    tallies = [Tally() if column is not None else None for column in columns]
    # Where a row lies together, its columns are looked at together.
    together = any(len(column.strides) and column.strides[0] > 8 for column in numeric)
    step = PIECE // (32 if together else 1)
    with np.errstate(all="ignore"):
        for start in range(0, rows, step):
            for column, tally in zip(columns, tallies, strict=True):
                if column is not None and tally is not None:
                    tally.take(column[start : start + step])
    return [None if tally is None else tally.told(rows) for tally in tallies]


def _index_text(index: pd.Index[Any]) -> str:
    import pandas as pd

    names = [label_text(name) for name in index.names if name is not None]
    named = f" {', '.join(names)}" if names else ""
    if isinstance(index, pd.MultiIndex):
        return f"index: {index.nlevels} levels{named}"
    if not len(index):
        return f"index{named}: {index.dtype}, empty"
    return f"index{named}: {index.dtype}, {value_text(index[0])} to {value_text(index[-1])}"
