"""Options of a prompt that exclude each other, each pair with what to type instead."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from copilot_magics.errors import BadInput

_OBJECT = "Leave one out: an object has no code."
_NO_CELL = "Leave one out: the turn that is running makes no cell."
_PAIRS = (
    ("--as", "--code", _OBJECT),
    ("--as", "--fix", _OBJECT),
    ("--fix", "--background", "Leave one out: a cell is made below the one that runs."),
    (
        "--background",
        "--code",
        "Leave it out; `reply.to_cell()` does it once the answer is there.",
    ),
    ("--code", "--now", _NO_CELL),
    ("--fix", "--now", _NO_CELL),
)
_NOT_WITH_NOW = {
    "model": "Leave it out: the turn that is running has its model.",
    "timeout": "Leave it out: the turn that is running has its own.",
    "as": "Leave one out: the turn that is running has a form of answer of its own.",
}


def check_options(args: Namespace) -> None:
    """Refuse options of ``%%copilot`` that exclude each other.

    Parameters
    ----------
    args : argparse.Namespace
        The options.

    Raises
    ------
    BadInput
        Two of them do; nothing was sent.
    """
    values = {name.removesuffix("_type"): value for name, value in vars(args).items()}
    given = {f"--{name}" for name, value in values.items() if _is_given(value)}
    alone = (("--now", f"--{name}", mend) for name, mend in _NOT_WITH_NOW.items())
    for one, other, mend in (*_PAIRS, *alone):
        if {one, other} <= given:
            raise _exclude(one, other, mend)


def check_now(now: bool, model: str, timeout: float | None, schema: Any) -> None:
    """Refuse what a prompt cannot have that goes into the turn that is running.

    Parameters
    ----------
    now : bool
        Whether it does.
    model, timeout, schema
        As in `Session.ask`.

    Raises
    ------
    BadInput
        It has one of these; nothing was sent.
    """
    had = {"model": model, "timeout": timeout, "as": schema}
    for name, mend in _NOT_WITH_NOW.items():
        if now and _is_given(had[name]):
            raise _exclude("now=True", f"{'schema' if name == 'as' else name}=", mend)


def _is_given(value: Any) -> bool:
    return value is not None and value is not False and value != "" and value != []


def _exclude(one: str, other: str, mend: str) -> BadInput:
    return BadInput(f"{one} and {other} do not go together; nothing was sent.", mend)
