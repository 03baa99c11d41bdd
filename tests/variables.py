"""What a reporter of errors shows: the variables of every frame that an error came through."""

from __future__ import annotations

import traceback


def variables_of(error: BaseException) -> str:
    """Return them all, also of what led to the error, whether it would be told or not."""
    texts, told, errors = [], [], [error]
    while errors:
        error = errors.pop()
        told.append(error)
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        texts += [f"{type(error).__name__}: {error}", *shown.stack.format()]
        led = (error.__cause__, error.__context__)
        errors += [other for other in led if other is not None and other not in told]
    return "\n".join(texts)
