"""What went wrong in code that a tool ran, as text for the agent."""

from __future__ import annotations

import traceback
from types import TracebackType

from copilot_magics.errors import CopilotError
from copilot_magics.mentions.naming import full_name
from copilot_magics.tools.results import bounded
from copilot_magics.tools.showing import limited
from copilot_magics.tools.work import Interrupted

_MOST = 5_000
"""Bytes of a traceback that the agent is told."""


def described(problem: BaseException, trace: TracebackType | None) -> str:
    """Return an error as text; an exception, too, may be of a hostile kind.

    Parameters
    ----------
    problem : BaseException
        The error.
    trace : traceback or None
        Where it happened, without what is above the code.
    """
    if isinstance(problem, CopilotError):
        # One sentence and its mend; our source would tell nothing more.
        return f"{type(problem).__name__}: {problem}"
    try:
        with limited():
            lines = traceback.format_exception(type(problem), problem, trace)
    except Interrupted:
        raise
    except BaseException:
        # Its own words may raise anything, too.
        lines = [full_name(type(problem))]
    return bounded("".join(lines).rstrip("\n"), _MOST)


def below(trace: TracebackType | None, file: str) -> TracebackType | None:
    """Return a traceback from the first frame on whose code is in a file.

    Parameters
    ----------
    trace : traceback or None
        A traceback.
    file : str
        The file's name, as the code knows it.
    """
    while trace is not None and trace.tb_frame.f_code.co_filename != file:
        trace = trace.tb_next
    return trace
