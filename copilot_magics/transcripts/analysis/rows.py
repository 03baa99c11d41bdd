"""Which rows of a DataFrame of messages: what was said, and where something stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from copilot_magics.errors import BadInput
from copilot_magics.transcripts.analysis.tables import decoded, repeated, require, where
from copilot_magics.transcripts.reading import by_person

if TYPE_CHECKING:
    import pandas as pd

    from copilot_magics.transcripts.analysis.tables import Mask


class _Prompt(msgspec.Struct, rename="camel"):
    source: Any = None
    is_autopilot_continuation: Any = None


def conversation(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the person's prompts and the agent's answers alone.

    Parameters
    ----------
    frame : DataFrame
        Of messages.

    Returns
    -------
    DataFrame
        The rows, with the columns, dtypes and index they had. What sub-agents, skills and
        schedules said is not among them, nor an answer without a text, nor an event again that a
        damaged journal repeats.

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    require(frame, "content")
    said = prompts(frame) | (answers(frame) & frame["content"].notna().to_numpy())
    if {"session", "event_id"} <= set(frame.columns):
        said &= ~repeated(frame)
    return frame[said]


def find(frame: pd.DataFrame, what: str | re.Pattern[str]) -> pd.DataFrame:
    """Return the rows in whose content something stands.

    Parameters
    ----------
    frame : DataFrame
        Of messages.
    what : str or compiled regular expression
        A text, in any case, or a pattern.

    Returns
    -------
    DataFrame
        The rows, with the columns, dtypes and index they had.

    Raises
    ------
    BadInput
        Where the DataFrame has no content, or this is neither a text nor a pattern for texts.
    """
    import numpy as np

    require(frame, "content")
    content = frame["content"].fillna("")
    if isinstance(what, str):
        folded = what.casefold()
        found = [folded in text.casefold() for text in content]
    elif isinstance(what, re.Pattern) and isinstance(what.pattern, str):
        found = [what.search(text) is not None for text in content]
    else:
        raise BadInput(
            f"{what!r} cannot be looked for.", "Give a text, or a pattern of re.compile()."
        )
    return frame[np.array(found, dtype=bool) & frame["content"].notna().to_numpy()]


def prompts(frame: pd.DataFrame) -> Mask:
    """Say of each row whether it is a prompt of the person, which begins a turn."""
    import numpy as np

    require(frame, "type", "agent_id", "data")
    said = where((frame["type"] == "user.message") & frame["agent_id"].isna())
    found = np.zeros(len(frame), dtype=bool)
    told = decoded(frame["data"][said], _Prompt)
    found[said] = [by_person(p.source, p.is_autopilot_continuation) if p else True for p in told]
    return found


def answers(frame: pd.DataFrame) -> Mask:
    """Say of each row whether it is a message of the agent itself, with a text or without."""
    require(frame, "type", "agent_id")
    return where((frame["type"] == "assistant.message") & frame["agent_id"].isna())
