"""What went wrong: error events, and calls of tools that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from copilot_magics.transcripts.analysis.tables import build, column, decoded, events

if TYPE_CHECKING:
    import pandas as pd

DTYPES = {
    "session": "string",
    "turn": "Int64",
    "timestamp": "datetime64[us, UTC]",
    "type": "string",
    "error": "string",
    "code": "string",
    "status": "Int64",
    "tool": "string",
    "tool_call_id": "string",
    "agent_id": "string",
    "event_id": "string",
}

# Types that are errors by themselves, and types that may end well or not. New runtimes bring new
# types, named in the same way.
_ERROR = r"(?:error|failed|failure)$"
_ENDING = r"(?:complete|completed|end)$"


class _Payload(msgspec.Struct, rename="camel"):
    success: Any = None
    error: Any = None
    error_type: Any = None
    status_code: Any = None


def errors(frame: pd.DataFrame) -> pd.DataFrame:
    """Return what went wrong, one row an event, in order.

    Parameters
    ----------
    frame : DataFrame
        Of messages.

    Returns
    -------
    DataFrame
        ``session`` (string), ``turn`` (Int64), ``timestamp`` (datetime64[us, UTC]), ``type``
        (string, the event's: ``session.error``, ``tool.execution_complete``, …), ``error`` (string,
        what a person would read), ``code`` (string, the kind of error in the runtime's own word),
        ``status`` (Int64, HTTP), ``tool``, ``tool_call_id``, ``agent_id`` and ``event_id``
        (string). A failed call of a tool is its result that says so.

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    told = [name for name in DTYPES if name not in ("error", "code", "status")]
    rows = events(frame, *told, "content", "data")
    rows = rows[rows["type"].str.contains(f"{_ERROR}|{_ENDING}")]
    payloads = [payload or _Payload() for payload in decoded(rows["data"], _Payload)]
    rows = rows.assign(
        error=rows["content"],
        code=column(list(map(_code, payloads)), "string", rows.index),
        status=column(list(map(_status, payloads)), "Int64", rows.index),
    )
    unsuccessful = [payload.success is False for payload in payloads]
    failed = rows["type"].str.contains(_ERROR) | column(unsuccessful, "boolean", rows.index)
    return build(rows[failed], DTYPES)


def _code(payload: _Payload) -> str | None:
    inner = payload.error.get("code") if isinstance(payload.error, dict) else None
    return next((code for code in (payload.error_type, inner) if isinstance(code, str)), None)


def _status(payload: _Payload) -> int | None:
    code = payload.status_code
    return code if isinstance(code, int) and 0 < code < 1000 else None
