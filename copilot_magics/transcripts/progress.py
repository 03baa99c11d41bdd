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
        self._shown: Any = None
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
        if self._shown is not None:
            # A widget that is left in a saved notebook is a gap when it is opened again.
            self._bar.container.close()
            self._shown.update({"text/plain": ""}, raw=True)

    def advance(self, count: int) -> None:
        """Say that so many bytes more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._begun > self._patience:
            self._begin()

    def _begin(self) -> None:
        from tqdm.auto import tqdm
        from tqdm.notebook import tqdm_notebook

        in_notebook = issubclass(tqdm, tqdm_notebook)
        options: dict[str, Any] = {"display": False} if in_notebook else {}
        self._bar = tqdm(
            total=self._total,
            initial=self._done,
            desc=self._what,
            unit="B",
            unit_scale=True,
            leave=False,
            **options,
        )
        if in_notebook:
            from IPython.display import display

            self._shown = display(self._bar.container, display_id=True)
