"""One ``%%copilot`` cell made ready: which session, what goes along, how it is shown.

Everything that can be wrong with a cell is found here, before anything is sent.
"""

from __future__ import annotations

import math
from argparse import Namespace
from collections.abc import Coroutine
from typing import Any

from copilot_magics import records
from copilot_magics.answers.options import prompt_text, wanted
from copilot_magics.answers.rounds import Rounds
from copilot_magics.binding import can_answer, watched
from copilot_magics.config import CopilotMagics
from copilot_magics.display import prompts
from copilot_magics.display.stream import Notebook as NotebookView
from copilot_magics.display.stream import Silent, Terminal, View
from copilot_magics.errors import BadInput
from copilot_magics.exclusions import check_options
from copilot_magics.mentions.resolving import check_context, resolve, sent_text
from copilot_magics.notebook import Notebook, check_name
from copilot_magics.replay import saved_message, saved_reply
from copilot_magics.reply import Reply
from copilot_magics.rewinding import before_asked_again
from copilot_magics.session import Session
from copilot_magics.turn import Turn
from copilot_magics.words import local_time


class Prompt:
    """A prompt that a cell sends.

    Parameters
    ----------
    notebook : Notebook
        The notebook that holds the cell.
    args : argparse.Namespace
        The options of ``%%copilot``.
    text : str
        The prompt, word for word.
    whole_cell : bool
        Whether the cell is awaited and holds nothing else.

    Attributes
    ----------
    rounds : Rounds or None
        The turns that are asked; None where a saved answer is shown instead.
    view : View
        Where it is shown.

    Raises
    ------
    BadInput
        An option cannot be used; nothing was sent.
    """

    def __init__(self, notebook: Notebook, args: Namespace, text: str, *, whole_cell: bool) -> None:
        text = prompt_text(args, text)
        if not text.strip():
            raise BadInput("The prompt is empty.", "Write it below %%copilot, or behind %copilot.")
        self._shell = notebook.shell
        self._into = check_name(args.into) if args.into else ""
        timeout = _seconds(args.timeout)
        check_options(args)
        self.background = args.background and watched(self._shell)
        context = check_context(args.context or CopilotMagics.instance().context)
        # What is replayed needs nothing that was mentioned: it may not be there any more.
        along = None if notebook.replays else resolve(self._shell, text, args.attach, context)
        wants = wanted(args, self._shell, may_be_saved=notebook.replays)
        self._session, said = _session(notebook, args.session)
        run = self._shell.execution_count
        cell = records.source(self._session.id, _cell_id(self._shell), run, sent_text(text))
        self.view = self._view(args, whole_cell=whole_cell)
        self.rounds: Rounds | None = None
        self._saved: Reply | None = None
        before = records.answered_before(self._session.id, cell)
        if notebook.replays and (message := saved_message(self._session.id, cell)):
            self._saved = saved_reply(self._session.id, message)
            if self._saved is not None and (wants is None or wants.take_saved(self._saved)):
                return
        along = along or resolve(self._shell, text, args.attach, context)
        turn = Turn(
            along.prompt,
            attachments=along.attachments,
            model=args.model,
            timeout=timeout,
            origin=cell,
            watched=can_answer(self._shell),
        )
        turn.along = along
        turn.session = self._session.id
        turn.now = args.now
        turn.verbose = args.verbose or CopilotMagics.instance().verbose
        if args.background and not self.background:
            turn.notice("Nobody watches this kernel: the cell waited for the answer.")
        turn.quiet = isinstance(self.view, Silent)
        if said:
            turn.notice(said)
        if notebook.rewinds:
            turn.before = before_asked_again(turn, in_any_order=watched(self._shell))
        elif before is not None and before.at is not None:
            mend = "`%copilot_session --rerun replay` would show that answer."
            if notebook.replays:
                is_kept = self._saved is not None
                mend = f"That answer is not {'of this type' if is_kept else 'in the journal'}."
            turn.notice(
                f"This was answered before, on {local_time(before.at)}; it is sent again. {mend}"
            )
        shown = Silent(prompts.by_input) if self.background else self.view
        self.rounds = Rounds(turn, shown, wants)

    def work(self, turn: Turn) -> Coroutine[Any, Any, None]:
        """Return what brings a turn to its end, on the runtime's loop."""
        return self._session.send(turn)

    def begin(self) -> Reply:
        """Leave the turn to the background."""
        from copilot_magics import background
        from copilot_magics.display.background import Hidden, Lines, Live

        assert self.rounds is not None
        name = self._into or f"Out[{self._shell.displayhook.prompt_count}]"

        def shown(reply: background.BackgroundReply) -> background.Shown:
            if isinstance(self.view, Silent):
                return Hidden(prompts.by_buttons)
            if isinstance(self.view, Terminal):
                return Lines(name)
            return Live(reply.turn, reply.abort)

        return self.keep(background.start(self.rounds, self.work, shown))

    def replay(self) -> Reply:
        """Show the saved answer."""
        assert self._saved is not None
        turn = Turn("")
        turn.notice(f"Replayed from the journal of {self._session.id}; nothing was sent.")
        self.view.finish(turn, self._saved)
        return self.keep(self._saved)

    def keep(self, reply: Reply) -> Reply:
        """Note that a reply is shown, and put it where ``--into`` says."""
        reply.shown_by(self._shell.execution_count)
        if self._into:
            self._shell.user_ns[self._into] = reply
        return reply

    def _view(self, args: Namespace, *, whole_cell: bool) -> View:
        from copilot_magics.awaiting import can_await

        in_kernel = hasattr(self._shell, "kernel")
        buttons = whole_cell and can_await(self._shell)
        ask = prompts.by_buttons if buttons else prompts.by_input
        if args.quiet or CopilotMagics.instance().quiet:
            return Silent(ask)
        if not in_kernel:
            return Terminal(ask)
        return NotebookView(ask, whole_cell=whole_cell, live=can_answer(self._shell))


def _session(notebook: Notebook, named: str) -> tuple[Session, str]:
    if not named:
        return notebook.bound()
    session = Session(named)
    if not session.exists:
        return session, f"Created session {session.id}."
    return session, ""


def _seconds(text: str | None) -> float:
    if text is None:
        return CopilotMagics.instance().timeout
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not math.isfinite(seconds) or seconds <= 0:
        raise BadInput(
            f"--timeout cannot be {text!r}; nothing was sent.", "Give seconds, such as 120."
        )
    return seconds


def _cell_id(shell: Any) -> str:
    """Return the ID that the front end sends with the running cell, or an empty string."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return ""
    parent = kernel.get_parent()
    return str((parent or {}).get("metadata", {}).get("cellId") or "")
