"""The options of ``%%copilot`` that ask for more than text."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copilot_magics.answers.rounds import Wanted


def prompt_text(args: Namespace, text: str) -> str:
    """Return what a cell asks: what it says, or what its options ask for where it says nothing."""
    if args.fix and not text.strip():
        from copilot_magics.answers.fixing import PROMPT

        return PROMPT
    return text


def wanted(args: Namespace, shell: Any, *, may_be_saved: bool) -> Wanted | None:
    """Return what is to be made of a cell's answer, or None where that is its text alone.

    Parameters
    ----------
    args : argparse.Namespace
        The options of ``%%copilot``.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that runs the cell.
    may_be_saved : bool
        Whether a saved answer may be shown instead of asking.

    Raises
    ------
    BadInput
        One of them cannot be used.
    """
    if args.as_type is not None:
        return of_type(args.as_type)
    if args.fix:
        from copilot_magics.answers.fixing import Fix

        return Fix(shell, may_be_saved=may_be_saved)
    if args.code:
        from copilot_magics.answers.cells import NewCell

        return NewCell(shell)
    return None


def of_type(schema: Any) -> Wanted | None:
    """Return what makes an object of an answer, or None where no type is given.

    Parameters
    ----------
    schema : type, str or None
        The type, or an expression for it in the names of the notebook.

    Raises
    ------
    BadInput
        It cannot be the type of an answer.
    """
    if schema is None:
        return None
    from copilot_magics.answers.shapes import Shape
    from copilot_magics.answers.structured import Structured
    from copilot_magics.doors import shell

    return Structured(Shape(schema, getattr(shell(), "user_ns", {})))
