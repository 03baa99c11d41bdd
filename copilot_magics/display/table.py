"""The sessions as a plain table, for a terminal: what tells one from another, in 80 columns.

A DataFrame's own text leaves the middle columns out where a terminal is narrow, the title first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
"""What could drive a terminal; a title may have been a model's idea."""


def sessions_table(sessions: pd.DataFrame) -> str:
    """Return a table of sessions.

    Parameters
    ----------
    sessions : DataFrame
        As `list_sessions` returns it.
    """
    if sessions.empty:
        return "There are no sessions."
    local = (moment.to_pydatetime().astimezone() for moment in sessions["modified"])
    used = [f"{moment:%Y-%m-%d %H:%M}" for moment in local]
    title = sessions["title"].fillna("").str.replace(_CONTROL, "", regex=True)
    shown = sessions[["session", "turns"]].assign(
        modified=used, in_use=["yes" if held else "" for held in sessions["in_use"].fillna("")]
    )
    shown.insert(1, "title", [_short(text) for text in title])
    return shown.to_string(index=False, max_colwidth=100)


def _short(text: str, width: int = 30) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
