"""What is shown of code's value and of its figures, whatever the value's class is like.

A value's own ``repr`` is asked for in a child first, unless its class is known to be harmless: only
what answers there is shown as IPython would show it, and that for a limited time.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from copilot_magics.mentions.guarded import asked_repr
from copilot_magics.mentions.naming import full_name, is_a, is_from, plain_kind
from copilot_magics.mentions.rendering import own
from copilot_magics.tools.capturing import spelled_out

_SECONDS = 5.0
"""How long a value may take to say how it is shown."""

_KNOWN = (
    ("pandas", "DataFrame"),
    ("pandas", "Series"),
    ("pandas", "Index"),
    ("numpy", "ndarray"),
    ("polars", "DataFrame"),
    ("polars", "Series"),
    ("matplotlib.figure", "Figure"),
)

_OBJECTS = 10_000
"""Objects in a column or an array that are looked at, whether they are all harmless."""


class TooLong(BaseException):
    """It took too long; no `Exception`, so that nobody on the way takes it for his own."""


def show(shell: Any, value: object) -> str:
    """Show a value as a cell shows that of its last line, and return it as text.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that shows it.
    value : object
        Any object.
    """
    told, answered = ("", True) if _is_harmless(value) else asked_repr(value)
    data, metadata = {"text/plain": told}, {}
    if answered:
        try:
            with limited():
                data, metadata = map(spelled_out, shell.display_formatter.format(value))
        except TooLong:
            name = full_name(type(value))
            data = {"text/plain": told or f"<{name}: to show it took too long>"}
    if not data:
        # It has shown itself.
        return told
    shell.display_pub.publish(data, metadata)
    text = data.get("text/plain")
    return text if isinstance(text, str) else told


def _is_harmless(value: Any) -> bool:
    """Say whether to show a value runs nobody's code but that of the library that it is of."""
    known = next((one for one in _KNOWN if is_a(value, *one)), None)
    if known is None or not is_from(type(value), known[0].partition(".")[0]):
        return False
    match known:
        case "matplotlib.figure", _:
            return True
        case "polars", _:
            kinds = value.dtypes if known[1] == "DataFrame" else [value.dtype]
            return not any("Object" in str(kind) for kind in kinds)
        case "pandas", "DataFrame":
            others = [n for n, kind in enumerate(value.dtypes) if not _is_of_values(kind)]
            parts = value.columns, value.index, value.iloc[:, others]
            return all(map(_holds_known, parts))
        case "pandas", "Series":
            return _holds_known(value) and _holds_known(value.index)
    return _holds_known(value)


def _holds_known(held: Any) -> bool:
    """Say whether an array, an index or a part of a table is written by known code alone."""
    import numpy as np

    if not _are_known(getattr(held, "names", [getattr(held, "name", None)])):
        return False
    if is_a(held, "pandas", "MultiIndex"):
        return all(map(_holds_known, held.levels))
    dtype = getattr(held, "dtype", None)
    if is_a(dtype, "pandas", "CategoricalDtype"):
        return _holds_known(held.dtype.categories)
    if _is_of_values(dtype):
        return True
    return held.size <= _OBJECTS and _are_known(np.asarray(held, dtype=object).flat)


def _is_of_values(dtype: Any) -> bool:
    """Say whether what has this type are values of the library's own, and no objects."""
    if is_a(dtype, "numpy", "dtype"):
        return not dtype.hasobject
    others = ("CategoricalDtype", "SparseDtype")
    return is_from(type(dtype), "pandas") and not any(is_a(dtype, "pandas", n) for n in others)


def _are_known(objects: Iterable[Any]) -> bool:
    return all(plain_kind(one) in (str, int) or own(one) for one in objects)


@contextlib.contextmanager
def new_figures() -> Iterator[None]:
    """Show the figures that are drawn in here, as the end of a cell does; no others.

    A figure that the user has begun in his cell, before the agent was asked, stays open.
    """
    before = set(_figures())
    yield
    figures = _figures()
    drawn = [number for number in figures if number not in before]
    if not drawn or "inline" not in sys.modules["matplotlib"].get_backend():
        return
    from IPython.display import display

    for number in drawn:
        display(figures[number].canvas.figure)
        sys.modules["matplotlib._pylab_helpers"].Gcf.destroy(number)


def _figures() -> dict[int, Any]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return dict(helpers.Gcf.figs) if helpers else {}


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Have `TooLong` raised in what takes too long here; nothing where signals cannot do that."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return
    running = True

    def late(_number: int, _frame: FrameType | None) -> None:
        if running:
            raise TooLong

    before = signal.signal(signal.SIGALRM, late)
    # Again and again: what catches everything once may not catch it in the next moment.
    timer = signal.setitimer(signal.ITIMER_REAL, _SECONDS, 0.01)
    try:
        try:
            yield
        finally:
            running = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
