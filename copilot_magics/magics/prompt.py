"""``%%copilot``: send a cell as a prompt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from IPython.core.magic import line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from copilot_magics.config import CONTEXTS
from copilot_magics.interruptible import interruptible
from copilot_magics.magics.common import HELP, NotebookMagics, begin_imports
from copilot_magics.options import parse, split_prompt

if TYPE_CHECKING:
    from copilot_magics.prompting import Prompt
    from copilot_magics.reply import Reply


@magics_class
class PromptMagics(NotebookMagics):
    """``%%copilot`` and ``%copilot``."""

    @line_cell_magic
    @interruptible
    @magic_arguments()
    @HELP
    @argument("--session", default="", metavar="ID", help="Another session, for this prompt only.")
    @argument("--model", default="", help="Another model, for this prompt only.")
    @argument("--timeout", default=None, metavar="SECONDS", help="Give the turn up after that.")
    @argument(
        "--attach",
        action="append",
        default=[],
        metavar="PATH",
        help="A file, image or folder to send along; repeatable.",
    )
    @argument(
        "--context",
        default="",
        metavar="WHAT",
        help=f"Send an overview of the notebook along: {', '.join(CONTEXTS)}.",
    )
    @argument("--quiet", action="store_true", help="Show nothing; the reply is in _.")
    @argument("--into", default="", metavar="VAR", help="Put the reply into this variable too.")
    @argument(
        "--background",
        action="store_true",
        help="Return at once, and go on while other cells run; reply.wait() waits, reply.stop() "
        "ends it.",
    )
    @argument(
        "--now",
        action="store_true",
        help="Send it into the turn that is running, if one is, instead of waiting for its end.",
    )
    @argument(
        "--verbose",
        action="store_true",
        help="Show what it used: context, calls of the model, tokens, tools.",
    )
    @argument(
        "--code",
        action="store_true",
        help="Put the answer's Python code into a new cell below, to be read and run by you.",
    )
    @argument(
        "--as",
        dest="as_type",
        default=None,
        metavar="TYPE",
        help="Have an object of this type in the reply's .value, validated: a Pydantic model, a "
        "dataclass, a TypedDict, list[Model], DataFrame, or DataFrame[name: str, age: int].",
    )
    @argument(
        "--fix",
        action="store_true",
        help="Have the cell that failed last explained and mended: as a diff, and in a new cell.",
    )
    def copilot(self, line: str, cell: str | None = None) -> Reply | None:
        """Send the cell, word for word, as a prompt to this notebook's session.

        What it mentions is sent along: @df (a variable: its type and a summary), @file.csv and
        @folder/, @cell:3, @last (the last cell and its output), @error (the last traceback, with
        its cell). Tab completes them; a literal @ is written \\@, or stands in code.

        ``%copilot TEXT`` sends one line, with IPython's {name} and $name expanded: as text, in
        which nothing is an option or a mention, but for a word as in @{name}. The value is a
        Reply: .text, .code, .value, .messages, .usage, .session, .duration, .outcome, .to_cell().
        """
        prompt = self._prompt(line, cell, awaited=False)
        if prompt is None:
            return None
        from copilot_magics.answers.asking import wait_for_answer

        if prompt.rounds is None:
            return prompt.replay()
        if prompt.background:
            return prompt.begin()
        return prompt.keep(wait_for_answer(prompt.rounds, prompt.work))

    async def copilot_awaited(self, line: str, cell: str | None = None) -> Reply | None:
        """``%%copilot`` at the top of a cell; see `copilot_magics.awaiting`."""
        prompt = self._prompt(line, cell, awaited=True)
        if prompt is None:
            return None
        from copilot_magics.answers.asking import await_answer
        from copilot_magics.reply import Reply, failure_of

        if prompt.rounds is None:
            return prompt.replay()
        if prompt.background:
            return prompt.begin()
        try:
            return prompt.keep(await await_answer(prompt.rounds, prompt.work))
        except asyncio.CancelledError:
            turn = prompt.rounds.turn
            error = failure_of(turn, Reply.of(turn), interrupted=True)
            assert error is not None
            raise error from None

    def _prompt(self, line: str, cell: str | None, *, awaited: bool) -> Prompt | None:
        options, text = line, cell or ""
        if cell is None:
            options, text = split_prompt(self.copilot, line)
            variables = self.notebook.shell.user_ns
            from copilot_magics.filled import as_typed

            text = as_typed(options, text, self.notebook.raw_cell, variables)
        args = parse(self.copilot, options)
        if args is None:
            return None
        begin_imports()
        from copilot_magics.prompting import Prompt

        if cell is not None:
            text = word_for_word(self.notebook.raw_cell, cell)
        return Prompt(self.notebook, args, text, whole_cell=awaited and cell is not None)


def word_for_word(raw: str, body: str) -> str:
    """Return a cell's prompt as it was typed.

    IPython takes ``>>>`` and ``In [1]:`` off the beginning of lines, and adds a newline.

    Parameters
    ----------
    raw : str
        The cell that is running, as typed.
    body : str
        What IPython made of its lines below the first.
    """
    head, newline, typed = raw.lstrip().partition("\n")
    if newline and head.startswith("%%copilot"):
        return typed
    return body.removesuffix("\n")
