"""A magic that is interrupted ends in one line, wherever that finds it.

Whoever waits for the runtime hears of an interrupt in its own way; but a magic also imports, reads
small files and asks, and there Python's own interrupt would show our source.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from copilot_magics.errors import Interrupted

Magic = TypeVar("Magic", bound=Callable[..., Any])


def interruptible(magic: Magic) -> Magic:
    """Have a magic raise `Interrupted` where it would raise a bare `KeyboardInterrupt`.

    Parameters
    ----------
    magic : callable
        The magic, decorated with `magic_arguments`.
    """

    @functools.wraps(magic)
    def plain(*args: Any, **options: Any) -> Any:
        try:
            return magic(*args, **options)
        except Interrupted:
            raise
        except KeyboardInterrupt:
            raise Interrupted("Interrupted; run the cell again to have it done.") from None

    return cast(Magic, plain)
