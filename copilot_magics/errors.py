"""Every error a user can see: one sentence that says what is wrong, and its mend.

::

    CopilotError
    ├── BadInput                 an option, a pattern, a path or a name that cannot be used
    │   ├── InvalidSessionID     an ID the runtime would refuse
    │   ├── SessionExists        --new, and there is one
    │   └── SessionNotFound      --resume, or a history that nobody has
    ├── SessionInUse             another kernel, or a terminal, holds the session
    ├── StateUnusable            the disk refuses what has to be kept; an OSError
    ├── RuntimeUnavailable       no Copilot runtime, or one that does not start
    ├── StillRunning             a turn in the background, longer than one wanted to wait
    ├── ProviderUnavailable      nobody who could answer: no login, no key, no local model
    └── TurnError                a prompt was sent, and no whole answer came; carries ``.reply``
        ├── TurnFailed           the provider or the runtime said why
        │   └── InvalidAnswer    an answer came, and is not what ``--as`` asked for
        ├── TurnTimedOut         --timeout passed
        └── TurnAborted          ``Session.abort()`` or ``Reply.stop()`` ended it
    Interrupted                  the user interrupted; a KeyboardInterrupt
    └── TurnInterrupted          while a prompt was on its way; carries ``.reply``
    AwaitInterrupted             the user interrupted ``await reply``; an asyncio.CancelledError

They are raised, never printed, so that Run All, papermill and nbclient stop at them; and IPython
shows them without a traceback, because the mend is in the text and not in our source.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copilot_magics.reply import Reply


class _Plain(BaseException):
    """Shown as its own text: ``_render_traceback_`` is IPython's hook for that."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class CopilotError(_Plain, Exception):
    """What went wrong, in one sentence, and what to do about it.

    Parameters
    ----------
    what : str
        One sentence that says what is wrong.
    mend : str, optional
        What to type or do instead; appended to the text.
    """

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(f"{what} {mend}" if mend else what)
        self.what = what
        self.mend = mend


class BadInput(CopilotError, ValueError):
    """An option, a pattern, a path or a name that cannot be used; nothing was done."""


class InvalidSessionID(BadInput):
    """A session ID the runtime would refuse."""


class SessionExists(BadInput):
    """A new session was asked for under an ID that has a conversation."""


class SessionNotFound(BadInput):
    """No session has this ID or title."""


class SessionInUse(CopilotError):
    """Another kernel, or the terminal's copilot, holds this session."""


class StateUnusable(CopilotError, OSError):
    """What has to be kept on disk cannot be: it is full, read-only, or somebody else's."""


class RuntimeUnavailable(CopilotError):
    """The Copilot runtime is missing, does not start, or is gone."""


class ProviderUnavailable(CopilotError):
    """Nobody would answer: no login, no key, no model."""


class TurnError(CopilotError):
    """A prompt was sent and no whole answer came.

    Parameters
    ----------
    what, mend : str
        As for `CopilotError`.
    reply : Reply, optional
        What had arrived until then.
    """

    def __init__(self, what: str, mend: str = "", *, reply: Reply | None = None) -> None:
        super().__init__(what, mend)
        self.reply = reply


class TurnFailed(TurnError):
    """The provider or the runtime ended the turn."""


class InvalidAnswer(TurnFailed):
    """An answer came that is not of the type that was asked for; ``.reply.text`` has it."""


class TurnTimedOut(TurnError, TimeoutError):
    """The turn took longer than ``--timeout``."""


class TurnAborted(TurnError):
    """The turn was ended by `Session.abort`, `Reply.stop` or its Stop button."""


class StillRunning(CopilotError, TimeoutError):
    """A turn in the background took longer than somebody wanted to wait; it goes on."""


class Interrupted(_Plain, KeyboardInterrupt):
    """The user interrupted what is not a turn: opening a session, listing models.

    A `KeyboardInterrupt`, so that ``except Exception`` in a loop of prompts does not swallow it.
    """


class TurnInterrupted(Interrupted):
    """The user interrupted the cell while a prompt was on its way."""

    def __init__(self, what: str, *, reply: Reply | None = None) -> None:
        super().__init__(what)
        self.reply = reply


class AwaitInterrupted(_Plain, asyncio.CancelledError):
    """The user interrupted a cell that awaited a turn in the background, which goes on.

    An `asyncio.CancelledError`, as whatever is awaited must raise when it is cancelled.
    """


def closest(wanted: str, known: Iterable[str], *, most: int = 3) -> str:
    """Say which known names are closest to the wanted one.

    Parameters
    ----------
    wanted : str
        What was asked for.
    known : iterable of str
        What there is.
    most : int
        How many to name.

    Returns
    -------
    str
        ``"Did you mean 'a' or 'b'?"``, or an empty string where nothing is close.
    """
    import difflib

    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(wanted.casefold(), by_folded, n=most, cutoff=0.6)
    if not found:
        return ""
    return f"Did you mean {' or '.join(repr(by_folded[name]) for name in found)}?"
