"""``%copilot_history``: a conversation, shown in the notebook."""

from __future__ import annotations

from IPython.core.magic import line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from copilot_magics.errors import BadInput
from copilot_magics.interruptible import interruptible
from copilot_magics.magics.common import HELP, NotebookMagics
from copilot_magics.options import parse
from copilot_magics.words import one_line


@magics_class
class HistoryMagics(NotebookMagics):
    """``%copilot_history``."""

    @line_magic
    @interruptible
    @magic_arguments()
    @HELP
    @argument("session", nargs="*", metavar="ID", help="ID or title; this notebook's if left out.")
    @argument("--last", default="", metavar="N", help="Only the last N turns.")
    def copilot_history(self, line: str) -> None:
        """Show a session's conversation: prompts and answers, the calls of tools folded.

        It is read from disk, also while another notebook holds the session; nothing is sent.
        """
        args = parse(self.copilot_history, line)
        if args is None:
            return
        last = _count(args.last) if args.last else None
        from copilot_magics.display.history import History
        from copilot_magics.transcripts import find, get_messages, not_found

        named = " ".join(args.session) or self.notebook.bound_id
        if not named:
            raise BadInput(
                "This notebook is not bound to a session.",
                "Name one, as in `%copilot_history alice-churn`.",
            )
        session = find(named)
        if session is None:
            raise not_found(named)
        history = History(session, get_messages(session), last)
        if not hasattr(self.shell, "kernel"):
            print(history.text)
            return
        from IPython.display import display

        display(history.bundle, raw=True)


def _count(text: str) -> int:
    # Python refuses to read thousands of digits.
    if not text.isascii() or not text.isdecimal() or len(text) > 18 or not int(text):
        raise BadInput(
            f"--last cannot be {one_line(text)!r}.", "Give a number of turns, such as 5."
        )
    return int(text)
