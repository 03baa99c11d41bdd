"""``df.copilot``: what can be asked of a DataFrame of messages, beyond what pandas answers.

Importing this module registers the accessor; `get_messages` does. Each method stands for a function
in a module of its own and has its help. Nothing is checked before a method needs it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar, overload

import pandas as pd

from copilot_magics.documents import write_document
from copilot_magics.transcripts.analysis import (
    calls,
    failures,
    markdown,
    page,
    payloads,
    rows,
    turns,
    usage,
)
from copilot_magics.transcripts.analysis.plots import Plots
from copilot_magics.transcripts.restrictions import as_list

_PARAMETERS = "Parameters\n----------\n"
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _told_by(function: Callable[..., Any]) -> Callable[[_Method], _Method]:
    """Let a method's help be that of the function it stands for, but for the DataFrame."""
    what, heading, rest = inspect.cleandoc(function.__doc__ or "").partition(_PARAMETERS)
    rest = re.sub(r"\Aframe : .*\n(?:    .*\n)+\n?", "", rest)
    told = what + (rest if rest.startswith("Returns") else heading + rest)

    def tell(method: _Method) -> _Method:
        method.__doc__ = told
        return method

    return tell


@pd.api.extensions.register_dataframe_accessor("copilot")
class CopilotAccessor:
    """The methods of ``df.copilot``.

    Parameters
    ----------
    frame : DataFrame
        Of `get_messages`, or any part of one, or several joined, or one read back from a file.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @_told_by(rows.conversation)
    def conversation(self) -> pd.DataFrame:
        """Return the rows of the person's prompts and the agent's answers."""
        return rows.conversation(self._frame)

    @_told_by(rows.find)
    def find(self, what: str | re.Pattern[str]) -> pd.DataFrame:
        """Return the rows in whose content a text stands, in any case, or a pattern is found."""
        return rows.find(self._frame, what)

    @_told_by(turns.turns)
    def turns(self) -> pd.DataFrame:
        """Return a row a turn: prompt, answer, tools, tokens, seconds, model, errors."""
        return turns.turns(self._frame)

    @_told_by(calls.tools)
    def tools(self) -> pd.DataFrame:
        """Return a row a call of a tool: arguments, success, seconds, the result's size."""
        return calls.tools(self._frame)

    @_told_by(usage.usage)
    def usage(self) -> pd.DataFrame:
        """Return tokens and cost by session, turn and model; the rows may be added up."""
        return usage.usage(self._frame)

    @_told_by(failures.errors)
    def errors(self) -> pd.DataFrame:
        """Return a row for each error event and failed call of a tool."""
        return failures.errors(self._frame)

    @overload
    def payload(self) -> pd.Series[Any]: ...
    @overload
    def payload(self, expand: bool | str | Sequence[str]) -> pd.DataFrame | pd.Series[Any]: ...
    def payload(self, expand: bool | str | Sequence[str] = False) -> pd.DataFrame | pd.Series[Any]:
        """Return each event's whole payload as a dict beside its row, or its fields as columns.

        Parameters
        ----------
        expand : bool, str or sequence of str
            True for all fields as columns; names for those alone, with dots where one is inside
            another: ``["toolName", "result.content"]``.

        See Also
        --------
        copilot_magics.transcripts.analysis.payloads.fields : the columns.
        """
        if expand is False:
            return payloads.payloads(self._frame)
        if expand is True:
            return payloads.fields(self._frame, None)
        return payloads.fields(self._frame, as_list(expand, "field's name"))

    @overload
    def to_markdown(self, path: None = None, *, title: str = "") -> str: ...
    @overload
    def to_markdown(self, path: str | PathLike[str], *, title: str = "") -> None: ...
    def to_markdown(
        self, path: str | PathLike[str] | None = None, *, title: str = ""
    ) -> str | None:
        """Write what was said as Markdown: prompts and answers in full, calls of tools folded.

        Parameters
        ----------
        path : path, optional
            A file to write, anew where there is one; the text is returned where left out.
        title : str
            What it is headed with; the session's ID where left out.

        Raises
        ------
        BadInput
            The DataFrame lacks a column that is needed, or there is no such folder.
        CopilotError
            The file cannot be written; one that was there stays as it was.
        """
        return _written(markdown.markdown(self._frame, title), path)

    @overload
    def to_html(self, path: None = None, *, title: str = "") -> str: ...
    @overload
    def to_html(self, path: str | PathLike[str], *, title: str = "") -> None: ...
    def to_html(self, path: str | PathLike[str] | None = None, *, title: str = "") -> str | None:
        """Write what was said as one web page, which needs nothing else and runs nothing.

        Parameters
        ----------
        path : path, optional
            A file to write, anew where there is one; the text is returned where left out.
        title : str
            What it is headed with; the session's ID where left out.

        Raises
        ------
        BadInput
            The DataFrame lacks a column that is needed, or there is no such folder.
        CopilotError
            The file cannot be written; one that was there stays as it was.
        """
        return _written(page.page(self._frame, title), path)

    @property
    def plot(self) -> Plots:
        """Draw when things happened, what was used, which tools were called.

        See Also
        --------
        copilot_magics.transcripts.analysis.plots.Plots : the methods.
        """
        return Plots(self._frame)

    def damage(self) -> pd.DataFrame:
        """Return what could not be read of the journals, with its bytes.

        See Also
        --------
        copilot_magics.transcripts.damage.damage : the columns.
        """
        from copilot_magics.transcripts.damage import damage

        return damage(self._frame)


def _written(text: str, path: str | PathLike[str] | None) -> str | None:
    if path is None:
        return text
    write_document(Path(path), text.encode(errors="replace"), overwrite=True)
    return None
