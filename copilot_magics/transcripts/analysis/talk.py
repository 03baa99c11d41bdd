"""What a person would read of a DataFrame of messages: prompts, answers, calls of tools, errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_magics.transcripts import reading
from copilot_magics.transcripts.analysis.calls import with_results
from copilot_magics.transcripts.analysis.rows import answers, prompts
from copilot_magics.transcripts.analysis.tables import events, models, plain, where

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = (
    "turn",
    "timestamp",
    "type",
    "content",
    "tool",
    "tool_call_id",
    "model",
    "agent_id",
    "data",
)


class Said(NamedTuple):
    """A prompt, an answer or an error.

    Attributes
    ----------
    kind : str
        ``"prompt"``, ``"answer"`` or ``"error"``.
    when : datetime or None
        In UTC.
    who : str
        The model in use, where it is known.
    text : str
        Markdown; an error's is plain text.
    turn : int or None
        None before the first prompt.
    """

    kind: str
    when: datetime | None
    who: str
    text: str
    turn: int | None


class Called(NamedTuple):
    """A call of a tool.

    Attributes
    ----------
    tool : str
        Its name.
    about : str
        What it was called for, in brief.
    arguments : object
        What it was called with, decoded.
    success : bool or None
        None where no result is there.
    result : str
        The text that answered it.
    turn : int or None
        None before the first prompt.
    """

    tool: str
    about: str
    arguments: Any
    success: bool | None
    result: str
    turn: int | None


def talks(frame: pd.DataFrame) -> Iterator[tuple[str, list[Said | Called]]]:
    """Return what was said in each session, in order; what sub-agents said is left out.

    Parameters
    ----------
    frame : DataFrame
        Of messages.

    Yields
    ------
    tuple of str, list of Said or Called
        A session's ID, and what was said in it.

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    rows = events(frame, *_COLUMNS)
    found: dict[str, list[Said | Called]] = {session: [] for session in rows["session"]}
    for _, session, part in sorted([*_said(rows), *_called(rows)], key=itemgetter(0)):
        found[session].append(part)
    yield from found.items()


_Placed = tuple[int, str, Said | Called]


def _said(rows: pd.DataFrame) -> Iterator[_Placed]:
    failed = where((rows["type"] == "session.error") & rows["agent_id"].isna())
    rows = rows.assign(model=models(rows))
    for kind, mask in {"prompt": prompts(rows), "answer": answers(rows), "error": failed}.items():
        part = rows[mask & rows["content"].notna().to_numpy()]
        names = ("session", "timestamp", "model", "content", "turn")
        columns = [plain(part[name]) for name in names]
        for place, session, when, model, text, turn in zip(part.index, *columns, strict=True):
            yield place, session, Said(kind, when, model or "", text, turn)


def _called(rows: pd.DataFrame) -> Iterator[_Placed]:
    calls = with_results(rows)
    calls = calls[calls["agent_id"].isna()]
    names = ("session", "tool", "arguments", "success", "result", "turn")
    columns = [plain(calls[name]) for name in names]
    for place, session, tool, text, success, result, turn in zip(
        calls["place"], *columns, strict=True
    ):
        arguments = reading.decoded(text) if text else None
        about = reading.brief(arguments) or ""
        how = None if success is None else bool(success)
        yield place, session, Called(tool or "tool", about, arguments, how, result or "", turn)
