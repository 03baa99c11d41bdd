"""The sessions as a table to look at: in a notebook, and in a terminal of 80 columns.

A DataFrame's own text leaves the middle columns out where a terminal is narrow, the title first,
and its own HTML has moments to the microsecond. Times are exact and not "3 hours ago": an output
that is kept must still be true when it is read again.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copilot_magics.display.html import text_to_html
from copilot_magics.display.inert import plain
from copilot_magics.words import counted, local_time, size

if TYPE_CHECKING:
    import pandas as pd

_MOST = 60
"""Rows that are shown; pandas' own limit."""

_HEADS = ("ID", "title", "turns", "last used", "model", "folder", "size", "notebook", "in use by")
_RIGHT = ("turns", "size")


def sessions_table(sessions: pd.DataFrame) -> str:
    """Return a table of sessions as plain text.

    Parameters
    ----------
    sessions : DataFrame
        As `list_sessions` returns it.
    """
    if sessions.empty:
        return "There are no sessions."
    shown = sessions[["session", "turns"]].assign(
        modified=_used(sessions),
        size=[size(count) for count in sessions["bytes"]],
        in_use=["yes" if held else "" for held in sessions["in_use"].fillna("")],
    )
    titles = (" ".join(plain(title).split()) for title in sessions["title"].fillna(""))
    shown.insert(1, "title", [_short(title) for title in titles])
    return shown.to_string(index=False, max_colwidth=100)


def sessions_html(sessions: Sequence[Mapping[Any, Any]]) -> str:
    """Return a table of sessions as HTML in which nothing acts.

    Parameters
    ----------
    sessions : sequence of mapping
        The rows of `list_sessions`, each by its columns; not the frame, which would cost whoever
        has none half a second for pandas.
    """
    if not sessions:
        return "<p>There are no sessions.</p>"
    head = "".join(_cell("th", name, name) for name in _HEADS)
    rows = (
        "".join(_cell("td", name, shown) for name, shown in zip(_HEADS, _shown(row), strict=True))
        for row in sessions[:_MOST]
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = len(sessions) - _MOST
    rest = f"<p>and {counted(more, 'session')} more</p>" if more > 0 else ""
    # A front end that looks for formulas must not find one in somebody's title.
    return (
        '<div class="tex2jax_ignore mathjax_ignore"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}</div>"
    )


def _shown(row: Mapping[Any, Any]) -> tuple[str, ...]:
    return (
        f"<code>{text_to_html(row['session'])}</code>",
        _text(row["title"], 80),
        str(row["turns"]) if isinstance(row["turns"], int) else "…",
        local_time(row["modified"]),
        _text(row["model"]),
        _text(row["cwd"], end=True),
        size(row["bytes"]),
        _text(row["notebook"], end=True),
        _text(row["in_use"], 60),
    )


def _cell(element: str, name: str, content: str) -> str:
    align = "right" if name in _RIGHT else "left"
    return f'<{element} style="text-align:{align};overflow-wrap:break-word">{content}</{element}>'


def _text(value: object, width: int = 40, *, end: bool = False) -> str:
    """Return a text as HTML, shortened, and whole where the mouse rests on it."""
    text = " ".join(plain(value).split()) if isinstance(value, str) else ""
    if len(text) <= width:
        return html.escape(text)
    short = f"…{text[1 - width :]}" if end else _short(text, width)
    return f'<span title="{html.escape(text[:1000])}">{html.escape(short)}</span>'


def _used(sessions: pd.DataFrame) -> list[str]:
    return [local_time(moment) for moment in sessions["modified"]]


def _short(text: str, width: int = 26) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
