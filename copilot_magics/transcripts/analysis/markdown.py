"""A conversation as Markdown to read: prompts and answers in full, what tools did folded.

What was said may come from anywhere. It looks the same here and cannot act, in whichever front end
shows it: see `copilot_magics.display.inert`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_magics.transcripts.analysis.talk import Called, Said, talks

if TYPE_CHECKING:
    import pandas as pd


def markdown(frame: pd.DataFrame, title: str = "") -> str:
    """Return what was said as Markdown.

    Parameters
    ----------
    frame : DataFrame
        Of messages.
    title : str
        What it is headed with; each session's ID where left out.

    Returns
    -------
    str

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    return "\n".join(_lines(frame, title)) or "No messages.\n"


def _lines(frame: pd.DataFrame, title: str) -> Iterator[str]:
    from copilot_magics.display import inert

    for session, parts in talks(frame):
        yield f"# {inert.inert_line(title or session)}\n"
        yield f"Session {inert.inert_line(f'`{session}`')}\n"
        for part in parts:
            yield _call(part) if isinstance(part, Called) else _said(part)


def _said(said: Said) -> str:
    from copilot_magics.display import inert

    if said.kind == "error":
        return _folded("error", inert.fenced(said.text))
    who = "You" if said.kind == "prompt" else inert.inert_line(said.who or "Copilot")
    when = f" · {said.when:%Y-%m-%d %H:%M} UTC" if said.when else ""
    return f"## {who}{when}\n\n{inert.inert_markdown(said.text)}\n"


def _call(call: Called) -> str:
    from copilot_magics.display import inert
    from copilot_magics.display.tools import arguments_text

    told = {"Arguments": arguments_text(call.arguments), "Result": call.result}
    parts = [f"{name}:\n\n{inert.fenced(text)}" for name, text in told.items() if text]
    return _folded(summary(call), "\n\n".join(parts))


def summary(call: Called) -> str:
    """Say a call in a line of plain text."""
    how = {True: "", False: " (failed)", None: " (no result)"}[call.success]
    return f"{call.tool} {call.about}".rstrip() + how


def _folded(what: str, content: str) -> str:
    from copilot_magics.display import inert

    return f"<details><summary>{inert.entities(what)}</summary>\n\n{content}\n\n</details>\n"
