"""``df.copilot`` of a Dask DataFrame of messages: what is known of turns, of calls and of usage.

Each of them needs a session's rows side by side and in order. Partitions as they were read hold
whole sessions; where rows have been moved since, they are brought together again first. Importing
this module registers the accessor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from dask.dataframe.extensions import register_dataframe_accessor

from copilot_magics.transcripts.analysis.calls import tools
from copilot_magics.transcripts.analysis.turns import turns
from copilot_magics.transcripts.analysis.usage import usage
from copilot_magics.transcripts.schema import empty

if TYPE_CHECKING:
    import pandas as pd

_READERS = ("get_messages", "read_transcripts")
_PLACE = "copilot_place"
_Table = Callable[["pd.DataFrame"], "pd.DataFrame"]


@register_dataframe_accessor("copilot")  # type: ignore[no-untyped-call]  # it has no types
class DaskAccessor:
    """The methods of ``df.copilot``; each returns a Dask DataFrame, its sessions in any order.

    Parameters
    ----------
    frame : dask.dataframe.DataFrame
        Of `get_messages` or `read_transcripts`, or any part of one.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"df.copilot of a Dask DataFrame has turns(), tools() and usage(), and not {name!r}: "
            "that is of a pandas DataFrame, such as df.compute() makes."
        )

    def turns(self) -> Any:
        """Return the turns, one row a turn.

        Returns
        -------
        dask.dataframe.DataFrame
            With the columns of `copilot_magics.transcripts.analysis.turns.turns`.

        Raises
        ------
        BadInput
            Where the DataFrame lacks a column that is needed.
        """
        return _by_session(self._frame, turns)

    def tools(self) -> Any:
        """Return the calls of tools, one row a call.

        Returns
        -------
        dask.dataframe.DataFrame
            With the columns of `copilot_magics.transcripts.analysis.calls.tools`.

        Raises
        ------
        BadInput
            Where the DataFrame lacks a column that is needed.
        """
        return _by_session(self._frame, tools)

    def usage(self) -> Any:
        """Return what was used, one row for each session, turn, model and source of the figures.

        Returns
        -------
        dask.dataframe.DataFrame
            With the columns of `copilot_magics.transcripts.analysis.usage.usage`.

        Raises
        ------
        BadInput
            Where the DataFrame lacks a column that is needed.
        """
        return _by_session(self._frame, usage)


def _by_session(frame: Any, table: _Table) -> Any:
    meta = table(empty()[[name for name in empty() if name in frame.columns]])
    if frame.npartitions > 1 and not _is_as_read(frame):
        frame = frame.map_partitions(_placed).shuffle("session")
        table = partial(_of_placed, table)
    return frame.map_partitions(table, meta=meta)


def _is_as_read(frame: Any) -> bool:
    """Say whether no row of a frame has come into another partition since it was read."""
    from dask.dataframe.dask_expr._expr import Blockwise
    from dask.dataframe.dask_expr.io import IO, FromMap

    # The others are values that a step is given, like those of `isin`.
    steps = [step for step in frame.expr.walk() if step.dependencies() or isinstance(step, IO)]
    in_place = all(isinstance(step, Blockwise) for step in steps)
    sources = [step for step in steps if isinstance(step, IO)]
    read = [step.label for step in sources if isinstance(step, FromMap)]
    return in_place and len(sources) == 1 and len(read) == 1 and read[0] in _READERS


def _placed(frame: pd.DataFrame, partition_info: dict[str, Any] | None = None) -> pd.DataFrame:
    """Note where each row is, since a shuffle keeps no order."""
    first = (partition_info or {"number": 0})["number"] << 32
    return frame.assign(**{_PLACE: range(first, first + len(frame))})


def _of_placed(table: _Table, frame: pd.DataFrame) -> pd.DataFrame:
    return table(frame.sort_values(_PLACE).drop(columns=_PLACE))
