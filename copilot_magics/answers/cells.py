"""An answer's code where the user can read it, change it and run it; nothing runs by itself.

A kernel cannot make a cell, but its reply to a cell may name the next input: JupyterLab, Notebook 7
and VS Code put that into a new cell below, and a terminal into its next line. They look at one
such input for each reply, so what one cell says in pieces is joined. Where a notebook is run by a
program nobody looks at it, and the answer keeps its code.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from copilot_magics.binding import watched
from copilot_magics.display.fences import Fence, blocks
from copilot_magics.display.inert import plain
from copilot_magics.errors import BadInput
from copilot_magics.words import counted

if TYPE_CHECKING:
    from copilot_magics.reply import Reply
    from copilot_magics.turn import Turn

_PYTHON = frozenset({"python", "py", "ipython"})
"""What the language of a block for a notebook's cell is called, whatever its version."""

_ABOVE_MAGIC = re.compile(r"(?:[ \t]*(?:#.*)?\n)+(?=[ \t]*%%)")
"""Comments and empty lines, below which a cell magic would be none."""

_BELOW = "The code is in a new cell below, to be read and run by you."
_NEXT = "The code is your next input, to be read and run by you."
AGAIN = "Its code was put into a cell when it was answered; `_.to_cell()` makes another one."
_APART = (
    "A block that begins with %% needs a cell of its own: `_.to_cell(1)` makes one of the second "
    "block, and so on."
)
_ALONE = (
    "A cell that begins with %% can hold nothing else, and this cell makes one already: the code "
    "stays in the answer, and in the reply's `.code`."
)
NO_CODE = "The answer holds no Python code: no cell was made."

_WITH_CODE = (
    "(Answer with Python code for one cell of a Jupyter notebook, in one fenced block marked "
    "`python`, to be read and then run by the user in the running kernel. Do not write it to a "
    "file, and do not run it.)"
)


def fences(text: str) -> list[Fence]:
    """Return the fenced blocks of a Markdown text, in order."""
    return [block for block in blocks(text) if isinstance(block, Fence)]


def python_code(text: str) -> str:
    """Return the Python code of an answer as one cell, or an empty string.

    Parameters
    ----------
    text : str
        The answer, Markdown. Blocks in other languages are left out; those that name none count
        where they can be read as Python, which a table or an output cannot. A cell magic takes
        the whole cell: where the first block begins with one, it stands alone, and any other that
        does is left out.
    """
    found = _python_blocks(text)
    if found and is_cell_magic(found[0]):
        return found[0]
    return _joined([_unindented(code) for code in found if not is_cell_magic(code)])


def block_code(text: str, number: int) -> str:
    """Return one block of an answer, as one cell.

    Parameters
    ----------
    text : str
        The answer, Markdown.
    number : int
        Which of its blocks, counted from 0; a negative one counts from the end.

    Raises
    ------
    BadInput
        There is no such block, or it is in another language.
    """
    found = fences(text)
    if isinstance(number, bool) or not isinstance(number, int):
        raise BadInput(f"A code block cannot have the number {number!r}.", "Give one such as 0.")
    if not -len(found) <= number < len(found):
        many = f"The answer has {counted(len(found), 'code block')}, and none with number {number}."
        raise BadInput(many, "They are counted from 0, as in `reply.code`." if found else "")
    fence = found[number]
    if fence.language and not is_python(fence.language):
        raise BadInput(
            f"Code block {number} is {plain(fence.language)}, not Python: no cell was made.",
            f"`reply.code[{number}]` has its text.",
        )
    return cell_code(fence)


def into_cell(text: str, number: int | None) -> None:
    """Put an answer's code into a new cell, for whoever asks for that later.

    Parameters
    ----------
    text : str
        The answer, Markdown.
    number : int or None
        Which of its blocks; None for all that are Python.

    Raises
    ------
    BadInput
        There is no such code, or no notebook.
    """
    from copilot_magics.doors import shell

    code = python_code(text) if number is None else block_code(text, number)
    if not code:
        raise BadInput(NO_CODE, "The reply's `.code` has the blocks in other languages.")
    running = shell()
    if running is None:
        raise BadInput("There is no notebook to make a cell in.", "The reply's `.code` has it.")
    said = put(running, code)
    # Where it can be seen, it need not be said.
    if said not in (_BELOW, _NEXT):
        print(said)


def put(shell: Any, code: str) -> str:
    """Put code into a new cell below the running one, or into the next input of a terminal.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that runs the cell.
    code : str
        The code.

    Returns
    -------
    str
        A line that says where it is.
    """
    if hasattr(shell, "kernel"):
        if not watched(shell):
            return (
                "Nobody is there to be given a cell: the code stays in the answer, "
                "and in the reply's `.code`."
            )
        parts, said = [*_waiting(shell), code], _BELOW
    elif not hasattr(shell, "rl_next_input") or getattr(shell, "simple_prompt", False):
        return "This prompt cannot be filled in: the code is in the answer, and in `_.code`."
    else:
        parts, said = [*filter(None, [shell.rl_next_input]), code], _NEXT
    if len(parts) > 1 and any(map(is_cell_magic, parts)):
        return _ALONE
    shell.set_next_input(_joined(parts))
    return said


def _waiting(shell: Any) -> list[str]:
    """Return what the running cell has put there already."""
    named = [
        payload
        for payload in shell.payload_manager.read_payload()
        if payload.get("source") == "set_next_input" and not payload.get("replace")
    ]
    return [payload["text"] for payload in named]


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part.strip())


def cell_code(fence: Fence) -> str:
    """Return a block as the code of a cell."""
    # What cannot be seen must not be run: it may turn the order of what is read.
    code = plain(fence.code).strip("\n").rstrip()
    above = _ABOVE_MAGIC.match(code)
    return code[above.end() :] if above else code


def is_python(language: str) -> bool:
    """Say whether a block's language, such as ``python`` or ``python3.11``, is that of cells."""
    return language.lower().rstrip("0123456789.") in _PYTHON


def _python_blocks(text: str) -> list[str]:
    return [
        code
        for fence in fences(text)
        if is_python(fence.language) or (not fence.info.strip() and _does(cell_code(fence)))
        if (code := cell_code(fence))
    ]


def _unindented(code: str) -> str:
    """Return a block as IPython runs it alone: joined, one's indent would be that of all."""
    from IPython.core.inputtransformer2 import leading_indent

    return "".join(leading_indent(code.splitlines(keepends=True)))


def is_cell_magic(code: str) -> bool:
    """Say whether a cell's code is for a cell magic; IPython takes off what it is indented by."""
    return code.lstrip().startswith("%%")


def _does(code: str) -> bool:
    """Say whether a text is Python that does something, and not a number, a word or a list."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        tree = ast.parse(TransformerManager().transform_cell(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        isinstance(node, ast.Call | ast.Attribute | ast.Subscript | ast.Await)
        or (isinstance(node, ast.stmt) and not isinstance(node, ast.Expr | ast.AnnAssign))
        for node in ast.walk(tree)
    )


class NewCell:
    """``--code``: the answer's Python code goes into a new cell below.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell that runs the cell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def prepare(self, turn: Turn) -> None:
        """Have the model answer with code, instead of writing a file, say."""
        turn.aside = _WITH_CODE

    def take(self, turn: Turn, reply: Reply) -> None:
        """Put the code there, and say so."""
        if reply.outcome == "answered":
            code = python_code(reply.text)
            reply.notes.append(put(self._shell, code) if code else NO_CODE)
            if len(found := _python_blocks(reply.text)) > 1 and any(map(is_cell_magic, found)):
                reply.notes.append(_APART)

    def take_saved(self, reply: Reply) -> bool:
        """Make no second cell: the first is in the notebook that is run again."""
        if python_code(reply.text):
            reply.notes.append(AGAIN)
        return True
