"""The options of ``%%copilot`` that ask for more than text, and which of them go together."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from copilot_magics.errors import BadInput

if TYPE_CHECKING:
    from copilot_magics.answers.rounds import Wanted

_OBJECT = "Leave one out: an object has no code."
_RUNNING = "Leave one out: the turn that is running makes no cell."
_ONE_OF = (
    ("--as", "--code", _OBJECT),
    ("--as", "--fix", _OBJECT),
    ("--code", "--now", _RUNNING),
    ("--fix", "--now", _RUNNING),
    ("--fix", "--background", "Leave one out: a cell is made below the one that runs."),
)


def prompt_text(args: Namespace, text: str) -> str:
    """Return what a cell asks: what it says, or what its options ask for where it says nothing."""
    if args.fix and not text.strip():
        from copilot_magics.answers.fixing import PROMPT

        return PROMPT
    return text


def wanted(args: Namespace, shell: Any) -> Wanted | None:
    """Return what is to be made of a cell's answer, or None where that is its text alone.

    Parameters
    ----------
    args : argparse.Namespace
        The options of ``%%copilot``.
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that runs the cell.

    Raises
    ------
    BadInput
        Two of them exclude each other, or one cannot be used.
    """
    given = {f"--{name.removesuffix('_type')}" for name, value in vars(args).items() if value}
    for one, other, why in _ONE_OF:
        if {one, other} <= given:
            raise BadInput(f"{one} and {other} do not go together; nothing was sent.", why)
    if args.as_type is not None:
        return of_type(args.as_type, now=args.now)
    if args.fix:
        from copilot_magics.answers.fixing import Fix

        return Fix(shell)
    if args.code:
        from copilot_magics.answers.cells import NewCell

        return NewCell(shell)
    return None


def of_type(schema: Any, *, now: bool) -> Wanted | None:
    """Return what makes an object of an answer, or None where no type is given.

    Parameters
    ----------
    schema : type, str or None
        The type, or an expression for it in the names of the notebook.
    now : bool
        Whether the prompt is to be sent into a running turn.

    Raises
    ------
    BadInput
        It cannot be the type of an answer.
    """
    if schema is None:
        return None
    if now:
        raise BadInput(
            "schema and now do not go together; nothing was sent.",
            "Leave one out: the turn that is running has a form of answer of its own.",
        )
    from copilot_magics.answers.shapes import Shape
    from copilot_magics.answers.structured import Structured
    from copilot_magics.doors import shell

    return Structured(Shape(schema, getattr(shell(), "user_ns", {})))
