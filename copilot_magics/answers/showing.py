"""How an object that a model answered is shown: as the notebook would show it, but inert.

Its content is a model's, so neither its own HTML nor the one that pandas makes is used.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from copilot_magics.display.inert import entities, fenced, plain
from copilot_magics.reply import Drawn
from copilot_magics.words import counted

if TYPE_CHECKING:
    import pandas as pd

_ROWS, _COLUMNS, _CELL = 60, 30, 200
"""Rows and columns of a table, and characters of its cells, that are shown."""

_TEXT = 20_000
"""Characters of anything else."""


def drawn(value: Any) -> Drawn:
    """Return what is shown of a value.

    Parameters
    ----------
    value : object
        A DataFrame is shown as a table, anything else as Python writes it.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return _table(value)
    text = _written(value)
    return Drawn(fenced(text, "python"), text, text)


def _written(value: Any) -> str:
    from IPython.lib.pretty import pretty

    try:
        text = plain(pretty(value))
    except Exception as error:
        # Its class is the user's.
        text = f"<{type(value).__name__}, which cannot be shown: {type(error).__name__}>"
    if len(text) <= _TEXT:
        return text
    return f"{text[:_TEXT]}\n… {len(text) - _TEXT:,} more characters: the reply's `.value` has all"


def _table(frame: pd.DataFrame) -> Drawn:
    import pandas as pd

    shown = frame.iloc[:_ROWS, :_COLUMNS]
    right = [
        pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        for kind in shown.dtypes
    ]
    rows = [
        ["", *map(_cell, shown.columns)],
        ["---:", *("---:" if number else ":---" for number in right)],
        *([str(row[0]), *map(_cell, row[1:])] for row in shown.itertuples(name=None)),
    ]
    size = f"{counted(len(frame), 'row')} × {counted(frame.shape[1], 'column')}"
    if shown.shape != frame.shape:
        size += "; the reply's `.value` has all of them"
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    table = frame.to_string(max_rows=_ROWS, max_cols=_COLUMNS, max_colwidth=_CELL)
    text = plain(f"{table}\n{size}")
    return Drawn(f"{lines}\n\n{size}" if len(frame.columns) else size, text, text)


def _cell(value: Any) -> str:
    text = " ".join(plain(str(value)).split())
    return entities(text if len(text) <= _CELL else f"{text[: _CELL - 1]}…")
