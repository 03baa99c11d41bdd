"""A progress bar for what takes longer than a second, and none for what does not."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

PATIENCE = 1.0
"""Seconds that a person waits without wondering."""


class Progress:
    """A bar of bytes, in the notebook where there is one, else on standard error.

    It is imported and shown only after a while, and goes when all is done.

    Parameters
    ----------
    total : int
        How many bytes there are.
    what : str
        What is being done.
    patience : float
        Seconds without a bar.
    """

    def __init__(self, total: int, what: str, patience: float = PATIENCE) -> None:
        self._total, self._what, self._patience = total, what, patience
        self._done = 0
        self._bar: Any = None
        self._begun = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def advance(self, count: int) -> None:
        """Say that so many bytes more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._begun > self._patience:
            from tqdm.auto import tqdm

            self._bar = tqdm(
                total=self._total,
                initial=self._done,
                desc=self._what,
                unit="B",
                unit_scale=True,
                leave=False,
            )
