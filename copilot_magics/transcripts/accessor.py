"""``df.copilot``: what can be asked of a DataFrame of messages, beyond what pandas answers.

Importing this module registers the accessor; `get_messages` does.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pandas as pd

from copilot_magics.errors import BadInput


@pd.api.extensions.register_dataframe_accessor("copilot")
class CopilotAccessor:
    """The methods of ``df.copilot``.

    Parameters
    ----------
    frame : DataFrame
        A frame of `get_messages`, or any part of one.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def payload(self) -> pd.Series[Any]:
        """Return each event's whole payload as a dict, beside its row.

        Returns
        -------
        Series
            With the frame's index.

        Raises
        ------
        BadInput
            Where the frame has no column ``data``.
        """
        if "data" not in self._frame:
            raise BadInput(
                "This DataFrame has no column 'data'.", "Leave it in columns= of get_messages()."
            )
        texts = self._frame["data"]
        return pd.Series(
            [None if pd.isna(text) else _decoded(text) for text in texts],
            index=texts.index,
            dtype="object",
            name="payload",
        )


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        # It refuses integers and escapes that Python's own decoder takes.
        return json.loads(text)
