"""One call of a tool: what it is for, how it went, and how long it took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ToolCall:
    """One call of a tool, as far as it is shown.

    Attributes
    ----------
    name : str
        The tool's name.
    brief : str
        What it is called for, in one line.
    arguments : object
        Its arguments, as the model gave them.
    succeeded : bool or None
        How it went; None while it runs.
    result : str
        What the model was told, or why there is nothing to tell.
    duration : float
        Seconds that it took, or has taken so far.
    """

    name: str
    brief: str
    arguments: Any = None
    succeeded: bool | None = None
    result: str = ""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def duration(self) -> float:
        return (time.monotonic() if self.ended is None else self.ended) - self.began
