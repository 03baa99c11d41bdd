"""What `list_sessions` returns: a DataFrame in every way but how it looks when it is shown.

What is made from it, a column or a row less, is a plain DataFrame again.
"""

from __future__ import annotations

import pandas as pd

from copilot_magics.display.table import sessions_html, sessions_table


class SessionsFrame(pd.DataFrame):
    """Sessions, one a row, shown as a person reads them: local times, sizes, who uses them."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def _repr_html_(self) -> str:
        return sessions_html(self.to_dict("records"))

    def __repr__(self) -> str:
        return sessions_table(self)
