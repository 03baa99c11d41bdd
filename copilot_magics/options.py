"""A magic's line, parsed: IPython's `magic_arguments` with errors that say what to type instead.

``%copilot TEXT`` is the exception to it: its text is sent as it stands, so only the options before
it are split into words.
"""

from __future__ import annotations

import re
import shlex
from argparse import Namespace
from typing import Any

from IPython.core.error import UsageError

from copilot_magics.errors import BadInput, closest
from copilot_magics.texts import check_text

_TYPE = re.compile(r"(?<!\S)--as(?:=|\s+)(?=\S)")
# argparse (up to Python 3.12) takes the dashes for the end of the options, and no value for a list.
_DASHES = re.compile(r"(-[^=]*)=--")
_UNKNOWN = re.compile(r"unrecognized arguments: (.*)", re.DOTALL)


def parse(magic: Any, line: str) -> Namespace | None:
    """Parse a magic's line.

    Parameters
    ----------
    magic : callable
        The magic, decorated with `magic_arguments`.
    line : str
        What stands behind its name.

    Returns
    -------
    argparse.Namespace or None
        None where help was asked for, which has then been printed.

    Raises
    ------
    BadInput
        The line cannot be understood.
    """
    parser = magic.parser
    check_text(line, "What was typed")
    try:
        split = words(_with_types_quoted(line))
        args: Namespace = parser.parse_args(split)
    except (UsageError, ValueError) as error:
        raise BadInput(*_told(parser, str(error))) from None
    if args.help:
        print(parser.format_help().removeprefix("::").strip())
        return None
    if found := next(filter(None, map(_DASHES.fullmatch, split)), None):
        mend = f"`%{_name(parser)} --help` says what may stand behind it."
        raise BadInput(f"{found[1]} cannot be '--'.", mend)
    return args


def words(line: str) -> list[str]:
    """Split a line as a shell does, but for backslashes, which paths on Windows are full of."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.escape = ""
    return list(lexer)


def split_prompt(magic: Any, line: str) -> tuple[str, str]:
    """Split the line of ``%copilot`` into its options and its text.

    Parameters
    ----------
    magic : callable
        The magic.
    line : str
        What stands behind its name.
    """
    takes_value = {
        option: action.nargs != 0
        for action in magic.parser._actions
        for option in action.option_strings
    }
    at = 0
    while found := re.compile(r"\s*(--?[a-z][a-z-]*)(=\S*)?(?=\s|$)").match(line, at):
        if found[1] not in takes_value:
            break
        at = found.end()
        if begun := _TYPE.match(line, found.start(1)):
            at = _end_of_type(line, begun.end())
        elif takes_value[found[1]] and found[2] is None:
            value = re.compile(r"""\s+("(?:[^"\\]|\\.)*"|'[^']*'|\S+)""").match(line, at)
            at = value.end() if value else len(line)
    return line[:at], line[at:].strip()


def _with_types_quoted(line: str) -> str:
    """Return a line in which ``--as DataFrame[name: str, age: int]`` is two words, not four."""
    written, at = "", 0
    while found := _TYPE.search(line, at):
        end = _end_of_type(line, found.end())
        written += f"{line[at : found.start()]}--as={_quoted(line[found.end() : end])}"
        at = end
    return written + line[at:]


def _end_of_type(line: str, at: int) -> int:
    """Return where an expression ends: at a blank that stands in no brackets and no quotes."""
    depth, quote = 0, ""
    for position, char in enumerate(line[at:], at):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char.isspace() and depth <= 0:
            return position
        else:
            depth += (char in "[(") - (char in "])")
    return len(line)


def _quoted(expression: str) -> str:
    # What the user has put into quotes as a whole needs no others.
    whole = re.fullmatch(r"""'[^']*'|"[^"]*"|""", expression)
    return expression if whole else shlex.quote(expression)


def _name(parser: Any) -> str:
    return str(parser.prog).removeprefix("::").strip()


def _told(parser: Any, message: str) -> tuple[str, str]:
    if message == "No closing quotation":
        return "A quotation mark is not closed.", "Close it, or put the text into other ones."
    name = _name(parser)
    if found := _UNKNOWN.search(message):
        # An argument may be nothing but blanks, or nothing.
        wanted = (found[1].split() or [""])[0]
        known = [option for action in parser._actions for option in action.option_strings]
        what = f"%{name} does not know {found[1]!r}."
        if not wanted.startswith("-") and name == "copilot":
            return (
                what,
                "The prompt goes into the lines below %%copilot; `%copilot TEXT` sends one.",
            )
        return what, closest(wanted, known) or f"`%{name} --help` lists its options."
    return f"%{name}: {message.rstrip('.')}.", f"`%{name} --help` says how it is used."
