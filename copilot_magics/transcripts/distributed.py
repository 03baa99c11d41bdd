"""Messages as a Dask DataFrame: the same rows and dtypes, on all cores or on a cluster.

A partition is a group of sessions of some tens of megabytes, read when it is computed and never cut
inside a session. What each partition reads is given to it whole, folder included: workers have
another environment, and perhaps another machine. Only the columns that an analysis uses are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copilot_magics.extras import needs
from copilot_magics.transcripts.frame import to_frame
from copilot_magics.transcripts.parallel import gather_all, size_of
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.schema import empty

if TYPE_CHECKING:
    import pandas as pd

PARTITION = 48 * 1024**2
"""Bytes of journals that a partition holds, unless one session alone has more."""


def messages(state: Path, sessions: list[str], restrictions: Restrictions) -> Any:
    """Return sessions as a Dask DataFrame, read when it is computed.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session; each worker must see it under this path.
    sessions : list of str
        Their IDs.
    restrictions : Restrictions
        What is wanted of them.

    Returns
    -------
    dask.dataframe.DataFrame
        Of the dtypes of `get_messages`, its partitions in the order of the sessions. It does not
        tell of damage: that is known only once a journal is read.

    Raises
    ------
    BadInput
        Where Dask is not installed.
    """
    groups = _groups(state, sessions)
    read = partial(_read, state, restrictions)
    return lazy(read, groups, restrictions.columns, "get_messages")


def lazy(
    read: Callable[..., pd.DataFrame], parts: Sequence[Any], columns: Sequence[str], label: str
) -> Any:
    """Return a Dask DataFrame of messages.

    Parameters
    ----------
    read : callable
        Reads a partition: called with one of the parts and ``columns=``, a list of names or None.
    parts : sequence
        What the partitions are read from.
    columns : sequence of str
        The columns there are.
    label : str
        Who reads, as a user knows it: the name of the tasks.
    """
    what = f"{label}(engine='dask')"
    dask = needs("dask", "dask", what)
    # Without these, what they are needed for cannot be imported, and would not say so.
    for module in ("pyarrow", "fsspec"):
        needs(module, "dask", what)
    dataframe = needs("dask.dataframe", "dask", what)
    # Registers df.copilot.
    from copilot_magics.transcripts.analysis import dask_accessor  # noqa: F401

    # The strings are what they should be already.
    with dask.config.set({"dataframe.convert-string": False}):
        return dataframe.from_map(read, parts, meta=empty(columns), label=label)


def _groups(state: Path, sessions: list[str]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    filled = 0
    for session in sessions:
        size = size_of(state, session)
        if groups[-1] and filled + size > PARTITION:
            groups.append([])
            filled = 0
        groups[-1].append(session)
        filled += size
    return groups


def _read(
    state: Path,
    restrictions: Restrictions,
    sessions: Sequence[str],
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    wanted = restrictions if columns is None else replace(restrictions, columns=tuple(columns))
    # The cores are Dask's to share out.
    found = gather_all(state, sessions, wanted, lambda _read: None, processes=1)
    return to_frame(found.pieces, found.damage, wanted)
