"""Options of ``%%copilot`` that exclude each other, each with what to type instead."""

from __future__ import annotations

from argparse import Namespace

from copilot_magics.errors import BadInput

_NOT_WITH_BACKGROUND = {
    "--code": "Leave it out; `reply.to_cell()` does it once the answer is there.",
}
_NOT_WITH_NOW = {
    "--as": "Leave one out: the turn that is running has a form of answer of its own.",
    "--model": "Leave it out: the turn that is running has its model.",
    "--timeout": "Leave it out: the turn that is running has its own.",
}


def check_together(args: Namespace) -> None:
    """Refuse options that cannot go together; nothing was sent.

    Parameters
    ----------
    args : argparse.Namespace
        The options of ``%%copilot``.

    Raises
    ------
    BadInput
        Two of them cannot.
    """
    given = {
        "--code": getattr(args, "code", False),
        "--as": getattr(args, "as_type", None) is not None,
        "--model": bool(args.model),
        "--timeout": args.timeout is not None,
    }
    for leading, others in (
        ("--background", _NOT_WITH_BACKGROUND if args.background else {}),
        ("--now", _NOT_WITH_NOW if args.now else {}),
    ):
        for other, mend in others.items():
            if given[other]:
                raise BadInput(f"{leading} and {other} do not go together; nothing was sent.", mend)


def check_now(now: bool, model: str, timeout: float | None) -> None:
    """Refuse what a prompt cannot have that goes into the turn that is running.

    Raises
    ------
    BadInput
        It has a model or a timeout.
    """
    if now and (model or timeout is not None):
        name = "--model" if model else "--timeout"
        raise BadInput(
            f"now=True and {name[2:]}= do not go together; nothing was sent.", _NOT_WITH_NOW[name]
        )
