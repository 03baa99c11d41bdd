"""The columns of a DataFrame of messages, and how one is made.

Dtypes do not depend on what is in a column, so frames of any sessions, empty ones too, can be
joined, written to one dataset, and be partitions of one Dask DataFrame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copilot_magics.transcripts.reading import ROLES

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "session",
    "turn",
    "timestamp",
    "type",
    "role",
    "content",
    "tool",
    "tool_call_id",
    "model",
    "agent_id",
    "event_id",
    "parent_id",
    "data",
)
DTYPES = dict.fromkeys(COLUMNS, "string") | {
    "turn": "Int64",
    "timestamp": "datetime64[us, UTC]",
    "role": "category",
}
"""By column; the role's categories are `ROLES`, fixed."""


def build(lists: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Make a DataFrame of columns given as plain values.

    Parameters
    ----------
    lists : mapping of str to sequence
        Some or all of `COLUMNS`, in the order wanted, all of one length; None where nothing is.
        Turns are integers, timestamps ISO 8601 text, roles some of `ROLES`.

    Returns
    -------
    DataFrame
        With a new index from 0, and the accessor ``df.copilot``.
    """
    import pandas as pd

    from copilot_magics.transcripts import accessor  # noqa: F401  registers df.copilot

    makers = {name: _MAKERS.get(name, _text) for name in lists}
    return pd.DataFrame({name: make(lists[name]) for name, make in makers.items()})


def empty(columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """Make a DataFrame without rows, with the dtypes of all others.

    Parameters
    ----------
    columns : sequence of str
        Some of `COLUMNS`.

    Returns
    -------
    DataFrame
    """
    return build({name: [] for name in columns})


def _turns(values: Sequence[int | None]) -> Any:
    import pandas as pd

    return pd.Series(values, dtype="Int64")


def _timestamps(values: Sequence[Any]) -> Any:
    import pandas as pd

    texts = pd.Series(values, dtype="object")
    moments = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce")
    return moments.astype("datetime64[us, UTC]")


def _roles(values: Sequence[str]) -> Any:
    import pandas as pd

    return pd.Series(values, dtype=pd.CategoricalDtype(list(ROLES)))


def _text(values: Sequence[str | None]) -> Any:
    import pandas as pd

    try:
        import pyarrow as pa
    except ImportError:
        return pd.array(list(values), dtype="string")
    # Where pandas keeps strings in Arrow, Arrow's own conversion takes half the time of pandas'.
    return pd.array(pa.array(values, type=pa.large_string()), dtype="string")


_MAKERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "turn": _turns,
    "timestamp": _timestamps,
    "role": _roles,
}
