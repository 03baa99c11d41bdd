"""Calls of tools: what each was called with, how it went, how long it took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from copilot_magics.transcripts.analysis.tables import build, codes, column, decoded, events

if TYPE_CHECKING:
    import pandas as pd

DTYPES = {
    "session": "string",
    "turn": "Int64",
    "started": "datetime64[us, UTC]",
    "tool": "string",
    "tool_call_id": "string",
    "arguments": "string",
    "success": "boolean",
    "seconds": "Float64",
    "result_bytes": "Int64",
    "error": "string",
    "agent_id": "string",
}

_SHARED = ("session", "turn", "tool", "tool_call_id", "agent_id")
_START, _END = "tool.execution_start", "tool.execution_complete"


class _Call(msgspec.Struct):
    arguments: msgspec.Raw = msgspec.Raw()


class _Result(msgspec.Struct):
    success: Any = None


def tools(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the calls of tools, one row a call, in the order they began.

    Parameters
    ----------
    frame : DataFrame
        Of messages. A call whose beginning is not in it is found by its result.

    Returns
    -------
    DataFrame
        ``session`` (string), ``turn`` (Int64), ``started`` (datetime64[us, UTC]), ``tool``,
        ``tool_call_id``, ``arguments`` (string, the JSON as it was written), ``success`` (boolean;
        NA while unanswered), ``seconds`` (Float64, from the call's event to its result's, waiting
        for a permission included), ``result_bytes`` (Int64, of the answering text, in UTF-8),
        ``error`` (string, that text where the call failed) and ``agent_id`` (string, the sub-agent
        that called; NA for the agent itself).

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    return build(with_results(frame), DTYPES)


def with_results(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the calls as `tools` does, and two columns more.

    Returns
    -------
    DataFrame
        ``place`` is where the call began among the `events` of the DataFrame, ``result`` the text
        that answered it.
    """
    rows = events(frame, *_SHARED, "timestamp", "type", "content", "data")
    rows = rows[rows["type"].isin((_START, _END))].rename_axis("place").reset_index()
    rows["call"] = _call_numbers(rows)
    table = _first(rows)[["place", *_SHARED]]
    table = table.join(_beginnings(_first(rows[rows["type"] == _START])))
    table = table.join(_results(_first(rows[rows["type"] == _END])))
    table["seconds"] = (table["ended"] - table["started"]).dt.total_seconds()
    return table


def _call_numbers(rows: pd.DataFrame) -> Any:
    """Number the calls: a call and its result have the same number, and nothing else has it."""
    known = rows["tool_call_id"].where(rows["tool_call_id"].notna(), rows["event_id"])
    rows = rows.assign(known=known)
    # Some providers number their calls anew in each answer: what a name means is told by how often
    # a call of that name has begun.
    rows["key"] = codes(rows, "session", "agent_id", "known")
    rows["nth"] = (rows["type"] == _START).groupby(rows["key"]).cumsum()
    return codes(rows, "key", "nth")


def _first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates("call").set_index("call")


def _beginnings(rows: pd.DataFrame) -> pd.DataFrame:
    calls = decoded(rows["data"], _Call)
    arguments = [bytes(call.arguments).decode() or None if call else None for call in calls]
    told = {"started": rows["timestamp"], "arguments": column(arguments, "string", rows.index)}
    return rows[[]].assign(**told)


def _results(rows: pd.DataFrame) -> pd.DataFrame:
    results = decoded(rows["data"], _Result)
    told = [result.success if result else None for result in results]
    success = column(
        [each if isinstance(each, bool) else None for each in told], "boolean", rows.index
    )
    sizes = [len(text.encode(errors="surrogatepass")) for text in rows["content"].fillna("")]
    return rows[[]].assign(
        ended=rows["timestamp"],
        result=rows["content"],
        success=success,
        result_bytes=column(sizes, "Int64", rows.index),
        error=rows["content"].where(~success.fillna(True)),
    )
