"""What the tables of ``df.copilot`` have in common: the columns they need, and fixed dtypes.

Each table is a plain function of a DataFrame of messages, which may be whole, a part of one, joined
of several, or empty; it reads no files, so that it runs in any process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from copilot_magics.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Mask = np.ndarray[Any, np.dtype[np.bool_]]

_Kind = TypeVar("_Kind")


def require(frame: pd.DataFrame, *columns: str) -> None:
    """Raise `BadInput` where a DataFrame lacks a column that is needed."""
    for name in columns:
        if name not in frame:
            raise BadInput(
                f"This DataFrame has no column {name!r}.",
                "Leave it in columns= of get_messages().",
            )


def events(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return some columns of a DataFrame of messages, each event once, in a new index from 0.

    Parameters
    ----------
    frame : DataFrame
        In which an event may be repeated: in a damaged journal, or by joining frames.
    *columns : str
        Those wanted, beside ``session`` and ``event_id``.

    Returns
    -------
    DataFrame

    Raises
    ------
    BadInput
        Where one of the columns is missing.
    """
    wanted = list(dict.fromkeys(("session", "event_id", *columns)))
    require(frame, *wanted)
    found = frame[wanted].reset_index(drop=True)
    # Pandas would copy what is known of damage with each step.
    found.attrs = {}
    again = repeated(found)
    return found[~again].reset_index(drop=True) if again.any() else found


def repeated(frame: pd.DataFrame) -> Mask:
    """Say of each row whether its event is in a row before it."""
    again = frame.duplicated(["session", "event_id"]) & frame["event_id"].notna()
    return again.to_numpy(dtype=bool)


def where(condition: pd.Series[Any]) -> Mask:
    """Return a condition as an array; a missing value does not meet it."""
    return condition.fillna(False).to_numpy(dtype=bool)


def decoded(texts: Iterable[str], kind: type[_Kind]) -> list[_Kind | None]:
    """Decode payloads into what is read of them; None for one that is something else."""
    decode = msgspec.json.Decoder(kind).decode
    return [_one(decode, text) for text in texts]


def _one(decode: Callable[[str], _Kind], text: str) -> _Kind | None:
    try:
        return decode(text)
    # A text that pandas does not have is no text; a payload may be nested too deeply.
    except (msgspec.DecodeError, TypeError, RecursionError):
        return None


def build(columns: Mapping[str, Any] | pd.DataFrame, dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Make a table whose dtypes do not depend on what is in it.

    Parameters
    ----------
    columns : mapping of str to array-like, or DataFrame
        Its columns, all of one length; others are left out.
    dtypes : mapping of str to str
        The dtype of each, in the order wanted.

    Returns
    -------
    DataFrame
        With a new index from 0.
    """
    import pandas as pd

    table = {name: column(columns[name], dtype) for name, dtype in dtypes.items()}
    return pd.DataFrame({name: each.reset_index(drop=True) for name, each in table.items()})


def column(values: Any, dtype: str, index: pd.Index[Any] | None = None) -> pd.Series[Any]:
    """Make a column; None is missing.

    Parameters
    ----------
    values : array-like
        A list, or a Series, which keeps its index.
    dtype : str
        Of pandas.
    index : Index, optional
        Of what it shall stand beside.

    Returns
    -------
    Series
    """
    import pandas as pd

    if dtype in ("Int64", "Float64") and isinstance(values, list):
        # Pandas takes whole floats for integers, but not among objects.
        values = pd.to_numeric(pd.Series(values, dtype="object")).array
    made: pd.Series[Any] = pd.Series(values, index=index, dtype=dtype)
    return made


def plain(values: pd.Series[Any]) -> list[Any]:
    """Return a column's values as a list, None for what is missing."""
    return [value if there else None for value, there in zip(values, values.notna(), strict=True)]


def codes(frame: pd.DataFrame, *columns: str) -> np.ndarray[Any, Any]:
    """Number the rows by what they have in some columns: the first combination is 0, and so on.

    Numbers group ten times as fast as texts do. Missing is a value like others here.
    """
    import pandas as pd

    numbers = [pd.factorize(frame[name], use_na_sentinel=False)[0] for name in columns]
    whole = numbers[0].astype("int64")
    for more in numbers[1:]:
        whole = pd.factorize(whole * (len(frame) + 1) + more)[0]
    return whole


def models(frame: pd.DataFrame) -> pd.Series[Any]:
    """Return by whom each event was made: the model it names, else the last its agent named."""
    speakers = codes(frame, "session", "agent_id")
    return frame["model"].groupby(speakers, sort=False).ffill()
