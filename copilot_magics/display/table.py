"""The sessions as a table to look at: in a notebook, and in a terminal of 80 columns.

A DataFrame's own text leaves the middle columns out where a terminal is narrow, the title first,
and its own HTML has moments to the microsecond. Times are exact and not "3 hours ago": an output
that is kept must still be true when it is read again.
"""

from __future__ import annotations

import html
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


def sessions_html(sessions: pd.DataFrame) -> str:
    """Return a table of sessions as HTML in which nothing acts.

    Parameters
    ----------
    sessions : DataFrame
        As `list_sessions` returns it.
    """
    if sessions.empty:
        return "<p>There are no sessions.</p>"
    first = sessions.head(_MOST)
    columns = {
        "ID": [f"<code>{text_to_html(session)}</code>" for session in first["session"]],
        "title": _texts(first["title"], 80),
        "turns": [str(turns) for turns in first["turns"].astype("string").fillna("…")],
        "last used": _used(first),
        "model": _texts(first["model"]),
        "folder": _texts(first["cwd"], 40, end=True),
        "size": [size(count) for count in first["bytes"]],
        "notebook": _texts(first["notebook"], 40, end=True),
        "in use by": _texts(first["in_use"], 60),
    }
    head = "".join(_cell("th", name, name) for name in _HEADS)
    rows = (
        "".join(_cell("td", name, content) for name, content in zip(_HEADS, row, strict=True))
        for row in zip(*(columns[name] for name in _HEADS), strict=True)
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    more = len(sessions) - len(first)
    rest = f"<p>and {counted(more, 'session')} more</p>" if more else ""
    # A front end that looks for formulas must not find one in somebody's title.
    return (
        '<div class="tex2jax_ignore mathjax_ignore"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}</div>"
    )


def _cell(element: str, name: str, content: str) -> str:
    align = "right" if name in _RIGHT else "left"
    return f'<{element} style="text-align:{align};overflow-wrap:break-word">{content}</{element}>'


def _texts(values: Any, width: int = 40, *, end: bool = False) -> list[str]:
    """Return texts as HTML, shortened, and whole where the mouse rests on them."""
    shown = []
    for text in (" ".join(plain(value).split()) for value in values.fillna("")):
        short = f"…{text[1 - width :]}" if end and len(text) > width else _short(text, width)
        escaped = html.escape(short)
        whole = html.escape(text[:1000])
        shown.append(escaped if short == text else f'<span title="{whole}">{escaped}</span>')
    return shown


def _used(sessions: pd.DataFrame) -> list[str]:
    return [local_time(moment.to_pydatetime()) for moment in sessions["modified"]]


def _short(text: str, width: int = 26) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
