"""Events' payloads: as dicts, or with some of their fields as columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from copilot_magics.transcripts.analysis.tables import require
from copilot_magics.transcripts.reading import decoded

if TYPE_CHECKING:
    import pandas as pd


_EXACT = 2**53
"""Beyond this, not every integer is a float."""

_PLACE = re.compile(r"\d{1,9}", re.ASCII)


def payloads(frame: pd.DataFrame) -> pd.Series[Any]:
    """Return each event's whole payload as it is in JSON: a dict for nearly all events.

    Parameters
    ----------
    frame : DataFrame
        Of messages.

    Returns
    -------
    Series
        Of objects, with the DataFrame's index; None where there is no payload.

    Raises
    ------
    BadInput
        Where the DataFrame has no column ``data``.
    """
    import pandas as pd

    require(frame, "data")
    texts = frame["data"]
    return pd.Series(
        [
            decoded(text) if there else None
            for text, there in zip(texts, texts.notna(), strict=True)
        ],
        index=texts.index,
        dtype="object",
        name="payload",
    )


def fields(frame: pd.DataFrame, paths: Sequence[str] | None) -> pd.DataFrame:
    """Return fields of the payloads as columns.

    Parameters
    ----------
    frame : DataFrame
        Of messages.
    paths : sequence of str or None
        Names of fields, with dots where one is inside another, and numbers for an array's places:
        ``"toolName"``, ``"result.content"``, ``"toolRequests.0.name"``; None for all fields of all
        payloads, not taken apart.

    Returns
    -------
    DataFrame
        With the DataFrame's index and a column a path, missing where an event has no such field.
        Dtypes are those of the values: ``boolean``, ``Int64``, ``Float64``, ``string``, or
        ``object`` where they are of several kinds, or lists or dicts.

    Raises
    ------
    BadInput
        Where the DataFrame has no column ``data``.
    """
    import pandas as pd

    whole = payloads(frame)
    if paths is None:
        names = dict.fromkeys(name for each in whole if isinstance(each, dict) for name in each)
        columns = {name: [_inside(each, [name]) for each in whole] for name in names}
    else:
        columns = {path: [_inside(each, path.split(".")) for each in whole] for path in paths}
    return pd.DataFrame(
        {name: _column(values, whole.index) for name, values in columns.items()}, index=whole.index
    )


def _column(values: list[Any], index: pd.Index[Any]) -> pd.Series[Any]:
    import pandas as pd

    column = pd.Series(values, index, dtype="object")
    if any(isinstance(value, float) for value in values) and any(
        isinstance(value, int) and abs(value) > _EXACT for value in values
    ):
        return column
    return column.convert_dtypes()


def _inside(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and _PLACE.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
